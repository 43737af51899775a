//! A node of a file with its settings.

use crate::Problem;
use crate::error::short;
use crate::schema::{AttributeProto, NodeProto, TensorProto};

/// A node of a file, and the version of the operators that it is one of.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) node: &'a NodeProto,
    pub(crate) opset: i64,
}

impl<'a> Step<'a> {
    /// What the node is called in messages and in the graph: by its name, else by its first output.
    pub(crate) fn name(&self) -> &'a str {
        let output = self.node.output.first().map_or("", String::as_str);
        if self.node.name.is_empty() { output } else { &self.node.name }
    }

    /// What is wrong with it.
    pub(crate) fn wrong(&self, problem: impl Into<String>) -> Problem {
        Problem::Node { node: short(self.name()), operator: short(&self.node.op_type), problem: problem.into() }
    }

    fn attribute(&self, name: &str) -> Option<&'a AttributeProto> {
        self.node.attribute.iter().find(|attribute| attribute.name == name)
    }

    pub(crate) fn int(&self, name: &str, otherwise: i64) -> i64 {
        self.attribute(name).and_then(|attribute| attribute.i).unwrap_or(otherwise)
    }

    pub(crate) fn float(&self, name: &str, otherwise: f32) -> f32 {
        self.attribute(name).and_then(|attribute| attribute.f).unwrap_or(otherwise)
    }

    pub(crate) fn text(&self, name: &str, otherwise: &str) -> String {
        self.attribute(name)
            .and_then(|attribute| attribute.s.as_ref())
            .map_or_else(|| otherwise.into(), |text| String::from_utf8_lossy(text).into_owned())
    }

    /// A list of whole numbers; nothing if the node does not have it.
    pub(crate) fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name).map(|attribute| attribute.ints.as_slice())
    }

    pub(crate) fn floats(&self, name: &str) -> Option<&'a [f32]> {
        self.attribute(name).map(|attribute| attribute.floats.as_slice())
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&'a TensorProto> {
        self.attribute(name).and_then(|attribute| attribute.t.as_ref())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// Whether it holds a graph of its own.
    pub(crate) fn has_body(&self) -> bool {
        self.node.attribute.iter().any(|attribute| attribute.g.is_some())
    }

    /// A list of counts: kernel, strides.
    pub(crate) fn counts(&self, name: &str) -> Result<Option<Vec<usize>>, Problem> {
        let Some(numbers) = self.ints(name) else { return Ok(None) };
        let counts = numbers.iter().map(|number| usize::try_from(*number)).collect::<Result<Vec<usize>, _>>();
        counts.map(Some).map_err(|_| self.wrong(format!("`{name}` is {numbers:?}; negative numbers are not supported there")))
    }

    /// A number of 64 bits that prints as the file's of 32 does: 1e-6, where 32 bits are 9.999999974752427e-7.
    pub(crate) fn epsilon(&self, otherwise: f32) -> f64 {
        widened(self.float("epsilon", otherwise))
    }
}

/// The shortest decimal that is this number in 32 bits, in 64 bits.
pub(crate) fn widened(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}
