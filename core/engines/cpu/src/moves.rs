//! What an operator takes of one value and where it lays it: axes in another order, parts of them, or the same again.

use assay_core::graph::{AXES, Shape};
use assay_kernels::{Map, Walk};

/// One axis that is walked along in the value that is read and in the one that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    extent: usize,
    /// An axis of the value that is read, and the step along it: 0 where the same is read again.
    from: [usize; 2],
    /// An axis of the value that is written, and the step along it: 0 where all is added up.
    to: [usize; 2],
}

/// How elements go from one value to another.
#[expect(clippy::large_enum_variant, reason = "an op has a few of them, most of them along axes")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// All of them in row-major order of both.
    Order,
    /// Along axes, from these positions.
    Axes { axes: [Axis; AXES], from: [usize; AXES], to: [usize; AXES] },
}

/// Elements that go from an input to an op's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Move {
    /// The position among the op's inputs.
    pub(super) input: usize,
    way: Way,
    /// What they are multiplied by.
    pub(super) scale: f64,
}

/// A value's layout: its axes, and where they lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    pub(super) map: Map,
}

impl Layout {
    /// From one element to the next along each axis. Axes after the third lie in the columns of the map.
    fn steps(&self) -> [usize; AXES] {
        let [_, _, _, fourth, fifth] = self.shape.axes();
        [self.map.channel_step(), self.map.row_step(), fourth * fifth, fifth, 1]
    }

    /// Where an element is, by its number in row-major order.
    fn place(&self, number: usize) -> usize {
        let Map { height, width, .. } = self.map;
        self.map.at(number / (height * width), number / width % height, number % width)
    }
}

impl Move {
    /// All elements in their order.
    pub(super) fn order(input: usize) -> Self {
        Self { input, way: Way::Order, scale: 1.0 }
    }

    fn along(extents: [usize; AXES], change: impl Fn(usize, &mut Axis)) -> [Axis; AXES] {
        std::array::from_fn(|axis| {
            let mut own = Axis { extent: extents[axis], from: [axis, 1], to: [axis, 1] };
            change(axis, &mut own);
            own
        })
    }

    fn axes(input: usize, axes: [Axis; AXES]) -> Self {
        Self { input, way: Way::Axes { axes, from: [0; AXES], to: [0; AXES] }, scale: 1.0 }
    }

    /// The axes in another order: axis k of the result is axis `order[k]` of the input.
    pub(super) fn transpose(order: &[usize], result: Shape) -> Self {
        Self::axes(0, Self::along(result.axes(), |axis, own| own.from[0] = order.get(axis).copied().unwrap_or(axis)))
    }

    /// A value repeated where its extent is 1 and the result's is not.
    pub(super) fn repeat(shape: Shape, result: Shape) -> Self {
        let repeats = |axis: usize| shape.axis(axis) == 1 && result.axis(axis) > 1;
        Self::axes(0, Self::along(result.axes(), |axis, own| own.from[1] = usize::from(!repeats(axis))))
    }

    /// The average over some axes.
    pub(super) fn mean(shape: Shape, averaged: &[usize]) -> Self {
        let count: usize = averaged.iter().map(|axis| shape.axis(*axis)).product();
        let axes = Self::along(shape.axes(), |axis, own| own.to[1] = usize::from(!averaged.contains(&axis)));
        Self { scale: 1.0 / count as f64, ..Self::axes(0, axes) }
    }

    /// `count` elements of an axis: from number `first` on by `step`, to number `to` of the result and those after it.
    pub(super) fn part(input: usize, shape: Shape, axis: usize, [first, step, count]: [usize; 3], to: usize) -> Self {
        let axes = Self::along(shape.with_axis(axis, count).axes(), |own, part| {
            if own == axis {
                part.from[1] = step;
            }
        });
        let at = |start: usize| std::array::from_fn(|own| if own == axis { start } else { 0 });
        Self { input, way: Way::Axes { axes, from: at(first), to: at(to) }, scale: 1.0 }
    }

    /// Elements of an axis in this order: as few moves as even steps make.
    pub(super) fn gather(shape: Shape, axis: usize, indices: &[usize]) -> Vec<Self> {
        let mut moves = Vec::new();
        let mut at = 0;
        while let Some(first) = indices.get(at) {
            let step = indices.get(at + 1).and_then(|next| next.checked_sub(*first)).unwrap_or(0);
            let even = indices[at..].iter().enumerate().take_while(|(count, index)| **index == first + count * step).count();
            moves.push(Self::part(0, shape, axis, [*first, step, even], at));
            at += even;
        }
        moves
    }

    /// A value with so many elements before it along each axis.
    pub(super) fn into_middle(shape: Shape, before: impl Fn(usize) -> usize) -> Self {
        let way = Way::Axes { axes: Self::along(shape.axes(), |_, _| {}), from: [0; AXES], to: std::array::from_fn(before) };
        Self { input: 0, way, scale: 1.0 }
    }

    /// Whether elements of the result are sums of several that are read.
    pub(super) fn adds_up(&self) -> bool {
        matches!(self.way, Way::Axes { axes, .. } if axes.iter().any(|axis| axis.to[1] == 0 && axis.extent > 1))
    }

    /// Whether it reads each element of the input once.
    pub(super) fn reads_each_once(&self, input: Shape) -> bool {
        let repeats = matches!(self.way, Way::Axes { axes, .. } if axes.iter().any(|axis| axis.from[1] == 0 && axis.extent > 1));
        self.moved(input) == input.elements() && !repeats
    }

    /// Whether moves to a value, which have no place in common, leave none of its elements as it was.
    pub(super) fn write_all(moves: &[Self], result: Shape) -> bool {
        moves.iter().map(|moved| moved.moved(result)).sum::<usize>() == result.elements() && !moves.iter().any(Self::adds_up)
    }

    /// How many elements it moves, where one in order moves all of a value of this shape.
    fn moved(&self, whole: Shape) -> usize {
        match self.way {
            Way::Order => whole.elements(),
            Way::Axes { axes, .. } => axes.iter().map(|axis| axis.extent).product(),
        }
    }

    /// The walks from a value of the one layout to one of the other.
    pub(super) fn walks(&self, from: &Layout, to: &Layout) -> Vec<Walk> {
        match &self.way {
            Way::Axes { axes, from: from_first, to: to_first } => {
                let (read, written) = (from.steps(), to.steps());
                let first = |steps: &[usize; AXES], at: &[usize; AXES], map: &Map| {
                    map.origin(0) + steps.iter().zip(at).map(|(step, at)| step * at).sum::<usize>()
                };
                vec![Walk {
                    extents: axes.map(|axis| axis.extent),
                    from: first(&read, from_first, &from.map),
                    from_steps: axes.map(|axis| read[axis.from[0]] * axis.from[1]),
                    to: first(&written, to_first, &to.map),
                    to_steps: axes.map(|axis| written[axis.to[0]] * axis.to[1]),
                }]
            }
            Way::Order => in_order(from, to),
        }
    }

    /// The walks back.
    pub(super) fn walks_back(&self, from: &Layout, to: &Layout) -> Vec<Walk> {
        let swap = |walk: Walk| Walk { from: walk.to, from_steps: walk.to_steps, to: walk.from, to_steps: walk.from_steps, ..walk };
        self.walks(from, to).into_iter().map(swap).collect()
    }
}

/// All elements in row-major order: as long as both rows go on, at a time.
fn in_order(from: &Layout, to: &Layout) -> Vec<Walk> {
    let elements = from.shape.elements();
    let longest = |map: &Map| if map.pad == 0 { elements } else { map.width };
    let (read, written) = (longest(&from.map), longest(&to.map));
    let mut walks = Vec::new();
    let mut at = 0;
    while at < elements {
        let count = (read - at % read).min(written - at % written);
        walks.push(Walk {
            extents: [1, 1, 1, 1, count],
            from: from.place(at),
            from_steps: [0, 0, 0, 0, 1],
            to: to.place(at),
            to_steps: [0, 0, 0, 0, 1],
        });
        at += count;
    }
    walks
}
