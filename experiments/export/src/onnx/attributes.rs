//! Settings of ONNX's operators.

use assay_core::graph::{Extent, Sides};

use super::schema::{AttributeProto, AttributeType};

/// Kernel, strides and padding of a window.
pub(super) fn window(kernel: Extent, stride: Extent, padding: Sides) -> Vec<AttributeProto> {
    let Sides { top, left, bottom, right } = padding;
    let pads = list("pads", &[top, left, bottom, right]);
    vec![list("kernel_shape", &kernel.both()), list("strides", &stride.both()), pads]
}

pub(super) fn whole(name: &str, value: usize) -> AttributeProto {
    AttributeProto { name: name.into(), i: Some(value as i64), r#type: AttributeType::Int.into(), ..AttributeProto::default() }
}

pub(super) fn number(name: &str, value: f32) -> AttributeProto {
    AttributeProto { name: name.into(), f: Some(value), r#type: AttributeType::Float.into(), ..AttributeProto::default() }
}

pub(super) fn list(name: &str, values: &[usize]) -> AttributeProto {
    let ints = values.iter().map(|value| *value as i64).collect();
    AttributeProto { name: name.into(), ints, r#type: AttributeType::Ints.into(), ..AttributeProto::default() }
}
