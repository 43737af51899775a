//! Names that programming languages accept.

/// `cells_0_edges_1_from_0_conv` of `cells.0.edges.1<-0.conv`.
pub(crate) fn path_identifier(path: &str) -> String {
    let spelled = path.replace("<-", "_from_");
    spelled.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// The name itself, unless Rust or Python would not take it, or an exported file gives it to something else.
pub(crate) fn identifier(name: &str) -> String {
    const RESERVED: &[&str] = &[
        // Functions and modules of exported files.
        "F",
        "add",
        "at",
        "avg_pool2d",
        "json",
        "max_pool2d",
        "nn",
        "normalise",
        "relu",
        "shift",
        "struct",
        "torch",
        // Words of the languages.
        "as",
        "box",
        "class",
        "def",
        "del",
        "else",
        "fn",
        "for",
        "from",
        "if",
        "impl",
        "in",
        "is",
        "lambda",
        "let",
        "loop",
        "match",
        "mod",
        "move",
        "mut",
        "not",
        "or",
        "pass",
        "pub",
        "ref",
        "return",
        "self",
        "static",
        "super",
        "trait",
        "try",
        "type",
        "use",
        "where",
        "while",
        "with",
        "yield",
    ];
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well && !RESERVED.contains(&name) { name.to_owned() } else { format!("v_{name}") }
}

/// `LastAct` of `last_act`.
pub(crate) fn camel_case(word: &str) -> String {
    let capitalised = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    let name: String = path_identifier(word).split('_').map(capitalised).collect();
    // Types that exported files have anyway.
    const TAKEN: &[&str] = &[
        "BatchNorm",
        "Conv2d",
        "F",
        "Layers",
        "Linear",
        "Module",
        "Network",
        "Option",
        "Param",
        "Read",
        "Result",
        "Self",
        "Tensor",
        "Vec",
    ];
    let starts_badly = name.starts_with(|c: char| c.is_ascii_digit());
    if starts_badly || TAKEN.contains(&name.as_str()) { format!("Part{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_names_that_can_be_read() {
        assert_eq!(path_identifier("edges.1<-0.nor_conv_3x3.conv"), "edges_1_from_0_nor_conv_3x3_conv");
        assert_eq!(identifier("3x3"), "v_3x3");
        assert_eq!(identifier("from"), "v_from");
        assert_eq!(camel_case("last_act"), "LastAct");
        assert_eq!(camel_case("linear"), "PartLinear");
    }
}
