//! What a report shows of a part of a study: nothing before the parts are joined.

use std::path::Path;

use assay_results::ShardSummary;

use super::found::{Reported, Shown};
use crate::report::error::ReportError;

impl Reported for ShardSummary {
    fn found(self, folder: &Path) -> Result<Box<dyn Shown>, ReportError> {
        Err(ReportError::Shard { folder: folder.to_owned(), shard: self.part.shard })
    }
}
