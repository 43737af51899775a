//! From a file's bytes to a network: what goes in and out, and the steps in between.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use assay_core::graph::Shape;
use prost::bytes::Bytes;

use crate::draft::Draft;
use crate::error::short;
use crate::file::{self, Beside};
use crate::finish::Blocks;
use crate::fold::Budget;
use crate::layout::Layout;
use crate::lower::{Live, Lowering, Value};
use crate::schema::{DataType, GraphProto, ModelProto, NodeProto, Size, TensorProto, ValueInfoProto};
use crate::tensor::{Named, Origin, Tensor};
use crate::{Imported, Metadata, Options, Problem, Told, finish, order};

/// The versions of ONNX's operators that are read.
const OPERATOR_SETS: std::ops::RangeInclusive<i64> = 11..=23;

/// The most images in a batch that a file is for.
const LARGEST_BATCH: i64 = 1 << 16;

/// What goes into a network.
struct Input<'a> {
    name: &'a str,
    is_whole: bool,
    /// Images that the file is for; nothing if it is for any number.
    batch: Option<usize>,
    /// The extents of one image.
    axes: Vec<usize>,
    notes: Vec<String>,
}

pub(crate) fn import(bytes: Bytes, folder: Option<&Path>, options: &Options, title: &str) -> Result<Imported, Problem> {
    of_model(&file::decode(bytes)?, None, folder, options, title)
}

/// The network of a model, of which more may be known than a file says.
pub(crate) fn of_model(
    model: &ModelProto,
    told: Option<&Told>,
    folder: Option<&Path>,
    options: &Options,
    title: &str,
) -> Result<Imported, Problem> {
    let opset = operator_set(model)?;
    let graph = model.graph.as_ref().ok_or_else(|| Problem::Damaged("it has no graph".into()))?;
    if !graph.sparse_initializer.is_empty() {
        return Err(Problem::Damaged(
            "it holds tensors that are mostly zeros in a form of their own, which is not read; export them as plain ones".into(),
        ));
    }
    let held: HashMap<&str, &TensorProto> = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(|input| !held.contains_key(input.name.as_str())).collect();
    let given: HashSet<&str> = held.keys().copied().chain(inputs.iter().map(|input| input.name.as_str())).collect();
    let output = graph.output.first().ok_or_else(|| Problem::Output("it computes nothing: it has no output".into()))?;
    let nodes = order::needed(graph, &output.name, &given)?;
    let input = input_of(&inputs, &nodes, options)?;
    let mut lowering = begin(model, graph, &input, opset, told)?;
    lowering.notes.extend(input.notes.iter().cloned());
    let metadata = if told.is_some() { None } else { Metadata::of(model) };
    if metadata.as_ref().is_some_and(|metadata| !metadata.is_of(graph)) {
        let note =
            "another program changed the file after Assay wrote it: what is learned is told by names, and blocks are found in the graph";
        lowering.notes.push(note.into());
    }
    let metadata = metadata.filter(|metadata| metadata.is_of(graph));
    let learned = told.map(|told| &told.learned).or(metadata.as_ref().map(|metadata| &metadata.learned));
    if graph.output.len() > 1 {
        let others: Vec<String> = graph.output[1..].iter().map(|output| format!("`{}`", short(&output.name))).take(5).collect();
        lowering.notes.push(format!(
            "the file computes several values; `{}` is measured, {} left out",
            short(&output.name),
            others.join(", ")
        ));
    }
    let mut beside = Beside::of(folder);
    for name in nodes.iter().flat_map(|node| &node.input) {
        if let Some((name, tensor)) = held.get_key_value(name.as_str())
            && !lowering.values.contains_key(name)
        {
            let mut tensor = Tensor::read(tensor, name, &mut beside)?;
            if let Some(learned) = learned {
                tensor = tensor.from(Origin::Whole(Named::told(name, learned.contains(*name))));
            }
            lowering.values.insert(name, Value::Known(tensor));
        }
    }
    for node in nodes {
        lowering.node(node, &mut beside)?;
    }
    let id = output_of(&mut lowering, &output.name)?;
    let blocks = match (told, metadata.as_ref().and_then(|metadata| metadata.blocks.as_deref())) {
        (Some(Told { blocks, .. }), _) if !blocks.is_empty() => Blocks::Told(named_ends(&lowering, blocks)?),
        (_, Some(blocks)) => match named_ends(&lowering, blocks) {
            Ok(ends) => Blocks::Written(ends),
            Err(problem) => {
                lowering.notes.push(finish::found_instead(&problem));
                Blocks::Found
            }
        },
        _ => Blocks::Found,
    };
    let producer = format!("{} {}", short(&model.producer_name), short(&model.producer_version)).trim().to_owned();
    let Lowering { draft, notes, .. } = lowering;
    let folded_norms = metadata.map(|metadata| metadata.folded_norms);
    finish::finish(draft, id, &blocks, finish::About { opset, producer, notes, title: title.to_owned(), folded_norms })
}

/// The nodes of the values that end blocks, with their names.
fn named_ends(lowering: &Lowering<'_>, names: &[String]) -> Result<Vec<(usize, String)>, Problem> {
    names.iter().map(|name| Ok((end_of_block(lowering, name)?, name.clone()))).collect()
}

fn end_of_block(lowering: &Lowering<'_>, name: &str) -> Result<usize, Problem> {
    match lowering.values.get(name) {
        Some(Value::Live(live)) => Ok(live.id),
        _ => Err(Problem::Output(format!("`{}` cannot end a block: it does not depend on the network's input", short(name)))),
    }
}

fn operator_set(model: &ModelProto) -> Result<i64, Problem> {
    let own = model.opset_import.iter().find(|set| ["", "ai.onnx"].contains(&set.domain.as_str()));
    let version = own.map_or(0, |set| set.version);
    if OPERATOR_SETS.contains(&version) { Ok(version) } else { Err(Problem::OperatorSet { version }) }
}

fn begin<'a>(
    model: &ModelProto,
    graph: &'a GraphProto,
    input: &Input<'a>,
    opset: i64,
    told: Option<&Told>,
) -> Result<Lowering<'a>, Problem> {
    let too_many = || {
        Problem::Input(format!(
            "its input has {} axes beside the batch; a graph's values have at most {}",
            input.axes.len(),
            assay_core::graph::AXES
        ))
    };
    let shape = Shape::of_axes(&input.axes).ok_or_else(too_many)?;
    assay_core::graph::GraphBuilder::new(shape)?;
    let batch = input.batch.or(told.map(|told| told.batch)).unwrap_or_else(|| stand_in(graph, &input.axes));
    let live = Live { id: 0, layout: Layout::of_image(&input.axes), is_whole: input.is_whole };
    let numbers = graph.initializer.iter().map(|tensor| tensor.raw_data.len() / 4 + tensor.float_data.len()).sum();
    Ok(Lowering {
        draft: Draft::new(shape),
        batch,
        is_any_batch: input.batch.is_none(),
        values: HashMap::from([(input.name, Value::Live(live))]),
        notes: Vec::new(),
        budget: Budget::for_numbers(numbers),
        opset,
        functions: model.functions.iter().map(|function| function.name.clone()).collect(),
    })
}

/// A number of images that stands for any: a prime that no extent of the file is a multiple of, so that where it turns up it is the batch.
fn stand_in(graph: &GraphProto, axes: &[usize]) -> usize {
    const PRIMES: [usize; 8] = [10_007, 10_009, 10_037, 10_039, 10_061, 10_067, 10_069, 10_079];
    let extents: Vec<u64> = graph
        .initializer
        .iter()
        .flat_map(|tensor| &tensor.dims)
        .map(|extent| extent.unsigned_abs())
        .chain(axes.iter().map(|extent| *extent as u64))
        .collect();
    let is_free = |prime: &usize| extents.iter().all(|extent| *extent == 0 || !extent.is_multiple_of(*prime as u64));
    PRIMES.into_iter().find(is_free).unwrap_or(PRIMES[0])
}

/// The one input that the output depends on.
fn input_of<'a>(inputs: &[&'a ValueInfoProto], nodes: &[&NodeProto], options: &Options) -> Result<Input<'a>, Problem> {
    let read: HashSet<&str> = nodes.iter().flat_map(|node| &node.input).map(String::as_str).collect();
    let needed: Vec<&&ValueInfoProto> = inputs.iter().filter(|input| read.contains(input.name.as_str())).collect();
    let input = match needed.as_slice() {
        [input] => input,
        [] => return Err(Problem::Input("its output does not depend on any input".into())),
        several => {
            let names: Vec<String> = several.iter().map(|input| format!("`{}`", short(&input.name))).take(8).collect();
            return Err(Problem::Input(format!(
                "its output depends on several inputs ({}); networks of one input are measured: export with the others fixed",
                names.join(", ")
            )));
        }
    };
    let name = short(&input.name);
    let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
    let tensor = tensor.ok_or_else(|| Problem::Input(format!("its input `{name}` is not a tensor")))?;
    let is_whole = match DataType::try_from(tensor.elem_type) {
        Ok(DataType::Float | DataType::Float16 | DataType::Bfloat16 | DataType::Double) => false,
        Ok(
            DataType::Int64
            | DataType::Int32
            | DataType::Uint8
            | DataType::Int8
            | DataType::Int16
            | DataType::Uint16
            | DataType::Uint32
            | DataType::Uint64,
        ) => true,
        _ => {
            return Err(Problem::Input(format!(
                "its input `{name}` is of type {}; floats and whole numbers are given to networks",
                tensor.elem_type
            )));
        }
    };
    let dims = tensor.shape.as_ref().map(|shape| shape.dim.as_slice());
    let Some([first, rest @ ..]) = dims else {
        return Err(Problem::Input(format!("its input `{name}` has no shape; export it with one whose first axis is the batch")));
    };
    let size = |dimension: &crate::schema::Dimension| match &dimension.value {
        Some(Size::Fixed(extent)) => Some(*extent),
        _ => None,
    };
    let batch = match size(first) {
        None => None,
        Some(batch) if (1..=LARGEST_BATCH).contains(&batch) => Some(batch as usize),
        Some(batch) => return Err(Problem::Input(format!("its input `{name}` is for a batch of {batch}; 1 to {LARGEST_BATCH} are read"))),
    };
    let fixed: Vec<Option<i64>> = rest.iter().map(size).collect();
    let (axes, notes) = axes_of(&name, rest, &fixed, options)?;
    Ok(Input { name: &input.name, is_whole, batch, axes, notes })
}

/// The extents of one image: those of the file, or those that were asked for.
fn axes_of(
    name: &str,
    dims: &[crate::schema::Dimension],
    fixed: &[Option<i64>],
    options: &Options,
) -> Result<(Vec<usize>, Vec<String>), Problem> {
    let told: Vec<String> = dims
        .iter()
        .map(|dimension| match &dimension.value {
            Some(Size::Fixed(extent)) => extent.to_string(),
            Some(Size::Named(named)) if !named.is_empty() => short(named),
            _ => "?".into(),
        })
        .collect();
    let told = told.join("×");
    if let Some(extent) = fixed.iter().flatten().find(|extent| **extent < 1) {
        return Err(Problem::Input(format!("its input `{name}` is of {told}, and an axis of {extent} holds nothing")));
    }
    let Some(asked) = &options.input else {
        let known: Option<Vec<usize>> = fixed.iter().map(|extent| extent.map(|extent| extent as usize)).collect();
        let example = match fixed.len() {
            3 => "3x224x224",
            1 => "128",
            _ => "3x224x224, an extent an axis",
        };
        let open =
            || Problem::Input(format!("its input `{name}` is of {told}, which leaves its shape open; say it, as `--input {example}`"));
        return known.map(|axes| (axes, Vec::new())).ok_or_else(open);
    };
    let asked_for: Vec<String> = asked.iter().map(usize::to_string).collect();
    let asked_for = asked_for.join("×");
    if asked.len() != fixed.len() {
        return Err(Problem::Input(format!("its input `{name}` is of {told}, beside the batch, and {asked_for} was asked for")));
    }
    if asked.contains(&0) {
        return Err(Problem::Input(format!("an input of {asked_for} holds nothing")));
    }
    let differs = fixed.iter().zip(asked).any(|(fixed, asked)| fixed.is_some_and(|fixed| fixed as usize != *asked));
    let note = format!("the file is for inputs of {told}; it is measured on {asked_for}");
    Ok((asked.clone(), if differs { vec![note] } else { Vec::new() }))
}

/// The node of the output, whose first axis must be the batch.
fn output_of(lowering: &mut Lowering<'_>, name: &str) -> Result<usize, Problem> {
    let named = short(name);
    match lowering.values.get(name) {
        Some(Value::Live(live)) if live.layout == Layout::of_image(&live.layout.image()) => Ok(live.id),
        Some(Value::Live(live)) => {
            let dims = live.layout.dims(lowering.batch);
            Err(Problem::Output(format!(
                "its output `{named}` is of {dims:?} for a batch of {}; the first axis must be the batch alone",
                lowering.batch
            )))
        }
        Some(Value::Known(_)) => Err(Problem::Output(format!("its output `{named}` does not depend on its input"))),
        None => Err(Problem::Output(format!("its output `{named}` is a further output of its node, which Assay does not compute"))),
    }
}
