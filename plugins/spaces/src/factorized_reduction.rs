//! The reduction without a window that both DARTS and TransNAS-Bench-101 have in the place of a skip connection.

use assay_core::graph::{Conv2d, GraphBuilder, GraphError, NodeId, Operator};

/// Half the height and width: half of the channels from the even positions, the rest from the odd ones. What normalises them is left to
/// the space.
pub(crate) fn halves(b: &mut GraphBuilder, name: &str, input: NodeId, channels: usize) -> Result<NodeId, GraphError> {
    let positive = b.relu(format!("{name}.relu"), input)?;
    let half = |channels| Conv2d::new(channels, 1).stride(2);
    let mut halves = Vec::new();
    // One channel has no half from the even positions.
    if channels > 1 {
        halves.push(b.conv(format!("{name}.even"), positive, half(channels / 2))?);
    }
    let shifted = b.add(format!("{name}.shift"), Operator::Shift { offset: 1 }, &[positive])?;
    halves.push(b.conv(format!("{name}.odd"), shifted, half(channels - channels / 2))?);
    b.add(format!("{name}.concat"), Operator::CONCAT, &halves)
}
