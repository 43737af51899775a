//! Write a proxy, a search space or a strategy that Assay loads at run time: a shared library, one line of TOML for its users.
//!
//! ```toml
//! # Cargo.toml
//! [lib]
//! crate-type = ["cdylib"]
//! ```
//!
//! ```
//! use assay_plugin_sdk::{Asking, Error, Measured, Objective, Proxy, Reading, Settings, Wanted};
//!
//! struct GradientSum;
//!
//! impl Proxy for GradientSum {
//!     const NAME: &'static str = "gradient-sum";
//!     const SUMMARY: &'static str = "sum of the loss gradient";
//!
//!     fn new(_: &Settings) -> Result<Self, Error> {
//!         Ok(Self)
//!     }
//!
//!     fn ask(&self, _: usize, pass: &Asking<'_>) -> Result<(), Error> {
//!         pass.gradients(Objective::CROSS_ENTROPY, Wanted::Parameters)
//!     }
//!
//!     fn score(&self, passes: &[Measured<'_>]) -> Result<Reading, Error> {
//!         let pass = &passes[0];
//!         let mut sum = 0.0;
//!         for parameter in 0..pass.parameter_count()? {
//!             sum += pass.parameter_gradient(Objective::CROSS_ENTROPY, parameter)?.iter().sum::<f64>();
//!         }
//!         Ok(Reading::Value(sum))
//!     }
//! }
//!
//! assay_plugin_sdk::export! { proxies: [GradientSum] }
//! # fn main() {}
//! ```
//!
//! Nothing of Rust crosses the border, so a plugin and a program built by different compilers understand each other: what
//! crosses is [`abi`], which a plugin in C uses by its header. `docs/plugins.md` has the way from nothing to a result.

pub mod abi;
mod export;
mod laboratory;
mod measured;
mod proxy;
mod request;
mod settings;
pub mod shim;
mod space;
mod strategy;
mod text;

pub use assay_structure::{graph, score, subspace};
pub use export::{Export, proxy_entry, space_entry, strategy_entry};
pub use laboratory::{Laboratory, Rng};
pub use measured::{Asking, Batch, Matrix, Measured, Moments, Network, Objective, Parameter, Patterns, Wanted};
pub use proxy::{Pass, Proxy};
pub use request::{Request, Step};
pub use score::{Direction, Reading};
pub use settings::{Setting, Settings};
pub use space::{Net, Part, Space};
pub use strategy::{ProxyUse, Strategy};

/// Why a plugin's function gives up, as a clause for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Problem);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    /// The plugin's own.
    Own(String),
    /// A function of the host failed, and the host knows why: perhaps the user pressed Ctrl-C.
    Host(String),
}

impl Error {
    /// An error of the plugin's own.
    pub fn new(problem: impl Into<String>) -> Self {
        Self(Problem::Own(problem.into()))
    }

    pub(crate) fn of_host(problem: String) -> Self {
        Self(Problem::Host(problem))
    }

    pub(crate) fn is_of_host(&self) -> bool {
        matches!(self.0, Problem::Host(_))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Problem::Own(problem) | Problem::Host(problem)) = &self.0;
        f.write_str(problem)
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(problem: String) -> Self {
        Self::new(problem)
    }
}

impl From<&str> for Error {
    fn from(problem: &str) -> Self {
        Self::new(problem)
    }
}

impl From<graph::GraphError> for Error {
    fn from(error: graph::GraphError) -> Self {
        Self::new(error.to_string())
    }
}
