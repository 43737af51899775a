//! How much memory a file's messages take when they are decoded, found before they are.
//!
//! A message of two bytes becomes a structure of hundreds. A file that is made of such would take a hundred times its length.

use crate::Problem;

/// The most bytes that the decoded structure may take, weights as raw bytes apart: some hundred thousand nodes.
const LARGEST: usize = 1 << 28;

/// What one message takes at most when decoded, beside what it holds.
const OF_A_MESSAGE: usize = 320;

/// What of a message is looked into.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Other,
}

impl Message {
    /// What a field holds, if it is a message that is decoded further.
    fn field(self, tag: u64) -> Option<Self> {
        Some(match (self, tag) {
            (Self::Model, 7) => Self::Graph,
            (Self::Model, 8 | 25) => Self::Other,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5) => Self::Tensor,
            (Self::Graph, 11 | 12) => Self::Value,
            (Self::Node, 5) => Self::Attribute,
            (Self::Tensor, 13) => Self::Other,
            (Self::Value, _) => Self::Value,
            _ => return None,
        })
    }

    /// Whether a field is a list of whole numbers, packed into bytes.
    fn is_packed(self, tag: u64) -> bool {
        matches!((self, tag), (Self::Tensor, 1 | 5 | 7 | 11) | (Self::Attribute, 8))
    }
}

/// Refuses a file whose structure would take too much. Bytes that are not messages pass: the decoder says what is wrong with them.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Problem> {
    let mut left = LARGEST;
    walk(bytes, Message::Model, 0, &mut left).map_or(Ok(()), |()| {
        let what = "nodes, attributes and lists".into();
        Err(Problem::TooLarge { what, limit: LARGEST / OF_A_MESSAGE })
    })
}

/// Takes what a message needs from what is left; something if that is not enough.
fn walk(mut bytes: &[u8], message: Message, depth: usize, left: &mut usize) -> Option<()> {
    const DEEPEST: usize = 16;
    if depth > DEEPEST {
        return None;
    }
    while let Some(key) = varint(&mut bytes) {
        let mut taken = OF_A_MESSAGE / 4;
        match key & 7 {
            0 => drop(varint(&mut bytes)),
            1 => bytes = bytes.get(8..).unwrap_or_default(),
            5 => bytes = bytes.get(4..).unwrap_or_default(),
            2 => {
                let length = varint(&mut bytes).and_then(|length| usize::try_from(length).ok()).filter(|length| *length <= bytes.len())?;
                let (content, rest) = bytes.split_at(length);
                bytes = rest;
                if let Some(inner) = message.field(key >> 3) {
                    taken = OF_A_MESSAGE;
                    if walk(content, inner, depth + 1, left).is_some() {
                        return Some(());
                    }
                } else if message.is_packed(key >> 3) {
                    taken += length.saturating_mul(8);
                }
            }
            _ => return None,
        }
        match left.checked_sub(taken) {
            Some(less) => *left = less,
            None => return Some(()),
        }
    }
    None
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for position in 0..10 {
        let byte = *bytes.get(position)?;
        value |= u64::from(byte & 127) << (7 * position).min(63);
        if byte < 128 {
            *bytes = &bytes[position + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_empty_messages_is_refused_before_it_is_decoded() {
        // A graph of two million nodes without anything in them.
        let nodes = [0x0a, 0].repeat(2 << 20);
        let mut file = vec![0x3a, 0x80, 0x80, 0x80, 0x02];
        file.extend(&nodes);
        assert_eq!(nodes.len(), 2 << 21);
        assert!(matches!(check(&file), Err(Problem::TooLarge { .. })));
        assert!(check(&file[..100]).is_ok());
    }
}
