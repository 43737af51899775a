//! Where a strategy gets its measurements: what it asks, and what answers.

pub use assay_structure::trajectory::{Removal, Step};
use serde::{Deserialize, Serialize};

use super::{SearchError, SearchSpace, Workshop};
use crate::score::{Direction, Reading};
use crate::stream::Stream;
use crate::subspace::Subspace;

/// One measurement asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Request {
    /// The label of one of the strategy's proxies or trainings, or the name of one of its columns. Journals call it `proxy`.
    #[serde(rename = "proxy")]
    pub label: String,
    /// What to measure.
    pub subspace: Subspace,
    /// The path of the stream that parameters are drawn from. Requests with equal paths see the same weights.
    pub parameters: String,
    /// The path of the stream that images are drawn from. Requests with equal paths see the same images.
    pub images: String,
}

/// Where a strategy gets its measurements.
///
/// Equal requests are measured once and answered from the records ever after.
pub trait Laboratory {
    /// The space that is searched.
    fn space(&self) -> &dyn SearchSpace;

    /// Which end of the scale of a proxy, a column or a training is better.
    ///
    /// # Errors
    /// If none has this label.
    fn direction(&self, label: &str) -> Result<Direction, SearchError>;

    /// Measures everything asked for, in parallel where there are several cores, and answers in the order asked.
    ///
    /// # Errors
    /// If a measurement fails, or the user interrupts.
    fn measure(&mut self, requests: &[Request]) -> Result<Vec<Reading>, SearchError>;

    /// How long a request that was measured took, on its thread, when it was measured; none if it was not. What was
    /// measured in an earlier session took as long as it did then, so that a continued search decides as that one did.
    fn seconds(&self, request: &Request) -> Option<f64>;

    /// A random stream for the strategy's own decisions.
    fn stream(&self, purpose: &str) -> Stream;

    /// Says how much is still to come, for the progress bar: different measurements, or epochs where architectures are trained.
    /// May be called again with a better guess.
    fn expect(&mut self, measurements: usize);

    /// Adds a step to the run's trajectory.
    ///
    /// # Errors
    /// If the step cannot be stored.
    fn record(&mut self, step: Step) -> Result<(), SearchError>;

    /// Adds a step about this architecture. Where a table holds what it reached when it was trained, that is noted beside what the
    /// step read, for those who look at the run; the strategy does not see it.
    ///
    /// # Errors
    /// If the step cannot be stored.
    fn record_of(&mut self, step: Step, architecture: &Subspace) -> Result<(), SearchError> {
        let _ = architecture;
        self.record(step)
    }

    /// What a strategy trains a network with.
    ///
    /// # Errors
    /// If this laboratory answers requests and lends nothing.
    fn workshop(&self) -> Result<&dyn Workshop, SearchError> {
        Err(SearchError::Impossible("the strategy trains a network, and there is nothing here to train one with".into()))
    }
}
