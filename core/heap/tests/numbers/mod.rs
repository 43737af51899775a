//! Numbers that look random.

/// The state that the next number is made of.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// The next, from 0 and below this bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}
