//! One layer of an LSTM (Hochreiter & Schmidhuber, 1997), forward and back, with gates in the order i, f, g, o and two biases, as
//! PyTorch has it.

/// What a layer carries from one step to the next.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) hidden: Vec<f64>,
    pub(crate) cell: Vec<f64>,
}

impl State {
    pub(crate) fn zeros(units: usize) -> Self {
        Self { hidden: vec![0.0; units], cell: vec![0.0; units] }
    }
}

/// The parameters of a layer: matrices `[4·units, units]`, row by row.
pub(crate) struct Layer<'a> {
    pub(crate) input: &'a [f64],
    pub(crate) hidden: &'a [f64],
    pub(crate) biases: [&'a [f64]; 2],
}

/// One step, with what its way back reads.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) read: Vec<f64>,
    pub(crate) before: State,
    /// i, f, g, o of each unit.
    gates: [Vec<f64>; 4],
    pub(crate) after: State,
}

/// What the gradients of one step are made of.
pub(crate) struct Back {
    /// By the sums of its gates, which is that by either bias; the gradient by a matrix is this times what the matrix reads.
    pub(crate) sums: Vec<f64>,
    /// By what it read.
    pub(crate) read: Vec<f64>,
    /// By the state before it.
    pub(crate) before: State,
}

/// Gradients of one step.
pub(crate) struct Backward {
    pub(crate) input: Vec<f64>,
    pub(crate) hidden: Vec<f64>,
    /// By either bias.
    pub(crate) bias: Vec<f64>,
    /// By what it read.
    pub(crate) read: Vec<f64>,
    /// By the state before it.
    pub(crate) before: State,
}

pub(crate) fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// The same in another order, in which eight sums go on beside each other: faster where vectors are long.
pub(crate) fn dot_in_lanes(one: &[f64], other: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let rest = dot(ones.remainder(), others.remainder());
    for (one, other) in ones.zip(others) {
        sums.iter_mut().zip(one.iter().zip(other)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f64>() + rest
}

pub(crate) fn sigmoid(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

impl Layer<'_> {
    pub(crate) fn forward(&self, read: &[f64], before: &State) -> Cell {
        self.forward_by(dot, read, before)
    }

    /// The same by another way of adding products up.
    pub(crate) fn forward_by(&self, dot: impl Fn(&[f64], &[f64]) -> f64, read: &[f64], before: &State) -> Cell {
        let units = before.hidden.len();
        let gate = |gate: usize| -> Vec<f64> {
            let of_unit = |unit: usize| {
                let row = gate * units + unit;
                let sum = dot(&self.input[row * read.len()..][..read.len()], read)
                    + dot(&self.hidden[row * units..][..units], &before.hidden)
                    + self.biases[0][row]
                    + self.biases[1][row];
                if gate == 2 { sum.tanh() } else { sigmoid(sum) }
            };
            (0..units).map(of_unit).collect()
        };
        let gates: [Vec<f64>; 4] = std::array::from_fn(gate);
        let [i, f, g, o] = &gates;
        let cell: Vec<f64> = (0..units).map(|unit| f[unit] * before.cell[unit] + i[unit] * g[unit]).collect();
        let hidden = cell.iter().zip(o).map(|(cell, o)| o * cell.tanh()).collect();
        Cell { read: read.to_vec(), before: before.clone(), gates, after: State { hidden, cell } }
    }

    /// From the gradients by its hidden values and, from the step behind, by its cells.
    pub(crate) fn backward(&self, step: &Cell, by_hidden: &[f64], by_cell: &[f64]) -> Backward {
        let Back { sums, read, before } = self.back(step, by_hidden, by_cell);
        let outer = |of: &[f64]| sums.iter().flat_map(|by| of.iter().map(move |value| by * value)).collect();
        Backward { input: outer(&step.read), hidden: outer(&step.before.hidden), bias: sums, read, before }
    }

    /// The same, of which the gradients by matrices are left to be made.
    pub(crate) fn back(&self, step: &Cell, by_hidden: &[f64], by_cell: &[f64]) -> Back {
        let (units, width) = (by_hidden.len(), step.read.len());
        let [i, f, g, o] = &step.gates;
        let mut by_sums = vec![0.0; 4 * units];
        let mut before = State::zeros(units);
        for unit in 0..units {
            let squeezed = step.after.cell[unit].tanh();
            let cell = by_cell[unit] + by_hidden[unit] * o[unit] * (1.0 - squeezed * squeezed);
            by_sums[unit] = cell * g[unit] * i[unit] * (1.0 - i[unit]);
            by_sums[units + unit] = cell * step.before.cell[unit] * f[unit] * (1.0 - f[unit]);
            by_sums[2 * units + unit] = cell * i[unit] * (1.0 - g[unit] * g[unit]);
            by_sums[3 * units + unit] = by_hidden[unit] * squeezed * o[unit] * (1.0 - o[unit]);
            before.cell[unit] = cell * f[unit];
        }
        let mut read = vec![0.0; width];
        for (row, by) in by_sums.iter().enumerate() {
            for (sum, weight) in read.iter_mut().zip(&self.input[row * width..][..width]) {
                *sum += by * weight;
            }
            for (sum, weight) in before.hidden.iter_mut().zip(&self.hidden[row * units..][..units]) {
                *sum += by * weight;
            }
        }
        Back { sums: by_sums, read, before }
    }
}
