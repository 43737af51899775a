//! Tables as text: Markdown and LaTeX.

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

/// Three decimals, or a dash.
#[must_use]
pub fn cell(value: Option<f64>) -> String {
    // −0.0004 is 0.000, not −0.000.
    value.map_or("–".into(), |value| format!("{:.3}", (value * 1000.0).round() / 1000.0 + 0.0))
}

/// Each name once, in the order in which they first occur.
#[must_use]
pub fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
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
