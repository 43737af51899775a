//! What gave the scores of a study, described for those who read them later without its plugins.

use std::collections::BTreeMap;

use assay_core::experiment::{PlannedProxy, Plugins};
use assay_core::plugin::Aggregate;
use assay_core::score::Direction;
use assay_results::study::Proxy;

use super::BASELINE;

/// The proxies that were asked for, in that order, then the baseline, then what only aggregates are made of.
pub(super) fn proxies(
    asked: &[String],
    measured: &[PlannedProxy],
    aggregates: &BTreeMap<String, Aggregate>,
    plugins: &Plugins,
) -> Vec<Proxy> {
    let mut described: Vec<Proxy> = Vec::new();
    let measured_labels = measured.iter().map(|planned| planned.label.as_str());
    for label in asked.iter().map(String::as_str).chain([BASELINE]).chain(measured_labels) {
        if described.iter().any(|proxy| proxy.label == label) {
            continue;
        }
        let planned = measured.iter().find(|planned| planned.label == label).map(|planned| of_proxy(planned, plugins));
        described.extend(planned.or_else(|| aggregates.get(label).map(|aggregate| of_aggregate(label, aggregate, plugins))));
    }
    described
}

fn of_proxy(planned: &PlannedProxy, plugins: &Plugins) -> Proxy {
    let PlannedProxy { label, name, proxy } = planned;
    // No entry has a proxy whose plugin could not be loaded, where that makes undefined scores.
    let summary = plugins.proxies.find(name).map_or_else(|_| proxy.protocol(), |entry| entry.summary.to_owned());
    Proxy {
        label: label.clone(),
        name: name.clone(),
        unit: proxy.unit().map(str::to_owned),
        direction: proxy.direction(),
        summary,
        protocol: proxy.protocol(),
        is_aggregate: false,
    }
}

fn of_aggregate(label: &str, aggregate: &Aggregate, plugins: &Plugins) -> Proxy {
    let protocol = aggregate.protocol();
    Proxy {
        label: label.to_owned(),
        name: label.to_owned(),
        unit: None,
        direction: Direction::HigherIsBetter,
        summary: plugins.aggregates.find(label).map_or_else(|_| protocol.clone(), |entry| entry.summary.to_owned()),
        protocol,
        is_aggregate: true,
    }
}
