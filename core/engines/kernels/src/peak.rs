//! The speed that everything is measured against.

use crate::{Isa, Kernels};

/// Floating-point operations a second of one core that does float32 multiply-adds only: the best of several tries.
#[must_use]
pub fn fused_multiply_add_peak(isa: Isa) -> f64 {
    let rounds = 2_000_000;
    let kernels = Kernels::<f32>::get(isa);
    (0..8)
        .map(|_| {
            let start = std::time::Instant::now();
            let operations = kernels.peak(rounds);
            operations / start.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max)
}
