//! Architectures as papers, logs and other tools write them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use assay_core::plugin::{Registry, SearchSpace, Settings, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_spaces::darts::Darts;
use assay_spaces::nas_bench_101::NasBench101;
use assay_spaces::nas_bench_201::NasBench201;
use assay_spaces::nas_bench_macro::NasBenchMacro;
use assay_spaces::nats_bench_size::NatsBenchSize;
use assay_spaces::transnas_bench_101_macro::Macro;
use assay_spaces::transnas_bench_101_micro::Micro;
use proptest::prelude::*;

/// What the space writes of each text.
fn all_read(space: &dyn SearchSpace, texts: &[&str], written: &str) {
    for text in texts {
        let read = space.parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(space.write(&read).unwrap(), written, "{text}");
    }
}

#[test]
fn what_people_have_in_their_files_and_logs_is_read() {
    let shared = std::env::var_os("ASSAY_SHARED").map_or_else(|| "../../../shared".into(), std::path::PathBuf::from);
    let Ok(text) = std::fs::read_to_string(shared.join("field/notations.txt")) else {
        eprintln!("skipped: ../shared/field/notations.txt is not here");
        return;
    };
    let registry = Registry::<dyn SearchSpace>::collect().unwrap();
    let _ = Darts::new();
    let (mut is_refused, mut count) = (false, [0, 0]);
    for line in text.lines().skip(1) {
        is_refused |= line.starts_with("# refused");
        let Some((space, architecture)) = line.split_once('\t').filter(|_| !line.starts_with('#')) else { continue };
        let space = registry.build(space, &Settings::none()).unwrap();
        count[usize::from(is_refused)] += 1;
        match space.parse(architecture) {
            Ok(read) => {
                assert!(!is_refused, "{line}");
                let own = space.write(&read).unwrap();
                assert_eq!(space.parse(&own).unwrap(), read, "{line}");
            }
            Err(error) => {
                let error = error.to_string();
                assert!(
                    is_refused && error.contains("character") && error.contains("; the form is ") && error.len() < 600,
                    "{line}: {error}"
                );
            }
        }
    }
    assert!(count.iter().all(|count| *count >= 2), "{count:?}");
}

#[test]
fn cells_of_nas_bench_201_are_read_from_what_its_tools_write() {
    let cell = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|";
    let structure = format!("arch: Structure(4 nodes with {cell})");
    let in_dictionary = format!("{{'name': 'infer.tiny', 'C': 16, 'N': 5, 'arch_str': '{cell}', 'num_classes': 10}}");
    let in_config = format!("{{\"dataset\": \"cifar10\", \"config\": {{\"arch_str\": \"{cell}\"}}, \"accuracy\": 93.1}}");
    let quoted = format!("genotype = '{cell}'");
    let texts = [
        cell,
        &structure,
        &in_dictionary,
        &in_config,
        &quoted,
        "(2, 2, 0, 4, 2, 0)",
        "[2,2,0,4,2,0]",
        "np.array([2 2 0 4 2 0])",
        "220420",
        "((('nor_conv_3x3', 0),), (('nor_conv_3x3', 0), ('avg_pool_3x3', 1)), (('skip_connect', 0), ('nor_conv_3x3', 1), ('skip_connect', 2)))",
        "[[[\"nor_conv_3x3\", 0]], [[\"avg_pool_3x3\", 1], [\"nor_conv_3x3\", 0]], [[\"skip_connect\", 0], [\"nor_conv_3x3\", 1], [\"skip_connect\", 2]]]",
        "{'1<-0': 'nor_conv_3x3', '2<-0': 'nor_conv_3x3', '2<-1': 'avg_pool_3x3', '3<-0': 'skip_connect', '3<-1': 'nor_conv_3x3', '3<-2': 'skip_connect'}",
        "{'hp_x0': 'nor_conv_3x3', 'hp_x1': 'nor_conv_3x3', 'hp_x2': 'avg_pool_3x3', 'hp_x3': 'skip_connect', 'hp_x4': 'nor_conv_3x3', 'hp_x5': 'skip_connect'}",
    ];
    all_read(&NasBench201::new(), &texts, cell);
}

#[test]
fn numbers_that_may_mean_two_cells_are_refused() {
    let refused = [
        "12",
        "013432",
        "9999999",
        "(4, 0, 3, 1, 4)",
        "(4, 0, 3, 1, 4, 5)",
        "{'1<-0': 'none'}",
        "[[('none', 0)], [('none', 0), ('none', 2)], []]",
    ];
    let messages = refused.map(|text| NasBench201::new().parse(text).unwrap_err().to_string());
    insta::assert_snapshot!(messages.join("\n"));
}

const NORMAL: &str = "('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 2), ('skip_connect', 1), \
    ('dil_conv_5x5', 3), ('max_pool_3x3', 0), ('avg_pool_3x3', 4)";
const REDUCE: &str = "('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 0), ('skip_connect', 1), ('dil_conv_3x3', 2), \
    ('sep_conv_5x5', 3), ('sep_conv_5x5', 2), ('dil_conv_5x5', 4)";

fn genotype() -> String {
    format!("Genotype(normal=[{NORMAL}], normal_concat=range(2, 6), reduce=[{REDUCE}], reduce_concat=range(2, 6))")
}

#[test]
fn genotypes_are_read_from_papers_logs_and_dictionaries() {
    let nested = |inputs: &str| {
        let pairs: Vec<&str> = inputs.split_inclusive("), ").map(|pair| pair.trim_end_matches(", ")).collect();
        pairs.chunks(2).map(|node| format!("[{}]", node.join(", "))).collect::<Vec<_>>().join(", ")
    };
    let own = genotype();
    let texts = [
        own.clone(),
        format!("PC_DARTS_cifar = {own}"),
        format!("2019-06-27 13:25:46,379 genotype = {own}\n"),
        format!("[epoch 49] (best so far) {own}"),
        format!("genotypes.{own}"),
        own.replace("range(2, 6)", "[2, 3, 4, 5]"),
        own.replace("range(2, 6)", "(2, 3, 4, 5)"),
        own.replace("range(2, 6)", "list(range(2, 6))"),
        own.replace("range(2, 6)", "[5, 3, 4, 2]"),
        format!("Genotype([{NORMAL}], [2, 3, 4, 5], [{REDUCE}], [2, 3, 4, 5])"),
        format!("Genotype(normal=[{}], normal_concat=range(2, 6), reduce=[{}], reduce_concat=range(2, 6))", nested(NORMAL), nested(REDUCE)),
        format!("[[{}], [{}]]", nested(NORMAL), nested(REDUCE)),
        format!("{{'normal': [{NORMAL}], 'reduce': [{REDUCE}]}}"),
        format!("{{\"normal\": [{NORMAL}], \"normal_concat\": [2, 3, 4, 5], \"reduce\": [{REDUCE}], \"reduce_concat\": [2, 3, 4, 5]}}")
            .replace('(', "[")
            .replace(')', "]")
            .replace('\'', "\""),
    ];
    all_read(&Darts::new(), &texts.each_ref().map(String::as_str), &own);
}

#[test]
fn configurations_of_nas_bench_301_are_genotypes() {
    // Edges are counted over all pairs: those into node 2 are 0 and 1, into node 3 from 2, into node 4 from 5, into node 5 from 9.
    let entries = [
        ("inputs_node_normal_3", "0_2"),
        ("inputs_node_normal_4", "1_3"),
        ("inputs_node_normal_5", "0_4"),
        ("edge_normal_0", "sep_conv_3x3"),
        ("edge_normal_1", "sep_conv_3x3"),
        ("edge_normal_2", "sep_conv_3x3"),
        ("edge_normal_4", "skip_connect"),
        ("edge_normal_6", "skip_connect"),
        ("edge_normal_8", "dil_conv_5x5"),
        ("edge_normal_9", "max_pool_3x3"),
        ("edge_normal_13", "avg_pool_3x3"),
        ("inputs_node_reduce_3", "0_1"),
        ("inputs_node_reduce_4", "2_3"),
        ("inputs_node_reduce_5", "2_4"),
        ("edge_reduce_0", "max_pool_3x3"),
        ("edge_reduce_1", "max_pool_3x3"),
        ("edge_reduce_2", "skip_connect"),
        ("edge_reduce_3", "skip_connect"),
        ("edge_reduce_7", "dil_conv_3x3"),
        ("edge_reduce_8", "sep_conv_5x5"),
        ("edge_reduce_11", "sep_conv_5x5"),
        ("edge_reduce_13", "dil_conv_5x5"),
    ];
    let dictionary = |prefix: &str| {
        let entries = entries.iter().map(|(key, value)| format!("'{prefix}{key}': '{value}'")).collect::<Vec<_>>();
        format!("{{{}}}", entries.join(", "))
    };
    let long = "NetworkSelectorDatasetInfo:darts:";
    all_read(
        &Darts::new(),
        &[&dictionary(long), &dictionary(""), &dictionary("NetworkSelectorDatasetInfo_COLON_darts_COLON_")],
        &genotype(),
    );
    let missing = dictionary(long).replace("edge_reduce_13", "edge_reduce_12");
    let error = Darts::new().parse(&missing).unwrap_err().to_string();
    assert!(error.contains("the configuration has no `edge_reduce_13`"), "{error}");
}

#[test]
fn cells_of_nas_bench_101_are_read_from_matrix_and_operators() {
    let cell = "conv3x3-bn-relu,conv1x1-bn-relu,maxpool3x3|0>1,0>2,0>4,1>4,2>3,3>4";
    let matrix = "[[0,1,1,0,1],[0,0,0,0,1],[0,0,0,1,0],[0,0,0,0,1],[0,0,0,0,0]]";
    let operators = "['input','conv3x3-bn-relu','conv1x1-bn-relu','maxpool3x3','output']";
    let inner = "['conv3x3-bn-relu', 'conv1x1-bn-relu', 'maxpool3x3']";
    let numpy = matrix.replace("],[", "]\n [").replace(',', " ");
    let texts = [
        cell.to_owned(),
        format!("{matrix} {operators}"),
        format!("{matrix}, {inner}"),
        format!("({matrix}, {operators})"),
        format!("{numpy} {}", operators.replace(',', " ")),
        format!("spec = api.ModelSpec(matrix={matrix}, ops={operators})"),
        format!("ModelSpec({matrix}, {operators})"),
        format!(
            "ModelSpec(matrix=np.array({}), ops={operators}, data_format='channels_last')",
            matrix.replace('0', "False").replace('1', "True")
        ),
        format!("{{'module_adjacency': array({matrix}, dtype=int8), 'module_operations': {operators}, 'trainable_parameters': 8555530}}"),
        format!("{{\"matrix\": {matrix}, \"ops\": {}}}", operators.replace('\'', "\"")),
    ]
    // The names of operators hold digits that are not entries.
    .map(|text| text.replace("convTruexTrue", "conv1x1"));
    all_read(&NasBench101::new(), &texts.each_ref().map(String::as_str), cell);
    let refused = [
        "[[0,1],[0,0]]",
        "[[0,1,0],[0,0,1]] ['input','maxpool3x3','output']",
        "[[0,1,0],[1,0,1],[0,0,0]] ['input','maxpool3x3','output']",
        "[[0,2],[0,0]] ['input','output']",
        "[[0,0],[0,0]] ['input','output']",
        "[[0,1,0],[0,0,1],[0,0,0]] ['input','output']",
        "[[0,1,0],[0,0,1],[0,0,0]] ['input','maxpool','output']",
    ];
    insta::assert_snapshot!(refused.map(|text| NasBench101::new().parse(text).unwrap_err().to_string()).join("\n"));
}

#[test]
fn sizes_and_layers_are_read_from_lists() {
    all_read(&NatsBenchSize::new(), &["8:16:24:32:64", " 8 : 16:24:32:64", "[8, 16, 24, 32, 64]", "(8,16,24,32,64)"], "8:16:24:32:64");
    all_read(&NasBenchMacro::new(), &["02012100", " 02012100\n", "[0, 2, 0, 1, 2, 1, 0, 0]", "(0,2,0,1,2,1,0,0)"], "02012100");
}

/// Every space, with texts that it reads.
fn spaces() -> Vec<(Box<dyn SearchSpace>, Vec<String>)> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut spaces: Vec<(Box<dyn SearchSpace>, Vec<String>)> = vec![
        (
            Box::new(NasBench201::new()),
            owned(&["(4, 0, 3, 1, 4, 3)", "[[('none', 0)], [('none', 0), ('none', 1)], []]", "{'1<-0': 'none', 'arch_str': '|none~0|'}"]),
        ),
        (Box::new(NasBench101::new()), owned(&["ModelSpec(matrix=[[0 1 0] [0 0 1] [0 0 0]], ops=['input', 'maxpool3x3', 'output'])"])),
        (Box::new(NatsBenchSize::new()), owned(&["[8, 16, 24, 32, 64]"])),
        (Box::new(NasBenchMacro::new()), owned(&["[0, 2, 0, 1, 2, 1, 0, 0]"])),
        (Box::new(Micro::new()), owned(&["1_02_333"])),
        (Box::new(Macro::new()), owned(&["64-1234-basic"])),
        (
            Box::new(Darts::new()),
            owned(&["{'inputs_node_normal_3': '0_1', 'edge_normal_0': 'sep_conv_3x3'}", "[[[('none', 0), ('none', 1)]]]"]),
        ),
    ];
    for (space, texts) in &mut spaces {
        let whole = Subspace::whole(space.layout());
        let drawn = draw_architectures(space.as_ref(), &whole, 2, &Stream::new(3, "texts"));
        texts.extend(drawn.iter().map(|architecture| space.write(architecture).unwrap()));
    }
    spaces
}

/// Whatever is written, it is read or refused with a message of bounded length, and what is read can be written.
fn holds(space: &dyn SearchSpace, text: &str) {
    match space.parse(text) {
        Ok(architecture) => {
            assert!(space.write(&architecture).and_then(|own| space.parse(&own)).is_ok_and(|again| again == architecture), "{text}")
        }
        Err(error) => assert!(error.to_string().chars().count() < 1_000, "{text}: {error}"),
    }
}

#[test]
fn a_message_shows_80_characters_around_the_place_once_however_long_a_word_is() {
    let long = "x".repeat(5_000);
    for (space, texts) in spaces() {
        let mut refused = 0;
        for text in texts {
            let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
            let wrong = words.iter().map(|word| text.replacen(word, &long, 1)).chain([format!("{text}{long}"), format!("{long}{text}")]);
            for error in wrong.filter_map(|text| space.parse(&text).err()) {
                let error = error.to_string();
                let most = error.split(|c: char| c != 'x').map(str::len).max().unwrap();
                assert!(most <= 80 && error.chars().count() < 1_000 && error.matches("; the form is ").count() == 1, "{error}");
                refused += 1;
            }
        }
        assert!(refused > 10, "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_space_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), signs in r"[\[\](){}'|+~>:=, 0-5a-cé\\]{0,60}") {
        thread_local!(static SPACES: Vec<(Box<dyn SearchSpace>, Vec<String>)> = spaces());
        SPACES.with(|spaces| for (space, _) in spaces {
            holds(space.as_ref(), &String::from_utf8_lossy(&bytes));
            holds(space.as_ref(), &signs);
        });
    }

    #[test]
    fn no_mutation_of_an_architecture_makes_a_space_panic(
        pick: prop::sample::Index,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, r"[\[\](){}'|+~>:=, 0-9a-zé\\]"), 1..6),
    ) {
        thread_local!(static SPACES: Vec<(Box<dyn SearchSpace>, Vec<String>)> = spaces());
        SPACES.with(|spaces| for (space, texts) in spaces {
            let mut text: Vec<char> = texts[pick.index(texts.len())].chars().collect();
            for (place, edit, sign) in &edits {
                let at = place.index(text.len().max(1)).min(text.len());
                match edit {
                    0 if at < text.len() => { text.remove(at); }
                    1 if at < text.len() => text[at] = sign.chars().next().unwrap(),
                    2 => text.truncate(at),
                    _ => text.splice(at..at, sign.chars()).for_each(drop),
                }
            }
            holds(space.as_ref(), &text.into_iter().collect::<String>());
        });
    }
}
