//! What a report shows of a training.

use std::path::Path;

use assay_results::TrainingSummary;
use assay_results::present::grid::Grid;
use assay_results::present::number::{grouped, number};
use assay_results::training::EpochRecord;

use super::comparison;
use super::found::{Found, Reported, Shown, of_kind};
use crate::picture::axis::Scale;
use crate::picture::chart::band::{Band, Bands};
use crate::report::content::{Body, Chapter, Chart, Section, SectionsOf, Subject, Table};
use crate::report::error::ReportError;

const CURVE: &str = "After each epoch: of the images trained on, as they were trained on (flipped, cropped, with paths dropped, as the \
    protocol says); of the test images, with running statistics. Axes are shared by all trainings of this report.";
const EPOCHS: &str = "The same as numbers, with the learning rate and the probability of drop-path of the epoch's steps. The test after \
    the last epoch, which the result is, is of all test images; those before it may be of fewer.";
const TRAININGS: &str = "What each training came to. What sets the protocols and recipes apart stands below.";
const TESTS: &str = "The test after each epoch, one line a training. That after the last epoch is of all test images; those before it may be \
    of fewer.";

/// What a learning curve shows of each epoch.
struct Measure {
    /// Also the end of its files' names.
    name: &'static str,
    axis: &'static str,
    training: fn(&EpochRecord) -> f64,
    test: fn(&EpochRecord) -> f64,
}

const MEASURES: [Measure; 2] = [
    Measure { name: "loss", axis: "mean cross-entropy", training: |epoch| epoch.train_loss, test: |epoch| epoch.test.loss },
    Measure {
        name: "error",
        axis: "error, %",
        training: |epoch| 100.0 * (1.0 - epoch.train_accuracy),
        test: |epoch| 100.0 * (1.0 - epoch.test.accuracy()),
    },
];

impl Reported for TrainingSummary {
    fn found(self, _: &Path) -> Result<Box<dyn Shown>, ReportError> {
        Ok(Box::new(self))
    }
}

impl Shown for TrainingSummary {
    fn chapter(&self, subject: &Subject<'_>, all: &[(&str, &Found)], _: Option<&str>) -> Result<Chapter, ReportError> {
        Ok(chapter(self, subject, &of_kind(all)))
    }

    fn comparison(&self, all: &[(&str, &Found)]) -> Vec<Section> {
        comparison(&of_kind(all))
    }
}

/// The chapter of a training, on the axes of all trainings of the report.
fn chapter(summary: &TrainingSummary, subject: &Subject<'_>, all: &[(&str, &TrainingSummary)]) -> Chapter {
    let Subject { label, prefix, is_alone } = *subject;
    let of_run = SectionsOf { prefix, notes: vec![format!("protocol: {}", protocol(summary))] };
    let mut sections = Vec::new();
    if is_alone {
        let table = Table { grid: results(&[(label, summary)]), is_short: true, is_sortable: false };
        sections.push(of_run.section("result", "Result", "", Body::Table(table)));
    }
    let beside: Vec<&TrainingSummary> = all.iter().map(|(_, summary)| *summary).collect();
    sections.push(of_run.section("curve", "Learning curve", CURVE, Body::charts(curves(summary, label, &beside))));
    let epochs = Table { grid: epochs(&summary.curve), is_short: false, is_sortable: true };
    sections.push(of_run.section("epochs", "Epochs", EPOCHS, Body::Table(epochs)));
    let (count, seed) = (summary.epochs, summary.seed);
    let about = format!("Training of {count} epochs, seed {seed}: a test error of {:.2} %.", summary.test_error_percent);
    Chapter { title: label.to_owned(), about, sections }
}

/// Trainings side by side.
fn comparison(trainings: &[(&str, &TrainingSummary)]) -> Vec<Section> {
    let all: Vec<(&str, String)> = trainings.iter().map(|(label, summary)| (*label, protocol(summary))).collect();
    let protocols: Vec<(&str, &str)> = all.iter().map(|(label, protocol)| (*label, protocol.as_str())).collect();
    let table = Body::Table(Table { grid: results(trainings), is_short: true, is_sortable: false });
    let curves = Body::charts(test_curves(trainings));
    vec![
        comparison::section("comparison-trainings", "Trainings side by side", TRAININGS, table, &protocols),
        comparison::section("comparison-tests", "Tests by epoch", TESTS, curves, &protocols),
    ]
}

/// The training's protocol line, with the settings of its recipe that the line does not have.
fn protocol(summary: &TrainingSummary) -> String {
    const SAID: [&str; 6] = ["architecture", "channels", "cells", "epochs", "batch", "images"];
    let mut settings: Vec<(&str, &serde_json::Value)> = summary.recipe.iter().filter(|(key, _)| !SAID.contains(key)).collect();
    settings.sort_by_key(|(key, _)| *key);
    let clause = |(key, value): (&str, &serde_json::Value)| {
        value.as_str().map_or_else(|| format!("; {key} {value}"), |text| format!("; {key} {text}"))
    };
    format!("{}{}", summary.protocol, settings.into_iter().map(clause).collect::<String>())
}

/// A line of the table of results: its name, and what stands in the column of a training.
type Line = (&'static str, fn(&TrainingSummary) -> String);

const LINES: [Line; 12] = [
    ("architecture", |summary| summary.architecture.clone()),
    ("test error, %", |summary| format!("{:.2}", summary.test_error_percent)),
    ("test loss", |summary| number(summary.test.loss)),
    ("test images", |summary| grouped(summary.test.images as u128)),
    ("parameters", |summary| grouped(summary.parameters as u128)),
    ("multiply-adds, M", |summary| format!("{:.1}", summary.multiply_adds as f64 / 1e6)),
    ("training images", |summary| grouped(summary.train_images as u128)),
    ("epochs", |summary| summary.epochs.to_string()),
    ("steps", |summary| grouped(summary.steps as u128)),
    ("seconds", |summary| format!("{:.1}", summary.seconds)),
    ("seconds an epoch", |summary| format!("{:.1}", summary.seconds / summary.epochs.max(1) as f64)),
    ("machine", |summary| format!("{}, threads: {}", summary.machine.cpu, summary.machine.threads)),
];

/// What trainings came to, one column each.
fn results(trainings: &[(&str, &TrainingSummary)]) -> Grid {
    let row = |(name, cell): &Line| [(*name).to_owned()].into_iter().chain(trainings.iter().map(|(_, summary)| cell(summary))).collect();
    Grid {
        title: "What the trainings came to".into(),
        head: [String::new()].into_iter().chain(trainings.iter().map(|(label, _)| (*label).to_owned())).collect(),
        rows: LINES.iter().map(row).collect(),
    }
}

/// The tests of several trainings: a line each.
fn test_curves(trainings: &[(&str, &TrainingSummary)]) -> Vec<Chart> {
    let summaries: Vec<&TrainingSummary> = trainings.iter().map(|(_, summary)| *summary).collect();
    let chart = |measure: &Measure| {
        let lines = trainings.iter().map(|(label, summary)| line(label, &summary.curve, measure.test)).collect();
        draw(measure, format!("test {} by epoch", measure.name), lines, &summaries, &[measure.test])
    };
    MEASURES.iter().filter_map(chart).collect()
}

/// Loss and error, in training and in tests, on the axes of all trainings.
fn curves(summary: &TrainingSummary, label: &str, all: &[&TrainingSummary]) -> Vec<Chart> {
    let chart = |measure: &Measure| {
        let lines = vec![line("training", &summary.curve, measure.training), line("test", &summary.curve, measure.test)];
        draw(measure, format!("{} by epoch, {label}", measure.name), lines, all, &[measure.training, measure.test])
    };
    MEASURES.iter().filter_map(chart).collect()
}

fn line(name: &str, curve: &[EpochRecord], of: fn(&EpochRecord) -> f64) -> Band {
    Band { name: name.to_owned(), points: curve.iter().map(|epoch| (epoch.epoch as f64, of(epoch), 0.0)).collect() }
}

/// A chart whose axes have room for what is drawn of all trainings.
fn draw(measure: &Measure, title: String, lines: Vec<Band>, all: &[&TrainingSummary], drawn: &[fn(&EpochRecord) -> f64]) -> Option<Chart> {
    let epochs = || all.iter().flat_map(|summary| &summary.curve);
    let across = Scale::counting(epochs().map(|epoch| epoch.epoch).max()?);
    let up = Scale::over(epochs().flat_map(|epoch| drawn.iter().map(move |of| of(epoch))))?;
    let bands = Bands { title, axes: ["epoch".into(), measure.axis.into()], scales: [across, up], bands: lines };
    Some(Chart { name: measure.name.into(), drawing: bands.draw(), place: None })
}

fn epochs(curve: &[EpochRecord]) -> Grid {
    let head =
        ["epoch", "learning rate", "drop-path", "training loss", "training error, %", "test loss", "test error, %", "test images", "s"];
    let [loss, error] = &MEASURES;
    let row = |epoch: &EpochRecord| {
        vec![
            epoch.epoch.to_string(),
            format!("{:.5}", epoch.learning_rate),
            format!("{:.3}", epoch.drop_path),
            format!("{:.4}", (loss.training)(epoch)),
            format!("{:.2}", (error.training)(epoch)),
            format!("{:.4}", (loss.test)(epoch)),
            format!("{:.2}", (error.test)(epoch)),
            grouped(epoch.test.images as u128),
            format!("{:.1}", epoch.seconds),
        ]
    };
    Grid { title: "Epochs".into(), head: head.map(str::to_owned).to_vec(), rows: curve.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use serde_json::json;

    use super::*;
    use crate::report::{Appearance, Content, Run, content};

    /// A training of three epochs, the last test of more images than the others.
    fn summary(seed: u64, learning_rate: f64) -> TrainingSummary {
        let epoch = |number: u64, train: f64, correct: u64, images: u64| {
            json!({
                "epoch": number, "learning_rate": learning_rate, "drop_path": 0.1, "train_loss": train, "train_accuracy": 1.0 - train / 4.0,
                "test": { "images": images, "correct": correct, "loss": train + 0.125 }, "seconds": 10.0 + number as f64,
            })
        };
        let curve = [epoch(1, 2.0, 40, 100), epoch(2, 1.5, 55, 100), epoch(3, 1.0, 625, 1000)];
        let summary = json!({
            "kind": "training", "schema": 1, "assay": "0.1.0", "experiment": "small", "seed": seed, "space": "nas-bench-201",
            "architecture": "|nor_conv_3x3~0|", "parameters": 73_306, "multiply_adds": 12_345_678, "epochs": 3, "steps": 1_500,
            "test_error_percent": 37.5, "test": { "images": 1000, "correct": 625, "loss": 1.125 }, "train_images": 4_000,
            "protocol": format!("trained from scratch on X; nas-bench-201, C=4, 1 cells; 3 epochs, batch 8; seed {seed}"),
            "recipe": {
                "architecture": "|nor_conv_3x3~0|", "channels": 4, "cells": 1, "initialiser": "uniform-fan-in", "epochs": 3, "batch": 8,
                "learning_rate": learning_rate, "warm_up": 0, "momentum": 0.9, "weight_decay": 0.0003, "clip": 5.0, "label_smoothing": 0.0,
                "auxiliary": 0.4, "drop_path": 0.3, "augmentation": "flip-and-crop", "cutout": 16, "backend": "burn-flex",
            },
            "curve": curve, "seconds": 36.0,
            "machine": { "cpu": "CPU", "cores": 2, "threads": 1, "os": "OS", "rustc": "rustc", "target": "target" },
        });
        serde_json::from_value(summary).unwrap()
    }

    fn report(summaries: Vec<TrainingSummary>) -> Content {
        let run = |summary: TrainingSummary| Run::of("run".as_ref(), summary.into()).unwrap();
        content(&summaries.into_iter().map(run).collect::<Vec<_>>(), &Appearance::default()).unwrap()
    }

    /// Everything but the pictures.
    fn shown(content: &Content) -> String {
        let mut text = String::new();
        for chapter in &content.chapters {
            writeln!(text, "# {}\n{}", chapter.title, chapter.about).unwrap();
            for section in &chapter.sections {
                writeln!(text, "\n## {} ({})", section.title, section.name).unwrap();
                match &section.body {
                    Body::Table(Table { grid, .. }) => {
                        let rows = std::iter::once(&grid.head).chain(&grid.rows);
                        rows.for_each(|row| writeln!(text, "{}", row.join(" | ")).unwrap());
                    }
                    Body::Charts(charts) => {
                        let charts = charts.groups.iter().flat_map(|(_, charts)| charts);
                        charts.for_each(|chart| writeln!(text, "chart {}", chart.name).unwrap());
                    }
                    Body::Nothing => panic!("{} shows nothing", section.name),
                }
                writeln!(text, "{}", section.notes.join("\n")).unwrap();
            }
            text.push('\n');
        }
        text
    }

    #[test]
    fn a_training_has_its_result_and_its_learning_curve_as_charts_and_as_numbers() {
        insta::assert_snapshot!(shown(&report(vec![summary(0, 0.05)])));
    }

    #[test]
    fn trainings_that_differ_in_their_recipe_stand_side_by_side_and_say_in_what() {
        let content = report(vec![summary(0, 0.05), summary(1, 0.1)]);
        let text = shown(&content);
        let (comparison, _) = text.split_once("\n# small seed 0").unwrap();
        insta::assert_snapshot!(comparison);
    }

    #[test]
    fn the_curves_of_all_trainings_are_drawn_on_the_same_axes() {
        let (one, mut other) = (summary(0, 0.05), summary(1, 0.1));
        other.curve[0].train_loss = 40.0;
        let drawn = |beside: &[&TrainingSummary]| curves(&one, "one", beside)[0].drawing.inline();
        assert_ne!(drawn(&[&one]), drawn(&[&one, &other]));
    }
}
