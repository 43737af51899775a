//! [NASLib](https://github.com/automl/NASLib)'s six numbers: `(4, 0, 3, 1, 4, 3)`, or `403143`.

use assay_core::plugin::ArchitectureError;

use crate::notation::{Value, Written};

/// NASLib's operators, in its order.
const OPERATORS: [&str; 5] = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"];
/// The benchmark's largest index.
const LAST_INDEX: u32 = 15_624;

/// The cell that NASLib writes as these six numbers, in the benchmark's text: an operator an edge, edges in the order 1→2, 1→3,
/// 1→4, 2→3, 2→4, 3→4. None where a number is not one of its operators.
#[must_use]
pub fn cell(operators: [i64; 6]) -> Option<String> {
    let mut names = [""; 6];
    for (name, operator) in names.iter_mut().zip(operators) {
        *name = OPERATORS.get(usize::try_from(operator).ok()?)?;
    }
    let [a, b, d, c, e, f] = names;
    Some(format!("|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"))
}

/// The cell of a list of numbers.
pub(super) fn numbers(written: &Written<'_>, value: &Value) -> Result<String, ArchitectureError> {
    let numbers = value.integers().and_then(|numbers| cell(numbers.try_into().ok()?));
    numbers.ok_or_else(|| {
        let known: Vec<String> = OPERATORS.iter().enumerate().map(|(number, name)| format!("{number} {name}")).collect();
        written.wrong(value.at, &format!("a list of numbers is read as NASLib writes cells: six numbers ({})", known.join(", ")))
    })
}

/// The cell of digits without signs between them.
pub(super) fn digits(written: &Written<'_>, digits: &str) -> Result<String, ArchitectureError> {
    let operators: Vec<i64> = digits.bytes().map(|digit| i64::from(digit - b'0')).collect();
    let naslib = operators.clone().try_into().ok().and_then(cell);
    let may_be_index = digits.parse().is_ok_and(|index: u32| index <= LAST_INDEX);
    match naslib {
        Some(cell) if !may_be_index => Ok(cell),
        Some(_) => {
            let listed: Vec<String> = operators.iter().map(i64::to_string).collect();
            let problem = format!(
                "this may be an index of the benchmark or NASLib's numbers: write the latter ({}), and for an index the text that the \
                 benchmark's table has for it",
                listed.join(", ")
            );
            Err(written.wrong(0, &problem))
        }
        None if may_be_index => Err(written.wrong(
            0,
            "an index is a row of the benchmark's table, which the space does not know: write the text that the table has there \
             (api.arch(INDEX) in the benchmark's own code)",
        )),
        None => Err(written
            .wrong(0, &format!("this is neither an index of the benchmark, 0 to {LAST_INDEX}, nor NASLib's six numbers from 0 to 4"))),
    }
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
        assert!(cell([0, 0, 0, 0, 0, 5]).is_none() && cell([-1, 0, 0, 0, 0, 0]).is_none());
    }
}
