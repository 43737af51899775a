//! Several runs side by side: one column or line a run, each with its own protocol.

use crate::report::content::{Body, Section};

/// A section that compares the runs of these labels and protocols.
pub(super) fn section(name: &str, title: &str, explanation: &str, body: Body, protocols: &[(&str, &str)]) -> Section {
    Section { name: name.into(), title: title.into(), explanation: explanation.into(), body, notes: notes(protocols) }
}

/// What sets the protocols apart, and all of each.
fn notes(protocols: &[(&str, &str)]) -> Vec<String> {
    let clauses = |protocol: &str| protocol.split("; ").map(str::to_owned).collect::<Vec<_>>();
    let all: Vec<Vec<String>> = protocols.iter().map(|(_, protocol)| clauses(protocol)).collect();
    let is_shared = |clause: &String| all.iter().all(|protocol| protocol.contains(clause));
    let own = |((label, _), protocol): (&(&str, &str), &Vec<String>)| {
        let own: Vec<&str> = protocol.iter().filter(|clause| !is_shared(clause)).map(String::as_str).collect();
        (!own.is_empty()).then(|| format!("only {label}: {}", own.join("; ")))
    };
    let mut notes: Vec<String> = protocols.iter().zip(&all).filter_map(own).collect();
    if notes.is_empty() && protocols.len() > 1 {
        return vec![format!("protocol of all: {}", protocols[0].1)];
    }
    notes.extend(protocols.iter().map(|(label, protocol)| format!("protocol of {label}: {protocol}")));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sets_two_protocols_apart_is_said_before_them() {
        insta::assert_snapshot!(notes(&[("A", "space x; seed 0; C=16"), ("B", "space x; seed 1; C=16")]).join("\n"), @r"
        only A: seed 0
        only B: seed 1
        protocol of A: space x; seed 0; C=16
        protocol of B: space x; seed 1; C=16
        ");
        assert_eq!(notes(&[("A", "space x"), ("B", "space x")]), ["protocol of all: space x"]);
    }
}
