//! Making inputs out of valid ones: bits flipped, parts cut, moved, repeated and exchanged, lengths made extreme.

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// No input is made longer.
const LONGEST: usize = 1 << 20;

/// What is put where a length, a count or an offset may stand.
const EXTREMES: [i64; 14] = [0, 1, -1, 2, 127, 128, 255, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, i64::MAX, i64::MIN];

/// What is put where a number is written out.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "1",
    "9",
    "255",
    "65536",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "99999999999999999999",
    "1e999",
    "-0.0",
    "NaN",
    "1e-320",
];

/// The valid inputs and the words that inputs are made of.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    pub(crate) seeds: Vec<Vec<u8>>,
    pub(crate) words: Vec<Vec<u8>>,
}

impl Damage {
    /// An input: a valid one with a few kinds of damage.
    pub(crate) fn input(&self, rng: &mut ChaCha8Rng) -> Vec<u8> {
        let mut bytes = self.seeds.choose(rng).cloned().unwrap_or_default();
        // Mostly little, so that much of what a reader does is still done.
        let times = [1, 1, 1, 2, 2, 3, 5, 9][rng.random_range(0..8)];
        for _ in 0..times {
            self.harm(&mut bytes, rng);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn harm(&self, bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
        let (at, end) = range(bytes, rng);
        match rng.random_range(0..16) {
            0 | 1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.random_range(0..8);
                }
            }
            2 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = rng.random();
                }
            }
            3 | 4 => extreme(bytes, at, rng),
            5 => bytes.truncate(at),
            6 => drop(bytes.drain(at..end)),
            7 => {
                let block = bytes[at..end].to_vec();
                splice(bytes, end..end, &block.repeat(times(block.len(), rng)));
            }
            8 => {
                let word = self.word(rng);
                splice(bytes, at..at, &word.repeat(times(word.len(), rng)));
            }
            9 => {
                let word = self.word(rng);
                splice(bytes, at..end.min(at + word.len()), &word);
            }
            10 => {
                let word = self.word(rng);
                splice(bytes, at..at, &word);
            }
            11 => {
                // The end of another input.
                let other = self.seeds.choose(rng).cloned().unwrap_or_default();
                let from = rng.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            12 => {
                let block = bytes[at..end].to_vec();
                let to = rng.random_range(0..=bytes.len());
                splice(bytes, to..to, &block);
            }
            13 | 14 => number(bytes, at, rng),
            _ => {
                let fill = [0, 0xff, rng.random()][rng.random_range(0..3)];
                bytes[at..end].fill(fill);
            }
        }
    }

    /// A word of the format, or some bytes.
    fn word(&self, rng: &mut ChaCha8Rng) -> Vec<u8> {
        match self.words.choose(rng) {
            Some(word) if rng.random_range(0..8) > 0 => word.clone(),
            _ => (0..rng.random_range(1..9)).map(|_| rng.random()).collect(),
        }
    }
}

/// Part of the input: mostly a short one.
fn range(bytes: &[u8], rng: &mut ChaCha8Rng) -> (usize, usize) {
    let at = rng.random_range(0..=bytes.len());
    let rest = bytes.len() - at;
    let length = if rng.random_range(0..4) == 0 { rng.random_range(0..=rest) } else { rng.random_range(0..=rest.min(16)) };
    (at, at + length)
}

/// How often a block is repeated: now and then as often as it has room.
fn times(length: usize, rng: &mut ChaCha8Rng) -> usize {
    let most = LONGEST / length.max(1);
    let times = match rng.random_range(0..16) {
        0 => 100_000,
        1 => 5000,
        2 | 3 => 300,
        _ => rng.random_range(1..9),
    };
    times.min(most)
}

fn splice(bytes: &mut Vec<u8>, place: std::ops::Range<usize>, with: &[u8]) {
    drop(bytes.splice(place, with.iter().copied()));
}

/// Puts an extreme number of 1 to 8 bytes into its place.
fn extreme(bytes: &mut [u8], at: usize, rng: &mut ChaCha8Rng) {
    let near = i64::try_from(bytes.len()).unwrap_or(0) + rng.random_range(-2_i64..3);
    let number = if rng.random_range(0..6) == 0 { near } else { EXTREMES[rng.random_range(0..EXTREMES.len())] };
    let width = [1, 2, 4, 8][rng.random_range(0..4)];
    let mut written = number.to_le_bytes()[..width].to_vec();
    if rng.random() {
        written.reverse();
    }
    bytes[at..].iter_mut().zip(written).for_each(|(byte, new)| *byte = new);
}

/// Puts an extreme number into the place of the next one that is written out in digits.
fn number(bytes: &mut Vec<u8>, at: usize, rng: &mut ChaCha8Rng) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = bytes[at..].iter().position(is_digit).map(|start| at + start) else { return extreme(bytes, at, rng) };
    let length = bytes[start..].iter().position(|byte| !is_digit(byte)).unwrap_or(bytes.len() - start);
    splice(bytes, start..start + length, NUMBERS[rng.random_range(0..NUMBERS.len())].as_bytes());
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn inputs_are_functions_of_their_stream_and_mostly_differ_from_the_valid_ones() {
        let damage = Damage { seeds: vec![b"index,12\n".to_vec(), b"other".to_vec()], words: vec![b"\"".to_vec()] };
        let input = |seed| damage.input(&mut ChaCha8Rng::seed_from_u64(seed));
        let inputs: Vec<Vec<u8>> = (0..1000).map(input).collect();
        assert_eq!(inputs, (0..1000).map(input).collect::<Vec<_>>());
        let changed = inputs.iter().filter(|input| !damage.seeds.contains(input)).count();
        assert!(changed > 800, "{changed} of 1000");
        assert!(inputs.iter().all(|input| input.len() <= LONGEST));
        assert!(inputs.iter().any(|input| input.len() > 10_000), "none is long");
    }

    #[test]
    fn nothing_at_all_can_be_damaged_too() {
        let damage = Damage::default();
        (0..1000).for_each(|seed| drop(damage.input(&mut ChaCha8Rng::seed_from_u64(seed))));
    }
}
