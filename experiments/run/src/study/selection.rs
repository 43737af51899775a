//! Which architectures a study is over.

use std::collections::{BTreeSet, HashMap};

use assay_core::experiment::{ArchitectureList, Experiment, Half, Isomorphic, Study, Unreachable};
use assay_core::plugin::{Listed, NotListed, Repeated, SearchSpace, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use rand::RngExt;

use super::halves::half_of;
use super::truth::Truth;
use crate::RunError;
use crate::bench::stored::Stored;
use assay_core::number::grouped;

/// What a study can be over.
enum Population<'a> {
    /// Every architecture of the space.
    Space(&'a dyn SearchSpace, Subspace),
    /// Those that the benchmark holds, as it writes them: it does not hold all of the space.
    Benchmark(&'a dyn SearchSpace, Vec<String>),
}

/// A study does not measure all architectures of a space that has more than this.
const LARGEST_WHOLE: u128 = 1_000_000;

/// One architecture of a study.
pub(super) struct Selected {
    /// As the space writes it.
    pub(super) text: String,
    /// Its number in the benchmark.
    pub(super) index: Option<u32>,
    /// Its operators.
    pub(super) subspace: Subspace,
    /// The position of the first architecture of the study that computes the same; its own, where each is measured.
    pub(super) measured_as: usize,
}

/// The architectures of a study, by their number in the benchmark, else in the order of the space.
pub(super) struct Selection {
    /// The architectures themselves.
    pub(super) architectures: Vec<Selected>,
    /// Whether they are the whole space.
    pub(super) is_whole: bool,
    /// How they were chosen and measured, for the protocol: `1,000 of 15,625 architectures, drawn with seed 0`.
    pub(super) description: String,
    /// What the study's list has more than once.
    pub(super) repeated: Vec<Repeated>,
}

impl Selection {
    /// The architectures as the space writes them.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.architectures.iter().map(|selected| selected.text.as_str()).collect()
    }

    /// Chooses.
    ///
    /// # Errors
    /// If an architecture cannot be read, the benchmark does not hold it, or there are too few or too many.
    pub(super) fn new(
        study: &Study,
        experiment: &Experiment,
        space: &dyn SearchSpace,
        truth: &Truth,
        stored: Option<&Stored>,
    ) -> Result<Self, RunError> {
        let seed = experiment.seed;
        let population = Population::new(space, truth)?;
        let count = population.count();
        let mut repeated = Vec::new();
        let (subspaces, how) = match (&study.architectures, study.sample, stored) {
            (Some(texts), _, _) => {
                let listed = listed(texts, experiment.listed.as_ref(), space)?;
                repeated = listed.repeated;
                (listed.architectures, "listed")
            }
            (None, Some(wanted), _) => (population.draw(wanted, &Stream::new(seed, "study").child("architectures"))?, "drawn"),
            (None, None, Some(stored)) => (stored.architectures().to_vec(), "of the table of scores"),
            (None, None, None) if count > LARGEST_WHOLE => {
                let problem = format!("the space holds {} architectures, too many to measure them all", grouped(count));
                return Err(RunError::refused(problem, "set `study.sample`, or list some in `study.architectures`"));
            }
            (None, None, None) => (population.all()?, "all"),
        };
        let is_whole = how == "all" || subspaces.len() as u128 == count;
        let mut architectures = Vec::with_capacity(subspaces.len());
        for subspace in subspaces {
            let text = space.write(&subspace).map_err(|error| RunError::Result(error.to_string()))?;
            architectures.push(Selected { index: truth.index(&text)?, text, subspace, measured_as: 0 });
        }
        architectures.sort_by_key(|architecture| architecture.index);
        let chosen = architectures.len();
        let reachable = match study.unreachable {
            Unreachable::Keep => None,
            Unreachable::LeaveOut => {
                leave_out_unreachable(&mut architectures, space, &experiment.space.name)?;
                Some(architectures.len())
            }
        };
        if let Some(half) = study.half {
            keep_half(&mut architectures, half, space, seed)?;
        }
        let classes = share(&mut architectures, study.isomorphic, space)?;
        // Before it was asked about all of them, nobody knew how many a filter keeps.
        let known = if how == "all" && space.filter().is_some() { chosen as u128 } else { count };
        let (some, all) = (grouped(chosen as u128), grouped(known));
        let held = if matches!(population, Population::Benchmark(..)) { " of the benchmark" } else { "" };
        let drawn = match (is_whole, how) {
            (true, _) => format!("all {all} architectures{held}"),
            (false, "drawn") => format!("{some} of {all} architectures{held}, drawn with seed {seed}"),
            (false, how) => format!("{some} of {all} architectures{held}, {how}"),
        };
        let drawn = match repeated.len() {
            0 => drawn,
            count => format!("{drawn}, without {count} that the list has again"),
        };
        let drawn = match reachable {
            None => drawn,
            Some(left) => format!("{drawn}; of them the {} whose operators are all on a path from input to output", grouped(left as u128)),
        };
        let drawn = match study.half {
            None => drawn,
            Some(half) => format!("{drawn}; of them the {} of the {half} half", grouped(architectures.len() as u128)),
        };
        let isomorphic = match classes {
            _ if stored.is_some() => String::new(),
            None => "; isomorphic ones measured each".into(),
            Some(classes) => format!("; isomorphic ones measured once ({} classes), by structural proxies each", grouped(classes as u128)),
        };
        // What a benchmark holds of a space is a part of it, however it was drawn.
        let is_whole = is_whole && held.is_empty() && study.half.is_none() && reachable.is_none();
        Ok(Self { architectures, is_whole, description: format!("{drawn}{isomorphic}"), repeated })
    }
}

/// Reads the architectures of these texts; `list` says where they stand, if in a file.
fn listed(texts: &[String], list: Option<&ArchitectureList>, space: &dyn SearchSpace) -> Result<Listed, RunError> {
    let problem = |error: NotListed| {
        let problem = list.map_or_else(|| error.to_string(), |list| format!("{}: {}", list.place(error.row), error.error));
        RunError::refused(format!("`study.architectures`: {problem}"), "write architectures as the space does")
    };
    let listed = Listed::read(space, texts).map_err(problem)?;
    if listed.architectures.len() < 2 {
        let again: String = listed.repeated.iter().map(|repeated| format!("; {repeated}")).collect();
        let problem = format!("`study.architectures`: {} cannot be correlated{again}", listed.architectures.len());
        return Err(RunError::refused(problem, "list two or more"));
    }
    Ok(listed)
}

impl<'a> Population<'a> {
    fn new(space: &'a dyn SearchSpace, truth: &Truth) -> Result<Self, RunError> {
        Ok(match truth.architectures()? {
            Some(mut held) => {
                if space.filter().is_some() {
                    held.retain(|text| space.parse(text).is_ok());
                }
                Self::Benchmark(space, held)
            }
            None => Self::Space(space, Subspace::whole(space.layout())),
        })
    }

    /// How many there are.
    fn count(&self) -> u128 {
        match self {
            Self::Space(space, whole) => space.numbers(whole),
            Self::Benchmark(_, held) => held.len() as u128,
        }
    }

    fn all(&self) -> Result<Vec<Subspace>, RunError> {
        match self {
            Self::Space(space, whole) => Ok((0..self.count()).filter_map(|number| space.architecture(whole, number)).collect()),
            Self::Benchmark(space, held) => held.iter().map(|text| of_benchmark(*space, text)).collect(),
        }
    }

    /// Different architectures, uniformly, in the order of the space or of the benchmark.
    fn draw(&self, wanted: u64, stream: &Stream) -> Result<Vec<Subspace>, RunError> {
        let count = self.count();
        let too_few = |count: u128| {
            let problem =
                format!("`study.sample`: {} architectures were asked for, the space holds {}", grouped(wanted.into()), grouped(count));
            RunError::refused(problem, "ask for fewer, or leave the line out for all of them")
        };
        if u128::from(wanted) > count {
            return Err(too_few(count));
        }
        match self {
            Self::Space(space, whole) => {
                let mut drawn = draw_architectures(*space, whole, usize::try_from(wanted).unwrap_or(usize::MAX), stream);
                if (drawn.len() as u64) < wanted {
                    return Err(too_few(drawn.len() as u128));
                }
                drawn.sort_unstable();
                Ok(drawn)
            }
            Self::Benchmark(space, held) => {
                let mut rng = stream.rng();
                let mut drawn = BTreeSet::new();
                while (drawn.len() as u64) < wanted {
                    drawn.insert(rng.random_range(0..held.len()));
                }
                drawn.into_iter().map(|position| of_benchmark(*space, &held[position])).collect()
            }
        }
    }
}

/// An architecture of the benchmark, as the space reads it.
fn of_benchmark(space: &dyn SearchSpace, text: &str) -> Result<Subspace, RunError> {
    let problem = |error| {
        RunError::refused(
            format!("the space cannot read an architecture of the benchmark: {error}"),
            "set [space] to that of the benchmark",
        )
    };
    space.parse(text).map_err(problem)
}

/// Leaves the architectures whose operators are all on a path from input to output, but for zeros.
fn leave_out_unreachable(architectures: &mut Vec<Selected>, space: &dyn SearchSpace, name: &str) -> Result<(), RunError> {
    let layout = space.layout();
    if layout.cells.iter().any(|cell| cell.wiring.is_none()) {
        let problem = format!("`study.unreachable`: the choices of the space `{name}` are not edges between the nodes of a cell");
        return Err(RunError::refused(problem, "leave study.unreachable out"));
    }
    architectures.retain(|selected| layout.all_reachable(&selected.subspace) == Some(true));
    if architectures.len() < 2 {
        let problem = format!("`study.unreachable`: {} of the study's architectures have every operator on a path", architectures.len());
        return Err(RunError::refused(problem, "take more architectures, or leave study.unreachable out"));
    }
    Ok(())
}

/// Leaves the architectures of one half.
fn keep_half(architectures: &mut Vec<Selected>, half: Half, space: &dyn SearchSpace, seed: u64) -> Result<(), RunError> {
    let halves = architectures.iter().map(|selected| half_of(&selected.subspace, space, seed)).collect::<Result<Vec<_>, _>>()?;
    let mut halves = halves.into_iter();
    architectures.retain(|_| halves.next() == Some(half));
    if architectures.len() < 2 {
        let problem = format!("`study.half`: {} of the study's architectures are in the {half} half", architectures.len());
        return Err(RunError::refused(problem, "take more architectures, or leave study.half out"));
    }
    Ok(())
}

/// Settles who is measured for whom, and counts the classes; `None` where each is measured.
fn share(architectures: &mut [Selected], isomorphic: Isomorphic, space: &dyn SearchSpace) -> Result<Option<usize>, RunError> {
    let mut first: HashMap<String, usize> = HashMap::new();
    for (position, architecture) in architectures.iter_mut().enumerate() {
        architecture.measured_as = match isomorphic {
            Isomorphic::Each => position,
            Isomorphic::Once => {
                let text = space.canonical(&architecture.subspace).map_err(|error| RunError::Result(error.to_string()))?;
                *first.entry(text).or_insert(position)
            }
        };
    }
    Ok((isomorphic == Isomorphic::Once).then_some(first.len()))
}
