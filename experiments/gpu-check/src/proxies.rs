//! Architectures a second of proxies with their default settings, on NAS-Bench-201.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::thread;

use assay_core::data::Dataset;
use assay_core::engine::Engine;
use assay_core::plugin::{Draws, Proxy, Registry, SearchSpace, Settings, Subject, draw_architectures};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use miette::IntoDiagnostic;

use crate::bench::{Bench, Problem, Timed};
use crate::subjects;

/// Architectures of one call. Their costs differ, so every call and every engine has the same ones.
const SAMPLE: usize = 4;

/// The proxies with the passes that they take, about: one forward is 1, one backward 2. SynFlow's are of one image, which is nothing
/// beside those of a batch.
const PROXIES: [(&str, f64); 4] = [("synflow", 0.1), ("naswot", 1.0), ("snip", 3.0), ("grad-norm", 3.0)];

/// What all scores have in common.
struct Scores<'a> {
    space: &'a dyn SearchSpace,
    dataset: &'a dyn Dataset,
    draws: Draws,
    sample: &'a [Subspace],
    /// How many are measured at once.
    at_once: usize,
}

/// Measures all proxies. An engine on the processor measures several architectures at once, as a run does; another one by one.
pub(crate) fn measure(bench: &mut Bench) -> miette::Result<()> {
    let space = subjects::space("nas-bench-201", &Settings::none())?;
    let dataset = subjects::dataset(&bench.data)?;
    let proxies = Registry::<Proxy>::collect().into_diagnostic()?;
    let sample = draw_architectures(space.as_ref(), &Subspace::whole(space.layout()), SAMPLE, &Stream::new(0, "rates"));
    let at_once = if bench.name == "cpu" { bench.threads.get().min(SAMPLE) } else { 1 };
    let draws = Draws { parameters: Stream::new(0, "weights"), images: Stream::new(0, "images") };
    let scores = Scores { space: space.as_ref(), dataset: dataset.as_ref(), draws, sample: &sample, at_once };
    let each = NonZeroUsize::new(bench.threads.get() / at_once).unwrap_or(NonZeroUsize::MIN);
    for (name, passes) in PROXIES {
        let proxy = proxies.build(name, &Settings::none()).into_diagnostic()?;
        let timed = Timed { case: name, items: sample.len() as f64, like: "proxies", operations: passes };
        bench.time(&timed, |engine| {
            let own = engine.on_threads(each);
            // That of the first architecture tells engines apart.
            Ok(scores.of(&proxy, own.as_deref().unwrap_or(engine))?.first().copied().flatten())
        })?;
    }
    Ok(())
}

impl Scores<'_> {
    /// The scores of the sample, in its order; none where they are undefined.
    fn of(&self, proxy: &Proxy, engine: &dyn Engine) -> Result<Vec<Option<f64>>, Problem> {
        let score = |subspace: &Subspace| -> Result<Option<f64>, String> {
            let subject = Subject { space: self.space, subspace, dataset: self.dataset, engine, draws: &self.draws };
            proxy.measure(&subject).map(|reading: Reading| reading.value()).map_err(|error| error.to_string())
        };
        let found = Mutex::new(vec![Ok(None); self.sample.len()]);
        let left = Mutex::new(self.sample.iter().enumerate());
        let work = || {
            loop {
                let next = left.lock().map_or(None, |mut left| left.next());
                let Some((position, subspace)) = next else { return };
                let own = score(subspace);
                if let Ok(mut found) = found.lock() {
                    found[position] = own;
                }
            }
        };
        // On this thread where it is one alone, as a card's engine is used everywhere else.
        if self.at_once == 1 {
            work();
        } else {
            thread::scope(|scope| (0..self.at_once).for_each(|_| drop(scope.spawn(work))));
        }
        let found = found.into_inner().map_err(|_| "a measurement panicked")?;
        Ok(found.into_iter().collect::<Result<_, String>>()?)
    }
}
