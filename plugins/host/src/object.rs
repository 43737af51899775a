//! What a plugin makes in this process: a proxy, a space or a strategy with its settings.
#![allow(unsafe_code, reason = "what crosses the border are pointers and lengths")]

use core::ffi::c_void;
use std::sync::Arc;

use assay_plugin_sdk::abi::{AssayMessage, AssayStatus, AssayText};

use crate::border::Stay;
use crate::file::PluginFile;
use crate::foreign;

/// The function that makes an object.
pub(crate) type Create = Option<unsafe extern "C" fn(AssayText, *mut *mut c_void, *mut AssayMessage) -> AssayStatus>;
/// The function that ends it.
pub(crate) type Destroy = Option<unsafe extern "C" fn(*mut c_void)>;

/// An object of a plugin: a proxy, a space or a strategy with its settings.
pub(crate) struct Object {
    pointer: *mut c_void,
    destroy: Destroy,
    /// Where its functions are.
    pub(crate) file: Arc<PluginFile>,
}

// SAFETY: the interface asks that a plugin's functions may be called from any thread, several at once.
unsafe impl Send for Object {}
// SAFETY: as above.
unsafe impl Sync for Object {}

impl Object {
    /// Makes one with these settings, a JSON object.
    ///
    /// # Errors
    /// If the plugin refuses, as a clause.
    pub(crate) fn new(file: &Arc<PluginFile>, create: Create, destroy: Destroy, settings: &str) -> Result<Self, String> {
        let mut pointer = std::ptr::null_mut();
        if let Some(create) = create {
            // SAFETY: the library's function, called as the interface says.
            let made =
                foreign::call(&file.guest, "create", |message| unsafe { create(AssayText::of(settings), &raw mut pointer, message) });
            made.map_err(|ended| ended.clause(None))?;
        }
        Ok(Self { pointer, destroy, file: Arc::clone(file) })
    }

    pub(crate) fn pointer(&self) -> *const c_void {
        self.pointer
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            let _stay = Stay::begin(&self.file.guest, "destroy");
            // SAFETY: what `create` of this library made, ended once; the library is still loaded.
            unsafe { destroy(self.pointer) }
        }
    }
}
