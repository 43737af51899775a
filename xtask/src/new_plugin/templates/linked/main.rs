//! Assay with `{{NAME}}` among its proxies.

// The linker drops crates whose items nobody names, and their plugins with them.
use {{LIBRARY}} as _;

fn main() -> std::process::ExitCode {
    assay::command::main()
}
