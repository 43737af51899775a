//! A colour for each operator.

/// Colours that people with any kind of colour vision tell apart (Okabe and Ito, 2008; the yellow darker, for white paper).
const COLOURS: [&str; 7] = ["#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#c4ad00"];
/// For `none`.
const NONE: &str = "#a9b0b8";
/// The operator that lets nothing through.
pub(crate) const ZERO: &str = "none";

/// The colour of an operator among all of a space. With more operators than colours, colours come again.
pub(crate) fn colour(operators: &[String], operator: usize) -> &'static str {
    if operators.get(operator).is_some_and(|name| name == ZERO) {
        return NONE;
    }
    let before = operators.iter().take(operator).filter(|name| *name != ZERO).count();
    COLOURS[before % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_have_colours_of_their_own() {
        let operators: Vec<String> = ["none", "a", "b", "c", "d", "e", "f", "g"].map(String::from).into();
        let colours: std::collections::BTreeSet<&str> = (0..8).map(|operator| colour(&operators, operator)).collect();
        assert_eq!(colours.len(), 8);
        assert_eq!(colour(&operators, 0), NONE);
    }
}
