//! Damaged tables and official files: each is read or refused, within limits of time and memory.

use std::io::Write;

use assay_fuzz::Fuzz;
use flate2::{Compression, write::GzEncoder};
use polars::prelude::{Column, DataFrame, ParquetCompression, ParquetWriter};

use crate::archive::{Archive, SIZE, TORCH, cell, legacy_torch, packed, zipped_torch};
use crate::pickler::{Pickler, Py, dict};
use crate::place::Place;

const CELLS: [&str; 12] = [
    "index",
    "arch",
    "test_cifar10",
    ",",
    "\n",
    "\r",
    "\"",
    "\"\"",
    ";",
    "NaN",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "\u{feff}",
];

/// A small table of cells.
fn table() -> String {
    let rows = (0..30).map(|index| format!("{index},{},{}.25,\"93.1 92.5\"\n", cell(index), 10 + index));
    ["index,arch,test_cifar10,test_cifar10_seeds\n".to_owned()].into_iter().chain(rows).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn damaged_text_tables() {
    let place = Place::new();
    let genotypes = "\"Genotype(normal=[('none', 0), ('none', 1), ('none', 0), ('none', 1), ('none', 0), ('none', 1), ('none', 0), ('none', 1)], \
        normal_concat=range(2, 6), reduce=[('none', 0), ('none', 1), ('none', 0), ('none', 1), ('none', 0), ('none', 1), ('none', 0), \
        ('none', 1)], reduce_concat=range(2, 6))\",93.5\n";
    let pruned = "hash,arch,accuracy\nconv3x3-bn-relu|0>1 1>2,93.5\n";
    let trained = "arch,training,x,x_seeds\n1|2,CIFAR-10,50.5,50 51\n2|1,CIFAR-10,,\n";
    let fuzz = Fuzz::of("fuzz::damaged_text_tables").seed(table()).seed(genotypes).seed(pruned).seed(trained);
    let fuzz = fuzz.seed("arch,index,edgegpu_latency\n").seed("arch,class_scene_test_top1\n64-41414-1_02_333,54.5\n0_00_000,\n");
    fuzz.words(&CELLS).costly(2).run(|bytes| {
        let file = place.write("table.csv", bytes);
        let ours = ["nas-bench-201", "darts-1000", "nas-bench-101", "nas-bench-macro", "nats-bench-size", "trained"];
        for benchmark in ours.into_iter().chain(["transnas-bench-101-micro", "nds-darts"]) {
            let _ = place.import(benchmark, &file);
        }
        let _ = place.import("nas-bench-201", &place.write("table.csv.gz", gzip(bytes)));
    });
}

#[test]
fn damaged_packed_tables() {
    let place = Place::new();
    Fuzz::of("fuzz::damaged_packed_tables").seed(gzip(table().as_bytes())).seed(gzip(&[b'7'; 100_000])).words(&[b"\x1f\x8b\x08\0"]).run(
        |bytes| {
            let _ = place.import("nas-bench-201", &place.write("table.csv.gz", bytes));
        },
    );
}

/// The table as parquet files: with numbers of several types, packed and not.
fn parquet() -> Vec<Vec<u8>> {
    let columns = || {
        vec![
            Column::new("index".into(), (0..30_u32).collect::<Vec<_>>()),
            Column::new("arch".into(), (0..30).map(cell).collect::<Vec<_>>()),
            Column::new("test_cifar10".into(), (0..30).map(|index| (index > 3).then(|| 10.0 + f64::from(index))).collect::<Vec<_>>()),
            Column::new("test_cifar100".into(), (0..30).map(|index| 10.0 + index as f32).collect::<Vec<_>>()),
            Column::new("valid_cifar10".into(), (0..30_i64).collect::<Vec<_>>()),
            Column::new("other".into(), vec![true; 30]),
        ]
    };
    let written = |packing| {
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).with_compression(packing).finish(&mut DataFrame::new(30, columns()).unwrap()).unwrap();
        bytes
    };
    vec![written(ParquetCompression::Uncompressed), written(ParquetCompression::Zstd(None)), written(ParquetCompression::Snappy)]
}

#[test]
fn damaged_parquet_tables() {
    let place = Place::new();
    let words = [
        &b"PAR1"[..],
        b"\xff\xff\xff\xff\x0f",
        b"\xfe\xff\xff\xff\x0f",
        b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        b"\x15\0",
        b"\x19\x1c",
        b"\x18\x04arch",
        b"\x2c",
        b"\x00\x00\x00\x80",
        b"\xff\xff\xff\x7f",
        b"\x03\0\0\0",
    ];
    Fuzz::of("fuzz::damaged_parquet_tables").seeds(parquet()).words(&words).run(|bytes| {
        let file = place.write("table.parquet", bytes);
        let _ = place.import("nas-bench-201", &file);
        let _ = place.import("darts-1000", &file);
    });
}

#[test]
fn damaged_published_json() {
    let place = Place::new();
    let network = |digits: &str| format!("\"{digits}\": {{\"test_acc\": [92.5, 93.0, 9.1e1], \"mean_acc\": 92.17, \"std\": 0.5}}");
    let seed = format!("{{{}, {}}}", network("00000000"), network("02012100"));
    Fuzz::of("fuzz::damaged_published_json").seed(seed).words(&["{", "[", "\"mean_acc\":", "null", "1e999", "\\ud800", "}", "]"]).run(
        |bytes| {
            let _ = place.import("nas-bench-macro", &place.write("table.json", bytes));
        },
    );
}

const PICKLED: [&[u8]; 16] = [
    b"}",
    b"]",
    b"(",
    b"u",
    b"s",
    b"e",
    b"t",
    b"h\x05",
    b"h\x40",
    b"N",
    b"K\x07",
    b"J\xff\xff\xff\xff",
    b"M\x10\x27",
    b"G",
    b"\x8c\x08x-test@0",
    b"\x86",
];

/// The first architectures of an archive.
fn some(archive: Archive) -> Vec<u8> {
    Pickler::dump(&Archive { architectures: 5, ..archive }.whole(), 2)
}

#[test]
fn damaged_pickles_of_torch() {
    let place = Place::new();
    Fuzz::of("fuzz::damaged_pickles_of_torch").seed(some(TORCH)).words(&PICKLED).costly(4).run(|bytes| {
        let _ = place.import("nas-bench-201", &place.write("NAS-Bench-201-v1_0-e61699.pth", legacy_torch(bytes)));
        let _ = place.import("nas-bench-201", &place.write("NAS-Bench-201-v1_1-096897.pth", zipped_torch(bytes)));
    });
}

#[test]
fn damaged_files_of_transnas_bench() {
    let place = Place::new();
    let seed = legacy_torch(&Pickler::dump(&crate::transnas::whole(&["64-41414-1_02_333"]), 2));
    Fuzz::of("fuzz::damaged_files_of_transnas_bench").seed(seed).words(&PICKLED).costly(2).run(|bytes| {
        let file = place.write("transnas-bench_v10141024.pth", bytes);
        let _ = place.import("transnas-bench-101-micro", &file);
        let _ = place.import("transnas-bench-101-macro", &file);
    });
}

#[test]
fn damaged_trainings_in_json() {
    let place = Place::new();
    let seeds = [crate::json::trainings().to_string(), crate::json::result("skip_connect", 8, 90.0)];
    let words = ["{", "[", "\"net\":", "\"budget\":", "null", "1e999", "\\ud800", "}", "]", "\"edge_normal_0\"", "-1"];
    Fuzz::of("fuzz::damaged_trainings_in_json").seeds(seeds).words(&words).run(|bytes| {
        let file = place.write("trainings.json", bytes);
        let _ = place.import("nds-darts", &file);
        let _ = place.import("nas-bench-301", &file);
    });
}

#[test]
fn damaged_zip_archives_of_torch() {
    let place = Place::new();
    let words = [
        &b"PK\x03\x04"[..],
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"PK\x06\x06",
        b"PK\x06\x07",
        b"\x01\0\x10\0",
        b"archive/data.pkl",
        b"\xff\xff\xff\xff",
        b"\x08\0",
        b"\x63\0",
    ];
    let small = zipped_torch(&Pickler::dump(&Archive { architectures: 1, ..TORCH }.whole(), 2));
    Fuzz::of("fuzz::damaged_zip_archives_of_torch").seed(small).seed(zipped_torch(b"\x80\x02}.")).words(&words).costly(2).run(|bytes| {
        let _ = place.import("nas-bench-201", &place.write("NAS-Bench-201-v1_1-096897.pth", bytes));
    });
}

#[test]
fn damaged_files_of_nats_bench() {
    let place = Place::new();
    let folder = place.path().join("NATS-sss-v1_0-50262-simple");
    Archive { architectures: 3, ..SIZE }.write_folder(&folder);
    let results = Pickler::dump(&SIZE.results(1), 4);
    let (meta, first) = (folder.join("meta.pickle.pbz2"), crate::archive::file(&folder, 1));
    let [whole_meta, whole_first] = [&meta, &first].map(|file| std::fs::read(file).unwrap());
    let fuzz =
        Fuzz::of("fuzz::damaged_files_of_nats_bench").seed(results).seed(some(SIZE)).seed(whole_meta.clone()).seed(whole_first.clone());
    fuzz.words(&PICKLED).words(&[&b"BZh9"[..], b"1AY&SY"]).costly(8).run(|bytes| {
        for file in [bytes.to_vec(), packed(bytes)] {
            let _ = place.import("nats-bench-size", &place.write("NATS-sss-v1_0-50262.pickle.pbz2", &file));
            for (damaged, whole) in [(&meta, &whole_meta), (&first, &whole_first)] {
                std::fs::write(damaged, &file).unwrap();
                let _ = place.import("nats-bench-size", &folder);
                std::fs::write(damaged, whole).unwrap();
            }
        }
    });
}

#[test]
fn damaged_objects_of_analog_nas_bench() {
    let place = Place::new();
    let whole = crate::analog::pickle("analognasbench.data", 3);
    Fuzz::of("fuzz::damaged_objects_of_analog_nas_bench").seed(whole).words(&PICKLED).words(&[&b"ub"[..], b"b", b"\x81", b"\x93"]).run(
        |bytes| {
            let _ = place.import("analog-nas-bench", &place.write("data.anb", bytes));
        },
    );
}

/// CRC-32C, a bit at a time.
fn crc32c(data: &[u8]) -> u32 {
    let bit = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0x82f6_3b78 } else { sum >> 1 };
    !data.iter().fold(!0, |sum: u32, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
}

/// The records with right checksums, as far as their lengths lead.
fn with_sums(mut file: Vec<u8>) -> Vec<u8> {
    let masked = |data: &[u8]| crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let mut at = 0;
    while let Some(length) = file.get(at..at + 8).and_then(|length| length.try_into().ok()).map(u64::from_le_bytes) {
        let content = at + 12;
        let Some(end) = usize::try_from(length).ok().and_then(|length| content.checked_add(length)).filter(|end| end + 4 <= file.len())
        else {
            break;
        };
        let (head, sum) = (masked(&file[at..at + 8]), masked(&file[content..end]));
        file[at + 8..content].copy_from_slice(&head);
        file[end..end + 4].copy_from_slice(&sum);
        at = end + 4;
    }
    file
}

#[test]
fn damaged_records_of_nas_bench_101() {
    let place = Place::new();
    let words = [
        &b"[\""[..],
        b"108, ",
        b"\", \"",
        b"010000100000",
        b"input,",
        b"conv3x3-bn-relu",
        b"maxpool3x3",
        b"CAEQ",
        b"AAAA",
        b"=",
        b"\x0a\xff\xff\xff\xff\x0f",
        b"null",
        b"[",
    ];
    let fuzz = Fuzz::of("fuzz::damaged_records_of_nas_bench_101").seed(&include_bytes!("nas_bench_101/small.tfrecord")[..]);
    fuzz.words(&words).costly(2).run(|bytes| {
        let file = if bytes.len() % 4 == 0 { bytes.to_vec() } else { with_sums(bytes.to_vec()) };
        let _ = place.import("nas-bench-101", &place.write("nasbench_only108.tfrecord", file));
    });
}

#[test]
fn damaged_pickles_of_hw_nas_bench() {
    let place = Place::new();
    let config = || Py::List((0..3).map(|index| dict([("C", Py::Int(16)), ("arch_str", cell(index).as_str().into())])).collect());
    let dataset = |numbers: fn(Vec<f64>) -> Py| dict([("config", config()), ("edgegpu_latency", numbers(vec![1.5, 2.5, 0.1]))]);
    let scalars = dataset(|values| Py::List(values.into_iter().map(Py::Scalar).collect()));
    let floats = dataset(|values| Py::List(values.into_iter().map(Py::Float).collect()));
    let datasets = dict([("cifar10", dataset(Py::Array)), ("cifar100", scalars), ("ImageNet16-120", floats)]);
    let whole = dict([("nasbench201", datasets), ("fbnet", dict([("edgegpu_latency", dict([("Skip_H8", Py::Float(0.0))]))]))]);
    let fuzz = Fuzz::of("fuzz::damaged_pickles_of_hw_nas_bench").seed(Pickler::dump(&whole, 4)).seed(Pickler::dump(&whole, 2));
    fuzz.words(&PICKLED).words(&[&b"R"[..], b"b", b"\x93", b"f8", b"<"]).run(|bytes| {
        let _ = place.import("nas-bench-201", &place.write("HW-NAS-Bench-v1_0.pickle", bytes));
    });
}
