//! The page: one HTML file that needs nothing else.
//!
//! It works without scripts: everything is there, and groups of charts are switched by style alone. The script adds
//! sorting and another operator to colour points by.

use assay_results::present::grid::Grid;
use assay_structure::visible::{visible, visible_in_json};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::content::{Body, Chapter, Charts, Content, Section, Table};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Nothing is fetched, whatever a run's texts say.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// The page. Texts come from runs, and thereby from plugins and tables of others.
pub(super) fn html(content: &Content) -> String {
    visible(&whole(content)).into_owned()
}

fn whole(content: &Content) -> String {
    let versions = content.versions.join(", ");
    let tabs = content.sections().map(|section| section.charts().map_or(0, |charts| charts.groups.len())).max().unwrap_or_default();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (content.title) " – Assay report" }
                // A browser asks for an icon of its own accord otherwise.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) (PreEscaped(tab_rules(tabs))) }
            }
            body {
                header {
                    p.kind { "Assay report" }
                    h1 { (content.title) }
                }
                (contents(content))
                main {
                    @for (number, chapter) in content.chapters.iter().enumerate() { (self::chapter(chapter, number, content.chapters.len() > 1)) }
                }
                footer {
                    p { "Measured with Assay " (versions) ". The tables of this page stand beside it in tables/ as CSV, Markdown and LaTeX, its charts in figures/ as SVG and PNG." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

fn contents(content: &Content) -> Markup {
    html! {
        nav aria-label="Contents" {
            @for (number, chapter) in content.chapters.iter().enumerate() {
                @if content.chapters.len() > 1 { p { a href=(format!("#chapter-{number}")) { (chapter.title) } } }
                ul {
                    @for section in &chapter.sections { li { a href=(format!("#{}", section.name)) { (section.title) } } }
                }
            }
        }
    }
}

fn chapter(chapter: &Chapter, number: usize, has_title: bool) -> Markup {
    html! {
        section.chapter id=(format!("chapter-{number}")) {
            @if has_title { h2 { (chapter.title) } }
            p.about { (chapter.about) }
            @for section in &chapter.sections { (self::section(section)) }
        }
    }
}

fn section(section: &Section) -> Markup {
    html! {
        section.part id=(section.name) {
            h3 { (section.title) }
            @if !section.explanation.is_empty() { p.explanation { (section.explanation) } }
            @match &section.body {
                Body::Table(table) => (self::table(table, section)),
                Body::Charts(charts) => (figure(charts, section)),
                Body::Nothing => (notes(section)),
            }
        }
    }
}

fn notes(section: &Section) -> Markup {
    // Folded to its first lines on a screen, and whole on paper; no script is needed to unfold it.
    html! { @for note in &section.notes { details.protocol { summary { (note) } } } }
}

fn table(table: &Table, section: &Section) -> Markup {
    let Grid { title, head, rows } = &table.grid;
    let is_number =
        |cell: &String| cell.is_empty() || cell == "–" || cell.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit());
    // A column of numbers is set to the right; a long text has a column that may wrap.
    let class = |column: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(column));
        if rows.iter().filter_map(|row| row.get(column)).any(|cell| cell.chars().count() > 40) {
            "long"
        } else if cells.all(is_number) {
            "number"
        } else {
            "text"
        }
    };
    let classes: Vec<&str> = (0..head.len()).map(class).collect();
    html! {
        div.scroll tabindex="0" role="region" aria-label=(section.title) {
            table.sortable[table.is_sortable] {
                caption { (title) }
                thead { tr { @for (title, class) in head.iter().zip(&classes) { th scope="col" class=(class) { (title) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 { th scope="row" { (cell) } } @else { td class=(classes[column]) { (cell) } }
                            }
                        }
                    }
                }
            }
        }
        (notes(section))
    }
}

fn figure(charts: &Charts, section: &Section) -> Markup {
    let has_tabs = charts.groups.len() > 1;
    html! {
        figure {
            @if let Some(data) = &charts.recolour {
                label.recolour hidden { "Colour by the count of " select {} }
                script type="application/json" { (PreEscaped(visible_in_json(data).replace('<', "\\u003c"))) }
            }
            div.tabs {
                @if has_tabs {
                    @for (number, (name, _)) in charts.groups.iter().enumerate() {
                        @let id = format!("{}-tab-{number}", section.name);
                        input type="radio" name=(format!("{}-tab", section.name)) id=(id) checked[number == 0];
                        label for=(id) { (name) }
                    }
                }
                @for (name, of_group) in &charts.groups {
                    div.group {
                        @if has_tabs { h4 { (name) } }
                        div.charts {
                            @for chart in of_group {
                                @let [across, up] = chart.place.map_or([None, None], |place| place.map(Some));
                                div.chart style=(format!("--width:{}px", chart.drawing.width)) data-x=[across] data-y=[up] {
                                    (PreEscaped(chart.drawing.inline()))
                                }
                            }
                        }
                    }
                }
            }
            figcaption { (notes(section)) }
        }
    }
}

/// Shows the group whose tab is chosen.
fn tab_rules(tabs: usize) -> String {
    let rule = |number: usize| {
        format!(
            ".tabs>input:nth-of-type({number}):checked~.group:nth-of-type({number}){{display:block}}\n\
             .tabs>input:nth-of-type({number}):checked~label:nth-of-type({number}){{border-color:var(--accent);color:var(--ink)}}\n\
             .tabs>input:nth-of-type({number}):focus-visible~label:nth-of-type({number}){{outline:2px solid var(--accent)}}\n"
        )
    };
    (1..=tabs).map(rule).collect()
}
