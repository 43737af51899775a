//! Where rounding decides a gradient.

use assay_core::graph::{NodeId, Operator};
use assay_core::network::Network;

use super::links::window;
use super::norms::divides_by_rounding;
use super::places::{element, places};
use super::{Tensor, functions};

/// Whether rounding decides a gradient: the input of a ReLU or of another function is within rounding of where its derivative
/// jumps, a maximum's lead is within rounding of 0, or a normalisation divides by a deviation that is itself rounding.
///
/// Equal values in one window are at an edge too, but for zeros. Zeros come from where nothing is and are the same bits in any
/// engine. Other equal values have come about in several ways, as the border of a padded 1×1 convolution behind an average over 4
/// and over 6 positions, and an engine that adds up in another order may have one of them larger by a rounding: the gradient then
/// goes to another of the equal places.
pub(crate) fn is_at_an_edge(network: &Network, values: &[Tensor]) -> bool {
    let close = |difference: f64| difference != 0.0 && difference.abs() < 1e-9;
    network.graph().nodes().iter().enumerate().any(|(position, node)| {
        let Some(input) = node.inputs.first().map(|NodeId(input)| &values[*input]) else { return false };
        match &node.operator {
            Operator::Relu => input.data.iter().any(|value| close(*value)),
            Operator::Activation(activation) => {
                let kinks = functions::kinks(*activation);
                input.data.iter().any(|value| kinks.iter().any(|kink| close(value - kink)))
            }
            Operator::MaxPool(pool) => (0..input.batch).any(|image| {
                let image = input.image(image);
                places(node.shape).into_iter().any(|[c, y, x, ..]| {
                    let at = |(iy, ix): (usize, usize)| image[element(input.shape, [c, iy, ix, 0, 0])];
                    let mut all: Vec<f64> = window(*pool, input.shape, y, x).into_iter().map(at).collect();
                    all.sort_by(f64::total_cmp);
                    all.windows(2).any(|pair| (pair[1] - pair[0]).abs() < 1e-9 && pair != [0.0; 2])
                })
            }),
            operator => divides_by_rounding(operator, network, position, input),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;
    use crate::reference::forward;

    #[test]
    fn equal_values_in_a_window_that_came_about_in_several_ways_are_at_an_edge() {
        let (network, batch) = random::network(12_317_498_411_242_568_313);
        let values = forward(&network, &batch);
        // Two places of the border of a convolution, summed up with averages over windows that differ: the engine for CPUs had the
        // second larger by one rounding.
        let sum = network.graph().find("n4").unwrap();
        let [first, second] = [379, 384].map(|element| values[sum.0].data[element]);
        assert!(first == second && first != 0.0, "{first} {second}");
        assert!(is_at_an_edge(&network, &values));
        let (network, batch) = random::network(7);
        assert!(!is_at_an_edge(&network, &forward(&network, &batch)));
    }
}
