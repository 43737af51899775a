//! The text form of cells: the operators of the inner vertices, then the edges.

use std::fmt;
use std::str::FromStr;

use assay_core::plugin::{ArchitectureError, suggestion};

use super::FORM;
use super::cell::{Cell, VERTICES, VertexOperator};

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
        let wrong = |problem: String| ArchitectureError(format!("`{text}`: {problem}"));
        let (operators, edges) = text.split_once('|').ok_or_else(|| wrong(format!("there is no `|`; the form is {FORM}")))?;
        let known = VertexOperator::ALL.map(VertexOperator::name);
        let operator = |name: &str| {
            let position = known.iter().position(|known| *known == name.trim());
            let problem = || wrong(format!("there is no operator `{}`; {}", name.trim(), suggestion(name.trim(), &known)));
            position.map(|position| VertexOperator::ALL[position]).ok_or_else(problem)
        };
        let names = (!operators.trim().is_empty()).then(|| operators.split(','));
        let operators = names.into_iter().flatten().map(operator).collect::<Result<Vec<_>, _>>()?;
        let vertices = operators.len() + 2;
        if vertices > VERTICES {
            return Err(wrong(format!("a cell has at most {} operators, not {}", VERTICES - 2, operators.len())));
        }
        let mut bits = 0;
        for edge in edges.split(',') {
            let ends = edge.split_once('>').and_then(|(from, to)| Some((from.trim().parse().ok()?, to.trim().parse().ok()?)));
            let Some((from, to)): Option<(usize, usize)> = ends else {
                return Err(wrong(format!("`{}` is not an edge; the form is {FORM}", edge.trim())));
            };
            if from >= to || to >= vertices {
                let last = vertices - 1;
                return Err(wrong(format!("the edge {from}>{to} does not lead to a larger vertex, of which the last is {last}")));
            }
            let bit = 1 << (from + to * (to - 1) / 2);
            if bits & bit != 0 {
                return Err(wrong(format!("the edge {from}>{to} is there twice")));
            }
            bits |= bit;
        }
        Self::new(vertices, bits, &operators).map_err(wrong)
    }
}
