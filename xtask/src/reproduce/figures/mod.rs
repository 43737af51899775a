//! `cargo xtask reproduce fig1`, `fig3`, `fig4`, `fig5` and `fig9`: κ and R̂ on CIFAR-100, under the settings of TE-NAS's code and of
//! its paper, and the path of a search; `fig8`: what both prefer on the DARTS space.
#![allow(clippy::print_stdout, reason = "the figure's page goes to standard output")]

mod cell_shape;

use std::path::Path;

use assay_results::correlation::Interval;
use clap::Args;
use miette::{IntoDiagnostic, WrapErr, miette};
use serde::Deserialize;

use super::datasets::{CIFAR100, Dataset, Images};
use super::published::TE_NAS_PAPER;
use super::searches::Conditions;
use super::study::{Made, Report, Study};
use crate::project;
pub(super) use cell_shape::Fig8;

const EXPERIMENT: &str = "correlation-tenas-nas-bench-201-cifar100";
/// What was found out about how the figures differ from the printed ones.
const REASONS: &str = "results/reference/figures.reasons.toml";
const TARGET: &str = "test_cifar100";
const WHO: &str = "Chen, Gong and Wang, ICLR 2021";

/// The settings in which the paper and its code differ: how much is measured, and how weights are drawn.
const SAMPLES: [&str; 2] = ["proxies.ntk-condition.batch=32", "proxies.linear-regions.crops=5000"];
const WEIGHTS: [&str; 2] =
    ["proxies.ntk-condition.initialiser=\"kaiming-normal-fan-out\"", "proxies.linear-regions.initialiser=\"kaiming-normal-fan-in\""];

/// κ in evaluation mode, as the released function has it where it is not told otherwise: normalised by the running statistics of a
/// network that saw no image.
const EVALUATION: [&str; 1] = ["proxies.ntk-condition.batch_norm=\"running\""];

/// A larger network for κ, of fewer architectures.
const DEEP: [&str; 2] = ["proxies.ntk-condition.cells=5", "study.sample=500"];

/// A point between the code's settings and the paper's, or beyond: the name of its run, what it is, what it sets.
const SETTINGS: [(&str, &str, &[&[&str]]); 8] = [
    ("code", "the released code: κ of 72 images, 3,000 crops, PyTorch's default weights", &[]),
    ("samples", "the code with the paper's samples: κ of 32 images, 5,000 crops", &[&SAMPLES]),
    ("weights", "the code with the paper's weights: Kaiming normal", &[&WEIGHTS]),
    ("paper", "the paper: both", &[&SAMPLES, &WEIGHTS]),
    ("draws", "the paper, mean scores of four draws of weights and images", &[&SAMPLES, &WEIGHTS, &["study.repeats=4"]]),
    ("evaluation", "the released code, κ in evaluation mode", &[&EVALUATION]),
    ("evaluation-paper", "the paper, κ in evaluation mode", &[&SAMPLES, &WEIGHTS, &EVALUATION]),
    ("deep", "the paper, κ of five cells a stage, 500 cells", &[&SAMPLES, &WEIGHTS, &DEEP]),
];

#[derive(Debug, Args)]
struct Options {
    #[command(flatten)]
    conditions: Conditions,
}

macro_rules! figure {
    ($name:ident, $figure:expr, $about:literal) => {
        #[doc = $about]
        ///
        /// What is measured is kept under results/figures and results/te-nas: interrupted, the same command goes on where it
        /// was. Needs the images of CIFAR-100 and the imported table of accuracies.
        #[derive(Debug, Args)]
        pub(crate) struct $name {
            #[command(flatten)]
            options: Options,
        }

        impl $name {
            pub(crate) fn run(self) -> miette::Result<()> {
                $figure.reproduce(&self.options.conditions)
            }
        }
    };
}

const FIG_1: Figure = Figure {
    name: "fig1",
    title: "κ against accuracy",
    shows: Shows::Cloud("ntk-condition"),
    published: "τ = −0.42 (κ against CIFAR-100 accuracy; ours are signed so that a good score is positive, so that it stands for +0.42)",
};
const FIG_3: Figure = Figure {
    name: "fig3",
    title: "R̂ against accuracy",
    shows: Shows::Cloud("linear-regions"),
    published: "τ = +0.50 (R̂ against CIFAR-100 accuracy)",
};
const FIG_4: Figure = Figure {
    name: "fig4",
    title: "Operators of the best tenth by κ and by R̂",
    shows: Shows::Operators,
    published: "shares in the top 10 % by κ: skip .279, conv1x1 .192, conv3x3 .306, pool .103; by R̂: skip .133, conv1x1 .306, conv3x3 .311, pool .139",
};
const FIG_5: Figure = Figure {
    name: "fig5",
    title: "The path of the search in the plane of κ and R̂",
    shows: Shows::Path,
    published: "κ falls first, R̂ is kept",
};
const FIG_9: Figure = Figure {
    name: "fig9",
    title: "Sum of the ranks by κ and R̂ against accuracy",
    shows: Shows::Cloud("te-nas"),
    published: "τ = −0.64 (rank(κ) + rank(R̂) against CIFAR-100 accuracy, less is better; ours stands for its negative, +0.64)",
};

figure!(Fig1, FIG_1, "Figure 1: κ against the CIFAR-100 accuracies of 1,000 cells");
figure!(Fig3, FIG_3, "Figure 3: R̂ against the CIFAR-100 accuracies of 1,000 cells");
figure!(Fig4, FIG_4, "Figure 4: which operators the best tenth by κ and by R̂ have");
figure!(Fig5, FIG_5, "Figure 5: the path of a search in the plane of κ and R̂");
figure!(Fig9, FIG_9, "Figure 9: the sum of both ranks against the CIFAR-100 accuracies of 1,000 cells");

/// A figure of the paper.
struct Figure {
    name: &'static str,
    title: &'static str,
    shows: Shows,
    /// What the paper prints.
    published: &'static str,
}

enum Shows {
    /// A proxy's scores against accuracies, by the code's and the paper's settings.
    Cloud(&'static str),
    /// Shares of operators, by the same.
    Operators,
    /// The path of a TE-NAS search.
    Path,
}

#[derive(Debug, Default, Deserialize)]
struct Reasons {
    #[serde(default)]
    reasons: std::collections::BTreeMap<String, String>,
}

impl Figure {
    fn reproduce(&self, conditions: &Conditions) -> miette::Result<()> {
        let assay = conditions.prepare()?;
        let dataset = &CIFAR100;
        let mut page = head(self.title, self.published, &conditions.command_line(self.name), conditions.images(dataset));
        match self.shows {
            Shows::Path => self.path(&assay, conditions, dataset, &mut page)?,
            Shows::Cloud(_) | Shows::Operators => self.studies(&assay, conditions, dataset, &mut page)?,
        }
        finish(self.name, &page)
    }

    fn studies(&self, assay: &Path, conditions: &Conditions, dataset: &'static Dataset, page: &mut String) -> miette::Result<()> {
        let mut studies = Vec::new();
        for (name, about, sets) in SETTINGS {
            let study = Study { experiment: EXPERIMENT, folder: format!("figures/{name}").into(), settings: joined(sets) };
            studies.push((name, about, study.with_images(conditions.images(dataset)).make(assay)?));
        }
        if let Shows::Cloud(proxy) = self.shows {
            *page += "| settings | τ-b | 95 % interval | architectures |\n|---|---:|---|---:|\n";
            for (_, about, Made { summary, .. }) in &studies {
                let row = summary.correlations.iter().find(|row| row.proxy == proxy && row.target == TARGET);
                let row = row.ok_or_else(|| miette!("the study has no {proxy} against {TARGET}"))?;
                let tau = row.tau_b.map_or("undefined".into(), |tau| format!("{tau:.3}"));
                let interval =
                    row.tau_b_interval.as_ref().map_or("–".into(), |Interval { low, high, .. }| format!("{low:.3} to {high:.3}"));
                *page += &format!("| {about} | {tau} | {interval} | {} |\n", row.architectures);
            }
            *page += "\n";
        }
        let (part, table) = match self.shows {
            Shows::Cloud(proxy) => (format!("scatter-{proxy}-test-cifar100"), None),
            Shows::Operators | Shows::Path => ("operators".to_owned(), Some("operator-shares")),
        };
        // Operators differ in evaluation mode, as the printed ones do.
        let shown: &[&str] = if table.is_some() { &["code", "paper", "evaluation", "evaluation-paper"] } else { &["code", "paper"] };
        for (name, about, Made { run, .. }) in studies.iter().filter(|(name, ..)| shown.contains(name)) {
            let caption = format!("published ({WHO}): {}; ours by {about}", self.published);
            let report = Report::of(assay, run, &caption)?;
            *page += &self.picture(&report, &part, name, about)?;
            if let Some(table) = table {
                *page += &report.table(table)?;
            }
        }
        *page += &reason(self.name)?;
        *page += "## Protocol\n\n";
        for (name, _, Made { summary, .. }) in &studies {
            *page += &format!("- {name}: {}\n", summary.protocol);
        }
        Ok(())
    }

    fn path(&self, assay: &Path, conditions: &Conditions, dataset: &'static Dataset, page: &mut String) -> miette::Result<()> {
        let way = conditions.te_nas(dataset, "", Vec::new());
        conditions.search(assay, dataset, &way)?;
        for seed in conditions.seeds() {
            let run = conditions.run_folder(dataset, &way, *seed);
            let caption = format!("published ({WHO}): {}; ours: TE-NAS on CIFAR-100, seed {seed}", self.published);
            let report = Report::of(assay, &run, &caption)?;
            *page += &self.picture(&report, "plane", &format!("seed{seed}"), &format!("seed {seed}"))?;
            *page += &report.table("steps")?;
        }
        Ok(())
    }

    /// A chart of a report beside the page.
    fn picture(&self, report: &Report, chart: &str, name: &str, about: &str) -> miette::Result<String> {
        report.picture(chart, &format!("{}-{name}.png", self.name), &format!("{}, {about}", self.title))
    }
}

/// Groups of settings as one list.
fn joined(sets: &[&[&str]]) -> Vec<String> {
    sets.iter().copied().flatten().map(|set| (*set).to_owned()).collect()
}

/// How the page of a figure begins.
fn head(title: &str, published: &str, command: &str, images: Option<&Images>) -> String {
    let mut page = format!("# {title}\n\nPublished: {published} in {TE_NAS_PAPER}.\nOurs: made by\n\n```\n{command}\n```\n\n");
    if let Some((images, file)) = images.and_then(|images| Some((images, images.stand_in()?))) {
        page += &format!("STAND-IN IMAGES from {file}, not {}.\n\n", images.dataset.title);
    }
    page
}

/// What was found out about how a figure differs from the printed one, as a paragraph; nothing where there is nothing to say.
fn reason(figure: &str) -> miette::Result<String> {
    let file = project::root().join(REASONS);
    let text = std::fs::read_to_string(&file).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", file.display()))?;
    let reasons: Reasons = toml_edit::de::from_str(&text).into_diagnostic().wrap_err_with(|| format!("{}", file.display()))?;
    Ok(reasons.reasons.get(figure).map_or(String::new(), |reason| format!("{reason}\n\n")))
}

/// Prints and writes the page of a figure.
fn finish(figure: &str, page: &str) -> miette::Result<()> {
    print!("{page}");
    project::write_result(None, &format!("{figure}.md"), page)
}
