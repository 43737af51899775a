//! What is measured together: measurements that share a network or passes over it.

use std::collections::{HashMap, HashSet};

use assay_core::graph::GraphError;
use assay_core::plugin::{
    MacroNet, PassProxy, Proxy, ProxyError, RecordedColumn, Request, SearchError, SearchSpace, Skeleton, StructuralProxy, Structure,
    ZeroCostProxy,
};
use assay_core::subspace::Subspace;
use foldhash::fast::RandomState;

use super::workbench::Workbench;

/// What is measured together: the positions of the requests, each with the proxy that it asks for.
pub(super) enum Job<'b> {
    /// They read the structure of one network, the one at this position.
    Structure(usize, Vec<(usize, &'b dyn StructuralProxy)>),
    /// They read passes with the same draws, and share those that they have in common.
    Passes(Vec<(usize, &'b dyn PassProxy)>),
    /// One that is looked up.
    Recorded(usize, &'b RecordedColumn),
    /// One that shares nothing.
    Own(usize, &'b dyn ZeroCostProxy),
}

impl Job<'_> {
    /// The position of its first request.
    pub(super) fn first(&self) -> Option<usize> {
        match self {
            Self::Structure(_, members) => members.first().map(|(position, _)| *position),
            Self::Passes(members) => members.first().map(|(position, _)| *position),
            Self::Recorded(position, _) | Self::Own(position, _) => Some(*position),
        }
    }

    /// How many requests it answers.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Structure(_, members) => members.len(),
            Self::Passes(members) => members.len(),
            Self::Recorded(..) | Self::Own(..) => 1,
        }
    }
}

/// A network whose structure is read, with its skeleton, or why there is none.
pub(super) struct Built {
    net: MacroNet,
    skeleton: Result<Skeleton, GraphError>,
}

impl Built {
    /// The structure of one architecture's network.
    pub(super) fn structure(&self, space: &dyn SearchSpace, subspace: &Subspace) -> Result<Structure, ProxyError> {
        Ok(Structure::new(space, subspace, &self.net, self.skeleton.as_ref().map_err(GraphError::clone)?)?)
    }
}

/// Jobs, and the networks whose structure they read.
#[derive(Default)]
pub(super) struct Jobs<'b> {
    pub(super) jobs: Vec<Job<'b>>,
    pub(super) networks: Vec<Built>,
}

impl Workbench {
    /// The jobs of the requests at these positions, each in the order of its requests and the jobs in the order of their first ones,
    /// behind one of each kind.
    pub(super) fn jobs<'b>(&'b self, positions: impl IntoIterator<Item = usize>, requests: &[&Request]) -> Result<Jobs<'b>, SearchError> {
        let Jobs { mut jobs, mut networks } = Jobs::default();
        // Positions of jobs, by what their requests have in common.
        let mut of_network: HashMap<(usize, &Subspace), usize, RandomState> = HashMap::default();
        let mut of_draws: HashMap<(&str, &str, &Subspace), usize, RandomState> = HashMap::default();
        for position in positions {
            let (request, new) = (requests[position], jobs.len());
            match self.proxy(&request.label)?.proxy.as_ref() {
                Proxy::Structure(proxy) => {
                    let network = self.network(proxy.net(self.dataset.as_ref()), &mut networks);
                    let job = *of_network.entry((network, &request.subspace)).or_insert(new);
                    match jobs.get_mut(job) {
                        Some(Job::Structure(_, members)) => members.push((position, proxy.as_ref())),
                        _ => jobs.push(Job::Structure(network, vec![(position, proxy.as_ref())])),
                    }
                }
                Proxy::Passes(proxy) => {
                    let job = *of_draws.entry((&request.parameters, &request.images, &request.subspace)).or_insert(new);
                    match jobs.get_mut(job) {
                        Some(Job::Passes(members)) => members.push((position, proxy.as_ref())),
                        _ => jobs.push(Job::Passes(vec![(position, proxy.as_ref())])),
                    }
                }
                Proxy::Recorded(column) => jobs.push(Job::Recorded(position, column)),
                Proxy::Own(proxy) => jobs.push(Job::Own(position, proxy.as_ref())),
            }
        }
        // One of each kind first: together they tell early how long all take.
        let mut begun: HashSet<&str, RandomState> = HashSet::default();
        let is_new = |job: &Job<'_>| job.first().is_some_and(|position| begun.insert(&requests[position].label));
        let (mut ordered, others): (Vec<_>, Vec<_>) = jobs.into_iter().partition(is_new);
        ordered.extend(others);
        Ok(Jobs { jobs: ordered, networks })
    }

    /// The position of this network, whose skeleton is built the first time.
    fn network(&self, net: MacroNet, networks: &mut Vec<Built>) -> usize {
        networks.iter().position(|built| built.net == net).unwrap_or_else(|| {
            networks.push(Built { net, skeleton: Skeleton::new(self.space.as_ref(), &net) });
            networks.len() - 1
        })
    }
}
