//! Writing genotypes as the DARTS literature does, which is as Python does.

use super::CELLS;
use super::genotype::{Cell, Genotype};

/// What cells concatenate: every inner node.
const CONCAT: &str = "range(2, 6)";

pub(super) fn write(genotype: &Genotype) -> String {
    let cell = |(kind, cell): (&&str, &Cell)| {
        let inputs: Vec<String> = cell.iter().flatten().map(|(source, operator)| format!("('{}', {source})", operator.name())).collect();
        format!("{kind}=[{}], {kind}_concat={CONCAT}", inputs.join(", "))
    };
    let cells: Vec<String> = CELLS.iter().zip(&genotype.cells).map(cell).collect();
    format!("Genotype({})", cells.join(", "))
}
