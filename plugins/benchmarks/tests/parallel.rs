//! Looking up accuracies from parallel work, by which the table is read too.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use assay_benchmarks as _;
use assay_core::plugin::import::import;
use assay_core::plugin::{Benchmark, Registry, Settings};
use rayon::prelude::*;

const CELL: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";

fn shared(file: &str) -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var_os("ASSAY_SHARED").map_or_else(default, PathBuf::from).join("data").join(file)
}

/// What many jobs find at once, of which the first to ask has the table read.
fn looked_up(table: &dyn Benchmark, architecture: &str) -> usize {
    (0..64).into_par_iter().filter(|_| table.accuracies(architecture).is_ok()).count()
}

/// On a single worker the job that has the table read is alone: whatever it waits for by doing other jobs meanwhile asks
/// for the table again, and whatever of the reading needs this worker never begins.
#[test]
fn a_table_that_is_first_needed_within_parallel_work_is_read_without_waiting_for_itself() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
    let data = tempfile::tempdir().unwrap();
    for (name, source) in [("nas-bench-201", "nas-bench-201/nb201.csv"), ("darts-1000", "darts/darts_1000_cifar10.csv")] {
        let imported = import(name, &shared(source), data.path(), &mut |_| ControlFlow::Continue(())).unwrap();
        let settings = Settings::none().with("path", imported.file.to_str().unwrap());
        let open = || Registry::<dyn Benchmark>::collect().unwrap().build(name, &settings).unwrap();
        let architecture = open().architectures().unwrap().map_or(CELL.into(), |listed| listed[0].clone());
        let table = open();
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || send.send(looked_up(table.as_ref(), &architecture)));
        let found = receive.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{name}: the jobs wait for each other"));
        assert_eq!(found, 64, "{name}");
    }
}
