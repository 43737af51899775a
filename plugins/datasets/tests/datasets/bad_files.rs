//! What users are told about files that are not what they should be.

use std::path::{Path, PathBuf};

use crate::writing::{archive, open_at, python2_batch, refusal, shared_images};
use tempfile::{TempDir, tempdir};

const RECORD: usize = 3073;

/// A folder of CIFAR-10's binary batches, one image each.
fn cifar10() -> TempDir {
    let folder = tempdir().unwrap();
    let records = std::fs::read(shared_images("cifar10_test_balanced1000.bin")).unwrap();
    for (index, record) in records.chunks_exact(RECORD).take(5).enumerate() {
        std::fs::write(folder.path().join(format!("data_batch_{}.bin", index + 1)), record).unwrap();
    }
    folder
}

fn with_third_batch(bytes: &[u8]) -> String {
    let folder = cifar10();
    std::fs::write(folder.path().join("data_batch_3.bin"), bytes).unwrap();
    refusal("cifar10", folder.path(), folder.path())
}

fn gzip(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

fn packed(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("cifar-10-binary.tar.gz");
    let members: Vec<(String, Vec<u8>)> = (1..=5)
        .map(|index| format!("data_batch_{index}.bin"))
        .map(|name| (format!("cifar-10-batches-bin/{name}"), std::fs::read(folder.path().join(name)).unwrap()))
        .collect();
    archive(&path, &members);
    path
}

#[test]
fn a_truncated_batch() {
    insta::assert_snapshot!(with_third_batch(&[0; RECORD + 1000]), @"dataset `cifar10`: `path`: [folder]/data_batch_3.bin is truncated or laid out otherwise: its 4073 bytes are 1 records of 3073 bytes (1 of label, 3072 of pixels) and 1000 bytes more; a last whole record lacks 2073 bytes");
}

#[test]
fn a_batch_that_is_cut_between_two_images_beside_whole_ones() {
    // Beside four files of one's own, one as it is published: the others lack images.
    insta::assert_snapshot!(with_third_batch(&vec![0; 10_000 * RECORD]), @"dataset `cifar10`: `path`: `data_batch_1.bin` is cut short between two images: it has 1 of the 10000 that each such file of CIFAR-10 has; run `assay data fetch cifar10`, or set `path` to the official archive or folder");
    let folder = cifar10();
    let described = open_at("cifar10", folder.path()).unwrap().describe();
    assert!(described.ends_with("; 5 of the 50000 that are published)"), "{described}");
}

#[test]
fn an_empty_batch() {
    insta::assert_snapshot!(with_third_batch(&[]), @"dataset `cifar10`: `path`: [folder]/data_batch_3.bin is empty (0 bytes); fetch or copy it again");
}

#[test]
fn a_png_named_as_a_batch() {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(20, 20).write_to(&mut png, image::ImageFormat::Png).unwrap();
    insta::assert_snapshot!(with_third_batch(&png.into_inner()), @"dataset `cifar10`: `path`: [folder]/data_batch_3.bin is a PNG image, not flat records of 3073 bytes");
}

#[test]
fn a_batch_with_an_impossible_label() {
    let mut bytes = vec![0; 2 * RECORD];
    bytes[RECORD] = 10;
    insta::assert_snapshot!(with_third_batch(&bytes), @"dataset `cifar10`: `path`: [folder]/data_batch_3.bin is damaged or laid out otherwise: record 1 (byte 3073) has label 10, but there are only 10 classes (0 to 9)");
}

#[test]
fn a_missing_batch() {
    let folder = cifar10();
    std::fs::remove_file(folder.path().join("data_batch_3.bin")).unwrap();
    insta::assert_snapshot!(refusal("cifar10", folder.path(), folder.path()), @"dataset `cifar10`: `path`: [folder] lacks `data_batch_3.bin`; run `assay data fetch cifar10`, or set `path` to the official archive or folder");
}

#[test]
fn a_missing_folder_and_one_with_nothing_in_it() {
    let folder = tempdir().unwrap();
    insta::assert_snapshot!(refusal("cifar10", &folder.path().join("absent"), folder.path()), @"dataset `cifar10`: `path`: [folder]/absent does not exist");
    insta::assert_snapshot!(refusal("cifar100", folder.path(), folder.path()), @"dataset `cifar100`: `path`: [folder] holds no CIFAR-100: neither `train.bin` nor `train` nor `cifar-100-binary.tar.gz`, `cifar-100-python.tar.gz`; run `assay data fetch cifar100`, or set `path` to the official archive or folder");
}

#[test]
fn a_file_that_is_no_archive() {
    let folder = cifar10();
    insta::assert_snapshot!(refusal("cifar10", &folder.path().join("data_batch_1.bin"), folder.path()), @"dataset `cifar10`: `path`: [folder]/data_batch_1.bin is neither a folder nor an archive; give the folder that holds `data_batch_1.bin`, `data_batch_2.bin` … `data_batch_5.bin`, or its archive (.tar, .tar.gz, .tar.bz2 or .zip), or read a single flat file with the dataset `records`");
}

#[test]
fn an_archive_of_something_else() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("photos.tar.gz");
    archive(&path, &[("photos/cat.png".into(), vec![1, 2, 3]), ("photos/dog.png".into(), vec![4])]);
    insta::assert_snapshot!(refusal("cifar10", &path, folder.path()), @"dataset `cifar10`: `path`: [folder]/photos.tar.gz holds no file of the dataset; it holds `photos/cat.png`, `photos/dog.png`");
}

#[test]
fn a_truncated_archive() {
    let folder = cifar10();
    let path = packed(&folder);
    let bytes = gzip(&path);
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    insta::assert_snapshot!(refusal("cifar10", &path, folder.path()), @"dataset `cifar10`: `path`: [folder]/cifar-10-binary.tar.gz is damaged, truncated or not a tar archive; fetch or copy it again: incomplete deflate stream");
}

#[test]
fn an_archive_with_a_flipped_bit_fails_its_checksum() {
    let folder = cifar10();
    let path = packed(&folder);
    assert!(open_at("cifar10", &path).is_ok());
    let mut bytes = gzip(&path);
    let checksum = bytes.len() - 6;
    bytes[checksum] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    insta::assert_snapshot!(refusal("cifar10", &path, folder.path()), @"dataset `cifar10`: `path`: [folder]/cifar-10-binary.tar.gz is damaged, truncated or not a tar archive; fetch or copy it again: corrupt gzip stream does not have a matching checksum");
}

#[test]
fn archives_that_are_not_read_are_recognised_and_said() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("cifar-10-binary.tar.xz");
    std::fs::write(&path, b"\xfd7zXZ\0 and so on").unwrap();
    let expected = "dataset `cifar10`: `path`: [folder]/cifar-10-binary.tar.xz is an xz archive, which is not read: unpack it; give the folder that \
                    holds `data_batch_1.bin`, `data_batch_2.bin` … `data_batch_5.bin`, or its archive (.tar, .tar.gz, .tar.bz2 or .zip), or read a \
                    single flat file with the dataset `records`";
    assert_eq!(refusal("cifar10", &path, folder.path()), expected);
    assert_eq!(refusal("cifar10", folder.path(), folder.path()), expected, "it is found in its folder too");
    for (magic, kind) in
        [(&b"7z\xbc\xaf\x27\x1c"[..], "a 7-Zip archive"), (b"\x28\xb5\x2f\xfd", "a Zstandard archive"), (b"Rar!\x1a\x07", "a RAR archive")]
    {
        std::fs::write(&path, magic).unwrap();
        let said = refusal("cifar10", &path, folder.path());
        assert!(said.contains(&format!("is {kind}, which is not read: unpack it")), "{said}");
    }
}

#[test]
fn an_archive_of_class_folders_is_to_be_unpacked() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("photos.tar.gz");
    archive(&path, &[("photos/cat/1.png".into(), vec![1, 2, 3])]);
    insta::assert_snapshot!(refusal("image-folder", &path, folder.path()), @"dataset `image-folder`: `path`: [folder]/photos.tar.gz is a gzip archive: unpack it; give a folder with a subfolder of images for each class");
    archive(&path.with_extension(""), &[("photos/cat/1.png".into(), vec![1, 2, 3])]);
    insta::assert_snapshot!(refusal("image-folder", &path.with_extension(""), folder.path()), @"dataset `image-folder`: `path`: [folder]/photos.tar is a tar archive: unpack it; give a folder with a subfolder of images for each class");
    std::fs::write(&path, "photos").unwrap();
    insta::assert_snapshot!(refusal("image-folder", &path, folder.path()), @"dataset `image-folder`: `path`: [folder]/photos.tar.gz is a file; give a folder with a subfolder of images for each class");
}

/// The batches of a folder, as members of an archive.
fn members(folder: &TempDir) -> Vec<(String, Vec<u8>)> {
    let name = |index: usize| format!("data_batch_{index}.bin");
    let member = |index| (format!("cifar-10-batches-bin/{}", name(index)), std::fs::read(folder.path().join(name(index))).unwrap());
    let mut members: Vec<_> = (1..=5).map(member).collect();
    members.insert(2, ("cifar-10-batches-bin/readme.html".into(), b"<html>".to_vec()));
    members
}

#[test]
fn archives_that_others_packed_anew_are_read_and_those_cut_or_changed_are_refused() {
    let folder = cifar10();
    let as_folder = crate::writing::contents(open_at("cifar10", folder.path()).unwrap().as_ref());
    let members = members(&folder);
    let other = tempdir().unwrap();
    for (name, deflated) in
        [("cifar-10-binary.tar", false), ("cifar-10-binary.tar.bz2", false), ("cifar-10-binary.zip", false), ("any.zip", true)]
    {
        let path = other.path().join(name);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("zip") => crate::writing::zip(&path, &members, deflated),
            _ => archive(&path, &members),
        }
        let read = |path: &Path| open_at("cifar10", path).map(|dataset| crate::writing::contents(dataset.as_ref()));
        assert!(read(&path).unwrap() == as_folder, "{name}");
        assert!(name == "any.zip" || read(other.path()).unwrap() == as_folder, "{name} in its folder");
        let whole = std::fs::read(&path).unwrap();
        for length in [whole.len() / 3, whole.len() * 9 / 10] {
            std::fs::write(&path, &whole[..length]).unwrap();
            let said = refusal("cifar10", &path, other.path());
            assert!(said.contains("is damaged, truncated or not") || said.contains("lacks `data_batch_"), "{name}, {length} bytes: {said}");
        }
        let mut changed = whole.clone();
        // Within the pixels of the last batch; a tar archive that is not packed has no checksum of them.
        changed[whole.len() * 3 / 4] ^= 16;
        std::fs::write(&path, &changed).unwrap();
        if name != "cifar-10-binary.tar" {
            let said = refusal("cifar10", &path, other.path());
            assert!(said.contains("is damaged, truncated or not"), "{name}: {said}");
        }
        std::fs::remove_file(&path).unwrap();
    }
    let path = other.path().join("photos.zip");
    crate::writing::zip(&path, &[("photos/cat.png".into(), vec![1, 2, 3])], true);
    insta::assert_snapshot!(refusal("cifar10", &path, other.path()), @"dataset `cifar10`: `path`: [folder]/photos.zip holds no file of the dataset; it holds `photos/cat.png`");
}

#[test]
fn a_gzip_file_that_holds_no_archive() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.gz");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &[7; 4000]).unwrap();
    std::fs::write(&path, gzip.finish().unwrap()).unwrap();
    insta::assert_snapshot!(refusal("cifar10", &path, folder.path()), @"dataset `cifar10`: `path`: [folder]/a.gz is damaged, truncated or not a tar archive; fetch or copy it again: numeric field was not a number:  when getting cksum for ");
}

#[test]
fn a_python_batch_that_is_truncated_or_hostile() {
    let folder = tempdir().unwrap();
    let whole = python2_batch(&[9; 3072], 3072, &[("labels", &[1])]);
    for index in 1..=5 {
        std::fs::write(folder.path().join(format!("data_batch_{index}")), &whole).unwrap();
    }
    assert!(open_at("cifar10", folder.path()).is_ok());
    let second = folder.path().join("data_batch_2");
    std::fs::write(&second, &whole[..2000]).unwrap();
    insta::assert_snapshot!(refusal("cifar10", folder.path(), folder.path()), @"dataset `cifar10`: `path`: [folder]/data_batch_2 cannot be read as a pickled batch of images: it ends in the middle of a value, at byte 2000; it is truncated");
    std::fs::write(&second, b"\x80\x02cposix\nsystem\nU\x04true\x85R.").unwrap();
    insta::assert_snapshot!(refusal("cifar10", folder.path(), folder.path()), @"dataset `cifar10`: `path`: [folder]/data_batch_2 cannot be read as a pickled batch of images: byte 2: it wants to call `posix.system`, which saved data do not need; nothing was called");
}

/// Root may read everything, so both outcomes are possible; a silent wrong result is not.
#[cfg(unix)]
#[test]
fn a_batch_without_read_permission() {
    use std::os::unix::fs::PermissionsExt;
    let folder = cifar10();
    let file = folder.path().join("data_batch_3.bin");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    match std::fs::File::open(&file) {
        Ok(_) => assert_eq!(open_at("cifar10", folder.path()).unwrap().len(), 5),
        Err(_) => insta::assert_snapshot!(
            refusal("cifar10", folder.path(), folder.path()),
            @"dataset `cifar10`: `path`: [folder]/data_batch_3.bin cannot be read: permission denied; give your account read access to it"
        ),
    }
}

/// A tar archive of one member, after an entry of this kind that tells of it, of so many bytes.
fn told(kind: tar::EntryType, told: &[u8], member: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, content) in [(kind, told), (tar::EntryType::Regular, member)] {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_entry_type(kind);
        header.set_path("cut short by its header").unwrap();
        header.set_cksum();
        tar.append(&header, content).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn long_names_in_archives_are_read_and_endless_ones_are_refused() {
    let folder = cifar10();
    let path = folder.path().join("cifar-10-binary.tar");
    let records: Vec<u8> =
        (1..=5).flat_map(|index| std::fs::read(folder.path().join(format!("data_batch_{index}.bin"))).unwrap()).collect();
    let test = &records[..RECORD];
    let name = format!("{}/test_batch.bin", "deep/".repeat(40));
    let pax = |record: &str| {
        let length = record.len() + 4;
        assert!((100..1000).contains(&length));
        format!("{length} {record}")
    };
    let settings = assay_core::plugin::Settings::none().with("path", path.to_str().unwrap()).with("split", "test");
    let read = |content: Vec<u8>| {
        std::fs::write(&path, content).unwrap();
        let opened = crate::writing::open("cifar10", &settings).map(|dataset| dataset.len());
        opened.map_err(|error| error.replace(&folder.path().display().to_string(), "[folder]"))
    };
    assert_eq!(read(told(tar::EntryType::GNULongName, format!("{name}\0").as_bytes(), test)), Ok(1));
    assert_eq!(read(told(tar::EntryType::XHeader, pax(&format!("path={name}\n")).as_bytes(), test)), Ok(1));
    for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader] {
        let error = read(told(kind, &vec![b'a'; 1 << 20], test)).unwrap_err();
        assert!(error.contains("the name of a member should have 1048576 bytes"), "{error}");
    }
}

#[test]
fn a_gzip_bomb_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("cifar-10-binary.tar.gz");
    let mut gzip = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::best());
    (0..300).for_each(|_| std::io::Write::write_all(&mut gzip, &vec![0; 1 << 20]).unwrap());
    gzip.finish().unwrap();
    let error = refusal("cifar10", &path, folder.path());
    assert!(error.contains("it unpacks to more than"), "{error}");
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_are_refused() {
    let folder = tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for dataset in ["cifar10", "cifar100", "imagenet16-120"] {
        for path in [Path::new("/dev/zero"), &pipe] {
            let error = refusal(dataset, path, folder.path());
            assert!(error.contains("it is a pipe or a device, not a file"), "{dataset}: {error}");
        }
    }
    let class = folder.path().join("images/class");
    std::fs::create_dir_all(&class).unwrap();
    std::fs::rename(&pipe, class.join("a.png")).unwrap();
    let dataset = open_at("image-folder", &folder.path().join("images")).unwrap();
    let error = dataset.read(0, &mut vec![0; 3072]).unwrap_err().to_string();
    assert!(error.contains("a.png") && error.contains("it is a pipe or a device"), "{error}");
}
