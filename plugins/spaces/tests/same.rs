//! Which architectures of each space are the same, and that lists have them once.
#![allow(clippy::unwrap_used)]

use assay_core::plugin::{Listed, Registry, SearchSpace, Settings, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_101::NasBench101;

/// Each space, with an architecture in several notations, and one that is another architecture.
const SPACES: [(&str, &[&str], &str); 7] = [
    (
        "darts",
        &[
            "Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), \
             ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('avg_pool_3x3', 0), \
             ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), ('dil_conv_3x3', 1), \
             ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], reduce_concat=range(2, 6))",
            // The two inputs of the first node the other way around, and the concatenation as a list.
            "Genotype(normal=[('dil_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), \
             ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)], normal_concat=[2, 3, 4, 5], reduce=[('avg_pool_3x3', 0), \
             ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), ('dil_conv_3x3', 1), \
             ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], reduce_concat=[2, 3, 4, 5])",
        ],
        "Genotype(normal=[('skip_connect', 0), ('dil_conv_5x5', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), \
         ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('avg_pool_3x3', 0), \
         ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), ('dil_conv_3x3', 1), ('dil_conv_3x3', 1), \
         ('dil_conv_5x5', 3)], reduce_concat=range(2, 6))",
    ),
    (
        "nas-bench-101",
        &[
            "conv3x3-bn-relu,maxpool3x3|0>1,0>2,1>3,2>3",
            // Isomorphic; a vertex on no path; the official code's matrix.
            "maxpool3x3,conv3x3-bn-relu|0>1,0>2,1>3,2>3",
            "conv3x3-bn-relu,conv1x1-bn-relu,maxpool3x3|0>1,0>2,0>3,1>4,3>4",
            "[[0,1,1,0],[0,0,0,1],[0,0,0,1],[0,0,0,0]] ['input','maxpool3x3','conv3x3-bn-relu','output']",
        ],
        "conv3x3-bn-relu,maxpool3x3|0>1,1>2,2>3",
    ),
    (
        "nas-bench-201",
        &[
            "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
            " |nor_conv_3x3~0| + |nor_conv_3x3~0|avg_pool_3x3~1| + |skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
            "Structure(4 nodes with |nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|)",
        ],
        // Isomorphic, but with a record of its own in the benchmark.
        "|nor_conv_3x3~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|nor_conv_3x3~1|avg_pool_3x3~2|",
    ),
    ("nas-bench-macro", &["02012100", "[0, 2, 0, 1, 2, 1, 0, 0]", " 02012100 "], "02012010"),
    ("nats-bench-size", &["64:8:16:24:32", "(64, 8, 16, 24, 32)", " 64 : 8:16:24:32"], "64:8:16:24:40"),
    ("transnas-bench-101-macro", &["64-1234-basic", " 64-1234-basic\n"], "64-1243-basic"),
    ("transnas-bench-101-micro", &["64-41414-1_02_333", "1_02_333", " 64-41414-1_02_333 "], "64-41414-1_02_332"),
];

fn spaces() -> Registry<dyn SearchSpace> {
    // Linked by name, or the linker drops the plugins.
    let _ = NasBench101::new();
    Registry::collect().unwrap()
}

#[test]
fn one_architecture_in_several_notations_is_listed_once_in_every_space() {
    let spaces = spaces();
    // Files are named in one way.
    let names = spaces.iter().map(|entry| entry.name).filter(|name| *name != "files");
    assert!(names.eq(SPACES.map(|(name, ..)| name)), "a space is not in this test");
    for (name, notations, other) in SPACES {
        let space = spaces.build(name, &Settings::none()).unwrap();
        let mut rows = vec![other];
        rows.extend(notations);
        rows.push(other);
        let listed = Listed::read(space.as_ref(), &rows).unwrap();
        let expected: Vec<usize> = (0..rows.len()).map(|row| usize::from((1..rows.len() - 1).contains(&row))).collect();
        assert_eq!((listed.architectures.len(), &listed.rows), (2, &expected), "{name}: {:?}", listed.repeated);
        assert_eq!(listed.architectures[1], space.parse(notations[0]).unwrap(), "{name}: as it is written first");
        for (position, repeated) in listed.repeated.iter().enumerate() {
            let first = if position + 2 < rows.len() - 1 { (1, notations[0].to_owned()) } else { (0, other.to_owned()) };
            assert_eq!((&repeated.first, repeated.again.0), (&first, position + 2), "{name}");
        }
        let error = Listed::read(space.as_ref(), &[other, "nonsense"]).unwrap_err();
        assert!(error.row == 1 && error.to_string().starts_with("row 2: `nonsense`, character 1:"), "{name}: {error}");
    }
}

#[test]
fn what_is_listed_again_is_said_in_both_notations() {
    let space = spaces().build("nats-bench-size", &Settings::none()).unwrap();
    let said = |rows: &[&str]| Listed::read(space.as_ref(), rows).unwrap().repeated.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = [
        "`(8, 8, 8, 8, 8)`, row 3, is the same architecture as `8:8:8:8:8`, row 1",
        "row 4 has the same architecture as row 2, `16:8:8:8:8`",
    ];
    assert_eq!(said(&["8:8:8:8:8", "16:8:8:8:8", "(8, 8, 8, 8, 8)", "16:8:8:8:8"]), expected);
}

#[test]
fn what_stands_for_an_architecture_is_the_same_architecture_and_stands_for_itself() {
    let spaces = spaces();
    for (name, ..) in SPACES {
        let space = spaces.build(name, &Settings::none()).unwrap();
        for architecture in draw_architectures(space.as_ref(), &Subspace::whole(space.layout()), 100, &Stream::new(3, "drawn")) {
            let representative = space.representative(&architecture);
            assert!(space.is_architecture(&representative), "{name}");
            assert_eq!(space.representative(&representative), representative, "{name}");
            assert_eq!(space.canonical(&representative).unwrap(), space.canonical(&architecture).unwrap(), "{name}");
        }
    }
}

#[test]
fn isomorphic_cells_are_drawn_once() {
    let space = NasBench101::new();
    // Three inner vertices in a row or side by side, with few operators: many of these cells are isomorphic.
    let small = space.parse("conv3x3-bn-relu,conv3x3-bn-relu|0>1,0>2,1>3,2>3").unwrap();
    let other = space.parse("maxpool3x3,maxpool3x3|0>1,0>2,1>2,1>3,2>3").unwrap();
    let both = small.cells()[0].iter().zip(&other.cells()[0]).map(|(one, other)| one.iter().chain(other.iter()).collect()).collect();
    let both = Subspace::new(space.layout(), vec![both]);
    let drawn = draw_architectures(&space, &both, usize::MAX, &Stream::new(0, "drawn"));
    let all: Vec<Subspace> = (0..space.numbers(&both)).filter_map(|number| space.architecture(&both, number)).collect();
    let mut different: Vec<Subspace> = all.iter().map(|one| space.representative(one)).collect();
    different.sort();
    different.dedup();
    let mut standing: Vec<Subspace> = drawn.iter().map(|one| space.representative(one)).collect();
    standing.sort();
    assert_eq!(standing, different);
    assert!(different.len() < all.len(), "{} of {} are isomorphic to others", all.len() - different.len(), all.len());
}
