//! The network of cells that share weights, as DARTS searches it (Liu, Simonyan & Yang, ICLR 2019, and the released code): every edge
//! into a node has all operators, `none` among them, and batch normalisation stands behind pools. Where inputs are chosen each by
//! itself, a node adds what both of its inputs read, once for each (CNAS: Guo et al., ICML 2020, and the released code).

use std::sync::Arc;

use assay_core::graph::{GraphBuilder, GraphError, NodeId, Operator};
use assay_core::network::batch_norms;
use assay_core::plugin::supernet::{Kept, SharedForm, SharedNet, SharedSum};
use assay_core::subspace::{Choice, Layout};

use super::edges::{EDGES, into};
use super::lower::{Lowering, Place, SharedTerm};
use super::operator::{EdgeOperator, Form};
use super::{Choices, INPUTS, NetworkKind};

pub(super) fn lower(
    layout: &Layout,
    own: &dyn Choices,
    kind: NetworkKind,
    kept: Kept<'_>,
    form: &SharedForm,
) -> Result<SharedNet, GraphError> {
    let net = form.net;
    if kind == NetworkKind::TeNas {
        return Err(GraphError::Unsupported("TE-NAS's network shares no weights; set network = \"cifar\" or \"imagenet\"".into()));
    }
    if net.cells == 0 {
        return Err(GraphError::Unsupported("a network needs at least one cell, 0 were asked for".into()));
    }
    let mut network = Lowering { form: Form::Shared, builder: GraphBuilder::new(net.input)? };
    let images = network.builder.input();
    let start = network.stem(images, kind, net.channels)?;
    let mut sums = Vec::new();
    let mut node = |network: &mut Lowering, place: Place, nodes: &[NodeId]| {
        let subspace = kept.of_cell(place.cell).filter(|subspace| subspace.fits(layout));
        let unknown = || GraphError::Unsupported(format!("nothing that belongs to darts is kept in cell {}", place.cell));
        let subspace = subspace.ok_or_else(unknown)?;
        let cell = usize::from(place.reduces);
        let added = own.shared(&subspace.cells()[cell], place.node);
        let mut terms = Vec::new();
        for SharedTerm { source, operator, times, .. } in &added {
            let (edge, operator) = (EDGES[into(place.node).start + source], EdgeOperator::ALL[*operator]);
            let name = format!("cells.{}.edges.{edge}.{}", place.cell, operator.name());
            let output = operator.build(&mut network.builder, network.form, &name, nodes[*source], place.stride(*source))?;
            terms.extend(output.map(|output| (*times as f32, output)));
        }
        let name = format!("cells.{}.nodes.{}", place.cell, place.node);
        if terms.is_empty() {
            // Zeros of the shape of the first inner node, which is in use in any case: an input of the cell may not be.
            let (like, stride) = if place.node == 0 { (nodes[0], place.stride(0)) } else { (nodes[INPUTS], 1) };
            return network.builder.add(name, Operator::Zero { stride }, &[like]);
        }
        let sum = network.builder.weighted_sum(name, &terms)?;
        let choice = |term: &SharedTerm| term.edge.map(|edge| Choice { cell, edge, operator: term.operator });
        sums.extend(added.iter().map(choice).collect::<Option<Vec<Choice>>>().map(|terms| SharedSum { node: sum, terms }));
        Ok(sum)
    };
    let features = network.cells(start, &net, &mut node)?;
    let graph = network.classify(features, net.classes)?;
    let searched = batch_norms(&graph).filter(|id| graph.node(*id).name.starts_with("cells.")).collect();
    Ok(SharedNet { graph: Arc::new(graph), cells: net.cells, sums, searched })
}
