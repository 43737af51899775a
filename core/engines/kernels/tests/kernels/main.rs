//! Every kernel against plain loops in float64, for every instruction set of this processor, on shapes whose sizes are not
//! multiples of anything.

#![allow(clippy::unwrap_used)]

mod convolution;
mod elementwise;
mod functions;
mod gram;
mod learning;
mod pool;
mod refusals;
mod rows;
mod tiles;
mod weight_gradient;

use assay_kernels::{Buffer, Element, Isa, Kernels};

#[test]
fn every_processor_has_the_portable_kernels_and_they_come_last() {
    let all = Isa::available();
    assert_eq!(all.last(), Some(&Isa::Portable));
    assert_eq!(all[0], Isa::best());
    let absent = if cfg!(target_arch = "aarch64") { Isa::Avx2 } else { Isa::Neon };
    assert!(!all.contains(&absent));
    assert!(std::panic::catch_unwind(|| Kernels::<f32>::get(absent)).is_err());
}

#[test]
fn a_vector_of_float32_holds_twice_as_many_numbers_as_one_of_float64() {
    for isa in Isa::available() {
        let (single, double) = (Kernels::<f32>::get(isa), Kernels::<f64>::get(isa));
        assert_eq!(single.lanes(), 2 * double.lanes(), "{isa:?}");
        assert_eq!((single.gram_lanes(), double.gram_lanes()), (double.lanes(), double.lanes()), "{isa:?}");
    }
}

#[test]
fn a_buffer_begins_with_zeros_at_a_cache_line() {
    fn check<E: Element>(len: usize) {
        let mut buffer = Buffer::<E>::zeros(len);
        assert_eq!(buffer.len(), len);
        assert_eq!(buffer.as_ptr() as usize % 64, 0);
        assert!(buffer.iter().all(|value| *value == E::ZERO));
        if let Some(last) = buffer.last_mut() {
            *last = E::ONE;
            let copy = buffer.clone();
            assert_eq!((copy.as_ptr() as usize % 64, copy.last()), (0, Some(&E::ONE)));
        }
    }
    for len in [0, 1, 7, 8, 15, 16, 17, 1000] {
        check::<f32>(len);
        check::<f64>(len);
    }
}
