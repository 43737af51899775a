//! Which engine measures which network: the experiment's own, and another one where it cannot.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay_core::data::Dataset;
use assay_core::engine::{Engine, EngineError, Resources, WithFallback};
use assay_core::experiment::Assembly;
use assay_core::plugin::{MacroNet, SearchSpace, WholeNetwork};
use assay_core::subspace::Subspace;

use crate::RunError;

/// The engine that runs any network.
const FALLBACK: &str = "burn-flex";

/// So many architectures of a space are looked at: of a space of files all, of others the first.
const LOOKED_AT: u128 = 4096;

/// The engines of a run.
pub(super) struct Engines {
    /// What measures.
    pub(super) engine: Box<dyn Engine>,
    fallback: Option<Fallback>,
}

/// Another engine than the experiment's own that has a part in the run.
struct Fallback {
    /// Its name.
    name: String,
    /// How many networks it measures, of how many; none where it is all.
    of: Option<(usize, usize)>,
    /// Why the own engine does not measure the first of them.
    because: EngineError,
    /// The architectures of which it is known that this one measures them.
    architectures: BTreeSet<Subspace>,
}

impl Engines {
    /// The engine that an experiment names, with [`FALLBACK`] for networks that it does not support.
    ///
    /// # Errors
    /// If an engine cannot be made.
    pub(super) fn of(
        assembly: &Assembly<'_>,
        resources: &Resources,
        space: &dyn SearchSpace,
        dataset: &dyn Dataset,
    ) -> Result<Self, RunError> {
        let failed = |error: EngineError| RunError::Machine(error.to_string());
        let own = assembly.engine()?.make(resources).map_err(failed)?;
        let Some(other) = assembly.other_engine(FALLBACK) else { return Ok(Self { engine: own, fallback: None }) };
        let other: Arc<dyn Engine> = Arc::from(other.make(resources).map_err(failed)?);
        let fallback = Fallback::of(own.as_ref(), other.as_ref(), space, &WholeNetwork::default().net(dataset));
        Ok(Self { engine: Box::new(WithFallback::new(own, other)), fallback })
    }

    /// The engines, for protocols.
    pub(super) fn describe(&self) -> String {
        let own = self.engine.name();
        match &self.fallback {
            None => own,
            Some(Fallback { name, of: None, .. }) => format!("{name}, as {own} cannot run these networks"),
            Some(Fallback { name, of: Some((some, all)), .. }) => format!("{own}, and {name} for {some} of {all} networks"),
        }
    }

    /// What people have to know who believe that the experiment's own engine measures all.
    pub(super) fn told(&self) -> Option<String> {
        let Fallback { name, of, because, .. } = self.fallback.as_ref()?;
        let networks = of.map_or_else(|| "these networks".to_owned(), |(some, all)| format!("{some} of {all} networks"));
        Some(format!("engine `{name}` measures {networks}: {because}"))
    }

    /// The name of the engine that measures this architecture, where it is not the experiment's own.
    pub(super) fn other_of(&self, architecture: &Subspace) -> Option<&str> {
        // Of a space that builds its networks, the first stands for all.
        let measures = |fallback: &&Fallback| fallback.of.is_none() || fallback.architectures.contains(architecture);
        Some(&self.fallback.as_ref().filter(measures)?.name)
    }
}

impl Fallback {
    /// The part of `other` in a run over this space, if it has one.
    fn of(own: &dyn Engine, other: &dyn Engine, space: &dyn SearchSpace, net: &MacroNet) -> Option<Self> {
        let whole = Subspace::whole(space.layout());
        // The networks of a space that builds them are of the same operators; those that were given to a space can be of any.
        let looked_at = if space.protocol().is_some() { LOOKED_AT } else { 1 };
        let architectures = (0..space.numbers(&whole).min(looked_at)).filter_map(|number| space.architecture(&whole, number));
        let (mut count, mut first, mut unsupported) = (0_usize, None, BTreeSet::new());
        for architecture in architectures {
            count += 1;
            // What cannot be built is told when it is measured.
            if let Some(because) = space.lower(&architecture, net).ok().and_then(|graph| own.supports(&graph).err()) {
                first.get_or_insert(because);
                unsupported.insert(architecture);
            }
        }
        let because = first?;
        let of = Some((unsupported.len(), count)).filter(|(some, all)| some < all);
        Some(Self { name: other.name(), of, because, architectures: unsupported })
    }
}
