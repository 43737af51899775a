//! The memory of backward passes.

use assay_kernels::{Buffer, Element};

use super::plan::{KeptPlan, MixturePlan, Plan, Unit};
use super::spare::Spare;
use super::tiles::Tiles;

/// Vectors of a mixture for one cotangent.
pub(super) fn mixture_size(plan: &MixturePlan) -> usize {
    plan.channels * (plan.channels + 1)
}

/// What one image has of a gradient that is read out.
fn kept_size(plan: &Plan, kept: &KeptPlan) -> usize {
    let area = if kept.product { 1 } else { plan.buffers[kept.gradient.buffer].map.area() };
    kept.gradient.channels * area
}

/// The memory of one thread's backward passes.
pub(super) struct Workspace<E> {
    pub(super) shared: Vec<Buffer<E>>,
    pub(super) local: Vec<Buffer<E>>,
    /// Sums of the current level: for each cotangent and for the shared tile, `[vectors][lanes]`. Where lanes are added up at
    /// once, one vector.
    pub(super) arena: Buffer<E>,
    /// Sums of the current level over all lanes, list after list, where lanes are added up at once.
    pub(super) totals: Option<Vec<Vec<f64>>>,
    /// For each unit with batch normalisation that is not by running statistics: for each cotangent and for the shared tile,
    /// `[channels][3][lanes]`.
    pub(super) factors: Vec<Vec<E>>,
    /// For each mixture: for each cotangent and for the shared tile, a matrix `[x channels][channels][lanes]`, and then
    /// the constants `[channels][lanes]`.
    pub(super) mixtures: Vec<Buffer<E>>,
    /// What is read out, `[batch, channels, height, width]`, or `[batch, channels]` for products.
    pub(super) kept: Vec<Vec<f64>>,
}

/// The sizes of a workspace's buffers, in elements.
pub(super) struct WorkspaceSizes {
    shared: Vec<usize>,
    local: Vec<usize>,
    arena: usize,
    totals: Option<usize>,
    factors: Vec<usize>,
    mixtures: Vec<usize>,
    kept: Vec<usize>,
}

impl WorkspaceSizes {
    /// Of passes of one cotangent, whose sums are added up over lanes at once, without the maps, which are lent.
    pub(super) fn beside_maps(plan: &Plan, tiles: &Tiles) -> Self {
        Self { shared: Vec::new(), local: Vec::new(), ..Self::added_up(plan, tiles) }
    }

    fn added_up(plan: &Plan, tiles: &Tiles) -> Self {
        Self { arena: tiles.lanes, totals: Some(plan.most_sums()), ..Self::new(plan, tiles) }
    }

    /// Of a pass of one cotangent. Where sums are many for what is added to them, they are added up over lanes at once: sums of
    /// each lane would be read from memory and written to it again and again.
    pub(super) fn of_pass(plan: &Plan, tiles: &Tiles) -> Self {
        if Self::adds_up(plan, tiles) { Self::added_up(plan, tiles) } else { Self::new(plan, tiles) }
    }

    /// Whether a pass of one cotangent adds its sums up over lanes at once.
    pub(super) fn adds_up(plan: &Plan, tiles: &Tiles) -> bool {
        plan.has_many_sums() && !tiles.isolated
    }

    pub(super) fn new(plan: &Plan, tiles: &Tiles) -> Self {
        let count = tiles.backward().len();
        let targets = tiles.targets();
        let factors = |unit: &Unit| targets * 3 * unit.norm.filter(|_| !unit.fixed).map_or(0, |_| unit.gradient.channels) * tiles.lanes;
        Self {
            shared: plan.shared.iter().map(|map| count * map.vectors() * tiles.lanes).collect(),
            local: plan.local.iter().map(|map| map.vectors() * tiles.lanes).collect(),
            arena: plan.most_sums() * targets * tiles.lanes,
            totals: None,
            factors: plan.units.iter().map(factors).collect(),
            mixtures: plan.mixtures.iter().map(|plan| targets * mixture_size(plan) * tiles.lanes).collect(),
            kept: plan.kept.iter().map(|kept| tiles.batch * kept_size(plan, kept)).collect(),
        }
    }

    /// Bytes of all buffers, if elements are of type `E`.
    pub(super) fn bytes<E>(&self) -> usize {
        let elements = [&self.shared, &self.local, &self.factors, &self.mixtures].into_iter().flatten().sum::<usize>();
        let wide = self.totals.unwrap_or(0) + self.kept.iter().sum::<usize>();
        (self.arena + elements) * size_of::<E>() + wide * size_of::<f64>()
    }
}

/// What lives within one level of a way back has room for one tile.
fn one_tile(tiles: &Tiles) -> Tiles {
    Tiles::new(tiles.lanes, tiles.lanes, 1)
}

impl<E: Element> Workspace<E> {
    pub(super) fn new(plan: &Plan, tiles: &Tiles) -> Self {
        Self::of(&WorkspaceSizes::new(plan, tiles))
    }

    /// That of a pass of one cotangent.
    pub(super) fn of_pass(plan: &Plan, tiles: &Tiles) -> Self {
        Self::of(&WorkspaceSizes::of_pass(plan, tiles))
    }

    /// That of passes of one cotangent, whose sums are added up over lanes at once. Its maps are lent.
    pub(super) fn lent(plan: &Plan, tiles: &Tiles, spare: &mut Spare<E>) -> Self {
        let one = one_tile(tiles);
        Self {
            shared: plan.shared.iter().map(|map| spare.take(*map, tiles)).collect(),
            local: plan.local.iter().map(|map| spare.take(*map, &one)).collect(),
            ..Self::of(&WorkspaceSizes::beside_maps(plan, tiles))
        }
    }

    /// Gives lent maps back.
    pub(super) fn give_back(self, plan: &Plan, tiles: &Tiles, spare: &mut Spare<E>) {
        let one = one_tile(tiles);
        plan.shared.iter().zip(self.shared).for_each(|(map, buffer)| spare.give(*map, tiles, buffer));
        plan.local.iter().zip(self.local).for_each(|(map, buffer)| spare.give(*map, &one, buffer));
    }

    fn of(sizes: &WorkspaceSizes) -> Self {
        let buffers = |sizes: &[usize]| sizes.iter().map(|size| Buffer::zeros(*size)).collect();
        Self {
            shared: buffers(&sizes.shared),
            local: buffers(&sizes.local),
            arena: Buffer::zeros(sizes.arena),
            totals: sizes.totals.map(|_| Vec::new()),
            factors: sizes.factors.iter().map(|size| vec![E::ZERO; *size]).collect(),
            mixtures: buffers(&sizes.mixtures),
            kept: sizes.kept.iter().map(|size| vec![0.0; *size]).collect(),
        }
    }
}
