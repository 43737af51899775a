//! The tables of a study as text: Markdown and LaTeX.

use super::correlation::Correlation;
use super::latex::escaped;

/// A table: a title, column titles, and rows of cells, the first of them a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// What it shows.
    pub title: String,
    /// Column titles.
    pub head: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

/// A statistic of a row: how it is called, and its value.
type Statistic = (&'static str, fn(&Correlation) -> Option<f64>);

const STATISTICS: [Statistic; 10] = [
    ("τ-b", |row| row.tau_b),
    ("ρ", |row| row.rho),
    ("weighted τ", |row| row.weighted_tau),
    ("r", |row| row.pearson),
    ("τ-b top 10 %", |row| row.tau_b_top_10_percent),
    ("τ-b top 1 %", |row| row.tau_b_top_1_percent),
    ("precision@k", |row| row.precision_at_k),
    ("NDCG@k", |row| row.ndcg_at_k),
    ("regret %", |row| row.regret),
    ("τ-b given live-params", |row| row.partial_tau_b),
];

/// Three decimals, or a dash.
#[must_use]
pub fn cell(value: Option<f64>) -> String {
    // −0.0004 is 0.000, not −0.000.
    value.map_or("–".into(), |value| format!("{:.3}", (value * 1000.0).round() / 1000.0 + 0.0))
}

pub(super) fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// τ-b by proxy and target, with its interval and its spread over repeats where there are any.
#[must_use]
pub fn overview(rows: &[Correlation]) -> Grid {
    let targets = unique(rows.iter().map(|row| row.target.as_str()));
    let title = |target: &&str| rows.iter().find(|row| row.target == *target).map_or(String::new(), |row| row.title.clone());
    let head = ["proxy".into()].into_iter().chain(targets.iter().map(title)).chain(["undefined".into()]).collect();
    let rows = unique(rows.iter().map(|row| row.proxy.as_str())).into_iter().map(|proxy| {
        let of_proxy = || rows.iter().filter(move |row| row.proxy == proxy);
        let undefined = of_proxy().next().map_or(0, |row| row.undefined);
        [proxy.to_owned()].into_iter().chain(of_proxy().map(tau_b)).chain([undefined.to_string()]).collect()
    });
    Grid { title: "Kendall τ-b".into(), head, rows: rows.collect() }
}

fn tau_b(row: &Correlation) -> String {
    let mut text = cell(row.tau_b);
    if let Some(deviation) = row.tau_b_spread.and_then(|spread| spread.deviation) {
        text += &format!(" ± {deviation:.3}");
    }
    if let Some(interval) = row.tau_b_interval {
        text += &format!(" [{}, {}]", cell(Some(interval.low)), cell(Some(interval.high)));
    }
    text
}

/// Every statistic by proxy, one grid a target.
#[must_use]
pub fn by_target(rows: &[Correlation], k: usize) -> Vec<Grid> {
    let named = |name: &str| name.replace("@k", &format!("@{k}"));
    let head: Vec<String> =
        ["proxy".into()].into_iter().chain(STATISTICS.iter().map(|(name, _)| named(name))).chain(["undefined".into()]).collect();
    let grid = |target: &str| {
        let own = rows.iter().filter(|row| row.target == target);
        let title = own.clone().next().map_or(String::new(), |row| format!("{} ({target})", row.title));
        let line = |row: &Correlation| {
            let values = STATISTICS.iter().map(|(_, value)| cell(value(row)));
            [row.proxy.clone()].into_iter().chain(values).chain([row.undefined.to_string()]).collect()
        };
        Grid { title, head: head.clone(), rows: own.map(line).collect() }
    };
    unique(rows.iter().map(|row| row.target.as_str())).into_iter().map(grid).collect()
}

/// The grids as Markdown, with what they share below them.
#[must_use]
pub fn markdown(grids: &[Grid], notes: &[String]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "));
    let mut text = String::new();
    for Grid { title, head, rows } in grids {
        text += &format!("## {title}\n\n{}|---|{}\n", line(head), "---:|".repeat(head.len() - 1));
        text.extend(rows.iter().map(|row| line(row)));
        text.push('\n');
    }
    text + &notes.join("\n\n") + "\n"
}

/// The grids as LaTeX tables of the package booktabs, each with the notes in its caption.
#[must_use]
pub fn latex(grids: &[Grid], notes: &[String]) -> String {
    let line = |cells: &[String]| format!("    {} \\\\\n", cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" & "));
    let mut text = String::from("% Needs \\usepackage{booktabs}.\n");
    for Grid { title, head, rows } in grids {
        let caption = escaped(&format!("{title}; {}", notes.join("; ")));
        let columns = format!("l{}", "r".repeat(head.len() - 1));
        text += &format!("\\begin{{table}}\n  \\centering\n  \\caption{{{caption}}}\n  \\begin{{tabular}}{{{columns}}}\n    \\toprule\n");
        text += &format!("{}    \\midrule\n", line(head));
        text.extend(rows.iter().map(|row| line(row)));
        text += "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n\n";
    }
    text.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let texts = |texts: [&str; 3]| texts.map(str::to_owned).to_vec();
        Grid { title: "τ-b".into(), head: texts(["proxy", "C10", "undefined"]), rows: vec![texts(["live-params", "0.654 ± 0.001", "0"])] }
    }

    #[test]
    fn a_table_in_markdown_and_in_latex_carries_its_protocol() {
        let notes = ["protocol: 100 % of test_cifar10 & more".to_owned()];
        insta::assert_snapshot!(markdown(&[grid()], &notes) + "\n" + &latex(&[grid()], &notes));
    }

    #[test]
    fn a_number_has_three_decimals_and_no_negative_zero() {
        assert_eq!([Some(-0.0004), Some(0.57849), None].map(cell), ["0.000", "0.578", "–"]);
    }
}
