//! The learning curve as a file.

use assay_results::tables::curve as columns;
use assay_results::training::EpochRecord;

/// A row an epoch, with every digit.
pub(super) fn csv(curve: &[EpochRecord]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns::TABLE.columns.iter().map(|column| column.name))?;
    for record in curve {
        let test = record.test;
        writer.serialize((
            record.epoch,
            record.learning_rate,
            record.drop_path,
            record.train_loss,
            record.train_accuracy,
            test.loss,
            test.accuracy(),
            test.images,
            record.seconds,
        ))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
