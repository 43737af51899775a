//! What a check found, and exceptions from checks.

use std::fmt;

/// Something to put right: where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    file: String,
    line: usize,
    message: String,
}

/// A file that may do what a check forbids, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exception {
    pub(super) file: &'static str,
    pub(super) why: &'static str,
}

impl Finding {
    pub(super) fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// The findings without those in excepted files, and one for each exception that excepts nothing.
pub(super) fn except(findings: Vec<Finding>, exceptions: &[Exception]) -> Vec<Finding> {
    let idle = exceptions.iter().filter(|exception| findings.iter().all(|finding| finding.file != exception.file));
    let idle: Vec<Finding> = idle
        .map(|Exception { file, why }| {
            Finding::new(file, 1, format!("needs no exception any more ({why}); remove it from xtask/src/tidy/exceptions.rs"))
        })
        .collect();
    let is_excepted = |finding: &Finding| exceptions.iter().any(|exception| exception.file == finding.file);
    findings.into_iter().filter(|finding| !is_excepted(finding)).chain(idle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_hides_its_file_and_has_to_be_needed() {
        let findings = || vec![Finding::new("a.rs", 3, "is wrong"), Finding::new("b.rs", 1, "is wrong, too")];
        let exception = Exception { file: "a.rs", why: "for now" };
        assert_eq!(except(findings(), &[exception]), [Finding::new("b.rs", 1, "is wrong, too")]);
        let idle = except(findings(), &[Exception { file: "c.rs", ..exception }]);
        assert_eq!(idle.len(), 3);
        assert_eq!(idle[2].to_string(), "c.rs:1: needs no exception any more (for now); remove it from xtask/src/tidy/exceptions.rs");
    }
}
