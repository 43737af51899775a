//! Alternatives of any number as a layout, whose edges choose from at most 64 operators.

use assay_core::subspace::{CellLayout, Layout, OperatorSet, Subspace};

/// Operators that an edge can choose from at the most.
const BASE: usize = 64;

/// So many alternatives, of which an architecture is one. Up to 64 are the operators of one edge. Of more, each digit of the
/// number to the base 64 is an edge, the last counting fastest; not every path is then an alternative.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    layout: Layout,
    count: usize,
}

impl Numbered {
    /// Alternatives of these names.
    pub(super) fn new<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let count = names.len();
        if count <= BASE {
            let cell = CellLayout::uniform("network", ["file"], count);
            return Self { layout: Layout::new(names, vec![cell]), count };
        }
        let mut digits = 2;
        while BASE.pow(digits) < count {
            digits += 1;
        }
        let places = (0..digits).rev().map(|digit| BASE.pow(digit));
        let mut cell = CellLayout::uniform("network", places.map(|place| format!("file / {place} mod {BASE}")), BASE);
        cell.offers[0] = OperatorSet::first(count.div_ceil(BASE.pow(digits - 1)));
        Self { layout: Layout::new((0..BASE).map(|digit| digit.to_string()), vec![cell]), count }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The subspace of one alternative.
    pub(super) fn subspace(&self, mut position: usize) -> Subspace {
        let edges = self.layout.cells[0].edges.len();
        let mut kept = vec![OperatorSet::EMPTY; edges];
        for set in kept.iter_mut().rev() {
            let digit = if edges == 1 { position } else { position % BASE };
            *set = OperatorSet::EMPTY.with(digit);
            position /= BASE;
        }
        Subspace::new(&self.layout, vec![kept])
    }

    /// The alternative that a subspace is; none where it is not exactly one.
    pub(super) fn position(&self, subspace: &Subspace) -> Option<usize> {
        if !subspace.fits(&self.layout) {
            return None;
        }
        let digit = |set: &OperatorSet| set.iter().next().filter(|_| set.len() == 1);
        let position = subspace.cells()[0].iter().try_fold(0, |position, set| Some(position * BASE + digit(set)?))?;
        (position < self.count).then_some(position)
    }

    /// The alternatives that a subspace holds, ascending.
    pub(super) fn within<'a>(&'a self, subspace: &'a Subspace) -> impl Iterator<Item = usize> + 'a {
        let fits = subspace.fits(&self.layout);
        let edges = self.layout.cells[0].edges.len();
        let holds = move |position: &usize| {
            let digit = |edge: usize| if edges == 1 { *position } else { position / BASE.pow((edges - 1 - edge) as u32) % BASE };
            (0..edges).all(|edge| subspace.kept(0, edge).contains(digit(edge)))
        };
        (0..if fits { self.count } else { 0 }).filter(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_one_subspace_and_back() {
        for count in [1, 2, 63, 64, 65, 128, 130, 4096, 4097] {
            let names: Vec<String> = (0..count).map(|position| format!("{position}.onnx")).collect();
            let numbered = Numbered::new(names.iter().map(String::as_str));
            let whole = Subspace::whole(numbered.layout());
            assert_eq!(numbered.within(&whole).collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
            for position in [0, count / 2, count - 1] {
                let subspace = numbered.subspace(position);
                assert_eq!(numbered.position(&subspace), Some(position), "{count}");
                assert_eq!(numbered.within(&subspace).collect::<Vec<_>>(), [position], "{count}");
                assert_eq!(Subspace::try_from(subspace.to_string()), Ok(subspace));
            }
            let paths = (0..whole.single_paths()).filter_map(|number| numbered.position(&whole.single_path(number)?));
            assert_eq!(paths.count(), count, "every file is one path");
            assert!(count == 1 || numbered.position(&whole).is_none());
        }
    }
}
