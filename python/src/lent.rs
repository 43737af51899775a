//! Memory that Python reads where it is, by its buffer protocol: NumPy makes an array of it without a copy.
#![allow(unsafe_code, reason = "Python's buffer protocol takes pointers")]

use std::any::Any;
use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::Arc;

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

/// A number of which arrays are lent.
pub(crate) trait Number: Send + Sync + 'static {
    /// Its letter in Python's module `struct`.
    const FORMAT: &'static CStr;
}

impl Number for f32 {
    const FORMAT: &'static CStr = c"f";
}

impl Number for f64 {
    const FORMAT: &'static CStr = c"d";
}

impl Number for u32 {
    const FORMAT: &'static CStr = c"I";
}

impl Number for u64 {
    const FORMAT: &'static CStr = c"Q";
}

/// Numbers in row-major order that are read and not written. Whose memory it is stays for as long as someone reads it.
#[pyclass(frozen, module = "assay._native")]
pub(crate) struct Lent {
    /// Only the address of the first number, so that the type is shared between threads; see [`Lent::of`] for what it is.
    address: usize,
    bytes: isize,
    item: isize,
    format: &'static CStr,
    shape: Vec<isize>,
    strides: Vec<isize>,
    _owner: Arc<dyn Any + Send + Sync>,
}

impl Lent {
    /// What `of` finds in its owner, as an array of this shape.
    ///
    /// # Errors
    /// Those of `of`; `BufferError` if the shape has another number of elements.
    pub(crate) fn of<O: Send + Sync + 'static, T: Number>(
        owner: &Arc<O>,
        shape: &[usize],
        of: impl for<'a> FnOnce(&'a O) -> PyResult<&'a [T]>,
    ) -> PyResult<Self> {
        let numbers = of(owner)?;
        if shape.iter().product::<usize>() != numbers.len() {
            return Err(PyBufferError::new_err(format!("{} numbers have not the shape {shape:?}", numbers.len())));
        }
        let item = size_of::<T>() as isize;
        let mut strides = vec![item; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis] as isize;
        }
        Ok(Self {
            address: numbers.as_ptr().expose_provenance(),
            bytes: size_of_val(numbers) as isize,
            item,
            format: T::FORMAT,
            shape: shape.iter().map(|side| *side as isize).collect(),
            strides,
            _owner: Arc::clone(owner) as Arc<dyn Any + Send + Sync>,
        })
    }
}

#[pymethods]
impl Lent {
    /// Fills in where the numbers are. Writing is refused.
    ///
    /// # Safety
    /// Python calls it with room for a view.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("there is no room for the view"));
        }
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err("what was measured is read and not written; make a copy"));
        }
        let lent = slf.get();
        let asks = |flag: c_int| flags & flag == flag;
        let (format, shape, strides) = (lent.format.as_ptr().cast_mut(), lent.shape.as_ptr().cast_mut(), lent.strides.as_ptr().cast_mut());
        let filled = ffi::Py_buffer {
            buf: ptr::with_exposed_provenance_mut(lent.address),
            obj: slf.clone().into_any().into_ptr(),
            len: lent.bytes,
            itemsize: lent.item,
            readonly: 1,
            ndim: lent.shape.len() as c_int,
            format: if asks(ffi::PyBUF_FORMAT) { format } else { ptr::null_mut() },
            shape: if asks(ffi::PyBUF_ND) { shape } else { ptr::null_mut() },
            strides: if asks(ffi::PyBUF_STRIDES) { strides } else { ptr::null_mut() },
            suboffsets: ptr::null_mut(),
            internal: ptr::null_mut(),
        };
        // SAFETY: Python gives room for a view. The view holds a reference to this object, which does not change and keeps the owner of
        // the numbers, whose memory nobody writes or moves, for as long as the view is not released.
        unsafe { view.write(filled) };
        Ok(())
    }
}
