//! The exported tables.

use crate::abi::{
    ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, ASSAY_HIGHER_IS_BETTER, ASSAY_LOWER_IS_BETTER, ASSAY_MAGIC, ASSAY_PASS_SETTINGS, AssayPlugin,
    AssayProxy, AssaySpace, AssayStrategy, AssayText,
};
use crate::score::Direction;
use crate::{Proxy, Setting, Space, Strategy, shim};

/// Exports proxies, spaces and strategies of this library; there can be one such list in a library.
///
/// ```
/// # use assay_plugin_sdk::{Asking, Error, Measured, Proxy, Reading, Settings};
/// # struct Nothing;
/// # impl Proxy for Nothing {
/// #     const NAME: &'static str = "nothing";
/// #     const SUMMARY: &'static str = "nothing";
/// #     fn new(_: &Settings) -> Result<Self, Error> {
/// #         Ok(Self)
/// #     }
/// #     fn ask(&self, _: usize, _: &Asking<'_>) -> Result<(), Error> {
/// #         Ok(())
/// #     }
/// #     fn score(&self, _: &[Measured<'_>]) -> Result<Reading, Error> {
/// #         Ok(Reading::undefined("it measures nothing"))
/// #     }
/// # }
/// assay_plugin_sdk::export! { proxies: [Nothing] }
/// # fn main() {}
/// ```
///
/// `spaces: […]` and `strategies: […]` follow, separated by commas; kinds that a library does not have are left out.
#[macro_export]
macro_rules! export {
    ($(proxies: [$($proxy:ty),* $(,)?])? $(,)? $(spaces: [$($space:ty),* $(,)?])? $(,)? $(strategies: [$($strategy:ty),* $(,)?])? $(,)?) => {
        /// What Assay reads when it loads this library.
        #[unsafe(no_mangle)]
        pub static ASSAY_PLUGIN: $crate::abi::AssayPlugin = {
            static PROXIES: &[$crate::abi::AssayProxy] = &[$($($crate::proxy_entry::<$proxy>()),*)?];
            static SPACES: &[$crate::abi::AssaySpace] = &[$($($crate::space_entry::<$space>()),*)?];
            static STRATEGIES: &[$crate::abi::AssayStrategy] = &[$($($crate::strategy_entry::<$strategy>()),*)?];
            $crate::Export { version: env!("CARGO_PKG_VERSION"), proxies: PROXIES, spaces: SPACES, strategies: STRATEGIES }.table()
        };
    };
}

/// What a library exports.
pub struct Export {
    /// The library's own version.
    pub version: &'static str,
    /// Its proxies.
    pub proxies: &'static [AssayProxy],
    /// Its spaces.
    pub spaces: &'static [AssaySpace],
    /// Its strategies.
    pub strategies: &'static [AssayStrategy],
}

impl Export {
    /// As it crosses the border.
    #[must_use]
    pub const fn table(&self) -> AssayPlugin {
        AssayPlugin {
            magic: ASSAY_MAGIC,
            abi_major: ASSAY_ABI_MAJOR,
            abi_minor: ASSAY_ABI_MINOR,
            size: size_of::<AssayPlugin>() as u32,
            proxy_size: size_of::<AssayProxy>() as u32,
            space_size: size_of::<AssaySpace>() as u32,
            strategy_size: size_of::<AssayStrategy>() as u32,
            version: AssayText::of(self.version),
            compiler: AssayText::of(env!("ASSAY_PLUGIN_SDK_RUSTC")),
            proxies: self.proxies.as_ptr(),
            spaces: self.spaces.as_ptr(),
            strategies: self.strategies.as_ptr(),
            proxy_count: self.proxies.len() as u32,
            space_count: self.spaces.len() as u32,
            strategy_count: self.strategies.len() as u32,
        }
    }
}

const fn count(settings: &[Setting]) -> u32 {
    settings.len() as u32
}

/// A proxy's table.
#[must_use]
pub const fn proxy_entry<P: Proxy>() -> AssayProxy {
    AssayProxy {
        name: AssayText::of(P::NAME),
        summary: AssayText::of(P::SUMMARY),
        settings: Setting::table(P::SETTINGS),
        setting_count: count(P::SETTINGS),
        flags: if P::PASS_SETTINGS { ASSAY_PASS_SETTINGS } else { 0 },
        direction: match P::DIRECTION {
            Direction::HigherIsBetter => ASSAY_HIGHER_IS_BETTER,
            Direction::LowerIsBetter => ASSAY_LOWER_IS_BETTER,
        },
        create: Some(shim::proxy::create::<P>),
        destroy: Some(shim::destroy::<P>),
        protocol: Some(shim::proxy::protocol::<P>),
        pass_count: Some(shim::proxy::pass_count::<P>),
        pass: Some(shim::proxy::pass::<P>),
        ask: Some(shim::proxy::ask::<P>),
        score: Some(shim::proxy::score::<P>),
    }
}

/// A space's table.
#[must_use]
pub const fn space_entry<S: Space>() -> AssaySpace {
    AssaySpace {
        name: AssayText::of(S::NAME),
        summary: AssayText::of(S::SUMMARY),
        settings: Setting::table(S::SETTINGS),
        setting_count: count(S::SETTINGS),
        create: Some(shim::space::create::<S>),
        destroy: Some(shim::destroy::<S>),
        layout: Some(shim::space::layout::<S>),
        parse: Some(shim::space::parse::<S>),
        write: Some(shim::space::write::<S>),
        canonical: Some(shim::space::canonical::<S>),
        lower: Some(shim::space::lower::<S>),
    }
}

/// A strategy's table.
#[must_use]
pub const fn strategy_entry<S: Strategy>() -> AssayStrategy {
    AssayStrategy {
        name: AssayText::of(S::NAME),
        summary: AssayText::of(S::SUMMARY),
        settings: Setting::table(S::SETTINGS),
        setting_count: count(S::SETTINGS),
        create: Some(shim::strategy::create::<S>),
        destroy: Some(shim::destroy::<S>),
        protocol: Some(shim::strategy::protocol::<S>),
        proxies: Some(shim::strategy::proxies::<S>),
        search: Some(shim::strategy::search::<S>),
    }
}
