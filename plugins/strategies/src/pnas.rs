//! `pnas`: a surrogate chooses what to evaluate while architectures are decided edge by edge (after Liu et al., "Progressive
//! Neural Architecture Search", ECCV 2018).
//!
//! PNAS grows cells block by block. The architectures of a space here have all their edges, so an edge that is not decided yet
//! has what a random base architecture has there. In each stage, every architecture of the beam is varied on the next edge,
//! the surrogate predicts all of these, the most promising are evaluated and are the next beam, and the surrogate learns from
//! them. After the last edge it begins again from another base, with what the surrogate knows. The surrogate is linear in the
//! operators of edges, where the paper has a recurrent network.

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError, ValueKind};
use assay_core::subspace::Subspace;
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::policy::edges;
use crate::parts::surrogate::Surrogate;
use crate::parts::variation::{draw, neighbours};

assay_core::register! {
    dyn SearchStrategy,
    name: "pnas",
    summary: "edge by edge, what a surrogate holds for best is evaluated (after Liu et al., ECCV 2018)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Pnas::new(settings)?)),
}

/// What `pnas` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    Setting {
        name: "beam",
        kind: ValueKind::Integer { min: 1, max: 1_000_000 },
        default: Setting::said("5"),
        help: "architectures that are evaluated in each stage and varied in the next",
    },
    EXCLUDE,
];

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    beam: usize,
}

impl Default for Given {
    fn default() -> Self {
        Self { beam: 5 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct Pnas {
    guide: Guide,
    given: Given,
}

impl Pnas {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type or settings contradict each other.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::from(settings)?, given: settings.parse()? })
    }
}

impl SearchStrategy for Pnas {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        format!("pnas: {}, beam of {}, a linear surrogate", self.guide.protocol(), self.given.beam)
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("bases").rng();
        if let Some(limit) = self.guide.by.budget.evaluations {
            oracle.expect(limit);
        }
        let edges = edges(oracle.space(), &allowed, &mut rng)?;
        while !oracle.is_spent() {
            let mut beam = vec![draw(oracle.space(), &allowed, &mut rng)?];
            oracle.evaluate(&beam)?;
            for edge in &edges {
                let mut varied = beam.clone();
                for one in &beam {
                    let around = neighbours(oracle.space(), &allowed, one).into_iter();
                    varied.extend(around.filter(|other| edge.chosen(other) != edge.chosen(one)));
                }
                varied.sort();
                varied.dedup();
                // Aggregates change their minds about the earlier ones, so the surrogate learns from the verdicts of now.
                let mut surrogate = Surrogate::new(&edges);
                for (number, evaluation) in oracle.history().iter().enumerate() {
                    if let Some(goodness) = oracle.goodness(number) {
                        surrogate.see(&evaluation.architecture, goodness);
                    }
                }
                let fit = surrogate.fit();
                let known = |one: &Subspace| oracle.find(one).and_then(|number| oracle.goodness(number));
                let mut promising: Vec<(f64, Subspace)> =
                    varied.into_iter().map(|one| (known(&one).unwrap_or_else(|| fit.predict(&one)), one)).collect();
                promising.sort_by(|one, other| other.0.total_cmp(&one.0));
                beam = promising.into_iter().take(self.given.beam).map(|(_, one)| one).collect();
                let new: Vec<Subspace> = beam.iter().filter(|one| oracle.find(one).is_none()).cloned().collect();
                oracle.evaluate(&new)?;
                if oracle.is_spent() {
                    break;
                }
            }
        }
        oracle.found()
    }
}
