//! Loads a plugin, scores with it and unloads it, some times over: what memory checkers look at.
//!
//! ```sh
//! valgrind --leak-check=full target/release/examples/plugin_cycle libpattern_kernel.so 20
//! ```
#![allow(clippy::print_stdout, reason = "the scores go to standard output")]

use std::error::Error;
use std::path::Path;

use assay_core::data::Dataset;
use assay_core::plugin::{Draws, Registry, SearchSpace, Settings, Subject};
use assay_core::stream::Stream;
use assay_cpu::CpuEngine;
use assay_datasets as _;
use assay_plugin_host::Library;
use assay_spaces as _;

const ARCHITECTURE: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|none~1|nor_conv_3x3~2|";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, rounds] = &arguments[..] else { return Err("usage: plugin_cycle FILE ROUNDS".into()) };
    let space = Registry::<dyn SearchSpace>::collect()?.build("nas-bench-201", &Settings::none())?;
    let dataset = Registry::<dyn Dataset>::collect()?.build("synthetic", &Settings::none().with("images", 8))?;
    let subspace = space.parse(ARCHITECTURE)?;
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    let engine = CpuEngine::new();
    let subject = Subject { space: space.as_ref(), subspace: &subspace, dataset: dataset.as_ref(), engine: &engine, draws: &draws };
    for round in 0..rounds.parse::<usize>()? {
        let library = Library::open(Path::new(file))?;
        for name in library.proxies() {
            let settings = Settings::none().with("channels", 4).with("cells", 1).with("batch", 4);
            let proxy = library.proxy(name, &settings)?;
            println!("round {round}: {name} {}", proxy.measure(&subject)?);
        }
    }
    Ok(())
}
