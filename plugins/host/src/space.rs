//! A search space of a plugin file among the spaces of the program.
#![allow(unsafe_code, reason = "what crosses the border are pointers and lengths")]

use std::sync::Arc;

use assay_core::graph::{Graph, GraphError};
use assay_core::plugin::{ArchitectureError, MacroNet, SearchSpace, Settings, SettingsError};
use assay_core::subspace::{Layout, Subspace};
use assay_plugin_sdk::abi::{AssayMessage, AssaySink, AssaySpace, AssayStatus, AssayText};

use crate::description::Plugin;
use crate::file::PluginFile;
use crate::foreign;
use crate::object::Object;

/// A space whose functions are a plugin's.
pub(crate) struct RuntimeSpace {
    name: String,
    layout: Layout,
    table: AssaySpace,
    object: Object,
}

/// A function from text to text.
type Function = unsafe extern "C" fn(*const core::ffi::c_void, AssayText, AssaySink, *mut AssayMessage) -> AssayStatus;

/// A function that a plugin may lack, with its name.
type Named = (&'static str, Option<Function>);

/// Makes the space at this position of a file.
///
/// # Errors
/// If the plugin refuses the settings, or its layout cannot be read.
pub(crate) fn build(
    file: &Arc<PluginFile>,
    position: usize,
    about: &Plugin,
    settings: &Settings,
) -> Result<Box<dyn SearchSpace>, SettingsError> {
    let refused = |problem: String| SettingsError::new("name", format!("the plugin `{}` {problem}", file.guest.path.display()));
    let table = *file.spaces.get(position).ok_or_else(|| refused("has no such space".into()))?;
    let own = serde_json::to_string(settings).map_err(|error| refused(error.to_string()))?;
    let object = Object::new(file, table.create, table.destroy, &own).map_err(refused)?;
    let Some(layout) = table.layout else { return Err(refused("has no function `layout`".into())) };
    // SAFETY: the library's function with its own object.
    let layout = foreign::written(&file.guest, "layout", |sink, message| unsafe { layout(object.pointer(), sink, message) });
    let layout = layout.map_err(|ended| refused(ended.clause(None)))?;
    let layout = serde_json::from_str(&layout).map_err(|error| refused(format!("has a layout that cannot be read: {error}")))?;
    Ok(Box::new(RuntimeSpace { name: about.name.clone(), layout, table, object }))
}

impl RuntimeSpace {
    /// Calls a function from text to text.
    fn text(&self, (name, function): Named, given: &str) -> Result<String, String> {
        let function = function.ok_or("has no such function")?;
        let pointer = self.object.pointer();
        // SAFETY: the library's function with its own object and a lent text.
        foreign::written(&self.object.file.guest, name, |sink, message| unsafe { function(pointer, AssayText::of(given), sink, message) })
            .map_err(|ended| ended.clause(None))
    }

    fn clause(&self, doing: &str, clause: &str) -> String {
        format!("the plugin `{}`, {doing}, {clause}", self.object.file.guest.path.display())
    }

    fn of_architecture(&self, function: Named, architecture: &Subspace, doing: &str) -> Result<String, ArchitectureError> {
        if !self.is_architecture(architecture) {
            return Err(ArchitectureError(format!("the mask `{architecture}` is not an architecture of {}", self.name)));
        }
        self.text(function, &architecture.to_string()).map_err(|clause| ArchitectureError(self.clause(doing, &clause)))
    }
}

impl SearchSpace for RuntimeSpace {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        let mask = self
            .text(("parse", self.table.parse), text)
            .map_err(|clause| ArchitectureError(self.clause(&format!("reading `{text}`"), &clause)))?;
        let read = Subspace::try_from(mask)
            .map_err(|problem| ArchitectureError(self.clause(&format!("reading `{text}`"), &format!("gave a wrong mask: {problem}"))))?;
        if !self.is_architecture(&read) {
            return Err(ArchitectureError(
                self.clause(&format!("reading `{text}`"), &format!("gave the mask `{read}`, which does not fit its layout")),
            ));
        }
        Ok(read)
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        self.of_architecture(("write", self.table.write), architecture, "writing an architecture")
    }

    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        let function = ("canonical", self.table.canonical.or(self.table.write));
        self.of_architecture(function, architecture, "writing an architecture's canonical text")
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        let wrong = |clause: &str| GraphError::Unsupported(self.clause("building a network", clause));
        if !subspace.fits(&self.layout) {
            return Err(GraphError::Unsupported(format!("the mask `{subspace}` does not belong to {}", self.name)));
        }
        let (mask, pointer) = (subspace.to_string(), self.object.pointer());
        let given = serde_json::to_string(net).map_err(|error| wrong(&error.to_string()))?;
        let lower = self.table.lower.ok_or_else(|| wrong("has no function `lower`"))?;
        // SAFETY: the library's function with its own object and lent texts.
        let graph = foreign::written(&self.object.file.guest, "lower", |sink, message| unsafe {
            lower(pointer, AssayText::of(&mask), AssayText::of(&given), sink, message)
        });
        let graph = graph.map_err(|ended| wrong(&ended.clause(None)))?;
        let graph: Graph = serde_json::from_str(&graph).map_err(|error| wrong(&format!("gave a graph that cannot be read: {error}")))?;
        if graph.input_shape() != net.input {
            return Err(wrong(&format!("gave a network of images of {}, not of {}", graph.input_shape(), net.input)));
        }
        Ok(graph)
    }
}
