//! A colour for each operator.

use assay_structure::subspace::Layout;

/// Colours that people with any kind of colour vision can distinguish (Okabe and Ito, 2008; the yellow darker, for white paper).
const COLOURS: [&str; 7] = ["#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#c4ad00"];
/// For the operator that lets nothing through.
const ZERO: &str = "#a9b0b8";

/// The colour of an operator among all of a space. With more operators than colours, colours come again.
pub(crate) fn colour(layout: &Layout, operator: usize) -> &'static str {
    if layout.zero == Some(operator) {
        return ZERO;
    }
    let before = (0..operator).filter(|other| layout.zero != Some(*other)).count();
    COLOURS[before % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_have_colours_of_their_own() {
        let layout = Layout { zero: Some(0), ..Layout::new(["none", "a", "b", "c", "d", "e", "f", "g"], Vec::new()) };
        let colours: std::collections::BTreeSet<&str> = (0..8).map(|operator| colour(&layout, operator)).collect();
        assert_eq!(colours.len(), 8);
        assert_eq!(colour(&layout, 0), ZERO);
    }
}
