//! Writes small datasets in the forms they are published in.

use std::path::{Path, PathBuf};

use assay_core::data::Dataset;
use assay_core::plugin::{Registry, Settings};
use assay_datasets as _;

/// Reference records: the file of this name under `data/images` of the folder `ASSAY_SHARED`.
pub(crate) fn shared_images(name: &str) -> PathBuf {
    let shared = std::env::var_os("ASSAY_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    shared.join("data/images").join(name)
}

pub(crate) fn open(name: &str, settings: &Settings) -> Result<Box<dyn Dataset>, String> {
    Registry::<dyn Dataset>::collect().unwrap().build(name, settings).map_err(|error| error.to_string())
}

/// The dataset at `path` with otherwise default settings.
pub(crate) fn open_at(name: &str, path: &Path) -> Result<Box<dyn Dataset>, String> {
    open(name, &Settings::none().with("path", path.to_str().unwrap()))
}

/// The error of opening `path`, with the folder that contains it redacted.
pub(crate) fn refusal(name: &str, path: &Path, folder: &Path) -> String {
    match open_at(name, path) {
        Ok(dataset) => panic!("{} was read", dataset.describe()),
        Err(error) => error.replace(&folder.display().to_string(), "[folder]"),
    }
}

/// Every image and label.
pub(crate) fn contents(dataset: &dyn Dataset) -> (Vec<u8>, Vec<u32>) {
    let size = dataset.shape().elements();
    let mut pixels = vec![0; dataset.len() * size];
    let labels = pixels.chunks_exact_mut(size).enumerate().map(|(index, image)| dataset.read(index, image).unwrap()).collect();
    (pixels, labels)
}

/// A zip archive.
pub(crate) fn zip(path: &Path, members: &[(String, Vec<u8>)], deflated: bool) {
    let method = if deflated { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        zip.start_file(name.as_str(), options).unwrap();
        std::io::Write::write_all(&mut zip, bytes).unwrap();
    }
    zip.finish().unwrap();
}

/// A tar archive, packed where its name ends in `gz` or `bz2`.
pub(crate) fn archive(path: &Path, members: &[(String, Vec<u8>)]) {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    let bytes = tar.into_inner().unwrap();
    let packed = match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut gzip, &bytes).unwrap();
            gzip.finish().unwrap()
        }
        Some("bz2") => {
            let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            std::io::Write::write_all(&mut bzip2, &bytes).unwrap();
            bzip2.finish().unwrap()
        }
        _ => bytes,
    };
    std::fs::write(path, packed).unwrap();
}

/// A batch as Python 2's cPickle writes it (protocol 2): a uint8 matrix `data` and lists of labels.
pub(crate) fn python2_batch(pixels: &[u8], columns: usize, lists: &[(&str, &[u32])]) -> Vec<u8> {
    batch(b"U", b"T", "numpy.core.multiarray", 2, (pixels, columns), lists)
}

/// The same as Python 3 writes it (protocol 3).
pub(crate) fn python3_batch(pixels: &[u8], columns: usize, lists: &[(&str, &[u32])]) -> Vec<u8> {
    batch(b"X", b"B", "numpy._core.multiarray", 3, (pixels, columns), lists)
}

fn batch(short: &[u8; 1], long: &[u8; 1], module: &str, protocol: u8, data: (&[u8], usize), lists: &[(&str, &[u32])]) -> Vec<u8> {
    let (pixels, columns) = data;
    let number = |value: usize| [b"J".as_slice(), &(value as i32).to_le_bytes()].concat();
    let text = |value: &str| match short {
        b"U" => [b"U".as_slice(), &[value.len() as u8], value.as_bytes()].concat(),
        _ => [b"X".as_slice(), &(value.len() as u32).to_le_bytes(), value.as_bytes()].concat(),
    };
    let mut bytes = vec![0x80, protocol, b'}', b'('];
    for (name, labels) in lists {
        bytes.extend(text(name));
        bytes.extend(b"](");
        labels.iter().for_each(|label| bytes.extend(number(*label as usize)));
        bytes.push(b'e');
    }
    bytes.extend(text("data"));
    bytes.extend(format!("c{module}\n_reconstruct\ncnumpy\nndarray\n").bytes());
    bytes.extend(b"K\x00\x85");
    bytes.extend(text("b"));
    bytes.extend(b"\x87R(K\x01");
    bytes.extend([number(pixels.len() / columns), number(columns), b"\x86cnumpy\ndtype\n".to_vec(), text("u1")].concat());
    bytes.extend(b"K\x00K\x01\x87R(K\x03");
    bytes.extend(text("|"));
    bytes.extend(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89");
    bytes.extend(long);
    bytes.extend((pixels.len() as u32).to_le_bytes());
    bytes.extend(pixels);
    bytes.extend(b"tbu.");
    bytes
}
