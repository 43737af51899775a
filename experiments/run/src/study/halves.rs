//! The two halves of a space: `[study] half`.

use assay_core::experiment::Half;
use assay_core::plugin::SearchSpace;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use rand::RngExt;

use crate::RunError;

/// The half that an architecture is in. It depends on the seed and on what the architecture computes, and on nothing else: a sample and
/// the whole space are cut alike, and no network of one half is that of an architecture of the other.
pub(super) fn half_of(architecture: &Subspace, space: &dyn SearchSpace, seed: u64) -> Result<Half, RunError> {
    let text = space.canonical(architecture).map_err(|error| RunError::Result(error.to_string()))?;
    let is_development: bool = Stream::new(seed, "study").child("halves").child(text).rng().random();
    Ok(if is_development { Half::Development } else { Half::Test })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use assay_core::plugin::{Registry, Settings, draw_architectures};
    use assay_spaces as _;

    use super::*;

    #[test]
    fn cells_that_compute_the_same_are_in_one_half_and_the_halves_are_about_equal() {
        let spaces = Registry::<dyn SearchSpace>::collect().unwrap();
        let space = spaces.build("nas-bench-201", &Settings::none()).unwrap();
        let whole = Subspace::whole(space.layout());
        let drawn = draw_architectures(space.as_ref(), &whole, 4000, &Stream::new(0, "halves"));
        let mut halves: BTreeMap<String, Half> = BTreeMap::new();
        let (mut development, mut together) = (0, 0);
        for architecture in &drawn {
            let half = half_of(architecture, space.as_ref(), 0).unwrap();
            development += usize::from(half == Half::Development);
            let earlier = halves.insert(space.canonical(architecture).unwrap(), half);
            together += usize::from(earlier.is_some());
            assert!(earlier.is_none_or(|earlier| earlier == half));
        }
        assert!(together > 500, "no cells computed the same");
        assert!((1700..2300).contains(&development), "{development} of 4,000");
    }
}
