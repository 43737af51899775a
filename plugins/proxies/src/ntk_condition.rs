//! `ntk-condition`: the condition number κ of the neural tangent kernel.
//!
//! **What it measures.** κ = λmax / λmin of the tangent Gram matrix over one minibatch; a network with a smaller κ is
//! easier to train. Row i of the Jacobian is the gradient of the sum of sample i's logits with respect to every
//! parameter whose name contains `weight`, through batch normalisation in training mode (`batch_norm = "running"`: in inference
//! mode, the default of the released function, which its search does not use).
//! **Source.** Chen, Gong, Wang: Neural Architecture Search on ImageNet in Four GPU Hours, ICLR 2021, Eq. 2 and 3, in
//! the form of the released code.
//! **Cost.** One forward pass and as many backward passes as the batch has images.
//! **Undefined** where λmin is zero within rounding: a batch of one image or of equal images, or a network that is
//! blind to its input.

use assay_core::data::Augmentation;
use assay_core::engine::{ConditionNumber, Precision};
use assay_core::network::{Initialiser, NormStatistics};
use assay_core::plugin::{Proxy, ProxyError, Subject, WholeNetwork, Work, ZeroCostProxy};
use assay_core::score::{Direction, Reading};

use crate::parts::initial_network::InitialNetwork;

assay_core::settings! {
    /// κ of the tangent Gram matrix. The defaults are those of TE-NAS's released code on NAS-Bench-201.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NtkCondition {
        with pub network: InitialNetwork =
            InitialNetwork { size: WholeNetwork { channels: 3, cells: 1 }, initialiser: Initialiser::UniformFanIn };
        /// images of the minibatch
        pub batch: usize = 72, in 1..=65_536;
        /// floating-point type of the gradients (eigenvalues are always float64)
        pub precision: Precision = Precision::F32;
        /// how images are varied when they are drawn
        pub augmentation: Augmentation = Augmentation::FlipAndCrop;
        /// what batch normalisation is by: the batch's own statistics as in training, or running ones as they are before it
        pub batch_norm: NormStatistics = NormStatistics::Batch;
    }
}

assay_core::register! {
    Proxy,
    name: "ntk-condition",
    summary: "condition number κ of the neural tangent kernel (TE-NAS, Chen et al., ICLR 2021)",
    settings: NtkCondition,
    build: |proxy| Ok(Box::new(Proxy::own(proxy))),
}

impl ZeroCostProxy for NtkCondition {
    fn direction(&self) -> Direction {
        Direction::LowerIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        let Self { network: InitialNetwork { size, initialiser }, batch, precision, augmentation, batch_norm } = self;
        format!("κ: {size}, batch {batch} ({augmentation}), {initialiser}, {batch_norm}, {precision}")
    }

    fn work(&self) -> Option<Work> {
        let Self { batch, precision, .. } = *self;
        let passes_of_an_image = (batch as u64).saturating_mul(1 + 2 * batch as u64);
        Some(Work { passes_of_an_image, images: batch, gradients: batch, precision })
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        let network = self.network.draw(subject, Some(self.batch_norm))?;
        let images = subject.sample(self.batch, self.augmentation)?;
        let gram = subject.engine.tangent_gram(&network, &images, self.precision)?;
        Ok(match gram.condition_number() {
            ConditionNumber::Defined { kappa, .. } => Reading::finite(kappa),
            ConditionNumber::Undefined { because } => Reading::undefined(because),
        })
    }
}
