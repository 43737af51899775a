//! Reading and writing genotypes as the DARTS literature does, which is as Python does.

use assay_core::plugin::{ArchitectureError, suggestion};

use super::genotype::{Cell, Genotype, Input};
use super::operator::EdgeOperator;
use super::{CELLS, FORM, INPUTS, NODES};

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

/// Reads `Genotype(normal=[…], normal_concat=range(2, 6), reduce=[…], reduce_concat=range(2, 6))`. The order of a node's two
/// inputs, white space and the kind of quotes do not matter, and `[2, 3, 4, 5]` may stand for the range.
pub(super) fn parse(text: &str) -> Result<Genotype, ArchitectureError> {
    let mut reader = Reader { text, rest: text };
    reader.word("Genotype")?;
    reader.sign("(")?;
    let mut cells: [Option<Cell>; 2] = [None; 2];
    loop {
        let before = reader.clone();
        let field = reader.name();
        let (kind, is_concat) = field.strip_suffix("_concat").map_or((field, false), |kind| (kind, true));
        let Some(position) = CELLS.iter().position(|known| *known == kind) else {
            let known = "normal, normal_concat, reduce and reduce_concat";
            return Err(before.wrong(&format!("`{field}` is not a part of a genotype; its parts are {known}")));
        };
        reader.sign("=")?;
        if is_concat {
            reader.concat()?;
        } else if cells[position].replace(reader.cell()?).is_some() {
            return Err(before.wrong(&format!("`{field}` is there twice")));
        }
        if !reader.try_sign(",") || reader.peeks(")") {
            break;
        }
    }
    reader.sign(")")?;
    if !reader.rest.trim().is_empty() {
        return Err(reader.wrong("the genotype has ended, but the text goes on"));
    }
    match cells {
        [Some(normal), Some(reduce)] => Ok(Genotype { cells: [normal, reduce] }),
        [None, _] => Err(reader.wrong("the cell `normal` is missing")),
        [_, None] => Err(reader.wrong("the cell `reduce` is missing")),
    }
}

/// A place in a text.
#[derive(Clone)]
struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn wrong(&self, problem: &str) -> ArchitectureError {
        let rest = self.rest.trim_start();
        let before = &self.text[..self.text.len() - rest.len()];
        let character = before.chars().count() + 1;
        ArchitectureError(format!("`{}`, character {character}: {problem}", self.text))
    }

    fn peeks(&self, sign: &str) -> bool {
        self.rest.trim_start().starts_with(sign)
    }

    fn try_sign(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sign(&mut self, sign: &str) -> Result<(), ArchitectureError> {
        if self.try_sign(sign) { Ok(()) } else { Err(self.wrong(&format!("`{sign}` is expected; the form is {FORM}"))) }
    }

    /// Letters, digits and underscores; empty where there are none.
    fn name(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.rest = &rest[end..];
        &rest[..end]
    }

    fn word(&mut self, word: &str) -> Result<(), ArchitectureError> {
        let before = self.clone();
        if self.name() == word { Ok(()) } else { Err(before.wrong(&format!("`{word}` is expected; the form is {FORM}"))) }
    }

    fn number(&mut self) -> Result<usize, ArchitectureError> {
        let before = self.clone();
        self.name().parse().map_err(|_| before.wrong("a number is expected"))
    }

    fn concat(&mut self) -> Result<(), ArchitectureError> {
        let before = self.clone();
        let range = self.try_sign("range");
        let (open, close) = if range { ("(", ")") } else { ("[", "]") };
        self.sign(open)?;
        let mut numbers = vec![self.number()?];
        while self.try_sign(",") {
            numbers.push(self.number()?);
        }
        self.sign(close)?;
        let expected = if range { vec![INPUTS, INPUTS + NODES] } else { (INPUTS..INPUTS + NODES).collect() };
        if numbers == expected {
            return Ok(());
        }
        Err(before.wrong(&format!("a cell of this space concatenates all of its inner nodes, {CONCAT}")))
    }

    fn cell(&mut self) -> Result<Cell, ArchitectureError> {
        let before = self.clone();
        self.sign("[")?;
        let mut inputs = Vec::new();
        while !self.try_sign("]") {
            if !inputs.is_empty() {
                self.sign(",")?;
                if self.try_sign("]") {
                    break;
                }
            }
            let node = inputs.len() / 2;
            inputs.push(self.input(node)?);
        }
        let (pairs, rest) = inputs.as_chunks::<2>();
        match Cell::try_from(pairs) {
            Ok(mut cell) if rest.is_empty() => {
                cell.iter_mut().for_each(|inputs| inputs.sort_unstable());
                Ok(cell)
            }
            _ => Err(before.wrong(&format!("a cell has {} inputs, two for each of {NODES} nodes, not {}", 2 * NODES, inputs.len()))),
        }
    }

    /// `('sep_conv_3x3', 0)`.
    fn input(&mut self, node: usize) -> Result<Input, ArchitectureError> {
        self.sign("(")?;
        let quote = if self.peeks("\"") { "\"" } else { "'" };
        self.sign(quote)?;
        let at_name = self.clone();
        let name = self.name();
        let known = EdgeOperator::ALL.map(EdgeOperator::name);
        let Some(position) = known.iter().position(|known| *known == name) else {
            return Err(at_name.wrong(&format!("there is no operator `{name}`; {}", suggestion(name, &known))));
        };
        self.sign(quote)?;
        self.sign(",")?;
        let at_source = self.clone();
        let source = self.number()?;
        if source >= INPUTS + node {
            let last = INPUTS + node - 1;
            return Err(at_source.wrong(&format!("inner node {node} reads nodes 0 to {last}, not {source}")));
        }
        self.sign(")")?;
        Ok((source, EdgeOperator::ALL[position]))
    }
}
