//! Tensors of a file: weights, constants, and what is computed of them before the network runs.

use std::sync::Arc;

use prost::bytes::Bytes;

use crate::file::Beside;
use crate::schema::{DataType, TensorProto};
use crate::{Problem, names};

/// A tensor whose numbers are known.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) dims: Vec<usize>,
    pub(crate) data: Data,
    pub(crate) origin: Origin,
}

/// Its numbers, row-major. Floats of other widths are turned into 32 bits, whole numbers into 64.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Float(Arc<Vec<f32>>),
    Whole(Arc<Vec<i64>>),
    Truth(Arc<Vec<bool>>),
}

/// Where a tensor's numbers are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// They were computed.
    Computed,
    /// They are a named tensor of the file, perhaps with its axes in another order.
    Whole(Named),
    /// They are a part of one.
    Part(Named),
}

/// A tensor that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    name: Arc<str>,
    /// Whether it is learned, where that is known; a file does not say it.
    is_learned: Option<bool>,
}

impl Named {
    /// A tensor of a file.
    pub(crate) fn of_file(name: &str) -> Self {
        Self { name: name.into(), is_learned: None }
    }

    /// A tensor of which it is known whether it is learned.
    pub(crate) fn told(name: &str, is_learned: bool) -> Self {
        Self { name: name.into(), is_learned: Some(is_learned) }
    }

    /// Whether its name alone tells whether it is learned.
    pub(crate) fn is_told_by_its_name(&self) -> bool {
        self.is_learned.is_none()
    }

    fn is_learned(&self) -> bool {
        self.is_learned.unwrap_or_else(|| names::is_of_a_parameter(&self.name))
    }
}

impl Origin {
    /// The name of the tensor, if it is a learned parameter or, in a file, called as such are.
    pub(crate) fn parameter(&self) -> Option<&str> {
        match self {
            Self::Whole(named) | Self::Part(named) if named.is_learned() => Some(&named.name),
            _ => None,
        }
    }

    /// The name of the tensor, whatever it is.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Whole(named) | Self::Part(named) => Some(&named.name),
            Self::Computed => None,
        }
    }
}

impl Data {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Whole(values) => values.len(),
            Self::Truth(values) => values.len(),
        }
    }
}

impl Tensor {
    pub(crate) fn computed(dims: Vec<usize>, data: Data) -> Self {
        Self { dims, data, origin: Origin::Computed }
    }

    pub(crate) fn floats(dims: Vec<usize>, values: Vec<f32>) -> Self {
        Self::computed(dims, Data::Float(Arc::new(values)))
    }

    pub(crate) fn wholes(dims: Vec<usize>, values: Vec<i64>) -> Self {
        Self::computed(dims, Data::Whole(Arc::new(values)))
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    /// Its numbers as 32-bit floats.
    pub(crate) fn to_floats(&self) -> Arc<Vec<f32>> {
        match &self.data {
            Data::Float(values) => Arc::clone(values),
            Data::Whole(values) => Arc::new(values.iter().map(|value| *value as f32).collect()),
            Data::Truth(values) => Arc::new(values.iter().map(|value| f32::from(u8::from(*value))).collect()),
        }
    }

    /// Its numbers as whole ones, if they are.
    pub(crate) fn to_wholes(&self) -> Option<Vec<i64>> {
        match &self.data {
            Data::Whole(values) => Some(values.to_vec()),
            Data::Truth(values) => Some(values.iter().map(|value| i64::from(*value)).collect()),
            Data::Float(_) => None,
        }
    }

    /// The one number that it holds, or that all of it are.
    pub(crate) fn scalar(&self) -> Option<f32> {
        (self.len() == 1).then(|| self.to_floats()[0])
    }

    /// The same numbers in other axes.
    pub(crate) fn with_dims(&self, dims: Vec<usize>) -> Self {
        debug_assert_eq!(dims.iter().product::<usize>(), self.len());
        Self { dims, ..self.clone() }
    }

    /// The numbers at these places, in axes of these extents.
    pub(crate) fn pick(&self, dims: Vec<usize>, places: impl Iterator<Item = usize>) -> Self {
        let data = match &self.data {
            Data::Float(values) => Data::Float(Arc::new(places.map(|place| values[place]).collect())),
            Data::Whole(values) => Data::Whole(Arc::new(places.map(|place| values[place]).collect())),
            Data::Truth(values) => Data::Truth(Arc::new(places.map(|place| values[place]).collect())),
        };
        Self { dims, data, origin: Origin::Computed }
    }

    /// A matrix with rows for columns, a square of it at a time, as memory is read in lines.
    pub(crate) fn turned(&self) -> Self {
        fn turned<T: Copy + Default>(values: &[T], rows: usize, columns: usize) -> Arc<Vec<T>> {
            const SIDE: usize = 32;
            let mut all = vec![T::default(); values.len()];
            for (top, left) in (0..rows).step_by(SIDE).flat_map(|top| (0..columns).step_by(SIDE).map(move |left| (top, left))) {
                for row in top..rows.min(top + SIDE) {
                    for column in left..columns.min(left + SIDE) {
                        all[column * rows + row] = values[row * columns + column];
                    }
                }
            }
            Arc::new(all)
        }
        let [rows, columns] = self.dims[..] else { return self.clone() };
        let data = match &self.data {
            Data::Float(values) => Data::Float(turned(values, rows, columns)),
            Data::Whole(values) => Data::Whole(turned(values, rows, columns)),
            Data::Truth(values) => Data::Truth(turned(values, rows, columns)),
        };
        Self { dims: vec![columns, rows], data, origin: self.origin.clone() }
    }

    /// The same with another origin.
    pub(crate) fn from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// The tensor of a file. What its shape claims is held against what is there, before memory is taken for it.
    pub(crate) fn read(tensor: &TensorProto, name: &str, beside: &mut Beside) -> Result<Self, Problem> {
        let wrong = |problem: String| Problem::tensor(name, problem);
        let dims = tensor.dims.iter().map(|extent| usize::try_from(*extent)).collect::<Result<Vec<usize>, _>>();
        let dims = dims.map_err(|_| wrong(format!("its shape is {:?}", tensor.dims)))?;
        let count = dims.iter().try_fold(1_usize, |count, extent| count.checked_mul(*extent));
        let count = count.ok_or_else(|| wrong(format!("its shape {dims:?} is more than any machine holds")))?;
        let kind = DataType::try_from(tensor.data_type)
            .map_err(|_| wrong(format!("its numbers are of type {}, which is not known", tensor.data_type)))?;
        let raw = if tensor.data_location == 0 { tensor.raw_data.clone() } else { beside.bytes(tensor)? };
        let data = if raw.is_empty() { listed(tensor, kind) } else { unpacked(&raw, kind) };
        let data = data.ok_or_else(|| {
            let advice = "Assay reads floats of 16, 32 and 64 bits, whole numbers and truth values";
            wrong(format!("its numbers are of type {}: {advice}", format!("{kind:?}").to_lowercase()))
        })?;
        if data.len() != count || (!raw.is_empty() && raw.len() != count * bytes_of(kind)) {
            let held = if raw.is_empty() { format!("{} numbers", data.len()) } else { format!("{} bytes", raw.len()) };
            return Err(wrong(format!("its shape {dims:?} is of {count} numbers, and the file holds {held} for it")));
        }
        Ok(Self { dims, data, origin: Origin::Whole(Named::of_file(name)) })
    }

    /// Checks that all of it are numbers.
    pub(crate) fn check_finite(&self, name: &str) -> Result<(), Problem> {
        let Data::Float(values) = &self.data else { return Ok(()) };
        match values.iter().position(|value| !value.is_finite()) {
            Some(place) => {
                let problem =
                    format!("its value {place} of {} is {}; a network with such weights computes nothing", values.len(), values[place]);
                Err(Problem::tensor(name, problem))
            }
            None => Ok(()),
        }
    }
}

const fn bytes_of(kind: DataType) -> usize {
    match kind {
        DataType::Uint8 | DataType::Int8 | DataType::Bool => 1,
        DataType::Uint16 | DataType::Int16 | DataType::Float16 | DataType::Bfloat16 => 2,
        DataType::Int64 | DataType::Uint64 | DataType::Double => 8,
        _ => 4,
    }
}

fn float(values: impl Iterator<Item = f32>) -> Data {
    Data::Float(Arc::new(values.collect()))
}

fn whole(values: impl Iterator<Item = i64>) -> Data {
    Data::Whole(Arc::new(values.collect()))
}

/// Numbers in lists of their own.
fn listed(tensor: &TensorProto, kind: DataType) -> Option<Data> {
    let small = || tensor.int32_data.iter().copied();
    Some(match kind {
        DataType::Float => float(tensor.float_data.iter().copied()),
        DataType::Double => float(tensor.double_data.iter().map(|value| *value as f32)),
        DataType::Float16 => float(small().map(|bits| half(bits as u16))),
        DataType::Bfloat16 => float(small().map(|bits| f32::from_bits(u32::from(bits as u16) << 16))),
        DataType::Uint8 | DataType::Int8 | DataType::Uint16 | DataType::Int16 | DataType::Int32 => whole(small().map(i64::from)),
        DataType::Int64 => whole(tensor.int64_data.iter().copied()),
        DataType::Uint32 | DataType::Uint64 => whole(tensor.uint64_data.iter().map(|value| *value as i64)),
        DataType::Bool => Data::Truth(Arc::new(small().map(|value| value != 0).collect())),
        _ => return None,
    })
}

/// Numbers in bytes, little-endian.
fn unpacked(raw: &Bytes, kind: DataType) -> Option<Data> {
    fn words<const N: usize>(raw: &Bytes) -> impl Iterator<Item = [u8; N]> + '_ {
        raw.as_chunks::<N>().0.iter().copied()
    }
    Some(match kind {
        DataType::Float => float(words(raw).map(f32::from_le_bytes)),
        DataType::Double => float(words(raw).map(|word| f64::from_le_bytes(word) as f32)),
        DataType::Float16 => float(words(raw).map(|word| half(u16::from_le_bytes(word)))),
        DataType::Bfloat16 => float(words(raw).map(|word| f32::from_bits(u32::from(u16::from_le_bytes(word)) << 16))),
        DataType::Uint8 => whole(raw.iter().map(|byte| i64::from(*byte))),
        DataType::Int8 => whole(raw.iter().map(|byte| i64::from(*byte as i8))),
        DataType::Uint16 => whole(words(raw).map(|word| i64::from(u16::from_le_bytes(word)))),
        DataType::Int16 => whole(words(raw).map(|word| i64::from(i16::from_le_bytes(word)))),
        DataType::Int32 => whole(words(raw).map(|word| i64::from(i32::from_le_bytes(word)))),
        DataType::Uint32 => whole(words(raw).map(|word| i64::from(u32::from_le_bytes(word)))),
        DataType::Int64 => whole(words(raw).map(i64::from_le_bytes)),
        DataType::Uint64 => whole(words(raw).map(|word| u64::from_le_bytes(word) as i64)),
        DataType::Bool => Data::Truth(Arc::new(raw.iter().map(|byte| *byte != 0).collect())),
        _ => return None,
    })
}

/// A float of 16 bits.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(bits >> 15), u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    let magnitude = match exponent {
        0 => f32::from_bits((fraction as f32 * 2.0_f32.powi(-24)).to_bits()),
        31 => f32::from_bits(0x7f80_0000 | fraction << 13),
        _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tensor: &TensorProto) -> Result<Tensor, Problem> {
        Tensor::read(tensor, "w", &mut Beside::of(None))
    }

    #[test]
    fn halves_are_the_numbers_that_they_stand_for() {
        let halves = [0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0x7c00, 0x8000].map(half);
        assert_eq!(halves[..2], [1.0, -2.0]);
        assert!((halves[2] - 0.333_251_95).abs() < 1e-9);
        assert_eq!(halves[3..], [2.0_f32.powi(-24), 65504.0, f32::INFINITY, 0.0]);
        assert!(half(0x7c01).is_nan());
    }

    #[test]
    fn a_tensor_that_claims_more_than_it_has_is_refused() {
        let claims = |dims: &[i64], bytes: usize| TensorProto {
            dims: dims.to_vec(),
            data_type: 1,
            raw_data: vec![0; bytes].into(),
            ..TensorProto::default()
        };
        assert_eq!(read(&claims(&[2, 3], 24)).unwrap().len(), 6);
        insta::assert_snapshot!(read(&claims(&[512, 1 << 20], 64)).unwrap_err(), @"tensor `w`: its shape [512, 1048576] is of 536870912 numbers, and the file holds 64 bytes for it");
        insta::assert_snapshot!(read(&claims(&[1 << 40, 1 << 40], 64)).unwrap_err(), @"tensor `w`: its shape [1099511627776, 1099511627776] is more than any machine holds");
        insta::assert_snapshot!(read(&claims(&[-1], 4)).unwrap_err(), @"tensor `w`: its shape is [-1]");
        insta::assert_snapshot!(read(&claims(&[2, 3], 25)).unwrap_err(), @"tensor `w`: its shape [2, 3] is of 6 numbers, and the file holds 25 bytes for it");
        let text = TensorProto { dims: vec![1], data_type: 8, ..TensorProto::default() };
        insta::assert_snapshot!(read(&text).unwrap_err(), @"tensor `w`: its numbers are of type string: Assay reads floats of 16, 32 and 64 bits, whole numbers and truth values");
    }
}
