//! Reading a dictionary that does not fit into memory, an entry at a time.
//!
//! NAS-Bench-201 is one pickle of gigabytes: `{'meta_archs': …, 'arch2infos': {0: {…}, 1: {…}, …}, …}`. Its entries are
//! handed out as they end, and let go some time after. But a pickle may refer back to any value before, and does: Python
//! writes a text that occurs again as the number of its first occurrence. So the file is read twice. The first reading only
//! notes which numbers are referred to from afar; the second keeps these, and those of the last [`WINDOW`] values.

use std::collections::HashSet;
use std::io::{self, BufRead};

use crate::PickleError;
use crate::document::{Document, Value};
use crate::instruction::{Instruction, next};
use crate::machine::{MOST_VALUES, Machine, Unwatched, Watch, run};
use crate::node::{Id, Node};
use crate::source::{Source, Stream};

/// How many of the last remembered values are kept when an entry ends, whether or not the first reading noted them.
const WINDOW: usize = 1 << 15;

/// Values of ended entries are let go when there are more: letting go costs as much as [`WINDOW`] values.
const MOST_KEPT: usize = 1 << 18;

/// Longer texts are let go with their entry.
const LONGEST_TEXT: usize = 4096;

/// Reads the whole pickles at the beginning of a stream, one after the other, and gives each its place in `documents`.
///
/// # Errors
/// As [`Document::read`].
pub fn read_from<R: BufRead>(reader: R, documents: usize) -> Result<Vec<Document<'static>>, PickleError> {
    let mut stream = Stream::new(reader);
    (0..documents).map(|_| run(&mut stream, &[], &mut Unwatched).map(Document::of)).collect()
}

/// What an entry is found by in its dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKey<'k> {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(&'k str),
}

/// Reads a pickle with dictionaries under `keys`, each from whole numbers or from texts to dictionaries with more than one
/// text key each (and at most a thousand, where the outer keys are texts). The entries of these are handed to `visit` one at a time, in
/// the order of the file, and the dictionaries are empty in what is given back.
///
/// `open` is called twice and must give the pickle from its beginning each time. Memory is needed for the largest entry, a
/// bounded number of values before it, and what is around these dictionaries. A container that an entry shares with an
/// earlier one is gone: it is read as a value that is neither number, text, list nor dictionary. Otherwise a file of some
/// kilobytes could have entries of millions of values each.
///
/// # Errors
/// As [`Document::read`], what `open` reports, and what `visit` returns.
pub fn read_entries<R: BufRead, E: From<PickleError>>(
    mut open: impl FnMut() -> io::Result<R>,
    keys: &[&str],
    mut visit: impl FnMut(EntryKey<'_>, Value<'_>) -> Result<(), E>,
) -> Result<Document<'static>, E> {
    let unreadable = |error: io::Error| PickleError::Unreadable { at: 0, problem: error.to_string() };
    let from_afar = referred_to_from_afar(open().map_err(unreadable)?)?;
    let mut failure = None;
    let mut keep_failure = |key: EntryKey<'_>, value: Value<'_>| visit(key, value).map_err(|error| failure = Some(error)).is_ok();
    let mut inner = Entries { keys, found: None, from_afar, visit: &mut keep_failure };
    let outcome = run(&mut Stream::new(open().map_err(unreadable)?), &[], &mut inner);
    match failure {
        Some(error) => Err(error),
        None => Ok(Document::of(outcome?)),
    }
}

/// The numbers of the values that are referred to after [`WINDOW`] others were remembered.
fn referred_to_from_afar(reader: impl BufRead) -> Result<HashSet<u64>, PickleError> {
    let mut source = Stream::without_contents(reader);
    if !matches!(source.fixed(), Ok([0x80, 2..=5])) {
        return Err(PickleError::NoPickle);
    }
    let (mut found, mut remembered) = (HashSet::new(), 0_u64);
    loop {
        match next(&mut source)? {
            (_, Instruction::Stop) => return Ok(found),
            (_, Instruction::Put(number)) => remembered = remembered.max(number.saturating_add(1)),
            (_, Instruction::Memoize) => remembered += 1,
            (at, Instruction::Get(number)) if remembered.saturating_sub(number) > WINDOW as u64 => {
                found.insert(number);
                if found.len() > MOST_VALUES {
                    return Err(PickleError::TooLarge { at });
                }
            }
            _ => {}
        }
    }
}

/// Gets every entry, and says whether to go on.
type Visit<'v> = &'v mut dyn FnMut(EntryKey<'_>, Value<'_>) -> bool;

/// Waits for the inner dictionaries and hands out their entries.
struct Entries<'v> {
    keys: &'v [&'v str],
    found: Option<Found>,
    from_afar: HashSet<u64>,
    visit: Visit<'v>,
}

/// The inner dictionary that began last.
struct Found {
    id: Id,
    /// Where it is on the stack.
    place: usize,
    /// Nodes before this one stay.
    floor: usize,
    /// Nodes from this one on are of the entry that is being read.
    entry: usize,
}

impl<'a, S: Source<'a>> Watch<'a, S> for Entries<'_> {
    /// Hands an entry out if the instruction to be carried out is the first after it.
    fn before(&mut self, machine: &mut Machine<'a, '_, S>, instruction: &Instruction<'a>) -> Result<bool, PickleError> {
        let Some(found) = &mut self.found else { return Ok(false) };
        let Some([inner, key, value]) = machine.stack.get(found.place..) else { return Ok(false) };
        let key = match &machine.nodes[*key] {
            Node::Int(number) => EntryKey::Number(*number),
            Node::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => EntryKey::Text(text),
                Err(_) => return Ok(false),
            },
            _ => return Ok(false),
        };
        let Node::Dict(entries) = &machine.nodes[*value] else { return Ok(false) };
        if *inner != found.id {
            return Ok(false);
        }
        let begins_another = match key {
            EntryKey::Number(_) => matches!(instruction, Instruction::Integer(_)),
            // Behind an empty dictionary, a text is a key of its own.
            EntryKey::Text(_) => !entries.is_empty() && matches!(instruction, Instruction::Bytes(_) | Instruction::Get(_)),
        };
        // Entries come as mark, key, value, key, value, …, insert; a last single one as key, value, insert.
        let first = found.place + 1;
        let (is_in_row, is_single) = (machine.marks.last() == Some(&first), machine.marks.last().is_none_or(|mark| *mark < first));
        let ends = match instruction {
            Instruction::InsertToMark => is_in_row,
            _ if begins_another => is_in_row,
            Instruction::Insert => is_single,
            _ => false,
        };
        if !ends {
            return Ok(false);
        }
        if !(self.visit)(key, Value { nodes: &machine.nodes, id: *value }) {
            return Err(PickleError::Malformed { at: machine.start, what: "the reading was stopped" });
        }
        machine.stack.truncate(first);
        machine.nodes[found.entry..].iter_mut().filter(|node| node.is_container()).for_each(|node| *node = Node::Released);
        if machine.nodes.len() - found.floor > MOST_KEPT {
            found.floor = release(machine, found.floor, &self.from_afar);
        }
        found.entry = machine.nodes.len();
        Ok(is_single)
    }

    /// Looks whether the instruction just carried out began an inner dictionary.
    fn after(&mut self, machine: &Machine<'a, '_, S>) {
        let [.., key, id] = machine.stack[..] else { return };
        if self.found.as_ref().is_some_and(|found| found.id == id) || !matches!(&machine.nodes[id], Node::Dict(_)) {
            return;
        }
        if matches!(&machine.nodes[key], Node::Bytes(key) if self.keys.iter().any(|wanted| **key == *wanted.as_bytes())) {
            self.found = Some(Found { id, place: machine.stack.len() - 1, floor: machine.nodes.len(), entry: machine.nodes.len() });
        }
    }
}

/// Lets go of the nodes from `floor` on, but for those that may be referred to again. Gives the new floor.
fn release<'a, S: Source<'a>>(machine: &mut Machine<'a, '_, S>, floor: usize, from_afar: &HashSet<u64>) -> usize {
    let Machine { nodes, memo, .. } = machine;
    let stayed = memo.retire(WINDOW, |number| from_afar.contains(&number));
    let mut released = nodes.split_off(floor);
    // Where each of the released nodes went.
    let mut moved: Vec<Option<Id>> = vec![None; released.len()];
    let mut keep = |id: &mut Id, nodes: &mut Vec<Node<'a>>| {
        let Some(old) = id.checked_sub(floor) else { return };
        *id = *moved[old].get_or_insert_with(|| {
            nodes.push(match std::mem::replace(&mut released[old], Node::Released) {
                Node::Bytes(bytes) if bytes.len() > LONGEST_TEXT => Node::Released,
                container if container.is_container() => Node::Released,
                small => small,
            });
            nodes.len() - 1
        });
    };
    for number in stayed {
        if let Some(id) = memo.other_mut(number) {
            keep(id, nodes);
        }
    }
    // What was kept so far is kept for good; the rest only while it is among the last.
    let floor_after = nodes.len();
    memo.run_mut().for_each(|id| keep(id, nodes));
    machine.texts = nodes.iter().map(Node::owned).sum();
    floor_after
}
