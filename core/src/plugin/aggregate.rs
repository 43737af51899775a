//! Aggregates: scores that judge the architectures of a set by several proxies at once.
//!
//! Where a proxy measures one architecture, an [`Aggregate`] compares those of a set: it names its component proxies and
//! a [`Rule`], and [`combine`](Aggregate::combine) turns their readings into one reading an architecture. More is better
//! whatever the components' own directions.
//!
//! Ranks run from 1 (the worst of the set) to m (the best), where m is how many architectures the ranks compare; tied
//! readings share the mean of their ranks. An architecture with an undefined component is undefined, and takes part in no
//! rank, unless the aggregate [ranks it last](Missing::Worst).

use serde::{Deserialize, Serialize};

use crate::score::{Direction, Reading};

/// A proxy that enters an aggregate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// The proxy's name.
    pub proxy: String,
    /// What its contribution is multiplied by: finite and positive.
    pub weight: f64,
}

impl Component {
    /// A proxy of weight 1.
    #[must_use]
    pub fn new(proxy: &str) -> Self {
        Self { proxy: proxy.to_owned(), weight: 1.0 }
    }
}

crate::words! {
    /// How the components' contributions become one score.
    #[derive(Hash)]
    pub enum Rule {
        /// Σ weight · rank (TE-NAS: Chen et al., ICLR 2021).
        RankSum = "rank-sum",
        /// Σ weight · ln(rank / m), which a single bad rank pulls down (AZ-NAS: Lee & Ham, CVPR 2024).
        LogRankSum = "log-rank-sum",
        /// The smallest weight · rank: as good as the worst verdict.
        Minimum = "minimum",
        /// The largest weight · rank: as good as the best verdict.
        Maximum = "maximum",
        /// How many other architectures a majority of the components' weight holds for worse; undecided pairs count one half.
        /// (Majority vote of Abdelfattah et al.: Zero-Cost Proxies for Lightweight NAS, ICLR 2021, over all pairs.)
        Vote = "vote",
        /// Σ weight · reading, negated where less is better. The scales of the components decide who speaks loudest.
        NumericSum = "numeric-sum",
        /// Σ weight · reading / (largest absolute reading + 10⁻⁹), negated where less is better (FreeREA: Cavagnero et al., WACV 2023).
        NormalisedSum = "normalised-sum",
    }
}

impl Rule {
    /// Whether it sees the order of readings only.
    #[must_use]
    pub fn is_of_ranks(self) -> bool {
        !matches!(self, Self::NumericSum | Self::NormalisedSum)
    }
}

crate::words! {
    /// What an architecture with an undefined component is.
    #[derive(Default, Hash)]
    pub enum Missing {
        /// Undefined, for the component's reason.
        #[default]
        Undefined = "undefined",
        /// The worst by that component, where the rule sees ranks; several share the mean of the lowest ranks.
        Worst = "worst",
    }
}

fn is_undefined(missing: &Missing) -> bool {
    *missing == Missing::Undefined
}

/// Several proxies and the rule that joins them. More is better.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Aggregate {
    components: Vec<Component>,
    rule: Rule,
    #[serde(skip_serializing_if = "is_undefined")]
    missing: Missing,
}

/// The readings of one component, one an architecture of the set.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Which end is better.
    pub direction: Direction,
    /// Its readings, in the order of the architectures.
    pub readings: &'a [Reading],
}

/// Why an aggregate cannot be had.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AggregateError {
    /// There is nothing to join.
    #[error("an aggregate needs at least one component; name proxies as its components")]
    NoComponent,
    /// A proxy is named twice.
    #[error("the aggregate names component `{proxy}` twice; give it twice the weight instead")]
    Repeated {
        /// The component.
        proxy: String,
    },
    /// A weight that cannot be used.
    #[error("component `{proxy}` has weight {weight}; a weight must be finite and greater than 0")]
    Weight {
        /// The component.
        proxy: String,
        /// Its weight.
        weight: f64,
    },
    /// Readings that do not fit the components, or each other.
    #[error("the aggregate joins {components} components of equally many readings; it was given columns of {given:?} readings")]
    Shape {
        /// How many components it has.
        components: usize,
        /// The readings of each column that was given.
        given: Vec<usize>,
    },
}

impl Aggregate {
    /// An aggregate of these components.
    ///
    /// # Errors
    /// If there is none, one is named twice, or a weight is not a positive number.
    pub fn new(components: Vec<Component>, rule: Rule) -> Result<Self, AggregateError> {
        if components.is_empty() {
            return Err(AggregateError::NoComponent);
        }
        for (position, Component { proxy, weight }) in components.iter().enumerate() {
            if !(weight.is_finite() && *weight > 0.0) {
                return Err(AggregateError::Weight { proxy: proxy.clone(), weight: *weight });
            }
            if components[..position].iter().any(|earlier| earlier.proxy == *proxy) {
                return Err(AggregateError::Repeated { proxy: proxy.clone() });
            }
        }
        Ok(Self { components, rule, missing: Missing::Undefined })
    }

    /// The same, with this said of architectures with undefined components. A rule that is not of ranks leaves them undefined.
    #[must_use]
    pub fn with_missing(self, missing: Missing) -> Self {
        Self { missing, ..self }
    }

    /// The proxies that have to be measured first.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// How they are joined.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// What it joins and how, for protocol lines: `rank-sum of ntk-condition, linear-regions`.
    #[must_use]
    pub fn protocol(&self) -> String {
        let component = |Component { proxy, weight }: &Component| match weight {
            1.0 => proxy.clone(),
            _ => format!("{weight} · {proxy}"),
        };
        let components: Vec<String> = self.components.iter().map(component).collect();
        let undefined = if self.ranks_undefined() { ", undefined ones ranked last" } else { "" };
        format!("{} of {}{undefined}", self.rule, components.join(", "))
    }

    fn ranks_undefined(&self) -> bool {
        self.missing == Missing::Worst && self.rule.is_of_ranks()
    }

    /// The score of every architecture of a set. `columns` holds each component's readings, in the order of the components.
    ///
    /// # Errors
    /// If the columns do not fit the components, or differ in length.
    pub fn combine(&self, columns: &[Column<'_>]) -> Result<Vec<Reading>, AggregateError> {
        let architectures = columns.first().map_or(0, |column| column.readings.len());
        if columns.len() != self.components.len() || columns.iter().any(|column| column.readings.len() != architectures) {
            let given = columns.iter().map(|column| column.readings.len()).collect();
            return Err(AggregateError::Shape { components: self.components.len(), given });
        }
        let reason = |architecture: usize| {
            if self.ranks_undefined() {
                return None;
            }
            self.components.iter().zip(columns).find_map(|(component, column)| match &column.readings[architecture] {
                Reading::Value(_) => None,
                Reading::Undefined { because } => Some(format!("its component `{}` is undefined: {because}", component.proxy)),
            })
        };
        let reasons: Vec<Option<String>> = (0..architectures).map(reason).collect();
        let compared: Vec<usize> = (0..architectures).filter(|architecture| reasons[*architecture].is_none()).collect();
        let goodness = |column: &Column<'_>| -> Vec<f64> {
            let sign = if column.direction == Direction::HigherIsBetter { 1.0 } else { -1.0 };
            let value = |architecture: &usize| column.readings[*architecture].value().map_or(f64::NEG_INFINITY, |value| sign * value);
            compared.iter().map(value).collect()
        };
        let goodness: Vec<Vec<f64>> = columns.iter().map(goodness).collect();
        let mut scores = self.join(&goodness, compared.len()).into_iter();
        let defined = |because: Option<String>| match because {
            Some(because) => Reading::undefined(because),
            None => scores.next().map_or_else(|| Reading::undefined("nothing was compared"), Reading::finite),
        };
        Ok(reasons.into_iter().map(defined).collect())
    }

    /// The scores of architectures that every component has a reading of; more is better in every column.
    fn join(&self, goodness: &[Vec<f64>], architectures: usize) -> Vec<f64> {
        let weights: Vec<f64> = self.components.iter().map(|component| component.weight).collect();
        let fold = |columns: &[Vec<f64>], first: f64, joined: fn(f64, f64) -> f64| -> Vec<f64> {
            let of = |at: usize| columns.iter().zip(&weights).fold(first, |score, (column, weight)| joined(score, weight * column[at]));
            (0..architectures).map(of).collect()
        };
        let ranks = || goodness.iter().map(|column| ranks(column)).collect::<Vec<_>>();
        let sum = |left, right| left + right;
        match self.rule {
            Rule::RankSum => fold(&ranks(), 0.0, sum),
            Rule::LogRankSum => {
                let log = |column: Vec<f64>| column.into_iter().map(|rank| (rank / architectures as f64).ln()).collect();
                fold(&ranks().into_iter().map(log).collect::<Vec<_>>(), 0.0, sum)
            }
            Rule::Minimum => fold(&ranks(), f64::INFINITY, f64::min),
            Rule::Maximum => fold(&ranks(), f64::NEG_INFINITY, f64::max),
            Rule::NumericSum => fold(goodness, 0.0, sum),
            Rule::NormalisedSum => {
                let normalised = |column: &Vec<f64>| -> Vec<f64> {
                    let largest = column.iter().fold(0.0_f64, |most, value| most.max(value.abs())) + 1e-9;
                    column.iter().map(|value| value / largest).collect()
                };
                fold(&goodness.iter().map(normalised).collect::<Vec<_>>(), 0.0, sum)
            }
            Rule::Vote => votes(goodness, &weights, architectures),
        }
    }
}

/// The rank of each value, 1 for the smallest; tied values share the mean of their ranks.
#[must_use]
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|left, right| values[*left].total_cmp(&values[*right]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    // By `==`, not by the total order, so that 0 and −0 are tied.
    for tied in order.chunk_by(|left, right| values[*left] == values[*right]) {
        let mean = below as f64 + (tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|position| ranks[*position] = mean);
        below += tied.len();
    }
    ranks
}

/// For each architecture, how many of the others it wins against, counting undecided pairs one half.
fn votes(goodness: &[Vec<f64>], weights: &[f64], architectures: usize) -> Vec<f64> {
    let mut wins = vec![0.0; architectures];
    for one in 0..architectures {
        for other in 0..one {
            let verdict = |(column, weight): (&Vec<f64>, &f64)| match column[one].total_cmp(&column[other]) {
                _ if column[one] == column[other] => 0.0,
                std::cmp::Ordering::Less => -weight,
                _ => *weight,
            };
            let majority: f64 = goodness.iter().zip(weights).map(verdict).sum();
            let won = if majority > 0.0 { 1.0 } else { f64::from(u8::from(majority == 0.0)) / 2.0 };
            wins[one] += won;
            wins[other] += 1.0 - won;
        }
    }
    wins
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn aggregate(rule: Rule) -> Aggregate {
        Aggregate::new(vec![Component::new("kappa"), Component::new("regions")], rule).unwrap()
    }

    fn values(values: &[f64]) -> Vec<Reading> {
        values.iter().copied().map(Reading::Value).collect()
    }

    /// κ, of which less is better, and regions.
    fn combine(rule: Rule, kappa: &[Reading], regions: &[Reading]) -> Vec<Reading> {
        let lower = Column { direction: Direction::LowerIsBetter, readings: kappa };
        let higher = Column { direction: Direction::HigherIsBetter, readings: regions };
        aggregate(rule).combine(&[lower, higher]).unwrap()
    }

    #[test]
    fn each_rule_joins_ranks_as_counted_by_hand() {
        // κ ranks (less is better): 4, 1, 2.5, 2.5. Region ranks: 1, 2, 3, 4.
        let (kappa, regions) = (values(&[1.0, 9.0, 5.0, 5.0]), values(&[10.0, 20.0, 30.0, 40.0]));
        let found = |rule| combine(rule, &kappa, &regions).iter().map(|reading| reading.value().unwrap()).collect::<Vec<_>>();
        assert_eq!(found(Rule::RankSum), [5.0, 3.0, 5.5, 6.5]);
        assert_eq!(found(Rule::Minimum), [1.0, 1.0, 2.5, 2.5]);
        assert_eq!(found(Rule::Maximum), [4.0, 2.0, 3.0, 4.0]);
        assert_eq!(found(Rule::NumericSum), [9.0, 11.0, 25.0, 35.0]);
        let normalised = [-1.0 / 9.0 + 0.25, -1.0 + 0.5, -5.0 / 9.0 + 0.75, -5.0 / 9.0 + 1.0];
        for (found, expected) in found(Rule::NormalisedSum).iter().zip(normalised) {
            assert!((found - expected).abs() < 1e-9);
        }
        // The first is undecided against all, the second loses to both others, the last wins by regions against the third.
        assert_eq!(found(Rule::Vote), [1.5, 0.5, 1.5, 2.5]);
        let logs = [(4.0 / 4.0) * (1.0 / 4.0), (1.0 / 4.0) * (2.0 / 4.0), (2.5 / 4.0) * (3.0 / 4.0), 2.5 / 4.0];
        for (found, expected) in found(Rule::LogRankSum).iter().zip(logs) {
            assert!((found - f64::ln(expected)).abs() < 1e-15);
        }
    }

    #[test]
    fn an_undefined_component_makes_its_architecture_undefined_and_leaves_the_ranks_of_the_others() {
        let kappa = [Reading::Value(3.0), Reading::undefined("the Gram matrix is singular"), Reading::Value(2.0)];
        let found = combine(Rule::RankSum, &kappa, &values(&[5.0, 6.0, 7.0]));
        assert_eq!((found[0].clone(), found[2].clone()), (Reading::Value(2.0), Reading::Value(4.0)));
        insta::assert_snapshot!(
            found[1],
            @"undefined, because its component `kappa` is undefined: the Gram matrix is singular"
        );
    }

    #[test]
    fn undefined_components_can_be_ranked_last_and_then_share_the_lowest_ranks() {
        let column = [Reading::undefined("singular"), Reading::Value(4.0), Reading::undefined("no ReLU"), Reading::Value(9.0)];
        let other = values(&[40.0, 10.0, 20.0, 30.0]);
        let columns = [Direction::LowerIsBetter, Direction::HigherIsBetter];
        let columns = [Column { direction: columns[0], readings: &column }, Column { direction: columns[1], readings: &other }];
        let combine = |rule| aggregate(rule).with_missing(Missing::Worst).combine(&columns).unwrap();
        // Ranks of the first, of which less is better: 1.5, 4, 1.5, 3.
        assert_eq!(combine(Rule::RankSum), values(&[5.5, 5.0, 3.5, 6.0]));
        assert!(combine(Rule::NumericSum)[0].value().is_none());
        assert_eq!(aggregate(Rule::Vote).with_missing(Missing::Worst).protocol(), "vote of kappa, regions, undefined ones ranked last");
        assert_eq!(aggregate(Rule::NumericSum).with_missing(Missing::Worst).protocol(), "numeric-sum of kappa, regions");
    }

    #[test]
    fn what_cannot_be_joined_is_refused() {
        let weighted = |weight| Aggregate::new(vec![Component { proxy: "a".into(), weight }], Rule::RankSum).unwrap_err();
        let twice = Aggregate::new(vec![Component::new("a"), Component::new("a")], Rule::Vote).unwrap_err();
        let none = Aggregate::new(Vec::new(), Rule::Vote).unwrap_err();
        let column = Column { direction: Direction::HigherIsBetter, readings: &[] };
        let shape = aggregate(Rule::RankSum).combine(&[column]).unwrap_err();
        insta::assert_snapshot!(format!("{}\n{}\n{twice}\n{none}\n{shape}", weighted(f64::NAN), weighted(0.0)), @"
        component `a` has weight NaN; a weight must be finite and greater than 0
        component `a` has weight 0; a weight must be finite and greater than 0
        the aggregate names component `a` twice; give it twice the weight instead
        an aggregate needs at least one component; name proxies as its components
        the aggregate joins 2 components of equally many readings; it was given columns of [0] readings
        ");
        let heavy = Component { proxy: "synflow".into(), weight: 0.5 };
        let protocol = Aggregate::new(vec![Component::new("snip"), heavy], Rule::LogRankSum).unwrap().protocol();
        assert_eq!(protocol, "log-rank-sum of snip, 0.5 · synflow");
    }

    proptest! {
        #[test]
        fn ranks_count_what_lies_below(values in prop::collection::vec((-3_i8..3).prop_map(f64::from), 0..30)) {
            for (value, rank) in values.iter().zip(ranks(&values)) {
                let below = values.iter().filter(|other| *other < value).count() as f64;
                let tied = values.iter().filter(|other| *other == value).count() as f64;
                prop_assert_eq!(rank, below + (tied + 1.0) / 2.0);
            }
        }

        #[test]
        fn rank_rules_see_the_order_of_readings_only(
            pairs in prop::collection::vec((-4_i8..4, -4_i8..4), 1..20),
            rule in prop::sample::select(vec![Rule::RankSum, Rule::LogRankSum, Rule::Minimum, Rule::Maximum, Rule::Vote]),
        ) {
            let column = |stretch: fn(f64) -> f64| {
                let kappa: Vec<Reading> = pairs.iter().map(|(kappa, _)| Reading::Value(stretch(f64::from(*kappa)))).collect();
                let regions: Vec<Reading> = pairs.iter().map(|(_, regions)| Reading::Value(f64::from(*regions))).collect();
                combine(rule, &kappa, &regions)
            };
            prop_assert_eq!(column(|value| value), column(f64::exp));
        }
    }
}
