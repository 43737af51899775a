//! Cells as the benchmark's table holds them.

/// Vertices of the largest cell, the input and the output among them.
pub(super) const VERTICES: usize = 7;
/// Vertices between input and output of the largest cell.
pub(super) const INNER: usize = VERTICES - 2;
/// Edges of the largest cell.
pub(super) const MAX_EDGES: u32 = 9;

/// What an inner vertex does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum VertexOperator {
    /// 3×3 convolution, batch normalisation, ReLU.
    #[default]
    Conv3x3,
    /// 1×1 convolution, batch normalisation, ReLU.
    Conv1x1,
    /// 3×3 maximum.
    MaxPool3x3,
}

impl VertexOperator {
    /// In the order of the table's digits.
    pub const ALL: [Self; 3] = [Self::Conv3x3, Self::Conv1x1, Self::MaxPool3x3];

    /// As the benchmark's code writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conv3x3 => "conv3x3-bn-relu",
            Self::Conv1x1 => "conv1x1-bn-relu",
            Self::MaxPool3x3 => "maxpool3x3",
        }
    }
}

/// A cell of the space: a directed acyclic graph of 2 to 7 vertices and at most 9 edges, each vertex on a path from the
/// input, vertex 0, to the output, the last vertex. Edges lead from smaller to larger numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    vertices: usize,
    /// Bit [`bit`]`(from, to)` for each edge.
    edges: u32,
    /// Those of the inner vertices, then [`VertexOperator::Conv3x3`].
    operators: [u8; INNER],
}

/// The bit of an edge.
pub(super) const fn bit(from: usize, to: usize) -> usize {
    from + to * (to - 1) / 2
}

impl Cell {
    /// The cell of a graph whose edge from x to y is bit x + y(y − 1)/2 of `edges`. Vertices on no path from input to output
    /// are dropped, as the benchmark does.
    ///
    /// # Errors
    /// If there are not 2 to 7 vertices, an operator less than vertices between input and output, no path from input to
    /// output, or more than 9 edges; the message says which.
    pub fn new(vertices: usize, edges: u32, operators: &[VertexOperator]) -> Result<Self, String> {
        if !(2..=VERTICES).contains(&vertices) {
            return Err(format!("a cell has 2 to {VERTICES} vertices, not {vertices}"));
        }
        if operators.len() != vertices - 2 {
            return Err(format!("a cell of {vertices} vertices has {} operators, not {}", vertices - 2, operators.len()));
        }
        if edges >> bit(0, vertices) != 0 {
            return Err(format!("an edge leads to a vertex beyond the {vertices} there are"));
        }
        let has = |from: usize, to: usize| edges >> bit(from, to) & 1 == 1;
        let mut reached = [false; VERTICES];
        reached[0] = true;
        for to in 1..vertices {
            reached[to] = (0..to).any(|from| reached[from] && has(from, to));
        }
        let mut needed = [false; VERTICES];
        needed[vertices - 1] = true;
        for from in (0..vertices - 1).rev() {
            needed[from] = (from + 1..vertices).any(|to| needed[to] && has(from, to));
        }
        let kept: Vec<usize> = (0..vertices).filter(|vertex| reached[*vertex] && needed[*vertex]).collect();
        if kept.first() != Some(&0) || kept.last() != Some(&(vertices - 1)) {
            return Err("no path leads from the input to the output".into());
        }
        let mut cell = Self { vertices: kept.len(), edges: 0, operators: [0; INNER] };
        for (to, old_to) in kept.iter().enumerate().skip(1) {
            for (from, old_from) in kept[..to].iter().enumerate() {
                cell.edges |= u32::from(has(*old_from, *old_to)) << bit(from, to);
            }
        }
        for (operator, old) in cell.operators.iter_mut().zip(&kept[1..kept.len() - 1]) {
            *operator = operators[old - 1] as u8;
        }
        match cell.edges.count_ones() {
            count if count > MAX_EDGES => Err(format!("a cell has at most {MAX_EDGES} edges, not {count}")),
            _ => Ok(cell),
        }
    }

    /// Its vertices, input and output among them.
    #[must_use]
    pub fn vertices(&self) -> usize {
        self.vertices
    }

    /// Whether the edge is there.
    #[must_use]
    pub fn has(&self, from: usize, to: usize) -> bool {
        from < to && self.edges >> bit(from, to) & 1 == 1
    }

    /// The operator of an inner vertex, 1 or more.
    #[must_use]
    pub fn operator(&self, vertex: usize) -> VertexOperator {
        VertexOperator::ALL[usize::from(self.operators[vertex - 1])]
    }

    /// A number that no other cell has. Isomorphic cells have the same number once they are [canonical](Self::canonical).
    #[must_use]
    pub fn key(&self) -> u64 {
        let operators = self.operators.iter().fold(0, |code, operator| code << 2 | u64::from(*operator));
        ((self.vertices as u64) << 10 | operators) << bit(0, VERTICES) | u64::from(self.edges)
    }

    /// The cell with inner vertex `order[i]` at place i + 1. Every edge must still lead from a smaller to a larger number.
    pub(super) fn renumbered(&self, order: &[usize]) -> Self {
        let mut place = [0; VERTICES];
        place[self.vertices - 1] = self.vertices - 1;
        order.iter().enumerate().for_each(|(position, vertex)| place[*vertex] = position + 1);
        let mut cell = Self { vertices: self.vertices, edges: 0, operators: [0; INNER] };
        for to in 1..self.vertices {
            for from in (0..to).filter(|from| self.has(*from, to)) {
                cell.edges |= 1 << bit(place[from], place[to]);
            }
        }
        for (position, vertex) in order.iter().enumerate() {
            cell.operators[position] = self.operators[vertex - 1];
        }
        cell
    }
}
