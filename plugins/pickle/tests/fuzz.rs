//! Damaged pickles: each is read or refused, within limits of time and memory.

use assay_fuzz::Fuzz;
use assay_pickle::{Document, EntryKey, PickleError, Value, read_entries, read_from};

/// A batch of images as Python 2's cPickle writes CIFAR-10: byte strings, references, old NumPy's names.
const IMAGES: &[u8] = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05(K\x06K\x09e\
    U\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09(K\x01K\x02K\x02\x86\
    cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x0a\x0b\x0c\x0dtbu.";

/// Of protocol 4: a dictionary by numbers, a set, texts that occur again, and a number of many bytes.
const ENTRIES: &[u8] =
    b"\x80\x04\x95\x40\0\0\0\0\0\0\0}\x94(\x8c\x0ameta_archs\x94]\x94(\x8c\x01a\x94\x8c\x01b\x94e\x8c\x06labels\x94}\x94(\
    K\x00}\x94(\x8c\x04full\x94}\x94\x8c\x03x@1\x94G?\xe0\0\0\0\0\0\0s\x8c\x04less\x94\x8f\x94(K\x01K\x02\x90uK\x01}\x94(h\x06}\x94h\x08\
    Nsh\x09]\x94(h\x08h\x08euu\x8c\x03big\x94\x8a\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09u.";

/// A tensor, an ordered dictionary, a set and a text in Latin-1.
const TENSOR: &[u8] = b"\x80\x02}q\0(U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x02tQ\
    K\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRU\x01sc__builtin__\nset\n](K\x01K\x02e\x85RU\x01dccollections\nOrderedDict\n\
    ]](U\x01kK\x07ea\x85RU\x01lc_codecs\nencode\nU\x03\xc3\xa9aU\x06latin1\x86Ru.";

/// An object of a known class.
const OBJECT: &[u8] = b"\x80\x04\x8c\x08some.lib\x8c\x05Thing\x93)\x81}(\x8c\x05valueG?\xe0\0\0\0\0\0\0\x8c\x06labels](K\x01K\x02eub.";

const CLASSES: [&str; 1] = ["some.lib.Thing"];

const WORDS: [&[u8]; 46] = [
    b"(",
    b"h\0",
    b"h\x01",
    b"q\0",
    b"q\x05",
    b"\x94",
    b"}",
    b"]",
    b")",
    b"\x8f",
    b"t",
    b"u",
    b"e",
    b"s",
    b"a",
    b"d",
    b"R",
    b"b",
    b"\x81",
    b"\x93",
    b"Q",
    b"0",
    b"1",
    b"N",
    b"K\x01",
    b"J\xff\xff\xff\xff",
    b"\x8a\xff",
    b"U\xff",
    b"T\xff\xff\xff\x7f",
    b"X\xff\xff\xff\xff",
    b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"j\xff\xff\xff\xff",
    b"r\xff\xff\xff\xff",
    b"\x85",
    b"\x86",
    b"\x90",
    b".",
    b"}q\0h\0h\0h\0s",
    b"h\0h\0b",
    b"cbuiltins\nset\n",
    b"ccollections\nOrderedDict\n",
    b"cnumpy\ndtype\n",
    b"c_codecs\nencode\n",
    b"cnumpy.core.multiarray\nscalar\n",
    b"cnumpy.core.numeric\n_frombuffer\n",
    b"cos\nsystem\n",
];

/// Looks at values and what they hold; values may be shared and hold each other, so only so many.
fn look(value: Value<'_>, left: &mut usize, depth: usize) {
    let _ = (value.integer(), value.number(), value.text(), value.is_none());
    if *left == 0 || depth == 0 {
        return;
    }
    *left -= 1;
    for item in value.items().into_iter().flatten().take(100) {
        look(item, left, depth - 1);
    }
    for (key, item) in value.entries().into_iter().flatten().take(100) {
        look(key, left, depth - 1);
        look(item, left, depth - 1);
    }
}

#[test]
fn the_examples_are_read() {
    for bytes in [IMAGES, ENTRIES, TENSOR, OBJECT] {
        let read = Document::read(bytes, &CLASSES);
        assert!(read.is_ok(), "{:?}", read.err());
    }
    let mut entries = Vec::new();
    let read = read_entries::<_, PickleError>(
        || Ok(ENTRIES),
        &["labels"],
        |key, value| {
            let EntryKey::Number(key) = key else { panic!("{key:?} is not a number") };
            entries.push((key, value.entries().map(Iterator::count)));
            Ok(())
        },
    );
    assert!(read.is_ok_and(|rest| rest.entry("big").is_ok()));
    assert_eq!(entries, [(0, Some(2)), (1, Some(2))]);
}

#[test]
fn damaged_pickles() {
    let fuzz = Fuzz::of("damaged_pickles").seeds([IMAGES, ENTRIES, TENSOR, OBJECT]);
    fuzz.words(&WORDS).run(|bytes| {
        if let Ok(document) = Document::read(bytes, &CLASSES) {
            let _ = (document.integers("labels"), document.byte_rows("data", 2), document.entry("w").map(Value::is_none));
            look(document.root(), &mut 10_000, 20);
        }
        let mut left = 10_000;
        let _ = read_entries::<_, PickleError>(
            || Ok(bytes),
            &["labels", "w"],
            |_, value| {
                look(value, &mut left, 20);
                Ok(())
            },
        );
        let _ = read_from(bytes, 3).map(|documents| documents.iter().for_each(|document| look(document.root(), &mut 1000, 20)));
    });
}
