//! What cannot be meant is refused before anything runs.

use assay_core::plugin::{Registry, SearchStrategy, Settings};
use serde_json::{Value, json};

#[test]
fn settings_that_contradict_each_other_are_refused_by_their_name() {
    let registry = Registry::<dyn SearchStrategy>::collect().unwrap();
    let wrong: [(&str, Value); 25] = [
        ("regularized-evolution", json!({ "oracle": {} })),
        ("regularized-evolution", json!({ "oracle": { "proxy": "snip", "table": "ep12" } })),
        ("regularized-evolution", json!({ "oracle": { "proxi": "snip" } })),
        ("regularized-evolution", json!({ "oracle": "snip" })),
        ("regularized-evolution", json!({ "oracle": { "proxy": "snip", "rule": "vote" } })),
        ("regularized-evolution", json!({ "oracle": { "proxies": ["snip", "snip"] } })),
        ("regularized-evolution", json!({ "oracle": { "proxies": ["snip", "zen"], "weights": [1] } })),
        ("regularized-evolution", json!({ "oracle": { "proxies": ["snip", "zen"], "rule": "ranks" } })),
        ("regularized-evolution", json!({ "oracle": { "aggregate": "everything" } })),
        ("regularized-evolution", json!({ "oracle": { "table": "ep12", "repeats": 3 } })),
        ("regularized-evolution", json!({ "oracle": { "tables": ["ep12", "ep200"], "epochs": [12, 200] } })),
        ("regularized-evolution", json!({ "budget": {} })),
        ("regularized-evolution", json!({ "budget": { "gpu_seconds": 12000 } })),
        ("regularized-evolution", json!({ "oracle": { "table": "ep12" }, "budget": { "seconds": 5 } })),
        ("hyperband", json!({ "oracle": { "tables": ["ep12", "ep200"], "epochs": [200, 12] } })),
        ("hyperband", json!({ "oracle": { "tables": ["ep12", "ep200"] } })),
        ("hyperband", json!({ "oracle": { "proxy": "snip" } })),
        ("random", json!({ "samples": 5, "budget": { "evaluations": 6 } })),
        ("regularized-evolution", json!({ "oracle": { "train": [] } })),
        ("regularized-evolution", json!({ "oracle": { "train": [1.5] } })),
        ("regularized-evolution", json!({ "oracle": { "train": [3, 1] } })),
        ("regularized-evolution", json!({ "oracle": { "train": [1, 3] } })),
        ("regularized-evolution", json!({ "oracle": { "train": [3], "epochs": [3] } })),
        ("regularized-evolution", json!({ "oracle": { "proxy": "snip" }, "budget": { "epochs": 5 } })),
        ("hyperband", json!({ "oracle": { "train": [3] } })),
    ];
    let refusal = |(name, settings): &(&str, Value)| {
        let settings: Settings = serde_json::from_value(settings.clone()).unwrap();
        // The names of aggregates depend on what is linked.
        registry.build(name, &settings).err().unwrap().to_string().split("; none").next().unwrap().to_owned()
    };
    insta::assert_snapshot!(wrong.iter().map(refusal).collect::<Vec<_>>().join("\n"), @r#"
    strategy `regularized-evolution`: `oracle.proxy`: the oracle needs one of proxy, proxies, aggregate, table, tables and train
    strategy `regularized-evolution`: `oracle.table`: the oracle already has `proxy`; remove one of them
    strategy `regularized-evolution`: `oracle.proxi`: no such setting
    strategy `regularized-evolution`: `oracle`: must be a table { … } of proxy, proxies, rule, weights, aggregate, scores, repeats, table, tables, epochs, cost, cost_epochs, train, is "snip"
    strategy `regularized-evolution`: `oracle.rule`: goes only with proxies
    strategy `regularized-evolution`: `oracle.proxies`: the aggregate names component `snip` twice; give it twice the weight instead
    strategy `regularized-evolution`: `oracle.weights`: 1 weights for 2 proxies
    strategy `regularized-evolution`: `oracle.rule`: must be one of "rank-sum", "log-rank-sum", "minimum", "maximum", "vote", "numeric-sum", "normalised-sum", is "ranks"
    strategy `regularized-evolution`: `oracle.aggregate`: there is no aggregate `everything`
    strategy `regularized-evolution`: `oracle.repeats`: goes only with proxies and train; a recorded accuracy is the same every time
    strategy `regularized-evolution`: `oracle.tables`: the strategy evaluates an architecture after one training only
    strategy `regularized-evolution`: `budget`: names no limit, so the search would never end; write { evaluations = … }
    strategy `regularized-evolution`: `budget.gpu_seconds`: the oracle has no column of costs, so no simulated GPU second is ever spent
    strategy `regularized-evolution`: `budget.seconds`: looking up what is recorded takes no time
    strategy `hyperband`: `oracle.epochs`: must be 2 positive numbers, ascending: one for each column
    strategy `hyperband`: `oracle.epochs`: must say how long each of `tables` was trained
    strategy `hyperband`: `oracle`: the strategy gives more training to fewer architectures, so it needs `tables` after at least two trainings, or two numbers of epochs in `train`
    strategy `random`: `samples`: `budget` already says this; remove one of them
    strategy `regularized-evolution`: `oracle.train`: must be whole numbers of epochs from 1 to 100000, ascending, such as [1, 3, 9]
    strategy `regularized-evolution`: `oracle.train`: must be whole numbers of epochs from 1 to 100000, ascending, such as [1, 3, 9]
    strategy `regularized-evolution`: `oracle.train`: must be whole numbers of epochs from 1 to 100000, ascending, such as [1, 3, 9]
    strategy `regularized-evolution`: `oracle.train`: the strategy evaluates an architecture after one training only
    strategy `regularized-evolution`: `oracle.epochs`: goes only with tables
    strategy `regularized-evolution`: `budget.epochs`: the oracle trains nothing, so no epoch is ever spent
    strategy `hyperband`: `oracle`: the strategy gives more training to fewer architectures, so it needs `tables` after at least two trainings, or two numbers of epochs in `train`
    "#);
}

#[test]
fn protocols_say_who_judges_what_is_spent_and_how() {
    let protocol = |name: &str, settings: Value| {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        Registry::<dyn SearchStrategy>::collect().unwrap().build(name, &settings).unwrap().protocol()
    };
    let lines = [
        protocol(
            "regularized-evolution",
            json!({ "oracle": { "proxies": ["snip", "zen"], "repeats": 3 }, "budget": { "evaluations": 500 } }),
        ),
        protocol(
            "random",
            json!({ "oracle": { "table": "ep12", "cost": "ep12_cost" }, "budget": { "gpu_seconds": 12000 }, "exclude": [] }),
        ),
        protocol("local-search", json!({ "exclude": ["none"] })),
        protocol("reinforce", json!({ "budget": { "seconds": 60, "evaluations": 9 } })),
        protocol(
            "bohb",
            json!({ "oracle": { "tables": ["ep12", "ep200"], "epochs": [12, 200], "cost": "ep12_cost" }, "budget": { "gpu_seconds": 12000 } }),
        ),
        protocol("exhaustive", json!({ "oracle": { "proxy": "synflow" } })),
        protocol("hyperband", json!({ "oracle": { "train": [1, 3], "repeats": 2 }, "budget": { "epochs": 90, "seconds": 600 } })),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    regularized-evolution: by rank-sum of snip, zen (3 repeats) within 500 evaluations, every operator, population 10, best of 3 drawn
    random: best by ep12 at ep12_cost each within 12000 simulated GPU s of architectures of every operator
    local-search: by ntk-condition within 100 evaluations, every operator but none, from the best of 10 to the best neighbour, begun again in local optima
    reinforce: by ntk-condition within 9 evaluations and 60 s of measuring, every operator, Adam with rate 0.001, baseline with momentum 0.9
    bohb: by ep12 after 12 epochs at ep12_cost each and ep200 after 200 epochs at 16.6667 × ep12_cost each within 12000 simulated GPU s, every operator, 1 in 3 kept, 0.3333333333333333 random, best of 64 by the densities of the top 0.15, spread × 3
    exhaustive: all architectures by synflow, every operator
    hyperband: by training for 1 and 3 epochs (2 trainings of each) within 600 s of measuring and 90 epochs of training, every operator, 1 in 3 kept
    "#);
}
