//! Functions of each element. Those that ONNX has no operator for are written out as PyTorch's exporters write them.

use assay_core::graph::Activation;

use super::attributes::number;
use super::writing::{Value, Writing};

/// Writes the node as this function of a value.
pub(super) fn activation(file: &mut Writing<'_>, function: Activation, input: Value) -> Value {
    let x = input.name.clone();
    let of_x = std::slice::from_ref(&x);
    let name = match function {
        Activation::Clip { low, high } => {
            let low = if low == f32::MIN { String::new() } else { file.scalar("low", low) };
            let mut read = vec![x, low];
            if high != f32::MAX {
                read.push(file.scalar("high", high));
            }
            file.last("Clip", &read, vec![])
        }
        Activation::Sigmoid => file.last("Sigmoid", of_x, vec![]),
        Activation::HardSigmoid { slope, offset } => file.last("HardSigmoid", of_x, vec![number("alpha", slope), number("beta", offset)]),
        Activation::HardSwish => file.last("HardSwish", of_x, vec![]),
        Activation::Silu => {
            let gate = file.part("Sigmoid", of_x, "gate", vec![]);
            file.last("Mul", &[x, gate], vec![])
        }
        Activation::Gelu => gelu(file, &x),
        Activation::GeluTanh => gelu_tanh(file, &x),
        Activation::Tanh => file.last("Tanh", of_x, vec![]),
        Activation::LeakyRelu { slope } => file.last("LeakyRelu", of_x, vec![number("alpha", slope)]),
        Activation::Elu { alpha } => file.last("Elu", of_x, vec![number("alpha", alpha)]),
        Activation::Softplus => file.last("Softplus", of_x, vec![]),
        Activation::Exp => file.last("Exp", of_x, vec![]),
        Activation::Sqrt => file.last("Sqrt", of_x, vec![]),
        Activation::Reciprocal => file.last("Reciprocal", of_x, vec![]),
        Activation::Erf => file.last("Erf", of_x, vec![]),
    };
    Value { name, ..input }
}

/// x/2 · (1 + erf(x/√2)).
fn gelu(file: &mut Writing<'_>, x: &str) -> String {
    let root = file.scalar("root", std::f32::consts::FRAC_1_SQRT_2);
    let scaled = file.part("Mul", &[x.into(), root], "scaled", vec![]);
    let erf = file.part("Erf", &[scaled], "erf", vec![]);
    halved(file, x, erf)
}

/// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
fn gelu_tanh(file: &mut Writing<'_>, x: &str) -> String {
    let square = file.part("Mul", &[x.into(), x.into()], "square", vec![]);
    let cube = file.part("Mul", &[square, x.into()], "cube", vec![]);
    let factor = file.scalar("factor", 0.044_715);
    let bent = file.part("Mul", &[cube, factor], "bent", vec![]);
    let sum = file.part("Add", &[x.into(), bent], "sum", vec![]);
    let root = file.scalar("root", (2.0 / std::f64::consts::PI).sqrt() as f32);
    let scaled = file.part("Mul", &[sum, root], "scaled", vec![]);
    let tanh = file.part("Tanh", &[scaled], "tanh", vec![]);
    halved(file, x, tanh)
}

/// x/2 · (1 + f).
fn halved(file: &mut Writing<'_>, x: &str, function: String) -> String {
    let one = file.scalar("one", 1.0);
    let gate = file.part("Add", &[function, one], "gate", vec![]);
    let half = file.scalar("half", 0.5);
    let less = file.part("Mul", &[x.into(), half], "less", vec![]);
    file.last("Mul", &[less, gate], vec![])
}
