//! Memory aligned to cache lines, so that no vector load crosses one.

use std::ops::{Deref, DerefMut};

use crate::Number;

/// One cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// A slice of numbers that starts at a cache line. It begins as zeros.
#[derive(Clone)]
pub struct Buffer<E> {
    lines: Box<[Line]>,
    len: usize,
    element: std::marker::PhantomData<E>,
}

impl<E: Number> Buffer<E> {
    /// `len` zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        // Memory that the system has cleared already is not written again.
        let lines = Box::new_zeroed_slice((len * size_of::<E>()).div_ceil(64));
        // SAFETY: a line is bytes, all of which are 0.
        Self { lines: unsafe { lines.assume_init() }, len, element: std::marker::PhantomData }
    }
}

impl<E: Number> Deref for Buffer<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        // SAFETY: the lines hold at least `len` elements, are aligned for them, and every bit pattern (all began as
        // zero bits) is a float.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl<E: Number> DerefMut for Buffer<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        // SAFETY: as in `deref`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
