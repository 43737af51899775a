//! Operators that are sums of products of an input with a weight or with another input.

use assay_core::graph::{Operator, Shape};

use super::places::{element, places, repeated, with};

/// What the first input is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The node's weight.
    Weight,
    /// The second input.
    Input,
}

/// Calls `visit` with every product in one image: the element of the result that it is added to, that of the first input, and that
/// of what it is multiplied by. Nothing where an operator is not made of products.
pub(super) fn products(operator: &Operator, inputs: &[Shape], out: Shape, visit: &mut dyn FnMut(usize, usize, usize)) -> Option<By> {
    match operator {
        Operator::Conv2d(conv) => {
            let input = inputs[0];
            let (into, outputs) = (input.channels / conv.groups, conv.out_channels / conv.groups);
            for (to, [c, y, x, ..]) in places(out).into_iter().enumerate() {
                for i in 0..into {
                    for ky in 0..conv.kernel.rows {
                        for kx in 0..conv.kernel.columns {
                            let iy = (y * conv.stride.rows + ky * conv.dilation.rows).checked_sub(conv.padding.top);
                            let ix = (x * conv.stride.columns + kx * conv.dilation.columns).checked_sub(conv.padding.left);
                            let (Some(iy), Some(ix)) = (iy, ix) else { continue };
                            if iy < input.height && ix < input.width {
                                let weight = ((c * into + i) * conv.kernel.rows + ky) * conv.kernel.columns + kx;
                                visit(to, element(input, [c / outputs * into + i, iy, ix, 0, 0]), weight);
                            }
                        }
                    }
                }
            }
            Some(By::Weight)
        }
        Operator::Linear { axis, .. } => {
            let features = inputs[0].axis(*axis);
            for (to, place) in places(out).into_iter().enumerate() {
                for feature in 0..features {
                    visit(to, element(inputs[0], with(place, *axis, feature)), place[*axis] * features + feature);
                }
            }
            Some(By::Weight)
        }
        Operator::MatMul { axis } => {
            let [left, right] = [inputs[0], inputs[1]];
            for (to, place) in places(out).into_iter().enumerate() {
                for inner in 0..left.axis(axis + 1) {
                    let (row, column) = (with(place, axis + 1, inner), with(place, *axis, inner));
                    visit(to, repeated(left, row), repeated(right, column));
                }
            }
            Some(By::Input)
        }
        _ => None,
    }
}

/// Which element of the bias is added to each element of a result, if the operator can have one.
pub(super) fn bias_of(operator: &Operator, out: Shape) -> Option<Vec<usize>> {
    let axis = match operator {
        Operator::Conv2d(conv) if conv.bias => 0,
        Operator::Linear { bias: true, axis, .. } => *axis,
        _ => return None,
    };
    Some(places(out).into_iter().map(|place| place[axis]).collect())
}
