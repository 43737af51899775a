//! What the program prints when all is well.

use insta::assert_snapshot;
use serde_json::Value;

use crate::scratch::Scratch;

const CELL: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|";
const SMALL: [&str; 6] = [
    "--set",
    "proxies.ntk-condition.batch=4",
    "--set",
    "proxies.linear-regions.crops=200",
    "--set",
    "proxies.linear-regions.crop_batch=200",
];

#[test]
fn help_names_every_command_and_each_command_has_an_example() {
    let scratch = Scratch::new();
    assert_snapshot!(scratch.succeed(&["--help"]), @r"
    Scores neural architectures without training them, and searches with those scores

    Usage: assay [OPTIONS] <COMMAND>

    Commands:
      run          Run an experiment file: search, measure, and write a run folder
      correlate    Score architectures with proxies and correlate with a benchmark's accuracies
      merge        Join the shards of a correlation study into one run folder
      collect      Join the scores of finished studies of one space in one small table
      submit       Spread experiments over a Slurm cluster: shards of a study, seeds of a search, files
                   of a folder
      status       Show how far the tasks are that `assay submit` planned: done, running, failed, and
                   the time left
      score        Score architectures with proxies, without training and without an experiment file
      list         List spaces, proxies, aggregates of proxies, strategies, benchmarks, datasets or
                   engines, and their settings
      data         Fetch a dataset, or list the datasets
      benchmark    Import, fetch or query a benchmark's ground truth, or list the benchmarks
      show         Show a finished run: its result, and its trajectory round by round
      report       Write a report of finished runs: a page, pictures, and tables as CSV, Markdown and
                   LaTeX
      draw         Draw an architecture's cells, or how a search pruned, as SVG and PNG
      export       Write a network for PyTorch, ONNX, burn or Graphviz, or its weights
      train        Train an architecture from scratch, by DARTS's recipe or NAS-Bench-201's
      completions  Print the script by which a shell completes commands and options
      manual       Write man pages of the program and of each of its commands
      help         Print this message or the help of the given subcommand(s)

    Options:
          --log-level <LEVEL>  Log to the terminal too: error, warn, info, debug or trace (also by the
                               variable ASSAY_LOG)
      -h, --help               Print help
      -V, --version            Print version

    Example: assay run configs/quickstart.toml

    Exit codes: 0 done, 1 failed, 2 misused, 3 failed because data is not here (images, or a benchmark's
    table), 130 interrupted.
    ");
    let commands: [&[&str]; 16] = [
        &["run"],
        &["submit"],
        &["status"],
        &["draw"],
        &["score"],
        &["list"],
        &["data", "list"],
        &["data", "fetch"],
        &["benchmark", "import"],
        &["benchmark", "query"],
        &["benchmark", "list"],
        &["show"],
        &["export"],
        &["train"],
        &["completions"],
        &["manual"],
    ];
    for command in commands {
        let help = scratch.succeed(&[command, &["--help"]].concat());
        assert!(help.contains(&format!("assay {}", command.join(" "))) && help.contains("Example"), "{command:?}: {help}");
    }
}

#[test]
fn lists_name_what_is_registered() {
    let scratch = Scratch::new();
    assert_snapshot!(scratch.succeed(&["list", "proxies"]).trim_end(), @r"
    az-complexity     multiply-adds of one image, as a component of az-nas (AZ-NAS, Lee & Ham, CVPR 2024)
    az-expressivity   entropy of the channel covariances of block outputs, summed (AZ-NAS, Lee & Ham, CVPR 2024)
    az-progressivity  smallest increase of that entropy from block to block (AZ-NAS, Lee & Ham, CVPR 2024)
    az-trainability   nearness to 1 of the largest singular value of each block's backward map (AZ-NAS, Lee & Ham, CVPR 2024)
    depth-spread      layers on the longest path minus layers on the shortest (our own, unpublished: docs/score.md)
    dextr             conditioning of layers' outputs and curvature along a circle of inputs (Dextr, Asthana et al., TMLR 2025)
    fisher            sum of the channels' Fisher information (Theis et al., 2018; BlockSwap, Turner et al., ICLR 2020)
    flops             multiply-adds of one image through convolutions and linear layers (baseline: Ning et al., NeurIPS 2021)
    grad-norm         sum of the norms of the layers' loss gradients (Abdelfattah et al., ICLR 2021)
    gradsign          agreement of the signs of single images' gradients (GradSign, Zhang & Jia, ICLR 2022)
    grasp             preservation of gradient flow, −Σ weight · Hessian · gradient (GraSP, Wang et al., ICLR 2020)
    intrain           participation ratios of layers times the evenness of gradients (InTrain, CVPR 2026)
    jacob-cov         correlation of the images' input gradients (Mellor et al., 2020)
    l-swag            steadiness of gradients times activation patterns, layer by layer (L-SWAG, Casarin et al., CVPR 2025)
    l2-norm           sum of the norms of the layers' weights (baseline: Abdelfattah et al., ICLR 2021)
    linear-regions    number of linear regions R̂ that small crops fall into (TE-NAS, Chen et al., ICLR 2021)
    live-params       number of parameters of operators on a path from input to output (baseline)
    log-synflow       synaptic flow on a logarithmic scale (FreeREA, Cavagnero et al., WACV 2023)
    meco              smallest eigenvalue of each layer's channel correlations, summed (MeCo, Jiang et al., NeurIPS 2023)
    naswot            log-determinant of the kernel of agreeing ReLU units (NASWOT, Mellor et al., ICML 2021)
    near              effective ranks of the outputs of all layers, summed (NEAR, Husistein et al., ICLR 2025)
    ntk-condition     condition number κ of the neural tangent kernel (TE-NAS, Chen et al., ICLR 2021)
    one-shot          the accuracy of an architecture in a network whose architectures share weights (Bender et al., ICML 2018)
    params            number of parameters of all operators (baseline: Ning et al., NeurIPS 2021)
    plain             sum of weight · loss gradient (Mozer & Smolensky, NIPS 1988; Abdelfattah et al., ICLR 2021)
    recorded          a column of a benchmark's table, such as the accuracy after 12 epochs (early stopping: White et al., NeurIPS 2021)
    skip-length       mean length of a cell's skip connections (FreeREA, Cavagnero et al., WACV 2023)
    snip              sum of |weight · loss gradient| (SNIP, Lee et al., ICLR 2019)
    swap              number of distinct sample-wise activation patterns (SWAP-NAS, Peng et al., ICLR 2024)
    synflow           synaptic flow without batch normalisation (SynFlow, Tanaka et al., NeurIPS 2020)
    synflow-bn        synaptic flow with batch normalisation (variant of Abdelfattah et al., ICLR 2021)
    trainable-layers  number of convolutions and linear layers on a path from input to output (VKDNW, CVPR 2025)
    vkdnw             entropy of the Fisher information's singular values (VKDNW, Tybl & Neumann, CVPR 2025)
    vkdnw-single      number of parameter tensors plus the entropy of vkdnw (VKDNW, Tybl & Neumann, CVPR 2025)
    wrcor             log-determinant of the correlations of ReLUs' responses and gradients (WRCor, Jing et al., 2025)
    zen               expected change of features under a small change of the input (Zen-NAS, Lin et al., ICCV 2021)
    zico              inverse coefficient of variation of gradients over minibatches (ZiCo, Li et al., ICLR 2023)
    ");
    assert_snapshot!(scratch.succeed(&["list", "aggregates"]).trim_end(), @r"
    az-nas       log-rank sum of expressivity, progressivity, trainability and complexity (AZ-NAS, Lee & Ham, CVPR 2024)
    combination  proxies of your choice, joined by rank sum, log-rank sum, vote, minimum, maximum, numeric or normalised sum
    duet         sum of live-params and depth-spread, each over its largest, to search by (our own, unpublished: docs/score.md)
    freerea      sum of naswot, log-synflow and skip-length, each over its largest (FreeREA, Cavagnero et al., WACV 2023)
    quartet      rank sum of trainable-layers, log-synflow, meco and az-expressivity (our own, unpublished: docs/score.md)
    te-nas       rank sum of the NTK's condition number and the number of linear regions (TE-NAS, Chen et al., ICLR 2021)
    vkdnw-agg    log-rank sum of vkdnw-single, jacob-cov, expressivity, trainability and FLOPs (VKDNW, Tybl & Neumann, CVPR 2025)
    ");
    assert_snapshot!(scratch.succeed(&["list", "strategies"]).trim_end(), @r"
    bohb                   hyperband with architectures that a density model proposes (Falkner et al., ICML 2018)
    cnas                   operators join a supernet stage by stage, an LSTM controller learns by REINFORCE (Guo et al., ICML 2020)
    cnas-by-oracle         operators join stage by stage, and an oracle judges: a simplification of CNAS (after Guo et al., ICML 2020)
    darts                  operators of a supernet mixed by a softmax that learns by gradients (Liu, Simonyan & Yang, ICLR 2019)
    enas                   an LSTM controller, trained by REINFORCE, chooses what a supernet learns on (Pham et al., ICML 2018)
    exhaustive             every architecture of the space, in the order of the space's own numbers
    freerea                evolution with ageing and crossover by a training-free score (FreeREA, Cavagnero et al., WACV 2023)
    gdas                   architectures drawn by Gumbel noise from a supernet, by gradients (Dong & Yang, CVPR 2019)
    hardware-aware         accuracy against latency or energy within a limit, by NSGA-II (Deb et al., IEEE TEVC 2002)
    hurricane              later layers, then earlier ones: evolution in a single-path supernet within a limit (Zhang et al., CVPRW 2020)
    hyperband              successive halving that begins with shorter and longer trainings (Li et al., JMLR 2018)
    local-search           to the best neighbour until none is better, and again from elsewhere (White et al., UAI 2021)
    manas                  an agent an edge draws what a supernet learns on, by EXP3 (Lopes et al., 2024)
    manas-by-oracle        one bandit an edge, and an oracle judges: a simplification of MANAS (after Lopes et al., 2024)
    manas-ls               an agent an edge draws what a supernet learns on, by least squares of its losses (Lopes et al., 2024)
    manas-ls-by-oracle     one bandit an edge, credited by least squares, and an oracle judges: a simplification of MANAS-LS (after Lopes et al., 2024)
    pnas                   edge by edge, what a surrogate predicts to be best is evaluated (after Liu et al., ECCV 2018)
    pnas-by-blocks         cells grow block by block as an ensemble of LSTMs predicts it (Liu et al., ECCV 2018)
    random                 the best by an oracle of a few architectures drawn uniformly: the baseline
    regularized-evolution  aging evolution: the best of a few has a child, the oldest dies (Real et al., AAAI 2019)
    reinforce              a softmax an edge, trained by REINFORCE with a moving-average baseline (Dong & Yang, ICLR 2020)
    rsps                   random search with parameter sharing: a supernet judges random architectures (Li & Talwalkar, UAI 2019)
    setn                   a supernet judges the most probable of what it learnt by gradients (Dong & Yang, ICCV 2019)
    successive-halving     longer trainings for fewer architectures (Jamieson & Talwalkar, AISTATS 2016)
    te-nas                 prune a supernet by κ and linear regions (Chen et al., ICLR 2021)
    ");
    assert_snapshot!(scratch.succeed(&["list", "spaces"]).trim_end(), @r"
    darts                     normal and reduction cells of 7 operators, two inputs a node (Liu et al., ICLR 2019)
    files                     networks of ONNX files, with their weights
    nas-bench-101             cells of at most 7 vertices and 9 edges, 423,624 in all (Ying et al., ICML 2019)
    nas-bench-201             cells of 6 edges and 5 operators, 15,625 in all (Dong and Yang, ICLR 2020)
    nas-bench-macro           8 layers of 3 choices, 6,561 networks (Su et al., CVPR 2021)
    nats-bench-size           5 layers of 8 to 64 channels, 32,768 networks (Dong et al., TPAMI 2021)
    transnas-bench-101-macro  4 to 6 modules that widen or halve, 3,256 networks (Duan et al., CVPR 2021)
    transnas-bench-101-micro  cells of 6 edges and 4 operators, 4,096 in all (Duan et al., CVPR 2021)
    ");
    let verbose = scratch.succeed(&["list", "proxies", "--verbose"]);
    assert!(verbose.contains("images of the minibatch") && verbose.contains("a whole number from 1 to 65536"), "{verbose}");
    for kind in ["benchmarks", "datasets", "engines"] {
        assert!(!scratch.succeed(&["list", kind]).trim().is_empty(), "{kind}");
    }
    assert!(scratch.succeed(&["data", "list"]).contains("cifar10"));
    assert!(scratch.succeed(&["benchmark", "list"]).contains("not imported"));
}

#[test]
fn a_list_as_json_holds_every_setting_with_its_bounds() {
    let scratch = Scratch::new();
    let list = |what: &str| -> Vec<Value> { serde_json::from_str(&scratch.succeed(&["list", what, "--json"])).unwrap() };
    let find = |values: &[Value], name: &str| values.iter().find(|value| value["name"] == name).unwrap().clone();
    let kappa = find(&list("proxies"), "ntk-condition");
    assert_eq!(kappa["crate"], "assay-proxies");
    let batch = find(kappa["settings"].as_array().unwrap(), "batch");
    assert_eq!((&batch["type"], &batch["min"], &batch["max"]), (&"integer".into(), &1.into(), &65_536.into()));
    let study = find(&list("sections"), "study");
    assert_eq!(find(study["settings"].as_array().unwrap(), "proxies")["type"], "texts");
    for (what, name) in [("engines", "cpu"), ("datasets", "cifar10"), ("sections", "(top)")] {
        find(&list(what), name);
    }
    let benchmarks: Vec<Value> = serde_json::from_str(&scratch.succeed(&["benchmark", "list", "--json"])).unwrap();
    assert_eq!(find(&benchmarks, "nas-bench-201")["imported"], false);
}

#[test]
fn scores_are_the_same_for_the_same_seed_and_their_json_holds_every_reading() {
    let scratch = Scratch::new();
    let proxies = ["--proxy", "ntk-condition", "--proxy", "linear-regions"];
    let arguments = [["score", CELL, CELL].as_slice(), &proxies, &SMALL].concat();
    let text = scratch.succeed(&arguments);
    assert_eq!(text.matches(CELL).count(), 4, "{text}");
    assert!(text.contains("over 3 repeats") && text.contains("protocol    images"), "{text}");

    let json = |more: &[&str]| -> Value { serde_json::from_str(&scratch.succeed(&[&arguments, more, &["--json"]].concat())).unwrap() };
    let scores = json(&[]);
    assert_eq!(scores, json(&["--set", "threads=1"]));
    assert_ne!(scores, json(&["--seed", "1"]));
    assert_eq!(scores["scores"].as_array().unwrap().len(), 4);
    assert_eq!(scores["scores"][0], scores["scores"][2], "one cell, one score");
    assert_eq!(scores["scores"][0]["readings"].as_array().unwrap().len(), 3);
    let readings = scores["scores"][0]["readings"].as_array().unwrap();
    let mean = readings.iter().map(|reading| reading["value"].as_f64().unwrap()).sum::<f64>() / 3.0;
    assert_eq!(scores["scores"][0]["reading"]["value"].as_f64(), Some(mean));
}

#[test]
fn an_experiment_file_gives_a_score_its_sections() {
    let scratch = Scratch::new();
    scratch.write("given.toml", format!("{}\n[proxies.ntk-condition]\nbatch = 5\n", crate::scratch::TINY));
    let out = scratch.succeed(&["score", CELL, "--proxy", "ntk-condition", "--config", "given.toml", "--repeats", "1"]);
    assert!(out.contains("batch 5"), "{out}");
}

#[test]
fn show_prints_the_result_and_the_trajectory() {
    let scratch = Scratch::new();
    let printed = scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "run"]);
    let shown = scratch.succeed(&["show", "run"]);
    let (result, trajectory) = shown.split_once("\n\nstep").unwrap();
    assert_eq!(result.trim_end(), printed.trim_end());
    assert!(trajectory.contains("round 1") && trajectory.contains("round 2"), "{shown}");
    assert!(trajectory.lines().next().unwrap().contains("architectures left"), "{shown}");
    // Six edges lose one operator in each of the two rounds.
    assert_eq!(trajectory.matches("cell ").count(), 12, "{shown}");
}

#[test]
fn progress_is_silent_when_asked_and_logs_come_on_request() {
    let scratch = Scratch::new();
    let quiet = scratch.assay(&["run", "tiny.toml", "--quiet", "--run-dir", "quiet"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (Some(0), ""));
    let logged = scratch.assay(&["run", "tiny.toml", "--quiet", "--log-level", "info", "--run-dir", "logged"]);
    assert!(logged.err.contains("run begins") && logged.err.contains("run ends"), "{}", logged.err);
    let error = scratch.fail(&["list", "spaces", "--log-level", "loud"]);
    assert!(error.contains("is not a log level"), "{error}");
}
