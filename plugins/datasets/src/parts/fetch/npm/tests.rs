use std::io::Write;
use std::ops::ControlFlow;

use std::path::PathBuf;

use super::*;

/// A package with `count` images a batch, made by this rule.
fn pixel(batch: usize, image: usize, channel: usize, position: usize) -> u8 {
    (batch * 61 + image * 17 + channel * 5 + position) as u8
}

fn png(batch: usize, width: u32, count: usize) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, count as u32, |x, y| {
        image::Rgb([0, 1, 2].map(|channel| pixel(batch, y as usize, channel, x as usize)))
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn package(folder: &Path, width: u32, count: usize) -> PathBuf {
    let path = folder.join("package.tgz");
    let gzip = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("package/{name}"), bytes).unwrap();
    };
    for (batch, (name, ..)) in BATCHES.iter().enumerate() {
        add(name, &png(batch, width, count));
    }
    let labels = |count: usize| serde_json::to_vec(&(0..count).map(|index| index % 10).collect::<Vec<_>>()).unwrap();
    add(TRAIN_LABELS, &labels(5 * count));
    add(TEST_LABELS, &labels(count));
    tar.into_inner().unwrap().finish().unwrap().flush().unwrap();
    path
}

#[test]
fn the_official_files_are_rebuilt_from_rows_of_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let tarball = package(folder.path(), AREA as u32, 3);
    let mut rebuilt = Vec::new();
    let keep = |name: &str, bytes: &[u8]| {
        rebuilt.push((name.to_owned(), bytes.to_vec()));
        Ok(())
    };
    rebuild(&tarball, keep, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(rebuilt.len(), 6);
    for (batch, (name, bytes)) in rebuilt.iter().enumerate() {
        assert_eq!(*name, BATCHES[batch].1);
        let mut expected = Vec::new();
        for image in 0..3 {
            // Training labels run through the five batches; the test labels start anew.
            let index = if batch == 5 { image } else { batch * 3 + image };
            expected.push((index % 10) as u8);
            for channel in 0..3 {
                expected.extend((0..AREA).map(|position| pixel(batch, image, channel, position)));
            }
        }
        assert!(*bytes == expected, "{name} differs");
    }
}

#[test]
fn pictures_of_another_shape_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tarball = package(folder.path(), 32, 3);
    let error = rebuild(&tarball, |_, _| Ok(()), &mut |_| ControlFlow::Continue(())).unwrap_err();
    insta::assert_snapshot!(error, @"data_batch_1.png has 32×3 pixels instead of 1024×3, a row an image");
}

#[test]
fn a_stop_is_heeded_between_files() {
    let folder = tempfile::tempdir().unwrap();
    let tarball = package(folder.path(), AREA as u32, 1);
    let mut kept = 0;
    let keep = |_: &str, _: &[u8]| {
        kept += 1;
        Ok(())
    };
    let mut told = 0;
    let mut report = |_: Progress<'_>| {
        told += 1;
        if told == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert!(matches!(rebuild(&tarball, keep, &mut report), Err(FetchError::Stopped)));
    assert_eq!(kept, 2);
}
