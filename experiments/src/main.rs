//! The command `assay`.

use std::process::ExitCode;

use assay_heap::Heap;

#[global_allocator]
static HEAP: Heap = Heap;

fn main() -> ExitCode {
    assay::command::main()
}
