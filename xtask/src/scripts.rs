//! The scripts of this repository that are run as they are: bash reads them, and so does shellcheck where it is. Those that are pieces of
//! what `assay submit` writes have tests of the program.

use std::process::Command;

use crate::project;

#[test]
fn every_script_is_read_by_bash_and_by_shellcheck_where_it_is() {
    for script in ["experiments/gpu-check/pack/run.sh", "xtask/from-nothing.sh", ".ci/run"] {
        let script = project::root().join(script);
        let read = Command::new("bash").arg("-n").arg(&script).output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        match Command::new("shellcheck").arg(&script).output() {
            Ok(said) => assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout)),
            Err(error) => eprintln!("skipped: shellcheck cannot be started ({error})"),
        }
    }
}

#[test]
fn from_nothing_says_how_it_is_called() {
    let script = project::root().join("xtask/from-nothing.sh");
    for arguments in [&[][..], &["tarball", "no-such.tar.gz"], &["wheels"]] {
        let said = Command::new("bash").arg(&script).args(arguments).output().unwrap();
        assert_eq!(said.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&said.stderr).contains("from-nothing.sh tarball FILE"), "{arguments:?}");
    }
}
