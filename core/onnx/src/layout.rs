//! Where the batch is among a value's axes.
//!
//! A graph's values are those of one image. A file's values have the batch as an axis, which its operators move about and join with
//! others: attention makes `[heads · batch, tokens, features]` of it. An axis of a file is therefore some of the image, the batch if
//! it is there, and some of the image again. The image's own axes are what is left when the batch is taken out of each; their order
//! and that of their elements stay.

/// One axis of a value in a file: `before`, then the batch if it is in it, then `after`, row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    before: usize,
    has_batch: bool,
    after: usize,
}

impl Axis {
    pub(crate) const BATCH: Self = Self { before: 1, has_batch: true, after: 1 };

    pub(crate) const fn of(extent: usize) -> Self {
        Self { before: extent, has_batch: false, after: 1 }
    }

    /// What the axis is of one image; nothing if it is the batch alone.
    pub(crate) const fn image(self) -> Option<usize> {
        if self.has_batch && self.before * self.after == 1 { None } else { Some(self.before * self.after) }
    }

    /// Its extent for a batch of this many images.
    const fn extent(self, batch: usize) -> usize {
        self.before * self.after * if self.has_batch { batch } else { 1 }
    }

    pub(crate) const fn has_batch(self) -> bool {
        self.has_batch
    }
}

/// The axes of a value in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout(pub(crate) Vec<Axis>);

impl Layout {
    /// The batch, then an image's own axes.
    pub(crate) fn of_image(axes: &[usize]) -> Self {
        Self(std::iter::once(Axis::BATCH).chain(axes.iter().copied().map(Axis::of)).collect())
    }

    /// Axes without a batch.
    pub(crate) fn without_batch(dims: &[usize]) -> Self {
        Self(dims.iter().copied().map(Axis::of).collect())
    }

    pub(crate) fn rank(&self) -> usize {
        self.0.len()
    }

    /// The extents in the file, for a batch of this many images.
    pub(crate) fn dims(&self, batch: usize) -> Vec<usize> {
        self.0.iter().map(|axis| axis.extent(batch)).collect()
    }

    /// The extents of an image's own axes.
    pub(crate) fn image(&self) -> Vec<usize> {
        self.0.iter().filter_map(|axis| axis.image()).collect()
    }

    /// Which of an image's axes one of the file's is; nothing if it is the batch alone.
    pub(crate) fn place(&self, axis: usize) -> Option<usize> {
        self.0[axis].image()?;
        Some(self.0[..axis].iter().filter(|axis| axis.image().is_some()).count())
    }

    /// The axis that the batch is in.
    pub(crate) fn batch(&self) -> Option<usize> {
        self.0.iter().position(|axis| axis.has_batch)
    }

    /// An axis counted from the end where it is negative.
    pub(crate) fn axis(&self, axis: i64) -> Result<usize, String> {
        axis_of(axis, self.rank())
    }

    /// An axis without the batch in it, and its place in the image.
    pub(crate) fn own(&self, axis: usize) -> Result<usize, String> {
        match self.place(axis) {
            Some(place) if !self.0[axis].has_batch => Ok(place),
            _ => Err(format!("works along axis {axis}, which holds the batch: what it makes of an image would depend on the others")),
        }
    }

    /// The same elements in other axes, for a batch of this many images.
    pub(crate) fn reshape(&self, to: &[usize], batch: usize) -> Result<Self, String> {
        let from = self.dims(batch);
        if product(&from) != product(to) || product(to).is_none() {
            return Err(format!("cannot lay out {from:?} as {to:?}{}", baked(batch)));
        }
        let Some(old) = self.batch() else { return Ok(Self::without_batch(to)) };
        let own = |axes: &[Axis]| axes.iter().map(|axis| axis.before * axis.after).product::<usize>();
        // What the elements of one image that come before the batch are: the batch stands at the same place in the new axes.
        let before = own(&self.0[..old]) * self.0[old].before;
        let mut outer = 1;
        let mut found: Option<(usize, Axis)> = None;
        for (place, extent) in to.iter().enumerate() {
            if outer > 0 && before.is_multiple_of(outer) {
                let inner = before / outer;
                if let Some(after) =
                    inner.checked_mul(batch).filter(|held| *held > 0 && extent.is_multiple_of(*held)).map(|held| extent / held)
                {
                    let axis = Axis { before: inner, has_batch: true, after };
                    // With a batch of 1 two may do, the end of one axis and the beginning of the next. Best is the batch alone, where
                    // it was; where axes are joined, the end of the outer one, where one is split, the beginning of the next.
                    let joins = to.len() < self.rank();
                    let worth = |place: usize, axis: Axis| {
                        (axis == Axis::BATCH, if joins { axis.after == 1 } else { axis.before == 1 }, place == old)
                    };
                    let is_better = |(other, known): (usize, Axis)| worth(place, axis) > worth(other, known);
                    if found.is_none_or(is_better) {
                        found = Some((place, axis));
                    }
                }
            }
            outer *= extent;
        }
        let (place, axis) =
            found.ok_or_else(|| format!("mixes images: it lays out {from:?} as {to:?}, which tears the batch apart{}", baked(batch)))?;
        let mut axes: Vec<Axis> = to.iter().copied().map(Axis::of).collect();
        axes[place] = axis;
        Ok(Self(axes))
    }
}

/// What to do where numbers in the file stand for another batch.
fn baked(batch: usize) -> String {
    let how = "export it with a dynamic batch (in PyTorch `dynamic_shapes`, or `dynamic_axes` with `dynamo=False`)";
    format!(" for a batch of {batch}. If another batch is baked into the file, {how}")
}

fn product(dims: &[usize]) -> Option<usize> {
    dims.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent))
}

/// An axis of so many, counted from the end where it is negative.
pub(crate) fn axis_of(axis: i64, rank: usize) -> Result<usize, String> {
    let counted = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    let counted = counted.and_then(|axis| usize::try_from(axis).ok()).filter(|axis| *axis < rank);
    counted.ok_or_else(|| format!("has no axis {axis}: the value has {rank}, counted from 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way of the batch through PyTorch's attention, where it equals the extent of a head.
    #[test]
    fn the_batch_is_followed_through_axes_that_join_it_with_others() {
        let tokens = Layout(vec![Axis::of(17), Axis::BATCH, Axis::of(48)]);
        let heads = tokens.reshape(&[17, 48, 12], 12).unwrap();
        assert_eq!(heads.image(), [17, 4, 12]);
        assert_eq!(heads.batch(), Some(1));
        let apart = Layout(vec![heads.0[1], heads.0[0], heads.0[2]]).reshape(&[12, 4, 17, 12], 12).unwrap();
        assert_eq!(apart, Layout::of_image(&[4, 17, 12]));
        let joined = tokens.reshape(&[204, 48], 12).unwrap();
        assert_eq!(joined.image(), [17, 48]);
        assert_eq!(joined.reshape(&[17, 12, 48], 12).unwrap(), tokens);
    }

    #[test]
    fn windows_are_joined_with_the_batch_and_taken_apart() {
        let windows = Layout::of_image(&[2, 7, 2, 7, 96]);
        let swapped = Layout(vec![windows.0[0], windows.0[1], windows.0[3], windows.0[2], windows.0[4], windows.0[5]]);
        let joined = swapped.reshape(&[4 * 10007, 49, 96], 10007).unwrap();
        assert_eq!((joined.image(), joined.batch()), (vec![4, 49, 96], Some(0)));
        assert_eq!(joined.reshape(&[10007, 4, 49, 96], 10007).unwrap(), Layout::of_image(&[4, 49, 96]));
    }

    #[test]
    fn a_reshape_that_tears_the_batch_apart_is_refused() {
        let error = Layout::of_image(&[6]).reshape(&[3, 16], 8).unwrap_err();
        assert!(error.starts_with("mixes images: it lays out [8, 6] as [3, 16]"), "{error}");
        assert!(Layout::of_image(&[6]).reshape(&[8, 5], 8).is_err());
        assert_eq!(Layout::of_image(&[768]).reshape(&[1, 768], 1).unwrap(), Layout::of_image(&[768]));
    }

    /// Both are at the same place among the elements; along which axis an image has features of its own depends on it.
    #[test]
    fn a_batch_of_one_stays_with_tokens_where_heads_are_joined_and_goes_with_heads_where_they_are_split() {
        let tokens = Layout(vec![Axis::of(9), Axis::BATCH, Axis::of(4), Axis::of(8)]);
        assert_eq!(tokens.reshape(&[9, 32], 1).unwrap().own(1), Ok(1));
        let heads = Layout(vec![Axis::of(9), Axis::BATCH, Axis::of(32)]).reshape(&[9, 4, 8], 1).unwrap();
        assert_eq!((heads.image(), heads.batch()), (vec![9, 4, 8], Some(1)));
    }
}
