//! `cnas-by-oracle`: the curriculum of `cnas`, in which operators join stage by stage, with an oracle in the place of shared weights
//! (after Guo et al., "Breaking the Curse of Space Explosion: Towards Efficient NAS with Curriculum Search", ICML 2020).
//!
//! The search begins with a few operators an edge, and each stage adds one; what the controller learnt of the earlier ones
//! stays. The controller is trained by REINFORCE with an entropy bonus. It is a simplification: a softmax an edge and not the
//! paper's LSTM, and every architecture is judged by the oracle, where the paper shares weights between them. `name = "cnas"` with
//! `oracle` or `budget` means this strategy too.

use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy, SettingsError, suggestion};
use assay_core::stream::Stream;
use assay_core::subspace::{Layout, OperatorSet, Subspace};

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::optimiser::{Adam, MovingAverage};
use crate::parts::oracle::Oracle;
use crate::parts::policy::{Policy, Trial};
use crate::parts::variation::draw;

assay_core::register! {
    dyn SearchStrategy,
    name: "cnas-by-oracle",
    summary: "operators join stage by stage, and an oracle judges: a simplification of CNAS (after Guo et al., ICML 2020)",
    settings: CnasByOracle,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct CnasByOracle {
        with guide: GuideSettings;
        /// operators of an edge in the first stage, or as many more as an architecture needs
        first: usize = 2, in 1..=64;
        /// operators in the order in which they join; those not named join last
        order: Option<Vec<String>>, otherwise "the space's own, with `none` last";
        /// Adam's step
        learning_rate: f64 = 0.05, in 1e-9..=1e3;
        /// what the policy's entropy is worth, in standard deviations of the rewards
        entropy: f64 = 0.005, in 0.0..=1e6;
        /// how much of itself the baseline keeps from one reward to the next
        momentum: f64 = 0.9, in 0.0..=0.999_999;
    }
}

impl CnasByOracle {
    /// Every operator in the order in which it joins.
    fn order(&self, layout: &Layout) -> Result<Vec<usize>, SearchError> {
        let unknown = |name: &str| {
            SearchError::Impossible(format!("`order`: the space has no operator `{name}`; {}", suggestion(name, &layout.operators)))
        };
        let named = self.order.iter().flatten().map(|name| layout.operator(name).ok_or_else(|| unknown(name)));
        let mut order: Vec<usize> = named.collect::<Result<_, _>>()?;
        let rest = (0..layout.operators.len()).filter(|operator| Some(*operator) != layout.zero).chain(layout.zero);
        for operator in rest {
            if !order.contains(&operator) {
                order.push(operator);
            }
        }
        Ok(order)
    }
}

/// The subspaces of the stages, each within the next, the last one `allowed`. What contains no architecture is left out.
fn stages(space: &dyn SearchSpace, allowed: &Subspace, order: &[usize], first: usize, any: &Stream) -> Vec<Subspace> {
    let most = allowed.cells().iter().flatten().map(|kept| kept.len()).max().unwrap_or(1);
    let joined = |kept: &OperatorSet, count: usize| -> OperatorSet {
        order.iter().copied().filter(|operator| kept.contains(*operator)).take(count).collect()
    };
    let stage = |count: usize| {
        let cells = allowed.cells().iter().map(|edges| edges.iter().map(|kept| joined(kept, count)).collect()).collect();
        Subspace::new(space.layout(), cells)
    };
    let is_stage = |stage: &Subspace| stage == allowed || draw(space, stage, &mut any.rng()).is_ok();
    (first.min(most)..=most).map(stage).filter(is_stage).collect()
}

impl Method for CnasByOracle {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { first, learning_rate, entropy, momentum, .. } = self;
        format!(
            "cnas: {guide}, {first} operators an edge at first, stages of equal budget, Adam with rate {learning_rate}, \
             entropy × {entropy}, baseline with momentum {momentum}"
        )
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let order = self.order(oracle.space().layout())?;
        let mut rng = oracle.stream("controller").rng();
        oracle.expect_whole_budget();
        let stages = stages(oracle.space(), allowed, &order, self.first, &oracle.stream("stages"));
        let mut policy = Policy::uniform(oracle.space(), allowed, &mut rng)?;
        let mut adam = Adam::new(self.learning_rate, &policy.logits);
        let (mut baseline, mut variance) = (MovingAverage::new(self.momentum), MovingAverage::new(self.momentum));
        let mut current = None;
        while !oracle.is_spent() {
            let stage = ((oracle.fraction_spent() * stages.len() as f64) as usize).min(stages.len() - 1);
            if current.replace(stage) != Some(stage) {
                policy.confine(&stages[stage]);
            }
            let Some(Trial { architecture, reward }) = policy.try_one(oracle, &mut rng)? else { continue };
            let advantage = reward - baseline.with(reward);
            let deviation = variance.with(advantage * advantage).sqrt();
            let scaled = if deviation > 0.0 { advantage / deviation } else { 0.0 };
            let likelihood = policy.log_probability_gradient(&policy.chosen(&architecture));
            let entropy = policy.entropy_gradient();
            let joined = |(likelihood, entropy): (Vec<f64>, Vec<f64>)| -> Vec<f64> {
                likelihood.into_iter().zip(entropy).map(|(likelihood, entropy)| scaled * likelihood + self.entropy * entropy).collect()
            };
            let gradient: Vec<Vec<f64>> = likelihood.into_iter().zip(entropy).map(joined).collect();
            adam.ascend(&mut policy.logits, &gradient);
        }
        Ok(())
    }
}
