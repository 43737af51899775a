//! Scores against targets: one point an architecture, coloured by how often it has an operator.

use assay_results::StudySummary;
use assay_results::correlation::Correlation;
use assay_results::present::number::grouped;
use assay_results::present::reading::better;
use serde_json::json;

use super::scored::Scored;
use super::scores::{OperatorCounts, ProxyScores, TargetValues};
use crate::picture::axis::Scale;
use crate::picture::canvas::Drawing;
use crate::picture::chart::scatter::{PLOT, Scatter, pixel};
use crate::report::content::{Chart, Charts, file_name};

/// The clouds of a study: what their axes and colours share.
pub(super) struct Clouds<'a> {
    scored: &'a Scored,
    operator: &'a OperatorCounts,
    highest: usize,
    /// By proxy, if any of its scores is finite.
    across: Vec<Option<Scale>>,
    /// By target.
    up: Vec<Option<Scale>>,
}

impl<'a> Clouds<'a> {
    pub(super) fn new(scored: &'a Scored, operator: &'a OperatorCounts) -> Self {
        Self {
            scored,
            operator,
            highest: scored.operators.iter().flat_map(|operator| &operator.counts).copied().max().unwrap_or_default(),
            across: scored.proxies.iter().map(|proxy| Scale::over(proxy.values.iter().copied().flatten())).collect(),
            up: scored.targets.iter().map(|target| Scale::over(target.values.iter().copied().flatten())).collect(),
        }
    }

    pub(super) fn charts(&self, summary: &StudySummary) -> Charts {
        let group = |(number, values): (usize, &TargetValues)| {
            let target = &values.target;
            let chart = |(position, proxy): (usize, &ProxyScores)| {
                let scales = [self.across[position]?, self.up[number]?];
                let row = summary.correlations.iter().find(|row| row.proxy == proxy.label && row.target == target.column)?;
                Some(Chart {
                    name: format!("{}-{}", file_name(&proxy.label), file_name(&target.column)),
                    drawing: self.cloud(proxy, values, scales, row),
                    place: Some([position, number]),
                })
            };
            (target.title.clone(), self.scored.proxies.iter().enumerate().filter_map(chart).collect())
        };
        Charts { groups: self.scored.targets.iter().enumerate().map(group).collect(), recolour: Some(self.recolour()) }
    }

    fn cloud(&self, proxy: &ProxyScores, TargetValues { target, values }: &TargetValues, scales: [Scale; 2], row: &Correlation) -> Drawing {
        let point = |(score, value): (&Option<f64>, &Option<f64>)| Some([score.filter(|score| score.is_finite())?, (*value)?]);
        let points: Vec<Option<[f64; 2]>> = proxy.values.iter().zip(values).map(point).collect();
        let tau = row.tau_b.map_or("undefined".into(), |tau| format!("{tau:.3}").replace('-', "−"));
        let drawn = points.iter().flatten().count();
        let mut subtitle = format!("τ-b {tau}, {} architectures, {} undefined", grouped(row.architectures as u128), row.undefined);
        if drawn < row.architectures {
            subtitle += &format!(", {} infinite", row.architectures - drawn);
        }
        let vertical = format!("{} ({}), {}", target.title, target.column, target.unit);
        let vertical = if target.is_accuracy() { vertical } else { format!("{vertical} ({})", better(target.direction)) };
        let unit = proxy.unit.as_ref().map_or_else(String::new, |unit| format!(", {unit}"));
        let scatter = Scatter {
            title: format!("{} and {}", proxy.label, target.title),
            subtitle,
            axes: [format!("{}{unit} ({})", proxy.label, better(proxy.direction)), vertical],
            scales,
            points,
            operator: &self.operator.name,
            levels: &self.operator.counts,
            highest: self.highest,
        };
        scatter.draw()
    }

    /// Where each architecture lies by proxy and target, and how often it has each operator.
    fn recolour(&self) -> String {
        let of_proxy = |(scale, proxy): (&Option<Scale>, &ProxyScores)| places(scale.as_ref(), proxy.values.iter().copied(), PLOT.0);
        let of_target = |(scale, target): (&Option<Scale>, &TargetValues)| places(scale.as_ref(), target.values.iter().copied(), PLOT.1);
        let operators = &self.scored.operators;
        json!({
            "operator": self.operator.name,
            "operators": operators.iter().map(|operator| &operator.name).collect::<Vec<_>>(),
            "counts": operators.iter().map(|operator| numbers(operator.counts.iter().copied())).collect::<Vec<_>>(),
            "x": self.across.iter().zip(&self.scored.proxies).map(of_proxy).collect::<Vec<_>>(),
            "y": self.up.iter().zip(&self.scored.targets).map(of_target).collect::<Vec<_>>(),
        })
        .to_string()
    }
}

/// The digits of the page's numbers, of which each has two.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The place of what is not drawn.
const NOWHERE: usize = DIGITS.len() * DIGITS.len() - 1;

fn numbers(numbers: impl Iterator<Item = usize>) -> String {
    numbers
        .flat_map(|number| [number / DIGITS.len() % DIGITS.len(), number % DIGITS.len()].map(|digit| char::from(DIGITS[digit])))
        .collect()
}

fn places(scale: Option<&Scale>, values: impl Iterator<Item = Option<f64>>, length: f64) -> String {
    let drawn = |value: Option<f64>| value.filter(|value| value.is_finite()).zip(scale);
    numbers(values.map(|value| drawn(value).map_or(NOWHERE, |(value, scale)| pixel(scale, value, length))))
}
