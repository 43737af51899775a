//! HW-NAS-Bench: measured latency and energy of NAS-Bench-201's cells on six devices (Li et al., ICLR 2021).
//!
//! Published as [one pickle](pickled), and passed on as one CSV file a dataset: `index`, `net` (NASLib's six numbers), and a column
//! a device and measure. Where a device does not support the network, the value is −1.

pub(super) mod pickled;

use std::path::Path;

use crate::parts::table::{Cell, Column, Content, RawTable};
use assay_core::plugin::import::ImportError;
use assay_spaces::nas_bench_201::naslib_cell;

/// Columns of the files, with a name for people and a unit.
const MEASURES: [(&str, &str, &str); 9] = [
    ("edgegpu_latency", "latency on an edge GPU (Jetson TX2)", "ms"),
    ("edgegpu_energy", "energy on an edge GPU (Jetson TX2)", "mJ"),
    ("raspi4_latency", "latency on a Raspberry Pi 4", "ms"),
    ("edgetpu_latency", "latency on an edge TPU", "ms"),
    ("pixel3_latency", "latency on a Pixel 3", "ms"),
    ("eyeriss_latency", "latency on Eyeriss", "ms"),
    ("eyeriss_energy", "energy on Eyeriss", "mJ"),
    ("fpga_latency", "latency on an FPGA", "ms"),
    ("fpga_energy", "energy on an FPGA", "mJ"),
];

/// What the figures are of.
const SOURCE: &str = "HW-NAS-Bench (Li et al., ICLR 2021)";

/// As files are named, as columns are named, as people say. A name that contains another comes first.
const DATASETS: [(&str, &str, &str); 3] =
    [("imagenet16-120", "imagenet16_120", "ImageNet16-120"), ("cifar100", "cifar100", "CIFAR-100"), ("cifar10", "cifar10", "CIFAR-10")];

/// The columns of all files.
pub(super) fn columns() -> impl Iterator<Item = Column> {
    let of_dataset = |(_, name, dataset): (&str, &'static str, &'static str)| {
        MEASURES.map(|(measure, title, unit)| {
            Column::new(column(measure, name), Content::Cost { title: format!("{title}, {dataset}"), unit, source: Some(SOURCE) })
        })
    };
    DATASETS.into_iter().rev().flat_map(of_dataset)
}

/// The column of a measure on a dataset.
fn column(measure: &str, dataset: &str) -> String {
    format!("hw_{measure}_{dataset}")
}

/// What a cell of a file gives. −1 is HW-NAS-Bench's way to say that there is no value.
fn given(cell: Cell) -> Cell {
    if cell.number() == Some(-1.0) { Cell::Missing } else { cell }
}

/// Whether the files have a column of this name.
pub(super) fn knows(name: &str) -> bool {
    name == "net" || MEASURES.iter().any(|(measure, ..)| *measure == name)
}

/// Whether this is one of the files.
pub(super) fn is_it(table: &RawTable) -> bool {
    table.column("net").is_some() && MEASURES.iter().any(|(measure, ..)| table.column(measure).is_some())
}

/// The file as a table of the benchmark.
pub(super) fn translate(mut table: RawTable) -> Result<RawTable, ImportError> {
    let Some(dataset) = dataset_of(&table.file) else {
        let problem = "the file's name does not say which dataset its latencies and energies are of; name it \
                       hwnasbench_cifar10.csv, hwnasbench_cifar100.csv or hwnasbench_ImageNet16-120.csv";
        return Err(ImportError::Unreadable { file: table.file, problem: problem.into() });
    };
    for (name, values) in table.columns.iter_mut().zip(&mut table.cells) {
        if name == "net" {
            *name = "arch".into();
            values.iter_mut().for_each(translate_net);
        } else if MEASURES.iter().any(|(known, ..)| known == name) {
            *name = column(name, dataset);
            values.iter_mut().for_each(|value| *value = given(std::mem::replace(value, Cell::Missing)));
        }
    }
    Ok(table)
}

fn dataset_of(file: &Path) -> Option<&'static str> {
    let name = file.file_name()?.to_string_lossy().to_lowercase();
    DATASETS.iter().find(|(part, ..)| name.contains(part)).map(|(_, dataset, _)| *dataset)
}

/// Writes NASLib's six numbers as a cell string. Any other text stays as it is: the check of the table refuses it.
fn translate_net(cell: &mut Cell) {
    let Cell::Text(text) = cell else { return };
    let inside = text.trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
    let numbers: Option<Vec<i64>> = inside.split(',').map(|number| number.trim().parse().ok()).collect();
    if let Some(arch) = numbers.and_then(|numbers| naslib_cell(numbers.try_into().ok()?)) {
        *text = arch;
    }
}
