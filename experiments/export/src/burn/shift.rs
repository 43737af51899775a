
/// The maps moved up and left; zeros come in.
fn shift<B: Backend>(values: Tensor<B, 4>, offset: usize) -> Tensor<B, 4> {
    let [_, _, height, width] = values.dims();
    let kept = values.narrow(2, offset, height - offset).narrow(3, offset, width - offset);
    kept.pad((0, offset, 0, offset), 0.0)
}
