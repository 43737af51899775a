//! Training what requests ask for: several architectures at once where there are threads and memory for them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use assay_core::experiment::{OnError, Training};
use assay_core::graph::Graph;
use assay_core::plugin::{Request, SearchError, called};
use assay_training::{Job, Tests, TrainingError, train_until};
use rayon::prelude::*;

use super::course::{Course, Judged};
use super::{Answered, Checkpoints, Trainings};
use crate::bench::records::Record;
use crate::bench::workbench::{FAILED, Workbench};
use crate::{Observer, machine};

/// What training is done with.
#[derive(Clone, Copy)]
pub(crate) struct With<'a> {
    pub(crate) workbench: &'a Workbench,
    pub(crate) checkpoints: &'a Checkpoints,
    pub(crate) answered: &'a Answered,
    pub(crate) observer: &'a dyn Observer,
    /// Sees each record as soon as it is there.
    pub(crate) finished: &'a (dyn Fn(&[Record]) -> Result<(), SearchError> + Sync),
}

/// The records of a training, with the positions of their requests.
type Found = Result<Vec<(usize, Record)>, SearchError>;

impl Trainings {
    /// Trains what these requests ask for, and gives the records in the order of the requests. Requests for one training after
    /// different epochs are answered by one training.
    ///
    /// # Errors
    /// Of the failures that were met, the one of the first request; or that the user interrupted.
    pub(crate) fn answer(&self, requests: &[&Request], with: With<'_>) -> Result<Vec<Record>, SearchError> {
        let trainings = self.group(requests, with.answered)?;
        let failed = AtomicBool::new(false);
        let run = |of: &Vec<Judged<'_>>, threads: NonZeroUsize| -> Found {
            if with.observer.is_interrupted() || failed.load(Ordering::Relaxed) {
                return Err(SearchError::Interrupted);
            }
            let found = self.train(of, threads, with);
            failed.fetch_or(found.is_err(), Ordering::Relaxed);
            found
        };
        let pool = &with.workbench.threads;
        let threads = pool.current_num_threads();
        let together = self.fitting(&trainings, with.workbench).unwrap_or(threads).clamp(1, threads);
        let mut outcomes: Vec<Found> = Vec::new();
        // The last trainings, if they are fewer than what is trained together, share out all threads.
        let (full, last) = trainings.split_at(trainings.len() - trainings.len() % together);
        for (trainings, at_once) in [(full, together), (last, last.len())] {
            let share = NonZeroUsize::new(threads / at_once.max(1)).unwrap_or(NonZeroUsize::MIN);
            if at_once == threads {
                // Begun in order, whoever has time.
                let one = |(position, of)| (position, run(of, share));
                let mut found: Vec<(usize, Found)> = pool.install(|| trainings.iter().enumerate().par_bridge().map(one).collect());
                found.sort_by_key(|(position, _)| *position);
                outcomes.extend(found.into_iter().map(|(_, found)| found));
            } else {
                for trainings in trainings.chunks(at_once.max(1)) {
                    outcomes.extend(pool.install(|| trainings.par_iter().map(|of| run(of, share)).collect::<Vec<_>>()));
                }
            }
        }
        let mut records: Vec<Option<Record>> = requests.iter().map(|_| None).collect();
        let mut interrupted = false;
        for outcome in outcomes {
            match outcome {
                Ok(found) => found.into_iter().for_each(|(position, record)| records[position] = Some(record)),
                // Also trainings that were not begun because another one failed, whose error says more.
                Err(SearchError::Interrupted) => interrupted = true,
                Err(error) => return Err(error),
            }
        }
        let all: Option<Vec<Record>> = records.into_iter().collect();
        all.filter(|_| !interrupted).ok_or(SearchError::Interrupted)
    }

    /// The requests by the training that answers them, the trainings in the order asked, the shortest answer first.
    fn group<'r>(&self, requests: &[&'r Request], answered: &Answered) -> Result<Vec<Vec<Judged<'r>>>, SearchError> {
        let mut trainings: Vec<Vec<Judged<'r>>> = Vec::new();
        for (position, &request) in requests.iter().enumerate() {
            let epochs = self.epochs(&request.label).ok_or_else(|| SearchError::UnknownProxy(request.label.clone()))?;
            let judged = Judged { request, position, epochs, paid: 0 };
            let same = |of: &&mut Vec<Judged<'_>>| {
                let first = of[0].request;
                first.subspace == request.subspace && first.parameters == request.parameters
            };
            match trainings.iter_mut().find(same) {
                Some(training) => training.push(judged),
                None => trainings.push(vec![judged]),
            }
        }
        for training in &mut trainings {
            training.sort_by_key(|judged| judged.epochs);
            let mut before = 0;
            for judged in training {
                judged.paid = before.max(answered.before(judged.request, judged.epochs));
                before = judged.epochs;
            }
        }
        Ok(trainings)
    }

    /// How many of these trainings fit the memory at once; nothing if that is not known.
    fn fitting(&self, trainings: &[Vec<Judged<'_>>], workbench: &Workbench) -> Option<usize> {
        let needed = |of: &Vec<Judged<'_>>| {
            let graph = self.graph(workbench.space.as_ref(), &of[0].request.subspace, workbench.dataset.as_ref()).ok()?;
            assay_training::memory(&self.job((&self.recipe, 0), graph, workbench, NonZeroUsize::MIN)).ok()
        };
        let most = trainings.iter().filter_map(needed).max()?;
        usize::try_from(machine::available_memory()? / (most.max(1) as u64)).ok()
    }

    /// The training of a network by this recipe and seed.
    fn job<'a>(
        &'a self,
        (recipe, seed): (&'a Training, u64),
        graph: Arc<Graph>,
        workbench: &'a Workbench,
        threads: NonZeroUsize,
    ) -> Job<'a> {
        let (train, test) = (workbench.dataset.as_ref(), self.test.as_ref());
        Job { recipe, graph, seed, train, test, threads, memory: machine::available_memory(), tests: Tests::After(&self.judged) }
    }

    /// Trains one architecture as far as it is asked for.
    fn train(&self, of: &[Judged<'_>], threads: NonZeroUsize, with: With<'_>) -> Found {
        let With { workbench, checkpoints, observer, finished, .. } = with;
        let [Judged { request, paid, .. }, ..] = of[..] else { return Ok(Vec::new()) };
        let last = of[of.len() - 1].epochs;
        let (space, train) = (workbench.space.as_ref(), workbench.dataset.as_ref());
        let file = checkpoints.file(request);
        let mut course = Course {
            judged: of,
            records: Vec::new(),
            finished,
            observer,
            checkpoints,
            file: &file,
            is_kept: self.judged.last().is_some_and(|longest| last < *longest),
            threads: threads.get(),
            told: paid,
            saved: Instant::now(),
        };
        let failed = |error: &dyn std::fmt::Display| SearchError::Measurement {
            proxy: request.label.clone(),
            subspace: called(space, &request.subspace),
            problem: error.to_string(),
        };
        let graph = self.graph(space, &request.subspace, train);
        let (Ok(graph), Some(seed)) = (&graph, self.seed(request)) else {
            let error: String =
                graph.err().map_or_else(|| format!("`{}` is not a training", request.parameters), |error| error.to_string());
            return self.end(course, workbench.on_error, failed(&error), false);
        };
        let recipe = Training { architecture: Some(called(space, &request.subspace)), ..self.recipe.clone() };
        let job = self.job((&recipe, seed), graph.clone(), workbench, threads);
        let lacks_memory = |error: &TrainingError| matches!(error, TrainingError::Memory { .. });
        if let Err(error) = assay_training::check(&job) {
            return self.end(course, workbench.on_error, failed(&error), lacks_memory(&error));
        }
        let checkpoint = Checkpoints::read(&file).map_err(|error| failed(&format!("{}: {error}", file.display())))?;
        let mut outcome = train_until(&job, last, checkpoint.as_deref(), &mut course);
        if let Err(TrainingError::Checkpoint(problem)) = &outcome {
            let said = format!("the checkpoint `{}` cannot be continued ({problem}): the training begins again", file.display());
            tracing::warn!("{said}");
            observer.warn(&said);
            Checkpoints::remove(&file);
            outcome = train_until(&job, last, None, &mut course);
        }
        match outcome {
            Ok(curve) => {
                course.tell(last);
                course.answer(&curve)?;
            }
            Err(TrainingError::Interrupted) => return Err(SearchError::Interrupted),
            Err(TrainingError::Observer(problem)) => return Err(SearchError::Storage(problem)),
            Err(TrainingError::Diverged { epoch, step }) => {
                course.tell(last);
                course.undefined(&format!("the training diverged: the loss of step {step} of epoch {epoch} is not a number"), false)?;
            }
            Err(error) => return self.end(course, workbench.on_error, failed(&error), lacks_memory(&error)),
        }
        if !course.is_kept {
            Checkpoints::remove(&file);
        }
        Ok(course.records)
    }

    /// What a training that failed is: undefined scores, or the end of the run.
    fn end(&self, mut course: Course<'_, '_>, on_error: OnError, error: SearchError, lacked_memory: bool) -> Found {
        let SearchError::Measurement { problem, .. } = &error else { return Err(error) };
        if on_error == OnError::Stop {
            return Err(error);
        }
        let last = course.judged.last().map_or(0, |judged| judged.epochs);
        course.tell(last);
        course.undefined(&format!("{FAILED}{problem}"), lacked_memory)?;
        Ok(course.records)
    }
}
