//! What datasets are made of.
//!
//! [`batch_files`] opens published collections, whose files are [`flat_records`] or a [`pickled_batch`]; [`files`] and
//! [`archive`] read files and archives, [`jpeg`] tells whole images from cut ones, [`location`] says where they lie,
//! [`normalisation`] has the constants, [`partition`] splits images in two, and [`fetch`] downloads.

pub(crate) mod archive;
pub(crate) mod batch_files;
pub mod fetch;
pub(crate) mod files;
pub(crate) mod flat_records;
pub(crate) mod jpeg;
pub(crate) mod location;
pub(crate) mod normalisation;
pub(crate) mod partition;
pub(crate) mod pickled_batch;
