//! Correlations that papers print, to stand beside ours: `published.toml`.

use assay_results::published::Source;
use serde::Deserialize;

use crate::RunError;

const FILE: &str = include_str!("published.toml");

/// What is published about these proxies on this space and these targets; sources that say nothing of them are left out.
///
/// # Errors
/// If the project's own file is damaged.
pub fn about(space: &str, proxies: &[&str], targets: &[&str]) -> Result<Vec<Source>, RunError> {
    let mut sources = all()?;
    sources.retain_mut(|source| {
        source.figures.retain_mut(|figure| {
            figure.values.retain(|target, _| targets.contains(&target.as_str()));
            proxies.contains(&figure.proxy.as_str()) && !figure.values.is_empty()
        });
        source.space == space && !source.figures.is_empty()
    });
    Ok(sources)
}

/// Everything that is recorded.
///
/// # Errors
/// If the project's own file is damaged.
pub fn all() -> Result<Vec<Source>, RunError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        source: Vec<Source>,
    }
    let file: File = toml_edit::de::from_str(FILE).map_err(|error| RunError::Result(format!("published.toml: {error}")))?;
    Ok(file.source)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const TARGETS: [&str; 3] = ["test_cifar10", "test_cifar100", "test_imagenet16_120"];

    #[test]
    fn every_recorded_figure_is_a_correlation_of_a_named_proxy_and_target() {
        let sources = all().unwrap();
        assert_eq!(sources.iter().map(|source| &source.id).collect::<BTreeSet<_>>().len(), sources.len(), "two sources share an id");
        for source in &sources {
            let proxies: BTreeSet<&String> = source.figures.iter().map(|figure| &figure.proxy).collect();
            assert_eq!(proxies.len(), source.figures.len(), "{}: a proxy is there twice", source.id);
            for figure in &source.figures {
                assert!(!figure.values.is_empty() && figure.values.keys().all(|target| TARGETS.contains(&target.as_str())), "{figure:?}");
                assert!(figure.values.values().all(|value| (-1.0..=1.0).contains(value)), "{figure:?}");
                assert_eq!(figure.lower_is_better, figure.values.values().any(|value| *value < 0.0), "{figure:?}");
            }
        }
    }

    /// The file of facts that the figures were taken from writes a row as `NAME a/b/c`, without leading zeros.
    #[test]
    fn the_figures_are_those_of_the_recorded_facts() {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
        let shared = std::env::var("ASSAY_SHARED").unwrap_or_else(|_| default.into());
        let facts = std::fs::read_to_string(format!("{shared}/figures/paper-tables.md")).unwrap();
        let sections = [
            ("az_nas", "AZ-NAS (CVPR 2024) Table 1", 12),
            ("vkdnw", "VKDNW (CVPR 2025) Table 1", 14),
            ("abdelfattah", "Abdelfattah et al. (ICLR 2021)", 6),
        ];
        let sources = all().unwrap();
        let mut compared = 0;
        for (id, heading, count) in sections {
            let source = sources.iter().find(|source| source.id == id).unwrap();
            let text = facts[facts.find(heading).unwrap()..].split("\n\n").next().unwrap().replace('\n', " ");
            let rows: Vec<&str> =
                text.split_once("C10/C100/IN16").unwrap().1.split_once(':').unwrap().1.split('·').map(str::trim).collect();
            assert_eq!((rows.len(), source.figures.len()), (count, count), "{id}");
            for (row, figure) in rows.iter().zip(&source.figures) {
                let values: Vec<String> =
                    TARGETS.iter().map(|target| format!("{:.3}", figure.values[*target]).trim_start_matches('0').to_owned()).collect();
                let time = figure.milliseconds.map_or(String::new(), |time| format!(" ({time:.1})"));
                assert_eq!(*row, format!("{} {}{time}", figure.printed_as, values.join("/")));
                compared += 1;
            }
        }
        assert_eq!(compared, 32);
        for (row, value) in [("| 1 | κ", "−0.42"), ("| 3 | R̂", "+0.50"), ("| 9 | rank", "−0.64")] {
            let line = facts.lines().find(|line| line.starts_with(row)).unwrap();
            assert!(line.contains("C100") && line.contains(&format!("τ = {value}")), "{line}");
        }
        let te_nas = sources.iter().find(|source| source.id == "te_nas").unwrap();
        let printed: Vec<f64> = te_nas.figures.iter().map(|figure| figure.values["test_cifar100"]).collect();
        assert_eq!(printed, [-0.42, 0.50, -0.64]);
    }

    #[test]
    fn only_what_a_study_is_about_is_shown_and_larger_is_better() {
        let sources = about("nas-bench-201", &["ntk-condition", "snip"], &["test_cifar100"]).unwrap();
        let ids: Vec<&str> = sources.iter().map(|source| source.id.as_str()).collect();
        assert_eq!(ids, ["te_nas", "abdelfattah", "az_nas", "vkdnw"]);
        assert_eq!(sources[0].value("ntk-condition", "test_cifar100"), Some(0.42));
        assert_eq!(sources[2].value("snip", "test_cifar100"), Some(0.451));
        assert_eq!((sources[2].value("snip", "test_cifar10"), sources[2].value("zen", "test_cifar100")), (None, None));
        assert!(sources[0].protocol().contains("; sign turned, lower being better: κ_N; Chen, Gong, Wang"), "{}", sources[0].protocol());
        assert!(about("darts", &["snip"], &TARGETS).unwrap().is_empty());
    }
}
