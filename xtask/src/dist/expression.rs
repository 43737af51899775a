//! Licences as packages state them: SPDX expressions, and the older form with a slash.

/// The expression in SPDX's form: `MIT/Apache-2.0`, as older packages write it, is `MIT OR Apache-2.0`.
pub(super) fn spdx(licence: &str) -> String {
    licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

/// Whether the terms of an expression can be met with licences that are allowed. What is not an expression cannot.
pub(super) fn is_met(licence: &str, is_allowed: impl Fn(&str) -> bool) -> bool {
    let spaced = spdx(licence).replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, is_allowed: &is_allowed };
    reader.any() == Some(true) && reader.words.is_empty()
}

struct Reader<'a> {
    words: &'a [&'a str],
    is_allowed: &'a dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    /// Takes the next word, if it is this one.
    fn takes(&mut self, word: &str) -> bool {
        let is_it = self.words.first() == Some(&word);
        if is_it {
            self.words = &self.words[1..];
        }
        is_it
    }

    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.takes("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.takes("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            let met = self.any()?;
            return self.takes(")").then_some(met);
        }
        let (name, rest) = self.words.split_first()?;
        if matches!(*name, "AND" | "OR" | "WITH" | ")") {
            return None;
        }
        self.words = rest;
        if self.takes("WITH") {
            let (exception, rest) = self.words.split_first()?;
            self.words = rest;
            return Some((self.is_allowed)(&format!("{name} WITH {exception}")));
        }
        Some((self.is_allowed)(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_met_by_one_side_of_or_and_both_sides_of_and() {
        let met = |licence: &str| is_met(licence, |name| matches!(name, "MIT" | "ISC" | "Apache-2.0 WITH LLVM-exception"));
        for licence in
            ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "MIT AND ISC", "(GPL-3.0 OR MIT) AND ISC", "Apache-2.0 WITH LLVM-exception"]
        {
            assert!(met(licence), "{licence}");
        }
        for licence in
            ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR MIT) AND Zlib", "Apache-2.0", "", "MIT OR", "MIT ISC", "(MIT", "OR", "MIT)"]
        {
            assert!(!met(licence), "{licence}");
        }
        // AND binds closer than OR.
        assert!(met("MIT OR GPL-3.0 AND GPL-2.0"));
        assert_eq!(spdx("MIT / Apache-2.0"), "MIT OR Apache-2.0");
    }
}
