//! The sizes of images that a space with two ways through its reductions takes.

use assay_core::graph::{GraphError, Shape};

/// Checks that height and width can be halved `halvings` times. The convolution in a reduction rounds up where its pooling
/// rounds down, so that the two could not be added.
pub(crate) fn check(images: Shape, halvings: u32, space: &str) -> Result<(), GraphError> {
    let multiple = 1 << halvings;
    let Shape { height, width, .. } = images;
    if height % multiple == 0 && width % multiple == 0 {
        return Ok(());
    }
    let near = |size: usize| size.next_multiple_of(multiple);
    Err(GraphError::Unsupported(format!(
        "images of {height}×{width} do not fit {space}, which halves height and width {halvings} times: both have to be multiples of \
         {multiple}, for example {}×{}",
        near(height),
        near(width)
    )))
}
