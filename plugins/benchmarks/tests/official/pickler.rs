//! Writes pickles as Python does: dictionaries in batches of a thousand, a text that occurs again as the number of its first
//! occurrence.

use std::collections::HashMap;

/// A Python value.
#[derive(Clone)]
pub(crate) enum Py {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Py>),
    Tuple(Vec<Py>),
    /// A set of whole numbers.
    Set(Vec<i64>),
    Dict(Vec<(Py, Py)>),
    /// `collections.OrderedDict`.
    Ordered(Vec<(Py, Py)>),
    /// NumPy's array of 64-bit floats.
    Array(Vec<f64>),
    /// NumPy's 64-bit float.
    Scalar(f64),
    /// A tensor of one element whose storage lies elsewhere.
    Tensor,
}

impl From<&str> for Py {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// A dictionary with text keys.
pub(crate) fn dict<const N: usize>(entries: [(&str, Py); N]) -> Py {
    Py::Dict(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

pub(crate) struct Pickler {
    bytes: Vec<u8>,
    protocol: u8,
    texts: HashMap<String, u32>,
    remembered: u32,
}

impl Pickler {
    /// The whole pickle of a value, of protocol 2 or 4.
    pub(crate) fn dump(value: &Py, protocol: u8) -> Vec<u8> {
        let mut pickler = Self { bytes: vec![0x80, protocol], protocol, texts: HashMap::new(), remembered: 0 };
        pickler.write(value);
        pickler.bytes.push(b'.');
        pickler.bytes
    }

    fn remember(&mut self) {
        if self.protocol >= 4 {
            self.bytes.push(0x94);
        } else if self.remembered < 256 {
            self.bytes.extend([b'q', self.remembered as u8]);
        } else {
            self.bytes.push(b'r');
            self.bytes.extend(self.remembered.to_le_bytes());
        }
        self.remembered += 1;
    }

    fn text(&mut self, text: &str) {
        if let Some(place) = self.texts.get(text) {
            match u8::try_from(*place) {
                Ok(place) => self.bytes.extend([b'h', place]),
                Err(_) => {
                    self.bytes.push(b'j');
                    self.bytes.extend(place.to_le_bytes());
                }
            }
            return;
        }
        if self.protocol >= 4 && text.len() < 256 {
            self.bytes.extend([0x8c, text.len() as u8]);
        } else {
            self.bytes.push(b'X');
            self.bytes.extend((text.len() as u32).to_le_bytes());
        }
        self.bytes.extend(text.bytes());
        self.texts.insert(text.into(), self.remembered);
        self.remember();
    }

    fn global(&mut self, module: &str, name: &str) {
        if self.protocol >= 4 {
            self.text(module);
            self.text(name);
            self.bytes.push(0x93);
        } else {
            self.bytes.extend(format!("c{module}\n{name}\n").bytes());
        }
        self.remember();
    }

    fn write(&mut self, value: &Py) {
        match value {
            Py::None => self.bytes.push(b'N'),
            Py::Bool(value) => self.bytes.push(if *value { 0x88 } else { 0x89 }),
            Py::Int(value) => match (u8::try_from(*value), u16::try_from(*value)) {
                (Ok(byte), _) => self.bytes.extend([b'K', byte]),
                (_, Ok(short)) => {
                    self.bytes.push(b'M');
                    self.bytes.extend(short.to_le_bytes());
                }
                _ => {
                    self.bytes.push(b'J');
                    self.bytes.extend((*value as i32).to_le_bytes());
                }
            },
            Py::Float(value) => {
                self.bytes.push(b'G');
                self.bytes.extend(value.to_be_bytes());
            }
            Py::Text(text) => self.text(text),
            Py::List(items) => {
                self.bytes.push(b']');
                self.remember();
                for batch in items.chunks(1000) {
                    self.bytes.push(b'(');
                    batch.iter().for_each(|item| self.write(item));
                    self.bytes.push(b'e');
                }
            }
            Py::Tuple(items) => {
                assert!((1..=3).contains(&items.len()));
                items.iter().for_each(|item| self.write(item));
                self.bytes.push(0x84 + items.len() as u8);
                self.remember();
            }
            Py::Set(items) if self.protocol >= 4 => {
                self.bytes.push(0x8f);
                self.remember();
                for batch in items.chunks(1000) {
                    self.bytes.push(b'(');
                    batch.iter().for_each(|item| self.write(&Py::Int(*item)));
                    self.bytes.push(0x90);
                }
            }
            Py::Set(items) => {
                self.global("__builtin__", "set");
                self.write(&Py::List(items.iter().map(|item| Py::Int(*item)).collect()));
                self.bytes.push(0x85);
                self.remember();
                self.bytes.push(b'R');
                self.remember();
            }
            Py::Dict(entries) => {
                self.bytes.push(b'}');
                self.remember();
                self.entries(entries);
            }
            Py::Ordered(entries) => {
                self.global("collections", "OrderedDict");
                self.bytes.extend(b")R");
                self.remember();
                self.entries(entries);
            }
            Py::Array(numbers) => {
                self.global("numpy.core.multiarray", "_reconstruct");
                self.global("numpy", "ndarray");
                self.bytes.extend(b"K\x00\x85");
                self.raw(b"b");
                self.bytes.extend(b"\x87R(K\x01");
                self.write(&Py::Int(numbers.len() as i64));
                self.bytes.push(0x85);
                self.float();
                self.bytes.push(0x89);
                self.raw(&numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
                self.bytes.extend(b"tb");
                self.remember();
            }
            Py::Scalar(number) => {
                self.global("numpy.core.multiarray", "scalar");
                self.float();
                self.raw(&number.to_le_bytes());
                self.bytes.extend(b"\x86R");
                self.remember();
            }
            Py::Tensor => {
                self.global("torch._utils", "_rebuild_tensor_v2");
                self.bytes.extend(b"((");
                self.text("storage");
                self.global("torch", "FloatStorage");
                self.text("0");
                self.text("cpu");
                self.bytes.extend(b"K\x01tQK\x00K\x01\x85K\x01\x85\x89");
                self.global("collections", "OrderedDict");
                self.bytes.extend(b")RtR");
                self.remember();
            }
        }
    }

    /// Bytes, as protocol 4 writes them.
    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.push(b'B');
        self.bytes.extend((bytes.len() as u32).to_le_bytes());
        self.bytes.extend(bytes);
        self.remember();
    }

    /// NumPy's type of 64-bit floats.
    fn float(&mut self) {
        self.global("numpy", "dtype");
        self.text("f8");
        self.bytes.extend(b"\x89\x88\x87R(K\x03");
        self.text("<");
        self.bytes.extend(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb");
    }

    fn entries(&mut self, entries: &[(Py, Py)]) {
        for batch in entries.chunks(1000) {
            if let [(key, value)] = batch {
                self.write(key);
                self.write(value);
                self.bytes.push(b's');
                continue;
            }
            self.bytes.push(b'(');
            for (key, value) in batch {
                self.write(key);
                self.write(value);
            }
            self.bytes.push(b'u');
        }
    }
}
