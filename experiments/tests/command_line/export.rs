//! `assay export`.

use crate::scratch::Scratch;

const CELL: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|";
const SMALL: [&str; 6] = ["--channels", "4", "--cells", "1", "--image", "3x8x8"];

fn export<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&["export", CELL][..], &SMALL, rest].concat()
}

#[test]
fn an_architecture_is_written_in_every_text_format() {
    let scratch = Scratch::new();
    assert_eq!(scratch.succeed(&export(&["--to", "genotype"])).trim_end(), CELL);
    let python = scratch.succeed(&export(&["--to", "pytorch"]));
    assert!(python.starts_with("\"\"\"nas-bench-201 |nor_conv_3x3~0|+") && python.contains("class Network(nn.Module):"));
    assert!(scratch.succeed(&export(&["--to", "burn"])).contains("pub struct Network<B: Backend>"));
    assert!(scratch.succeed(&export(&["--to", "dot"])).starts_with("digraph network {"));
    let genotype = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_5x5', 0), ('dil_conv_5x5', 1), \
        ('max_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), \
        reduce=[('max_pool_3x3', 0), ('skip_connect', 1), ('skip_connect', 2), ('sep_conv_3x3', 1), ('dil_conv_3x3', 0), \
        ('avg_pool_3x3', 2), ('skip_connect', 2), ('avg_pool_3x3', 1)], reduce_concat=range(2, 6))";
    let darts = ["export", genotype, "--space", "darts", "--set", "space.network=imagenet", "--image", "3x64x64", "--to", "pytorch"];
    assert!(scratch.succeed(&darts).contains("class Stem1(nn.Module):"));
}

#[test]
fn weights_are_written_read_back_and_put_into_the_onnx_file() {
    let scratch = Scratch::new();
    scratch.succeed(&export(&["--to", "safetensors", "--seed", "7", "--output", "weights.safetensors"]));
    scratch.succeed(&export(&["--to", "safetensors", "--weights", "weights.safetensors", "--output", "again.safetensors"]));
    let read = |name: &str| std::fs::read(scratch.path().join(name)).unwrap();
    assert_eq!(read("weights.safetensors"), read("again.safetensors"));
    scratch.succeed(&export(&["--to", "onnx", "--weights", "weights.safetensors", "--output", "a.onnx"]));
    scratch.succeed(&export(&["--to", "onnx", "--seed", "7", "--output", "b.onnx"]));
    scratch.succeed(&export(&["--to", "onnx", "--seed", "8", "--output", "c.onnx"]));
    assert_eq!(read("a.onnx"), read("b.onnx"));
    assert_ne!(read("a.onnx"), read("c.onnx"));
}

#[test]
fn what_cannot_be_exported_is_told_with_what_to_do() {
    let scratch = Scratch::new();
    scratch.succeed(&export(&["--to", "safetensors", "--output", "weights.safetensors"]));
    let other = ["export", CELL, "--channels", "8", "--cells", "1", "--image", "3x8x8", "--to", "onnx", "--weights", "weights.safetensors"];
    let messages = [
        scratch.fail(&["export", "|nor_conv_9x9~0|", "--to", "dot"]),
        scratch.fail(&other),
        scratch.fail(&export(&["--to", "onnx", "--weights", "nowhere.safetensors"])),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}
