//! `assay` with a third party's proxy linked in, as `plugins/examples/linked-rust` has it in its own `main.rs`.

// The linker drops crates whose items nobody names, and their plugins with them.
use linked_rust as _;

fn main() -> std::process::ExitCode {
    assay::command::main()
}
