//! Pickles written by hand as Python 2 and 3 write them.

use proptest::prelude::*;

use super::*;

fn run(bytes: &[u8]) -> Result<Document<'_>, PickleError> {
    Document::read(bytes, &[])
}

/// `{'data': array of shape (2, 3), 'labels': [1, 300]}` as NumPy 2 and Python 3 write it with protocol 2, 3, 4 and 5.
fn written_by_numpy2(protocol: u8) -> Vec<u8> {
    let text = |value: &str| match protocol {
        2 | 3 => [b"X".as_slice(), &(value.len() as u32).to_le_bytes(), value.as_bytes()].concat(),
        _ => [b"\x8c".as_slice(), &[value.len() as u8], value.as_bytes(), b"\x94"].concat(),
    };
    let global = |module: &str, name: &str| match protocol {
        2 | 3 => [b"c", module.as_bytes(), b"\n", name.as_bytes(), b"\n"].concat(),
        _ => [text(module), text(name), b"\x93\x94".to_vec()].concat(),
    };
    let bytes = |value: &[u8]| match protocol {
        2 => {
            let decoded: String = value.iter().map(|byte| char::from(*byte)).collect();
            [global("_codecs", "encode"), text(&decoded), text("latin1"), b"\x86R".to_vec()].concat()
        }
        _ => [b"C".as_slice(), &[value.len() as u8], value].concat(),
    };
    let dtype = [
        global("numpy", "dtype"),
        text("u1"),
        b"\x89\x88\x87R(K\x03".to_vec(),
        text("|"),
        b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb".to_vec(),
    ]
    .concat();
    let data = [0, 1, 2, 253, 254, 255];
    let array = if protocol == 5 {
        let buffer = [b"\x96\x06\0\0\0\0\0\0\0".as_slice(), &data].concat();
        [global("numpy._core.numeric", "_frombuffer"), b"(".to_vec(), buffer, dtype, b"K\x02K\x03\x86".to_vec(), text("C"), b"tR".to_vec()]
            .concat()
    } else {
        let blank = [
            global("numpy._core.multiarray", "_reconstruct"),
            global("numpy", "ndarray"),
            b"K\x00\x85".to_vec(),
            bytes(b"b"),
            b"\x87R".to_vec(),
        ];
        [blank.concat(), b"(K\x01K\x02K\x03\x86".to_vec(), dtype, b"\x89".to_vec(), bytes(&data), b"tb".to_vec()].concat()
    };
    let head = if protocol < 4 { vec![0x80, protocol] } else { [&[0x80, protocol, 0x95][..], &[0; 8]].concat() };
    [head, b"}(".to_vec(), text("data"), array, text("labels"), b"](K\x01M\x2c\x01eu.".to_vec()].concat()
}

#[test]
fn every_protocol_of_numpy_is_read() {
    for protocol in 2..=5 {
        let bytes = written_by_numpy2(protocol);
        let document = run(&bytes).unwrap_or_else(|error| panic!("protocol {protocol}: {error}"));
        assert_eq!(document.byte_rows("data", 3).unwrap(), [0, 1, 2, 253, 254, 255], "protocol {protocol}");
        assert_eq!(document.integers("labels").unwrap(), [1, 300], "protocol {protocol}");
    }
}

/// As Python 2's cPickle writes CIFAR: byte strings, memo references, old NumPy's names.
const PYTHON2: &[u8] = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05(K\x06K\x09e\
    U\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09(K\x01K\x02K\x02\x86\
    cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x0a\x0b\x0c\x0dtbu.";

#[test]
fn python_2_is_read() {
    let document = run(PYTHON2).unwrap();
    assert_eq!(document.byte_rows("data", 2).unwrap(), [10, 11, 12, 13]);
    assert_eq!(document.integers("labels").unwrap(), [6, 9]);
    assert_eq!(document.entry("batch_label").unwrap().text(), Some("training batch 1 of 5"));
}

#[test]
fn labels_may_be_an_array_and_pixels_in_column_order() {
    let vector = |code: &str, order: &str, bytes: &[u8]| {
        let dtype = format!("cnumpy\ndtype\nU{}{code}K\x00K\x01\u{87}R", char::from(code.len() as u8));
        let mut array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02\x85".to_vec();
        array.extend(dtype.chars().map(|letter| letter as u8));
        array.extend(format!("(K\x03U\x01{order}tb").bytes());
        array.extend([0x89, b'U', bytes.len() as u8]);
        array.extend(bytes);
        array.extend(b"tb");
        [b"\x80\x02}U\x06labels".as_slice(), &array, b"s."].concat()
    };
    let read = |bytes: &[u8]| run(bytes).unwrap().integers("labels");
    assert_eq!(read(&vector("i8", "<", &[3, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])).unwrap(), [3, -1]);
    assert_eq!(read(&vector("i4", ">", &[0, 0, 1, 2, 0xff, 0xff, 0xff, 0xfe])).unwrap(), [258, -2]);
    assert_eq!(read(&vector("u2", "<", &[0xff, 0xff, 1, 0])).unwrap(), [65535, 1]);
    assert!(read(&vector("f4", "<", &[0; 8])).is_err());

    let document = PYTHON2.to_vec();
    let order = document.windows(4).position(|window| window == b"\x89U\x04\x0a").unwrap();
    let mut fortran = document;
    fortran[order] = 0x88;
    assert_eq!(run(&fortran).unwrap().byte_rows("data", 2).unwrap(), [10, 12, 11, 13]);
}

#[test]
fn a_function_that_data_do_not_need_is_refused_by_name() {
    let error = run(b"\x80\x02cos\nsystem\nU\x02ls\x85R.").unwrap_err();
    insta::assert_snapshot!(error, @"byte 2: it wants to call `os.system`, which saved data do not need; nothing was called");
    let error = run(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").unwrap_err();
    insta::assert_snapshot!(error, @"byte 18: it wants to call `builtins.eval`, which saved data do not need; nothing was called");
}

#[test]
fn lengths_beyond_the_file_allocate_nothing() {
    assert!(matches!(run(b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc"), Err(PickleError::Truncated { .. })));
    assert!(matches!(run(b"\x80\x02B\xff\xff\xff\xffabc"), Err(PickleError::Truncated { .. })));
}

#[test]
fn one_text_cannot_be_encoded_into_endless_memory() {
    let text = "ä".repeat(100);
    let mut bytes = [b"\x80\x02c_codecs\nencode\nq\x01X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    bytes.extend(b"X\x06\0\0\0latin1\x86q\x02R");
    bytes.extend(b"h\x01h\x02R".repeat(100));
    assert!(matches!(run(&bytes), Err(PickleError::TooLarge { .. })));
}

#[test]
fn a_dictionary_that_updates_itself_and_copies_of_sets_do_not_fill_the_memory() {
    // {1: 2}, whose state is itself, again and again: each time it has twice the entries.
    let doubled = [b"\x80\x02}q\x00K\x01K\x02s".as_slice(), &b"h\x00b".repeat(33), b"."].concat();
    assert!(doubled.len() <= 112);
    assert!(matches!(run(&doubled), Err(PickleError::TooLarge { .. })));
    // A set of a list of 10,000, and again.
    let list = [b"](".as_slice(), &b"K\x01".repeat(10_000), b"eq\x01"].concat();
    let sets = [b"\x80\x02cbuiltins\nset\nq\x00".as_slice(), &list, &b"h\x00h\x01\x85R".repeat(1000), b"."].concat();
    assert!(matches!(run(&sets), Err(PickleError::TooLarge { .. })));
    let pairs = [b"\x80\x02ccollections\nOrderedDict\nq\x00](".as_slice(), &b"K\x01K\x02\x86".repeat(10_000), b"eq\x01"].concat();
    let dictionaries = [pairs.as_slice(), &b"h\x00h\x01\x85R".repeat(1000), b"."].concat();
    assert!(matches!(run(&dictionaries), Err(PickleError::TooLarge { .. })));
    // One of each is what genuine files have.
    let once = [b"\x80\x02cbuiltins\nset\nq\x00".as_slice(), &list, b"h\x00h\x01\x85R."].concat();
    assert_eq!(run(&once).unwrap().root().items().unwrap().len(), 10_000);
}

#[test]
fn marks_references_and_texts_without_end_are_refused_while_they_are_read() {
    for part in [&b"("[..], b"h\x00", b"N0"] {
        let bytes = [b"\x80\x02Nq\x00".as_slice(), &part.repeat(10_000_000)].concat();
        assert!(matches!(run(&bytes), Err(PickleError::TooLarge { .. })), "{part:?}");
    }
    // A text that would be longer than any, from a stream that has it.
    let endless = std::io::Read::chain(&b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\0\0"[..], std::io::repeat(7));
    assert!(matches!(read_from(std::io::BufReader::new(endless), 1), Err(PickleError::TooLarge { .. })));
    // And many that are together.
    let text = [b"T\0\0\x10\0".as_slice(), &vec![7; 1 << 20]].concat();
    let bytes = [b"\x80\x04".as_slice(), &text.repeat(300)].concat();
    assert!(matches!(read_from(bytes.as_slice(), 1), Err(PickleError::TooLarge { .. })));
    assert!(matches!(run(&bytes), Err(PickleError::Truncated { .. })), "in memory, texts stay where they are");
}

#[test]
fn deep_and_cyclic_values_do_not_overflow_the_stack() {
    // [[[[…]]]] and a list that holds itself.
    let deep = [b"\x80\x02".to_vec(), vec![b']'; 500_000], vec![b'a'; 499_999], b".".to_vec()].concat();
    assert!(run(&deep).is_ok());
    assert!(run(b"\x80\x02]q\x01h\x01a.").is_ok());
}

proptest! {
    #[test]
    fn no_damage_makes_the_reader_panic(position in 2..PYTHON2.len(), byte: u8, end in 0..PYTHON2.len()) {
        let mut damaged = PYTHON2.to_vec();
        damaged[position] = byte;
        let _ = run(&damaged);
        let _ = read_entries::<_, PickleError>(|| Ok(damaged.as_slice()), &["labels"], |_, _| Ok(()));
        prop_assert!(run(&PYTHON2[..end]).is_err());
    }
}

/// `{'meta': ['a', 'b'], 'entries': {0: {'full': {'x': 0.5}, 'less': [1]}, …}, 'end': 7}` as Python's pickler writes it:
/// a text that occurs again as the number of its first occurrence, a thousand entries a batch.
fn with_entries(count: u64, last_alone: bool) -> Vec<u8> {
    let mut remembered = 0_u32;
    let mut put = |bytes: &mut Vec<u8>| {
        bytes.push(b'r');
        bytes.extend(remembered.to_le_bytes());
        remembered += 1;
        remembered - 1
    };
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.push(b'X');
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.bytes());
    };
    let mut bytes = b"\x80\x02}".to_vec();
    put(&mut bytes);
    bytes.push(b'(');
    text(&mut bytes, "meta");
    bytes.extend(b"](");
    text(&mut bytes, "a");
    text(&mut bytes, "b");
    bytes.push(b'e');
    text(&mut bytes, "entries");
    bytes.push(b'}');
    put(&mut bytes);
    let mut keys = None;
    for index in 0..count {
        let alone = last_alone && index == count - 1;
        if !alone && (index == 0 || index % 1000 == 0) {
            bytes.push(b'(');
        }
        bytes.push(b'J');
        bytes.extend((index as u32).to_le_bytes());
        bytes.push(b'}');
        put(&mut bytes);
        bytes.push(b'(');
        let (full, less) = match keys {
            None => {
                text(&mut bytes, "full");
                (put(&mut bytes), None)
            }
            Some((full, less)) => {
                bytes.push(b'j');
                bytes.extend(u32::to_le_bytes(full));
                (full, Some(less))
            }
        };
        bytes.push(b'}');
        // A text of its own for each entry, as the names of epochs are, referred to again within the entry.
        text(&mut bytes, &format!("x@{index}"));
        let own = put(&mut bytes);
        bytes.push(b'G');
        bytes.extend((index as f64 / 2.0).to_be_bytes());
        bytes.push(b's');
        let less = match less {
            None => {
                text(&mut bytes, "less");
                put(&mut bytes)
            }
            Some(less) => {
                bytes.push(b'j');
                bytes.extend(u32::to_le_bytes(less));
                less
            }
        };
        bytes.push(b']');
        bytes.push(b'j');
        bytes.extend(own.to_le_bytes());
        bytes.extend(b"au");
        keys = Some((full, less));
        if alone {
            bytes.push(b's');
        } else if index % 1000 == 999 || index == count - 1 || (last_alone && index == count - 2) {
            bytes.push(b'u');
        }
    }
    text(&mut bytes, "end");
    bytes.extend(b"K\x07u.");
    bytes
}

#[test]
fn entries_come_one_at_a_time_with_the_texts_they_refer_back_to() {
    // Far more references than are kept by their nearness.
    for (count, last_alone) in [(1, false), (1, true), (2, false), (1000, false), (1001, true), (100_000, false)] {
        let bytes = with_entries(count, last_alone);
        let mut seen = 0;
        let rest = read_entries::<_, PickleError>(
            || Ok(bytes.as_slice()),
            &["entries"],
            |key, value| {
                let EntryKey::Number(key) = key else { panic!("{key:?} is not a number") };
                assert_eq!(key, seen);
                let full = value.entry("full")?;
                let name = format!("x@{key}");
                assert_eq!(full.entry(&name)?.number(), Some(key as f64 / 2.0));
                let less: Vec<&str> = value.entry("less")?.items().unwrap().map(|item| item.text().unwrap()).collect();
                assert_eq!(less, [name.as_str()]);
                seen += 1;
                Ok(())
            },
        );
        let rest = rest.unwrap_or_else(|error| panic!("{count} entries: {error}"));
        assert_eq!((seen as u64, rest.entry("end").unwrap().integer()), (count, Some(7)));
        assert_eq!(rest.entry("meta").unwrap().items().unwrap().len(), 2);
        assert_eq!(rest.entry("entries").unwrap().entries().unwrap().count(), 0);
        // And as a whole, which needs 700,000 nodes for 100,000 entries.
        let whole = Document::read(&bytes, &[]).unwrap();
        assert_eq!(whole.entry("entries").unwrap().entries().unwrap().count() as u64, count);
        assert!(count < 100_000 || rest.nodes.len() < 350_000, "{} nodes were kept", rest.nodes.len());
    }
}

#[test]
fn what_entries_share_is_read_once() {
    // {'entries': {0: {'a': [7], 'b': 1}, 1: {'a': the same list, 'b': 2}}}
    let bytes = b"\x80\x02}(U\x07entries}(K\x00}(U\x01aq\x00](K\x07eq\x01U\x01bq\x02K\x01uK\x01}(h\x00h\x01h\x02K\x02uuu.";
    let mut seen = Vec::new();
    let read = read_entries::<_, PickleError>(
        || Ok(bytes.as_slice()),
        &["entries"],
        |key, value| {
            let EntryKey::Number(key) = key else { panic!("{key:?} is not a number") };
            seen.push((key, value.entry("a")?.items().map(|items| items.len()), value.entry("b")?.integer()));
            Ok(())
        },
    );
    assert!(read.is_ok());
    assert_eq!(seen, [(0, Some(1), Some(1)), (1, None, Some(2))]);
}

#[test]
fn entries_of_several_dictionaries_may_be_named_by_texts() {
    // {'list': ['x', 'y'], 'data': {'one': {'x': {'a': [1], 'b': {}}, 'y': {'a': [2, 3], 'b': {'x': 1}}}, 'two': {'z': {'a': [4], 'b': {}}}}}
    let bytes =
        b"\x80\x02}(U\x04listq\x00](U\x01xq\x01U\x01yq\x02eU\x04dataq\x03}(U\x03oneq\x04}(h\x01}(U\x01aq\x05]K\x01aU\x01bq\x06}uh\x02\
        }(h\x05](K\x02K\x03eh\x06}h\x01K\x01suuU\x03twoq\x07}U\x01zq\x08}(h\x05]K\x04ah\x06}usuu.";
    let mut seen = Vec::new();
    let read = read_entries::<_, PickleError>(
        || Ok(bytes.as_slice()),
        &["one", "two"],
        |key, value| {
            let EntryKey::Text(key) = key else { panic!("{key:?} is not a text") };
            seen.push((key.to_owned(), value.entry("a")?.numbers(), value.entry("b")?.entries().map(Iterator::count)));
            Ok(())
        },
    );
    let rest = read.unwrap();
    let expected = [("x", vec![1.0], 0), ("y", vec![2.0, 3.0], 1), ("z", vec![4.0], 0)];
    assert_eq!(seen, expected.map(|(key, a, b)| (key.to_owned(), Some(a), Some(b))));
    assert_eq!(rest.entry("data").unwrap().entries().unwrap().count(), 2);
}

#[test]
fn what_an_entry_s_reader_reports_ends_the_reading() {
    #[derive(Debug, PartialEq)]
    struct Stopped(i64);
    impl From<PickleError> for Stopped {
        fn from(error: PickleError) -> Self {
            panic!("{error}")
        }
    }
    let bytes = with_entries(10, false);
    let stop = |key: EntryKey<'_>, _: Value<'_>| if key == EntryKey::Number(4) { Err(Stopped(4)) } else { Ok(()) };
    assert_eq!(read_entries(|| Ok(bytes.as_slice()), &["entries"], stop).unwrap_err(), Stopped(4));
    let cut = &bytes[..bytes.len() / 2];
    let error = read_entries::<_, PickleError>(|| Ok(cut), &["entries"], |_, _| Ok(())).unwrap_err();
    assert_eq!(error, PickleError::Truncated { at: cut.len() as u64 });
}

#[test]
fn tensors_are_passed_over_and_objects_of_known_classes_are_their_attributes() {
    let tensor = b"\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x02tQ\
        K\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs.";
    assert!(run(tensor).unwrap().entry("w").unwrap().number().is_none());
    let object = b"\x80\x04\x8c\x08some.lib\x8c\x05Thing\x93)\x81}\x8c\x05valueG?\xe0\0\0\0\0\0\0sb.";
    let document = Document::read(object, &["some.lib.Thing"]).unwrap();
    assert_eq!(document.entry("value").unwrap().number(), Some(0.5));
    insta::assert_snapshot!(run(object).unwrap_err(), @"byte 19: it wants to call `some.lib.Thing`, which saved data do not need; nothing was called");
}
