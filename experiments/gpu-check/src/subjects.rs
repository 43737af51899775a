//! What is measured: networks with the weights that their paths draw, and images.

use std::path::Path;
use std::sync::Arc;

use assay_core::data::{Augmentation, Dataset, Minibatch};
use assay_core::graph::{Graph, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use miette::{IntoDiagnostic, WrapErr, miette};

const IMAGE: Shape = Shape::new(3, 32, 32);
const CLASSES: usize = 10;
/// The most images that a case takes.
const IMAGES: usize = 512;

/// A 3×3 convolution on every edge of NAS-Bench-201.
const ALL_3X3: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|";
/// The cells that DARTS found in its second order.
const DARTS_V2: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), \
    ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), \
    reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), \
    ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))";

/// A network with the number of images that it is measured on.
pub(crate) struct Subject {
    /// The network's name.
    pub(crate) name: String,
    /// The same, and how many images.
    pub(crate) case: String,
    pub(crate) network: Network,
    pub(crate) batch: usize,
}

impl Subject {
    fn new(name: &str, graph: &Arc<Graph>, initialiser: Initialiser, batch: usize) -> Self {
        let network = Network::initialise(Arc::clone(graph), initialiser, &Stream::new(0, "weights"));
        Self { name: name.to_owned(), case: format!("{name}, {batch} images"), network, batch }
    }

    /// Multiply-adds of all images forward.
    pub(crate) fn operations(&self) -> f64 {
        self.network.graph().multiply_adds() as f64 * self.batch as f64
    }
}

/// A space by its name.
pub(crate) fn space(name: &str, settings: &Settings) -> miette::Result<Box<dyn SearchSpace>> {
    Registry::<dyn SearchSpace>::collect().and_then(|spaces| spaces.build(name, settings)).into_diagnostic()
}

fn lower(space: &dyn SearchSpace, subspace: &Subspace, channels: usize, cells: usize) -> miette::Result<Arc<Graph>> {
    let net = MacroNet { input: IMAGE, channels, cells, classes: CLASSES, part: Part::Classifier };
    space.lower(subspace, &net).map(Arc::new).into_diagnostic()
}

/// TE-NAS's supernet: every operator but `none`.
fn supernet(space: &dyn SearchSpace, channels: usize, cells: usize) -> miette::Result<Arc<Graph>> {
    let zero = space.layout().zero.ok_or_else(|| miette!("the space has no zero operator"))?;
    lower(space, &Subspace::whole(space.layout()).without_operator(zero), channels, cells)
}

/// Those of κ, the smallest first: TE-NAS's supernets with the batches that it takes, and a network of NAS-Bench-201's size.
pub(crate) fn of_kappa() -> miette::Result<Vec<Subject>> {
    let nas_bench_201 = space("nas-bench-201", &Settings::none())?;
    let darts = space("darts", &Settings::none().with("network", "te-nas"))?;
    let all = nas_bench_201.parse(ALL_3X3).into_diagnostic()?;
    let single = lower(nas_bench_201.as_ref(), &all, 16, 5)?;
    let drawn = Initialiser::KaimingNormalFanIn;
    let of_batch = |batch| Subject::new("NAS-Bench-201, all 3×3, C=16, N=5", &single, drawn, batch);
    let mut subjects = vec![
        Subject::new("DARTS supernet, C=1", &supernet(darts.as_ref(), 1, 2)?, drawn, 14),
        Subject::new("NAS-Bench-201 supernet, C=3, N=1", &supernet(nas_bench_201.as_ref(), 3, 1)?, drawn, 72),
    ];
    subjects.extend([4, 8, 16, 32, 64, 128].map(of_batch));
    let cost = |subject: &Subject| subject.operations() * subject.batch as f64;
    subjects.sort_by(|one, other| cost(one).total_cmp(&cost(other)));
    Ok(subjects)
}

/// Those of training, the smallest first.
pub(crate) fn of_training() -> miette::Result<Vec<Subject>> {
    let (nas_bench_201, darts) = (space("nas-bench-201", &Settings::none())?, space("darts", &Settings::none())?);
    let all = lower(nas_bench_201.as_ref(), &nas_bench_201.parse(ALL_3X3).into_diagnostic()?, 16, 5)?;
    let v2 = lower(darts.as_ref(), &darts.parse(DARTS_V2).into_diagnostic()?, 16, 8)?;
    let drawn = Initialiser::UniformFanIn;
    let of_all = |batch| Subject::new("NAS-Bench-201, all 3×3, C=16, N=5", &all, drawn, batch);
    Ok(vec![of_all(16), Subject::new("DARTS V2, 8 cells, C=16", &v2, drawn, 64), of_all(64), of_all(256), of_all(512)])
}

/// The images in `images.bin`, as CIFAR-10's records.
pub(crate) fn dataset(data: &Path) -> miette::Result<Box<dyn Dataset>> {
    let path = data.join("images.bin");
    let settings = Settings::none().with("path", path.display().to_string()).with("normalisation", "cifar10").with("classes", CLASSES);
    let datasets = Registry::<dyn Dataset>::collect().into_diagnostic()?;
    datasets.build("records", &settings).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", path.display()))
}

/// The images that cases take the first of.
pub(crate) fn images(data: &Path) -> miette::Result<Minibatch> {
    let dataset = dataset(data)?;
    let count = IMAGES.min(dataset.len());
    Minibatch::sample(dataset.as_ref(), count, Augmentation::None, &Stream::new(0, "images")).into_diagnostic()
}
