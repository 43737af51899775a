//! Images a second of training from scratch, in float32 and with convolutions and linear layers in bfloat16.

use assay_core::engine::learner::{Learner, Lesson, Loss, Optimiser, Rules};

use crate::bench::{Bench, Timed};
use crate::subjects;

/// The learning rate.
pub(crate) const RATE: f64 = 0.01;

/// Measures all networks in both types, the smallest first. A call is a step.
pub(crate) fn measure(bench: &mut Bench) -> miette::Result<()> {
    let images = subjects::images(&bench.data)?;
    for subject in subjects::of_training()? {
        let batch = images.part(0, subject.batch);
        for (name, narrow) in [("float32", false), ("bfloat16", true)] {
            // The CPU engine has no such kernels, and would take the same steps in float32.
            if narrow && bench.name == "cpu" {
                continue;
            }
            let rules =
                Rules { optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true }, weight_decay: 5e-4, narrow, ..Rules::default() };
            let losses = [Loss { node: subject.network.graph().output(), factor: 1.0 }];
            let lesson = Lesson::of(&losses, RATE);
            let case = format!("{}, {name}", subject.case);
            let timed = Timed { case: &case, items: subject.batch as f64, like: &subject.name, operations: subject.operations() };
            let mut learner: Option<Box<dyn Learner>> = None;
            let mut first = None;
            bench.time(&timed, |engine| {
                let learner = match &mut learner {
                    Some(learner) => learner,
                    none => none.insert(engine.learner(subject.network.clone(), &rules)?),
                };
                // A step asks for its gradient's norm, so its passes are over when it ends.
                let losses = learner.step(&batch, &lesson)?.losses;
                // That of the first: rounding alone moves so deep a network's later ones by some percent.
                let first = first.get_or_insert(losses.first().copied());
                Ok(*first)
            })?;
        }
    }
    Ok(())
}
