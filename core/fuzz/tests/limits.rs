//! Readers that do not survive: each failure is found, and said with the input.

use std::hint::black_box;

use assay_fuzz::Fuzz;

fn fuzz(test: &'static str, read: impl FnMut(&[u8])) {
    Fuzz::of(test).seed("an example").costly(20).run(read);
}

#[test]
fn a_reader_that_survives_is_given_many_different_inputs() {
    let (mut seen, mut count) = (std::collections::HashSet::new(), 0);
    fuzz("a_reader_that_survives_is_given_many_different_inputs", |bytes| {
        assert!(count > 0 || bytes == b"an example", "the example comes first");
        count += 1;
        seen.insert(bytes.to_vec());
        assert!(count < 100 || seen.len() > 80, "only {} of {count} inputs differ", seen.len());
    });
}

#[test]
#[should_panic(expected = "it panicked")]
fn a_panic_is_found() {
    fuzz("a_panic_is_found", |bytes| assert!(bytes.len() > 4, "{} bytes are too few", bytes.len()));
}

#[test]
#[should_panic(expected = "has overflowed its stack")]
fn an_overflow_of_the_stack_is_found() {
    fn deep(depth: u64) -> u64 {
        if depth == u64::MAX { 0 } else { 1 + black_box(deep(black_box(depth + 1))) }
    }
    fuzz("an_overflow_of_the_stack_is_found", |bytes| {
        if bytes.len() > 20 {
            black_box(deep(0));
        }
    });
}

#[test]
#[should_panic(expected = "it took 2048 MiB of memory")]
fn memory_that_is_taken_is_found() {
    fuzz("memory_that_is_taken_is_found", |bytes| drop(black_box(Vec::<u8>::with_capacity(usize::from(bytes.len() > 20) << 31))));
}

#[test]
#[cfg_attr(unix, should_panic(expected = "memory allocation of"))]
fn memory_that_is_not_there_is_found() {
    fuzz("memory_that_is_not_there_is_found", |bytes| drop(black_box(Vec::<u8>::with_capacity(usize::from(bytes.len() > 20) << 34))));
}

#[test]
#[should_panic(expected = "of the processor's time")]
fn a_hang_is_found() {
    fuzz("a_hang_is_found", |bytes| while bytes.len() > 20 {});
}

#[test]
#[should_panic(expected = "there is no test `of_another_name`")]
fn a_wrong_name_is_found() {
    fuzz("of_another_name", |_| {});
}
