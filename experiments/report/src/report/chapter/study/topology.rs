//! How deep and wide cells are, and which depths and widths proxies prefer.
//!
//! Depth and width are those of Shu, Wang and Cai ([`Extent`]), who found that searches prefer shallow and wide cells.

use assay_statistics::{Sample, kendall, standings};
use assay_structure::subspace::{Extent, Layout, Subspace};

use super::scores::{ProxyScores, best};
use crate::picture::chart::heat::Heat;
use crate::report::content::{Chart, file_name};
use assay_results::present::grid::{Grid, cell};
use assay_results::present::number::grouped;

/// Depth and width of one kind of cell, by architecture.
pub(super) struct Topology {
    /// The kind.
    pub(super) kind: String,
    /// Edges on the longest path from an input of the cell to its output; 0 without any path.
    depth: Vec<f64>,
    /// The sum over inner nodes of the share of their edges that come from the cell's inputs.
    width: Vec<f64>,
}

/// Of these architectures, each kind of cell in whose depth or width they differ; none where the edges of a cell do not join
/// nodes.
pub(super) fn of(layout: &Layout, architectures: &[Subspace]) -> Vec<Topology> {
    let mut found = Vec::new();
    for (position, cell) in layout.cells.iter().enumerate() {
        let extents = architectures.iter().filter_map(|architecture| layout.extent(position, &architecture.cells()[position]));
        let (depth, width): (Vec<f64>, Vec<f64>) = extents.map(|Extent { depth, width }| (depth as f64, width)).unzip();
        let differ = |values: &[f64]| values.windows(2).any(|pair| pair[0] != pair[1]);
        if differ(&depth) || differ(&width) {
            found.push(Topology { kind: cell.kind.clone(), depth, width });
        }
    }
    found
}

/// What proxies prefer of the depths and widths of one kind of cell.
pub(super) struct Preferred<'a> {
    topology: &'a Topology,
    proxies: &'a [ProxyScores],
    /// The different depths and widths, ascending.
    depths: Vec<f64>,
    widths: Vec<f64>,
    /// By proxy, depth and width, where the scores of those architectures stand on average.
    standings: Vec<Vec<Vec<Option<f64>>>>,
}

/// Means over the architectures of each depth and width.
fn means(depths: &[f64], widths: &[f64], values: impl Iterator<Item = (f64, f64, f64)>) -> Vec<Vec<Option<f64>>> {
    let mut sums = vec![vec![(0.0, 0_usize); widths.len()]; depths.len()];
    let place = |all: &[f64], own: f64| all.partition_point(|value| *value < own);
    for (depth, width, value) in values {
        let (sum, count) = &mut sums[place(depths, depth)][place(widths, width)];
        (*sum, *count) = (*sum + value, *count + 1);
    }
    let mean = |(sum, count): (f64, usize)| (count > 0).then(|| sum / count as f64);
    sums.into_iter().map(|row| row.into_iter().map(mean).collect()).collect()
}

impl Topology {
    /// `normal cell`, or `cell` where there is one kind, which is called so.
    pub(super) fn name(&self) -> String {
        if self.kind == "cell" { self.kind.clone() } else { format!("{} cell", self.kind) }
    }
}

impl<'a> Preferred<'a> {
    /// Of these proxies.
    pub(super) fn of(topology: &'a Topology, proxies: &'a [ProxyScores]) -> Self {
        let Topology { depth, width, .. } = topology;
        let (depths, widths) = (different(depth), different(width));
        let standing = |proxy: &ProxyScores| {
            let scores = proxy.oriented().into_iter().enumerate();
            let (at, defined): (Vec<usize>, Vec<f64>) = scores.filter_map(|(at, score)| Some((at, score?))).unzip();
            let standings = standings(&defined);
            means(&depths, &widths, at.iter().zip(standings).map(|(at, standing)| (depth[*at], width[*at], standing)))
        };
        let standings = proxies.iter().map(standing).collect();
        Self { topology, proxies, depths, widths, standings }
    }

    /// For each proxy where the scores of each depth and width stand on average.
    pub(super) fn charts(&self) -> Vec<Chart> {
        let named = |prefix: &str, values: &[f64]| values.iter().map(|value| format!("{prefix} {}", name(*value))).collect::<Vec<_>>();
        let (rows, columns) = (named("depth", &self.depths), named("width", &self.widths));
        let chart = |(proxy, values): (&ProxyScores, &Vec<Vec<Option<f64>>>)| {
            let title = format!("mean standing by {}, {}", proxy.label, self.topology.name());
            let drawing = Heat { title: &title, rows: &rows, columns: &columns, values }.draw();
            Chart { name: file_name(&proxy.label), drawing, place: None }
        };
        self.proxies.iter().zip(&self.standings).map(chart).collect()
    }

    /// What the charts show, with the number of architectures of each depth and width.
    pub(super) fn by_shape(&self, title: String) -> Grid {
        let Topology { depth, width, .. } = self.topology;
        let mut rows = Vec::new();
        for (row, own_depth) in self.depths.iter().enumerate() {
            for (column, own_width) in self.widths.iter().enumerate() {
                let count = depth.iter().zip(width).filter(|own| *own == (own_depth, own_width)).count();
                if count > 0 {
                    let numbers = [name(*own_width), grouped(count as u128)].into_iter();
                    let means = self.standings.iter().map(|standings| cell(standings[row][column]));
                    rows.push([name(*own_depth)].into_iter().chain(numbers).chain(means).collect());
                }
            }
        }
        let head = ["depth", "width", "architectures"].map(str::to_owned).into_iter();
        Grid { title, head: head.chain(self.proxies.iter().map(|proxy| proxy.label.clone())).collect(), rows }
    }

    /// By proxy, and of all architectures.
    pub(super) fn by_proxy(&self, title: String) -> Grid {
        let Topology { depth, width, .. } = self.topology;
        let mean = |values: &[f64], weights: &[f64]| {
            let sum: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
            Some(sum / weights.iter().sum::<f64>()).filter(|mean| mean.is_finite())
        };
        let row = |proxy: &ProxyScores| {
            let (scores, best) = (proxy.oriented(), best(&proxy.oriented()));
            let tau = |values: &[f64]| Sample::new(&scores, values).ok().and_then(|sample| kendall::tau_b(sample.pairs()));
            let cells = [tau(depth), tau(width), mean(depth, &best), mean(width, &best)].map(cell);
            [proxy.label.clone()].into_iter().chain(cells).collect()
        };
        let all = vec![1.0; depth.len()];
        let cells = [None, None, mean(depth, &all), mean(width, &all)].map(cell);
        let last = ["all architectures".to_owned()].into_iter().chain(cells).collect();
        let head = ["proxy", "τ-b with depth", "τ-b with width", "mean depth of the best tenth", "mean width of the best tenth"];
        Grid { title, head: head.map(str::to_owned).to_vec(), rows: self.proxies.iter().map(row).chain([last]).collect() }
    }
}

/// The different ones, ascending.
fn different(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Two decimals at most: `2`, `2.5`.
fn name(value: f64) -> String {
    format!("{}", (value * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_of_width_is_seen_to_prefer_it() {
        let topology = Topology { kind: "normal".into(), depth: vec![2.0, 3.0, 3.0, 5.0], width: vec![4.0, 3.5, 3.5, 1.5] };
        let wide = ProxyScores {
            unit: None,
            label: "wide".into(),
            direction: assay_structure::score::Direction::HigherIsBetter,
            values: vec![Some(4.0), Some(3.5), None, Some(1.5)],
        };
        let proxies = [wide];
        let preferred = Preferred::of(&topology, &proxies);
        let rows = |grid: Grid| grid.rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>();
        assert_eq!(rows(preferred.by_shape("t".into())), ["2 4 1 1.000", "3 3.5 2 0.000", "5 1.5 1 -1.000"]);
        assert_eq!(rows(preferred.by_proxy("t".into())), ["wide -1.000 1.000 2.000 4.000", "all architectures – – 3.250 3.125"]);
        let standing = preferred.charts()[0].drawing.standalone(&[]);
        let shown: Vec<&str> = ["1.00", ".00", "−1.00"].into_iter().filter(|value| standing.contains(&format!(">{value}<"))).collect();
        assert_eq!(shown, ["1.00", ".00", "−1.00"]);
        assert_eq!(standing.matches(r#"class="undefined""#).count(), 6);
    }
}
