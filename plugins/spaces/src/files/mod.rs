//! `files`: networks that others made, each a file in the ONNX format. An architecture is a file.
//!
//! The files are named one by one, by a folder, or by a list; a list can be a CSV table with recorded accuracies beside the files,
//! which the benchmark `files` reads. Networks are measured with the weights and running statistics of their files, or with weights
//! that are drawn (`weights`). Channels and cells of proxies mean nothing here, and so does their initialiser. Programs that call
//! Assay can give networks that they read themselves in place of files.
//!
//! Which files there are is one choice with an alternative a file; where there are more than 64, the digits of a file's number to
//! the base 64 are choices. The text form is the file's name: as it was written in `files` or in the list, or relative to the folder.

mod network;
mod numbered;
mod sketch;
mod sources;

pub use sources::axes;

use std::collections::BTreeSet;
use std::path::PathBuf;

use assay_core::data::Content;
use assay_core::graph::{Graph, GraphBuilder, GraphError};
use assay_core::network::Initialiser;
use assay_core::plugin::{ArchitectureError, Given, MacroNet, Part, SearchSpace, SettingsError, Words, suggestion};
use assay_core::subspace::{Layout, Sketch, SketchError, Subspace};
use assay_onnx::Imported;

use network::FileNetwork;
use numbered::Numbered;

assay_core::words! {
    /// Where the weights of networks of files are from.
    #[derive(Default)]
    pub enum Weights {
        /// The files.
        #[default]
        Given = "given",
        /// Drawn by this rule.
        KaimingNormalFanIn = "kaiming-normal-fan-in",
        /// Drawn by this rule.
        KaimingNormalFanOut = "kaiming-normal-fan-out",
        /// Drawn by this rule.
        UniformFanIn = "uniform-fan-in",
        /// Drawn by this rule.
        StandardNormal = "standard-normal",
    }
}

impl Weights {
    /// The rule that they are drawn by; none where they are given.
    #[must_use]
    pub fn initialiser(self) -> Option<Initialiser> {
        Initialiser::of(self.word())
    }
}

assay_core::settings! {
    /// Which files, and how they are measured.
    #[derive(Clone, Debug)]
    pub struct Chosen {
        /// ONNX files, in place of `folder` and `list`
        pub files: Option<Vec<PathBuf>>;
        /// a folder whose ONNX files are taken
        pub folder: Option<PathBuf>;
        /// a list of ONNX files beside it: one a line, or the column `file` of a CSV table
        pub list: Option<PathBuf>;
        /// axes of one image, `3x224x224`
        pub input: Option<String>, otherwise "as the files say";
        /// those of the files, or the rule that draws them
        pub weights: Weights = Weights::Given;
    }
}

assay_core::register! {
    dyn SearchSpace,
    name: "files",
    summary: "networks of ONNX files, with their weights",
    settings: Chosen,
    build: |chosen| Ok(Box::new(Files::read(&chosen)?)),
}

/// Bytes of weights that are kept in memory in all; of further files they are read again for each measurement.
const KEPT: usize = 256 << 20;

/// The space of some files. One kind of cell, `network`.
#[derive(Debug)]
pub struct Files {
    numbered: Numbered,
    networks: Vec<FileNetwork>,
    weights: Weights,
    /// Whether they are those of files, as protocols say.
    are_files: bool,
}

impl Files {
    /// Reads the files.
    ///
    /// # Errors
    /// If none are named, or one cannot be read; the message names it.
    pub fn read(chosen: &Chosen) -> Result<Self, SettingsError> {
        let axes = chosen.input.as_deref().map(sources::axes).transpose()?;
        let mut left = if chosen.weights == Weights::Given { KEPT } else { 0 };
        let mut networks = Vec::new();
        for source in sources::of(chosen)? {
            let network = FileNetwork::read(source, axes.clone(), left)?;
            left -= network.kept_bytes();
            networks.push(network);
        }
        Ok(Self::holding(networks, chosen.weights, true))
    }

    /// The space of networks that were read before, each with its text as an architecture, in place of files.
    ///
    /// # Errors
    /// If two have one text.
    pub fn of(networks: impl IntoIterator<Item = (String, Imported)>, weights: Weights) -> Result<Self, SettingsError> {
        let networks: Vec<FileNetwork> = networks.into_iter().map(|(name, imported)| FileNetwork::of(name, imported)).collect();
        let mut seen = BTreeSet::new();
        match networks.iter().find(|network| !seen.insert(&network.name)) {
            Some(twice) => {
                Err(SettingsError::new("networks", format!("two networks are called `{}`; give each a name of its own", twice.name)))
            }
            None => Ok(Self::holding(networks, weights, false)),
        }
    }

    fn holding(networks: Vec<FileNetwork>, weights: Weights, are_files: bool) -> Self {
        let numbered = Numbered::new(networks.iter().map(|network| network.name.as_str()));
        Self { numbered, networks, weights, are_files }
    }

    /// The structures of the networks, in the order of the files.
    pub fn graphs(&self) -> impl Iterator<Item = &Graph> {
        self.networks.iter().map(|network| network.graph.as_ref())
    }

    /// The network of an architecture.
    fn network(&self, architecture: &Subspace) -> Result<&FileNetwork, ArchitectureError> {
        let position = self.numbered.position(architecture);
        position.map(|position| &self.networks[position]).ok_or_else(|| ArchitectureError(format!("`{architecture}` is not one file")))
    }
}

impl SearchSpace for Files {
    fn layout(&self) -> &Layout {
        self.numbered.layout()
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        let names = || self.networks.iter().map(|network| network.name.as_str());
        let called = |name: &str| name == text || name.strip_suffix(".onnx") == Some(text);
        match names().position(called) {
            Some(position) => Ok(self.numbered.subspace(position)),
            None => {
                let names: Vec<&str> = names().collect();
                Err(ArchitectureError(format!("there is no file `{text}`; {}", suggestion(text, &names))))
            }
        }
    }

    fn is_architecture(&self, subspace: &Subspace) -> bool {
        self.numbered.position(subspace).is_some()
    }

    fn numbers(&self, subspace: &Subspace) -> u128 {
        self.numbered.within(subspace).count() as u128
    }

    fn architecture(&self, subspace: &Subspace, number: u128) -> Option<Subspace> {
        let number = usize::try_from(number).ok()?;
        self.numbered.within(subspace).nth(number).map(|position| self.numbered.subspace(position))
    }

    fn number(&self, architecture: &Subspace) -> Option<u128> {
        self.numbered.position(architecture).map(|position| position as u128)
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        self.network(architecture).map(|network| network.name.clone())
    }

    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        self.write(architecture)
    }

    fn sketch(&self, architecture: &Subspace) -> Result<Vec<Sketch>, SketchError> {
        let network = self.network(architecture).map_err(|error| SketchError::NotOne(error.0))?;
        Ok(vec![sketch::of(&network.graph)])
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        if subspace.choices().next().is_none() {
            // The networks share nothing.
            let builder = GraphBuilder::new(net.input)?;
            let input = builder.input();
            return Ok(builder.finish(input));
        }
        let network = self.network(subspace).map_err(|_| {
            GraphError::Unsupported("networks of files cannot be joined to a supernet: measure each, or search by measuring each".into())
        })?;
        if net.part != Part::Classifier {
            return Err(GraphError::Unsupported(format!("`{}` is a whole network, of which no part can be cut out", network.name)));
        }
        Ok(network.graph.as_ref().clone())
    }

    fn given(&self, architecture: &Subspace) -> Result<Option<Given>, GraphError> {
        // Nothing is given of what is shared.
        let Ok(network) = self.network(architecture) else { return Ok(Some(Given::default())) };
        network.given(self.weights.initialiser()).map(Some)
    }

    fn protocol(&self) -> Option<String> {
        let mut content = Content::default();
        for network in &self.networks {
            content.add(network.name.as_bytes());
            content.add(network.fingerprint.as_bytes());
        }
        let networks = match (self.networks.len(), self.are_files) {
            (1, true) => "networks of 1 file".into(),
            (count, true) => format!("networks of {count} files"),
            (1, false) => "1 given network".into(),
            (count, false) => format!("{count} given networks"),
        };
        let weights = match self.weights.initialiser() {
            None => "their own weights, so that seeds vary images alone".into(),
            Some(initialiser) => format!("weights drawn by {initialiser}"),
        };
        let none = "channels, cells and initialisers of proxies have no part";
        Some(format!("{networks} (fingerprint {}) with {weights}, {none}", &content.finish()[..16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_can_be_drawn_by_every_initialiser() {
        let drawn: Vec<&str> = Weights::WORDS.iter().copied().filter(|word| Initialiser::of(word).is_some()).collect();
        assert_eq!(drawn, Initialiser::WORDS);
        assert_eq!(Weights::Given.initialiser(), None);
    }
}
