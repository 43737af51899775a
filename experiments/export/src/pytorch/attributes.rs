//! Names that a submodule of PyTorch can have.
//!
//! `nn.Module.add_module` refuses the name of an attribute that modules have anyway (`modules`, `train`, `type`), and a word of Python
//! cannot be written behind a dot. A part of a path with such a name gets an underscore; the state dict keeps the path.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The public attributes of `torch.nn.Module`: what `dir(nn.Module())` lists in PyTorch 1.13, and what the module's reference lists in
/// PyTorch 2.9 beside it. A test compares the list with the PyTorch that is installed.
const OF_MODULES: &[&str] = &[
    "T_destination",
    "add_module",
    "apply",
    "bfloat16",
    "buffers",
    "call_super_init",
    "children",
    "compile",
    "cpu",
    "cuda",
    "double",
    "dump_patches",
    "eval",
    "extra_repr",
    "float",
    "forward",
    "get_buffer",
    "get_extra_state",
    "get_parameter",
    "get_submodule",
    "half",
    "ipu",
    "load_state_dict",
    "modules",
    "mtia",
    "named_buffers",
    "named_children",
    "named_modules",
    "named_parameters",
    "parameters",
    "register_backward_hook",
    "register_buffer",
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_full_backward_hook",
    "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook",
    "register_module",
    "register_parameter",
    "register_state_dict_post_hook",
    "register_state_dict_pre_hook",
    "requires_grad_",
    "set_extra_state",
    "set_submodule",
    "share_memory",
    "state_dict",
    "to",
    "to_empty",
    "train",
    "training",
    "type",
    "xpu",
    "zero_grad",
];

/// Those of the class `Network` of an exported file.
const OF_NETWORKS: &[&str] = &["load_weights", "running_statistics"];

/// Python's keywords: `keyword.kwlist` of Python 3.14.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
    "while", "with", "yield",
];

/// The paths of submodules, with what was renamed.
#[derive(Default)]
pub(super) struct Attributes {
    /// Parts of paths, by the names that they have in the file.
    renamed: BTreeMap<String, String>,
}

impl Attributes {
    /// The path of a submodule, as text of Python.
    pub(super) fn path(&mut self, path: &str) -> String {
        let attribute = |part: &str| {
            let attribute = attribute(part);
            if attribute != part {
                self.renamed.insert(attribute.clone().into_owned(), part.to_owned());
            }
            attribute.into_owned()
        };
        text(&path.split('.').map(attribute).collect::<Vec<_>>().join("."))
    }

    /// The hooks that give the state dict its names; nothing where no part has another name.
    pub(super) fn hooks(&self) -> Option<String> {
        let entry = |(attribute, part): (&String, &String)| format!("{}: {}", text(attribute), text(part));
        let entries: Vec<String> = self.renamed.iter().map(entry).collect();
        (!entries.is_empty()).then(|| include_str!("renamed.py").replace("{}", &format!("{{{}}}", entries.join(", "))))
    }
}

/// What a part of a path is called. No two parts have one name: underscores at the end of a name that is taken are counted.
fn attribute(part: &str) -> Cow<'_, str> {
    let word = part.trim_end_matches('_');
    let is_taken =
        part.is_empty() || part.starts_with('_') || [OF_MODULES, OF_NETWORKS, KEYWORDS].iter().any(|names| names.contains(&word));
    // Without its underscore at the end `requires_grad_` would not be found.
    if is_taken || OF_MODULES.contains(&format!("{word}_").as_str()) { format!("{part}_").into() } else { part.into() }
}

/// A text in quotes, as Python reads it.
pub(super) fn text(value: &str) -> String {
    let mut text = String::from('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            _ if character.is_control() => drop(write!(text, "\\U{:08x}", u32::from(character))),
            _ => text.push(character),
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_that_are_taken_get_an_underscore_and_no_two_parts_one_name() {
        let mut attributes = Attributes::default();
        assert_eq!(attributes.path("stacks.0.modules.1.vertices.2.conv3x3-bn-relu"), r#""stacks.0.modules_.1.vertices.2.conv3x3-bn-relu""#);
        assert_eq!(attributes.path("train.weight.lambda"), r#""train_.weight.lambda_""#);
        assert!(attributes.hooks().unwrap().contains(r#"RENAMED = {"lambda_": "lambda", "modules_": "modules", "train_": "train"}"#));
        assert!(Attributes::default().hooks().is_none());
        let parts = [OF_MODULES, OF_NETWORKS, KEYWORDS].concat();
        let parts = parts
            .iter()
            .flat_map(|part| ["", "_", "__"].map(|more| format!("{part}{more}")))
            .chain(["", "_", "__", "_modules"].map(str::to_owned));
        let parts: BTreeSet<String> = parts.collect();
        let names: BTreeSet<String> = parts.iter().map(|part| attribute(part).into_owned()).collect();
        assert_eq!(names.len(), parts.len());
        let taken = [OF_MODULES, OF_NETWORKS, KEYWORDS].concat();
        assert!(names.iter().all(|name| !name.is_empty() && !taken.contains(&name.as_str())));
    }

    #[test]
    fn a_text_is_one_that_python_reads_as_it_is() {
        assert_eq!(text("1<-0 \"é\\\n"), r#""1<-0 \"é\\\U0000000a""#);
    }
}
