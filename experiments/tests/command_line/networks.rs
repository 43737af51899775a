//! Networks of ONNX files in commands, studies and searches.

use assay_results::tables;
use polars::prelude::DataFrame;

use crate::scratch::{Scratch, shared, summary};
use crate::studies::{check_columns, read};

const CELLS: [&str; 4] = [
    "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "|nor_conv_1x1~0|+|skip_connect~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|",
    "|skip_connect~0|+|skip_connect~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_1x1~1|skip_connect~2|",
];

/// A folder `zoo` of small networks and a list of them with accuracies.
fn zoo() -> Scratch {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path().join("zoo")).unwrap();
    let mut list = "file,top1,note\n".to_owned();
    for (number, cell) in CELLS.iter().enumerate() {
        let file = format!("zoo/net{number}.onnx");
        let size = ["--channels", "4", "--cells", "1", "--image", "3x16x16", "--seed", "3"];
        scratch.succeed(&[&["export", cell, "--to", "onnx", "--output", &file][..], &size].concat());
        list.push_str(&format!("net{number}.onnx,{},x\n", 60 + 7 * number));
    }
    scratch.write("zoo/zoo.csv", list);
    scratch
}

#[test]
fn files_and_folders_are_scored_with_their_own_weights() {
    let scratch = zoo();
    let one =
        scratch.assay(&["score", "zoo/net0.onnx", "--proxy", "synflow", "--proxy", "naswot", "--set", "proxies.naswot.batch=8", "--json"]);
    assert_eq!(one.code, Some(0), "{}", one.err);
    let json: serde_json::Value = serde_json::from_str(&one.out).unwrap();
    let protocol = json["protocol"].as_str().unwrap();
    assert!(protocol.starts_with("networks of 1 file (fingerprint "), "{protocol}");
    assert!(protocol.contains("their own weights, so that seeds vary images alone") && protocol.contains("3×16×16"), "{protocol}");
    let readings = json["scores"][0]["readings"].as_array().unwrap();
    assert_eq!((readings.len(), &readings[0]), (3, &readings[2]), "weights are the same whatever the seed");
    // The very weights: the score that the cell has where its network is drawn as it was for the export.
    let cell = scratch.succeed(&[
        "score",
        CELLS[0],
        "--proxy",
        "synflow",
        "--seed",
        "3",
        "--repeats",
        "1",
        "--json",
        "--set",
        "proxies.synflow.channels=4",
        "--set",
        "proxies.synflow.cells=1",
        "--set",
        "dataset.size=16",
    ]);
    let drawn: serde_json::Value = serde_json::from_str(&cell).unwrap();
    assert_ne!(drawn["scores"][0]["readings"][0], readings[0], "a measurement draws by another path than an export");
    let all = scratch.succeed(&["score", "zoo", "--proxy", "params", "--repeats", "1"]);
    for number in 0..CELLS.len() {
        assert!(all.contains(&format!("zoo/net{number}.onnx")), "{all}");
    }
    let again = scratch.succeed(&["score", "zoo", "--proxy", "snip", "--set", "proxies.snip.batch=4", "--set", "threads=1", "--json"]);
    let threaded = scratch.succeed(&["score", "zoo", "--proxy", "snip", "--set", "proxies.snip.batch=4", "--set", "threads=2", "--json"]);
    assert_eq!(again, threaded, "the same on any number of threads");
}

#[test]
fn a_network_is_shown_and_drawn() {
    let scratch = zoo();
    let shown = scratch.succeed(&["show", "zoo/net1.onnx"]);
    for part in
        ["conv2d 3×3, stride 1", "batch_norm", "parameters     ", "multiply-adds  ", "input, output  3×16×16, 10×1×1", "operator set 17"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json: serde_json::Value = serde_json::from_str(&scratch.succeed(&["show", "zoo/net1.onnx", "--json"])).unwrap();
    let of_nodes: u64 = json["nodes"].as_array().unwrap().iter().map(|node| node["parameters"].as_u64().unwrap()).sum();
    assert_eq!(json["parameters"].as_u64(), Some(of_nodes));
    assert_eq!(json["input"], serde_json::json!([3, 16, 16]));
    assert_eq!(scratch.succeed(&["draw", "zoo/net1.onnx"]), "net1.svg\nnet1.png\n");
    assert!(std::fs::read_to_string(scratch.path().join("net1.svg")).unwrap().starts_with("<svg"));
    let run = scratch.fail(&["show", "zoo", "--json"]);
    assert!(run.contains("does not end in .onnx"), "{run}");
}

#[test]
fn a_network_of_a_file_is_exported_and_what_is_read_of_it_is_the_same() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path().join("again")).unwrap();
    // The second is a file whose normalisations were folded, so that some scores are undefined.
    for (name, file) in [("vit.onnx", "onnx_vit_a.onnx"), ("resnet.onnx", "onnx_resnet18_a.dynamo.onnx")] {
        std::fs::copy(shared().join("oracles").join(file), scratch.path().join(name)).unwrap();
        let exported = format!("again/{name}");
        scratch.succeed(&["export", name, "--to", "onnx", "--output", &exported]);
        let [given, again] = [name, &exported].map(|file| {
            let proxies = ["--proxy", "snip", "--proxy", "az-progressivity", "--proxy", "params"];
            let arguments = [&["score", file, "--repeats", "1", "--json"][..], &proxies].concat();
            let printed: serde_json::Value = serde_json::from_str(&scratch.succeed(&arguments)).unwrap();
            let reading = |score: &serde_json::Value| score["reading"].to_string().replace(&exported, name);
            printed["scores"].as_array().unwrap().iter().map(reading).collect::<Vec<_>>()
        });
        assert_eq!(given, again, "{name}");
    }
    scratch.succeed(&["export", "again/vit.onnx", "--to", "onnx", "--output", "vit.onnx"]);
    let bytes = |file: &str| std::fs::read(scratch.path().join(file)).unwrap();
    assert!(bytes("vit.onnx") == bytes("again/vit.onnx"), "an export of what was exported is the same file");

    // Other weights, and other formats.
    scratch.succeed(&["export", "vit.onnx", "--to", "safetensors", "--initialiser", "standard-normal", "--output", "drawn.safetensors"]);
    scratch.succeed(&["export", "vit.onnx", "--to", "onnx", "--weights", "drawn.safetensors", "--output", "drawn.onnx"]);
    scratch.succeed(&["export", "drawn.onnx", "--to", "safetensors", "--output", "again.safetensors"]);
    assert!(bytes("drawn.safetensors") == bytes("again.safetensors"), "the weights are those that were read");
    assert!(scratch.succeed(&["export", "vit.onnx", "--to", "dot"]).contains("mat mul"));
    let refused = scratch.fail(&["export", "vit.onnx", "--to", "pytorch"]);
    assert!(refused.contains("cannot be exported to PyTorch") && refused.contains("export to ONNX"), "{refused}");
    let refused = scratch.fail(&["export", "vit.onnx", "--to", "genotype"]);
    assert!(refused.contains("has no genotype"), "{refused}");
    for (given, said) in [(["--channels", "8"], "takes no --channels"), (["--seed", "1"], "which --seed does not change")] {
        let refused = scratch.fail(&[&["export", "vit.onnx", "--to", "onnx"][..], &given].concat());
        assert!(refused.contains(said), "{refused}");
    }
}

/// Pads the first convolution that is padded by one on each side by none above and two below: as many rows as before.
fn with_uneven_padding(file: &std::path::Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let pads = bytes.windows(4).position(|name| name == b"pads").expect("a convolution has padding");
    // Rows above, columns on the left, rows below, columns on the right; a byte in front of each says which field it is of.
    let sides = |sides: [u8; 4]| sides.map(|side| [0x40, side]).concat();
    let ones = pads + bytes[pads..].windows(8).position(|all| all == sides([1, 1, 1, 1])).expect("it is one on each side");
    bytes[ones..ones + 8].copy_from_slice(&sides([0, 1, 2, 1]));
    std::fs::write(file, bytes).unwrap();
}

/// A file of so many tokens, each looked up in a table of ten words, and a score for each next word: the bytes of protocol buffers.
pub(crate) fn language_model(tokens: u8) -> Vec<u8> {
    fn whole(number: u8, value: u8) -> Vec<u8> {
        vec![number << 3, value]
    }
    fn part(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap();
        [&[number << 3 | 2, (length & 0x7f) as u8 | 0x80, (length >> 7) as u8][..], bytes].concat()
    }
    let table = |name: &str, rows: u8, columns: u8| {
        let values = (0..u16::from(rows) * u16::from(columns)).flat_map(|at| (f32::from(at * 7 % 11) / 11.0 - 0.5).to_le_bytes());
        let values: Vec<u8> = values.collect();
        part(5, &[whole(1, rows), whole(1, columns), whole(2, 1), part(8, name.as_bytes()), part(9, &values)].concat())
    };
    let node = |operator: &str, inputs: [&str; 2], output: &str| {
        let inputs = inputs.map(|input| part(1, input.as_bytes())).concat();
        part(1, &[inputs, part(2, output.as_bytes()), part(4, operator.as_bytes())].concat())
    };
    let value = |field: u8, name: &str, kind: u8, shape: &[u8]| {
        let sizes = shape.iter().flat_map(|size| part(1, &whole(1, *size)));
        // The batch is open.
        let shape = [part(1, &part(2, b"batch")), sizes.collect()].concat();
        part(field, &[part(1, name.as_bytes()), part(2, &part(1, &[whole(1, kind), part(2, &shape)].concat()))].concat())
    };
    let nodes = [node("Gather", ["words", "tokens"], "looked_up"), node("MatMul", ["looked_up", "head"], "logits")].concat();
    let weights = [table("words", 10, 4), table("head", 4, 10)].concat();
    let graph = [nodes, part(2, b"words"), weights, value(11, "tokens", 7, &[tokens]), value(12, "logits", 1, &[tokens, 10])].concat();
    [whole(1, 8), part(7, &graph), part(8, &whole(2, 17))].concat()
}

#[test]
fn a_convolution_of_uneven_padding_is_measured_by_the_engine_that_was_asked_for() {
    let scratch = zoo();
    with_uneven_padding(&scratch.path().join("zoo/net1.onnx"));
    let said = scratch.assay(&["score", "zoo/net1.onnx", "--proxy", "snip", "--set", "proxies.snip.batch=4", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(!said.err.contains("measures these networks"), "{}", said.err);
    assert!(json["protocol"].as_str().unwrap().contains("engine cpu"), "{}", said.out);
    assert!(json["scores"][0]["reading"]["value"].as_f64().is_some(), "{}", said.out);
}

#[test]
fn networks_with_other_operators_are_measured_by_the_engine_that_has_them_and_that_is_told() {
    let scratch = Scratch::new();
    scratch.write("words.onnx", language_model(8));
    let said = scratch.assay(&["score", "words.onnx", "--proxy", "snip", "--set", "proxies.snip.batch=4", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("engine `burn-flex` measures these networks: engine `cpu"), "{}", said.err);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["scores"][0]["engine"], "burn-flex");
    assert!(json["protocol"].as_str().unwrap().contains("engine burn-flex, as cpu"), "{}", json["protocol"]);
    assert!(json["scores"][0]["reading"]["value"].as_f64().is_some(), "{}", said.out);
}

#[test]
fn where_engines_differ_in_a_run_each_row_says_which_measured_it() {
    let scratch = zoo();
    let common = "version = 1\n[space]\nname = \"files\"\nfolder = \"zoo\"\n[dataset]\nname = \"synthetic\"\nsize = 16\nimages = 100\n\
        [proxies.snip]\nbatch = 4\n";
    scratch.write("study.toml", format!("{common}[study]\nproxies = [\"snip\", \"flops\"]\nrepeats = 1\n"));
    scratch.write("search.toml", format!("{common}[strategy]\nname = \"random\"\nproxy = \"snip\"\nsamples = 4\n"));
    let both = |suffix: &str| {
        let [study, search] = ["study", "search"].map(|kind| format!("{kind}{suffix}"));
        scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", &study]);
        scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", &search]);
        [scratch.path().join(study).join("scores.parquet"), scratch.path().join(search).join("measurements.parquet")]
            .map(|path| read(&path))
    };
    let without = both("-of-one");
    assert!(without.iter().all(|table| table.column("engine").is_err()), "{without:?}");
    std::fs::write(scratch.path().join("zoo/words.onnx"), language_model(8)).unwrap();
    scratch.write("search.toml", format!("{common}[strategy]\nname = \"random\"\nproxy = \"snip\"\nsamples = 5\n"));
    let [scores, measurements] = both("-of-two");
    check_columns(&scores, tables::scores::TABLE);
    check_columns(&measurements, tables::measurements::TABLE);
    let texts = |table: &DataFrame, name: &str| -> Vec<Option<String>> {
        table.column(name).unwrap().str().unwrap().iter().map(|text| text.map(str::to_owned)).collect()
    };
    let [archs, proxies, engines] = ["arch", "proxy", "engine"].map(|name| texts(&scores, name));
    for ((arch, proxy), engine) in archs.iter().zip(&proxies).zip(&engines) {
        let is_other = arch.as_deref() == Some("words.onnx") && proxy.as_deref() == Some("snip");
        assert_eq!(engine.as_deref(), is_other.then_some("burn-flex"), "{arch:?} {proxy:?}");
    }
    let of_others = texts(&measurements, "engine").into_iter().flatten().collect::<Vec<_>>();
    assert!(!of_others.is_empty() && of_others.iter().all(|engine| engine == "burn-flex"), "{of_others:?}");
    assert!(of_others.len() < measurements.height(), "the engine that was asked for measured the others");
    scratch.succeed(&["collect", "study-of-two", "--output", "scores.parquet"]);
    scratch.succeed(&["report", "study-of-two", "study-of-one", "--output", "report"]);
}

#[test]
fn what_a_proxy_has_no_meaning_for_is_undefined_for_a_reason() {
    let oracle = shared().join("oracles/onnx_convnext_a.onnx").display().to_string();
    let reason = Scratch::new().succeed(&["score", &oracle, "--input", "3x32x32", "--proxy", "naswot", "--repeats", "1"]);
    assert!(reason.contains("undefined") && reason.contains("no ReLU"), "{reason}");
}

#[test]
fn a_list_with_accuracies_is_correlated_and_a_folder_searched() {
    let scratch = zoo();
    let common = "version = 1\n[dataset]\nname = \"synthetic\"\nsize = 16\nimages = 100\n[proxies.snip]\nbatch = 4\n";
    let study = "[space]\nname = \"files\"\nlist = \"zoo/zoo.csv\"\n[benchmark]\nname = \"files\"\nlist = \"zoo/zoo.csv\"\n\
        [study]\nproxies = [\"snip\", \"flops\"]\nrepeats = 1\n";
    scratch.write("study.toml", format!("{common}{study}"));
    scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", "study"]);
    let found = summary(&scratch.path().join("study"));
    assert_eq!(found["architectures"], 4);
    assert_eq!(found["targets"][0]["column"], "top1");
    assert!(found["protocol"].as_str().unwrap().contains("networks of 4 files (fingerprint "), "{}", found["protocol"]);

    let search = "[space]\nname = \"files\"\nfolder = \"zoo\"\n[strategy]\nname = \"random\"\nproxy = \"snip\"\nsamples = 4\n";
    scratch.write("search.toml", format!("{common}{search}"));
    scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "search"]);
    let best = summary(&scratch.path().join("search"))["architecture"]["text"].as_str().unwrap().to_owned();
    assert!(best.starts_with("net") && best.ends_with(".onnx"), "{best}");

    // A run whose files changed is not continued.
    std::fs::copy(scratch.path().join("zoo/net0.onnx"), scratch.path().join("zoo/net3.onnx")).unwrap();
    std::fs::remove_file(scratch.path().join("study/summary.json")).unwrap();
    let refused = scratch.fail(&["correlate", "study", "--resume", "--quiet"]);
    assert!(refused.contains("networks of 4 files"), "{refused}");
}

#[test]
fn what_cannot_be_measured_is_refused_with_what_would_fit() {
    let scratch = zoo();
    scratch.write("broken.onnx", &[8, 200][..]);
    for arguments in [&["score", "broken.onnx", "--proxy", "params"][..], &["show", "broken.onnx"], &["draw", "broken.onnx"]] {
        let said = scratch.fail(arguments);
        assert!(said.contains("broken.onnx"), "{said}");
    }
    let said = scratch.fail(&["score", "none.onnx", "--proxy", "params"]);
    assert!(said.contains("none.onnx"), "{said}");
    let said = scratch.fail(&["score", "zoo/net0.onnx", "--input", "3", "--proxy", "params"]);
    assert!(said.contains("none") || said.contains("3"), "{said}");
    let said = scratch.fail(&["score", "zoo/net0.onnx", "--proxy", "snip", "--set", "dataset.size=8", "--set", "proxies.snip.batch=2"]);
    assert!(said.contains("takes images of 3×16×16, and those of the dataset are 3×8×8"), "{said}");
    let said = scratch.fail(&["score", "--space", "files", "net9.onnx", "--set", "space.folder=zoo", "--proxy", "params"]);
    assert!(said.contains("there is no file `net9.onnx`; did you mean `net0.onnx`"), "{said}");
}
