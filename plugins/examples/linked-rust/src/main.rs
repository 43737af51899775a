//! `assay` with `layer-norms` among its proxies.

// The linker drops crates whose items nobody names, and their plugins with them.
use linked_rust as _;

fn main() -> std::process::ExitCode {
    assay::command::main()
}
