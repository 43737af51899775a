//! Where the time of measurements goes, by kind of work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Convolutions and linear layers.
    Convolution(ConvolutionPass, Kernel),
    /// Batch normalisation: its statistics and values.
    BatchNorm,
    /// The gradients of batch normalisation: its sums over the batch, and its input's gradient.
    BatchNormGradient,
    /// ReLU and other functions of each number, and their gradients where these are passes of their own.
    Relu,
    /// Pools.
    Pool,
    /// The gradients of pools.
    PoolGradient,
    /// Sums, products, concatenations, shifts, and their gradients.
    Sum,
    /// From sums over the batch to the gradients of parameters.
    Collect,
    /// The inner products of gradient rows.
    Gram,
    /// The eigenvalues of Gram matrices.
    Eigenvalues,
    /// Reading images.
    Images,
}

/// What is computed of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvolutionPass {
    /// Its values.
    Forward,
    /// The gradient of its input.
    DataGradient,
    /// The gradient of its weight.
    WeightGradient,
}

/// The size of a convolution's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// 1×1, and linear layers.
    One,
    /// 3×3.
    Three,
    /// 5×5.
    Five,
    /// 7×7.
    Seven,
    /// Any other.
    Other,
    /// Several convolutions of different sizes that are computed as one.
    Several,
}

impl Kernel {
    /// The kernel of `size` rows and columns.
    #[must_use]
    pub const fn of(size: usize) -> Self {
        match size {
            1 => Self::One,
            3 => Self::Three,
            5 => Self::Five,
            7 => Self::Seven,
            _ => Self::Other,
        }
    }
}

const PASSES: [ConvolutionPass; 3] = [ConvolutionPass::Forward, ConvolutionPass::DataGradient, ConvolutionPass::WeightGradient];
const KERNELS: [Kernel; 6] = [Kernel::One, Kernel::Three, Kernel::Five, Kernel::Seven, Kernel::Other, Kernel::Several];
const OTHERS: [Work; 10] = [
    Work::BatchNorm,
    Work::BatchNormGradient,
    Work::Relu,
    Work::Pool,
    Work::PoolGradient,
    Work::Sum,
    Work::Collect,
    Work::Gram,
    Work::Eigenvalues,
    Work::Images,
];
const CONVOLUTIONS: usize = PASSES.len() * KERNELS.len();
const KINDS: usize = CONVOLUTIONS + OTHERS.len();

impl Work {
    fn index(self) -> usize {
        match self {
            Self::Convolution(pass, kernel) => pass as usize * KERNELS.len() + kernel as usize,
            other => CONVOLUTIONS + OTHERS.iter().position(|work| *work == other).unwrap_or(0),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        PASSES.into_iter().flat_map(|pass| KERNELS.into_iter().map(move |kernel| Self::Convolution(pass, kernel))).chain(OTHERS)
    }
}

impl std::fmt::Display for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (pass, kernel) = match self {
            Self::Convolution(pass, kernel) => (pass, kernel),
            Self::BatchNorm => return f.write_str("batch normalisation, forward"),
            Self::BatchNormGradient => return f.write_str("batch normalisation, gradients"),
            Self::Relu => return f.write_str("ReLU, both ways"),
            Self::Pool => return f.write_str("pools, forward"),
            Self::PoolGradient => return f.write_str("pools, gradients"),
            Self::Sum => return f.write_str("sums and copies, both ways"),
            Self::Collect => return f.write_str("parameter gradients from sums"),
            Self::Gram => return f.write_str("Gram matrices"),
            Self::Eigenvalues => return f.write_str("eigenvalues"),
            Self::Images => return f.write_str("reading of images"),
        };
        let kernel = match kernel {
            Kernel::One => "1×1",
            Kernel::Three => "3×3",
            Kernel::Five => "5×5",
            Kernel::Seven => "7×7",
            Kernel::Other => "of other sizes",
            Kernel::Several => "of several sizes at once",
        };
        let pass = match pass {
            ConvolutionPass::Forward => "forward",
            ConvolutionPass::DataGradient => "data gradient",
            ConvolutionPass::WeightGradient => "weight gradient",
        };
        write!(f, "convolution {kernel}, {pass}")
    }
}

#[derive(Debug, Default)]
struct Counter {
    nanoseconds: AtomicU64,
    operations: AtomicU64,
}

/// Adds up time and floating-point operations by kind of work, over all threads.
///
/// A measurement without a profile reads no clock.
#[derive(Debug, Default)]
pub struct Profile {
    counters: [Counter; KINDS],
}

/// What a profile knows of one kind of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// Which.
    pub work: Work,
    /// Its time, summed over threads.
    pub time: Duration,
    /// Its floating-point operations as the graph counts them, a multiply-add as two: work that vector lanes do on
    /// copies or on nothing is not counted. 0 where they are not counted.
    pub operations: u64,
}

impl Spent {
    /// 10⁹ floating-point operations a second of thread time, where they are counted.
    #[must_use]
    pub fn gigaflops(&self) -> Option<f64> {
        (self.operations > 0 && !self.time.is_zero()).then(|| self.operations as f64 / self.time.as_nanos() as f64)
    }
}

impl Profile {
    /// Runs `work` and adds its time. `what` says which kind it was and how many operations.
    pub fn time<T>(&self, what: impl FnOnce() -> (Work, u64), work: impl FnOnce() -> T) -> T {
        let (kind, operations) = what();
        let start = Instant::now();
        let result = work();
        let counter = &self.counters[kind.index()];
        counter.nanoseconds.fetch_add(nanoseconds(start), Ordering::Relaxed);
        counter.operations.fetch_add(operations, Ordering::Relaxed);
        result
    }

    /// What was spent, by kind; kinds that did not occur are left out.
    #[must_use]
    pub fn spent(&self) -> Vec<Spent> {
        let of = |work: Work| {
            let counter = &self.counters[work.index()];
            let time = Duration::from_nanos(counter.nanoseconds.load(Ordering::Relaxed));
            Spent { work, time, operations: counter.operations.load(Ordering::Relaxed) }
        };
        Work::all().map(of).filter(|spent| !spent.time.is_zero()).collect()
    }
}

fn nanoseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Times work if there is a profile, and otherwise only does it.
#[derive(Clone, Copy, Debug)]
pub struct Meter<'a>(pub Option<&'a Profile>);

impl Meter<'_> {
    /// Does `work`; where there is a profile, `what` says which kind it was and how many operations.
    #[inline]
    pub fn time<T>(&self, what: impl FnOnce() -> (Work, u64), work: impl FnOnce() -> T) -> T {
        match self.0 {
            Some(profile) => profile.time(what, work),
            None => work(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_counter_and_a_name_of_its_own() {
        let all: Vec<Work> = Work::all().collect();
        let mut indices: Vec<usize> = all.iter().map(|work| work.index()).collect();
        indices.sort_unstable();
        assert_eq!(indices, (0..KINDS).collect::<Vec<_>>());
        let mut names: Vec<String> = all.iter().map(ToString::to_string).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), KINDS);
    }

    #[test]
    fn operations_and_times_add_up_by_kind() {
        let profile = Profile::default();
        let pause = Duration::from_millis(2);
        for _ in 0..2 {
            profile.time(|| (Work::Gram, 500), || std::thread::sleep(pause));
        }
        let spent = profile.spent();
        assert_eq!(spent.len(), 1);
        assert_eq!((spent[0].work, spent[0].operations), (Work::Gram, 1000));
        assert!(spent[0].time >= 2 * pause);
        assert!(spent[0].gigaflops().unwrap() <= 1000.0 / 4e6);
    }
}
