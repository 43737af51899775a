//! How NASLib names the cells of NAS-Bench-201: by six numbers.

/// The cell that [NASLib](https://github.com/automl/NASLib) writes as these six numbers: an operator an edge, edges in the
/// order 1→2, 1→3, 1→4, 2→3, 2→4, 3→4.
pub(crate) fn cell(operators: [i64; 6]) -> Option<String> {
    const NASLIB: [&str; 5] = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"];
    let mut names = [""; 6];
    for (name, operator) in names.iter_mut().zip(operators) {
        *name = NASLIB.get(usize::try_from(operator).ok()?)?;
    }
    let [a, b, d, c, e, f] = names;
    Some(format!("|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_name_the_cells_that_they_name_in_naslib() {
        // The first two rows of NATS-Bench's and HW-NAS-Bench's tables.
        let first = cell([4, 3, 3, 0, 0, 0]).unwrap();
        assert_eq!(first, "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|");
        let second = cell([2, 2, 0, 4, 2, 0]).unwrap();
        assert_eq!(second, "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|");
        assert!(crate::nas_bench_201::LAYOUT.key(&first).is_some());
        assert!(cell([0, 0, 0, 0, 0, 5]).is_none() && cell([-1, 0, 0, 0, 0, 0]).is_none());
    }
}
