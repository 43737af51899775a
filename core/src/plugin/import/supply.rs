//! Where the source of a table is to be had.

/// Where what an importer reads is to be had.
#[derive(Clone, Copy, Debug)]
pub enum Supply {
    /// `assay benchmark fetch` downloads it, from the first of these that can serve, and imports it.
    Fetched(&'static [Source]),
    /// It has to be downloaded by hand: what, from where, and how it is imported then. A clause that says why comes first.
    ByHand(&'static str),
    /// Users have a copy of their own.
    OwnCopy,
}

/// What serves a source. It is checked before it is imported, and no code of it is run.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// A file at an address of the web.
    Address {
        /// The address.
        url: &'static str,
        /// What the file is called.
        file: &'static str,
        /// Its SHA-256, in hexadecimal digits.
        sha256: &'static str,
    },
    /// A file in a Python package, through `pip download` and the index that the user has configured.
    PythonPackage {
        /// The package and its version: `analog-nasbench==0.1.3`.
        package: &'static str,
        /// The wheel that is downloaded.
        wheel: &'static str,
        /// The wheel's SHA-256, in hexadecimal digits.
        sha256: &'static str,
        /// The path of the file in the wheel, which is a zip archive.
        member: &'static str,
    },
}
