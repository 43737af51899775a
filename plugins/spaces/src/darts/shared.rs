//! The network of cells that share weights, as DARTS searches it (Liu, Simonyan & Yang, ICLR 2019, and the released code): every edge
//! into a node has all operators, `none` among them, and batch normalisation stands behind pools.

use std::sync::Arc;

use assay_core::graph::{GraphBuilder, GraphError, NodeId, Operator};
use assay_core::network::batch_norms;
use assay_core::plugin::supernet::{Kept, SharedForm, SharedNet, SharedSum};
use assay_core::subspace::{Choice, Layout};

use super::NetworkKind;
use super::edges::into;
use super::lower::{Lowering, Place};
use super::operator::{EdgeOperator, Form};

pub(super) fn lower(layout: &Layout, kind: NetworkKind, kept: Kept<'_>, form: &SharedForm) -> Result<SharedNet, GraphError> {
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
        let (mut terms, mut choices) = (Vec::new(), Vec::new());
        for (source, edge) in into(place.node).enumerate() {
            for operator in subspace.kept(cell, edge).iter() {
                let name = format!("cells.{}.edges.{}.{}", place.cell, layout.cells[cell].edges[edge], layout.operators[operator]);
                let output =
                    EdgeOperator::ALL[operator].build(&mut network.builder, network.form, &name, nodes[source], place.stride(source))?;
                terms.extend(output.map(|output| (1.0, output)));
                choices.push(Choice { cell, edge, operator });
            }
        }
        let name = format!("cells.{}.nodes.{}", place.cell, place.node);
        if terms.is_empty() {
            return network.builder.add(name, Operator::Zero { stride: place.stride(0) }, &[nodes[0]]);
        }
        let sum = network.builder.weighted_sum(name, &terms)?;
        sums.push(SharedSum { node: sum, terms: choices });
        Ok(sum)
    };
    let features = network.cells(start, &net, &mut node)?;
    let graph = network.classify(features, net.classes)?;
    let searched = batch_norms(&graph).filter(|id| graph.node(*id).name.starts_with("cells.")).collect();
    Ok(SharedNet { graph: Arc::new(graph), cells: net.cells, sums, searched })
}
