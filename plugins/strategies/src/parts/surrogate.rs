//! A linear model of architectures: every operator on every edge adds its part. It is fitted by ridge regression (Hoerl and
//! Kennard, Technometrics 1970), again after each evaluation.

use assay_core::subspace::Subspace;

use super::edges::OpenEdge;

/// What keeps the normal equations solvable while fewer architectures than operators were seen.
const RIDGE: f64 = 1e-3;

/// Σ of features and targets over what was seen, and the fit to them.
#[derive(Clone, Debug)]
pub(crate) struct Surrogate {
    edges: Vec<OpenEdge>,
    /// Where each edge's alternatives begin; the last feature is constant.
    offsets: Vec<usize>,
    features: usize,
    /// XᵀX, row by row.
    gram: Vec<f64>,
    /// Xᵀy.
    targets: Vec<f64>,
}

/// The parts that operators add.
#[derive(Clone, Debug)]
pub(crate) struct Fit<'s> {
    surrogate: &'s Surrogate,
    parts: Vec<f64>,
}

impl Surrogate {
    pub(crate) fn new(edges: &[OpenEdge]) -> Self {
        let mut features = 0;
        let offset = |edge: &OpenEdge| {
            let offset = features;
            features += edge.alternatives();
            offset
        };
        let offsets = edges.iter().map(offset).collect();
        features += 1;
        Self { edges: edges.to_vec(), offsets, features, gram: vec![0.0; features * features], targets: vec![0.0; features] }
    }

    /// Adds an architecture and how good it is.
    pub(crate) fn see(&mut self, architecture: &Subspace, goodness: f64) {
        let present: Vec<usize> = self.present(architecture).collect();
        for row in &present {
            present.iter().for_each(|column| self.gram[row * self.features + column] += 1.0);
            self.targets[*row] += goodness;
        }
    }

    /// The least-squares fit.
    pub(crate) fn fit(&self) -> Fit<'_> {
        let mut matrix = self.gram.clone();
        // The constant is not shrunk: it belongs to all architectures, not to an operator.
        (0..self.features - 1).for_each(|diagonal| matrix[diagonal * self.features + diagonal] += RIDGE);
        matrix[self.features * self.features - 1] += f64::EPSILON;
        Fit { surrogate: self, parts: solve(matrix, self.targets.clone()) }
    }

    /// The features that an architecture has.
    fn present(&self, architecture: &Subspace) -> impl Iterator<Item = usize> {
        let chosen =
            self.edges.iter().zip(&self.offsets).filter_map(|(edge, offset)| edge.chosen(architecture).map(|chosen| offset + chosen));
        chosen.chain([self.features - 1])
    }
}

impl Fit<'_> {
    /// How good an architecture is expected to be.
    pub(crate) fn predict(&self, architecture: &Subspace) -> f64 {
        self.surrogate.present(architecture).map(|feature| self.parts[feature]).sum()
    }

    /// The parts of an edge's alternatives.
    pub(crate) fn parts(&self, edge: usize) -> &[f64] {
        let first = self.surrogate.offsets[edge];
        &self.parts[first..first + self.surrogate.edges[edge].alternatives()]
    }
}

/// The solution of a symmetric positive definite system, by Cholesky's decomposition.
fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for row in 0..size {
        for column in 0..=row {
            let known: f64 = (0..column).map(|inner| matrix[row * size + inner] * matrix[column * size + inner]).sum();
            let rest = matrix[row * size + column] - known;
            // The ridge keeps pivots positive but for rounding.
            matrix[row * size + column] = if row == column { rest.max(f64::EPSILON).sqrt() } else { rest / matrix[column * size + column] };
        }
    }
    for row in 0..size {
        let known: f64 = (0..row).map(|inner| matrix[row * size + inner] * right[inner]).sum();
        right[row] = (right[row] - known) / matrix[row * size + row];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|inner| matrix[inner * size + row] * right[inner]).sum();
        right[row] = (right[row] - known) / matrix[row * size + row];
    }
    right
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::SearchSpace;
    use assay_core::stream::Stream;
    use assay_spaces::nas_bench_201::NasBench201;

    use super::*;
    use crate::parts::edges::open_edges;
    use crate::parts::variation::draw;

    #[test]
    fn a_sum_over_edges_is_learnt_from_a_few_hundred_architectures() {
        let space = NasBench201::new();
        let whole = Subspace::whole(space.layout());
        let mut rng = Stream::new(1, "surrogate").rng();
        let goodness =
            |one: &Subspace| -> f64 { one.choices().map(|choice| ((choice.edge + 1) * choice.operator) as f64).sum::<f64>() + 50.0 };
        let mut surrogate = Surrogate::new(&open_edges(&space, &whole, &mut rng).unwrap());
        for _ in 0..300 {
            let drawn = draw(&space, &whole, &mut rng).unwrap();
            surrogate.see(&drawn, goodness(&drawn));
        }
        let fit = surrogate.fit();
        for _ in 0..100 {
            let drawn = draw(&space, &whole, &mut rng).unwrap();
            assert!((fit.predict(&drawn) - goodness(&drawn)).abs() < 0.01, "{} is not {}", fit.predict(&drawn), goodness(&drawn));
        }
        let parts = fit.parts(5);
        assert!((parts[4] - parts[0] - 24.0).abs() < 0.01, "{parts:?}");
    }

    #[test]
    fn the_solution_solves_the_system() {
        let matrix = vec![4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 2.0];
        let solution = solve(matrix.clone(), vec![1.0, 2.0, 3.0]);
        for (row, right) in [1.0, 2.0, 3.0].into_iter().enumerate() {
            let left: f64 = (0..3).map(|column| matrix[row * 3 + column] * solution[column]).sum();
            assert!((left - right).abs() < 1e-12);
        }
    }
}
