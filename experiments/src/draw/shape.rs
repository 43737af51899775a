//! The nodes and edges of a kind of cell, read from the names of its edges.

use super::error::DrawError;

/// A cell's nodes, and the edges that operators stand on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// What each node is called. Inputs come first, the output last.
    pub(crate) nodes: Vec<String>,
    /// The two nodes of each edge, in the order of the layout.
    pub(crate) edges: Vec<[usize; 2]>,
    /// The nodes that the output concatenates; none where the last node is the output.
    pub(crate) concatenated: Vec<usize>,
}

impl Shape {
    /// From the names of a cell's edges, `1<-0` for the edge to node 1 from node 0.
    ///
    /// Where nodes are counted with the inputs (NAS-Bench-201), node 0 is the input and the last one the output. Where
    /// targets are counted without them (DARTS: `0<-1` leads from the second input to the first inner node), the output
    /// concatenates the inner nodes.
    pub(crate) fn of(kind: &str, names: &[String]) -> Result<Self, DrawError> {
        let read = |name: &String| {
            let (target, source) = name.split_once("<-")?;
            Some((source.parse::<usize>().ok()?, target.parse::<usize>().ok()?))
        };
        let wrong = |problem: String| DrawError::Shape { kind: kind.to_owned(), problem };
        let mut pairs = Vec::new();
        for name in names {
            pairs.push(read(name).ok_or_else(|| wrong(format!("its edge `{name}` does not say which nodes it connects, as `1<-0` does")))?);
        }
        let last = pairs.iter().map(|(_, target)| *target).max().ok_or_else(|| wrong("it has no edges".into()))?;
        // The fewest inputs with which every edge leads from an earlier node to a later one.
        let inputs = pairs.iter().map(|(source, target)| (source + 1).saturating_sub(*target)).max().unwrap_or(0);
        if inputs == 0 {
            let nodes = (0..=last).map(|node| {
                if node == 0 {
                    "in".into()
                } else if node == last {
                    "out".into()
                } else {
                    node.to_string()
                }
            });
            let edges = pairs.iter().map(|(source, target)| [*source, *target]).collect();
            return Ok(Self { nodes: nodes.collect(), edges, concatenated: Vec::new() });
        }
        let before = (0..inputs).map(|input| format!("c_{{k-{}}}", inputs - input));
        let nodes = before.chain((0..=last).map(|node| node.to_string())).chain(["c_{k}".to_owned()]).collect();
        let edges = pairs.iter().map(|(source, target)| [*source, target + inputs]).collect();
        Ok(Self { nodes, edges, concatenated: (inputs..=inputs + last).collect() })
    }

    /// The edges from nodes to the output that concatenates them.
    pub(crate) fn joins(&self) -> impl Iterator<Item = [usize; 2]> + '_ {
        self.concatenated.iter().map(|node| [*node, self.nodes.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Result<Shape, DrawError> {
        Shape::of("cell", &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn nodes_are_numbered_as_the_space_numbers_them() {
        let nas_bench_201 = of(&["1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2"]).unwrap();
        assert_eq!(nas_bench_201.nodes, ["in", "1", "2", "out"]);
        assert_eq!(nas_bench_201.edges[2], [1, 2]);
        assert_eq!(nas_bench_201.joins().count(), 0);
        let darts = of(&["0<-0", "0<-1", "1<-0", "1<-1", "1<-2"]).unwrap();
        assert_eq!(darts.nodes, ["c_{k-2}", "c_{k-1}", "0", "1", "c_{k}"]);
        assert_eq!(darts.edges, [[0, 2], [1, 2], [0, 3], [1, 3], [2, 3]]);
        assert_eq!(darts.joins().collect::<Vec<_>>(), [[2, 4], [3, 4]]);
    }

    #[test]
    fn edges_that_do_not_say_what_they_connect_cannot_be_drawn() {
        let said = |names: &[&str]| of(names).unwrap_err().to_string();
        assert_eq!(
            said(&["0.a operator"]),
            "the cell `cell` cannot be drawn: its edge `0.a operator` does not say which nodes it connects, as `1<-0` does"
        );
        assert_eq!(said(&[]), "the cell `cell` cannot be drawn: it has no edges");
    }
}
