//! What plugins implement, and how they are found.
//!
//! Six kinds of plugin: [`SearchSpace`], [`Proxy`], [`Aggregate`], [`SearchStrategy`], [`Benchmark`] and
//! [`Dataset`](crate::data::Dataset). Each is one file that implements its trait (a proxy one of three; an aggregate is plain data) and
//! registers itself with [`register!`](crate::register); [`Registry`] finds it by name. A benchmark brings its
//! [`Importer`](import::Importer) along.

mod aggregate;
mod benchmark;
mod columns;
mod given;
pub mod import;
mod laboratory;
mod listed;
mod macro_net;
mod proxy;
mod registry;
mod search_error;
mod settings;
mod shared_net;
mod space;
mod split;
mod strategy;
mod suggestion;
pub mod supernet;
mod trained;
mod unavailable;
mod workshop;

pub use aggregate::{Aggregate, AggregateError, Column, Component, Missing, Rule};
pub use benchmark::{Accuracy, Benchmark, BenchmarkEntry, BenchmarkError, Cost, Figure, Recorded, TrainingRuns};
pub use columns::{ColumnContent, ColumnUse, Columns, TableLaboratory};
pub use given::Given;
pub use laboratory::{Laboratory, Removal, Request, Step};
pub use listed::{Listed, NotListed, Repeated};
pub use macro_net::{MacroNet, Part};
pub use proxy::{
    AskError, Draws, Images, KeptEdge, Measured, Outcome, Pass, PassProxy, Proxy, ProxyError, RecordedColumn, Shared, Skeleton, Source,
    StructuralProxy, Structure, Subject, WholeNetwork, WholePass, Work, ZeroCostProxy, looked_up, measure_together,
};
pub use registry::{Build, Entry, Forward, Kind, Origin, Registry, RegistryError};
pub use search_error::SearchError;
#[doc(hidden)]
pub use settings::macros;
pub use settings::{Declared, DefaultValue, Group, NoSettings, Setting, SettingType, Settings, SettingsError, ValueKind, Words};
pub use space::{ArchitectureError, Read, Reads, SearchSpace, called, draw_architectures};
pub use split::{Divided, Split};
pub use strategy::{ProxyUse, SearchStrategy};
pub use suggestion::suggestion;
pub use trained::TrainingUse;
pub(crate) use unavailable::Unavailable;
pub use workshop::{Bookmark, SupernetDescription, Workshop};
