//! Tables that are wrong in one place, and files that are not plugins.

use std::ffi::c_void;

use assay_fuzz::Fuzz;
use assay_plugin_sdk::abi::{ASSAY_INTEGER, ASSAY_OK, AssayHost, AssayMessage, AssayText};

use super::*;

/// A byte that is not a character.
fn not_utf_8() -> AssayText {
    const BYTE: &[u8] = &[0xff];
    AssayText { data: BYTE.as_ptr().cast(), len: 1 }
}

unsafe extern "C" fn ask(_: *const c_void, _: u32, _: *const AssayHost, _: *mut AssayMessage) -> i32 {
    ASSAY_OK
}

unsafe extern "C" fn score(_: *const c_void, _: *const AssayHost, _: *mut f64, _: *mut AssayMessage) -> i32 {
    ASSAY_OK
}

const NO_TEXT: AssayText = AssayText { data: std::ptr::null(), len: 0 };

fn proxy() -> AssayProxy {
    AssayProxy {
        name: AssayText::of("snip"),
        summary: AssayText::of("sensitivity"),
        settings: std::ptr::null(),
        setting_count: 0,
        flags: 0,
        direction: ASSAY_LOWER_IS_BETTER,
        create: None,
        destroy: None,
        protocol: None,
        pass_count: None,
        pass: None,
        ask: Some(ask),
        score: Some(score),
    }
}

fn setting() -> AssaySetting {
    let [words, standard, help] = [NO_TEXT; 3];
    AssaySetting { name: AssayText::of("depth"), kind: ASSAY_INTEGER, min: 1.0, max: 9.0, words, standard, help }
}

/// A table of these proxies, and of nothing else.
fn table(proxies: &[AssayProxy]) -> AssayPlugin {
    AssayPlugin {
        magic: ASSAY_MAGIC,
        abi_major: ASSAY_ABI_MAJOR,
        abi_minor: ASSAY_ABI_MINOR,
        size: size_of::<AssayPlugin>() as u32,
        proxy_size: size_of::<AssayProxy>() as u32,
        space_size: size_of::<AssaySpace>() as u32,
        strategy_size: size_of::<AssayStrategy>() as u32,
        version: AssayText::of("0.1.0"),
        compiler: AssayText::of("rustc"),
        proxies: proxies.as_ptr(),
        spaces: std::ptr::null(),
        strategies: std::ptr::null(),
        proxy_count: proxies.len() as u32,
        space_count: 0,
        strategy_count: 0,
    }
}

fn checked(change: impl FnOnce(&mut AssayPlugin)) -> Result<AssayPlugin, String> {
    let proxies = [proxy()];
    let mut table = table(&proxies);
    change(&mut table);
    // SAFETY: a whole table, as a library exports it.
    unsafe { check(&raw const table) }.map_err(|problem| problem.to_string())
}

fn described(proxy: AssayProxy, change: impl FnOnce(&mut AssayPlugin)) -> Result<Description, String> {
    let proxies = [proxy];
    let mut table = table(&proxies);
    change(&mut table);
    // SAFETY: what the table points at outlives the call.
    unsafe { describe(&table, (&proxies, &[], &[]), "1f3c".into()) }.map_err(|problem| problem.to_string())
}

#[test]
fn a_table_of_this_interface_is_read_whole() {
    let table = checked(|_| ()).unwrap();
    assert_eq!((table.proxy_count, table.space_count), (1, 0));
}

#[test]
fn a_table_that_is_not_of_this_interface_is_refused_before_more_of_it_is_read() {
    let refused = |change: fn(&mut AssayPlugin)| checked(change).unwrap_err();
    assert_eq!(refused(|table| table.magic = 1), "is not a plugin: its symbol ASSAY_PLUGIN begins with 0x0000000000000001");
    let (major, minor) = (ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR);
    let version = |of: &str| format!("was built for plugin interface {of}, and this program speaks {major}.0 to {major}.{minor}");
    assert_eq!(refused(|table| table.abi_major += 1), version(&format!("{}.{minor}", major + 1)));
    assert_eq!(refused(|table| table.abi_minor += 1), version(&format!("{major}.{}", minor + 1)));
    let length = |table: &str, given: usize, expected: usize| {
        format!("says that its table {table} has {given} bytes, where interface {major}.{minor} has {expected}")
    };
    let [whole, proxy] = [size_of::<AssayPlugin>(), size_of::<AssayProxy>()];
    assert_eq!(refused(|table| table.size -= 8), length("AssayPlugin", whole - 8, whole));
    assert_eq!(refused(|table| table.proxy_size += 8), length("AssayProxy", proxy + 8, proxy));
    let refusal = refused(|table| (table.space_count, table.space_size) = (1, 0));
    assert_eq!(refusal, length("AssaySpace", 0, size_of::<AssaySpace>()));
    let refusal = refused(|table| (table.strategy_count, table.strategy_size) = (1, 0));
    assert_eq!(refusal, length("AssayStrategy", 0, size_of::<AssayStrategy>()));
    // The length of what is not there does not matter.
    assert!(checked(|table| (table.space_size, table.strategy_size) = (0, 0)).is_ok());
}

#[test]
fn a_proxy_is_described_as_its_table_says() {
    let settings = [setting()];
    let own = AssayProxy { settings: settings.as_ptr(), setting_count: 1, flags: ASSAY_PASS_SETTINGS, ..proxy() };
    let description = described(own, |_| ()).unwrap();
    let found = &description.proxies[0];
    assert_eq!((found.name.as_str(), found.summary.as_str(), found.lower_is_better), ("snip", "sensitivity", true));
    assert_eq!((found.settings[0].name.as_str(), found.has_pass_settings), ("depth", true));
    assert_eq!((description.version.as_str(), description.digest.as_str()), ("0.1.0", "1f3c"));
}

#[test]
fn a_description_that_cannot_be_used_is_refused_with_what_is_wrong() {
    let of_setting = |setting: AssaySetting, flags: u32| {
        let settings = [setting];
        described(AssayProxy { settings: settings.as_ptr(), setting_count: 1, flags, ..proxy() }, |_| ())
    };
    let null = AssayText { data: std::ptr::null(), len: 4 };
    let refusals = [
        described(AssayProxy { score: None, ..proxy() }, |_| ()),
        described(AssayProxy { ask: None, ..proxy() }, |_| ()),
        described(AssayProxy { name: NO_TEXT, ..proxy() }, |_| ()),
        described(AssayProxy { name: null, ..proxy() }, |_| ()),
        described(AssayProxy { summary: not_utf_8(), ..proxy() }, |_| ()),
        described(proxy(), |table| table.version = null),
        described(proxy(), |table| table.compiler = not_utf_8()),
        of_setting(AssaySetting { name: null, ..setting() }, 0),
        of_setting(AssaySetting { help: not_utf_8(), ..setting() }, 0),
        of_setting(AssaySetting { kind: 99, ..setting() }, 0),
        of_setting(AssaySetting { min: f64::NAN, ..setting() }, 0),
        of_setting(AssaySetting { name: AssayText::of("batch"), ..setting() }, ASSAY_PASS_SETTINGS),
    ];
    insta::assert_snapshot!(refusals.map(|refused| refused.unwrap_err()).join("\n"), @"
    has a proxy `snip` without the function `score`
    has a proxy `snip` without the function `ask`
    declares something wrong: a proxy without a name
    declares something wrong: the name of a proxy is a null pointer with a length
    declares something wrong: the summary of a proxy is not UTF-8
    declares something wrong: the version is a null pointer with a length
    declares something wrong: the compiler is not UTF-8
    declares something wrong: the name of a setting of `snip` is a null pointer with a length
    declares something wrong: the help of a setting of `snip` is not UTF-8
    declares something wrong: setting `depth` of `snip`: its kind is 99, which this program does not know
    declares something wrong: setting `depth` of `snip`: there is nothing from NaN to 9
    declares something wrong: `snip` has a setting `batch`, which is one of its passes
    ");
    // Without the settings of a pass their names are free.
    assert!(of_setting(AssaySetting { name: AssayText::of("batch"), ..setting() }, 0).is_ok());
}

#[test]
fn what_is_not_a_library_is_not_loaded() {
    let folder = std::env::temp_dir().join(format!("assay-host-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = folder.join("notes.txt");
    std::fs::write(&text, "not a library").unwrap();
    let problem = |path: &Path| PluginFile::open(path).err().unwrap().problem;
    assert_eq!(problem(&folder.join("absent.so")), LoadProblem::Missing);
    assert!(matches!(problem(&folder), LoadProblem::Unreadable(_)));
    assert!(matches!(problem(&text), LoadProblem::NotALibrary(_)));
    // A folder is searched for libraries only.
    let (entries, errors) = crate::load(std::slice::from_ref(&folder), crate::Terms::default());
    assert!(entries.is_empty() && errors.is_empty());
    let (entries, errors) = crate::load(&[folder.join("absent"), text.clone()], crate::Terms::default());
    assert!(entries.is_empty() && errors.len() == 2);
    assert_eq!((&errors[0].problem, &errors[1].file), (&LoadProblem::Missing, &text));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A text of these bytes; empty ones may be a null pointer with a length.
fn lent(bytes: &[u8]) -> AssayText {
    match bytes {
        [] => AssayText { data: std::ptr::null(), len: 7 },
        _ => AssayText { data: bytes.as_ptr().cast(), len: bytes.len() },
    }
}

#[test]
fn damaged_tables() {
    let numbers = [1_u32, 3, 2, 0].map(u32::to_le_bytes).concat();
    let seed = [&numbers[..], &1.0_f64.to_le_bytes(), &9.0_f64.to_le_bytes(), b"snip sensitivity depth mean|sum 3 help"].concat();
    Fuzz::of("file::tests::damaged_tables").seed(seed).words(&["\0", "\u{202e}", "|", "[", "\"", " ", "batch"]).run(|bytes| {
        let (head, texts) = bytes.split_at(bytes.len().min(32));
        let number = |at: usize| head.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes);
        let real = |at: usize| head.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map_or(0.0, f64::from_le_bytes);
        let texts: Vec<AssayText> = texts.splitn(6, |byte| *byte == b' ').map(lent).collect();
        let text = |place: usize| texts.get(place).copied().unwrap_or(NO_TEXT);
        let settings = [AssaySetting {
            name: text(2),
            kind: number(0),
            min: real(16),
            max: real(24),
            words: text(3),
            standard: text(4),
            help: text(5),
        }];
        let own = AssayProxy {
            name: text(0),
            summary: text(1),
            settings: settings.as_ptr(),
            setting_count: 1,
            flags: number(4),
            direction: number(8) as _,
            ..proxy()
        };
        drop(described(own, |table| table.version = text(3)));
        drop(checked(|table| {
            (table.magic, table.abi_major) = (table.magic ^ u64::from(number(12)), number(0));
            (table.size, table.proxy_size, table.space_size, table.space_count) = (number(4), number(8), number(4), number(8));
        }));
    });
}
