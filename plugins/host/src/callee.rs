//! A proxy of a plugin file that can be called: in this process, or in another.
#![allow(unsafe_code, reason = "what crosses the border are pointers and lengths")]

use std::sync::Arc;

use assay_core::score::Reading;
use assay_plugin_sdk::abi::{ASSAY_OK, ASSAY_UNDEFINED, AssayPass, AssayProxy};
use serde::{Deserialize, Serialize};

use crate::border::Stay;
use crate::file::PluginFile;
use crate::foreign::{self, NotDone};
use crate::object::Object;
use crate::source::Source;
use crate::table::Call;

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    /// The plugin failed, as a clause: `panicked: …`.
    Failed(String),
    /// The plugin's process ended, as a clause.
    Crashed(String),
}

/// A proxy that can be called: in this process, or in another.
pub(crate) trait Callee: Send + Sync {
    /// What a score depends on beside the passes.
    fn protocol(&self) -> Result<String, Fault>;

    /// The passes it needs, where `given` is what the settings say.
    fn passes(&self, given: AssayPass) -> Result<Vec<AssayPass>, Fault>;

    /// Lets it ask for what a pass is to compute.
    fn ask(&self, pass: u32, source: &dyn Source) -> Result<(), Fault>;

    /// Lets it score.
    fn score(&self, source: &dyn Source) -> Result<Reading, Fault>;
}

/// A proxy in this process.
pub(crate) struct Instance {
    table: AssayProxy,
    object: Object,
}

impl Instance {
    /// Makes the proxy at this position of the file.
    ///
    /// # Errors
    /// If the plugin refuses the settings, as a clause.
    pub(crate) fn new(file: &Arc<PluginFile>, position: usize, settings: &str) -> Result<Self, String> {
        let table = *file.proxies.get(position).ok_or("has changed since it was loaded first")?;
        Ok(Self { table, object: Object::new(file, table.create, table.destroy, settings)? })
    }
}

fn failed(ended: NotDone, call: Option<Call<'_>>) -> Fault {
    Fault::Failed(ended.clause(call.and_then(Call::problem)))
}

impl Callee for Instance {
    fn protocol(&self) -> Result<String, Fault> {
        let Some(protocol) = self.table.protocol else { return Ok(String::new()) };
        let written = foreign::written(&self.object.file.guest, "protocol", |sink, _| {
            // SAFETY: the library's function with its own object.
            unsafe { protocol(self.object.pointer(), sink) };
            ASSAY_OK
        });
        written.map_err(|ended| failed(ended, None))
    }

    fn passes(&self, given: AssayPass) -> Result<Vec<AssayPass>, Fault> {
        let pointer = self.object.pointer();
        let count = self.table.pass_count.map_or(1, |count| {
            let _stay = Stay::begin(&self.object.file.guest, "pass_count");
            // SAFETY: the library's function with its own object.
            unsafe { count(pointer) }
        });
        if !(1..=64).contains(&count) {
            return Err(Fault::Failed(format!("wants {count} passes; 1 to 64 can be had")));
        }
        let one = |position: u32| {
            let mut pass = given;
            if let Some(change) = self.table.pass {
                // SAFETY: the library's function with its own object and our pass.
                let changed =
                    foreign::call(&self.object.file.guest, "pass", |message| unsafe { change(pointer, position, &raw mut pass, message) });
                changed.map_err(|ended| failed(ended, None))?;
            }
            Ok(pass)
        };
        (0..count).map(one).collect()
    }

    fn ask(&self, pass: u32, source: &dyn Source) -> Result<(), Fault> {
        let Some(ask) = self.table.ask else { return Err(Fault::Failed("has no function `ask`".into())) };
        let call = Call::new(source);
        let host = call.table();
        // SAFETY: the library's function with its own object; the table lives until it returns.
        let ended =
            foreign::call(&self.object.file.guest, "ask", |message| unsafe { ask(self.object.pointer(), pass, &raw const host, message) });
        ended.map_err(|ended| failed(ended, Some(call)))
    }

    fn score(&self, source: &dyn Source) -> Result<Reading, Fault> {
        let Some(score) = self.table.score else { return Err(Fault::Failed("has no function `score`".into())) };
        let call = Call::new(source);
        let host = call.table();
        let mut value = f64::NAN;
        // SAFETY: the library's function with its own object; the table and the number live until it returns.
        let ended = foreign::call(&self.object.file.guest, "score", |message| unsafe {
            score(self.object.pointer(), &raw const host, &raw mut value, message)
        });
        match ended {
            Ok(()) if value.is_finite() => Ok(Reading::Value(value)),
            Ok(()) => Err(Fault::Failed(format!(
                "gave {value}, which is not a score; where a score does not exist it has to say so (ASSAY_UNDEFINED)"
            ))),
            Err(NotDone { status: ASSAY_UNDEFINED, said: because }) if because.is_empty() => {
                Ok(Reading::undefined("the plugin does not say why"))
            }
            Err(NotDone { status: ASSAY_UNDEFINED, said: because }) => Ok(Reading::undefined(because)),
            Err(ended) => Err(failed(ended, Some(call))),
        }
    }
}
