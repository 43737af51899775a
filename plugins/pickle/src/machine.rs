//! The stack machine that a pickle is a program for, restricted to data.
//!
//! Every value is a node in one vector and refers to others by index, so shared and cyclic values cost nothing and
//! nothing recurses. Memory stays in proportion to the input, and [`MOST_VALUES`] bounds it.

use std::borrow::Cow;

use crate::PickleError;
use crate::global::{Global, find};
use crate::instruction::{Instruction, next};
use crate::memo::Memo;
use crate::node::{Array, ElementType, Id, Node};
use crate::source::Source;

/// More than the largest genuine document needs: HW-NAS-Bench has 469,000 numbers, and protocol 2 may write each of NumPy's as six
/// values. AnalogNAS-Bench has 740,000 values.
pub(crate) const MOST_VALUES: usize = 4_000_000;

/// Longer than all texts together that genuine documents read from a stream hold at one time.
const MOST_TEXT: u64 = 1 << 28;

/// Stands beside the machine, and may take over between two instructions.
pub(crate) trait Watch<'a, S> {
    /// Called before an instruction is carried out. Says whether there is nothing left of it to carry out.
    fn before(&mut self, machine: &mut Machine<'a, '_, S>, instruction: &Instruction<'a>) -> Result<bool, PickleError>;

    /// Called after an instruction was carried out.
    fn after(&mut self, machine: &Machine<'a, '_, S>);
}

/// Watches nothing.
pub(crate) struct Unwatched;

impl<'a, S> Watch<'a, S> for Unwatched {
    fn before(&mut self, _: &mut Machine<'a, '_, S>, _: &Instruction<'a>) -> Result<bool, PickleError> {
        Ok(false)
    }

    fn after(&mut self, _: &Machine<'a, '_, S>) {}
}

/// Runs the pickle to its end. Gives all values, and which of them is the whole. `classes` are the caller's own
/// (`module.name`), whose objects are read as dictionaries of their attributes.
pub(crate) fn run<'a, S: Source<'a>>(
    source: &mut S,
    classes: &[&str],
    watch: &mut impl Watch<'a, S>,
) -> Result<(Vec<Node<'a>>, Id), PickleError> {
    // A file that is not a pickle may well be shorter than a pickle's head.
    if !matches!(source.fixed(), Ok([0x80, 2..=5])) {
        return Err(PickleError::NoPickle);
    }
    let mut machine = Machine {
        source,
        classes,
        start: 0,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Memo::default(),
        copied: 0,
        texts: 0,
    };
    loop {
        let (start, instruction) = next(machine.source)?;
        machine.start = start;
        if watch.before(&mut machine, &instruction)? {
            continue;
        }
        if let Some(root) = machine.step(instruction)? {
            return Ok((machine.nodes, root));
        }
        watch.after(&machine);
    }
}

pub(crate) struct Machine<'a, 's, S> {
    source: &'s mut S,
    classes: &'s [&'s str],
    /// Where the current instruction began.
    pub(crate) start: u64,
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) stack: Vec<Id>,
    pub(crate) marks: Vec<usize>,
    pub(crate) memo: Memo,
    /// Bytes and references made so far that do not stand in the pickle one by one.
    copied: u64,
    /// Bytes of the texts that the nodes own.
    pub(crate) texts: u64,
}

impl<'a, S: Source<'a>> Machine<'a, '_, S> {
    /// Carries one instruction out; gives the result where it is the last.
    fn step(&mut self, instruction: Instruction<'a>) -> Result<Option<Id>, PickleError> {
        match instruction {
            Instruction::Framing => {}
            Instruction::Stop => return self.pop().map(Some),
            Instruction::Mark if self.marks.len() >= MOST_VALUES => return self.too_large(),
            Instruction::Mark => self.marks.push(self.stack.len()),
            Instruction::Pop => drop(self.pop()?),
            Instruction::PopToMark => drop(self.above_mark()?),

            Instruction::Put(number) => self.remember(number)?,
            Instruction::Memoize => self.remember(self.memo.next())?,
            Instruction::Get(number) => match self.memo.get(number) {
                Some(_) if self.stack.len() >= 2 * MOST_VALUES => return self.too_large(),
                Some(id) => self.stack.push(id),
                None => return self.malformed("it refers to a value that was not remembered"),
            },

            Instruction::None => self.push(Node::None)?,
            Instruction::Integer(value) => self.push(Node::Int(value))?,
            Instruction::LongInteger => self.push(Node::Other)?,
            Instruction::Float(value) => self.push(Node::Float(value))?,
            Instruction::Bytes(bytes) => self.push(Node::Bytes(bytes))?,
            Instruction::EmptyList => self.push(Node::List(Vec::new()))?,
            Instruction::EmptyDictionary => self.push(Node::Dict(Vec::new()))?,
            Instruction::ListFromMark => {
                let items = self.above_mark()?;
                self.push(Node::List(items))?;
            }
            Instruction::TupleFromMark => {
                let items = self.above_mark()?;
                self.push(Node::Tuple(items))?;
            }
            Instruction::DictionaryFromMark => {
                let items = self.above_mark()?;
                self.push(Node::Dict(Vec::new()))?;
                self.insert(&items)?;
            }
            Instruction::Tuple(count) => {
                let items = self.popped(count)?;
                self.push(Node::Tuple(items))?;
            }
            Instruction::Append => {
                let items = self.popped(1)?;
                self.append(items)?;
            }
            Instruction::AppendToMark => {
                let items = self.above_mark()?;
                self.append(items)?;
            }
            Instruction::Insert => {
                let items = self.popped(2)?;
                self.insert(&items)?;
            }
            Instruction::InsertToMark => {
                let items = self.above_mark()?;
                self.insert(&items)?;
            }

            Instruction::Global(module, name) => self.global(&module, &name)?,
            Instruction::GlobalFromStack => {
                let names = self.popped(2)?;
                let text = |id: Id| match &self.nodes[id] {
                    Node::Bytes(bytes) => Some(bytes.clone()),
                    _ => None,
                };
                let (Some(module), Some(name)) = (text(names[0]), text(names[1])) else {
                    return self.malformed("a name is not a text");
                };
                self.global(&module, &name)?;
            }
            Instruction::Call => self.call()?,
            Instruction::NewObject => {
                let ids = self.popped(2)?;
                match self.nodes[ids[0]] {
                    Node::Global(Global::Class | Global::Dictionary) => self.push(Node::Dict(Vec::new()))?,
                    _ => return self.malformed("it makes an object of what is not a class"),
                }
            }
            Instruction::SetState => self.set_state()?,
            // Where a tensor's numbers lie; they are never read.
            Instruction::Persistent => {
                self.pop()?;
                self.push(Node::Other)?;
            }
        }
        Ok(None)
    }

    fn malformed<T>(&self, what: &'static str) -> Result<T, PickleError> {
        Err(PickleError::Malformed { at: self.start, what })
    }

    fn too_large<T>(&self) -> Result<T, PickleError> {
        Err(PickleError::TooLarge { at: self.start })
    }

    /// Counts what is made without standing in the pickle. Genuine documents make each value once; more than the pickle has
    /// bytes is an attempt to fill the memory.
    fn copy(&mut self, count: usize) -> Result<(), PickleError> {
        self.copied += count as u64;
        if self.copied > self.source.at() { self.too_large() } else { Ok(()) }
    }

    fn push(&mut self, node: Node<'a>) -> Result<(), PickleError> {
        self.texts += node.owned();
        if self.nodes.len() >= MOST_VALUES || self.texts > MOST_TEXT {
            return self.too_large();
        }
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, PickleError> {
        // Values below the last mark do not belong to the current list.
        match self.stack.len() > self.marks.last().copied().unwrap_or(0) {
            true => self.stack.pop().map_or_else(|| self.malformed("the stack is empty"), Ok),
            false => self.malformed("the stack is empty"),
        }
    }

    fn popped(&mut self, count: usize) -> Result<Vec<Id>, PickleError> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<Id>, _>>()?;
        items.reverse();
        Ok(items)
    }

    fn above_mark(&mut self) -> Result<Vec<Id>, PickleError> {
        match self.marks.pop() {
            // Since the mark was set, more may have been popped than was above it.
            Some(mark) if mark <= self.stack.len() => Ok(self.stack.split_off(mark)),
            _ => self.malformed("there is no mark"),
        }
    }

    fn remember(&mut self, number: u64) -> Result<(), PickleError> {
        let Some(top) = self.stack.last() else { return self.malformed("the stack is empty") };
        if self.memo.len() >= MOST_VALUES {
            return self.too_large();
        }
        self.memo.put(number, *top);
        Ok(())
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), PickleError> {
        match self.stack.last().map(|top| &mut self.nodes[*top]) {
            Some(Node::List(list)) => list.extend(items),
            _ => return self.malformed("it appends to what is not a list"),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<(), PickleError> {
        let pairs = items.chunks_exact(2);
        match self.stack.last().map(|top| &mut self.nodes[*top]) {
            Some(Node::Dict(entries)) if pairs.remainder().is_empty() => entries.extend(pairs.map(|pair| (pair[0], pair[1]))),
            _ => return self.malformed("it inserts into what is not a dictionary, or a key without its value"),
        }
        Ok(())
    }

    fn global(&mut self, module: &[u8], name: &[u8]) -> Result<(), PickleError> {
        let (module, name) = (String::from_utf8_lossy(module), String::from_utf8_lossy(name));
        match find(&module, &name, self.classes) {
            Some(global) => self.push(Node::Global(global)),
            None => Err(PickleError::Global { at: self.start, name: format!("{module}.{name}") }),
        }
    }

    fn call(&mut self) -> Result<(), PickleError> {
        let ids = self.popped(2)?;
        let (Node::Global(global), Node::Tuple(arguments)) = (&self.nodes[ids[0]], &self.nodes[ids[1]]) else {
            return self.malformed("it calls what is not a function");
        };
        let (global, arguments) = (*global, arguments.get(..arguments.len().min(4)).unwrap_or_default().to_vec());
        // What `Encode`, `Dictionary` and `Set` copy.
        let copied = match (global, arguments.first().map(|id| &self.nodes[*id])) {
            (Global::Encode, Some(Node::Bytes(text))) => text.len(),
            (Global::Dictionary | Global::Set, Some(Node::List(items) | Node::Tuple(items))) => items.len(),
            _ => 0,
        };
        self.copy(copied)?;
        let argument = |index: usize| arguments.get(index).map(|id| &self.nodes[*id]);
        let made = match (global, argument(0), argument(1)) {
            (Global::Reconstruct, Some(Node::Global(Global::ArrayClass)), _) => Some(Node::Blank),
            (Global::ElementType, Some(Node::Bytes(code)), _) => Some(ElementType::parse(code).map_or(Node::Other, Node::Element)),
            (Global::Scalar, Some(Node::Element(element)), Some(Node::Bytes(bytes))) => Some(element.number(bytes).unwrap_or(Node::Other)),
            (Global::Scalar, Some(Node::Other), _) => Some(Node::Other),
            (Global::Dictionary, None, _) => Some(Node::Dict(Vec::new())),
            (Global::Dictionary, Some(Node::List(pairs)), _) => {
                let pair = |id: &Id| match &self.nodes[*id] {
                    Node::List(pair) | Node::Tuple(pair) if pair.len() == 2 => Some((pair[0], pair[1])),
                    _ => None,
                };
                pairs.iter().map(pair).collect::<Option<Vec<_>>>().map(Node::Dict)
            }
            (Global::Set, None, _) => Some(Node::List(Vec::new())),
            (Global::Set, Some(Node::List(items) | Node::Tuple(items)), _) => Some(Node::List(items.clone())),
            (Global::Tensor, _, _) => Some(Node::Other),
            (Global::Encode, Some(Node::Bytes(text)), Some(Node::Bytes(coding))) if is_latin1(coding) => {
                let text = std::str::from_utf8(text).ok();
                let bytes =
                    text.and_then(|text| text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect::<Option<Vec<u8>>>());
                bytes.map(|bytes| Node::Bytes(Cow::Owned(bytes)))
            }
            (Global::FromBuffer, Some(Node::Bytes(_)), Some(Node::Element(element))) => {
                let order = argument(3).is_some_and(|order| matches!(order, Node::Bytes(order) if **order == *b"F"));
                let shape = arguments.get(2).and_then(|shape| self.shape(*shape));
                shape.map(|shape| Node::Array(Array { element: *element, shape, fortran: order, bytes: arguments[0] }))
            }
            (Global::FromBuffer, Some(Node::Bytes(_)), Some(Node::Other)) => Some(Node::Other),
            _ => None,
        };
        match made {
            Some(node) => self.push(node),
            None => self.malformed("a function has arguments that are not understood"),
        }
    }

    fn set_state(&mut self) -> Result<(), PickleError> {
        let ids = self.popped(1)?;
        let Some(object) = self.stack.last().copied() else { return self.malformed("the stack is empty") };
        if let Node::Dict(attributes) = &self.nodes[ids[0]] {
            // The attributes of an object.
            let count = attributes.len();
            self.copy(count)?;
            let Node::Dict(attributes) = &self.nodes[ids[0]] else { return self.malformed("the state of an object is not understood") };
            let attributes = attributes.clone();
            return match &mut self.nodes[object] {
                Node::Dict(entries) => {
                    entries.extend(attributes);
                    Ok(())
                }
                Node::Other => Ok(()),
                _ => self.malformed("the state of an object is not understood"),
            };
        }
        let Node::Tuple(state) = &self.nodes[ids[0]] else { return self.malformed("the state of an object is not understood") };
        let part = |index: usize| state.get(index).map(|id| &self.nodes[*id]);
        let made = match &self.nodes[object] {
            // (version, byte order, …)
            Node::Element(element) => match part(1) {
                Some(Node::Bytes(order)) => Some(Node::Element(ElementType { big_endian: **order == *b">", ..*element })),
                _ => None,
            },
            Node::Other => Some(Node::Other),
            // (version, shape, element type, Fortran order, bytes)
            Node::Blank => match (state.get(1).and_then(|shape| self.shape(*shape)), part(2), part(3), state.get(4)) {
                (Some(shape), Some(Node::Element(element)), Some(Node::Int(fortran)), Some(bytes)) => {
                    Some(Node::Array(Array { element: *element, shape, fortran: *fortran != 0, bytes: *bytes }))
                }
                (Some(_), Some(Node::Other), _, _) => Some(Node::Other),
                _ => None,
            },
            _ => None,
        };
        match made {
            Some(node) => {
                self.nodes[object] = node;
                Ok(())
            }
            None => self.malformed("the state of an object is not understood"),
        }
    }

    fn shape(&self, id: Id) -> Option<Vec<usize>> {
        let Node::Tuple(extents) = &self.nodes[id] else { return None };
        let extent = |id: &Id| match &self.nodes[*id] {
            Node::Int(extent) => usize::try_from(*extent).ok(),
            _ => None,
        };
        (extents.len() <= 4).then(|| extents.iter().map(extent).collect()).flatten()
    }
}

fn is_latin1(coding: &[u8]) -> bool {
    matches!(coding, b"latin1" | b"latin-1" | b"iso-8859-1")
}
