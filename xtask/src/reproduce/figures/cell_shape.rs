//! `cargo xtask reproduce fig8`: the depths and widths of cells that κ and R̂ prefer on the DARTS space.

use clap::Args;
use miette::bail;

use super::super::datasets::{CIFAR10, Images};
use super::super::study::{Report, Study};
use super::{SAMPLES, WEIGHTS, WHO, finish, head, joined, reason};
use crate::{child, project};

const NAME: &str = "fig8";
const PUBLISHED: &str = "among 20,000 random cells of the DARTS space shallow and wide ones are preferred";

/// The kinds of cell, with what they are called.
const CELLS: [(&str, &str); 2] = [("normal", "normal cell"), ("reduce", "reduction cell")];

/// So many architectures where all 20,000 are not needed to see a preference.
const SAMPLE: &str = "study.sample=5000";

/// The name of a run, what it is, and what it sets.
const SETTINGS: [(&str, &str, &[&[&str]]); 3] = [
    ("code", "the released code: networks of two cells, κ of 14 images, 3,000 crops, PyTorch's default weights", &[]),
    ("paper", "the paper: κ of 32 images, 5,000 crops, Kaiming normal weights; 5,000 architectures", &[&SAMPLES, &WEIGHTS, &[SAMPLE]]),
    (
        "deep",
        "the released code, but in networks of eight cells; 5,000 architectures",
        &[&["proxies.ntk-condition.cells=8", "proxies.linear-regions.cells=8", SAMPLE]],
    ),
];

/// Figure 8: the depths and widths of 20,000 random DARTS cells that κ, R̂ and their rank sum prefer
///
/// What is measured is kept under results/figures: interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce fig8
  cargo xtask reproduce fig8 --data cifar10=cifar10_sample.bin

Needs the images of CIFAR-10 (assay data fetch cifar10), or a stand-in: a file of flat records, 1 + 3072 bytes an image (label,
then the planes red, green, blue).")]
pub(crate) struct Fig8 {
    /// A file of images to use in place of CIFAR-10
    #[arg(long, value_name = "NAME=FILE", value_parser = cifar10)]
    data: Vec<Images>,
}

fn cifar10(text: &str) -> Result<Images, String> {
    Images::parse(text, &[&CIFAR10])
}

impl Fig8 {
    pub(crate) fn run(self) -> miette::Result<()> {
        if let Some(twice) = Images::twice(&self.data) {
            bail!("--data names {twice} twice");
        }
        let images = Images::of(&self.data, &CIFAR10);
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        let words = ["cargo xtask reproduce", NAME].map(str::to_owned).into_iter();
        let command: Vec<String> = words.chain(images.into_iter().flat_map(Images::arguments)).collect();
        let mut page = head("Depths and widths of cells that κ and R̂ prefer", PUBLISHED, &command.join(" "), images);
        let mut protocols = String::new();
        for (name, about, sets) in SETTINGS {
            let folder = format!("figures/cell-shape-{name}").into();
            let made = Study { experiment: "cell-shape-darts", folder, settings: joined(sets) }.with_images(images).make(&assay)?;
            let report = Report::of(&assay, &made.run, &format!("published ({WHO}): {PUBLISHED}; ours by {about}"))?;
            page += &format!("## By {about}\n\n");
            for (kind, title) in CELLS {
                page +=
                    &report.picture(&format!("shape-{kind}-te-nas"), &format!("{NAME}-{name}-{kind}.png"), &format!("{title}, {name}"))?;
                page += &format!("The {title}:\n\n{}", report.table(&format!("shape-{kind}-by-proxy"))?);
                page += &report.table(&format!("shape-{kind}-standings"))?;
            }
            protocols += &format!("- {name}: {}\n", made.summary.protocol);
        }
        page += &format!("{}## Protocol\n\n{protocols}", reason(NAME)?);
        finish(NAME, &page)
    }
}
