//! Downloads from a server on this machine, and files that appear whole or not at all.

#![allow(clippy::unwrap_used)]

mod download;
mod place;
mod server;

use std::ops::ControlFlow;

use assay_fetch::{FetchError, Progress, hex, tell};

/// Lets a fetch go on.
fn go_on(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn a_fetch_goes_on_until_its_caller_says_otherwise() {
    let unpacking = Progress::Unpacking { file: "archive.tar.gz" };
    assert!(tell(&mut go_on, unpacking).is_ok());
    assert!(matches!(tell(&mut |_| ControlFlow::Break(()), unpacking), Err(FetchError::Stopped)));
}

#[test]
fn a_digest_has_two_digits_a_byte() {
    assert_eq!(hex(&[0, 1, 15, 16, 255]), "00010f10ff");
}
