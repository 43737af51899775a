//! What a name that is not known was probably meant to be.

/// `did you mean …?` where a known name is near, and the known names.
#[must_use]
pub fn suggestion<S: AsRef<str>>(given: &str, known: &[S]) -> String {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let nearest = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(given, name), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().max(given.len()).div_ceil(3));
    let all = known.join(", ");
    match nearest {
        Some((_, name)) => format!("did you mean `{name}`? Known: {all}"),
        None if known.is_empty() => "none is known".into(),
        None => format!("known: {all}"),
    }
}
