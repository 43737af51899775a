//! Normalisations.

use assay_core::graph::{NodeId, Operator};
use assay_weights::{mean_path, variance_path};

use super::attributes::{number, whole};
use super::writing::{Value, Writing};
use crate::ExportError;

/// By running statistics with ONNX's own operator, else by those of the batch, step by step: that operator's training mode is left out
/// of inference runtimes.
pub(super) fn batch_norm(file: &mut Writing<'_>, id: NodeId, affine: bool, epsilon: f64) -> Result<Value, ExportError> {
    let input = file.input(0)?;
    let graph = file.graph();
    let node = graph.node(id);
    let channels = node.shape.channels;
    let x = input.name.clone();
    let running = file.model.weights.statistics.as_ref().and_then(|statistics| statistics.nodes.get(&id));
    if let Some(moments) = running {
        let mut read = vec![x];
        if affine {
            read.extend(file.parameters(&|shape| shape.to_vec()));
        } else {
            read.push(file.floats("ones", &[channels], &vec![1.0; channels]));
            read.push(file.floats("zeros", &[channels], &vec![0.0; channels]));
        }
        read.push(file.tensor(mean_path(&node.name), &[channels], &moments.mean));
        read.push(file.tensor(variance_path(&node.name), &[channels], &moments.variance));
        let name = file.last("BatchNormalization", &read, vec![number("epsilon", epsilon as f32)]);
        return Ok(Value { name, ..input });
    }
    let places: Vec<usize> = std::iter::once(0).chain(2..=input.rank).collect();
    let mean = file.mean(&x, &places, "mean");
    let centred = file.part("Sub", &[x, mean], "centred", vec![]);
    let squares = file.part("Mul", &[centred.clone(), centred.clone()], "squares", vec![]);
    let variance = file.mean(&squares, &places, "variance");
    let deviation = deviation(file, variance, epsilon);
    if !affine {
        let name = file.last("Div", &[centred, deviation], vec![]);
        return Ok(Value { name, ..input });
    }
    let normalised = file.part("Div", &[centred, deviation], "normalised", vec![]);
    let name = scaled_a_channel(file, normalised, input.rank);
    Ok(Value { name, ..input })
}

/// √(x + ε).
fn deviation(file: &mut Writing<'_>, variance: String, epsilon: f64) -> String {
    let epsilon = file.scalar("epsilon", epsilon as f32);
    let shifted = file.part("Add", &[variance, epsilon], "shifted", vec![]);
    file.part("Sqrt", &[shifted], "deviation", vec![])
}

/// The node's weight times a value plus its bias, each a number a channel, as a shape that spreads over images and maps.
fn scaled_a_channel(file: &mut Writing<'_>, value: String, rank: usize) -> String {
    let parameters = file.parameters(&|shape| [shape, &vec![1; rank - 1]].concat());
    let scaled = file.part("Mul", &[value, parameters[0].clone()], "scaled", vec![]);
    file.last("Add", &[scaled, parameters[1].clone()], vec![])
}

/// Over an axis and all after it. What scales or shifts nothing is not learned.
pub(super) fn layer_norm(file: &mut Writing<'_>, id: NodeId) -> Result<Value, ExportError> {
    let shape = file.graph().node(id).shape;
    let Operator::LayerNorm { axis, scale, offset, epsilon } = file.graph().node(id).operator else {
        return Err(file.wrong("is not a layer normalisation"));
    };
    let input = file.input(0)?;
    let input = file.of_rank_at_least(input, axis + 1);
    let dims = shape.axes()[axis..input.rank].to_vec();
    let count = dims.iter().product();
    let mut parameters = file.parameters(&|_| dims.clone()).into_iter();
    let weight = if scale { parameters.next() } else { None };
    let weight = weight.unwrap_or_else(|| file.floats("ones", &dims, &vec![1.0; count]));
    let mut read = vec![input.name.clone(), weight];
    read.extend(parameters.next().filter(|_| offset));
    let name = file.last("LayerNormalization", &read, vec![whole("axis", axis + 1), number("epsilon", epsilon as f32)]);
    Ok(Value { name, ..input })
}

/// By the root of the mean square, which this operator set has no operator for.
pub(super) fn rms_norm(file: &mut Writing<'_>, id: NodeId) -> Result<Value, ExportError> {
    let shape = file.graph().node(id).shape;
    let Operator::RmsNorm { axis, scale, epsilon } = file.graph().node(id).operator else {
        return Err(file.wrong("is not a normalisation by the root of the mean square"));
    };
    let input = file.input(0)?;
    let input = file.of_rank_at_least(input, axis + 1);
    let x = input.name.clone();
    let squares = file.part("Mul", &[x.clone(), x.clone()], "squares", vec![]);
    let places: Vec<usize> = (axis + 1..=input.rank).collect();
    let square = file.mean(&squares, &places, "mean");
    let root = deviation(file, square, epsilon);
    if !scale {
        let name = file.last("Div", &[x, root], vec![]);
        return Ok(Value { name, ..input });
    }
    let normalised = file.part("Div", &[x, root], "normalised", vec![]);
    let dims = shape.axes()[axis..input.rank].to_vec();
    let weight = file.parameters(&|_| dims.clone());
    let name = file.last("Mul", &[normalised, weight[0].clone()], vec![]);
    Ok(Value { name, ..input })
}

/// As instance normalisation, where a group is of several channels of each group laid out as one.
pub(super) fn group_norm(file: &mut Writing<'_>, id: NodeId) -> Result<Value, ExportError> {
    let shape = file.graph().node(id).shape;
    let Operator::GroupNorm { groups, affine, epsilon } = file.graph().node(id).operator else {
        return Err(file.wrong("is not a group normalisation"));
    };
    let input = file.input(0)?;
    let settings = || vec![number("epsilon", epsilon as f32)];
    if groups == shape.channels {
        let input = file.of_rank_at_least(input, 2);
        let mut read = vec![input.name.clone()];
        if affine {
            read.extend(file.parameters(&|shape| shape.to_vec()));
        } else {
            read.push(file.floats("ones", &[groups], &vec![1.0; groups]));
            read.push(file.floats("zeros", &[groups], &vec![0.0; groups]));
        }
        let name = file.last("InstanceNormalization", &read, settings());
        return Ok(Value { name, ..input });
    }
    let joined = file.integers("groups", &[0, groups as i64, -1]);
    let joined = file.part("Reshape", &[input.name.clone(), joined], "joined", vec![]);
    let ones = file.floats("ones", &[groups], &vec![1.0; groups]);
    let zeros = file.floats("zeros", &[groups], &vec![0.0; groups]);
    let normalised = file.part("InstanceNormalization", &[joined, ones, zeros], "normalised", settings());
    let extents: Vec<i64> = std::iter::once(0).chain(shape.axes()[..input.rank].iter().map(|extent| *extent as i64)).collect();
    let extents = file.integers("extents", &extents);
    let name = if affine {
        let apart = file.part("Reshape", &[normalised, extents], "apart", vec![]);
        scaled_a_channel(file, apart, input.rank)
    } else {
        file.last("Reshape", &[normalised, extents], vec![])
    };
    Ok(Value { name, ..input })
}
