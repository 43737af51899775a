//! What a network learns of images: their labels, or a pretext task that needs none (Liu et al., "Are Labels Necessary for Neural
//! Architecture Search?", ECCV 2020, and its released code).
//!
//! A [`LearningObjective`] says what becomes of an image ([`Inputs`]), which network reads it, and where its answers stand. Inputs and targets
//! are those of [`pretext`]. Any network of a space that ends in pooling and a linear layer can be given another head.

mod head;
mod inputs;

pub use inputs::{Inputs, Varied};

use std::sync::Arc;

use crate::data::pretext::{self, Jigsaw, PretextError, Rotated};
use crate::engine::learner::Logits;
use crate::graph::{Graph, GraphError, Shape};
use crate::network::{Initialiser, Network};
use crate::plugin::{MacroNet, SearchSpace, looked_up};
use crate::stream::Stream;
use crate::subspace::Subspace;

crate::words! {
    /// What is learned of images.
    #[derive(Default, Hash)]
    pub enum LearningObjective {
        /// Their labels.
        #[default]
        Classification = "classification" as "labels",
        /// By how many quarters they were turned (Gidaris, Singh & Komodakis, ICLR 2018): four inputs an image.
        Rotation = "rotation" as "turns (rotation)",
        /// The colours of their pixels, of which only the lightness is seen (Zhang, Isola & Efros, ECCV 2016).
        Colorization = "colorization" as "colours of pixels (colorization)",
        /// In which order their quarters were put (Noroozi & Favaro, ECCV 2016): four tiles an image.
        Jigsaw = "jigsaw" as "orders of tiles (jigsaw)",
    }
}

impl LearningObjective {
    /// Checks that images of this shape can be asked for it.
    ///
    /// # Errors
    /// If they are too small, not squares, or have no colours.
    pub fn check(self, images: Shape) -> Result<(), PretextError> {
        self.input(images).map(drop)
    }

    /// What a network reads of images of this shape.
    ///
    /// # Errors
    /// If they cannot be asked for it.
    pub fn input(self, images: Shape) -> Result<Shape, PretextError> {
        match self {
            Self::Classification => Ok(images),
            Self::Rotation => Rotated::check(images).map(|()| images),
            Self::Colorization => pretext::check_colours(images).map(|()| images.with_axis(0, 1)),
            Self::Jigsaw => Jigsaw::tile(images),
        }
    }

    /// How many inputs of the network an image gives.
    #[must_use]
    pub fn inputs(self) -> usize {
        match self {
            Self::Classification | Self::Colorization => 1,
            Self::Rotation => pretext::ROTATIONS,
            Self::Jigsaw => pretext::TILES,
        }
    }

    /// How many answers are asked of an image of this shape.
    #[must_use]
    pub fn answers(self, images: Shape) -> usize {
        match self {
            Self::Classification | Self::Jigsaw => 1,
            Self::Rotation => pretext::ROTATIONS,
            Self::Colorization => images.area(),
        }
    }

    /// Among how many answers one is right; nothing where that are the classes of the images.
    #[must_use]
    pub fn choices(self) -> Option<usize> {
        match self {
            Self::Classification => None,
            Self::Rotation => Some(pretext::ROTATIONS),
            Self::Colorization => Some(pretext::COLOURS),
            Self::Jigsaw => Some(pretext::PERMUTATIONS),
        }
    }

    /// Where the answers stand in what the network puts out.
    #[must_use]
    pub fn logits(self) -> Logits {
        match self {
            Self::Classification | Self::Rotation => Logits::Images,
            Self::Colorization => Logits::Pixels,
            Self::Jigsaw => Logits::Groups(pretext::TILES),
        }
    }

    /// The network that a space is asked for, of one that would tell the labels of the same images.
    ///
    /// # Errors
    /// If such images cannot be asked for it.
    pub fn net(self, of_labels: MacroNet) -> Result<MacroNet, PretextError> {
        Ok(MacroNet { input: self.input(of_labels.input)?, classes: self.choices().unwrap_or(of_labels.classes), ..of_labels })
    }

    /// The network of a subspace that is trained for it, of one that would tell the labels of the same images.
    ///
    /// # Errors
    /// If such images cannot be asked for it, the space has no such network, it does not end in pooling and a linear layer, or it has
    /// weights of its own, which no training begins from.
    pub fn network(self, space: &dyn SearchSpace, subspace: &Subspace, of_labels: MacroNet) -> Result<Graph, GraphError> {
        if space.given(subspace)?.is_some_and(|given| given.parameters.is_some()) {
            let problem = "a training begins from weights that it draws, and these networks have their own: set `space.weights` to an \
                           initialiser, as uniform-fan-in, to train them from the beginning";
            return Err(GraphError::Unsupported(problem.into()));
        }
        let net = self.net(of_labels).map_err(|error| GraphError::Unsupported(error.to_string()))?;
        let graph = space.lower(subspace, &net)?;
        if let Some((table, _)) = looked_up(&graph).next() {
            let problem = format!("networks are trained on images, and this one reads whole numbers, which `{}` looks up", table.name);
            return Err(GraphError::Unsupported(problem));
        }
        self.with_head(graph)
    }

    /// A network of a space with the head that the answers come from.
    ///
    /// # Errors
    /// If it does not end in pooling and a linear layer.
    pub fn with_head(self, network: Graph) -> Result<Graph, GraphError> {
        match self {
            Self::Classification | Self::Rotation => Ok(network),
            Self::Colorization => head::of_pixels(&network, pretext::COLOURS),
            Self::Jigsaw => head::of_groups(&network, pretext::TILES, pretext::PERMUTATIONS),
        }
    }

    /// Draws the parameters of a network with this head.
    #[must_use]
    pub fn initialise(self, graph: Arc<Graph>, initialiser: Initialiser, stream: &Stream) -> Network {
        let network = Network::initialise(graph, initialiser, stream);
        match self {
            Self::Jigsaw => head::as_one_layer(network, pretext::TILES, initialiser),
            Self::Classification | Self::Rotation | Self::Colorization => network,
        }
    }
}
