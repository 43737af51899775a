//! What a laboratory lends to a strategy that trains a network itself: images, a learner, and a place for its state.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::search_error::SearchError;
use super::supernet::Conditions;
use crate::data::Dataset;
use crate::engine::learner::{Learner, LearnerState, Rules};
use crate::graph::Graph;
use crate::network::Network;
use crate::subspace::{CellLayout, Layout};

/// How far a strategy is that trains a network: what the next step depends on, beside the network's weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bookmark {
    /// What the state belongs to. A state of anything else is not continued.
    pub of: Value,
    /// What others need who run the network; states of earlier versions lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supernet: Option<SupernetDescription>,
    /// The strategy's own state.
    pub state: Value,
}

/// What there is to know of a network whose architectures share weights, beside the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SupernetDescription {
    /// The operators and the edges of its space, as [`Self::space_of`] writes them.
    pub space: String,
    /// How it is run.
    pub conditions: Conditions,
    /// How it was trained, in one line for protocols.
    pub protocol: String,
    /// The images of the experiment, in one line; positions are among these.
    pub images: String,
    /// The images that weights learned from.
    pub base: Vec<usize>,
    /// The images that they did not learn from.
    pub other: Vec<usize>,
}

impl SupernetDescription {
    /// What tells spaces apart whose subspaces are not the same.
    #[must_use]
    pub fn space_of(layout: &Layout) -> String {
        let cell = |cell: &CellLayout| format!("{} {}", cell.kind, cell.edges.join(" "));
        let cells: Vec<String> = layout.cells.iter().map(cell).collect();
        format!("{}; {}", cells.join("; "), layout.operators.join(" "))
    }
}

/// What is lent to a strategy that trains a network.
///
/// Such a strategy is a deterministic function of the images and of its draws, step by step. It keeps its state now and then, and
/// begins from the one that an earlier session kept, so that an interrupted search ends as one that was not.
pub trait Workshop {
    /// The images of the experiment.
    fn images(&self) -> &dyn Dataset;

    /// What learns this network on the experiment's engine.
    ///
    /// # Errors
    /// If the engine cannot learn it.
    fn learner(&self, network: Network, rules: &Rules) -> Result<Box<dyn Learner>, SearchError>;

    /// The state that an earlier session kept of a learner of this network, if there is one.
    ///
    /// # Errors
    /// If it cannot be read, or is one of something else.
    fn kept(&self, of: &Value, graph: &Graph, rules: &Rules) -> Result<Option<(Bookmark, LearnerState)>, SearchError>;

    /// Keeps a state, in place of the one before. When this returns, the state survives whatever happens.
    ///
    /// # Errors
    /// If it cannot be kept.
    fn keep(&self, bookmark: &Bookmark, graph: &Graph, state: &LearnerState) -> Result<(), SearchError>;

    /// Says how many steps there are in all, and how many of them an earlier session made.
    fn expect(&self, steps: usize, done: usize);

    /// Says that so many steps more were made.
    fn advance(&self, steps: usize);

    /// Says a line that is worth keeping, such as the end of an epoch.
    fn say(&self, line: &str);

    /// Whether to stop: the strategy keeps its state and ends with [`SearchError::Interrupted`].
    fn is_interrupted(&self) -> bool;
}
