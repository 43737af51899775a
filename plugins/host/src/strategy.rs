//! A strategy of a plugin file among the strategies of the program, and the laboratory that it is lent.
#![allow(unsafe_code, reason = "what crosses the border are pointers and lengths")]

use core::ffi::c_void;
use std::cell::RefCell;
use std::sync::Arc;

use assay_core::plugin::{Laboratory, ProxyUse, Request, SearchError, SearchStrategy, Settings, SettingsError, Step, draw_architectures};
use assay_core::score::Direction;
use assay_core::subspace::{CellLayout, Layout, Subspace};
use assay_plugin_sdk::abi::{
    ASSAY_ABI_MINOR, ASSAY_FAILED, ASSAY_HIGHER_IS_BETTER, ASSAY_LOWER_IS_BETTER, ASSAY_OK, AssayLaboratory, AssayStatus, AssayStrategy,
    AssayText,
};
use elsa::FrozenVec;
use rand::RngExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::border::{Clock, Visit};
use crate::description::Plugin;
use crate::file::PluginFile;
use crate::foreign::{self, NotDone};
use crate::object::Object;

/// A strategy whose functions are a plugin's.
pub(crate) struct RuntimeStrategy {
    protocol: String,
    proxies: Vec<ProxyUse>,
    table: AssayStrategy,
    object: Object,
}

/// A proxy that the strategy uses, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Use {
    label: String,
    proxy: String,
    #[serde(default)]
    settings: Settings,
}

/// Makes the strategy at this position of a file.
///
/// # Errors
/// If the plugin refuses the settings, or the list of its proxies cannot be read.
pub(crate) fn build(
    file: &Arc<PluginFile>,
    position: usize,
    about: &Plugin,
    settings: &Settings,
) -> Result<Box<dyn SearchStrategy>, SettingsError> {
    let refused = |problem: String| SettingsError::new("name", format!("the plugin `{}` {problem}", file.guest.path.display()));
    let table = *file.strategies.get(position).ok_or_else(|| refused("has no such strategy".into()))?;
    let own = serde_json::to_string(settings).map_err(|error| refused(error.to_string()))?;
    let object = Object::new(file, table.create, table.destroy, &own).map_err(refused)?;
    let Some(proxies) = table.proxies else { return Err(refused("has no function `proxies`".into())) };
    // SAFETY: the library's function with its own object.
    let proxies = foreign::written(&file.guest, "proxies", |sink, message| unsafe { proxies(object.pointer(), sink, message) });
    let proxies = proxies.map_err(|ended| refused(ended.clause(None)))?;
    let proxies: Vec<Use> =
        serde_json::from_str(&proxies).map_err(|error| refused(format!("has a list of proxies that cannot be read: {error}")))?;
    let proxies = proxies.into_iter().map(|Use { label, proxy, settings }| ProxyUse { label, proxy, settings }).collect();
    let protocol = match table.protocol {
        None => about.name.clone(),
        Some(protocol) => foreign::written(&file.guest, "protocol", |sink, _| {
            // SAFETY: the library's function with its own object.
            unsafe { protocol(object.pointer(), sink) };
            ASSAY_OK
        })
        .map_err(|ended| refused(ended.clause(None)))?,
    };
    let protocol = format!("{protocol} (plugin {})", file.label());
    Ok(Box::new(RuntimeStrategy { protocol, proxies, table, object }))
}

impl SearchStrategy for RuntimeStrategy {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.proxies.clone()
    }

    fn protocol(&self) -> String {
        self.protocol.clone()
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let file = self.object.file.guest.path.display();
        let search = self.table.search.ok_or_else(|| SearchError::Impossible(format!("the plugin `{file}` has no function `search`")))?;
        let lab = Lab {
            laboratory: RefCell::new(laboratory),
            error: RefCell::new(None),
            problem: RefCell::new(String::new()),
            lent: FrozenVec::new(),
        };
        let table = lab.table();
        // SAFETY: the library's function with its own object; the table lives until it returns.
        let found = foreign::written(&self.object.file.guest, "search", |sink, message| unsafe {
            search(self.object.pointer(), &raw const table, sink, message)
        });
        let (error, problem) = (lab.error.into_inner(), lab.problem.into_inner());
        let mask = match (found, error) {
            (Ok(mask), _) => mask,
            // What stopped the laboratory, an interrupt among it, stopped the strategy.
            (Err(NotDone { .. }), Some(error)) => return Err(error),
            (Err(ended), None) => {
                let host = Some(problem).filter(|problem| !problem.is_empty());
                return Err(SearchError::Impossible(format!("the plugin `{file}` {}", ended.clause(host))));
            }
        };
        let wrong = |problem: String| SearchError::Impossible(format!("the plugin `{file}` chose `{mask}`, which {problem}"));
        let found = Subspace::try_from(mask.clone()).map_err(|problem| wrong(format!("is not a mask: {problem}")))?;
        Ok(found)
    }
}

/// Architectures that a strategy may draw at once: some hundreds of megabytes.
const MOST_DRAWN: usize = 1 << 20;

/// What the context of a laboratory's table points at: one search.
struct Lab<'a> {
    laboratory: RefCell<&'a mut dyn Laboratory>,
    /// What stopped the laboratory.
    error: RefCell<Option<SearchError>>,
    /// Why the last function failed.
    problem: RefCell<String>,
    /// What was lent, which stays until the search ends.
    lent: FrozenVec<String>,
}

impl Lab<'_> {
    fn table(&self) -> AssayLaboratory {
        AssayLaboratory {
            size: size_of::<AssayLaboratory>() as u32,
            abi_minor: ASSAY_ABI_MINOR,
            context: (&raw const *self).cast(),
            problem,
            log,
            layout,
            write,
            draw,
            random,
            direction,
            measure,
            expect,
            record,
        }
    }

    fn subspace(&self, mask: &str) -> Result<Subspace, String> {
        let read = Subspace::try_from(mask.to_owned())?;
        let fits = read.fits(self.laboratory.borrow().space().layout());
        if fits { Ok(read) } else { Err(format!("the mask `{mask}` does not fit the layout of the space")) }
    }

    /// What the laboratory gives; its own errors end the search.
    fn kept<T>(&self, outcome: Result<T, SearchError>) -> Result<T, String> {
        outcome.map_err(|error| {
            let problem = error.to_string();
            self.error.replace(Some(error));
            problem
        })
    }

    fn lend(&self, text: String) -> AssayText {
        AssayText::of(self.lent.push_get(text))
    }

    fn done(&self, outcome: Result<(), String>) -> AssayStatus {
        match outcome {
            Ok(()) => ASSAY_OK,
            Err(problem) => {
                self.problem.replace(problem);
                ASSAY_FAILED
            }
        }
    }
}

/// The search that a context stands for.
///
/// # Safety
/// `context` must be that of a table whose search is still going on.
unsafe fn lab<'a>(context: *const c_void) -> &'a Lab<'a> {
    // SAFETY: the caller's promise.
    unsafe { &*context.cast::<Lab<'a>>() }
}

/// # Safety
/// The plugin must lend the text.
unsafe fn text<'a>(text: AssayText) -> Result<&'a str, String> {
    // SAFETY: the caller's promise.
    unsafe { foreign::text(text) }.map_err(|wrong| format!("a text that was handed over {wrong}"))
}

fn read<T: DeserializeOwned>(json: &str, what: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("the {what} cannot be read: {error}"))
}

fn written(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|error| error.to_string())
}

/// Writes a result to the plugin's room.
///
/// # Safety
/// `out` must be null or the plugin's room.
unsafe fn put<T>(out: *mut T, value: T) -> Result<(), String> {
    if out.is_null() {
        return Err("there is no room for the result: `out` is null".into());
    }
    // SAFETY: the caller's promise.
    unsafe { out.write(value) };
    Ok(())
}

unsafe extern "C" fn problem(context: *const c_void) -> AssayText {
    // SAFETY: the plugin hands back the table's context.
    let lab = unsafe { lab(context) };
    lab.lend(lab.problem.borrow().clone())
}

unsafe extern "C" fn log(_: *const c_void, level: u32, line: AssayText) {
    // SAFETY: the plugin lends a text.
    if let Ok(line) = unsafe { text(line) } {
        crate::measurement::log(level, line);
    }
}

/// The layout as plugins of every version of this interface read it: those built before layouts had a zero operator and
/// wiring refuse fields that they do not know.
fn unwired(layout: &Layout) -> Layout {
    let cells = layout.cells.iter().map(|cell| CellLayout { wiring: None, ..cell.clone() });
    Layout { zero: None, operators: layout.operators.clone(), cells: cells.collect() }
}

unsafe extern "C" fn layout(context: *const c_void, out: *mut AssayText) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context and its room.
    let lab = unsafe { lab(context) };
    let json = written(&unwired(lab.laboratory.borrow().space().layout()));
    // SAFETY: as above.
    lab.done(json.and_then(|json| unsafe { put(out, lab.lend(json)) }))
}

unsafe extern "C" fn write(context: *const c_void, architecture: AssayText, out: *mut AssayText) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context, lends a text and its room.
    unsafe {
        let (lab, _visit) = (lab(context), Visit::begin(Clock::GoesOn));
        let work = || {
            let architecture = lab.subspace(text(architecture)?)?;
            let text = lab.laboratory.borrow().space().write(&architecture).map_err(|error| error.to_string())?;
            put(out, lab.lend(text))
        };
        lab.done(work())
    }
}

unsafe extern "C" fn draw(context: *const c_void, within: AssayText, purpose: AssayText, wanted: u64, out: *mut AssayText) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context, lends texts and its room.
    unsafe {
        let (lab, _visit) = (lab(context), Visit::begin(Clock::GoesOn));
        let work = || {
            let (within, purpose) = (lab.subspace(text(within)?)?, text(purpose)?);
            let laboratory = lab.laboratory.borrow();
            let wanted = usize::try_from(wanted).ok().filter(|wanted| *wanted <= MOST_DRAWN);
            let wanted = wanted.ok_or_else(|| format!("more than {MOST_DRAWN} architectures cannot be drawn at once"))?;
            let drawn = draw_architectures(laboratory.space(), &within, wanted, &laboratory.stream(purpose));
            put(out, lab.lend(written(&drawn)?))
        };
        lab.done(work())
    }
}

unsafe extern "C" fn random(context: *const c_void, purpose: AssayText, block: u64, out: *mut u64, count: usize) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context, lends a text and room for `count` words.
    unsafe {
        let (lab, _visit) = (lab(context), Visit::begin(Clock::GoesOn));
        let work = || {
            let mut rng = lab.laboratory.borrow().stream(text(purpose)?).child(block).rng();
            (0..count).try_for_each(|position| put(if out.is_null() { out } else { out.add(position) }, rng.random()))
        };
        lab.done(work())
    }
}

unsafe extern "C" fn direction(context: *const c_void, label: AssayText, out: *mut u32) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context, lends a text and its room.
    unsafe {
        let (lab, _visit) = (lab(context), Visit::begin(Clock::GoesOn));
        let work = || {
            let direction = lab.kept(lab.laboratory.borrow().direction(text(label)?))?;
            put(out, if direction == Direction::LowerIsBetter { ASSAY_LOWER_IS_BETTER } else { ASSAY_HIGHER_IS_BETTER })
        };
        lab.done(work())
    }
}

unsafe extern "C" fn measure(context: *const c_void, requests: AssayText, out: *mut AssayText) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context, lends a text and its room.
    unsafe {
        let (lab, _visit) = (lab(context), Visit::begin(Clock::BeginsAnew));
        let work = || {
            let requests: Vec<Request> = read(text(requests)?, "list of requests")?;
            for request in &requests {
                lab.subspace(&request.subspace.to_string())?;
            }
            let readings = lab.kept(lab.laboratory.borrow_mut().measure(&requests))?;
            put(out, lab.lend(written(&readings)?))
        };
        lab.done(work())
    }
}

unsafe extern "C" fn expect(context: *const c_void, measurements: u64) {
    // SAFETY: the plugin hands back the table's context.
    unsafe { lab(context) }.laboratory.borrow_mut().expect(usize::try_from(measurements).unwrap_or(usize::MAX));
}

unsafe extern "C" fn record(context: *const c_void, step: AssayText) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context and lends a text.
    unsafe {
        let (lab, _visit) = (lab(context), Visit::begin(Clock::GoesOn));
        let work = || {
            let step: Step = read(text(step)?, "step")?;
            lab.kept(lab.laboratory.borrow_mut().record(step))
        };
        lab.done(work())
    }
}
