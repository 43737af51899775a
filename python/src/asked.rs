//! What a Python proxy asks of a pass: declared once, beside the proxy, and made an ask of each network.

use assay_core::engine::{Ask, Wanted};
use assay_core::graph::{Graph, KNOWN, NodeId};
use assay_core::plugin::suggestion;

use crate::measurement::objective;

/// One thing that is asked for: what, of which objective, and of which nodes.
pub(crate) type Written = (String, String, Vec<String>);

/// All that a proxy asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    wishes: Vec<Wish>,
    /// Whether the tangent Gram matrix is measured, beside what a pass gives.
    pub(crate) has_gram: bool,
}

#[derive(Debug)]
enum Wish {
    Values(Vec<String>),
    Moments(Vec<String>),
    Patterns,
    Parameters(String),
    NodeGradients(String, Vec<String>),
    Products(String, Vec<String>),
}

/// Makes sure that every word means nodes: the graph's blocks, its output, or an operator's kind.
fn check(of: &[String]) -> Result<(), String> {
    let known: Vec<&str> = ["blocks", "output"].into_iter().chain(KNOWN.iter().map(|known| known.kind)).collect();
    if of.is_empty() {
        return Err(format!("`of` names no nodes; known: {}", known.join(", ")));
    }
    match of.iter().find(|word| !known.contains(&word.as_str())) {
        Some(unknown) => Err(format!("no network has nodes `{unknown}`; {}", suggestion(unknown, &known))),
        None => Ok(()),
    }
}

/// The nodes that are meant: the graph's blocks, its output, and all of an operator's kind.
fn nodes(graph: &Graph, of: &[String]) -> Vec<NodeId> {
    let is_meant = |id: NodeId| {
        of.iter().any(|word| match word.as_str() {
            "blocks" => graph.blocks().contains(&id),
            "output" => id == graph.output(),
            kind => graph.node(id).operator.kind() == kind,
        })
    };
    (0..graph.nodes().len()).map(NodeId).filter(|id| is_meant(*id)).collect()
}

impl Asked {
    /// Reads what Python wrote.
    ///
    /// # Errors
    /// If there is nothing of this name to ask for, or no nodes of a name.
    pub(crate) fn read(written: Vec<Written>) -> Result<Self, String> {
        let mut asked = Self { wishes: Vec::new(), has_gram: false };
        for (what, objective, of) in written {
            if !["", "cross-entropy", "output-sum"].contains(&objective.as_str()) {
                return Err(format!("there is no objective `{objective}`; there are cross-entropy and output-sum"));
            }
            if ["values", "moments", "node gradients", "products"].contains(&what.as_str()) {
                check(&of)?;
            }
            asked.wishes.push(match what.as_str() {
                "values" => Wish::Values(of),
                "moments" => Wish::Moments(of),
                "patterns" => Wish::Patterns,
                "parameter gradients" => Wish::Parameters(objective),
                "node gradients" => Wish::NodeGradients(objective, of),
                "products" => Wish::Products(objective, of),
                "gram" => {
                    asked.has_gram = true;
                    continue;
                }
                other => return Err(format!("there is no `{other}` to ask for")),
            });
        }
        Ok(asked)
    }

    /// What is asked of a pass over this network.
    pub(crate) fn of(&self, graph: &Graph) -> Ask {
        let gradients = |ask: Ask, name: &str, wanted: Wanted| match objective(name, graph) {
            Some(objective) => ask.gradients(objective, wanted),
            None => ask,
        };
        self.wishes.iter().fold(Ask::new(), |ask, wish| match wish {
            Wish::Values(of) => ask.values(&nodes(graph, of)),
            Wish::Moments(of) => ask.moments(&nodes(graph, of)),
            Wish::Patterns => ask.patterns(),
            Wish::Parameters(name) => gradients(ask, name, Wanted::parameters()),
            Wish::NodeGradients(name, of) => gradients(ask, name, Wanted { nodes: nodes(graph, of), ..Wanted::default() }),
            Wish::Products(name, of) => gradients(ask, name, Wanted::products(nodes(graph, of))),
        })
    }
}
