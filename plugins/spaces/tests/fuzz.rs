//! Damaged texts of architectures: each is read or refused, and what is read is written as it is read again.

use assay_core::plugin::{Registry, SearchSpace, Settings};
use assay_fuzz::Fuzz;
use assay_spaces as _;

const WORDS: &[&str] = &[
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    "|",
    "+",
    "~",
    ":",
    "'",
    "\"",
    "\\",
    "=",
    ">",
    "0",
    "-1",
    "99999999999999999999",
    "range(",
    "range(2, 6)",
    "range(-9223372036854775808, 9223372036854775807)",
    "np.array(",
    "list(",
    "Genotype(",
    "normal=",
    "reduce_concat=",
    "none",
    "nor_conv_3x3",
    "sep_conv_3x3",
    "conv3x3-bn-relu",
    "input",
    "output",
    "\u{e9}",
    "\u{202e}",
    "\0",
    "\u{1f600}",
    "{'1<-0':",
    "hp_x0",
    "edge_normal_0",
    "0_1",
];

/// Reads every input in a space, with its settings as given.
fn fuzz(test: &'static str, space: &str, settings: &Settings, seeds: &[&str]) {
    let registry = Registry::<dyn SearchSpace>::collect().unwrap_or_else(|error| panic!("{error}"));
    let space = registry.build(space, settings).unwrap_or_else(|error| panic!("{error}"));
    Fuzz::of(test).seeds(seeds.iter().copied()).words(WORDS).run(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        match space.parse(&text) {
            Ok(read) => {
                let written = space.write(&read).unwrap_or_else(|error| panic!("what was read cannot be written: {error}"));
                let again = space.parse(&written).unwrap_or_else(|error| panic!("what was written cannot be read: {error}"));
                assert!(again == read, "`{written}` is read as another architecture");
                let _ = (space.canonical(&read), space.number(&read));
            }
            Err(error) => {
                let length = error.to_string().len();
                assert!(length < 2000, "a message of {length} bytes");
            }
        }
    });
}

const NORMAL: &str = "('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 2), ('skip_connect', 1), \
    ('dil_conv_5x5', 3), ('max_pool_3x3', 0), ('avg_pool_3x3', 4)";

fn genotypes() -> [String; 4] {
    let nested = "[('sep_conv_3x3', 0), ('sep_conv_3x3', 1)], [('sep_conv_3x3', 0), ('skip_connect', 2)], [('skip_connect', 1), ('dil_conv_5x5', 3)], \
        [('max_pool_3x3', 0), ('avg_pool_3x3', 4)]";
    let configured = |cell: &str| {
        let inputs = [(3, "0_2"), (4, "1_3"), (5, "0_4")].map(|(node, inputs)| format!("'inputs_node_{cell}_{node}': '{inputs}'"));
        let edges = [0, 1, 2, 4, 6, 8, 9, 13].map(|edge| format!("'edge_{cell}_{edge}': 'skip_connect'"));
        inputs.into_iter().chain(edges).collect::<Vec<_>>().join(", ")
    };
    [
        format!(
            "2019-06-27 13:25:46,379 genotype = Genotype(normal=[{NORMAL}], normal_concat=range(2, 6), reduce=[{NORMAL}], reduce_concat=[2, 3, 4, 5])"
        ),
        format!("[[{nested}], [{nested}]]"),
        format!("{{'normal': [{NORMAL}], \"reduce\": [{NORMAL}]}}"),
        format!("{{{}, {}}}", configured("normal"), configured("reduce")),
    ]
}

#[test]
fn damaged_cells_of_nas_bench_201() {
    let cell = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|";
    let seeds = [
        cell,
        &format!("arch: Structure(4 nodes with {cell})"),
        &format!("{{\"config\": {{\"arch_str\": \"{cell}\"}}, \"accuracy\": 93.1}}"),
        "np.array([2 2 0 4 2 0])",
        "220420",
        "((('nor_conv_3x3', 0),), (('nor_conv_3x3', 0), ('avg_pool_3x3', 1)), (('skip_connect', 0), ('nor_conv_3x3', 1), ('skip_connect', 2)))",
        "{'1<-0': 'nor_conv_3x3', '2<-0': 'nor_conv_3x3', '2<-1': 'avg_pool_3x3', '3<-0': 'none', '3<-1': 'nor_conv_3x3', '3<-2': 'none'}",
        "{'hp_x0': 'nor_conv_3x3', 'hp_x1': 'none', 'hp_x2': 'none', 'hp_x3': 'none', 'hp_x4': 'none', 'hp_x5': 'none'}",
    ];
    fuzz("damaged_cells_of_nas_bench_201", "nas-bench-201", &Settings::none(), &seeds);
}

#[test]
fn damaged_genotypes_of_darts() {
    fuzz("damaged_genotypes_of_darts", "darts", &Settings::none(), &genotypes().each_ref().map(String::as_str));
}

#[test]
fn damaged_genotypes_of_darts_with_free_inputs() {
    let settings = Settings::none().with("inputs", "free");
    fuzz("damaged_genotypes_of_darts_with_free_inputs", "darts", &settings, &genotypes().each_ref().map(String::as_str));
}

#[test]
fn damaged_cells_of_nas_bench_101() {
    let seeds = [
        "conv3x3-bn-relu,conv1x1-bn-relu,maxpool3x3|0>1,0>2,0>4,1>4,2>3,3>4",
        "ModelSpec(matrix=np.array([[0,1,1,0,1],[0,0,0,0,1],[0,0,0,1,0],[0,0,0,0,1],[0,0,0,0,0]]), ops=['input','conv3x3-bn-relu','conv1x1-bn-relu','maxpool3x3','output'], data_format='channels_last')",
        "{'module_adjacency': array([[0 1 1]\n [0 0 1]\n [0 0 0]], dtype=int8), 'module_operations': ['input', 'conv1x1-bn-relu', 'output']}",
    ];
    fuzz("damaged_cells_of_nas_bench_101", "nas-bench-101", &Settings::none(), &seeds);
}

#[test]
fn damaged_networks_of_spaces_without_notations_of_others() {
    let registry = Registry::<dyn SearchSpace>::collect().unwrap_or_else(|error| panic!("{error}"));
    let spaces = ["nas-bench-macro", "nats-bench-size", "transnas-bench-101-macro", "transnas-bench-101-micro"]
        .map(|space| registry.build(space, &Settings::none()).unwrap_or_else(|error| panic!("{error}")));
    let fuzz = Fuzz::of("damaged_networks_of_spaces_without_notations_of_others");
    fuzz.seed("02012100")
        .seed("8:64:16:24:32")
        .seed("64-1234-basic")
        .seed("64-41414-1_02_333")
        .words(&["-basic", "64-", "_", ":", "8", "-8", "+8", "08", "0", "3", "\u{663}", "[", ","])
        .run(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            for space in &spaces {
                if let Ok(read) = space.parse(&text) {
                    let written = space.write(&read).unwrap_or_else(|error| panic!("what was read cannot be written: {error}"));
                    assert!(space.parse(&written).is_ok_and(|again| again == read), "`{written}` is read as another architecture");
                }
            }
        });
}
