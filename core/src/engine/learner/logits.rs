//! Where logits stand in what a network puts out, and back.

use crate::data::Minibatch;
use crate::graph::Shape;

/// Which rows of logits a value of a network is. A row is what is told of one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logits {
    /// A row an image: all elements of the value.
    #[default]
    Images,
    /// A row for each group of so many images that follow each other. The value of an image has as many parts; that of its place in
    /// the group counts, and those of a group are added. So adds one linear layer that reads the features of all images of a group,
    /// one after the other. The label is that of the group's first image.
    Groups(usize),
    /// A row a pixel of the input: the value is a map of a channel a class, which is brought to the input's size bilinearly, corner on
    /// corner.
    Pixels,
}

impl Logits {
    /// The classes of a row, of a value of this shape.
    #[must_use]
    pub fn classes(self, value: Shape) -> usize {
        match self {
            Self::Images => value.elements(),
            Self::Groups(images) => value.elements().checked_div(images).unwrap_or(0),
            Self::Pixels => value.channels,
        }
    }

    /// How many rows so many images of this shape have.
    #[must_use]
    pub fn rows(self, images: usize, input: Shape) -> usize {
        match self {
            Self::Images => images,
            Self::Groups(group) => images.checked_div(group).unwrap_or(0),
            Self::Pixels => images * input.area(),
        }
    }

    /// Why the values of this shape of a batch are not such rows; nothing if they are.
    #[must_use]
    pub fn problem(self, value: Shape, batch: &Minibatch) -> Option<String> {
        let (labels, images) = (batch.labels().len(), batch.len());
        match self {
            Self::Groups(0) => Some("tells something of groups of no image".into()),
            Self::Groups(group) if !images.is_multiple_of(group) => {
                Some(format!("tells something of groups of {group} images, and {images} images are not whole groups"))
            }
            Self::Groups(group) if !value.elements().is_multiple_of(group) => {
                Some(format!("has {} elements, which are not the logits of each of {group} images", value.elements()))
            }
            Self::Images | Self::Groups(_) if labels != images => Some(format!("needs a label an image: {images}, not {labels}")),
            Self::Pixels if labels != images * batch.shape().area() => {
                Some(format!("needs a label a pixel: {}, not {labels}", images * batch.shape().area()))
            }
            Self::Images | Self::Groups(_) | Self::Pixels => None,
        }
    }

    /// The label of each row.
    #[must_use]
    pub fn labels(self, batch: &Minibatch) -> Vec<u32> {
        match self {
            Self::Images | Self::Pixels => batch.labels().to_vec(),
            Self::Groups(group) => batch.labels().iter().copied().step_by(group.max(1)).collect(),
        }
    }

    /// The rows, `[rows, classes]`, of the values of images of this shape.
    #[must_use]
    pub fn read(self, values: &[f64], value: Shape, input: Shape) -> Vec<f64> {
        match self {
            Self::Images => values.to_vec(),
            Self::Groups(group) => {
                let classes = self.classes(value);
                let rows = values.chunks(value.elements() * group);
                let row = |own: &[f64]| -> Vec<f64> {
                    let of_place = |class: usize| (0..group).map(|place| own[place * (value.elements() + classes) + class]).sum();
                    (0..classes).map(of_place).collect()
                };
                rows.flat_map(row).collect()
            }
            Self::Pixels => {
                let steps = [Step::all(value.height, input.height), Step::all(value.width, input.width)];
                let mut logits = vec![0.0; values.len() / value.elements() * input.area() * value.channels];
                for (map, rows) in values.chunks(value.elements()).zip(logits.chunks_mut(input.area() * value.channels)) {
                    // A place's classes one after the other, as those of a row.
                    let places = transposed(map, value.channels, value.area());
                    for_each_share(&steps, value, |pixel, place, share| {
                        let row = &mut rows[pixel * value.channels..][..value.channels];
                        row.iter_mut().zip(&places[place * value.channels..]).for_each(|(logit, value)| *logit += share * value);
                    });
                }
                logits
            }
        }
    }

    /// The gradient with respect to the values, from that with respect to the rows.
    #[must_use]
    pub fn back(self, gradient: Vec<f64>, value: Shape, input: Shape) -> Vec<f64> {
        match self {
            Self::Images => gradient,
            Self::Groups(group) => {
                let classes = self.classes(value);
                let rows = gradient.chunks(classes.max(1));
                let of_group = |row: &[f64]| -> Vec<f64> {
                    let mut values = vec![0.0; value.elements() * group];
                    for place in 0..group {
                        values[place * (value.elements() + classes)..][..classes].copy_from_slice(row);
                    }
                    values
                };
                rows.flat_map(of_group).collect()
            }
            Self::Pixels => {
                let steps = [Step::all(value.height, input.height), Step::all(value.width, input.width)];
                let images = gradient.len() / (input.area() * value.channels).max(1);
                let mut values = Vec::with_capacity(images * value.elements());
                for rows in gradient.chunks((input.area() * value.channels).max(1)) {
                    let mut places = vec![0.0; value.elements()];
                    for_each_share(&steps, value, |pixel, place, share| {
                        let own = &mut places[place * value.channels..][..value.channels];
                        own.iter_mut().zip(&rows[pixel * value.channels..]).for_each(|(value, gradient)| *value += share * gradient);
                    });
                    values.extend(transposed(&places, value.area(), value.channels));
                }
                values
            }
        }
    }

    /// How many rows of these values have their largest logit at their label.
    #[must_use]
    pub fn correct(self, values: &[f64], value: Shape, batch: &Minibatch) -> usize {
        // Image by image where an image has many rows.
        let each = if self == Self::Pixels { 1 } else { batch.len().max(1) };
        let (labels, rows) = (self.labels(batch), self.rows(each, batch.shape()));
        let parts = values.chunks((each * value.elements()).max(1)).zip(labels.chunks(rows.max(1)));
        parts.map(|(values, labels)| correct(&self.read(values, value, batch.shape()), labels)).sum()
    }
}

/// How many rows have their largest logit at their label. Of equal ones the first counts.
#[must_use]
pub fn correct(logits: &[f64], labels: &[u32]) -> usize {
    let classes = logits.len() / labels.len().max(1);
    let is_correct = |(row, label): &(&[f64], &u32)| {
        let first_largest =
            row.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (at, logit)| if *logit > best.1 { (at, *logit) } else { best });
        first_largest.0 == **label as usize
    };
    logits.chunks(classes.max(1)).zip(labels).filter(is_correct).count()
}

/// So many rows of so many columns as columns, one after the other.
fn transposed(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

/// What one position of the larger side reads of the smaller.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    /// The two places, and what each counts.
    shares: [(usize, f64); 2],
}

impl Step {
    /// Those of all positions: the first and the last of both sides fall on each other.
    fn all(from: usize, to: usize) -> Vec<Self> {
        let scale = if to > 1 { (from - 1) as f64 / (to - 1) as f64 } else { 0.0 };
        let step = |position: usize| {
            let place = scale * position as f64;
            let first = (place as usize).min(from - 1);
            let over = place - first as f64;
            Self { shares: [(first, 1.0 - over), ((first + 1).min(from - 1), over)] }
        };
        (0..to).map(step).collect()
    }
}

/// Calls `visit` with each pixel, each place of the map that it reads, and what that counts.
fn for_each_share([rows, columns]: &[Vec<Step>; 2], value: Shape, mut visit: impl FnMut(usize, usize, f64)) {
    for (y, row) in rows.iter().enumerate() {
        for (x, column) in columns.iter().enumerate() {
            for (from_y, of_row) in row.shares {
                for (from_x, of_column) in column.shares {
                    let share = of_row * of_column;
                    if share != 0.0 {
                        visit(y * columns.len() + x, from_y * value.width + from_x, share);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers from 0, scaled.
    fn counted(count: usize) -> Vec<f64> {
        (0..count).map(|position| (position * 7 % 13) as f64 - 4.0).collect()
    }

    #[test]
    fn the_way_back_is_the_transpose_of_the_way_forward() {
        let (value, input) = (Shape::new(3, 2, 5), Shape::new(1, 4, 7));
        for (logits, value, images) in [(Logits::Images, value, 4), (Logits::Groups(2), Shape::vector(6), 4), (Logits::Pixels, value, 2)] {
            let values = counted(images * value.elements());
            let rows = logits.read(&values, value, input);
            assert_eq!(rows.len(), logits.rows(images, input) * logits.classes(value));
            let cotangent: Vec<f64> = counted(rows.len()).into_iter().rev().collect();
            let back = logits.back(cotangent.clone(), value, input);
            let dot = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
            assert_eq!(back.len(), values.len());
            assert!((dot(&rows, &cotangent) - dot(&values, &back)).abs() < 1e-9, "{logits:?}");
        }
    }

    #[test]
    fn maps_are_brought_to_size_corner_on_corner_and_groups_are_added_place_by_place() {
        // torch.nn.functional.interpolate([[0, 3], [6, 9]], size=(3, 4), mode='bilinear', align_corners=True).
        let found = Logits::Pixels.read(&[0.0, 3.0, 6.0, 9.0], Shape::new(1, 2, 2), Shape::new(1, 3, 4));
        let expected = [0.0, 1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0, 6.0, 7.0, 8.0, 9.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert_eq!(Logits::Pixels.read(&[5.0, 6.0], Shape::new(2, 1, 1), Shape::new(1, 1, 2)), [5.0, 6.0, 5.0, 6.0]);
        // Two groups of two images, two classes: the first part of the first image and the second of the second.
        let values = [1.0, 2.0, 90.0, 90.0, 90.0, 90.0, 10.0, 20.0, 3.0, 4.0, 90.0, 90.0, 90.0, 90.0, 30.0, 40.0];
        assert_eq!(Logits::Groups(2).read(&values, Shape::vector(4), Shape::new(1, 2, 2)), [11.0, 22.0, 33.0, 44.0]);
        let batch = Minibatch::new(Shape::new(1, 1, 1), vec![0.0; 4], vec![1, 1, 0, 0]);
        assert_eq!(Logits::Groups(2).correct(&values, Shape::vector(4), &batch), 1);
    }

    #[test]
    fn of_equal_logits_the_first_counts() {
        assert_eq!(correct(&[0.1, 0.9, 0.9, 2.0, -1.0, 0.0], &[1, 0]), 2);
        assert_eq!(correct(&[0.1, 0.9, 0.9, 2.0, -1.0, 0.0], &[2, 0]), 1);
    }
}
