//! Proxies that read their score off passes over networks, and the sharing of those passes.
//!
//! Most proxies want little more than one forward and one backward pass. A [`PassProxy`] declares its passes and what it
//! asks of each; [`measure_together`] builds every network once, draws every minibatch once, merges the asks of
//! all proxies that want the same pass, and lets each proxy read its own.

use std::sync::Arc;
use std::time::Instant;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::{Draws, ProxyError, Subject, bytes_of};
use crate::data::{Augmentation, Dataset, Minibatch};
use crate::engine::{Answer, Ask, Engine, Precision};
use crate::graph::Graph;
use crate::network::{Initialiser, Network, NormStatistics};
use crate::plugin::MacroNet;
use crate::score::{Direction, Reading};
use crate::stream::Stream;

/// One pass over a network: which network, which images, and how precisely. Proxies of one measurement whose passes are
/// equal share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pass {
    /// How cells are stacked.
    pub net: MacroNet,
    /// How parameters are drawn.
    pub initialiser: Initialiser,
    /// What batch normalisation is by.
    pub batch_norm: NormStatistics,
    /// What enters the network.
    pub images: Images,
    /// The floating-point type it is computed in.
    pub precision: Precision,
}

/// Where the images of a pass come from. `draw` numbers the minibatches of one measurement; proxies that need
/// only one share number 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Images {
    /// Different images of the dataset.
    Sampled {
        /// How many.
        batch: usize,
        /// How they are varied.
        augmentation: Augmentation,
        /// Which draw.
        draw: usize,
    },
    /// Pixels from the standard normal distribution; labels are drawn uniformly.
    Normal {
        /// How many images.
        batch: usize,
        /// Which draw.
        draw: usize,
    },
}

impl Images {
    /// How many.
    pub(super) fn count(self) -> usize {
        match self {
            Self::Sampled { batch, .. } | Self::Normal { batch, .. } => batch,
        }
    }

    fn draw(self, net: &MacroNet, dataset: &dyn Dataset, stream: &Stream) -> Result<Minibatch, ProxyError> {
        let stream_of = |draw: usize| if draw == 0 { stream.clone() } else { stream.child(draw) };
        Ok(match self {
            Self::Sampled { batch, augmentation, draw } => Minibatch::sample(dataset, batch, augmentation, &stream_of(draw))?,
            Self::Normal { .. } if dataset.tokens().is_some() => {
                return Err(ProxyError::Undefined(
                    "it is measured by numbers from the standard normal distribution, and the network reads whole numbers; \
                     images = \"dataset\" takes those of the dataset"
                        .into(),
                ));
            }
            Self::Normal { batch, draw } => {
                let mut rng = stream_of(draw).child("normal").rng();
                let pixels = (0..batch * net.input.elements()).map(|_| StandardNormal.sample(&mut rng)).collect();
                let mut rng = stream_of(draw).child("labels").rng();
                let classes = u32::try_from(net.classes).unwrap_or(u32::MAX);
                let labels = (0..batch).map(|_| rng.random_range(0..classes.max(1))).collect();
                Minibatch::new(net.input, pixels, labels)
            }
        })
    }
}

/// A pass that was run.
#[derive(Clone, Copy)]
pub struct Measured<'a> {
    /// The network.
    pub network: &'a Network,
    /// What entered it.
    pub batch: &'a Minibatch,
    /// What this proxy asked for.
    pub ask: &'a Ask,
    /// What came out, of this proxy's ask and of others'.
    pub answer: &'a Answer,
}

/// A pass that was run, as all share it who read it. Clones of what it holds are kept beyond the measurement without a copy.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    /// The network.
    pub network: &'a Arc<Network>,
    /// What entered it.
    pub batch: &'a Arc<Minibatch>,
    /// What this proxy asked for.
    pub ask: &'a Ask,
    /// What came out, of this proxy's ask and of others'.
    pub answer: &'a Arc<Answer>,
}

impl<'a> Shared<'a> {
    /// What is read of it during the measurement.
    #[must_use]
    pub fn measured(self) -> Measured<'a> {
        let Self { network, batch, ask, answer } = self;
        Measured { network, batch, ask, answer }
    }
}

/// Why a proxy asks for nothing. Proxies that share the pass are measured all the same.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// A fault of the run.
    #[error(transparent)]
    Fault(#[from] ProxyError),
    /// Its score does not exist, for this reason, a clause.
    #[error("{0}")]
    Undefined(String),
}

/// A proxy that reads its score off passes over networks.
pub trait PassProxy: Send + Sync {
    /// Which end of the scale is better. More is better unless this says otherwise.
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    /// What a score is counted in, for axes and tables: `parameters`, `ln`. `None` of a number without a unit. Every proxy says
    /// which it is.
    fn unit(&self) -> Option<&'static str>;

    /// The conditions a score depends on, for protocol lines: network, batch, initialiser, precision.
    fn protocol(&self) -> String;

    /// The passes it needs.
    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass>;

    /// What it asks of one of its [`passes`](Self::passes), by position. Whatever it draws at random comes from
    /// `stream`, which is the measurement's.
    ///
    /// # Errors
    /// On a fault of the run; or where it is already clear that the score does not exist.
    fn ask(&self, position: usize, network: &Network, batch: &Minibatch, stream: &Stream) -> Result<Ask, AskError>;

    /// Reads the score. `passes` are those it needs, in its own order; `stream` is that of [`ask`](Self::ask). The
    /// engine is there for what depends on an answer.
    ///
    /// # Errors
    /// On a fault of the run, as [`ZeroCostProxy::measure`](super::ZeroCostProxy::measure).
    fn read(&self, passes: &[Measured<'_>], stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError>;

    /// The same, for a proxy whose language does not end the life of what it lends: it may keep what was measured.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_shared(&self, passes: &[Shared<'_>], stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let measured: Vec<Measured<'_>> = passes.iter().map(|shared| shared.measured()).collect();
        self.read(&measured, stream, engine)
    }
}

/// One proxy's share of a measurement.
#[derive(Debug)]
pub struct Outcome {
    /// What it read.
    pub reading: Result<Reading, ProxyError>,
    /// Seconds: its share of the passes that it used, and its own reading.
    pub seconds: f64,
}

/// A pass that is to be run.
struct Run {
    pass: Pass,
    users: Vec<User>,
}

/// A proxy that uses a pass.
struct User {
    /// Its position among the proxies.
    proxy: usize,
    /// The pass's position among its own.
    position: usize,
}

/// The network of a pass, its minibatch, and what was computed.
type Computed = (Arc<Network>, Arc<Minibatch>, Arc<Answer>);

/// A pass that was run, as far as it went.
struct Done {
    run: Run,
    /// What each of its users asked for.
    asks: Vec<Result<Ask, AskError>>,
    measured: Result<Computed, ProxyError>,
    seconds: f64,
}

/// Measures a proxy that shares nothing.
pub(super) fn measure_alone(proxy: &dyn PassProxy, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
    let mut outcomes = measure_together(&[proxy], subject);
    outcomes.pop().map_or_else(|| Err(ProxyError::Other("nothing was measured".into())), |outcome| outcome.reading)
}

/// Measures several proxies on one subject, each pass that they need once. The outcomes are those of measuring each by
/// itself, to the last bit.
pub fn measure_together(proxies: &[&dyn PassProxy], subject: &Subject<'_>) -> Vec<Outcome> {
    let stream = cotangent_stream(subject.draws);
    let plans: Vec<Vec<Pass>> = proxies.iter().map(|proxy| proxy.passes(subject.dataset)).collect();
    let mut bench = Bench { subject, graphs: Vec::new(), networks: Vec::new(), batches: Vec::new() };
    let mut runs: Vec<Run> = Vec::new();
    for (proxy, passes) in plans.iter().enumerate() {
        for (position, pass) in passes.iter().enumerate() {
            let user = User { proxy, position };
            match runs.iter_mut().find(|run| run.pass == *pass) {
                Some(run) => run.users.push(user),
                None => runs.push(Run { pass: *pass, users: vec![user] }),
            }
        }
    }
    let done: Vec<Done> = runs.into_iter().map(|run| bench.run(run, proxies, &stream)).collect();
    let read = |(proxy, passes): (usize, &Vec<Pass>)| {
        let used =
            || passes.iter().enumerate().filter_map(|(position, pass)| Some((position, done.iter().find(|done| done.run.pass == *pass)?)));
        let shares: f64 = used().map(|(_, done)| done.seconds / done.run.users.len() as f64).sum();
        let start = Instant::now();
        let shared: Result<Vec<Shared<'_>>, AskError> = used().map(|(position, done)| done.shared(proxy, position)).collect();
        let reading = match shared {
            Ok(shared) => proxies[proxy].read_shared(&shared, &stream, subject.engine),
            Err(AskError::Undefined(because)) => Ok(Reading::undefined(because)),
            Err(AskError::Fault(error)) => Err(error),
        };
        let reading = reading.or_else(ProxyError::into_reading);
        Outcome { reading, seconds: shares + start.elapsed().as_secs_f64() }
    };
    plans.iter().enumerate().map(read).collect()
}

impl Done {
    /// What a proxy reads of it.
    fn shared(&self, proxy: usize, position: usize) -> Result<Shared<'_>, AskError> {
        let is_user = |user: &User| (user.proxy, user.position) == (proxy, position);
        let ask = self.run.users.iter().position(is_user).and_then(|user| self.asks.get(user));
        match (ask, &self.measured) {
            (Some(Err(error)), _) => Err(error.copied()),
            (_, Err(problem)) => Err(problem.copied().into()),
            (None, _) => Err(ProxyError::Other("nothing was asked of the pass".into()).into()),
            (Some(Ok(ask)), Ok((network, batch, answer))) => Ok(Shared { network, batch, ask, answer }),
        }
    }
}

impl From<AskError> for ProxyError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Fault(fault) => fault,
            AskError::Undefined(because) => Self::Undefined(because),
        }
    }
}

impl AskError {
    /// The same error for another pass of the proxy.
    fn copied(&self) -> Self {
        match self {
            Self::Fault(error) => Self::Fault(error.copied()),
            Self::Undefined(because) => Self::Undefined(because.clone()),
        }
    }
}

/// The stream of what a proxy draws beside weights and images.
fn cotangent_stream(draws: &Draws) -> Stream {
    draws.images.child("cotangents")
}

/// What passes of one subject have in common.
struct Bench<'a> {
    subject: &'a Subject<'a>,
    graphs: Vec<(MacroNet, Arc<Graph>)>,
    networks: Vec<((MacroNet, Initialiser, NormStatistics), Arc<Network>)>,
    batches: Vec<((Images, MacroNet), Arc<Minibatch>)>,
}

impl Bench<'_> {
    /// Runs a pass, with all that is asked of it.
    fn run(&mut self, run: Run, proxies: &[&dyn PassProxy], stream: &Stream) -> Done {
        let start = Instant::now();
        let mut asks = Vec::new();
        let measured = self.measure(&run, proxies, stream, &mut asks);
        Done { run, asks, measured, seconds: start.elapsed().as_secs_f64() }
    }

    fn measure(
        &mut self,
        run: &Run,
        proxies: &[&dyn PassProxy],
        stream: &Stream,
        asks: &mut Vec<Result<Ask, AskError>>,
    ) -> Result<Computed, ProxyError> {
        let Pass { net, initialiser, batch_norm, images, precision } = run.pass;
        let network = self.network(net, initialiser, batch_norm)?;
        self.subject.engine.room(network.bytes().saturating_add(bytes_of(images.count(), net.input)))?;
        let batch = self.batch(images, net)?;
        asks.extend(run.users.iter().map(|user| proxies[user.proxy].ask(user.position, &network, &batch, stream)));
        let mut all = Ask::new();
        for ask in asks.iter().flatten() {
            all.merge(ask);
        }
        let answer = self.subject.engine.pass(&network, &batch, &all, precision)?;
        Ok((network, batch, Arc::new(answer)))
    }

    fn network(&mut self, net: MacroNet, initialiser: Initialiser, batch_norm: NormStatistics) -> Result<Arc<Network>, ProxyError> {
        let key = (net, initialiser, batch_norm);
        if let Some((_, network)) = self.networks.iter().find(|(own, _)| *own == key) {
            return Ok(Arc::clone(network));
        }
        let graph = match self.graphs.iter().find(|(own, _)| *own == net) {
            Some((_, graph)) => Arc::clone(graph),
            None => {
                let graph = Arc::new(self.subject.space.lower(self.subject.subspace, &net)?);
                self.subject.enters(&graph, &net)?;
                self.graphs.push((net, Arc::clone(&graph)));
                graph
            }
        };
        let network = Arc::new(self.subject.made(graph, initialiser, Some(batch_norm))?);
        self.networks.push((key, Arc::clone(&network)));
        Ok(network)
    }

    fn batch(&mut self, images: Images, net: MacroNet) -> Result<Arc<Minibatch>, ProxyError> {
        // A sampled minibatch is the same whatever the network.
        if let Some((_, batch)) = self.batches.iter().find(|((own, of), _)| *own == images && of.input == net.input) {
            return Ok(Arc::clone(batch));
        }
        let batch = Arc::new(images.draw(&net, self.subject.dataset, &self.subject.draws.images)?);
        self.batches.push(((images, net), Arc::clone(&batch)));
        Ok(batch)
    }
}
