//! `rsps`: random search with parameter sharing (Li & Talwalkar, "Random Search and Reproducibility for Neural Architecture Search", UAI
//! 2019), as the codes of NATS-Bench and NAS-Bench-201 do it.
//!
//! Weights learn on architectures drawn uniformly, and the supernet judges others. In the code of NAS-Bench-201 all cells have the
//! architecture of a step in common. In that of NATS-Bench each cell draws its own, of which no node has `none` alone, a second
//! batch is looked at for the statistics' sake, and candidates are different ones: the network is judged as it was not trained.

use assay_core::plugin::supernet::{Kept, Passed};
use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;

use crate::parts::oneshot::choice::{different, uniform, uniform_alive};
use crate::parts::oneshot::method::{Ending, Method, Moment};
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::{ChoiceSettings, Code, Script, TrainingSettings};
use crate::parts::oneshot::steps::Course;

assay_core::register! {
    dyn SearchStrategy,
    name: "rsps",
    summary: "random search with parameter sharing: a supernet judges random architectures (Li & Talwalkar, UAI 2019)",
    settings: Rsps,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Rsps {
        with training: TrainingSettings;
        with choice: ChoiceSettings;
    }
}

impl Rsps {
    /// An architecture for each cell.
    fn by_cell(&self, course: &Course<'_>, stream: &Stream) -> Vec<Subspace> {
        let layout = course.supernet.space().layout();
        (0..course.supernet.cells()).map(|cell| uniform_alive(layout, &mut stream.child(cell).rng())).collect()
    }
}

impl Method for Rsps {
    const NAME: &'static str = "rsps";

    type Policy = ();

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        match self.training.code {
            Code::Nats => Script::usual(100, None),
            Code::Nb201 | Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => Script::usual(250, Some(5.0)),
        }
    }

    fn protocol(&self) -> String {
        self.choice.protocol(&self.script())
    }

    fn has_second(&self) -> bool {
        self.training.code == Code::Nats
    }

    fn policy(&self, _: &dyn SearchSpace, _: &Stream) -> Result<(), SearchError> {
        Ok(())
    }

    fn step(&self, course: &mut Course<'_>, (): &mut (), moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let draws = moment.stream.child("architecture");
        match self.training.code {
            Code::Nb201 | Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => {
                let drawn = uniform(course.supernet.space().layout(), &mut draws.rng());
                Ok(course.single(moment.base, Kept::Shared(&drawn), moment.by)?)
            }
            Code::Nats => {
                let passed = course.single(moment.base, Kept::ByCell(&self.by_cell(course, &draws)), moment.by)?;
                if let Some(arch) = moment.arch {
                    course.look(arch, Kept::ByCell(&self.by_cell(course, &moment.stream.child("second architecture"))))?;
                }
                Ok(passed)
            }
        }
    }

    fn ending(&self) -> Ending<'_> {
        Ending::Judged(&self.choice)
    }

    fn candidates(&self, course: &Course<'_>, (): &(), stream: &Stream) -> Vec<Subspace> {
        let layout = course.supernet.space().layout();
        match self.training.code {
            Code::Nats => different(layout, self.choice.candidates, stream),
            Code::Nb201 | Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => {
                let mut rng = stream.rng();
                (0..self.choice.candidates).map(|_| uniform(layout, &mut rng)).collect()
            }
        }
    }
}
