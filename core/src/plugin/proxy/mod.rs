//! The contract of a zero-cost proxy, and the forms it comes in.

mod looked_up;
mod passes;
mod recorded;
mod structure;
mod whole_network;
mod whole_pass;
mod work;

pub use looked_up::looked_up;
pub use passes::{AskError, Images, Measured, Outcome, Pass, PassProxy, Shared, measure_together};
pub use recorded::RecordedColumn;
pub use structure::{KeptEdge, Skeleton, StructuralProxy, Structure};
pub use whole_network::WholeNetwork;
pub use whole_pass::{Source, WholePass};
pub use work::Work;

use std::sync::Arc;

use super::given::{Given, Unfit};
use super::macro_net::MacroNet;
use super::space::SearchSpace;
use crate::data::{Augmentation, Dataset, Minibatch, MinibatchError};
use crate::engine::{Engine, EngineError};
use crate::graph::{Graph, GraphError, Shape};
use crate::network::{Initialiser, Network, NormStatistics};
use crate::score::{Direction, Reading};
use crate::stream::Stream;
use crate::subspace::Subspace;
use looked_up::takes;

/// Scores an architecture (or a supernet) without training it. The form says what measurements can share.
pub enum Proxy {
    /// Reads the network's structure alone. Whoever measures several of these builds each network once for all of them.
    Structure(Box<dyn StructuralProxy>),
    /// Reads its score off passes. Whoever measures several of these on one subject lets them share their passes, see
    /// [`measure_together`].
    Passes(Box<dyn PassProxy>),
    /// Looks up what a benchmark recorded.
    Recorded(RecordedColumn),
    /// Measures by itself and shares nothing.
    Own(Box<dyn ZeroCostProxy>),
}

impl Proxy {
    /// One that reads the network's structure alone.
    pub fn structure(proxy: impl StructuralProxy + 'static) -> Self {
        Self::Structure(Box::new(proxy))
    }

    /// One that reads its score off passes.
    pub fn passes(proxy: impl PassProxy + 'static) -> Self {
        Self::Passes(Box::new(proxy))
    }

    /// One that measures by itself.
    pub fn own(proxy: impl ZeroCostProxy + 'static) -> Self {
        Self::Own(Box::new(proxy))
    }

    /// Whether a score depends on random weights and images. What does not is the same every time, and differs between
    /// isomorphic architectures.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        match self {
            Self::Structure(_) | Self::Recorded(_) => false,
            Self::Passes(_) | Self::Own(_) => true,
        }
    }

    /// Which end of the scale is better.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::Structure(proxy) => proxy.direction(),
            Self::Passes(proxy) => proxy.direction(),
            Self::Recorded(column) => column.direction(),
            Self::Own(proxy) => proxy.direction(),
        }
    }

    /// What a score is counted in; `None` of a number without a unit.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        match self {
            Self::Structure(proxy) => proxy.unit(),
            Self::Passes(proxy) => proxy.unit(),
            Self::Recorded(column) => column.unit(),
            Self::Own(proxy) => proxy.unit(),
        }
    }

    /// The conditions a score depends on, for protocol lines: network, batch, initialiser, precision.
    #[must_use]
    pub fn protocol(&self) -> String {
        match self {
            Self::Structure(proxy) => proxy.protocol(),
            Self::Passes(proxy) => proxy.protocol(),
            Self::Recorded(column) => column.protocol(),
            Self::Own(proxy) => proxy.protocol(),
        }
    }

    /// Checks what can be known before anything is measured.
    ///
    /// # Errors
    /// If it can measure nothing of this space by these images.
    pub fn check(&self, space: &dyn SearchSpace, dataset: &dyn Dataset) -> Result<(), ProxyError> {
        match self {
            Self::Own(proxy) => proxy.check(space, dataset),
            Self::Structure(_) | Self::Passes(_) | Self::Recorded(_) => Ok(()),
        }
    }

    /// Measures once, with the random draws that the subject carries.
    ///
    /// # Errors
    /// As [`ZeroCostProxy::measure`].
    pub fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        match self {
            Self::Structure(proxy) => {
                let net = proxy.net(subject.dataset);
                let skeleton = Skeleton::new(subject.space, &net)?;
                Ok(proxy.read(&Structure::new(subject.space, subject.subspace, &net, &skeleton)?))
            }
            Self::Passes(proxy) => passes::measure_alone(proxy.as_ref(), subject),
            Self::Recorded(column) => column.read(subject.space, subject.subspace),
            Self::Own(proxy) => proxy.measure(subject).or_else(ProxyError::into_reading),
        }
    }
}

/// A proxy that measures by itself, because it needs more than structure and passes.
pub trait ZeroCostProxy: Send + Sync {
    /// Which end of the scale is better.
    fn direction(&self) -> Direction;

    /// What a score is counted in, for axes and tables: `parameters`, `ln`. `None` of a number without a unit. Every proxy says
    /// which it is.
    fn unit(&self) -> Option<&'static str>;

    /// The conditions a score depends on, for protocol lines: network, batch, initialiser, precision.
    fn protocol(&self) -> String;

    /// Checks what can be known before anything is measured.
    ///
    /// # Errors
    /// If it can measure nothing of this space by these images.
    fn check(&self, space: &dyn SearchSpace, dataset: &dyn Dataset) -> Result<(), ProxyError> {
        let _ = (space, dataset);
        Ok(())
    }

    /// Roughly what a measurement takes; none where that is not known.
    fn work(&self) -> Option<Work> {
        None
    }

    /// Measures once, with the random draws that the subject carries.
    ///
    /// # Errors
    /// On a fault of the run (an unreadable image, a batch that does not fit). A quantity that does not exist for
    /// this network is [`Reading::Undefined`], or [`ProxyError::Undefined`], which becomes one.
    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError>;
}

/// What a proxy measures, and with what.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The space that the subspace belongs to.
    pub space: &'a dyn SearchSpace,
    /// The architecture, or a supernet of several.
    pub subspace: &'a Subspace,
    /// Where images come from.
    pub dataset: &'a dyn Dataset,
    /// What measures networks.
    pub engine: &'a dyn Engine,
    /// Where random draws come from.
    pub draws: &'a Draws,
}

/// The bytes of this many images.
fn bytes_of(images: usize, shape: Shape) -> usize {
    images.saturating_mul(shape.elements()).saturating_mul(size_of::<f32>())
}

impl Subject<'_> {
    /// Makes sure that the images of this network can enter what the space has for it. Networks that spaces build take any images;
    /// one that a space was given takes its own.
    ///
    /// # Errors
    /// If they cannot: a fault where they are the dataset's, and else that the score does not exist.
    pub fn enters(&self, graph: &Graph, net: &MacroNet) -> Result<(), ProxyError> {
        takes(graph, self.dataset)?;
        let takes = graph.input_shape();
        if takes == net.input {
            return Ok(());
        }
        if self.dataset.tokens().is_some() {
            if net.input != self.dataset.shape() {
                return Err(ProxyError::Undefined(
                    "it is measured by images that it draws itself, and the network reads whole numbers".into(),
                ));
            }
            let problem = format!(
                "the network reads {} tokens, and the sequences of the dataset have {}: set their length to that",
                takes.elements(),
                net.input.elements()
            );
            return Err(GraphError::Unsupported(problem).into());
        }
        if net.input != self.dataset.shape() {
            let because = format!("it is measured by images of {}, and the network takes {takes} only; set their size to that", net.input);
            return Err(ProxyError::Undefined(because));
        }
        let problem = format!(
            "the network takes images of {takes}, and those of the dataset are {}: name another dataset or its size, or, where a file \
             leaves its size open, set its input to that of the dataset",
            net.input
        );
        Err(GraphError::Unsupported(problem).into())
    }

    /// The network of this graph: with the parameters and running statistics that the space was given, or its parameters drawn from
    /// the subject's stream. `statistics` are none where the measurement does without batch normalisation and images.
    ///
    /// # Errors
    /// If there is not enough memory for it, or it cannot be measured so.
    pub fn network(&self, graph: Graph, initialiser: Initialiser, statistics: Option<NormStatistics>) -> Result<Network, ProxyError> {
        let network = self.made(graph.into(), initialiser, statistics)?;
        self.engine.room(network.bytes())?;
        Ok(network)
    }

    /// The same without a look at the memory.
    fn made(&self, graph: Arc<Graph>, initialiser: Initialiser, statistics: Option<NormStatistics>) -> Result<Network, ProxyError> {
        if statistics.is_some() {
            takes(&graph, self.dataset)?;
        }
        let given = self.space.given(self.subspace)?;
        Ok(Given::network(given, graph, (initialiser, &self.draws.parameters), statistics)?)
    }

    /// Different images of the dataset, drawn from the subject's stream.
    ///
    /// # Errors
    /// If there is not enough memory for them, the dataset is too small or an image cannot be read.
    pub fn sample(&self, count: usize, augmentation: Augmentation) -> Result<Minibatch, ProxyError> {
        self.engine.room(bytes_of(count, self.dataset.shape()))?;
        Ok(Minibatch::sample(self.dataset, count, augmentation, &self.draws.images)?)
    }
}

/// The streams of one measurement. Two measurements with equal streams see the same weights and the same images.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Draws {
    /// The network's parameters.
    pub parameters: Stream,
    /// The minibatch.
    pub images: Stream,
}

/// Why a measurement gives no value: mostly a fault that stops it.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The space cannot build the network.
    #[error("the network cannot be built: {0}")]
    Graph(#[from] GraphError),
    /// The minibatch cannot be drawn.
    #[error("the minibatch cannot be drawn: {0}")]
    Minibatch(#[from] MinibatchError),
    /// The engine cannot measure.
    #[error("the engine cannot measure: {0}")]
    Engine(#[from] EngineError),
    /// Not a fault: the score does not exist for this network, for this reason, a clause.
    #[error("{0}")]
    Undefined(String),
    /// Anything else a proxy runs into.
    #[error("{0}")]
    Other(String),
}

impl From<Unfit> for ProxyError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::NoBatchStatistics(because) => Self::Undefined(because),
            Unfit::Weights(error) => error.into(),
        }
    }
}

impl ProxyError {
    /// The reading of a score that does not exist.
    ///
    /// # Errors
    /// The fault, where it is one.
    pub fn into_reading(self) -> Result<Reading, Self> {
        match self {
            Self::Undefined(because) => Ok(Reading::undefined(because)),
            fault => Err(fault),
        }
    }

    /// The same for another proxy that shares what failed.
    fn copied(&self) -> Self {
        match self {
            Self::Undefined(because) => Self::Undefined(because.clone()),
            // Whoever measures may measure again with more memory.
            Self::Engine(error @ EngineError::Memory { .. }) => Self::Engine(error.clone()),
            fault => Self::Other(fault.to_string()),
        }
    }
}
