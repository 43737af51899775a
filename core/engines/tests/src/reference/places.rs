//! The places of a value's elements: five indices each.

use assay_core::graph::{AXES, Shape};

/// Where an element lies along each axis.
pub(super) type Place = [usize; AXES];

/// Every place, in the order of elements.
pub(super) fn places(shape: Shape) -> Vec<Place> {
    let [a, b, c, d, e] = shape.axes();
    let mut all = Vec::with_capacity(shape.elements());
    for i in 0..a {
        for j in 0..b {
            for k in 0..c {
                for l in 0..d {
                    for m in 0..e {
                        all.push([i, j, k, l, m]);
                    }
                }
            }
        }
    }
    all
}

/// Which element lies at a place.
pub(super) fn element(shape: Shape, place: Place) -> usize {
    let mut element = 0;
    for axis in 0..AXES {
        element = element * shape.axis(axis) + place[axis];
    }
    element
}

/// The same place with another index along an axis.
pub(super) fn with(mut place: Place, axis: usize, index: usize) -> Place {
    place[axis] = index;
    place
}

/// Which element of a value is read where it is repeated along its axes of extent 1.
pub(super) fn repeated(shape: Shape, mut place: Place) -> usize {
    for axis in 0..AXES {
        if shape.axis(axis) == 1 {
            place[axis] = 0;
        }
    }
    element(shape, place)
}

/// One image's elements, repeated to another shape.
pub(crate) fn spread(data: &[f64], from: Shape, to: Shape) -> Vec<f64> {
    places(to).into_iter().map(|place| data[repeated(from, place)]).collect()
}
