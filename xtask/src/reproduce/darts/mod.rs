//! `cargo xtask reproduce table2` and `table3`: TE-NAS on the DARTS space, for CIFAR-10 and for ImageNet.
#![allow(clippy::print_stdout, reason = "the tables go to standard output")]

mod render;
mod sizes;
mod trained;

use std::path::{Path, PathBuf};

use clap::Args;
use miette::bail;

use super::conditions::{Conditions, word};
use super::datasets::{CIFAR10, Dataset, IMAGENET_1K, Images};
use super::published::darts as published;
use super::search::{Outcome, Search};
use crate::{child, project};
use render::{Column, Found, Page, Table};
use sizes::Net;

/// TE-NAS on the DARTS space and CIFAR-10: searches, cells and their sizes, beside the published rows
///
/// What is finished is kept under results/table2: interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce table2
  cargo xtask reproduce table2 --seeds 0 --data cifar10=cifar10_sample.bin

An architecture that `assay train` trained in a network of the table's size, in a run under results, is shown with its error.

Needs the images of CIFAR-10 (assay data fetch cifar10), or a stand-in: a file of flat records, 1 + 3072 bytes an image (label,
then the planes red, green, blue).")]
pub(crate) struct Table2 {
    /// A file of images to use in place of CIFAR-10
    #[arg(long, value_name = "NAME=FILE", value_parser = cifar10)]
    data: Vec<Images>,
    /// Where the table is written [default: results/reference/table2.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    conditions: Conditions,
}

/// TE-NAS on the DARTS space and ImageNet: searches, cells and their sizes, beside the published rows
///
/// What is finished is kept under results/table3, searches on CIFAR-10 under results/table2, whose table they are in, too:
/// interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce table3 --data imagenet-1k=imagenet/train
  cargo xtask reproduce table3 --data imagenet-1k=imagenet_sample.bin --seeds 0-1

An architecture that `assay train` trained in a network of the table's size, in a run under results, is shown with its error.

ImageNet cannot be fetched: name its folder of training images, whose subfolders are the classes. A stand-in for it is a file of
flat records, 2 + 3072 bytes an image (label with its low byte first, then the planes red, green, blue of 32×32 pixels).")]
pub(crate) struct Table3 {
    /// Images: the folder imagenet-1k=FOLDER, or a file to use in place of imagenet-1k or cifar10
    #[arg(long, value_name = "NAME=PATH", value_parser = either)]
    data: Vec<Images>,
    /// Where the table is written [default: results/reference/table3.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    conditions: Conditions,
}

fn cifar10(text: &str) -> Result<Images, String> {
    Images::parse(text, &[&CIFAR10])
}

fn either(text: &str) -> Result<Images, String> {
    Images::parse(text, &[&CIFAR10, &IMAGENET_1K])
}

impl Table2 {
    pub(crate) fn run(self) -> miette::Result<()> {
        let searches = [(&CIFAR10, "table2")];
        make(&TABLE_2, &searches, &self.data, &self.conditions, self.out)
    }
}

impl Table3 {
    pub(crate) fn run(self) -> miette::Result<()> {
        let searches = [(&CIFAR10, "table2"), (&IMAGENET_1K, "table3")];
        make(&TABLE_3, &searches, &self.data, &self.conditions, self.out)
    }
}

const TABLE_2: Page = Page {
    name: "table2",
    title: "TE-NAS on the DARTS space: CIFAR-10",
    published: published::TABLE_2,
    rows: &published::CIFAR10,
    error: "test error (%)",
    net: sizes::CIFAR10,
    printed: |cell| cell.on_cifar10,
    elsewhere: &[("C=34", Net { channels: 34, ..sizes::CIFAR10 })],
    remarks: &[
        "TE-NAS's cell for CIFAR-10 has more parameters than the 3.8 M that its paper prints. It is the cell that the paper draws and that \
         the authors' evaluation code trains as `TENAS_cifar10`, and that code counts parameters as we do, without the auxiliary head. A \
         number of channels, which has to be even, does not explain it: with 20 cells, C=34 has too few and C=36 too many. The paper's \
         cell for ImageNet has 3.8 M in this network, so the printed figure may be that cell's; nothing published says so.",
    ],
};

const TABLE_3: Page = Page {
    name: "table3",
    title: "TE-NAS on the DARTS space: ImageNet, mobile setting",
    published: published::TABLE_3,
    rows: &published::IMAGENET,
    error: "test error, top-1 / top-5 (%)",
    net: sizes::IMAGENET,
    printed: |cell| cell.on_imagenet,
    elsewhere: &[("C=50", Net { channels: 50, ..sizes::IMAGENET })],
    remarks: &[
        "TE-NAS's cell for CIFAR-10 has fewer parameters here than the 6.3 M that its paper prints, and has those with C=50, where the paper \
         names C=48. Whether that is the reason, nothing published says. At either size it exceeds the mobile setting's 600 M multiply-adds.",
    ],
};

/// Searches on each dataset, counts what was found, and writes the page. The searches are kept in the folder named beside
/// their dataset.
fn make(
    page: &Page,
    searches: &[(&'static Dataset, &str)],
    images: &[Images],
    conditions: &Conditions,
    out: Option<PathBuf>,
) -> miette::Result<()> {
    if let Some(twice) = Images::twice(images) {
        bail!("--data names {twice} twice");
    }
    let assay = project::build_assay()?;
    child::outlive_interrupts()?;
    let mut columns = Vec::new();
    for (dataset, folder) in searches {
        columns.push(search(&assay, dataset, folder, Images::of(images, dataset), conditions, &page.net)?);
    }
    let trained = trained::find(&project::root().join("results"))?;
    let genotypes: Vec<String> = published::CELLS.iter().map(|cell| cell.genotype.to_owned()).collect();
    let cells = page.net.sizes(&assay, &genotypes)?;
    let elsewhere = page.elsewhere.iter().map(|(_, net)| net.sizes(&assay, &genotypes)).collect::<miette::Result<_>>()?;
    let table = Table { command: conditions.command_line(page.name, images, &[]), columns, cells, elsewhere, trained };
    let text = render::render(page, &table);
    print!("{text}");
    project::write_result(out, &format!("{}.md", page.name), &text)
}

fn search(
    assay: &Path,
    dataset: &'static Dataset,
    folder: &str,
    images: Option<&Images>,
    conditions: &Conditions,
    net: &Net,
) -> miette::Result<Column> {
    let not_run = || Column { dataset, stand_in: None, found: Vec::new(), absent: Some(dataset.absent()) };
    // Nobody may fetch ImageNet, so there is no place where it would be looked for.
    if images.is_none() && dataset.name == IMAGENET_1K.name {
        return Ok(not_run());
    }
    let seeds = &conditions.seeds.0;
    let mut summaries = Vec::new();
    for (turn, seed) in seeds.iter().enumerate() {
        let mut settings = conditions.settings(*seed);
        settings.extend(images.map(Images::settings).unwrap_or_default());
        let name = format!("{}{}-seed{seed}", dataset.name, images.map(Images::suffix).unwrap_or_default());
        let search = Search {
            experiment: project::root().join("configs").join(format!("tenas-darts-{}.toml", dataset.name)),
            run: project::root().join("results").join(folder).join(format!("code-{}", word(conditions.pairing))).join(name),
            seed: *seed,
            settings,
            threads: conditions.threads,
        };
        eprintln!("search {} of {} on {}: seed {seed} ({})", turn + 1, seeds.len(), dataset.title, search.run.display());
        match search.make(assay)? {
            Outcome::Found(summary) => summaries.push(*summary),
            Outcome::NoDataset => return Ok(not_run()),
        }
    }
    let genotypes: Vec<String> = summaries.iter().map(|summary| summary.architecture.text.clone()).collect();
    let sizes = net.sizes(assay, &genotypes)?;
    let found = summaries.into_iter().zip(sizes).map(|(summary, size)| Found { summary, size }).collect();
    Ok(Column { dataset, stand_in: images.and_then(Images::stand_in), found, absent: None })
}
