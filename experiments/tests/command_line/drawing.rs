//! Pictures of architectures and of searches.

use crate::scratch::Scratch;

const CELL: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|";
const GENOTYPE: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), \
    ('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], \
    reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), \
    ('skip_connect', 2), ('max_pool_3x3', 1), ('skip_connect', 2)], reduce_concat=[2, 3, 4, 5])";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

#[test]
fn an_architecture_is_drawn_by_the_space_that_reads_it() {
    let scratch = Scratch::new();
    let file = |name: &str| std::fs::read(scratch.path().join(name)).unwrap();
    assert_eq!(scratch.succeed(&["draw", CELL]), "cell.svg\ncell.png\n");
    let (svg, png) = (file("cell.svg"), file("cell.png"));
    assert!(svg.starts_with(b"<svg") && png.starts_with(PNG));
    scratch.succeed(&["draw", CELL, "--space", "nas-bench-201", "--output", "again"]);
    assert!(svg == file("again.svg") && png == file("again.png"), "the same bytes every time");
    assert_eq!(scratch.succeed(&["draw", GENOTYPE, "--output", "genotype.png"]), "genotype.png\n");
    assert!(file("genotype.png").starts_with(PNG) && !scratch.path().join("genotype.svg").exists());

    let unknown = scratch.fail(&["draw", "no-such-thing"]);
    assert!(
        unknown.contains("`no-such-thing` is neither a folder nor an architecture of darts, nas-bench-101, nas-bench-201"),
        "{unknown}"
    );
    let wrong = scratch.fail(&["draw", &CELL.replace("skip", "skap"), "--space", "nas-bench-201"]);
    assert!(wrong.contains("this is not an architecture of nas-bench-201") && wrong.contains("skip_connect"), "{wrong}");
}

#[test]
fn architectures_of_every_space_are_drawn() {
    let scratch = Scratch::new();
    let cells = [
        ("nas-bench-101", "conv3x3-bn-relu,maxpool3x3|0>1,0>3,1>2,2>3", ""),
        ("nas-bench-macro", "02012100", ""),
        ("nats-bench-size", "8:16:64:32:8", ""),
        ("transnas-bench-101-macro", "64-1234-basic", ""),
        ("transnas-bench-101-micro", "64-41414-1_02_333", ""),
        ("darts", GENOTYPE, "space.inputs=free"),
    ];
    for (space, text, setting) in cells {
        let options: &[&str] = if setting.is_empty() { &[] } else { &["--set", setting] };
        assert_eq!(
            scratch.succeed(&[&["draw", text, "--space", space, "--output", space], options].concat()),
            format!("{space}.svg\n{space}.png\n")
        );
        let file = |form: &str| std::fs::read(scratch.path().join(format!("{space}.{form}"))).unwrap();
        assert!(file("svg").starts_with(b"<svg") && file("png").starts_with(PNG), "{space}");
        // Its notation says which space it is of.
        scratch.succeed(&["draw", text, "--output", "found"]);
    }
    let genotype = GENOTYPE.replace("normal", "narmol");
    let wrong = scratch.fail(&["draw", &genotype, "--space", "darts"]);
    assert!(wrong.contains("this is not an architecture of darts") && wrong.contains("`narmol` is not a part"), "{wrong}");
}

#[test]
fn a_run_is_drawn_into_its_folder_if_it_pruned() {
    let scratch = Scratch::new();
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "run"]);
    let said = scratch.succeed(&["draw", "run"]);
    assert_eq!(said, "run/pruning.svg\nrun/pruning.png\nrun/trajectory.svg\nrun/trajectory.png\n");
    scratch.succeed(&["draw", "run", "--output", "pictures"]);
    for name in ["pruning.svg", "pruning.png", "trajectory.svg", "trajectory.png"] {
        let [one, other] = ["run", "pictures"].map(|folder| std::fs::read(scratch.path().join(folder).join(name)).unwrap());
        assert!(one == other, "{name}");
    }

    // Folders of the first 0.1.0 do not say how cells are wired; their space knows it.
    std::fs::remove_file(scratch.path().join("run/space.json")).unwrap();
    scratch.succeed(&["draw", "run", "--output", "earlier"]);
    let [one, other] = ["run", "earlier"].map(|folder| std::fs::read(scratch.path().join(folder).join("pruning.svg")).unwrap());
    assert!(one == other, "the picture of an earlier version's run");

    let one_file = scratch.fail(&["draw", "run", "--output", "run.svg"]);
    assert!(one_file.contains("a run is drawn in two pictures"), "{one_file}");

    let search = crate::scratch::TINY.replace(
        "name = \"te-nas\"\nbatch = 4\nrepeats = 1\ncrops = 200\ncrop_batch = 200\n",
        "name = \"random\"\noracle = { proxy = \"params\" }\nbudget = { evaluations = 3 }\n",
    );
    scratch.write("random.toml", search);
    scratch.succeed(&["run", "random.toml", "--quiet", "--run-dir", "random"]);
    let pruned = scratch.fail(&["draw", "random"]);
    assert!(pruned.contains("the search pruned nothing"), "{pruned}");
}
