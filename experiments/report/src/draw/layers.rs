//! Where the nodes of a cell stand and how its edges run: nodes in columns, what stands on an edge in columns between them,
//! and nothing on top of anything else.
//!
//! The layered method of Sugiyama, Tagawa and Toda (1981): an edge that crosses a column bends there, and has a place of its
//! own among what stands in that column. Places are ordered by the means of their neighbours, which leaves few crossings, and
//! then moved as near to those means as the order allows.

/// Pixels between two columns: room for a line to change its height.
const GUTTER: f64 = 34.0;
/// Pixels between two things in one column.
const GAP: f64 = 10.0;
/// How high the place of a line is where it passes a column.
const BEND: f64 = 4.0;
/// How much more a line that only passes wants to be straight.
const STRAIGHT: f64 = 4.0;
const SWEEPS: usize = 24;

/// An edge from one node to a later one.
pub(super) struct Link {
    pub(super) ends: [usize; 2],
    /// Width and height of what stands on it, if anything does.
    pub(super) label: Option<[f64; 2]>,
}

/// Where everything is. Points are centres, from the upper left corner to the right and down.
pub(super) struct Placed {
    pub(super) nodes: Vec<[f64; 2]>,
    pub(super) links: Vec<Course>,
    pub(super) size: [f64; 2],
}

/// How a link runs.
pub(super) struct Course {
    /// Where its label stands.
    pub(super) label: Option<[f64; 2]>,
    /// The lines it consists of, up to its label and on from there: runs of points, of which each pair is joined by a
    /// straight piece through a column, and pairs by curves through the gutters.
    pub(super) lines: Vec<Vec<[[f64; 2]; 2]>>,
}

/// Something in a column.
#[derive(Clone, Copy)]
struct Place {
    column: usize,
    size: [f64; 2],
    is_bend: bool,
}

struct Layers {
    places: Vec<Place>,
    /// The places of each link, from node to node.
    chains: Vec<Vec<usize>>,
    /// The places of each column, from above.
    columns: Vec<Vec<usize>>,
    /// What each place is joined to in the column before and in the one behind.
    neighbours: Vec<[Vec<usize>; 2]>,
}

/// Places nodes of these sizes, of which later ones do not lead to earlier ones.
pub(super) fn place(nodes: &[[f64; 2]], links: &[Link]) -> Placed {
    let mut layers = Layers::new(nodes, links);
    layers.order();
    let heights = layers.heights();
    let (middles, edges, width) = layers.widths();
    let at = |place: usize| [middles[layers.places[place].column], heights[place]];
    let link = |(chain, link): (&Vec<usize>, &Link)| {
        let mut lines = vec![Vec::new()];
        let mut label = None;
        for (position, place) in chain.iter().enumerate() {
            let Place { column, size: [width, _], is_bend } = layers.places[*place];
            let [x, y] = at(*place);
            let [left, right] = edges[column];
            let is_node = position == 0 || position + 1 == chain.len();
            if is_bend {
                push(&mut lines, [[left, y], [right, y]]);
                continue;
            }
            if position > 0 {
                push(&mut lines, [[left, y], [x - width / 2.0, y]]);
            }
            if !is_node {
                label = Some([x, y]);
                lines.push(Vec::new());
            }
            if position + 1 < chain.len() {
                push(&mut lines, [[x + width / 2.0, y], [right, y]]);
            }
        }
        debug_assert_eq!(label.is_some(), link.label.is_some());
        Course { label, lines }
    };
    let places = 0..layers.places.len();
    let height = places.clone().map(|place| heights[place] + layers.places[place].size[1] / 2.0).fold(0.0, f64::max);
    Placed { nodes: (0..nodes.len()).map(at).collect(), links: layers.chains.iter().zip(links).map(link).collect(), size: [width, height] }
}

fn push(lines: &mut [Vec<[[f64; 2]; 2]>], piece: [[f64; 2]; 2]) {
    if let Some(line) = lines.last_mut() {
        line.push(piece);
    }
}

impl Layers {
    fn new(nodes: &[[f64; 2]], links: &[Link]) -> Self {
        // Nodes stand in the even columns, what stands on edges in the odd ones.
        let mut depths = vec![0; nodes.len()];
        for node in 0..nodes.len() {
            let deepest = links.iter().filter(|link| link.ends[1] == node).map(|link| depths[link.ends[0]] + 1).max();
            depths[node] = deepest.unwrap_or(0);
        }
        let mut places: Vec<Place> =
            nodes.iter().zip(&depths).map(|(size, depth)| Place { column: 2 * depth, size: *size, is_bend: false }).collect();
        let mut chains = Vec::new();
        for Link { ends: [from, to], label } in links {
            let mut chain = vec![*from];
            let last = 2 * depths[*to] - 1;
            for column in 2 * depths[*from] + 1..=last {
                let place = match label {
                    Some(size) if column == last => Place { column, size: *size, is_bend: false },
                    _ => Place { column, size: [0.0, BEND], is_bend: true },
                };
                chain.push(places.len());
                places.push(place);
            }
            chain.push(*to);
            chains.push(chain);
        }
        let mut neighbours = vec![[Vec::new(), Vec::new()]; places.len()];
        for pair in chains.iter().flat_map(|chain| chain.windows(2)) {
            neighbours[pair[1]][0].push(pair[0]);
            neighbours[pair[0]][1].push(pair[1]);
        }
        let count = places.iter().map(|place| place.column + 1).max().unwrap_or(0);
        let columns = (0..count).map(|column| (0..places.len()).filter(|place| places[*place].column == column).collect()).collect();
        Self { places, chains, columns, neighbours }
    }

    /// Orders every column by the means of what its places are joined to, to and fro, and keeps the order with the fewest
    /// crossings.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.columns.clone());
        for sweep in 0..SWEEPS {
            let side = sweep % 2;
            let mut columns: Vec<usize> = (0..self.columns.len()).collect();
            if side == 1 {
                columns.reverse();
            }
            for column in columns {
                let ranks = self.ranks();
                let mut keyed: Vec<(f64, usize)> = Vec::new();
                for place in &self.columns[column] {
                    let joined = &self.neighbours[*place][side];
                    let mean = joined.iter().map(|other| ranks[*other]).sum::<f64>() / joined.len().max(1) as f64;
                    keyed.push((if joined.is_empty() { ranks[*place] } else { mean }, *place));
                }
                keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
                self.columns[column] = keyed.into_iter().map(|(_, place)| place).collect();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    /// How far down each place is in its column, from 0 to 1.
    fn ranks(&self) -> Vec<f64> {
        let mut ranks = vec![0.0; self.places.len()];
        for column in &self.columns {
            for (position, place) in column.iter().enumerate() {
                ranks[*place] = (position as f64 + 0.5) / column.len() as f64;
            }
        }
        ranks
    }

    fn crossings(&self) -> usize {
        let ranks = self.ranks();
        let mut crossings = 0;
        for column in &self.columns {
            let pairs: Vec<[f64; 2]> =
                column.iter().flat_map(|place| self.neighbours[*place][1].iter().map(|other| [ranks[*place], ranks[*other]])).collect();
            for (position, one) in pairs.iter().enumerate() {
                let crosses = |other: &&[f64; 2]| (one[0] - other[0]) * (one[1] - other[1]) < 0.0;
                crossings += pairs[..position].iter().filter(crosses).count();
            }
        }
        crossings
    }

    /// How far down each place is, in pixels, as near to the mean of what it is joined to as the order allows.
    fn heights(&self) -> Vec<f64> {
        let mut heights = vec![0.0; self.places.len()];
        for column in &self.columns {
            let mut offsets = self.offsets(column);
            let middle = offsets.last().copied().unwrap_or(0.0) / 2.0;
            offsets.iter_mut().for_each(|offset| *offset -= middle);
            column.iter().zip(offsets).for_each(|(place, offset)| heights[*place] = offset);
        }
        for _ in 0..SWEEPS {
            for column in &self.columns {
                let offsets = self.offsets(column);
                let wished: Vec<f64> = column
                    .iter()
                    .zip(&offsets)
                    .map(|(place, offset)| self.wish(*place, &heights).unwrap_or(heights[*place]) - offset)
                    .collect();
                for ((place, offset), height) in column.iter().zip(&offsets).zip(ascending(&wished)) {
                    heights[*place] = height + offset;
                }
            }
        }
        let top = (0..self.places.len()).map(|place| heights[place] - self.places[place].size[1] / 2.0).fold(f64::INFINITY, f64::min);
        heights.iter_mut().for_each(|height| *height -= top);
        heights
    }

    /// How far each place of a column is at least below the first one.
    fn offsets(&self, column: &[usize]) -> Vec<f64> {
        let mut offsets = Vec::new();
        let mut below = 0.0;
        for (position, place) in column.iter().enumerate() {
            let half = self.places[*place].size[1] / 2.0;
            if position > 0 {
                below += half + GAP;
            }
            offsets.push(below);
            below += half;
        }
        offsets
    }

    fn wish(&self, place: usize, heights: &[f64]) -> Option<f64> {
        let mut sum = [0.0, 0.0];
        for other in self.neighbours[place].iter().flatten() {
            let weight = if self.places[place].is_bend && self.places[*other].is_bend { STRAIGHT } else { 1.0 };
            sum[0] += weight * heights[*other];
            sum[1] += weight;
        }
        (sum[1] > 0.0).then(|| sum[0] / sum[1])
    }

    /// The middle and the two sides of each column, and the width of all.
    fn widths(&self) -> (Vec<f64>, Vec<[f64; 2]>, f64) {
        let (mut middles, mut edges, mut x) = (Vec::new(), Vec::new(), 0.0);
        for column in &self.columns {
            let width = column.iter().map(|place| self.places[*place].size[0]).fold(0.0, f64::max);
            middles.push(x + width / 2.0);
            edges.push([x, x + width]);
            x += width + GUTTER;
        }
        (middles, edges, (x - GUTTER).max(0.0))
    }
}

/// The values nearest to these, by their squares, that do not descend: pool adjacent violators.
fn ascending(values: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for value in values {
        let mut pool = (*value, 1);
        while let Some((sum, count)) = pools.last().copied().filter(|(sum, count)| sum / *count as f64 > pool.0 / pool.1 as f64) {
            pools.pop();
            pool = (sum + pool.0, count + pool.1);
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(sum, count)| std::iter::repeat_n(sum / count as f64, count)).collect()
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
