use super::*;

fn parsed(files: &[&[&str]]) -> Found {
    let runs = files.iter().map(|lines| run(&lines.join("\n")).unwrap().unwrap()).collect();
    Found { runs, silent: vec!["training.burn-cuda".into()] }
}

#[test]
fn engines_stand_side_by_side_and_what_is_missing_is_said() {
    let begun = |part: &str, engine: &str| {
        format!(r#"{{"begun":{{"part":"{part}","engine":"{engine}","device":"a {engine} machine","threads":8,"limit_s":60.0}}}}"#)
    };
    let compared = |case: &str, what: &str, deviation: &str, allowed: &str| {
        format!(r#"{{"compared":{{"case":"{case}","what":"{what}","deviation":{deviation},"allowed":{allowed}}}}}"#)
    };
    let measured = |case: &str, seconds: &str, calls: usize, result: &str, memory: &str| {
        format!(
            r#"{{"measured":{{"case":"{case}","items":1.0,"seconds":{seconds},"first_s":9.0,"calls":{calls},"result":{result},"memory_mib":{memory}}}}}"#
        )
    };
    let [oracles, other] = ["burn-cuda", "cpu"].map(|engine| begun("oracles", engine));
    let [kappa, cpu, pytorch] = ["burn-cuda", "cpu", "pytorch"].map(|engine| begun("kappa", engine));
    let [good, close, bad, lost] = [("0", "1e-5"), ("1", "4.5e-5"), ("0", "2e-3"), ("1", "null")]
        .map(|(case, deviation)| compared(&format!("tenas_a case {case}"), "κ", deviation, "0.001"));
    let exact = compared("tenas_a case 0", "linear regions", "0.0", "0.0");
    let left = r#"{"left_out":{"case":"a large one","because":"it would take about 90 s, and 3 s of this part were left"}}"#;
    let [fast, slow, theirs, single] =
        [("0.0125", 40, "460.5", "812.0"), ("0.25", 8, "460.6", "90.0"), ("0.02", 30, "460.5", "null"), ("7.5", 1, "null", "95.0")].map(
            |(seconds, calls, result, memory)| {
                measured(if calls == 1 { "a larger one" } else { "supernet" }, seconds, calls, result, memory)
            },
        );
    let ended = r#"{"ended":{"seconds":12.3}}"#;
    let found = parsed(&[
        &[&oracles, &good, &exact, &close, ended],
        &[&other, &bad, &lost],
        &[&kappa, &fast, left, left, ended],
        &[&cpu, &slow, &single, ended],
        &[&pytorch, &theirs, ended],
    ]);
    insta::assert_snapshot!(render::render(&found));
}

#[test]
fn half_a_line_of_a_killed_process_is_left_away_and_a_wrong_one_is_an_error() {
    let begun = r#"{"begun":{"part":"kappa","engine":"cpu","device":"","threads":1,"limit_s":1.0}}"#;
    assert!(run(&format!("{begun}\n{{\"ended\":{{\"sec")).unwrap().unwrap().ended_s.is_none());
    assert!(run("").unwrap().is_none());
    for wrong in [format!("{begun}\nnothing\n"), format!("{begun}\n{begun}\n"), "{\"ended\":{\"seconds\":1.0}}\n".into()] {
        assert!(run(&wrong).is_err(), "{wrong}");
    }
}
