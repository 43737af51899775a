//! Which weights and images each measurement of a round sees.

assay_core::words! {
    /// Which of the two descriptions of TE-NAS is followed where they differ.
    pub enum Variant {
        /// The code released with the paper.
        Code = "code",
        /// The paper.
        Paper = "paper",
    }
}

assay_core::words! {
    /// Whether the candidates of a round share their draws.
    pub enum Pairing {
        /// All candidates of a round see the same weights and images in each repeat, so the unpruned network is measured
        /// once a repeat and candidates differ by what they are, not by what they drew.
        Common = "common",
        /// Every candidate has draws of its own in each repeat: the original.
        Independent = "independent",
    }
}

/// What TE-NAS judges a removal by, each measured on a network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Kernel,
    Regions,
}

/// Both, in the order in which their rank lists break ties.
pub(super) const INDICATORS: [Quantity; 2] = [Quantity::Kernel, Quantity::Regions];

impl Quantity {
    /// The label under which it is asked.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Kernel => "ntk",
            Self::Regions => "regions",
        }
    }

    /// The registered proxy.
    pub(super) fn proxy(self) -> &'static str {
        match self {
            Self::Kernel => "ntk-condition",
            Self::Regions => "linear-regions",
        }
    }
}

/// Stream paths of one pair of measurements.
pub(super) struct Paths {
    pub(super) parameters: String,
    pub(super) images: String,
}

/// The paths for one candidate and repeat. The label keeps the draws of the two proxies apart.
///
/// The released code means to draw new weights in every repeat, but its re-initialisation does nothing: the kernel's
/// weights are those its network was made with, once a round, and the regions' those of a network made once a candidate.
pub(super) fn paths(variant: Variant, pairing: Pairing, measured: Quantity, round: usize, candidate: &str, repeat: usize) -> Paths {
    let of_round = format!("{}/round {round}", measured.label());
    let of_candidate = match pairing {
        Pairing::Common => of_round.clone(),
        Pairing::Independent => format!("{of_round}/{candidate}"),
    };
    let of_repeat = format!("{of_candidate}/repeat {repeat}");
    let parameters = match (variant, measured) {
        (Variant::Code, Quantity::Kernel) => of_round,
        (Variant::Code, Quantity::Regions) => of_candidate,
        (Variant::Paper, _) => of_repeat.clone(),
    };
    Paths { parameters, images: of_repeat }
}
