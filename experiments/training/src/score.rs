//! How many images are classified correctly.

/// How many rows have their largest value at their label. Of equal values the first counts.
pub(crate) fn correct(logits: &[f64], labels: &[u32]) -> usize {
    let classes = logits.len() / labels.len().max(1);
    let first_largest = |row: &[f64]| (1..row.len()).fold(0, |best, index| if row[index] > row[best] { index } else { best });
    logits.chunks(classes.max(1)).zip(labels).filter(|(row, label)| first_largest(row) == **label as usize).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_values_the_first_counts() {
        assert_eq!(correct(&[0.1, 0.9, 0.9, 2.0, -1.0, 0.0], &[1, 0]), 2);
        assert_eq!(correct(&[0.1, 0.9, 0.9, 2.0, -1.0, 0.0], &[2, 0]), 1);
    }
}
