//! `image-folder` on files that the tests write.

use crate::writing::{contents, open, open_at, refusal};
use assay_core::graph::Shape;
use assay_core::plugin::Settings;
use image::{Rgb, RgbImage};
use tempfile::tempdir;

fn picture(width: u32, height: u32, shift: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7 + shift) as u8, (y * 11 + shift) as u8, ((x + y) * 3) as u8]))
}

#[test]
fn folders_sorted_by_name_are_the_classes() {
    let folder = tempdir().unwrap();
    for class in ["zebra", "ant", ".hidden"] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
    }
    picture(8, 8, 0).save(folder.path().join("zebra/b.png")).unwrap();
    picture(8, 8, 1).save(folder.path().join("zebra/a.PNG")).unwrap();
    picture(8, 8, 2).save(folder.path().join("ant/z.png")).unwrap();
    std::fs::write(folder.path().join("ant/notes.txt"), "not an image").unwrap();
    let settings = Settings::none().with("path", folder.path().to_str().unwrap()).with("size", 8);
    let dataset = open("image-folder", &settings).unwrap();
    assert_eq!((dataset.len(), dataset.classes(), dataset.shape()), (3, 2, Shape::new(3, 8, 8)));
    let mut pixels = vec![0; 192];
    for (index, label, shift) in [(0, 0, 2), (1, 1, 1), (2, 1, 0)] {
        assert_eq!(dataset.read(index, &mut pixels).unwrap(), label);
        // Images of the right size come out as they are, as planes.
        let picture = picture(8, 8, shift);
        for (position, pixel) in picture.pixels().enumerate() {
            assert_eq!([0, 1, 2].map(|channel| pixels[channel * 64 + position]), pixel.0);
        }
    }
}

#[test]
fn the_two_sides_of_a_split_have_each_file_once_and_the_classes_of_all() {
    let folder = tempdir().unwrap();
    for (class, count) in [("ant", 5), ("zebra", 3)] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        (0..count).for_each(|shift| picture(8, 8, shift).save(folder.path().join(format!("{class}/{shift}.png"))).unwrap());
    }
    let side = |side: &str| {
        let part = serde_json::json!({"side": side, "share": 0.25});
        open("image-folder", &Settings::none().with("path", folder.path().to_str().unwrap()).with("size", 8).with("part", part)).unwrap()
    };
    let (drawn, rest) = (side("in"), side("out"));
    assert_eq!((drawn.len(), rest.len(), drawn.classes(), rest.classes()), (2, 6, 2, 2));
    let (drawn_images, rest_images) = (contents(&*drawn), contents(&*rest));
    let mut labels = [drawn_images.1, rest_images.1].concat();
    labels.sort_unstable();
    assert_eq!(labels, [0, 0, 0, 0, 0, 1, 1, 1]);
    let different = [drawn_images.0, rest_images.0].concat().chunks(192).map(<[u8]>::to_vec).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(different.len(), 5, "zebras are the first three ants again");
    assert!(rest.describe().ends_with("; of 8 images those not drawn by seed 0)"), "{}", rest.describe());
}

#[test]
fn larger_images_are_averaged_down_bilinearly_and_the_same_every_time() {
    let folder = tempdir().unwrap();
    std::fs::create_dir(folder.path().join("only")).unwrap();
    picture(64, 48, 0).save(folder.path().join("only/wide.png")).unwrap();
    picture(64, 48, 0).save(folder.path().join("only/wide.jpg")).unwrap();
    let dataset = open_at("image-folder", folder.path()).unwrap();
    let (mut png, mut jpeg, mut again) = (vec![0; 3072], vec![0; 3072], vec![0; 3072]);
    dataset.read(1, &mut png).unwrap();
    dataset.read(0, &mut jpeg).unwrap();
    dataset.read(1, &mut again).unwrap();
    assert_eq!(png, again);

    // Halving the width by a triangle filter of radius 2 about x = 2i + 0.5 weighs 1, 3, 3, 1 eighths.
    let (row, column) = (10, 7);
    let value = |x: u32| f64::from((x * 7) as u8);
    let x = 2 * column as u32;
    let expected = (value(x - 1) + 3.0 * value(x) + 3.0 * value(x + 1) + value(x + 2)) / 8.0;
    assert!((f64::from(png[row * 32 + column]) - expected).abs() <= 1.0, "{} is not {expected}", png[row * 32 + column]);

    let difference = png.iter().zip(&jpeg).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / 3072.0;
    assert!(difference < 8.0, "a JPEG is {difference} away from the PNG on average");
}

#[test]
fn a_damaged_image_is_an_error_that_names_the_file() {
    let folder = tempdir().unwrap();
    let class = folder.path().join("class");
    std::fs::create_dir(&class).unwrap();
    picture(32, 32, 0).save(class.join("a.png")).unwrap();
    let whole = std::fs::read(class.join("a.png")).unwrap();
    std::fs::write(class.join("a.png"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(class.join("b.png"), b"").unwrap();
    std::fs::write(class.join("c.jpg"), b"PK\x03\x04 not an image").unwrap();
    let dataset = open_at("image-folder", folder.path()).unwrap();
    let message = |index: usize| {
        let error = dataset.read(index, &mut vec![0; 3072]).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "[folder]")
    };
    insta::assert_snapshot!(message(0), @"[folder]/class/a.png is damaged or truncated; replace or remove it: unexpected end of file");
    insta::assert_snapshot!(message(1), @"[folder]/class/b.png is empty (0 bytes); replace or remove it");
    insta::assert_snapshot!(message(2), @"[folder]/class/c.jpg is a zip archive, not a PNG or JPEG image");
    std::fs::remove_file(class.join("b.png")).unwrap();
    insta::assert_snapshot!(message(1), @"[folder]/class/b.png does not exist");
}

#[test]
fn folders_without_classes_or_images_are_refused() {
    let folder = tempdir().unwrap();
    insta::assert_snapshot!(refusal("image-folder", folder.path(), folder.path()), @"dataset `image-folder`: `path`: [folder] has no subfolders; put the images of each class into one");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    insta::assert_snapshot!(refusal("image-folder", folder.path(), folder.path()), @"dataset `image-folder`: `path`: [folder]/empty holds no PNG or JPEG files; every subfolder is a class and needs some");
    insta::assert_snapshot!(refusal("image-folder", &folder.path().join("absent"), folder.path()), @"dataset `image-folder`: `path`: [folder]/absent does not exist");
}

#[test]
fn a_jpeg_cut_anywhere_is_refused_by_its_name_as_a_cut_png_is() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("class/a.jpg");
    std::fs::create_dir(folder.path().join("class")).unwrap();
    picture(64, 64, 0).save(&file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let read = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        open_at("image-folder", folder.path()).unwrap().read(0, &mut vec![0; 3072]).map_err(|error| error.to_string())
    };
    assert_eq!(read(&whole), Ok(0));
    for percent in [10, 50, 90, 99] {
        let error = read(&whole[..whole.len() * percent / 100]).unwrap_err();
        assert!(error.contains("class/a.jpg is damaged or truncated; replace or remove it"), "{percent} %: {error}");
    }
    let error = read(&whole[..whole.len() * 9 / 10]).unwrap_err().replace(&folder.path().display().to_string(), "[folder]");
    insta::assert_snapshot!(error, @"[folder]/class/a.jpg is damaged or truncated; replace or remove it: its end is missing");
}

#[test]
fn a_jpeg_that_was_cut_and_closed_again_is_refused_each_time_it_is_read() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("class/a.jpg");
    std::fs::create_dir(folder.path().join("class")).unwrap();
    picture(64, 64, 0).save(&file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let dataset = open_at("image-folder", folder.path()).unwrap();
    let closed = [&whole[..whole.len() * 6 / 10], b"\xff\xd9"].concat();
    for _ in 0..2 {
        std::fs::write(&file, &closed).unwrap();
        let error = dataset.read(0, &mut vec![0; 3072]).unwrap_err().to_string().replace(&folder.path().display().to_string(), "[folder]");
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"[folder]/class/a.jpg is damaged or truncated; replace or remove it: a part of the image is missing, though the file has an end");
        }
    }
    std::fs::write(&file, &whole).unwrap();
    let (mut once, mut again) = (vec![0; 3072], vec![0; 3072]);
    assert_eq!((dataset.read(0, &mut once), dataset.read(0, &mut again)).0.unwrap(), 0);
    assert_eq!(once, again);
}

#[test]
fn images_of_other_types_are_counted_and_said() {
    let folder = tempdir().unwrap();
    for class in ["ant", "bee"] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        picture(8, 8, 0).save(folder.path().join(class).join("a.png")).unwrap();
    }
    let describe = || {
        let description = open_at("image-folder", folder.path()).unwrap().describe();
        description.replace(&folder.path().file_name().unwrap().to_string_lossy().into_owned(), "[folder]")
    };
    std::fs::write(folder.path().join("ant/notes.txt"), "not an image").unwrap();
    insta::assert_snapshot!(describe(), @"image folder, 2 images in 2 classes, resized to 32×32 ([folder])");
    std::fs::write(folder.path().join("ant/b.webp"), "").unwrap();
    insta::assert_snapshot!(describe(), @"image folder, 2 images in 2 classes, resized to 32×32 ([folder]; 1 image of another type (webp 1) left out)");
    std::fs::write(folder.path().join("bee/c.WebP"), "").unwrap();
    std::fs::write(folder.path().join("bee/d.bmp"), "").unwrap();
    insta::assert_snapshot!(describe(), @"image folder, 2 images in 2 classes, resized to 32×32 ([folder]; 3 images of other types (bmp 1, webp 2) left out)");
    std::fs::remove_file(folder.path().join("bee/a.png")).unwrap();
    insta::assert_snapshot!(refusal("image-folder", folder.path(), folder.path()), @"dataset `image-folder`: `path`: [folder]/bee holds no PNG or JPEG files, only 2 images of other types (bmp 1, webp 1): convert them; every subfolder is a class and needs some");
}

#[test]
fn classes_are_matched_by_name_and_those_of_one_side_alone_are_said() {
    let folders = [&["ant", "bee", "cat"][..], &["ant", "cat", "dog"], &["dog", "eel"]].map(|classes| {
        let folder = tempdir().unwrap();
        for class in classes {
            std::fs::create_dir(folder.path().join(class)).unwrap();
            picture(8, 8, 0).save(folder.path().join(class).join("a.png")).unwrap();
        }
        folder
    });
    let training = open_at("image-folder", folders[0].path()).unwrap();
    let names = training.class_names().unwrap();
    assert_eq!(names, ["ant", "bee", "cat"]);
    let redacted = |text: String, folder: &tempfile::TempDir| {
        let name = folder.path().file_name().unwrap().to_string_lossy().into_owned();
        text.replace(&folder.path().display().to_string(), "[folder]").replace(&name, "[folder]")
    };

    let mut same = open_at("image-folder", folders[0].path()).unwrap();
    let before = same.describe();
    same.adopt_classes(names).unwrap();
    assert_eq!(same.describe(), before);

    let mut test = open_at("image-folder", folders[1].path()).unwrap();
    test.adopt_classes(names).unwrap();
    let labels: Vec<u32> = (0..test.len()).map(|index| test.read(index, &mut vec![0; 3072]).unwrap()).collect();
    assert_eq!((labels, test.classes(), test.class_names().unwrap()), (vec![0, 2], 3, names));
    insta::assert_snapshot!(redacted(test.describe(), &folders[1]), @"image folder, 2 images in 3 classes, resized to 32×32 ([folder]; left out 1 of 3 images, whose class is not in the training images: `dog`; no images of `bee`)");

    let mut other = open_at("image-folder", folders[2].path()).unwrap();
    let error = other.adopt_classes(names).unwrap_err().to_string();
    insta::assert_snapshot!(redacted(error, &folders[2]), @"[folder] has none of the classes `ant`, `bee`, `cat`; its subfolders are `dog`, `eel`");
}

#[test]
fn an_image_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked() {
    let folder = tempdir().unwrap();
    std::fs::create_dir(folder.path().join("only")).unwrap();
    let file = folder.path().join("only/large.png");
    // One pixel, in a file that says it has 10^9; the checksum of what it says is right.
    picture(1, 1, 0).save(&file).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[16..24].copy_from_slice(&[100_000_u32, 10_000].map(u32::to_be_bytes).concat());
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    std::fs::write(&file, bytes).unwrap();
    let error = open_at("image-folder", folder.path()).unwrap().read(0, &mut [0; 3072]).unwrap_err().to_string();
    assert!(error.contains("large.png has more pixels than are read of an image"), "{error}");
}
