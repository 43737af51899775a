//! What a name that is not known was probably meant to be.

/// Bytes of a name that is compared: longer than any that is known.
const LONGEST: usize = 200;

/// `did you mean …?` where a known name is near, and the known names.
#[must_use]
pub fn suggestion<S: AsRef<str>>(given: &str, known: &[S]) -> String {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    // Of a whole file in the place of a name, the distance takes gigabytes.
    let comparable = if given.len() <= LONGEST { known.as_slice() } else { &[] };
    let nearest = comparable
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&bare(given), &bare(name)), strsim::damerau_levenshtein(given, name), name))
        .min()
        .filter(|(distance, _, name)| *distance <= name.len().max(given.len()).div_ceil(3));
    let all = known.join(", ");
    match nearest {
        Some((_, _, name)) => format!("did you mean `{name}`? Known: {all}"),
        None if known.is_empty() => "none is known".into(),
        None => format!("known: {all}"),
    }
}

/// A name without what people leave out or write otherwise: hyphens and capitals.
fn bare(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_a_whole_file_is_not_compared() {
        assert_eq!(suggestion("repeat", &["repeats", "batch"]), "did you mean `repeats`? Known: repeats, batch");
        assert_eq!(suggestion("TENAS", &["enas", "te-nas"]), "did you mean `te-nas`? Known: enas, te-nas");
        assert_eq!(suggestion("else", &["repeats", "batch"]), "known: repeats, batch");
        assert_eq!(suggestion::<&str>("else", &[]), "none is known");
        // Compared, this would take 16 GB.
        assert_eq!(suggestion(&"x".repeat(1 << 28), &["repeats"]), "known: repeats");
    }
}
