//! The columns of a table, each with where the official file has it.

use std::sync::LazyLock;

use crate::parts::table::{Column, Content};

/// Where in the results of an architecture for one task a column's number is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) column: String,
    /// The benchmark's word.
    pub(super) task: &'static str,
    pub(super) number: Number,
}

/// Which number.
#[derive(Clone, Debug)]
pub(super) enum Number {
    /// Of the epochs of a training.
    Metric {
        /// The names that the metric may have.
        names: Vec<String>,
        epoch: Epoch,
        /// What it is multiplied by.
        scale: f64,
    },
    /// Of the network.
    Info(&'static str),
}

/// Of which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    /// That with the largest.
    Largest,
    /// That with the smallest.
    Smallest,
    Last,
}

/// Epochs of which an accuracy is recorded: what a column's name begins with, and how protocols say it.
const OF_EPOCHS: [(&str, &str, bool); 2] =
    [("", "TransNAS-Bench-101, best epoch", false), ("final_", "TransNAS-Bench-101, last epoch", true)];

/// What is recorded of each epoch.
struct Metric {
    name: &'static str,
    title: &'static str,
    /// What an accuracy is multiplied by to be per cent; none of a loss.
    percent: Option<f64>,
}

const fn accuracy(name: &'static str, title: &'static str) -> Metric {
    Metric { name, title, percent: Some(1.0) }
}

const fn loss(name: &'static str, title: &'static str) -> Metric {
    Metric { name, title, percent: None }
}

const CLASSES: &[Metric] = &[accuracy("top1", "top-1"), accuracy("top5", "top-5"), loss("loss", "loss")];
const PIXELS: &[Metric] = &[accuracy("mIoU", "mean IoU"), accuracy("acc", "accuracy of pixels"), loss("loss", "loss")];
const PICTURES: &[Metric] = &[Metric { name: "ssim", title: "SSIM", percent: Some(100.0) }, loss("l1_loss", "L1 loss")];
const NUMBERS: &[Metric] = &[loss("loss", "loss")];

/// The seven tasks.
const TASKS: [(&str, &str, &[Metric]); 7] = [
    ("class_scene", "scenes", CLASSES),
    ("class_object", "objects", CLASSES),
    ("room_layout", "room layout", NUMBERS),
    ("jigsaw", "jigsaw", CLASSES),
    ("segmentsemantic", "segmentation", PIXELS),
    ("normal", "surface normals", PICTURES),
    ("autoencoder", "autoencoder", PICTURES),
];

/// The parts of the images, and how the names of metrics begin for each.
const PARTS: [(&str, &str, &[&str]); 3] =
    [("test", "", &["test"]), ("valid", " validation", &["valid", "val"]), ("train", " training", &["train"])];

/// What is recorded of a network, with what it is measured in.
const INFOS: [(&str, &str, &str); 5] = [
    ("inference_time", "time of an image of 720×1080", "s"),
    ("encoder_params", "parameters without the head", ""),
    ("model_params", "parameters", ""),
    ("encoder_FLOPs", "multiply-adds without the head", ""),
    ("model_FLOPs", "multiply-adds", ""),
];

/// Every column, first the architecture.
pub(crate) fn columns() -> &'static [Column] {
    &ALL.0
}

/// Where the numbers of all columns but the first are, in their order.
pub(super) fn places() -> &'static [Place] {
    &ALL.1
}

static ALL: LazyLock<(Vec<Column>, Vec<Place>)> = LazyLock::new(|| {
    let mut columns = vec![Column::new("arch", Content::Architecture)];
    let mut places = Vec::new();
    let mut add = |name: String, content: Content, task: &'static str, number: Number| {
        places.push(Place { column: name.clone(), task, number });
        columns.push(Column::new(name, content));
    };
    for (prefix, training, is_last) in OF_EPOCHS {
        for (task, title, metrics) in TASKS {
            for (part, of_part, begins) in PARTS {
                for Metric { name, title: metric, percent } in metrics {
                    let title = format!("{title}{of_part}, {metric}");
                    let (content, best) = match percent {
                        Some(_) => (Content::Accuracy { training, title }, Epoch::Largest),
                        None => (Content::Cost { title, unit: "", source: None }, Epoch::Smallest),
                    };
                    let epoch = if is_last { Epoch::Last } else { best };
                    let names = begins.iter().map(|begins| format!("{begins}_{name}")).collect();
                    let number = Number::Metric { names, epoch, scale: percent.unwrap_or(1.0) };
                    add(format!("{prefix}{task}_{part}_{name}"), content, task, number);
                }
            }
        }
    }
    for (task, title, _) in TASKS {
        for (info, what, unit) in INFOS {
            let content = Content::Cost { title: format!("{title}, {what}"), unit, source: None };
            add(format!("{task}_{info}"), content, task, Number::Info(info));
        }
    }
    (columns, places)
});
