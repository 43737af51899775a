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
        "len",
        "max_pool2d",
        "nn",
        "normalise",
        "relu",
        "shift",
        "struct",
        "torch",
        // Words of the languages.
        "False",
        "None",
        "True",
        "_",
        "abstract",
        "and",
        "as",
        "assert",
        "async",
        "await",
        "become",
        "box",
        "break",
        "class",
        "const",
        "continue",
        "crate",
        "def",
        "del",
        "do",
        "dyn",
        "elif",
        "else",
        "enum",
        "except",
        "extern",
        "false",
        "final",
        "finally",
        "fn",
        "for",
        "from",
        "gen",
        "global",
        "if",
        "impl",
        "import",
        "in",
        "is",
        "lambda",
        "let",
        "loop",
        "macro",
        "match",
        "mod",
        "move",
        "mut",
        "nonlocal",
        "not",
        "or",
        "override",
        "pass",
        "priv",
        "pub",
        "raise",
        "ref",
        "return",
        "self",
        "static",
        "super",
        "trait",
        "true",
        "try",
        "type",
        "typeof",
        "unsafe",
        "unsized",
        "use",
        "virtual",
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
        "Err",
        "F",
        "False",
        "Layers",
        "Linear",
        "Module",
        "Network",
        "None",
        "Ok",
        "Option",
        "Param",
        "Read",
        "Result",
        "Self",
        "Some",
        "String",
        "Tensor",
        "True",
        "Vec",
    ];
    let starts_badly = !name.starts_with(|c: char| c.is_ascii_alphabetic());
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
        assert_eq!(camel_case("none"), "PartNone");
        assert_eq!(camel_case("-"), "Part");
    }
}
