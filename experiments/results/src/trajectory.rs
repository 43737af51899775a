//! The steps of a search with the layout that says what their positions stand for: `trajectory.json`.

use std::path::Path;

use assay_structure::subspace::{CellLayout, Layout};
pub use assay_structure::trajectory::{Removal, Step};
use serde::{Deserialize, Serialize};

use crate::checksums::read_checked;
use crate::error::{ReadError, parse};
use crate::files;
use crate::space::Space;

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
    /// The steps of the search in this folder. Where the folder holds the [`Space`], the layout has its wiring.
    ///
    /// # Errors
    /// If a file cannot be read; then with the name of the field that is wrong.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let file = folder.join(files::TRAJECTORY);
        let Self { layout, steps } = parse(&file, &read_checked(&file)?)?;
        let whole = Space::read(folder)?.map(|space| space.layout).filter(|whole| whole.has_names_of(&layout));
        Ok(Self { layout: whole.unwrap_or(layout), steps })
    }

    /// What a step removed, each with its place: `cell 1<-0 none`.
    #[must_use]
    pub fn removed(&self, step: &Step) -> Vec<String> {
        step.candidates.iter().filter(|removal| removal.removed).map(|removal| self.layout.describe(removal.choice)).collect()
    }
}

/// The written form, which has names only.
#[derive(Serialize, Deserialize)]
struct Written {
    /// Operator names; a mask has one digit for each.
    operators: Vec<String>,
    /// Kinds of cell with the names of their edges.
    cells: Vec<(String, Vec<String>)>,
    steps: Vec<Step>,
}

impl From<Trajectory> for Written {
    fn from(Trajectory { layout, steps }: Trajectory) -> Self {
        let Layout { operators, cells, .. } = layout;
        Self { operators, cells: cells.into_iter().map(|cell| (cell.kind, cell.edges)).collect(), steps }
    }
}

impl TryFrom<Written> for Trajectory {
    type Error = String;

    fn try_from(Written { operators, cells, steps }: Written) -> Result<Self, String> {
        let cells = cells.into_iter().map(|(kind, edges)| CellLayout::uniform(kind, edges, operators.len())).collect();
        let layout = Layout::new(operators, cells);
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
    use assay_structure::subspace::{Edge, Wiring};

    use super::*;

    const WRITTEN: &str = r#"{"operators":["none","conv"],"cells":[["cell",["1<-0","2<-0"]]],"steps":[
        {"title":"round 1","before":"11.11","after":"01.11","readings":[],
         "candidates":[{"choice":{"cell":0,"edge":0,"operator":0},"indicators":[],"removed":true}]}]}"#;

    /// A space whose cell has these edges.
    fn space(edges: [&str; 2]) -> Space {
        let nodes = ["in", "1", "out"].map(str::to_owned).into();
        let joined = vec![Edge { from: 0, to: 1 }, Edge { from: 0, to: 2 }];
        let cell = CellLayout::uniform("cell", edges, 2).wired(Wiring { nodes, edges: joined, concatenated: Vec::new() });
        Space { name: "tiny".into(), layout: Layout { zero: Some(0), ..Layout::new(["none", "conv"], vec![cell]) } }
    }

    #[test]
    fn a_trajectory_is_written_as_names_and_steps() {
        let read: Trajectory = serde_json::from_str(WRITTEN).unwrap();
        assert_eq!(read.removed(&read.steps[0]), ["cell 1<-0 none"]);
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let whole = Trajectory { layout: space(["1<-0", "2<-0"]).layout, steps: read.steps };
        assert_eq!(json(&serde_json::to_string(&whole).unwrap()), json(WRITTEN));
    }

    #[test]
    fn a_folder_that_holds_the_space_tells_the_wiring_of_its_cells() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(files::TRAJECTORY), WRITTEN).unwrap();
        let layout = || Trajectory::read(folder.path()).unwrap().layout;
        let write = |space: &Space| std::fs::write(folder.path().join(files::SPACE), serde_json::to_string(space).unwrap()).unwrap();
        assert_eq!((layout().zero, layout().cells[0].wiring.as_ref()), (None, None), "a folder of an earlier version");
        write(&space(["1<-0", "2<-0"]));
        assert_eq!(layout(), space(["1<-0", "2<-0"]).layout);
        // Another space than that of the trajectory says nothing of it.
        write(&space(["1<-0", "2<-1"]));
        assert_eq!(layout().cells[0].wiring, None);
    }

    #[test]
    fn a_trajectory_that_contradicts_itself_is_refused() {
        for (from, to) in
            [("01.11", "01.11.11"), ("11.11", "110.110"), (r#""operator":0"#, r#""operator":2"#), (r#""edge":0"#, r#""edge":2"#)]
        {
            let wrong = WRITTEN.replacen(from, to, 1);
            assert_ne!(wrong, WRITTEN);
            assert!(serde_json::from_str::<Trajectory>(&wrong).is_err(), "{to}");
        }
    }
}
