//! What a forward pass computed: the values of nodes and the statistics of batch normalisations.

use assay_kernels::{Buffer, ChannelSums, Element, Kernels, LaneTotals, Map};

use super::tiles::Tiles;

/// One tile of a value, and its layout.
pub(super) type Tile<'a, E> = (&'a [E], Map);

/// Values of a forward pass. A value's tiles follow each other, each of the value's map.
pub(super) struct Activations<E> {
    pub(super) tiles: Tiles,
    pub(super) values: Vec<Option<Buffer<E>>>,
    /// What each batch normalisation computed before γ and β, where that is not the value itself.
    pub(super) normalised: Vec<Option<Buffer<E>>>,
    /// What each batch normalisation used: once, or once an image where images are isolated.
    pub(super) statistics: Vec<Vec<Statistics>>,
    /// Where a way back through a batch normalisation reads its input: what is subtracted from each channel of it, the means
    /// as they are rounded.
    pub(super) centers: Vec<Option<Vec<E>>>,
    pub(super) maps: Vec<Map>,
    /// What the images are multiplied by at each place where values are dropped.
    pub(super) factors: Vec<Vec<f32>>,
}

impl<E: Element> Activations<E> {
    /// Of a pass that has not begun.
    pub(super) fn new(tiles: Tiles, maps: Vec<Map>) -> Self {
        let count = maps.len();
        let none = || (0..count).map(|_| None).collect();
        Self {
            tiles,
            values: none(),
            normalised: none(),
            statistics: vec![Vec::new(); count],
            centers: vec![None; count],
            maps,
            factors: Vec::new(),
        }
    }

    /// `[channels][α, β, γ][lanes]` of a blend that multiplies each image of a tile by its factor and by `scale`.
    pub(super) fn factors(&self, place: usize, tile: usize, channels: usize, scale: f64) -> Vec<E> {
        let lanes = self.tiles.lanes;
        let mut one = vec![E::ZERO; 3 * lanes];
        for (lane, to) in one.iter_mut().take(lanes).enumerate() {
            let image = self.tiles.image(tile, lane);
            *to = E::from_f64(image.map_or(0.0, |image| scale * f64::from(self.factors[place][image])));
        }
        one.repeat(channels)
    }

    /// One tile of a value.
    ///
    /// # Panics
    /// If the value was not kept: a fault of the engine.
    #[allow(clippy::expect_used)]
    pub(super) fn tile(&self, op: usize, tile: usize) -> (&[E], Map) {
        let buffer = self.values[op].as_ref().expect("the value is kept");
        (part(buffer, &self.maps[op], tile, self.tiles.lanes), self.maps[op])
    }

    /// One tile of the normalised values of a batch normalisation.
    pub(super) fn normalised(&self, op: usize, tile: usize) -> (&[E], Map) {
        match &self.normalised[op] {
            Some(buffer) => (part(buffer, &self.maps[op], tile, self.tiles.lanes), self.maps[op]),
            None => self.tile(op, tile),
        }
    }

    /// Has a batch normalisation use these statistics, and its way back read its input.
    pub(super) fn normalise_by(&mut self, op: usize, statistics: Statistics) {
        self.centers[op] = Some(statistics.mean.iter().map(|mean| E::from_f64(*mean)).collect());
        self.statistics[op] = vec![statistics];
    }

    /// The statistics of a batch normalisation that a cotangent goes back through.
    pub(super) fn statistics(&self, op: usize, cotangent: usize) -> Option<&Statistics> {
        self.statistics[op].get(if self.tiles.isolated { cotangent } else { 0 })
    }

    /// A value as `[images, channels, height, width]`.
    pub(super) fn read(&self, op: usize) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.tiles.images() * self.maps[op].channels * self.maps[op].area());
        for image in 0..self.tiles.images() {
            let (tile, lane) = self.tiles.place(image);
            let (data, map) = self.tile(op, tile);
            for channel in 0..map.channels {
                for row in 0..map.height {
                    let start = map.at(channel, row, 0) * self.tiles.lanes + lane;
                    all.extend((0..map.width).map(|column| data[start + column * self.tiles.lanes].to_f64()));
                }
            }
        }
        all
    }
}

/// One tile of a buffer.
pub(super) fn part<'a, E>(buffer: &'a [E], map: &Map, tile: usize, lanes: usize) -> &'a [E] {
    &buffer[tile * map.vectors() * lanes..][..map.vectors() * lanes]
}

/// One tile of a buffer, to write.
pub(super) fn part_mut<'a, E>(buffer: &'a mut [E], map: &Map, tile: usize, lanes: usize) -> &'a mut [E] {
    &mut buffer[tile * map.vectors() * lanes..][..map.vectors() * lanes]
}

/// The statistics that a batch normalisation used, one a channel.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    pub(super) mean: Vec<f64>,
    /// 1 / √(variance + ε).
    pub(super) inverse_deviation: Vec<f64>,
}

impl Statistics {
    /// Of this mean and variance.
    pub(super) fn new(mean: Vec<f64>, variance: &[f64], epsilon: f64) -> Self {
        Self { mean, inverse_deviation: variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect() }
    }
}

/// Σ x, or Σ (x − center)², a number a channel over the batch.
fn sums<E: Element>(kernels: &Kernels<E>, activations: &Activations<E>, op: usize, center: Option<&[E]>) -> Vec<f64> {
    let tiles = &activations.tiles;
    let mut totals = vec![0.0; activations.maps[op].channels];
    for tile in 0..tiles.count() {
        let mut sums = vec![E::ZERO; totals.len() * tiles.lanes];
        kernels.channel_sums(ChannelSums { a: activations.tile(op, tile), b: None, center, sums: &mut sums });
        kernels.lane_totals(LaneTotals { vectors: &sums, lanes: 0..tiles.counted(tile), totals: &mut totals });
    }
    totals
}

/// The mean and the biased variance of each channel over the batch.
pub(super) fn moments<E: Element>(kernels: &Kernels<E>, activations: &Activations<E>, op: usize) -> (Vec<f64>, Vec<f64>) {
    let elements = (activations.tiles.batch * activations.maps[op].area()) as f64;
    let mean: Vec<f64> = sums(kernels, activations, op, None).iter().map(|sum| sum / elements).collect();
    let rounded: Vec<E> = mean.iter().map(|value| E::from_f64(*value)).collect();
    let squares = sums(kernels, activations, op, Some(&rounded));
    // The squares are about the rounded mean; what it is off by is taken out again.
    let variance = squares.iter().zip(mean.iter().zip(&rounded)).map(|(square, (mean, rounded))| {
        let off = mean - rounded.to_f64();
        (square / elements - off * off).max(0.0)
    });
    let variance = variance.collect();
    (mean, variance)
}
