//! TE-NAS's supernets in several states of pruning: logits, tangent Gram matrix, its condition number κ, and linear regions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::{Engine, EngineError, Patterns, Precision};
use assay_core::graph::Shape;
use assay_core::network::Network;
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings};
use assay_core::subspace::{OperatorSet, Subspace};
use serde::Deserialize;

use crate::{OracleError, OracleFile};

#[derive(Deserialize)]
struct Oracle {
    space: String,
    batch: usize,
    cases: Vec<Recorded>,
}

/// What the published implementation computed of a case.
#[derive(Clone, Debug, Deserialize)]
pub struct Recorded {
    /// Cell, edge, operator; 1 = kept.
    mask: Vec<Vec<Vec<u8>>>,
    matrix_precision: String,
    kappa_official_f32: f64,
    kappa_f64: f64,
    /// The smallest eigenvalue of the Gram matrix.
    pub lambda_min_f64: f64,
    /// The largest.
    pub lambda_max_f64: f64,
    /// Linear regions, each counted once.
    pub linear_regions_unique_patterns: usize,
    /// ReLU units of an image.
    pub relu_units: usize,
    /// Elements of the gradient.
    pub params_in_gradient: usize,
}

impl Recorded {
    /// The precision in which the matrix was computed.
    #[must_use]
    pub fn precision(&self) -> Precision {
        if self.matrix_precision == "f64" { Precision::F64 } else { Precision::F32 }
    }

    /// κ, and how far another one may be from it, as a part of it.
    #[must_use]
    pub fn kappa(&self) -> (f64, f64) {
        match self.precision() {
            Precision::F64 => (self.kappa_f64, 1e-5),
            Precision::F32 => (self.kappa_official_f32, 1e-3),
        }
    }
}

/// A state of a supernet.
#[derive(Clone, Debug)]
pub struct Case {
    /// The oracle's name and the case's number.
    pub title: String,
    /// What was computed of it.
    pub recorded: Recorded,
    /// The network of κ.
    pub ntk: Network,
    /// Its images.
    pub images: Minibatch,
    /// The network whose linear regions are counted.
    pub regions: Network,
    /// Its images, in batches each of which is normalised by itself.
    pub crops: Vec<Minibatch>,
    /// `[batch, classes]`.
    pub logits: Vec<f64>,
    /// `[batch, batch]`.
    pub matrix: Vec<f64>,
}

impl Case {
    /// The activation patterns of all crops.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn patterns(&self, engine: &dyn Engine) -> Result<Patterns, EngineError> {
        let mut all: Option<Patterns> = None;
        for crops in &self.crops {
            let found = engine.relu_patterns(&self.regions, crops)?;
            match &mut all {
                Some(all) => all.extend(&found),
                none => *none = Some(found),
            }
        }
        all.ok_or(EngineError::EmptyBatch)
    }
}

/// Every case of an oracle. The program has to link the space.
///
/// # Errors
/// If the oracle cannot be read, or the space does not build its networks.
pub fn cases(file: &Path) -> Result<Vec<Case>, OracleError> {
    let file = OracleFile::read(file)?;
    let oracle: Oracle = file.scalars()?;
    let failed = |error: &dyn std::error::Error| file.problem(error);
    let (space, cells) = measured_space(&oracle.space, &file)?;
    let classes = file.f64("ntk.param.classifier.bias")?.len();
    let images = file.f32("ntk.input")?;
    let side = ((images.len() / oracle.batch / 3) as f64).sqrt() as usize;
    let images = Minibatch::new(Shape::new(3, side, side), images, vec![0; oracle.batch]);
    let crop = Shape::new(1, 3, 3);
    let crops = file.f32("lr.input")?;
    let crops: Vec<Minibatch> = crops
        .chunks(1000 * crop.elements())
        .map(|part| Minibatch::new(crop, part.to_vec(), vec![0; part.len() / crop.elements()]))
        .collect();
    let channels = file.f64("ntk.param.stem.1.weight")?.len();
    let ntk = MacroNet { input: images.shape(), channels, cells, classes, part: Part::Classifier };
    let trunk = MacroNet { input: crop, channels: 1, cells, classes, part: Part::Trunk };
    let [ntk_parameters, trunk_parameters] = [parameters(&file, "ntk.param.")?, parameters(&file, "lr.param.")?];
    let network = |subspace: &Subspace, net: &MacroNet, parameters: &BTreeMap<String, Vec<f32>>| {
        let graph = Arc::new(space.lower(subspace, net).map_err(|error| failed(&error))?);
        Network::with_parameters(graph, parameters).map_err(|error| failed(&error))
    };
    let case = |(number, recorded): (usize, Recorded)| {
        let kept = |edge: &Vec<u8>| edge.iter().enumerate().filter(|(_, kept)| **kept == 1).map(|(index, _)| index).collect();
        let cells = recorded.mask.iter().map(|cell| cell.iter().map(kept).collect::<Vec<OperatorSet>>()).collect();
        let subspace = Subspace::new(space.layout(), cells);
        Ok(Case {
            title: format!("{} case {number}", file.name()),
            ntk: network(&subspace, &ntk, &ntk_parameters)?,
            regions: network(&subspace, &trunk, &trunk_parameters)?,
            images: images.clone(),
            crops: crops.clone(),
            logits: file.f64(&format!("case{number}.ntk.logits"))?,
            matrix: file.f64(&format!("case{number}.ntk.matrix"))?,
            recorded,
        })
    };
    oracle.cases.into_iter().enumerate().map(case).collect()
}

/// The space as TE-NAS measures it, and its cells: a stage, or in all.
fn measured_space(name: &str, file: &OracleFile) -> Result<(Box<dyn SearchSpace>, usize), OracleError> {
    let (settings, cells) = match name {
        "darts" => (Settings::none().with("network", "te-nas"), 2),
        _ => (Settings::none(), 1),
    };
    let built = Registry::<dyn SearchSpace>::collect().and_then(|spaces| spaces.build(name, &settings));
    Ok((built.map_err(|error| file.problem(error))?, cells))
}

/// The parameters below `begin`, under the names that the space gives them.
fn parameters(file: &OracleFile, begin: &str) -> Result<BTreeMap<String, Vec<f32>>, OracleError> {
    let named = |name: String| {
        let path = our_path(&name).ok_or_else(|| file.problem(format!("`{name}` is not a parameter of either space")))?;
        Ok((path, file.f32(&format!("{begin}{name}"))?))
    };
    file.names(begin).into_iter().map(named).collect()
}

const NAS_BENCH_201: [&str; 5] = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
const DARTS: [&str; 8] =
    ["none", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "avg_pool_3x3", "max_pool_3x3"];

/// `cells.0.edges.1<-0.2.op.1.weight` → `cells.0.edges.1<-0.nor_conv_1x1.conv.weight`,
/// `cells.0.edges.1<-0._ops.2.op_a.op.1.weight` → `cells.0.edges.1<-0.sep_conv_3x3.a.depthwise.weight`, and so on.
fn our_path(published: &str) -> Option<String> {
    let replaced = |path: &str, pairs: &[(&str, &str)]| pairs.iter().fold(path.to_owned(), |path, (from, to)| path.replace(from, to));
    let path = replaced(published, &[("stem.0.", "stem.conv."), ("stem.1.", "stem.bn."), ("lastact.0.", "lastact.bn.")]);
    let Some((before, after)) = path.split_once(".edges.") else {
        return Some(replaced(&path, &[("downsample.1.", "downsample.conv."), (".op.1.", ".conv."), (".op.2.", ".bn.")]));
    };
    let (edge, after) = after.split_once('.')?;
    let (operators, parts, after): (&[&str], &[(&str, &str)], &str) = match after.strip_prefix("_ops.") {
        None => (&NAS_BENCH_201, &[("op.1.", "conv."), ("op.2.", "bn.")], after),
        Some(after) => {
            let halves = [("op_a.", "a."), ("op_b.", "b."), ("convs.0.", "even."), ("convs.1.", "odd.")];
            let layers = [("op.1.", "depthwise."), ("op.2.", "pointwise."), ("op.3.", "bn.")];
            (&DARTS, &[halves.as_slice(), layers.as_slice()].concat(), after)
        }
    };
    let (slot, after) = after.split_once('.')?;
    Some(format!("{before}.edges.{edge}.{}.{}", operators.get(slot.parse::<usize>().ok()?)?, replaced(after, parts)))
}
