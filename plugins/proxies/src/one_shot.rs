//! `one-shot`: the accuracy of an architecture in a network that a search trained for all architectures.
//!
//! **What it measures.** The share of validation images that the architecture classifies correctly with the weights that it shares: the
//! number by which searches that share weights choose. Whether it ranks architectures as training each of them does is the one-shot
//! question. The network is that of a finished search (rsps, gdas, setn, …), and the images are among those that its weights did not
//! learn from, the same for all architectures.
//! **Source.** Bender, Kindermans, Zoph, Vasudevan & Le: Understanding and Simplifying One-Shot Architecture Search, ICML 2018; that its
//! order may differ from the true one: Yu, Sciuto, Jaggi, Musat & Salzmann: Evaluating the Search Phase of Neural Architecture Search,
//! ICLR 2020.
//! **Cost.** A forward pass over the validation images; the training of the network is not counted.
//! **Undefined** where the network puts out something else than numbers.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use assay_core::data::{DataError, Dataset, Minibatch, read_file};
use assay_core::engine::Engine;
use assay_core::engine::learner::{Learner, LearnerState, Rules};
use assay_core::network::Network;
use assay_core::objective::{Inputs, Varied};
use assay_core::plugin::supernet::{Conditions, Kept, SharedNet, Statistics, Supernet, SupernetError};
use assay_core::plugin::{Proxy, ProxyError, SearchSpace, SettingsError, Subject, SupernetDescription, ZeroCostProxy};
use assay_core::score::{Direction, Reading};
use assay_core::stream::Stream;
use assay_results::files;
use assay_weights::{SupernetHeader, read_learner, read_supernet_header, seal_of};
use rand::seq::IndexedRandom;

assay_core::words! {
    /// What batch normalisation is by when an architecture is tested.
    pub enum TestStatistics {
        /// What was seen on average in training, whichever architectures were run.
        Running = "running" as "running statistics",
        /// That of the tested batch in searched cells, and running statistics elsewhere.
        Batch = "batch" as "statistics of the tested batch",
        /// What the architecture itself sees of images that weights learned from.
        Recalibrated = "recalibrated" as "statistics measured again",
    }
}

assay_core::settings! {
    /// Which network is tested, and by what.
    #[derive(Clone, Debug, PartialEq)]
    pub struct OneShot {
        /// the folder of a finished search that shares weights, or its supernet.safetensors; the images of the study must be those of the search
        pub search: PathBuf, must be given;
        /// validation images, drawn from those that weights did not learn from; the same for all architectures
        pub images: usize = 1000, in 1..=1_000_000_000;
        /// images of a test at a time; where statistics are those of the batch, the result depends on it
        pub batch: usize = 250, in 1..=65_536;
        /// what batch normalisation is by
        pub statistics: Option<TestStatistics>, otherwise "as the search tests";
        /// batches of images that statistics are measured again on
        pub recalibration_batches: usize = 4, in 1..=10_000;
    }
}

assay_core::register! {
    Proxy,
    name: "one-shot",
    summary: "the accuracy of an architecture in a network whose architectures share weights (Bender et al., ICML 2018)",
    settings: OneShot,
    build: |settings| Ok(Box::new(Proxy::own(Tester::open(settings)?))),
}

/// A network that is ready to be tested.
type Ready = (SharedNet, Box<dyn Learner>);

/// The trained network and what tests it.
struct Tester {
    settings: OneShot,
    described: SupernetDescription,
    /// The file.
    bytes: Vec<u8>,
    /// How often each parameter was changed.
    updates: Vec<u64>,
    /// The checksum in the file, which tells it from others.
    seal: String,
    /// Its weights, once they were read.
    trained: OnceLock<Arc<(SharedNet, LearnerState)>>,
    /// Networks that no thread tests at the moment.
    idle: Mutex<Vec<Ready>>,
}

fn other(problem: impl std::fmt::Display) -> ProxyError {
    ProxyError::Other(problem.to_string())
}

fn unreadable(error: DataError) -> ProxyError {
    other(error)
}

impl From<TestStatistics> for Statistics {
    fn from(statistics: TestStatistics) -> Self {
        match statistics {
            TestStatistics::Batch => Self::Batch,
            TestStatistics::Running | TestStatistics::Recalibrated => Self::Running,
        }
    }
}

impl Tester {
    /// Of a search that is finished.
    fn open(settings: OneShot) -> Result<Self, SettingsError> {
        let wrong = |problem: String| SettingsError::new("search", problem);
        // What is not there yet can be made.
        let missing = |problem: String| SettingsError { is_missing_data: true, ..wrong(problem) };
        let given = settings.search.display();
        let file = if settings.search.is_dir() { settings.search.join(files::SUPERNET) } else { settings.search.clone() };
        if settings.search.is_dir() && !settings.search.join(files::SUMMARY).exists() {
            return Err(missing(format!("`{given}` is not the folder of a finished search; finish it with assay run --resume")));
        }
        let bytes = read_file(&file).map_err(|error| {
            let what = "searches leave it that share weights, such as rsps, gdas and setn";
            let problem = format!("`{}` cannot be read: {error}; {what}", file.display());
            if error.kind() == ErrorKind::NotFound { missing(problem) } else { wrong(problem) }
        })?;
        let damaged = |error: &dyn std::fmt::Display| wrong(format!("`{}`: {error}", file.display()));
        let SupernetHeader { updates, bookmark, .. } = read_supernet_header(&bytes).map_err(|error| damaged(&error))?;
        let seal = seal_of(&bytes).map_err(|error| damaged(&error))?.unwrap_or_default();
        let described = bookmark.supernet.ok_or_else(|| {
            wrong(format!("`{}` is of an earlier version, which did not note how to test it; make the search again", file.display()))
        })?;
        Ok(Self { settings, described, bytes, updates, seal, trained: OnceLock::new(), idle: Mutex::default() })
    }

    /// How it is tested.
    fn conditions(&self) -> Conditions {
        let own = self.described.conditions;
        Conditions { statistics: self.settings.statistics.map_or(own.statistics, Statistics::from), ..own }
    }

    fn words(&self) -> String {
        match (self.settings.statistics, self.described.conditions.statistics) {
            (Some(given), _) => given.to_string(),
            (None, Statistics::Batch) => TestStatistics::Batch.to_string(),
            (None, Statistics::Running) => TestStatistics::Running.to_string(),
        }
    }

    /// The weights.
    fn trained(&self, space: &dyn SearchSpace) -> Result<Arc<(SharedNet, LearnerState)>, ProxyError> {
        if let Some(trained) = self.trained.get() {
            return Ok(Arc::clone(trained));
        }
        let net = Supernet::net(space, &self.described.conditions).map_err(other)?;
        let state = read_learner(&self.bytes, &net.graph, &Rules::default(), self.updates.clone()).map_err(other)?;
        Ok(Arc::clone(self.trained.get_or_init(|| Arc::new((net, state)))))
    }

    /// A network that no other thread tests.
    fn ready(&self, space: &dyn SearchSpace, engine: &dyn Engine) -> Result<Ready, ProxyError> {
        if let Some(ready) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(ready);
        }
        let trained = self.trained(space)?;
        let (net, state) = trained.as_ref();
        let network = Network::of(Arc::clone(&net.graph), state.parameters.clone()).map_err(other)?;
        let mut learner = engine.learner(network, &Rules::default())?;
        learner.restore(state.clone())?;
        Ok((net.clone(), learner))
    }

    /// So many of these images, as the network sees them, in batches.
    fn batches(&self, dataset: &dyn Dataset, from: &[usize], count: usize, stream: &Stream) -> Result<Vec<Minibatch>, ProxyError> {
        let chosen: Vec<usize> = from.sample(&mut stream.child("which").rng(), count).copied().collect();
        let batch = |(number, images): (usize, &[usize])| {
            let mut inputs = Inputs::new(self.described.conditions.objective, dataset);
            for (position, image) in images.iter().enumerate() {
                let mut rng = stream.child(number).child(position).rng();
                inputs.add(*image, Varied::NOT, &mut rng).map_err(unreadable)?;
            }
            inputs.finish().map_err(unreadable)
        };
        chosen.chunks(self.settings.batch).enumerate().map(batch).collect()
    }

    /// The accuracy of an architecture; nothing where it puts out something else than numbers.
    fn accuracy(&self, supernet: &mut Supernet<'_>, subject: &Subject<'_>) -> Result<Option<f64>, ProxyError> {
        let OneShot { images, batch, statistics, recalibration_batches, .. } = self.settings;
        let SupernetDescription { base, other: left, .. } = &self.described;
        let failed = |error: SupernetError| other(error);
        let path = supernet.path(Kept::Shared(subject.subspace)).map_err(failed)?;
        if statistics == Some(TestStatistics::Recalibrated) {
            let stream = subject.draws.images.child("recalibration");
            let batches = self.batches(subject.dataset, base, batch * recalibration_batches, &stream)?;
            supernet.recalibrate(&batches, &path).map_err(failed)?;
        }
        let (mut correct, mut answers) = (0.0, 0.0);
        for batch in self.batches(subject.dataset, left, images, &subject.draws.images.child("validation"))? {
            let output = supernet.test(&batch, &path).map_err(failed)?;
            if output.iter().any(|value| !value.is_finite()) {
                return Ok(None);
            }
            correct += supernet.accuracy(&output, &batch) * batch.len() as f64;
            answers += batch.len() as f64;
        }
        Ok(Some(correct / answers))
    }
}

impl ZeroCostProxy for Tester {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        Some("%")
    }

    fn protocol(&self) -> String {
        let OneShot { images, batch, statistics, recalibration_batches, .. } = self.settings;
        let again = match statistics {
            Some(TestStatistics::Recalibrated) => format!(" on {recalibration_batches} batches"),
            _ => String::new(),
        };
        format!(
            "one-shot: accuracy on {images} images that weights did not learn from, the same for all, in batches of {batch} by {}{again}, in \
             the network of {} on {} (SHA-256 {})",
            self.words(),
            self.described.protocol,
            self.described.images,
            self.seal,
        )
    }

    fn check(&self, space: &dyn SearchSpace, dataset: &dyn Dataset) -> Result<(), ProxyError> {
        let SupernetDescription { space: theirs, images, base, other: left, .. } = &self.described;
        if *theirs != SupernetDescription::space_of(space.layout()) {
            return Err(other("the network of `search` is of another space; set [space] to that of the search"));
        }
        if *images != dataset.describe() {
            let own = dataset.describe();
            return Err(other(format!(
                "the network of `search` learned from {images}, and the images here are {own}; set [dataset] to the same"
            )));
        }
        let OneShot { images, batch, statistics, recalibration_batches, .. } = self.settings;
        if images > left.len() {
            return Err(other(format!("`images` must be {} at the most, which the search left for validation, is {images}", left.len())));
        }
        let wanted = batch.saturating_mul(recalibration_batches);
        if statistics == Some(TestStatistics::Recalibrated) && wanted > base.len() {
            let most = base.len();
            return Err(other(format!(
                "{recalibration_batches} batches of {batch} images are more than the {most} that weights learned from"
            )));
        }
        self.trained(space).map(drop)
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        let (net, learner) = self.ready(subject.space, subject.engine)?;
        let mut supernet = Supernet::new(subject.space, self.conditions(), net, learner);
        let accuracy = self.accuracy(&mut supernet, subject)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(supernet.into_parts());
        Ok(accuracy.map_or_else(
            || Reading::undefined("the network puts out something else than numbers"),
            |accuracy| Reading::finite(100.0 * accuracy),
        ))
    }
}
