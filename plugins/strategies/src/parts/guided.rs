//! What strategies that ask an oracle have in common.
//!
//! Such a strategy is a [`Method`]: it says which architectures are evaluated next. Who judges them, what may be spent and
//! which operators are left out is the same for all of them: the [`Guide`], made of [`GuideSettings`]. [`Guided`] makes a
//! strategy of both: it declares what the oracle will ask for, and runs the method.
//!
//! ```
//! use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
//! use assay_core::subspace::Subspace;
//! use assay_strategies::parts::guided::{Guide, GuideSettings, Guided, Method};
//! use assay_strategies::parts::oracle::Oracle;
//!
//! assay_core::settings! {
//!     /// The strategy.
//!     #[derive(Clone, Debug)]
//!     pub struct InOrder {
//!         with guide: GuideSettings;
//!         /// the number of the first architecture
//!         first: u64 = 0;
//!     }
//! }
//!
//! assay_core::register! {
//!     dyn SearchStrategy,
//!     name: "in-order",
//!     summary: "the architectures of the space in the order of their numbers",
//!     settings: InOrder,
//!     build: |method| Ok(Box::new(Guided::new(method)?)),
//! }
//!
//! impl Method for InOrder {
//!     fn guide(&self) -> Result<Guide, SettingsError> {
//!         self.guide.of_one_training()
//!     }
//!
//!     fn protocol(&self, guide: &Guide) -> String {
//!         format!("in-order: {guide}, from number {}", self.first)
//!     }
//!
//!     fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
//!         oracle.expect_whole_budget();
//!         let numbers = oracle.space().numbers(allowed);
//!         for number in self.first.into()..numbers {
//!             if oracle.is_spent() {
//!                 break;
//!             }
//!             let architecture = oracle.space().architecture(allowed, number);
//!             oracle.evaluate(architecture.as_slice())?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let strategies = assay_core::plugin::Registry::<dyn SearchStrategy>::collect()?;
//! let settings = assay_core::plugin::Settings::none().with("first", 100);
//! let protocol = strategies.build("in-order", &settings)?.protocol();
//! assert_eq!(protocol, "in-order: by ntk-condition within 100 evaluations, every operator, from number 100");
//! # Ok::<(), assay_core::plugin::RegistryError>(())
//! ```

use std::path::Path;

use assay_core::data::Dataset;
use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchSpace, SearchStrategy, SettingsError, TrainingUse};
use assay_core::subspace::Subspace;

use super::exclusion::Exclusion;
use super::oracle::{Budget, Oracle, OracleSettings, SearchBy};

/// A way to search: which architectures are evaluated, given what the oracle said of the earlier ones.
pub trait Method: Send + Sync {
    /// What a step of the trajectory is called; its number follows.
    const STEP: &'static str = "evaluation";

    /// Who judges, what may be spent, and which operators are left out.
    ///
    /// # Errors
    /// If these settings contradict each other, or are not what the method needs.
    fn guide(&self) -> Result<Guide, SettingsError>;

    /// Checks before anything runs that it can search this space.
    ///
    /// # Errors
    /// If it cannot; the message says what would fit.
    fn check(&self, space: &dyn SearchSpace) -> Result<(), SettingsError> {
        let _ = space;
        Ok(())
    }

    /// One line for protocols: the method's name, the guide, and the settings that matter.
    fn protocol(&self, guide: &Guide) -> String;

    /// The column of what an architecture costs to use, if the method weighs it.
    fn cost(&self) -> Option<ColumnUse> {
        None
    }

    /// Has architectures of `allowed` evaluated until the budget is spent, or nothing is left to evaluate.
    ///
    /// # Errors
    /// If a measurement fails or the user interrupts; or if `allowed` leaves nothing to choose.
    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError>;

    /// Which of the architectures evaluated is the result: by default the best.
    ///
    /// # Errors
    /// If none can be.
    fn choose(&self, oracle: &Oracle<'_>) -> Result<Subspace, SearchError> {
        oracle.found()
    }
}

/// Who judges, what may be spent, and which operators are left out.
#[derive(Clone, Debug)]
pub struct Guide {
    /// Oracle and budget.
    pub by: SearchBy,
    /// The operators left out.
    pub exclusion: Exclusion,
}

assay_core::settings! {
    /// What every strategy that asks an oracle understands.
    #[derive(Clone, Debug)]
    pub struct GuideSettings {
        /// who judges: { proxy = … }, { proxies = …, rule = … }, { aggregate = … }, { table = …, cost = … } or { train = … }
        pub oracle: OracleSettings = OracleSettings::of_proxy("ntk-condition");
        /// what may be spent; the first limit that is reached ends the search
        pub budget: Budget = Budget::of_evaluations(100);
        /// operators that no architecture of the search has
        pub exclude: Vec<String> = Vec::new();
    }
}

impl GuideSettings {
    /// For a method that evaluates after one training only, and ends only when the budget is spent.
    ///
    /// # Errors
    /// If the settings contradict each other, limit nothing, or name several trainings.
    pub fn of_one_training(&self) -> Result<Guide, SettingsError> {
        self.guide(self.by()?.limited()?.of_one_training()?)
    }

    /// For a method that evaluates after one training only, and ends by itself where no budget is given.
    ///
    /// # Errors
    /// If the settings contradict each other, or name several trainings.
    pub fn without_limit(&self) -> Result<Guide, SettingsError> {
        self.guide(self.by()?.of_one_training()?)
    }

    /// For a method that chooses between trainings, and ends only when the budget is spent.
    ///
    /// # Errors
    /// If the settings contradict each other, limit nothing, or name fewer than two trainings.
    pub fn of_several_trainings(&self) -> Result<Guide, SettingsError> {
        self.guide(self.by()?.limited()?.of_several_trainings()?)
    }

    fn by(&self) -> Result<SearchBy, SettingsError> {
        SearchBy::new(self.oracle.judge()?, self.budget)?.reading(self.oracle.scores.clone())
    }

    fn guide(&self, by: SearchBy) -> Result<Guide, SettingsError> {
        Ok(Guide { by, exclusion: Exclusion::of(self.exclude.clone()) })
    }
}

/// `by synflow within 500 evaluations, every operator`.
impl std::fmt::Display for Guide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.by, self.exclusion)
    }
}

/// The strategy that a method makes.
#[derive(Clone, Debug)]
pub struct Guided<M> {
    guide: Guide,
    method: M,
}

impl<M: Method> Guided<M> {
    /// Of this method, which holds its settings.
    ///
    /// # Errors
    /// If settings contradict each other.
    pub fn new(method: M) -> Result<Self, SettingsError> {
        Ok(Self { guide: method.guide()?, method })
    }
}

impl<M: Method> SearchStrategy for Guided<M> {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.judge.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        let mut columns = self.guide.by.judge.columns();
        if let Some(cost) = self.method.cost()
            && !columns.contains(&cost)
        {
            columns.push(cost);
        }
        columns
    }

    fn scores(&self) -> Option<&Path> {
        self.guide.by.scores.as_deref()
    }

    fn trainings(&self) -> Vec<TrainingUse> {
        self.guide.by.judge.made()
    }

    fn check(&self, space: &dyn SearchSpace, _: &dyn Dataset) -> Result<(), SettingsError> {
        self.method.check(space)
    }

    fn protocol(&self) -> String {
        self.method.protocol(&self.guide)
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let mut oracle = Oracle::new(&self.guide.by, laboratory, M::STEP)?;
        if let Some(cost) = self.method.cost() {
            oracle = oracle.with_cost(cost);
        }
        self.method.search(&mut oracle, &allowed)?;
        self.method.choose(&oracle)
    }
}
