//! The text form of cells: the operators of the inner vertices, then the edges.

use std::fmt;
use std::str::FromStr;

use assay_core::plugin::{ArchitectureError, suggestion};

use super::FORM;
use super::cell::{Cell, VERTICES, VertexOperator, bit};
use crate::notation::{Written, short};

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operators: Vec<&str> = (1..self.vertices() - 1).map(|vertex| self.operator(vertex).name()).collect();
        let edges = (0..self.vertices()).flat_map(|from| (from + 1..self.vertices()).map(move |to| (from, to)));
        let edges: Vec<String> = edges.filter(|(from, to)| self.has(*from, *to)).map(|(from, to)| format!("{from}>{to}")).collect();
        write!(f, "{}|{}", operators.join(","), edges.join(","))
    }
}

impl FromStr for Cell {
    type Err = ArchitectureError;

    /// White space around names and signs does not matter, nor does the order of the edges.
    fn from_str(text: &str) -> Result<Self, ArchitectureError> {
        read(&Written::new(text, FORM)?)
    }
}

/// The operator of this name, which stands at this byte.
pub(super) fn operator(written: &Written<'_>, at: usize, name: &str) -> Result<VertexOperator, ArchitectureError> {
    let known = VertexOperator::ALL.map(VertexOperator::name);
    let position = known.iter().position(|known| *known == name);
    let problem = || written.wrong(at, &format!("there is no operator `{}`; {}", short(name), suggestion(name, &known)));
    position.map(|position| VertexOperator::ALL[position]).ok_or_else(problem)
}

fn read(written: &Written<'_>) -> Result<Cell, ArchitectureError> {
    let text = written.text;
    let (operators, edges) = text.split_once('|').ok_or_else(|| written.wrong(0, "there is no `|`"))?;
    let names = (!operators.trim().is_empty()).then(|| operators.split(','));
    let mut at = 0;
    let operators = names.into_iter().flatten().map(|name| {
        let begin = at;
        at += name.len() + 1;
        operator(written, begin, name.trim())
    });
    let operators = operators.collect::<Result<Vec<_>, _>>()?;
    let vertices = operators.len() + 2;
    if vertices > VERTICES {
        return Err(written.wrong(0, &format!("a cell has at most {} operators, not {}", VERTICES - 2, operators.len())));
    }
    let mut bits = 0;
    for edge in edges.split(',') {
        let ends = edge.split_once('>').and_then(|(from, to)| Some((from.trim().parse().ok()?, to.trim().parse().ok()?)));
        let Some((from, to)): Option<(usize, usize)> = ends else {
            return Err(written.wrong_in(edge, "this is not an edge"));
        };
        if from >= to || to >= vertices {
            let last = vertices - 1;
            let problem = format!("the edge {from}>{to} does not lead to a larger vertex, of which the last is {last}");
            return Err(written.wrong_in(edge, &problem));
        }
        let bit = 1 << bit(from, to);
        if bits & bit != 0 {
            return Err(written.wrong_in(edge, &format!("the edge {from}>{to} is there twice")));
        }
        bits |= bit;
    }
    Cell::new(vertices, bits, &operators).map_err(|problem| written.wrong(0, &problem))
}
