//! Plugins of third parties: linked in, and loaded at run time.

mod benchmark;
pub(crate) mod built;
mod endings;
mod failures;
mod isolation;
mod loaded;
mod loading;
mod memory;
mod reported;
mod search;
mod timeout;

use std::path::Path;

use crate::scratch::Scratch;
use crate::studies::with_benchmark;

/// A study of eight cells by what this experiment says beside; `live-params` is in every study.
pub(crate) fn study(proxies: &str, more: &str) -> String {
    format!(
        r#"version = 1
name = "plugged"
{more}

[space]
name = "nas-bench-201"

[dataset]
name = "synthetic"
images = 100

[benchmark]
name = "nas-bench-201"

[study]
proxies = [{proxies}]
sample = 8
bootstrap = 0
"#
    )
}

/// A folder with a benchmark in which `plugins` holds these files.
pub(crate) fn with_plugins(files: &[&Path]) -> Scratch {
    let scratch = with_benchmark();
    scratch.add_plugins(files);
    scratch
}

impl Scratch {
    /// Copies these files into `plugins`.
    pub(crate) fn add_plugins(&self, files: &[&Path]) {
        let folder = self.path().join("plugins");
        std::fs::create_dir_all(&folder).unwrap();
        for file in files {
            std::fs::copy(file, folder.join(file.file_name().unwrap())).unwrap();
        }
    }
}
