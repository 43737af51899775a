//! `linear-regions`: how many linear regions of the network a set of small crops falls into.
//!
//! **What it measures.** R̂ = the number of distinct ReLU patterns among the crops; a network with more regions is more
//! expressive.
//! **Source.** Chen, Gong, Wang: Neural Architecture Search on ImageNet in Four GPU Hours, ICLR 2021, Eq. 4 to 6, in
//! the form of the released code: the first cell without stem, one channel, batches of crops with statistics of their own.
//! **Cost.** One forward pass of tiny images.
//! **Undefined** where the network has no ReLU, and of networks of files, which have no first cell to cut out.

use assay_core::data::{CropSource, Minibatch};
use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{MacroNet, Part, Proxy, ProxyError, SettingsError, Subject, ZeroCostProxy};
use assay_core::score::{Direction, Reading};

use crate::parts::initial_network;

assay_core::settings! {
    /// R̂ over random crops. The defaults are those of TE-NAS's released code.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LinearRegions {
        /// crops in all
        pub crops: usize = 3000, in 1..=10_000_000;
        /// crops that share batch statistics; must divide `crops`
        pub crop_batch: usize = 1000, in 1..=1_000_000;
        /// rows and columns of a crop
        pub crop_size: usize = 3, in 1..=4096;
        /// channels kept of each image, chosen at random, and so of the network
        pub channels: usize = 1, in 1..=4096;
        /// cells (in spaces without stages)
        pub cells: usize = 1, in 1..=100;
        /// how parameters are drawn
        pub initialiser: Initialiser = Initialiser::UniformFanIn;
        /// what batch normalisation is by: the statistics of a batch of crops as in training, or running ones as they are before it
        pub batch_norm: NormStatistics = NormStatistics::Batch;
    }
}

assay_core::register! {
    Proxy,
    name: "linear-regions",
    summary: "number of linear regions R̂ that small crops fall into (TE-NAS, Chen et al., ICLR 2021)",
    settings: LinearRegions,
    build: |proxy| {
        if proxy.crops % proxy.crop_batch != 0 {
            let problem = format!("must divide `crops` ({}), is {}", proxy.crops, proxy.crop_batch);
            return Err(SettingsError::new("crop_batch", problem));
        }
        Ok(Box::new(Proxy::own(proxy)))
    },
}

impl ZeroCostProxy for LinearRegions {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        Some("regions")
    }

    fn protocol(&self) -> String {
        let by = if self.batch_norm == NormStatistics::Batch { String::new() } else { format!(", {}", self.batch_norm) };
        format!(
            "R̂: {} crops of {}×{}×{} in batches of {}, C={}, {}{by}",
            self.crops, self.channels, self.crop_size, self.crop_size, self.crop_batch, self.channels, self.initialiser
        )
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        if subject.dataset.tokens().is_some() {
            return Ok(Reading::undefined("crops are taken of images, and the dataset holds tokens"));
        }
        let batches = self.crops / self.crop_batch;
        let source = CropSource { count: self.crop_batch, size: self.crop_size, channels: self.channels };
        let mut network: Option<Network> = None;
        let mut patterns: Option<assay_core::engine::Patterns> = None;
        for batch in 0..batches {
            let crops = Minibatch::crops(subject.dataset, source, &subject.draws.images.child(batch))?;
            let network = match &mut network {
                Some(network) => network,
                none => none.insert(self.network(subject, &crops)?),
            };
            let found = subject.engine.relu_patterns(network, &crops)?;
            match &mut patterns {
                Some(patterns) => patterns.extend(&found),
                none => *none = Some(found),
            }
        }
        Ok(match patterns {
            Some(patterns) if patterns.units() > 0 => Reading::Value(patterns.distinct() as f64),
            _ => Reading::undefined("the network has no ReLU, so nothing divides its input into regions"),
        })
    }
}

impl LinearRegions {
    fn network(&self, subject: &Subject<'_>, crops: &Minibatch) -> Result<Network, ProxyError> {
        if subject.space.given(subject.subspace)?.is_some() {
            let because = "crops enter the first cells of a network, without a stem, and one that is given whole has no such part; naswot and \
                           swap count the patterns of whole networks";
            return Err(ProxyError::Undefined(because.into()));
        }
        let net = MacroNet {
            input: crops.shape(),
            channels: self.channels,
            cells: self.cells,
            classes: subject.dataset.classes(),
            part: Part::Trunk,
        };
        initial_network::draw(subject, &net, self.initialiser, Some(self.batch_norm))
    }
}
