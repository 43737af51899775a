//! The functions and classes that saved data may name, each with the plain value that stands for what it would make.

/// What a known name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// NumPy: an array to be filled by its state.
    Reconstruct,
    /// NumPy: an array over bytes.
    FromBuffer,
    /// NumPy: a number.
    Scalar,
    /// NumPy's class of arrays, as an argument.
    ArrayClass,
    /// NumPy: an array's element type.
    ElementType,
    /// Bytes that protocol 2 writes as a text.
    Encode,
    /// A dictionary.
    Dictionary,
    /// A set, read as a list.
    Set,
    /// PyTorch's tensors, their storages and what they are made of: never read.
    Tensor,
    /// A class of the caller's.
    Class,
}

/// What the name stands for. `None` if it is not known.
pub(crate) fn find(module: &str, name: &str, classes: &[&str]) -> Option<Global> {
    Some(match (module, name) {
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Global::Reconstruct,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Global::Scalar,
        ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Global::FromBuffer,
        ("numpy", "ndarray") => Global::ArrayClass,
        ("numpy", "dtype") => Global::ElementType,
        ("_codecs", "encode") => Global::Encode,
        ("collections", "OrderedDict") => Global::Dictionary,
        ("builtins" | "__builtin__", "set" | "frozenset") => Global::Set,
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_parameter") => Global::Tensor,
        ("torch", name) if name.ends_with("Storage") => Global::Tensor,
        _ if classes.iter().any(|class| class.strip_prefix(module).and_then(|rest| rest.strip_prefix('.')) == Some(name)) => Global::Class,
        _ => return None,
    })
}
