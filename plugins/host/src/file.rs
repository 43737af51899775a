//! A plugin file: opened, checked before any of its code runs, described.
#![allow(unsafe_code, reason = "what a library exports are pointers and lengths")]

use std::path::Path;
use std::sync::Arc;

use assay_core::data::read_file;
use assay_core::plugin::{Declared, WholePass};
use assay_plugin_sdk::abi::{
    ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, ASSAY_LOWER_IS_BETTER, ASSAY_MAGIC, ASSAY_PASS_SETTINGS, AssayPlugin, AssayProxy, AssaySetting,
    AssaySpace, AssayStrategy,
};
use libloading::Library;

use crate::border::{Guest, Stay};
use crate::description::{Description, Plugin, SettingDescription};
use crate::error::{LoadError, LoadProblem};
use crate::foreign::{self, TextError};
use crate::whole;

/// A library that stays loaded as long as anything made from it lives.
pub(crate) struct PluginFile {
    pub(crate) guest: Guest,
    pub(crate) proxies: Vec<AssayProxy>,
    pub(crate) spaces: Vec<AssaySpace>,
    pub(crate) strategies: Vec<AssayStrategy>,
    pub(crate) description: Description,
    /// What all pointers above point into.
    _library: Library,
}

// SAFETY: the tables are immutable data of the library, and the interface asks that its functions may be called from any thread.
unsafe impl Send for PluginFile {}
// SAFETY: as above.
unsafe impl Sync for PluginFile {}

impl PluginFile {
    /// Opens a file and checks what it exports.
    pub(crate) fn open(path: &Path) -> Result<Arc<Self>, LoadError> {
        let fail = |problem| LoadError::new(path, problem);
        let bytes = read_file(path).map_err(|error| {
            fail(if error.kind() == std::io::ErrorKind::NotFound {
                LoadProblem::Missing
            } else {
                LoadProblem::Unreadable(error.to_string())
            })
        })?;
        let digest = blake3::hash(&bytes).to_hex()[..12].to_owned();
        let (has, said) = (bytes.len() as u64, whole::length_said(&bytes));
        drop(bytes);
        if let Some(says) = said.filter(|says| *says > has) {
            return Err(fail(LoadProblem::Short { has, says }));
        }
        // A bare file name would be looked for in the system's library folders.
        let whole = std::path::absolute(path).map_err(|error| fail(LoadProblem::Unreadable(error.to_string())))?;
        // An initialiser of the compiler's may set how this thread rounds: -ffast-math does.
        let guest = Guest::new(path);
        let stay = Stay::begin(&guest, "open");
        // SAFETY: loading runs the library's own initialisers; that users name only libraries that they trust is said in
        // docs/plugins.md.
        let library = unsafe { Library::new(&whole) }.map_err(|error| fail(LoadProblem::NotALibrary(chain(&error))))?;
        drop(stay);
        // SAFETY: a symbol of this name is a plugin's table; the magic number is read before anything else of it.
        let symbol = unsafe { library.get::<*const AssayPlugin>(b"ASSAY_PLUGIN\0") }.map_err(|_| fail(LoadProblem::NoSymbol))?;
        let table = *symbol;
        // SAFETY: see `check`.
        let table = unsafe { check(table) }.map_err(fail)?;
        // SAFETY: `check` compared the lengths of tables and entries.
        let (proxies, spaces, strategies) = unsafe {
            (
                foreign::values(table.proxies, table.proxy_count as usize).to_vec(),
                foreign::values(table.spaces, table.space_count as usize).to_vec(),
                foreign::values(table.strategies, table.strategy_count as usize).to_vec(),
            )
        };
        // SAFETY: the tables are the library's.
        let description = unsafe { describe(&table, (&proxies, &spaces, &strategies), digest) }.map_err(fail)?;
        Ok(Arc::new(Self { guest, proxies, spaces, strategies, description, _library: library }))
    }

    /// `libsnip.so 0.1.0, 1f3c5a7b9d02`, for protocols: another build is another plugin.
    pub(crate) fn label(&self) -> String {
        self.description.label(&self.guest.path)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| source.to_string())
}

/// Reads the table as far as it is known to be one.
///
/// # Safety
/// `table` must be the address of a symbol called `ASSAY_PLUGIN`.
unsafe fn check(table: *const AssayPlugin) -> Result<AssayPlugin, LoadProblem> {
    // SAFETY: any symbol has bytes behind it; a library that exports this name for something shorter than 24 bytes is not
    // foreseen, and reads what follows it in the library's data.
    let (magic, major, minor, size) = unsafe {
        (
            (&raw const (*table).magic).read_unaligned(),
            (&raw const (*table).abi_major).read_unaligned(),
            (&raw const (*table).abi_minor).read_unaligned(),
            (&raw const (*table).size).read_unaligned(),
        )
    };
    if magic != ASSAY_MAGIC {
        return Err(LoadProblem::Magic(magic));
    }
    if major != ASSAY_ABI_MAJOR || minor > ASSAY_ABI_MINOR {
        return Err(LoadProblem::Version { major, minor });
    }
    let same = |table: &str, given: u32, expected: usize| {
        if given as usize == expected { Ok(()) } else { Err(LoadProblem::Length { table: table.into(), given, expected }) }
    };
    same("AssayPlugin", size, size_of::<AssayPlugin>())?;
    // SAFETY: magic, version and length are those of this table.
    let table = unsafe { table.read_unaligned() };
    if table.proxy_count > 0 {
        same("AssayProxy", table.proxy_size, size_of::<AssayProxy>())?;
    }
    if table.space_count > 0 {
        same("AssaySpace", table.space_size, size_of::<AssaySpace>())?;
    }
    if table.strategy_count > 0 {
        same("AssayStrategy", table.strategy_size, size_of::<AssayStrategy>())?;
    }
    Ok(table)
}

/// # Safety
/// The tables must be those of a loaded library.
unsafe fn describe(
    table: &AssayPlugin,
    (proxies, spaces, strategies): (&[AssayProxy], &[AssaySpace], &[AssayStrategy]),
    digest: String,
) -> Result<Description, LoadProblem> {
    macro_rules! plugin {
        ($kind:literal, $entry:expr, [$($function:ident),*]) => {{
            let entry = $entry;
            // SAFETY: the library's texts and settings.
            let (name, summary, settings) = unsafe {
                (
                    text(concat!("the name of a ", $kind), foreign::text(entry.name))?,
                    text(concat!("the summary of a ", $kind), foreign::text(entry.summary))?,
                    foreign::values(entry.settings, entry.setting_count as usize),
                )
            };
            $(if entry.$function.is_none() {
                return Err(LoadProblem::Function { kind: $kind.into(), name, function: stringify!($function).into() });
            })*
            if name.is_empty() {
                return Err(LoadProblem::Declaration(concat!("a ", $kind, " without a name").into()));
            }
            // SAFETY: the library's texts.
            let settings = settings.iter().map(|own| unsafe { setting(&name, own) }).collect::<Result<_, _>>()?;
            Ok(Plugin { name, summary, settings, minor: table.abi_minor, lower_is_better: false, has_pass_settings: false })
        }};
    }
    let proxy = |entry: &AssayProxy| {
        let found: Result<Plugin, LoadProblem> = plugin!("proxy", entry, [ask, score]);
        let has_pass_settings = entry.flags & ASSAY_PASS_SETTINGS != 0;
        let found = Plugin { lower_is_better: entry.direction == ASSAY_LOWER_IS_BETTER, has_pass_settings, ..found? };
        let taken = |own: &SettingDescription| has_pass_settings && WholePass::SETTINGS.iter().any(|setting| setting.name == own.name);
        match found.settings.iter().find(|own| taken(own)) {
            Some(own) => {
                Err(LoadProblem::Declaration(format!("`{}` has a setting `{}`, which is one of its passes", found.name, own.name)))
            }
            None => Ok(found),
        }
    };
    Ok(Description {
        // SAFETY: the library's texts.
        version: text("the version", unsafe { foreign::text(table.version) })?,
        // SAFETY: as above.
        compiler: text("the compiler", unsafe { foreign::text(table.compiler) })?,
        digest,
        proxies: proxies.iter().map(proxy).collect::<Result<_, _>>()?,
        spaces: spaces.iter().map(|entry| plugin!("search space", entry, [layout, parse, write, lower])).collect::<Result<_, _>>()?,
        strategies: strategies.iter().map(|entry| plugin!("strategy", entry, [proxies, search])).collect::<Result<_, _>>()?,
    })
}

fn text(what: &str, text: Result<&str, TextError>) -> Result<String, LoadProblem> {
    text.map(str::to_owned).map_err(|wrong| LoadProblem::Declaration(format!("{what} {wrong}")))
}

/// # Safety
/// The setting must be a loaded library's.
unsafe fn setting(of: &str, setting: &AssaySetting) -> Result<SettingDescription, LoadProblem> {
    // SAFETY: the library's texts.
    let [name, words, standard, help] =
        unsafe { [setting.name, setting.words, setting.standard, setting.help].map(|own| foreign::text(own)) };
    let what = |what: &str| format!("the {what} of a setting of `{of}`");
    let described = SettingDescription {
        name: text(&what("name"), name)?,
        kind: setting.kind,
        min: setting.min,
        max: setting.max,
        words: text(&what("words"), words)?,
        standard: text(&what("default"), standard)?,
        help: text(&what("help"), help)?,
    };
    described.kind().map(drop).map_err(|problem| LoadProblem::Declaration(format!("setting `{}` of `{of}`: {problem}", described.name)))?;
    Ok(described)
}

#[cfg(test)]
mod tests;
