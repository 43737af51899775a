//! Elements of parameters whose gradients are wanted: all of them, none, or a few.

use std::collections::BTreeMap;

use assay_core::engine::ParameterElement;

/// Which gradients of parameters a backward pass is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parameters {
    None,
    All,
    Chosen(Chosen),
}

/// Some elements of some parameters. A row of gradients holds them parameter by parameter, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    of: BTreeMap<usize, Vec<usize>>,
}

impl Parameters {
    /// Whether the gradient of a parameter, if there is one, is wanted at least in part.
    pub(super) fn want(&self, parameter: Option<usize>) -> bool {
        match (self, parameter) {
            (Self::None, _) | (_, None) => false,
            (Self::All, _) => true,
            (Self::Chosen(chosen), Some(parameter)) => !chosen.elements(parameter).is_empty(),
        }
    }

    /// How many elements of a parameter of this many are up to the last one that is wanted.
    pub(super) fn leading(&self, parameter: Option<usize>, elements: usize) -> usize {
        match (self, parameter) {
            (Self::None, _) | (_, None) => 0,
            (Self::All, _) => elements,
            (Self::Chosen(chosen), Some(parameter)) => chosen.elements(parameter).iter().max().map_or(0, |last| last + 1),
        }
    }

    /// The elements that are wanted, unless that is all or nothing.
    pub(super) fn chosen(&self) -> Option<&Chosen> {
        if let Self::Chosen(chosen) = self { Some(chosen) } else { None }
    }
}

impl Chosen {
    pub(super) fn new(elements: &[ParameterElement]) -> Self {
        let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for place in elements {
            of.entry(place.parameter).or_default().push(place.element);
        }
        for elements in of.values_mut() {
            elements.sort_unstable();
            elements.dedup();
        }
        Self { of }
    }

    /// The elements of a parameter.
    pub(super) fn elements(&self, parameter: usize) -> &[usize] {
        self.of.get(&parameter).map_or(&[], Vec::as_slice)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.of.values().map(Vec::len).sum()
    }

    /// Where an element is in a row.
    pub(super) fn position(&self, place: &ParameterElement) -> Option<usize> {
        let before: usize = self.of.range(..place.parameter).map(|(_, elements)| elements.len()).sum();
        Some(before + self.elements(place.parameter).binary_search(&place.element).ok()?)
    }
}
