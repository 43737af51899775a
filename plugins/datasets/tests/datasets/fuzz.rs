//! Damaged files of images: each is read or refused, within limits of time and memory.

use std::io::{Cursor, Write};
use std::path::Path;

use assay_core::data::{Dataset, fingerprint};
use assay_core::plugin::{Registry, Settings};
use assay_fuzz::Fuzz;
use flate2::{Compression, Crc, write::GzEncoder};
use image::{DynamicImage, ImageFormat, RgbImage};

use crate::writing::{archive, python2_batch, python3_batch};

/// Opens the dataset, looks at its first images and takes its fingerprint.
fn look(registry: &Registry<dyn Dataset>, name: &str, settings: &Settings) {
    let Ok(images) = registry.build(name, settings) else { return };
    let mut pixels = vec![0; images.shape().elements()];
    (0..images.len().min(3)).for_each(|index| drop(images.read(index, &mut pixels)));
    drop(fingerprint(&*images));
}

fn at(path: &Path) -> Settings {
    Settings::none().with("path", path.to_str().unwrap())
}

fn registry() -> Registry<dyn Dataset> {
    Registry::collect().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// The tar archive with right checksums of all headers that are still in their places.
fn with_checksums(mut tar: Vec<u8>) -> Vec<u8> {
    for header in tar.chunks_exact_mut(512).filter(|block| block[257..].starts_with(b"ustar")) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    tar
}

/// A small archive of batches, one with a long name, and one with a PAX header.
fn archives() -> [Vec<u8>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images.tar");
    let long = format!("{}/data_batch_2.bin", "deep/".repeat(40));
    let record = vec![1; 3073];
    let names = ["cifar-10-batches-bin/data_batch_1.bin", &long, "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
    archive(&path, &names.map(|name| (name.to_owned(), record.clone())));
    let mut pax = tar::Builder::new(Vec::new());
    for (index, name) in names.into_iter().enumerate() {
        let path = format!("b/data_batch_{}.bin", index + 1);
        pax.append_pax_extensions([("path", path.as_bytes()), ("comment", b"a comment".as_slice()), ("size", b"3073".as_slice())]).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_size(3073);
        header.set_path(&name[name.len() - 16..]).unwrap();
        header.set_cksum();
        pax.append(&header, record.as_slice()).unwrap();
    }
    [std::fs::read(&path).unwrap(), pax.into_inner().unwrap()]
}

#[test]
fn damaged_archives() {
    let (folder, registry) = (tempfile::tempdir().unwrap(), registry());
    let words = [
        &b"ustar\x0000"[..],
        b"ustar  \0",
        b"././@LongLink",
        b"77777777777\0",
        b"00000000000\0",
        b"\x80\0\0\0\0\0\0\0\xff\xff\xff\xff",
        b"L",
        b"x",
        b"g",
        b"S",
        b"30 path=data_batch_1.bin\n",
        b"99999999999 path=",
        b"20 size=99999999999\n",
        b"GNU.sparse.size=",
        &[0; 512],
    ];
    Fuzz::of("fuzz::damaged_archives").seeds(archives()).words(&words).costly(2).run(|bytes| {
        let tar = if bytes.len() % 2 == 0 { with_checksums(bytes.to_vec()) } else { bytes.to_vec() };
        for (name, bytes) in [("images.tar", tar.clone()), ("images.tar.gz", gzip(&tar))] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            look(&registry, "cifar10", &at(&path));
        }
    });
}

#[test]
fn damaged_gzip_archives() {
    let (folder, registry) = (tempfile::tempdir().unwrap(), registry());
    let path = folder.path().join("images.tar.gz");
    let fuzz = Fuzz::of("fuzz::damaged_gzip_archives").seeds(archives().iter().map(|tar| gzip(tar)));
    fuzz.words(&[b"\x1f\x8b\x08\0", b"\x1f\x8b\x08\x1f"]).run(|bytes| {
        std::fs::write(&path, bytes).unwrap();
        look(&registry, "cifar10", &at(&path));
    });
}

#[test]
fn damaged_batches_of_python() {
    let (folder, registry) = (tempfile::tempdir().unwrap(), registry());
    let file = folder.path().join("train");
    let labels: [(&str, &[u32]); 2] = [("fine_labels", &[3, 99]), ("labels", &[1, 2])];
    let pixels = vec![9; 2 * 3072];
    let words = [
        &b"(K\x01K\x02e"[..],
        b"U\x02u1",
        b"U\x02f8",
        b"J\xff\xff\xff\xff",
        b"J\0\x0c\0\0",
        b"\x86",
        b"\x89",
        b"\x88",
        b"tb",
        b"R",
        b"h\0",
    ];
    let fuzz = Fuzz::of("fuzz::damaged_batches_of_python");
    let fuzz = fuzz.seed(python2_batch(&pixels, 3072, &labels)).seed(python3_batch(&pixels, 3072, &labels));
    fuzz.words(&words).run(|bytes| {
        std::fs::write(&file, bytes).unwrap();
        look(&registry, "cifar100", &at(folder.path()));
    });
}

/// The PNG image with right checksums of all chunks that can be found.
fn with_crcs(mut png: Vec<u8>) -> Vec<u8> {
    let mut at = 8;
    while let Some(length) = png.get(at..at + 4).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes) {
        let Some(end) = usize::try_from(length).ok().and_then(|length| (at + 8).checked_add(length)).filter(|end| end + 4 <= png.len())
        else {
            break;
        };
        let mut crc = Crc::new();
        crc.update(&png[at + 4..end]);
        png[end..end + 4].copy_from_slice(&crc.sum().to_be_bytes());
        at = end + 4;
    }
    png
}

fn images() -> Vec<Vec<u8>> {
    let picture = DynamicImage::from(RgbImage::from_fn(19, 13, |x, y| image::Rgb([(x * 7) as u8, (y * 11) as u8, (x * y) as u8])));
    let written = |image: DynamicImage, format| {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    vec![
        written(picture.clone(), ImageFormat::Png),
        written(picture.to_luma_alpha16().into(), ImageFormat::Png),
        written(picture.to_luma8().into(), ImageFormat::Png),
        written(picture.clone(), ImageFormat::Jpeg),
        written(picture.to_luma8().into(), ImageFormat::Jpeg),
    ]
}

#[test]
fn damaged_images() {
    let (folder, registry) = (tempfile::tempdir().unwrap(), registry());
    let class = folder.path().join("class");
    std::fs::create_dir(&class).unwrap();
    let words = [
        &b"\xff\xd8"[..],
        b"\xff\xd9",
        b"\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03",
        b"\xff\xc2",
        b"\xff\xc4\0\x1f",
        b"\xff\xda\0\x0c\x03",
        b"\xff\xdd\0\x04\0\x01",
        b"\xff\xe1\xff\xff",
        b"\xff\xe2\0\x10ICC_PROFILE\0\x01\x01",
        b"\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\0\0\x01",
        b"\0\0\x40\0",
        b"PLTE",
        b"tRNS",
        b"iCCP",
        b"zTXt",
        b"acTL",
        b"IDAT",
        b"IEND",
    ];
    Fuzz::of("fuzz::damaged_images").seeds(images()).words(&words).run(|bytes| {
        std::fs::write(class.join("image.png"), if bytes.len() % 2 == 0 { with_crcs(bytes.to_vec()) } else { bytes.to_vec() }).unwrap();
        look(&registry, "image-folder", &at(folder.path()).with("size", 8));
    });
}

#[test]
fn damaged_flat_records() {
    let (folder, registry) = (tempfile::tempdir().unwrap(), registry());
    let file = folder.path().join("records.bin");
    Fuzz::of("fuzz::damaged_flat_records").seed([1; 13 * 4]).seed([7; 13 * 9]).run(|bytes| {
        std::fs::write(&file, bytes).unwrap();
        look(&registry, "records", &at(&file).with("size", 2));
        look(&registry, "records", &at(&file).with("size", 2).with("label_bytes", 5).with("label_width", 4));
    });
}
