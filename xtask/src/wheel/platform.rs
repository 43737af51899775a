//! On which Linux a compiled library loads: the platform of its wheel's tag (PEP 600).

use std::fmt;

use miette::IntoDiagnostic;
use object::LittleEndian;
use object::elf::{DT_NEEDED, FileHeader64};
use object::read::elf::FileHeader;

/// The libraries that PEP 600 takes for granted on any Linux with the GNU C library, and that Rust's libraries may link to.
const EVERYWHERE: [&str; 8] =
    ["libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libutil.so.1", "libgcc_s.so.1", "ld-linux-x86-64.so.2"];

/// Where a library loads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Platform {
    /// Wherever the GNU C library is of this version or newer.
    Glibc(u32, u32),
    /// Where these libraries are, which not every Linux has.
    Here(Vec<String>),
}

impl Platform {
    /// The platform of a library, by what it says that it needs.
    ///
    /// # Errors
    /// Where the bytes are not a shared library of 64 bits, little-endian.
    pub(super) fn of(library: &[u8]) -> miette::Result<Self> {
        let header = FileHeader64::<LittleEndian>::parse(library).into_diagnostic()?;
        let sections = header.sections(LittleEndian, library).into_diagnostic()?;
        let dynamic = sections.dynamic_table(LittleEndian, library).into_diagnostic()?;
        let mut elsewhere = Vec::new();
        for entry in dynamic.iter().filter(|entry| entry.tag == DT_NEEDED) {
            let name = String::from_utf8_lossy(dynamic.string(entry).into_diagnostic()?).into_owned();
            if !EVERYWHERE.contains(&name.as_str()) {
                elsewhere.push(name);
            }
        }
        if !elsewhere.is_empty() {
            return Ok(Self::Here(elsewhere));
        }
        // Older than any version that a symbol could have on a machine of 64 bits.
        let (mut major, mut minor) = (2, 2);
        if let Some((needs, link)) = sections.gnu_verneed(LittleEndian, library).into_diagnostic()? {
            let names = sections.strings(LittleEndian, library, link).into_diagnostic()?;
            for need in needs {
                let (_, versions) = need.into_diagnostic()?;
                for version in versions {
                    let name = version.into_diagnostic()?.name(LittleEndian, names).into_diagnostic()?;
                    (major, minor) = (major, minor).max(glibc(name).unwrap_or_default());
                }
            }
        }
        Ok(Self::Glibc(major, minor))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arch = std::env::consts::ARCH;
        match self {
            Self::Glibc(major, minor) => write!(out, "manylinux_{major}_{minor}_{arch}"),
            Self::Here(_) => write!(out, "linux_{arch}"),
        }
    }
}

/// The version of the GNU C library that the version of a symbol names: 2.34 of `GLIBC_2.34`; none of `GCC_3.0`.
fn glibc(version: &[u8]) -> Option<(u32, u32)> {
    let mut numbers = std::str::from_utf8(version).ok()?.strip_prefix("GLIBC_")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_built_here_needs_a_c_library_no_newer_than_that_of_this_machine() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let here = std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output().unwrap();
        let here = String::from_utf8(here.stdout).unwrap();
        let here = glibc(here.trim().replace("glibc ", "GLIBC_").as_bytes()).unwrap();
        // More than what is taken where nothing is needed: the sections were read.
        let Platform::Glibc(major, minor) = Platform::of(&own).unwrap() else { panic!("{:?}", Platform::of(&own)) };
        assert!((2, 2) < (major, minor) && (major, minor) <= here, "{major}.{minor} on {here:?}");
        assert!(Platform::Glibc(major, minor).to_string().starts_with(&format!("manylinux_{major}_{minor}_")));
    }

    #[test]
    fn versions_of_the_c_library_alone_count() {
        assert_eq!(glibc(b"GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!(glibc(b"GLIBC_2.34"), Some((2, 34)));
        assert_eq!(glibc(b"GCC_3.0"), None);
        assert_eq!(glibc(b"GLIBC_PRIVATE"), None);
    }

    #[test]
    fn what_is_no_library_is_refused() {
        assert!(Platform::of(b"compiled").is_err());
        assert_eq!(Platform::Here(vec!["libfoo.so.1".to_owned()]).to_string(), format!("linux_{}", std::env::consts::ARCH));
    }
}
