//! A DARTS network as `assay export --to burn` writes it, in a program of its own: reads a file of weights, which
//! `assay export --to safetensors` or `assay train` wrote, and prints the outputs for a grey image.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

#[rustfmt::skip]
#[allow(dead_code, unreachable_pub, reason = "the file is a library's")]
mod trained;
#[rustfmt::skip]
#[allow(dead_code, unreachable_pub, reason = "the file is a library's")]
mod untrained;

use burn::backend::Flex;
use burn::tensor::Tensor;

fn main() {
    let device = Default::default();
    let network = untrained::Network::<Flex>::new(&device);
    println!("untrained: {}", network.forward(Tensor::ones([2, 3, 8, 8], &device)));
    let network = trained::Network::<Flex>::new(&device);
    println!("with running statistics: {}", network.forward(Tensor::ones([1, 3, 7, 9], &device)));
}
