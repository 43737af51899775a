//! What the program is made of, for other programs: a bill of materials by CycloneDX 1.5 (ECMA-424).

use serde_json::{Value, json};

use super::expression::spdx;
use super::parts::{Part, Parts};

/// The bill. It has no time and no random number, so that equal programs have equal ones.
pub(super) fn cyclonedx(parts: &Parts) -> String {
    let components: Vec<Value> =
        parts.all.iter().enumerate().filter(|(place, _)| *place != parts.program).map(|(_, part)| component(part, "library")).collect();
    let dependencies: Vec<Value> = parts
        .all
        .iter()
        .map(|part| json!({ "ref": reference(part), "dependsOn": part.needs.iter().map(|need| reference(&parts.all[*need])).collect::<Vec<_>>() }))
        .collect();
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(&parts.all[parts.program], "application") },
        "components": components,
        "dependencies": dependencies,
    });
    format!("{bill:#}\n")
}

/// The package URL of a part, by which others refer to it.
fn reference(part: &Part) -> String {
    format!("pkg:cargo/{}@{}", part.name, part.version.replace('+', "%2B"))
}

fn component(part: &Part, kind: &str) -> Value {
    let mut component =
        json!({ "type": kind, "bom-ref": reference(part), "name": part.name, "version": part.version, "purl": reference(part) });
    if let Some(licence) = &part.licence {
        component["licenses"] = json!([{ "expression": spdx(licence) }]);
    }
    if let Some(checksum) = &part.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(repository) = &part.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}
