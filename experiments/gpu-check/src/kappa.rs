//! Seconds of κ, from images to eigenvalues.

use assay_core::engine::{ConditionNumber, Precision};

use crate::bench::{Bench, Timed};
use crate::subjects;

/// Measures all networks, the smallest first.
pub(crate) fn measure(bench: &mut Bench) -> miette::Result<()> {
    let images = subjects::images(&bench.data)?;
    for subject in subjects::of_kappa()? {
        let batch = images.part(0, subject.batch);
        // The whole batch is differentiated once an image.
        let operations = subject.operations() * subject.batch as f64;
        let timed = Timed { case: &subject.case, items: 1.0, like: &subject.name, operations };
        bench.time(&timed, |engine| match engine.tangent_gram(&subject.network, &batch, Precision::F32)?.condition_number() {
            ConditionNumber::Defined { kappa, .. } => Ok(Some(kappa)),
            ConditionNumber::Undefined { because } => {
                eprintln!("{}: κ is undefined, because {because}", subject.case);
                Ok(None)
            }
        })?;
    }
    Ok(())
}
