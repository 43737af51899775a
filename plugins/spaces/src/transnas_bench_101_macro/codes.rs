//! Which modules make a network of the space.

use std::sync::LazyLock;

use crate::transnas_bench_101::Module;

/// The modules of a network, each by its position in [`Module::ALL`].
pub(super) type Code = Vec<usize>;

/// Modules of the shortest networks.
pub(super) const FEWEST: usize = 4;
/// Modules of the longest networks.
pub(super) const MOST: usize = 6;
/// How often channels are doubled at most, and at least once.
const MOST_WIDENED: usize = 3;
/// How often height and width are halved at most, and at least once.
const MOST_HALVED: usize = 4;

/// Checks that the modules are a network of the space.
pub(super) fn check(code: &[usize]) -> Result<(), String> {
    let count = |is: fn(&Module) -> bool| code.iter().filter(|module| is(&Module::ALL[**module])).count();
    let (widened, halved) = (count(|module| module.widens), count(|module| module.halves));
    if !(FEWEST..=MOST).contains(&code.len()) {
        return Err(format!("a network has {FEWEST} to {MOST} modules, not {}", code.len()));
    }
    if !(1..=MOST_WIDENED).contains(&widened) {
        return Err(format!("channels are doubled 1 to {MOST_WIDENED} times, not {widened}"));
    }
    if !(1..=MOST_HALVED).contains(&halved) {
        return Err(format!("height and width are halved 1 to {MOST_HALVED} times, not {halved}"));
    }
    Ok(())
}

/// All networks: shorter ones first, those of one length by their digits.
pub(super) static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| {
    let of_length = |length: usize| {
        let modules = Module::ALL.len();
        (0..modules.pow(length as u32)).map(move |number| {
            let digit = |at: usize| number / modules.pow((length - 1 - at) as u32) % modules;
            (0..length).map(digit).collect::<Code>()
        })
    };
    (FEWEST..=MOST).flat_map(of_length).filter(|code| check(code).is_ok()).collect()
});
