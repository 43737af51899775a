//! The steps of a search with the layout that says what their positions stand for: `trajectory.json`.

use std::path::Path;

use assay_structure::subspace::{CellLayout, Layout, Wiring};
pub use assay_structure::trajectory::{Removal, Step};
use serde::{Deserialize, Serialize};

use crate::error::{ReadError, parse};
use crate::files;

/// The steps of a search, and the layout of the space, which says what positions in them stand for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Trajectory {
    /// What was searched.
    pub layout: Layout,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Trajectory {
    /// The steps of the search in this folder.
    ///
    /// # Errors
    /// If the file cannot be read; then with the name of the field that is wrong.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let file = folder.join(files::TRAJECTORY);
        let bytes = std::fs::read(&file).map_err(|error| ReadError::File { file: file.clone(), error })?;
        parse(&file, &bytes)
    }
}

/// The written form. Trajectories of earlier versions have operators, cells and steps only.
#[derive(Serialize, Deserialize)]
struct Written {
    /// Operator names; a mask has one digit for each.
    operators: Vec<String>,
    /// Kinds of cell with the names of their edges.
    cells: Vec<(String, Vec<String>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zero: Option<usize>,
    /// The wiring of each kind of cell, if any has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wirings: Vec<Option<Wiring>>,
    steps: Vec<Step>,
}

impl From<Trajectory> for Written {
    fn from(Trajectory { layout, steps }: Trajectory) -> Self {
        let Layout { operators, zero, cells } = layout;
        let is_wired = cells.iter().any(|cell| cell.wiring.is_some());
        let wirings = cells.iter().filter(|_| is_wired).map(|cell| cell.wiring.clone()).collect();
        Self { operators, cells: cells.into_iter().map(|cell| (cell.kind, cell.edges)).collect(), zero, wirings, steps }
    }
}

impl TryFrom<Written> for Trajectory {
    type Error = String;

    fn try_from(Written { operators, cells, zero, wirings, steps }: Written) -> Result<Self, String> {
        let count = operators.len();
        if zero.is_some_and(|zero| zero >= count) || !(wirings.is_empty() || wirings.len() == cells.len()) {
            return Err("`zero` or `wirings` do not fit `operators` and `cells`".into());
        }
        let wirings = wirings.into_iter().chain(std::iter::repeat(None));
        let cell = |((kind, edges), wiring): ((String, Vec<String>), Option<Wiring>)| {
            let cell = CellLayout::uniform(kind, edges, count);
            wiring.iter().try_for_each(|wiring| wiring.check(cell.edges.len())).map(|()| CellLayout { wiring, ..cell })
        };
        let cells = cells.into_iter().zip(wirings).map(cell).collect::<Result<_, _>>()?;
        let layout = Layout { zero, ..Layout::new(operators, cells) };
        for Step { title, before, after, candidates, .. } in &steps {
            let is_known = |removal: &Removal| layout.has(removal.choice);
            if !before.fits(&layout) || !after.fits(&layout) || !candidates.iter().all(is_known) {
                return Err(format!("the step `{title}` has operators or edges that `operators` and `cells` do not name"));
            }
        }
        Ok(Self { layout, steps })
    }
}

#[cfg(test)]
mod tests {
    use assay_structure::subspace::Edge;

    use super::*;

    const EARLIER: &str = r#"{"operators":["none","conv"],"cells":[["cell",["1<-0","2<-0"]]],"steps":[
        {"title":"round 1","before":"11.11","after":"01.11","readings":[],
         "candidates":[{"choice":{"cell":0,"edge":0,"operator":0},"indicators":[],"removed":true}]}]}"#;

    #[test]
    fn a_trajectory_of_an_earlier_version_is_read_and_written_as_it_was() {
        let read: Trajectory = serde_json::from_str(EARLIER).unwrap();
        assert_eq!(read.layout.describe(read.steps[0].candidates[0].choice), "cell 1<-0 none");
        assert_eq!((read.layout.zero, read.layout.cells[0].wiring.as_ref()), (None, None));
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(json(&serde_json::to_string(&read).unwrap()), json(EARLIER));
    }

    #[test]
    fn wiring_and_zero_operator_are_written_beside_the_names() {
        let mut read: Trajectory = serde_json::from_str(EARLIER).unwrap();
        let edges = vec![Edge { from: 0, to: 1 }, Edge { from: 0, to: 2 }];
        let nodes = ["in", "1", "out"].map(str::to_owned).into();
        read.layout.cells[0].wiring = Some(Wiring { nodes, edges, concatenated: Vec::new() });
        read.layout.zero = Some(0);
        let text = serde_json::to_string(&read).unwrap();
        assert!(text.contains(r#""cells":[["cell",["1<-0","2<-0"]]],"zero":0,"wirings":[{"nodes":["in","1","out"],"#), "{text}");
        assert_eq!(serde_json::from_str::<Trajectory>(&text).unwrap().layout, read.layout);
    }

    #[test]
    fn a_trajectory_that_contradicts_itself_is_refused() {
        for (from, to) in [
            ("01.11", "01.11.11"),
            ("11.11", "110.110"),
            (r#""operator":0"#, r#""operator":2"#),
            (r#""edge":0"#, r#""edge":2"#),
            (r#""steps""#, r#""zero":2,"steps""#),
            (r#""steps""#, r#""wirings":[null,null],"steps""#),
        ] {
            let wrong = EARLIER.replacen(from, to, 1);
            assert_ne!(wrong, EARLIER);
            assert!(serde_json::from_str::<Trajectory>(&wrong).is_err(), "{to}");
        }
    }
}
