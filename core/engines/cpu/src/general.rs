//! Operators of transformers and of what came of them: layers along any axis, normalisations of each image, and moves of axes.

use assay_core::graph::{AXES, Shape};
use assay_kernels::Period;

use crate::moves::Move;

/// What an [`Op`](crate::ops::Op) beyond those of cells computes. All but moves read and write values without a border.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum General {
    /// Elements of the inputs in other places.
    Moves(Vec<Move>),
    /// 1 / deviation and mean of each row, which are the second input of `Standardise`.
    Deviations { rows: RowsOf, epsilon: f64 },
    /// Each row less its mean, divided by its deviation.
    Standardise(RowsOf),
    /// Factors and summands that are learned, each for some elements.
    Weigh(Period),
    /// A linear layer along the last axis.
    Dense(Dense),
    /// The products of pairs of matrices.
    MatMul(MatMul),
    /// e^x divided by its sum along an axis.
    Softmax { outer: usize, extent: usize, inner: usize },
    /// A value that is learned, the same for every image.
    Own,
    /// Numbers that are not learned.
    Constant(Vec<f32>),
}

/// Rows that are normalised each alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowsOf {
    pub(super) count: usize,
    pub(super) length: usize,
    /// Whether the mean is subtracted.
    pub(super) centred: bool,
}

/// A linear layer at each of so many places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dense {
    pub(super) places: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

/// Products of matrices `[rows][inner]` and `[inner][columns]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MatMul {
    pub(super) rows: usize,
    pub(super) inner: usize,
    pub(super) columns: usize,
    /// For each product, the number of the left and of the right matrix.
    pub(super) pairs: Vec<[usize; 2]>,
}

impl MatMul {
    /// Of values of these shapes, whose matrices lie in an axis and the next.
    pub(super) fn new(left: Shape, right: Shape, result: Shape, axis: usize) -> Self {
        let of = |shape: &Shape, place: usize| {
            // The place's position along each axis before the matrices, the last of them first.
            let (mut rest, mut number, mut step) = (place, 0, 1);
            for before in (0..axis).rev() {
                let position = rest % result.axis(before);
                rest /= result.axis(before);
                if shape.axis(before) > 1 {
                    number += position * step;
                    step *= shape.axis(before);
                }
            }
            number
        };
        let places: usize = result.axes()[..axis].iter().product();
        Self {
            rows: left.axis(axis),
            inner: left.axis(axis + 1),
            columns: right.axis(axis + 1),
            pairs: (0..places).map(|place| [of(&left, place), of(&right, place)]).collect(),
        }
    }

    /// Multiply-adds.
    pub(super) fn operations(&self) -> usize {
        self.rows * self.inner * self.columns * self.pairs.len()
    }
}

impl General {
    /// Whether it needs values without a border.
    pub(super) fn is_flat(&self) -> bool {
        !matches!(self, Self::Moves(_))
    }

    /// How many of its inputs a gradient goes back to: those after them are made of the first.
    pub(super) fn inputs_back(&self, inputs: usize) -> usize {
        match self {
            Self::Deviations { .. } => 0,
            Self::Standardise(_) => 1,
            _ => inputs,
        }
    }

    /// Whether a way back reads the op's own value.
    pub(super) fn is_read_by_itself(&self) -> bool {
        matches!(self, Self::Standardise(_) | Self::Softmax { .. } | Self::Deviations { .. })
    }

    /// Whether a way back reads the values of the inputs.
    pub(super) fn reads_inputs(&self) -> bool {
        matches!(self, Self::Dense(_) | Self::MatMul(_) | Self::Weigh(_))
    }

    /// Floating-point operations on one image, of a value of so many elements.
    pub(super) fn operations(&self, elements: usize) -> usize {
        match self {
            Self::Dense(Dense { inputs, .. }) => 2 * inputs * elements,
            Self::MatMul(product) => 2 * product.operations(),
            Self::Deviations { rows, .. } => 4 * rows.count * rows.length,
            Self::Standardise(_) | Self::Weigh(_) => 2 * elements,
            Self::Softmax { .. } => 4 * elements,
            Self::Moves(_) | Self::Own | Self::Constant(_) => 0,
        }
    }
}

/// The rows of a normalisation over an axis and all after it.
pub(super) fn rows_from(shape: Shape, axis: usize, centred: bool) -> RowsOf {
    let count: usize = shape.axes()[..axis.min(AXES)].iter().product();
    RowsOf { count, length: shape.elements() / count, centred }
}
