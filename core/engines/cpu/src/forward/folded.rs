//! Sums whose terms go through batch normalisations on the way, by statistics that are known.

use assay_core::engine::profile::Work;
use assay_kernels::{AffineSum, AffineTerm, Element};

use super::Pass;
use crate::activations::part_mut;
use crate::fold::FoldedSum;
use crate::ops::Kind;

impl<E: Element> Pass<'_, E> {
    /// Computes an op as a sum of terms. The statistics of every batch normalisation among them are known.
    pub(crate) fn add_terms(&mut self, op: usize, sum: &FoldedSum) {
        let (to, tiles) = (self.activations.maps[op], self.activations.tiles);
        let mut constants = vec![0.0; to.channels];
        let factors: Vec<Vec<E>> = sum
            .terms
            .iter()
            .map(|term| match term.norm {
                Some(norm) => self.through(norm, term.weight, &mut constants),
                None => [E::ZERO, E::from_f64(term.weight)].repeat(to.channels),
            })
            .collect();
        let constants: Vec<E> = constants.into_iter().map(E::from_f64).collect();
        let mut out = self.allocate(op);
        for tile in 0..tiles.count() {
            let term = |(term, factors)| {
                let term: &crate::fold::Term = term;
                AffineTerm { data: self.activations.tile(term.value, tile), factors }
            };
            let terms: Vec<AffineTerm<'_, E>> = sum.terms.iter().zip(factors.iter().map(Vec::as_slice)).map(term).collect();
            let elements = to.channels * to.area() * tiles.counted(tile);
            let work = if matches!(self.lowered.ops[op].kind, Kind::Sum(_)) { Work::Sum } else { Work::BatchNorm };
            self.meter.time(
                || (work, 3 * (sum.terms.len() * elements) as u64),
                || {
                    let out = (part_mut(&mut out, &to, tile, tiles.lanes), to);
                    self.kernels.affine_sum(AffineSum { out, terms: &terms, constants: &constants, rectified: sum.rectified });
                },
            );
        }
        self.activations.values[op] = Some(out);
    }

    /// What a batch normalisation subtracts from each channel and multiplies it by, times `weight`; what it adds goes to the
    /// constants, with what the rounding of the means takes away.
    fn through(&self, norm: usize, weight: f64, constants: &mut [f64]) -> Vec<E> {
        let op = &self.lowered.ops[norm];
        let parameter = |position: Option<usize>| position.map(|position| self.network.parameter(position));
        let (gamma, beta) = (parameter(op.weight), parameter(op.bias));
        let mut factors = Vec::with_capacity(2 * constants.len());
        for statistics in &self.activations.statistics[norm] {
            for (channel, constant) in constants.iter_mut().enumerate() {
                let slope = weight * statistics.inverse_deviation[channel] * gamma.map_or(1.0, |gamma| f64::from(gamma[channel]));
                let center = E::from_f64(statistics.mean[channel]);
                *constant +=
                    weight * beta.map_or(0.0, |beta| f64::from(beta[channel])) + slope * (center.to_f64() - statistics.mean[channel]);
                factors.extend([center, E::from_f64(slope)]);
            }
        }
        factors
    }
}
