//! What Assay says of a network in a file that it writes, beside what ONNX has words for: in the file's own list of texts, which other
//! programs pass over.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::{GraphProto, ModelProto, StringStringEntryProto};

const LEARNED: &str = "assay.learned";
const BLOCKS: &str = "assay.blocks";
const FOLDED_NORMS: &str = "assay.folded_norms";

/// What a file of Assay says of its network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The names of the tensors that are learned; all others are not, whatever they are called.
    pub learned: BTreeSet<String>,
    /// The names of the values that end blocks, in order. Nothing where the file does not hold them all.
    pub blocks: Option<Vec<String>>,
    /// Whether batch normalisations were folded into convolutions before Assay had the network.
    pub folded_norms: bool,
}

impl Metadata {
    /// The texts of a file: a name each, as names may hold any character.
    #[must_use]
    pub fn entries(&self) -> Vec<StringStringEntryProto> {
        let entry = |key: String, value: &str| StringStringEntryProto { key, value: value.to_owned() };
        let listed = |key: &'static str, names: &mut dyn Iterator<Item = &String>| {
            let names: Vec<&String> = names.collect();
            let count = entry(key.to_owned(), &names.len().to_string());
            let each = names.into_iter().enumerate().map(|(number, name)| entry(format!("{key}.{number}"), name));
            std::iter::once(count).chain(each).collect::<Vec<_>>()
        };
        let mut entries = vec![entry(FOLDED_NORMS.to_owned(), if self.folded_norms { "true" } else { "false" })];
        entries.extend(listed(LEARNED, &mut self.learned.iter()));
        entries.extend(self.blocks.iter().flat_map(|blocks| listed(BLOCKS, &mut blocks.iter())));
        entries
    }

    /// What a file says; nothing in one that another program wrote.
    pub(crate) fn of(model: &ModelProto) -> Option<Self> {
        let texts: BTreeMap<&str, &str> = model.metadata_props.iter().map(|entry| (entry.key.as_str(), entry.value.as_str())).collect();
        let listed = |key: &str| -> Option<Vec<String>> {
            let count: usize = texts.get(key)?.parse().ok()?;
            let names: Vec<String> =
                (0..count).map_while(|number| texts.get(format!("{key}.{number}").as_str())).map(|name| (*name).to_owned()).collect();
            (names.len() == count).then_some(names)
        };
        let folded_norms = *texts.get(FOLDED_NORMS)? == "true";
        Some(Self { learned: listed(LEARNED)?.into_iter().collect(), blocks: listed(BLOCKS), folded_norms })
    }

    /// Whether a graph has all that is named, as it has unless another program changed the file.
    pub(crate) fn is_of(&self, graph: &GraphProto) -> bool {
        let held: BTreeSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        let computed = graph.node.iter().flat_map(|node| &node.output).chain(graph.input.iter().map(|input| &input.name));
        let values: BTreeSet<&str> = computed.map(String::as_str).collect();
        self.learned.iter().all(|name| held.contains(name.as_str()))
            && self.blocks.iter().flatten().all(|name| values.contains(name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_whatever_names_hold() {
        let metadata = Metadata {
            learned: ["a.weight", "line\nbreak", "", "assay.learned.0"].map(str::to_owned).into(),
            blocks: Some(vec!["b".into(), "a".into(), "b".into()]),
            folded_norms: true,
        };
        for metadata in [metadata, Metadata::default(), Metadata { blocks: Some(Vec::new()), ..Metadata::default() }] {
            let model = ModelProto { metadata_props: metadata.entries(), ..ModelProto::default() };
            assert_eq!(Metadata::of(&model), Some(metadata));
        }
        assert_eq!(Metadata::of(&ModelProto::default()), None);
    }

    #[test]
    fn a_count_that_is_not_kept_is_not_believed() {
        let mut entries = Metadata { learned: ["a", "b"].map(str::to_owned).into(), ..Metadata::default() }.entries();
        entries[1].value = u64::MAX.to_string();
        let model = ModelProto { metadata_props: entries, ..ModelProto::default() };
        assert_eq!(Metadata::of(&model), None);
    }
}
