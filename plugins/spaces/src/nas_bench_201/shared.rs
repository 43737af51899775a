//! The network of cells that share weights, as the searches of NAS-Bench-201 build it (Dong & Yang, ICLR 2020, and the released
//! code): that of `lower`, with sums in which every operator of every edge has a weight, `none` among them.

use std::sync::Arc;

use assay_core::graph::{Conv2d, GraphError, NodeId, Operator};
use assay_core::plugin::supernet::{Kept, SharedForm, SharedNet, SharedSum};
use assay_core::plugin::{MacroNet, Part};
use assay_core::subspace::{Choice, Layout, Subspace};

use super::lower::Network;
use super::{EDGES, EdgeOperator, NODES};

pub(super) fn lower(layout: &Layout, kept: Kept<'_>, form: &SharedForm) -> Result<SharedNet, GraphError> {
    let net = MacroNet { part: Part::Classifier, ..form.net };
    let mut cells = Cells { layout, kept, number: 0, sums: Vec::new(), searched: Vec::new() };
    let mut network = Network::new(net.input)?;
    let features = network.body(&net, &mut |network, index, input| cells.cell(network, index, input))?;
    let features = network.last_activation(features, form.last_affine)?;
    let graph = network.classify(features, net.classes)?;
    let Cells { number, sums, mut searched, .. } = cells;
    searched.extend(graph.find("lastact.bn").filter(|_| !form.last_affine));
    Ok(SharedNet { graph: Arc::new(graph), cells: number, sums, searched })
}

/// The searched cells while they are built.
struct Cells<'a> {
    layout: &'a Layout,
    kept: Kept<'a>,
    /// Of the next one.
    number: usize,
    sums: Vec<SharedSum>,
    searched: Vec<NodeId>,
}

impl Cells<'_> {
    fn cell(&mut self, network: &mut Network, index: usize, input: NodeId) -> Result<NodeId, GraphError> {
        let subspace = self.kept.of_cell(self.number).filter(|subspace| subspace.fits(self.layout));
        let subspace: &Subspace = subspace.ok_or_else(|| {
            GraphError::Unsupported(format!("nothing that belongs to nas-bench-201 is kept in searched cell {}", self.number))
        })?;
        self.number += 1;
        let mut nodes = vec![input];
        for target in 1..NODES {
            let (mut terms, mut choices) = (Vec::new(), Vec::new());
            for (edge, (_, source)) in EDGES.iter().enumerate().filter(|(_, (to, _))| *to == target) {
                let prefix = format!("cells.{index}.edges.{}", self.layout.cells[0].edges[edge]);
                for operator in subspace.kept(0, edge).iter() {
                    let output = self.operator(network, &prefix, EdgeOperator::ALL[operator], nodes[*source])?;
                    terms.push((1.0, output));
                    choices.push(Choice { cell: 0, edge, operator });
                }
            }
            let node = network.builder.weighted_sum(format!("cells.{index}.nodes.{target}"), &terms)?;
            self.sums.push(SharedSum { node, terms: choices });
            nodes.push(node);
        }
        Ok(nodes[NODES - 1])
    }

    /// The operator's output for `input`.
    fn operator(&mut self, network: &mut Network, prefix: &str, operator: EdgeOperator, input: NodeId) -> Result<NodeId, GraphError> {
        let channels = network.builder.shape(input).channels;
        let name = format!("{prefix}.{}", operator.name());
        let conv = match operator {
            EdgeOperator::None => return network.builder.add(name, Operator::Zero { stride: 1 }, &[input]),
            EdgeOperator::Skip => return Ok(input),
            EdgeOperator::AvgPool => return network.avg_pool(name, input),
            EdgeOperator::Conv1x1 => Conv2d::new(channels, 1),
            EdgeOperator::Conv3x3 => Conv2d::new(channels, 3).padding(1),
        };
        let output = network.relu_conv_bn(&name, input, conv, false)?;
        self.searched.push(output);
        Ok(output)
    }
}
