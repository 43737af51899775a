//! Values of published implementations, made again by the engine.

mod steps;

use assay_core::engine::{ConditionNumber, Precision};
use assay_oracles::tenas::Case;
use assay_oracles::{OracleFile, deviation, tenas};
use miette::IntoDiagnostic;

use crate::bench::Bench;

/// Compares with all oracles of the pack, the cheapest first.
pub(crate) fn check(bench: &mut Bench) -> miette::Result<()> {
    let folder = bench.data.join("oracles");
    steps::check(bench, &OracleFile::read(&folder.join("oneshot_rsps_a.json")).into_diagnostic()?)?;
    let mut cases = Vec::new();
    for begin in ["tenas_nb201", "tenas_darts"] {
        for file in OracleFile::listed(&folder, begin).into_diagnostic()? {
            cases.extend(tenas::cases(&file).into_diagnostic()?);
        }
    }
    // The whole batch is differentiated once an image; float64 is the slower one.
    let cost = |case: &Case| {
        let wide = if case.recorded.precision() == Precision::F64 { 2.0 } else { 1.0 };
        wide * case.ntk.graph().multiply_adds() as f64 * (case.images.len() as f64).powi(2)
    };
    cases.sort_by(|one, other| cost(one).total_cmp(&cost(other)));
    for case in &cases {
        bench.compare(&case.title, |engine| {
            let logits = engine.forward(&case.ntk, &case.images, &[], Precision::F32)?.output;
            let patterns = case.patterns(engine)?;
            let gram = engine.tangent_gram(&case.ntk, &case.images, case.recorded.precision())?;
            let (expected, allowed) = case.recorded.kappa();
            let kappa = match gram.condition_number() {
                ConditionNumber::Defined { kappa, .. } => kappa,
                ConditionNumber::Undefined { because } => return Err(format!("κ is undefined, because {because}").into()),
            };
            let regions = deviation(&[patterns.distinct() as f64], &[case.recorded.linear_regions_unique_patterns as f64]);
            Ok(vec![
                ("logits", deviation(&logits, &case.logits), 1e-4),
                ("linear regions", regions, 0.0),
                ("Gram matrix", deviation(gram.entries(), &case.matrix), 1e-3),
                (if allowed < 1e-4 { "κ in float64" } else { "κ" }, deviation(&[kappa], &[expected]), allowed),
            ])
        })?;
    }
    Ok(())
}
