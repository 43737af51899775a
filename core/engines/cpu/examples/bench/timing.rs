//! Shortest times of calls made in turn, and the multiply-add peak of the machine during them.

use std::time::{Duration, Instant};

use assay_cpu::{Isa, fused_multiply_add_peak};

use crate::Fallible;

/// The most that one core did in float32 multiply-adds, measured again and again between the timed calls.
pub(crate) struct Peak {
    isa: Isa,
    operations_a_second: f64,
}

impl Peak {
    pub(crate) fn new(isa: Isa) -> Self {
        Self { isa, operations_a_second: fused_multiply_add_peak(isa) }
    }

    fn measure_again(&mut self) {
        self.operations_a_second = self.operations_a_second.max(fused_multiply_add_peak(self.isa));
    }

    pub(crate) fn operations_a_second(&self) -> f64 {
        self.operations_a_second
    }

    /// The share of the peak of `threads` cores at which `operations` ran in `seconds`.
    pub(crate) fn share(&self, operations: f64, seconds: f64, threads: f64) -> f64 {
        operations / seconds / (self.operations_a_second * threads)
    }
}

/// What is timed: a name for the progress line, and the call with its result.
pub(crate) type Subject<'a> = (&'a str, &'a dyn Fn() -> Fallible<Vec<Vec<f64>>>);

/// A subject's shortest time and its result.
pub(crate) struct Timed {
    pub(crate) seconds: f64,
    pub(crate) result: Vec<Vec<f64>>,
}

/// How long a turn lasts at least: a call of milliseconds is made many times, or one disturbance would hit all of it.
const TURN: Duration = Duration::from_secs(1);

/// Calls each subject for a turn a round. What disturbs the machine for a while so disturbs all of them, and their ratios little.
pub(crate) fn in_turn<const N: usize>(rounds: usize, peak: &mut Peak, subjects: [Subject<'_>; N]) -> Fallible<[Timed; N]> {
    let mut timed = [(); N].map(|()| Timed { seconds: f64::INFINITY, result: Vec::new() });
    for round in 1..=rounds {
        for ((name, call), timed) in subjects.iter().zip(&mut timed) {
            let turn = Instant::now();
            while timed.result.is_empty() || turn.elapsed() < TURN {
                let start = Instant::now();
                let result = call()?;
                let seconds = start.elapsed().as_secs_f64();
                if !timed.result.is_empty() && timed.result != result {
                    return Err(format!("{name} gave another result the second time").into());
                }
                *timed = Timed { seconds: timed.seconds.min(seconds), result };
            }
            eprintln!("round {round} of {rounds}: {name}, shortest {:.3} s", timed.seconds);
            peak.measure_again();
        }
    }
    Ok(timed)
}

/// Two engines must have computed one thing, or their times say nothing about each other. `tolerance` is relative.
pub(crate) fn agree(what: &str, ours: &[Vec<f64>], baseline: &[Vec<f64>], tolerance: f64) -> Fallible<()> {
    let pairs = || ours.iter().flatten().zip(baseline.iter().flatten());
    let distance = pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let length = pairs().map(|(_, b)| b.powi(2)).sum::<f64>().sqrt();
    if distance <= tolerance * length {
        Ok(())
    } else {
        Err(format!("{what}: the engines differ by {:.1e} of the result, more than {tolerance:.0e}", distance / length).into())
    }
}
