//! Plugins that the process brings itself, as a program in another language does whose users write them there.
//!
//! Every experiment of the process may name them. One that is brought again under its name takes the place of the one before: in a
//! notebook a cell is run again with another body.

use std::sync::{Mutex, MutexGuard, PoisonError};

use assay_core::data::Dataset;
use assay_core::experiment::Plugins;
use assay_core::plugin::{Entry, Kind, Proxy, Registry, RegistryError, SearchSpace, SearchStrategy};

use crate::failure::Failure;

static BROUGHT: Mutex<Brought> =
    Mutex::new(Brought { datasets: Vec::new(), spaces: Vec::new(), proxies: Vec::new(), strategies: Vec::new() });

struct Brought {
    datasets: Vec<&'static Entry<dyn Dataset>>,
    spaces: Vec<&'static Entry<dyn SearchSpace>>,
    proxies: Vec<&'static Entry<Proxy>>,
    strategies: Vec<&'static Entry<dyn SearchStrategy>>,
}

fn brought() -> MutexGuard<'static, Brought> {
    BROUGHT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Brings a dataset.
///
/// # Errors
/// If one that is linked has its name.
pub fn dataset(entry: &'static Entry<dyn Dataset>) -> Result<(), Failure> {
    add(&mut brought().datasets, entry)
}

/// Brings a search space.
///
/// # Errors
/// If one that is linked has its name.
pub fn space(entry: &'static Entry<dyn SearchSpace>) -> Result<(), Failure> {
    add(&mut brought().spaces, entry)
}

/// Brings a proxy.
///
/// # Errors
/// If one that is linked has its name.
pub fn proxy(entry: &'static Entry<Proxy>) -> Result<(), Failure> {
    add(&mut brought().proxies, entry)
}

/// Brings a strategy.
///
/// # Errors
/// If one that is linked has its name.
pub fn strategy(entry: &'static Entry<dyn SearchStrategy>) -> Result<(), Failure> {
    add(&mut brought().strategies, entry)
}

/// Forgets all that was brought, as between one test and the next.
pub fn forget() {
    let brought = &mut *brought();
    brought.datasets.clear();
    brought.spaces.clear();
    brought.proxies.clear();
    brought.strategies.clear();
}

fn add<T: ?Sized + Kind>(entries: &mut Vec<&'static Entry<T>>, entry: &'static Entry<T>) -> Result<(), Failure> {
    let fits = Registry::<T>::collect().and_then(|linked| linked.check(&[entry]));
    fits.map_err(|error| Failure::new(error.to_string()).of_what_was_asked())?;
    entries.retain(|other| other.name != entry.name);
    entries.push(entry);
    Ok(())
}

/// Adds all that was brought.
///
/// # Errors
/// If a plugin of a file has the name of one of them.
pub(super) fn join(plugins: &mut Plugins) -> Result<(), RegistryError> {
    let Brought { datasets, spaces, proxies, strategies } = &*brought();
    plugins.datasets.check(datasets)?;
    plugins.spaces.check(spaces)?;
    plugins.proxies.check(proxies)?;
    plugins.strategies.check(strategies)?;
    plugins.datasets.join(datasets);
    plugins.spaces.join(spaces);
    plugins.proxies.join(proxies);
    plugins.strategies.join(strategies);
    Ok(())
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::{Build, Origin, Settings, SettingsError};

    use super::*;

    fn entry(name: &'static str, summary: &'static str) -> &'static Entry<Proxy> {
        let build: Build<Proxy> = &|_| Err(SettingsError::new("name", "is not made in this test"));
        let resolve = |given: &Settings| Ok(given.clone());
        Box::leak(Box::new(Entry { name, summary, origin: Origin::File("a.py"), settings: &[], resolve, build }))
    }

    #[test]
    fn what_is_brought_again_takes_the_place_of_the_one_before_and_a_linked_name_is_refused() {
        proxy(entry("brought-for-a-test", "first")).unwrap();
        proxy(entry("brought-for-a-test", "second")).unwrap();
        let plugins = super::super::installed().unwrap();
        assert_eq!(plugins.proxies.find("brought-for-a-test").unwrap().summary, "second");
        let refused = proxy(entry("naswot", "of the same name")).unwrap_err();
        assert!(refused.to_string().contains("two plugins are called proxy `naswot`"), "{refused}");
    }
}
