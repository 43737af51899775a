//! Lent texts and lists, messages, and what is written in pieces.

use assay_plugin_sdk::abi::{ASSAY_FAILED, ASSAY_HOST_FAILED, ASSAY_PANICKED, AssayText};

use super::*;

fn guest() -> Guest {
    Guest::new(std::path::Path::new("libfake.so"))
}

const NOWHERE: AssayText = AssayText { data: std::ptr::null(), len: 3 };

/// Says this, and ends with this status.
fn ending(status: AssayStatus, said: &[u8], len: usize) -> NotDone {
    let function = |message: *mut AssayMessage| {
        // SAFETY: the room is lent by `call` and is larger than what is said.
        unsafe {
            let room = &mut *message;
            std::ptr::copy_nonoverlapping(said.as_ptr(), room.data.cast(), said.len());
            room.len = len;
        }
        status
    };
    call(&guest(), "score", function).unwrap_err()
}

#[test]
fn values_at_null_are_none_whatever_their_count() {
    let lent = [1.5_f64, 2.5];
    // SAFETY: the array outlives the slices; null and no values are allowed.
    unsafe {
        assert_eq!(values(lent.as_ptr(), 2), lent);
        assert_eq!(values(lent.as_ptr(), 0), [0.0; 0]);
        assert_eq!(values::<f64>(std::ptr::null(), 7), [0.0; 0]);
    }
}

#[test]
fn a_text_is_utf_8_or_refused() {
    // SAFETY: the texts outlive the calls; null is looked at first.
    let read = |lent| unsafe { text(lent) };
    assert_eq!(read(AssayText::of("κ of the kernel")), Ok("κ of the kernel"));
    assert_eq!(read(AssayText { len: 0, ..NOWHERE }), Ok(""));
    assert_eq!(read(NOWHERE), Err(TextError::Null));
    let cut = "κ".as_bytes();
    assert_eq!(read(AssayText { data: cut.as_ptr().cast(), len: 1 }), Err(TextError::Encoding));
    assert_eq!([TextError::Null, TextError::Encoding].map(|error| error.to_string()), ["is a null pointer with a length", "is not UTF-8"]);
}

#[test]
fn a_call_that_is_done_says_nothing() {
    assert!(call(&guest(), "score", |_| ASSAY_OK).is_ok());
}

#[test]
fn how_a_call_ended_is_a_clause() {
    let clause = |status, host: Option<&str>| ending(status, b"no memory", 9).clause(host.map(str::to_owned));
    assert_eq!(clause(ASSAY_FAILED, None), "failed: no memory");
    assert_eq!(clause(ASSAY_PANICKED, None), "panicked: no memory");
    assert_eq!(clause(ASSAY_HOST_FAILED, None), "could not go on: no memory");
    // What the host knows is nearer to the cause.
    assert_eq!(clause(ASSAY_HOST_FAILED, Some("there is no node 9")), "could not go on: there is no node 9");
    assert_eq!(clause(77, None), "ended with status 77, which this program does not know: no memory");
    assert_eq!(ending(ASSAY_FAILED, b"", 0).clause(None), "failed, and does not say why");
}

#[test]
fn a_message_is_read_as_far_as_it_is_one() {
    let said = |bytes: &[u8], len| ending(ASSAY_FAILED, bytes, len).clause(None);
    // A character that did not fit as a whole is left out; other bytes that are not UTF-8 are marked.
    assert_eq!(said("no κ".as_bytes(), 4), "failed: no ");
    assert_eq!(said(b"no \xff here", 9), "failed: no \u{fffd} here");
    assert_eq!(said(b"x", ROOM + 1), format!("failed: (it says that its message has {} bytes, in room for {ROOM})", ROOM + 1));
    assert_eq!(said(b"x", usize::MAX), format!("failed: (it says that its message has {} bytes, in room for {ROOM})", usize::MAX));
}

/// Writes these pieces.
fn pouring(pieces: &[&[u8]], status: AssayStatus) -> Result<String, NotDone> {
    written(&guest(), "protocol", |sink, _| {
        for piece in pieces {
            // SAFETY: the sink's own context, and a piece that outlives the call.
            unsafe { (sink.write)(sink.context, AssayText { data: piece.as_ptr().cast(), len: piece.len() }) };
        }
        status
    })
}

#[test]
fn what_is_written_in_pieces_is_one_text() {
    assert_eq!(pouring(&[], ASSAY_OK).unwrap(), "");
    // A piece may end in the middle of a character.
    let [one, other] = ["κ = 1".as_bytes().split_at(1).0, "κ = 1".as_bytes().split_at(1).1];
    assert_eq!(pouring(&[one, b"", other], ASSAY_OK).unwrap(), "κ = 1");
    let null = written(&guest(), "protocol", |sink, _| {
        // SAFETY: null stands for no bytes.
        unsafe { (sink.write)(sink.context, NOWHERE) };
        ASSAY_OK
    });
    assert_eq!(null.unwrap(), "");
}

#[test]
fn what_is_not_utf_8_or_not_done_is_not_taken() {
    assert_eq!(pouring(&[b"\xff"], ASSAY_OK).unwrap_err().clause(None), "failed: it wrote a text that is not UTF-8");
    assert_eq!(pouring(&[b"half"], ASSAY_FAILED).unwrap_err().clause(None), "failed, and does not say why");
}

#[test]
fn a_text_without_end_is_refused_before_it_takes_the_memory() {
    let piece = vec![b' '; 1 << 20];
    let endless = |sink: AssaySink, _: *mut AssayMessage| {
        for _ in 0..300 {
            // SAFETY: the piece is lent for the call.
            unsafe { (sink.write)(sink.context, AssayText { data: piece.as_ptr().cast(), len: piece.len() }) };
        }
        ASSAY_OK
    };
    assert_eq!(written(&guest(), "protocol", endless).unwrap_err().clause(None), "failed: it wrote a text of more than 256 MiB");
}
