//! From a graph's operators to ONNX's.

use assay_core::graph::{Conv2d, NodeId, Operator, Pool};

use super::attributes::{list, whole, window};
use super::writing::{Value, Writing};
use super::{counting, functions, moves, norms, sums};
use crate::ExportError;

/// Writes every node that the output depends on, and the output.
pub(super) fn write(file: &mut Writing<'_>, needed: &[bool]) -> Result<(), ExportError> {
    let graph = file.graph();
    for (position, _) in needed.iter().enumerate().skip(1).filter(|(_, needed)| **needed) {
        let id = NodeId(position);
        let value = node(file, id)?;
        file.values[position] = value;
    }
    let output = graph.output();
    let value = file.values[output.0].clone();
    let value = value.ok_or_else(|| file.wrong("is the output and is not written"))?;
    let axes = counting(graph.node(output).shape);
    if axes.len() == 1 {
        file.put_out("Flatten", value.name, vec![whole("axis", 1)]);
    } else {
        file.begin(output);
        let value = file.of_rank(value, axes.len());
        file.put_out("Identity", value.name, vec![]);
    }
    Ok(())
}

/// Writes what computes a node; nothing for a tensor that its reader writes.
fn node(file: &mut Writing<'_>, id: NodeId) -> Result<Option<Value>, ExportError> {
    let operator = &file.graph().node(id).operator;
    if let Operator::Parameter { .. } | Operator::Constant { .. } = operator {
        return Ok(sums::source(file, id));
    }
    file.begin(id);
    let value = match operator {
        Operator::Input | Operator::Parameter { .. } | Operator::Constant { .. } => return Ok(None),
        Operator::Conv2d(conv) => convolution(file, conv)?,
        Operator::BatchNorm { affine, epsilon } => norms::batch_norm(file, id, *affine, *epsilon)?,
        Operator::LayerNorm { .. } => norms::layer_norm(file, id)?,
        Operator::RmsNorm { .. } => norms::rms_norm(file, id)?,
        Operator::GroupNorm { .. } => norms::group_norm(file, id)?,
        Operator::Relu => {
            let input = file.input(0)?;
            let name = file.last("Relu", std::slice::from_ref(&input.name), vec![]);
            Value { name, ..input }
        }
        Operator::Activation(function) => {
            let input = file.input(0)?;
            functions::activation(file, *function, input)
        }
        Operator::AvgPool(pool) => pooled(file, "AveragePool", pool)?,
        Operator::MaxPool(pool) => pooled(file, "MaxPool", pool)?,
        Operator::GlobalAvgPool => global_average(file, id)?,
        Operator::Mean { axes } => {
            let input = file.input(0)?;
            let input = file.of_rank_at_least(input, axes.iter().fold(1, |rank, axis| rank.max(axis + 1)));
            let axes: Vec<usize> = axes.iter().map(|axis| axis + 1).collect();
            averaged(file, input, &axes)
        }
        Operator::Linear { bias, axis, .. } => linear(file, *axis, *bias)?,
        Operator::Embedding { axis, .. } => embedding(file, *axis)?,
        Operator::WeightedSum { weights } => sums::weighted_sum(file, id, weights)?,
        Operator::Product => sums::product(file, id)?,
        Operator::MatMul { axis } => {
            let (left, right) = (file.input(0)?, file.input(1)?);
            let (left, right) = (file.of_rank(left, axis + 2), file.of_rank(right, axis + 2));
            let name = file.last("MatMul", &[left.name.clone(), right.name], vec![]);
            Value { name, ..left }
        }
        Operator::Softmax { axis } => {
            let input = file.input(0)?;
            let input = file.of_rank_at_least(input, axis + 1);
            let name = file.last("Softmax", std::slice::from_ref(&input.name), vec![whole("axis", axis + 1)]);
            Value { name, ..input }
        }
        Operator::Concat { axis } => moves::concat(file, id, *axis)?,
        Operator::Slice { axis, start, end, step } => moves::slice(file, *axis, [*start, *end, *step])?,
        Operator::Truncate { channels } => moves::slice(file, 0, [0, *channels, 1])?,
        Operator::Gather { axis, indices } => moves::gather(file, *axis, indices)?,
        Operator::Pad { amounts } => moves::pad(file, amounts)?,
        Operator::Transpose { order } => moves::transpose(file, order)?,
        Operator::Reshape { .. } => moves::reshape(file, id)?,
        Operator::Shift { offset } => moves::shift(file, *offset)?,
        Operator::Zero { .. } => zeros(file, id),
    };
    Ok(Some(value))
}

/// One of the node's inputs as maps.
fn maps(file: &mut Writing<'_>) -> Result<Value, ExportError> {
    let input = file.input(0)?;
    Ok(file.of_rank(input, 3))
}

fn convolution(file: &mut Writing<'_>, conv: &Conv2d) -> Result<Value, ExportError> {
    let Conv2d { kernel, stride, padding, dilation, groups, .. } = *conv;
    let input = maps(file)?;
    let read = [vec![input.name.clone()], file.parameters(&|shape| shape.to_vec())].concat();
    let mut attributes = window(kernel, stride, padding);
    attributes.extend([list("dilations", &dilation.both()), whole("group", groups)]);
    let name = file.last("Conv", &read, attributes);
    Ok(Value { name, ..input })
}

fn pooled(file: &mut Writing<'_>, operator: &str, pool: &Pool) -> Result<Value, ExportError> {
    let Pool { kernel, stride, padding, counts_padding, ceil } = *pool;
    let input = maps(file)?;
    let mut attributes = window(kernel, stride, padding);
    if operator == "AveragePool" {
        attributes.push(whole("count_include_pad", counts_padding.into()));
    }
    if ceil {
        attributes.push(whole("ceil_mode", 1));
    }
    let name = file.last(operator, std::slice::from_ref(&input.name), attributes);
    Ok(Value { name, ..input })
}

/// The average over all axes but the channels.
fn global_average(file: &mut Writing<'_>, id: NodeId) -> Result<Value, ExportError> {
    let graph = file.graph();
    let is_of_maps = graph.node(id).inputs.first().is_some_and(|input| graph.node(*input).shape.is_maps());
    if is_of_maps {
        let input = maps(file)?;
        let name = file.last("GlobalAveragePool", std::slice::from_ref(&input.name), vec![]);
        return Ok(Value { name, ..input });
    }
    let input = file.input(0)?;
    let axes: Vec<usize> = (2..=input.rank).collect();
    Ok(averaged(file, input, &axes))
}

fn averaged(file: &mut Writing<'_>, input: Value, axes: &[usize]) -> Value {
    let name = file.last("ReduceMean", std::slice::from_ref(&input.name), vec![list("axes", axes), whole("keepdims", 1)]);
    Value { name, ..input }
}

/// A layer along the first axis takes vectors, whatever their layout; along another, which is the last that counts, the same layer is
/// at all places of those before.
fn linear(file: &mut Writing<'_>, axis: usize, bias: bool) -> Result<Value, ExportError> {
    let input = file.input(0)?;
    let weights = |file: &mut Writing<'_>| file.parameters(&|shape| shape.to_vec());
    if axis == 0 {
        let vector = match input.rank {
            1 => input.name.clone(),
            _ => file.part("Flatten", std::slice::from_ref(&input.name), "flat", vec![whole("axis", 1)]),
        };
        let read = [vec![vector], weights(file)].concat();
        let name = file.last("Gemm", &read, vec![whole("transB", 1)]);
        return Ok(Value { name, rank: 1, ..input });
    }
    let input = file.of_rank(input, axis + 1);
    let parameters = weights(file);
    let turned = file.part("Transpose", &parameters[..1], "turned", vec![list("perm", &[1, 0])]);
    let read = [input.name.clone(), turned];
    let name = if bias {
        let product = file.part("MatMul", &read, "product", vec![]);
        file.last("Add", &[product, parameters[1].clone()], vec![])
    } else {
        file.last("MatMul", &read, vec![])
    };
    Ok(Value { name, ..input })
}

/// ONNX takes rows of a table by whole numbers only, so what they go through on their way from the input is to keep them such.
fn embedding(file: &mut Writing<'_>, axis: usize) -> Result<Value, ExportError> {
    let input = file.moved(0)?;
    if !input.is_whole {
        return Err(file.wrong(
            "it looks up numbers that the network computes, and ONNX looks up whole numbers; look up the network's input, or what \
             reshapes, slices, pads and joins it",
        ));
    }
    let input = file.of_rank(input, axis);
    let table = file.parameters(&|shape| shape.to_vec());
    let name = file.last("Gather", &[table[0].clone(), input.name], vec![whole("axis", 0)]);
    Ok(Value { name, rank: axis + 1, is_whole: false })
}

fn zeros(file: &mut Writing<'_>, id: NodeId) -> Value {
    let shape = file.graph().node(id).shape;
    let axes = shape.axes()[..counting(shape).len().max(3)].to_vec();
    let shape = file.batch_of(&axes);
    let name = file.last("ConstantOfShape", &[shape], vec![]);
    Value { name, rank: axes.len(), is_whole: false }
}
