//! `tokens`: sequences of whole numbers, for networks that look their input up in a table, such as language models.
//!
//! Without a file each token is drawn uniformly from the vocabulary, by a stream of its sequence. With one, the sequences follow each
//! other in it, without overlap. The label of a sequence is the token that follows it, or, with `labels = "each"`, each token has the
//! one that follows it as its label; with fewer or more classes than there are tokens, sequence i has label i mod classes.
//!
//! A file of ids is text: whole numbers with spaces, line ends or commas between them, as a tokenizer gives them.

use std::path::PathBuf;

use assay_core::data::{Content, DataError, Dataset, Normalisation, Tokens, read_file, title_of, unreadable};
use assay_core::graph::Shape;
use assay_core::plugin::SettingsError;
use assay_core::stream::Stream;
use rand::RngExt;

assay_core::words! {
    /// What is to be told of a sequence.
    #[derive(Default)]
    enum Labels {
        /// The token that follows it.
        #[default]
        Next = "next",
        /// Of each of its tokens, the one that follows.
        Each = "each",
    }
}

assay_core::settings! {
    /// Which sequences there are.
    #[derive(Clone, Debug)]
    struct Given {
        /// tokens of a sequence
        length: usize = 128, in 1..=1_000_000;
        /// how many different tokens there are: the numbers from 0 to one less
        vocabulary: usize = 256, in 1..=16_777_216;
        /// which sequences are drawn, where there is no file
        seed: u64 = 0;
        /// how many sequences there are
        sequences: Option<usize>, otherwise "10000, or as many as the file holds", in 1..=100_000_000;
        /// a file of token ids, with spaces, line ends or commas between them
        path: Option<PathBuf>, otherwise "tokens are drawn uniformly";
        /// the label: the next token of a sequence, or of each of its tokens
        labels: Labels = Labels::Next;
        /// classes of labels; where they are not as many as tokens, sequence i has label i mod classes
        classes: Option<usize>, otherwise "as many as tokens", in 1..=16_777_216;
    }
}

/// Sequences that are drawn, where no file says how many there are.
const DRAWN: usize = 10_000;

/// Where tokens are from.
enum Source {
    /// Token t of sequence i is a function of (seed, i, t).
    Drawn { seed: u64, stream: Stream },
    /// A file, whose name protocols say.
    Listed { tokens: Vec<u32>, title: String },
}

struct Sequences {
    source: Source,
    length: usize,
    vocabulary: usize,
    sequences: usize,
    labels: Labels,
    classes: usize,
    /// Of no image.
    normalisation: Normalisation,
}

impl Sequences {
    fn open(given: Given) -> Result<Self, SettingsError> {
        let Given { length, vocabulary, seed, sequences, path, labels, classes } = given;
        let classes = classes.unwrap_or(vocabulary);
        if labels == Labels::Each && classes != vocabulary {
            let problem = format!("is {classes}, but the labels of each token are tokens, of which there are {vocabulary}: leave it out");
            return Err(SettingsError::new("classes", problem));
        }
        let (source, sequences) = match path {
            None => (Source::Drawn { seed, stream: Stream::new(seed, "tokens") }, sequences.unwrap_or(DRAWN)),
            Some(path) => {
                let title = title_of(&path);
                let bytes = read_file(&path).map_err(|error| unreadable(&path, error));
                let tokens = bytes.and_then(|bytes| listed(&title, &bytes, vocabulary));
                let tokens = tokens.map_err(|error| SettingsError::new("path", error.to_string()))?;
                // The last sequence has a token that follows it.
                let held = tokens.len().saturating_sub(1) / length;
                if held == 0 {
                    let problem =
                        format!("is {length}, but {title} holds {} tokens, and a sequence needs one more for its label", tokens.len());
                    return Err(SettingsError::new("length", problem));
                }
                if let Some(wanted) = sequences.filter(|wanted| *wanted > held) {
                    let problem = format!("is {wanted}, but {title} holds {held} sequences of {length} tokens");
                    return Err(SettingsError::new("sequences", problem));
                }
                (Source::Listed { tokens, title }, sequences.unwrap_or(held))
            }
        };
        let normalisation = Normalisation { mean: Vec::new(), deviation: Vec::new() };
        Ok(Self { source, length, vocabulary, sequences, labels, classes, normalisation })
    }

    /// The tokens of a sequence with the one that follows it.
    fn followed(&self, index: usize) -> Vec<u32> {
        match &self.source {
            Source::Drawn { stream, .. } => {
                let mut rng = stream.child(index).rng();
                (0..=self.length).map(|_| rng.random_range(0..self.vocabulary as u32)).collect()
            }
            Source::Listed { tokens, .. } => tokens[index * self.length..][..=self.length].to_vec(),
        }
    }
}

/// The tokens that the bytes of a file say.
fn listed(title: &str, bytes: &[u8], vocabulary: usize) -> Result<Vec<u32>, DataError> {
    let not_text = |_| DataError::new(format!("{title} is not text: write token ids as whole numbers"));
    let text = std::str::from_utf8(bytes).map_err(not_text)?;
    let mut tokens = Vec::new();
    for (line, text) in text.lines().enumerate() {
        for word in text.split([' ', '\t', '\r', ',']).filter(|word| !word.is_empty()) {
            let token = word.parse().ok().filter(|token| (*token as usize) < vocabulary);
            tokens.push(token.ok_or_else(|| {
                let word: String = word.chars().take(40).collect();
                let most = vocabulary - 1;
                DataError::new(format!("{title}, line {}: `{word}` is not a whole number from 0 to {most}, as `vocabulary` says", line + 1))
            })?);
        }
    }
    Ok(tokens)
}

impl Dataset for Sequences {
    fn shape(&self) -> Shape {
        Shape::vector(self.length)
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn len(&self) -> usize {
        self.sequences
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        Some(self)
    }

    fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    fn describe(&self) -> String {
        let Self { length, vocabulary, sequences, .. } = self;
        let labels = match self.labels {
            Labels::Each => "the next of each token as its label",
            Labels::Next if self.classes == self.vocabulary => "the next token as label",
            Labels::Next => "labels in turn",
        };
        let source = match &self.source {
            Source::Drawn { seed, .. } => format!("drawn uniformly by seed {seed}"),
            Source::Listed { title, .. } => format!("of {title}"),
        };
        format!("{sequences} sequences of {length} tokens of {vocabulary}, {source}, not varied, {labels}")
    }

    fn read(&self, _: usize, _: &mut [u8]) -> Result<u32, DataError> {
        Err(DataError::new("the dataset holds tokens, which are not images: name a dataset of images"))
    }

    fn content(&self, content: &mut Content) -> Result<(), DataError> {
        content.add(b"tokens");
        for number in [self.vocabulary, Tokens::labels(self)] {
            content.add(&(number as u64).to_le_bytes());
        }
        match &self.source {
            Source::Drawn { seed, .. } => content.add(&seed.to_le_bytes()),
            Source::Listed { tokens, .. } => content.add(&tokens.iter().flat_map(|token| token.to_le_bytes()).collect::<Vec<u8>>()),
        }
        Ok(())
    }
}

impl Tokens for Sequences {
    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn labels(&self) -> usize {
        match self.labels {
            Labels::Next => 1,
            Labels::Each => self.length,
        }
    }

    fn read(&self, index: usize, tokens: &mut [u32], labels: &mut Vec<u32>) -> Result<(), DataError> {
        let followed = self.followed(index);
        tokens.copy_from_slice(&followed[..self.length]);
        match self.labels {
            Labels::Each => labels.extend(&followed[1..]),
            Labels::Next if self.classes == self.vocabulary => labels.extend(followed.last()),
            Labels::Next => labels.push((index % self.classes) as u32),
        }
        Ok(())
    }
}

assay_core::register! {
    dyn Dataset,
    name: "tokens",
    summary: "sequences of tokens for networks that read whole numbers: drawn uniformly, or of a file of ids",
    settings: Given,
    build: |given| Ok(Box::new(Sequences::open(given)?)),
}

#[cfg(test)]
mod tests {
    use assay_core::data::{Augmentation, Minibatch, fingerprint};
    use assay_core::plugin::Settings;
    use assay_fuzz::Fuzz;

    use super::*;

    fn made(settings: &Settings) -> Result<Box<dyn Dataset>, SettingsError> {
        Ok(Box::new(Sequences::open(settings.read()?)?))
    }

    fn short() -> Settings {
        Settings::none().with("length", 5).with("vocabulary", 7)
    }

    /// A file of ids in a folder of its own, which lives as long as the test.
    fn file(text: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.txt");
        std::fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        (folder, path)
    }

    #[test]
    fn drawn_tokens_are_uniform_and_a_function_of_seed_and_index() {
        let (one, other) = (made(&short()).unwrap(), made(&short().with("seed", 1)).unwrap());
        let read = |dataset: &dyn Dataset, index: usize| {
            let (mut tokens, mut labels) = ([0; 5], Vec::new());
            dataset.tokens().unwrap().read(index, &mut tokens, &mut labels).unwrap();
            (tokens, labels)
        };
        assert_eq!(read(one.as_ref(), 3), read(one.as_ref(), 3));
        assert_ne!(read(one.as_ref(), 3), read(one.as_ref(), 4));
        assert_ne!(read(one.as_ref(), 3), read(other.as_ref(), 3));
        let mut counts = [0_u32; 7];
        for index in 0..10_000 {
            let (tokens, labels) = read(one.as_ref(), index);
            tokens.iter().chain(&labels).for_each(|token| counts[*token as usize] += 1);
        }
        // 60,000 draws: a count has a mean of 8,571 and a deviation of 86.
        assert!(counts.iter().all(|count| count.abs_diff(8571) < 430), "{counts:?}");
        assert_ne!(fingerprint(one.as_ref()).unwrap(), fingerprint(other.as_ref()).unwrap());
        let each = made(&short().with("labels", "each")).unwrap();
        assert_ne!(fingerprint(one.as_ref()).unwrap(), fingerprint(each.as_ref()).unwrap());
    }

    #[test]
    fn a_file_is_cut_into_sequences_whose_labels_are_what_follows() {
        let (_folder, path) = file("0 1, 2\n3 4\t5\r\n6,0,1 2 3 4\n");
        let settings = short().with("path", path.as_str());
        let dataset = made(&settings).unwrap();
        assert_eq!((dataset.len(), dataset.shape(), dataset.classes()), (2, Shape::vector(5), 7));
        let all = |dataset: &dyn Dataset| Minibatch::sample(dataset, 2, Augmentation::None, &Stream::new(0, "order")).unwrap();
        let (next, each) = (all(dataset.as_ref()), all(made(&settings.clone().with("labels", "each")).unwrap().as_ref()));
        let first = usize::from(next.pixels()[0] != 0.0);
        assert_eq!(next.part(first, 1).pixels(), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(next.part(1 - first, 1).pixels(), [5.0, 6.0, 0.0, 1.0, 2.0]);
        assert_eq!((next.part(first, 1).labels(), next.part(1 - first, 1).labels()), ([5].as_slice(), [3].as_slice()));
        assert_eq!(each.part(first, 1).labels(), [1, 2, 3, 4, 5]);
        assert_eq!(each.part(1 - first, 1).labels(), [6, 0, 1, 2, 3]);
        let in_turn = made(&settings.clone().with("classes", 2)).unwrap();
        let mut labels = all(in_turn.as_ref()).labels().to_vec();
        labels.sort_unstable();
        assert_eq!(labels, [0, 1]);
        assert!(Minibatch::sample(dataset.as_ref(), 3, Augmentation::None, &Stream::new(0, "order")).is_err());
        assert!(dataset.read(0, &mut [0; 5]).is_err());
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let refused = |settings: Settings| made(&settings).err().unwrap().to_string();
        let (_folder, path) = file("0 1 2 9\n");
        let of_file = || Settings::none().with("path", path.as_str());
        let larger = refused(of_file().with("length", 2).with("vocabulary", 7));
        assert_eq!(larger, "`path`: ids.txt, line 1: `9` is not a whole number from 0 to 6, as `vocabulary` says");
        assert_eq!(
            refused(of_file().with("length", 4)),
            "`length`: is 4, but ids.txt holds 4 tokens, and a sequence needs one more for its label"
        );
        assert_eq!(
            refused(of_file().with("length", 1).with("sequences", 4)),
            "`sequences`: is 4, but ids.txt holds 3 sequences of 1 tokens"
        );
        assert!(refused(short().with("labels", "each").with("classes", 3)).starts_with("`classes`: is 3, but the labels of each token"));
        assert!(refused(Settings::none().with("path", "nowhere/ids.txt")).starts_with("`path`: "));
    }

    #[test]
    fn damaged_tokens() {
        Fuzz::of("tokens::tests::damaged_tokens").seed("0 1 2 3 4 5 6\n1,2,3\t12\r\n 7").words(&["-1", "99999999999", ",,"]).run(|bytes| {
            let _ = listed("ids", bytes, 13);
        });
    }
}
