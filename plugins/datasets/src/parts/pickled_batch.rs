//! Image batches saved by Python's `pickle` with NumPy arrays inside.

use std::ops::Range;

use assay_core::data::DataError;
use assay_pickle::{Document, PickleError};

use crate::parts::files::kind_of;
use crate::parts::flat_records::LabelledImages;

/// Reads the batch in `bytes`: a dictionary with a uint8 matrix `data`, an image a row of `columns` bytes, and a list of
/// labels, each in `labels`, under `label_key`.
pub(crate) fn labelled_images(
    origin: &str,
    bytes: &[u8],
    label_key: &str,
    columns: usize,
    labels: Range<i64>,
) -> Result<LabelledImages, DataError> {
    if bytes.is_empty() {
        return Err(DataError::new(format!("{origin} is empty (0 bytes); fetch or copy it again")));
    }
    let wrong = |error: PickleError| match (&error, kind_of(bytes)) {
        (PickleError::NoPickle, Some(kind)) => DataError::new(format!("{origin} is {kind}, not a pickled batch of images")),
        _ => DataError::caused(format!("{origin} cannot be read as a pickled batch of images"), error),
    };
    let document = Document::read(bytes, &[]).map_err(wrong)?;
    let pixels = document.byte_rows("data", columns).map_err(wrong)?;
    let given = document.integers(label_key).map_err(wrong)?;
    if given.len() * columns != pixels.len() {
        return Err(DataError::new(format!("{origin} has {} images but {} labels", pixels.len() / columns, given.len())));
    }
    let label = |(index, label): (usize, &i64)| match u32::try_from(*label) {
        Ok(checked) if labels.contains(label) => Ok(checked),
        _ => {
            Err(DataError::new(format!("{origin}: image {index} has label {label}, but labels are {} to {}", labels.start, labels.end - 1)))
        }
    };
    Ok(LabelledImages { labels: given.iter().enumerate().map(label).collect::<Result<_, _>>()?, pixels })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Python 2's cPickle writes CIFAR: byte strings, memo references, old NumPy's names.
    const PYTHON2: &[u8] = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05(K\x06K\x09e\
        U\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09(K\x01K\x02K\x02\x86\
        cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x0a\x0b\x0c\x0dtbu.";

    #[test]
    fn a_batch_has_its_pixels_and_labels() {
        let part = labelled_images("batch", PYTHON2, "labels", 2, 0..10).unwrap();
        assert_eq!(part, LabelledImages { pixels: vec![10, 11, 12, 13], labels: vec![6, 9] });
    }

    #[test]
    fn errors_say_what_the_batch_lacks() {
        let message =
            |bytes: &[u8], columns: usize| labelled_images("batch", bytes, "fine_labels", columns, 0..10).unwrap_err().to_string();
        insta::assert_snapshot!(message(PYTHON2, 2), @"batch cannot be read as a pickled batch of images: it holds no dictionary with the key `fine_labels`; its keys are batch_label, data, labels");
        insta::assert_snapshot!(message(PYTHON2, 3), @"batch cannot be read as a pickled batch of images: `data` is not a uint8 array of 3 columns (it is u1 of shape (2, 2))");
        insta::assert_snapshot!(message(b"\x80\x02]q\x01.", 3), @"batch cannot be read as a pickled batch of images: it holds no dictionary with the key `data`");
        insta::assert_snapshot!(message(b"(dp0\nS'data'\np1\n", 3), @"batch cannot be read as a pickled batch of images: it does not begin as a pickle of protocol 2 to 5");
        insta::assert_snapshot!(labelled_images("batch", PYTHON2, "labels", 2, 0..7).unwrap_err(), @"batch: image 1 has label 9, but labels are 0 to 6");
    }
}
