//! What a proxy sees of a network: its structure and parameters, what it may ask for, and what was measured.
#![allow(unsafe_code, reason = "the functions of the host lend pointers and lengths")]

use std::cell::OnceCell;
use std::mem::MaybeUninit;
use std::ops::Deref;

use crate::Error;
use crate::abi::{
    ASSAY_CROSS_ENTROPY, ASSAY_NODE_GRADIENT, ASSAY_NODE_PRODUCTS, ASSAY_NORMAL_DRAWS, ASSAY_OK, ASSAY_OUTPUT_SUM,
    ASSAY_PARAMETER_GRADIENTS, ASSAY_UNIFORM_DRAWS, AssayDoubles, AssayHost, AssayStatus, AssayText,
};
use crate::graph::{Graph, NodeId, ParameterRole};
use crate::text::{slice, text};

/// A scalar that is differentiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective(pub(crate) u32);

impl Objective {
    /// The mean over images of the cross-entropy between the softmax of the output and the labels.
    pub const CROSS_ENTROPY: Self = Self(ASSAY_CROSS_ENTROPY);
    /// The sum of the output over images and classes.
    pub const OUTPUT_SUM: Self = Self(ASSAY_OUTPUT_SUM);

    /// One that [`Asking::objective`] gave the number of.
    #[must_use]
    pub const fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// Its number: the first that a pass names is 2.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What of an objective is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The gradient with respect to every parameter.
    Parameters,
    /// The gradient with respect to the value of a node.
    Node(NodeId),
    /// Σ value · gradient over each map of a node.
    Products(NodeId),
}

/// The network of a pass, with its parameters and minibatch.
pub struct Network<'h> {
    host: &'h AssayHost,
    pass: u32,
    graph: OnceCell<Graph>,
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter<'h> {
    /// Its path, unique in the network.
    pub path: &'h str,
    /// The node it belongs to.
    pub node: NodeId,
    /// What it is to that node.
    pub role: ParameterRole,
    /// Its shape, outermost first; `rank` of them count.
    shape: [usize; 4],
    rank: usize,
    /// Its values, row-major.
    pub values: &'h [f32],
}

impl Parameter<'_> {
    /// Its shape, outermost first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape[..self.rank]
    }
}

/// The minibatch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch<'h> {
    /// How many images.
    pub images: usize,
    /// Channels, rows and columns of one.
    pub shape: [usize; 3],
    /// Normalised pixels, `[images, channels, height, width]`.
    pub pixels: &'h [f32],
    /// One label an image.
    pub labels: &'h [u32],
}

/// Which ReLU units are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patterns<'h> {
    /// How many images.
    pub images: usize,
    /// ReLU units.
    pub units: usize,
    words_a_row: usize,
    words: &'h [u64],
}

impl<'h> Patterns<'h> {
    /// The bits of one image, packed little-endian; bits beyond the units are zero.
    #[must_use]
    pub fn row(&self, image: usize) -> &'h [u64] {
        &self.words[image * self.words_a_row..][..self.words_a_row]
    }
}

/// A symmetric matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matrix<'h> {
    /// Rows and columns.
    pub order: usize,
    /// `[order, order]`.
    pub entries: &'h [f64],
    /// The ratio of the smallest to the largest eigenvalue below which rounding alone explains the smallest.
    pub resolution: f64,
}

/// Statistics of a node's value, a number a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments<'h> {
    /// The mean.
    pub mean: &'h [f64],
    /// The biased variance.
    pub variance: &'h [f64],
}

impl<'h> Network<'h> {
    pub(crate) fn new(host: &'h AssayHost, pass: u32) -> Self {
        Self { host, pass, graph: OnceCell::new() }
    }

    /// What a function of the host gives.
    fn read<T>(&self, call: impl FnOnce(&AssayHost, *mut T) -> AssayStatus) -> Result<T, Error> {
        let mut out = MaybeUninit::uninit();
        self.done(call(self.host, out.as_mut_ptr()))?;
        // SAFETY: a function of the host that returns ASSAY_OK has written its result.
        Ok(unsafe { out.assume_init() })
    }

    fn done(&self, status: AssayStatus) -> Result<(), Error> {
        if status == ASSAY_OK {
            return Ok(());
        }
        // SAFETY: the table is the host's, and the text stays until the next call.
        let problem = unsafe { text((self.host.problem)(self.host.context)) };
        Err(Error::of_host(problem.unwrap_or("a function of the host failed").to_owned()))
    }

    fn doubles(&self, call: impl FnOnce(&AssayHost, *mut AssayDoubles) -> AssayStatus) -> Result<&'h [f64], Error> {
        let AssayDoubles { data, len } = self.read(call)?;
        // SAFETY: what the host lends stays until the plugin's function returns, which `'h` is.
        Ok(unsafe { slice(data, len) })
    }

    /// The network's structure.
    ///
    /// # Errors
    /// If the host cannot send it.
    pub fn graph(&self) -> Result<&Graph, Error> {
        if let Some(graph) = self.graph.get() {
            return Ok(graph);
        }
        // SAFETY: the table is the host's.
        let json = self.read(|host, out| unsafe { (host.graph)(host.context, self.pass, out) })?;
        // SAFETY: what the host lends stays until the plugin's function returns.
        let json = unsafe { text(json) }?;
        let graph = serde_json::from_str(json).map_err(|error| Error::new(format!("the host's graph cannot be read: {error}")))?;
        Ok(self.graph.get_or_init(|| graph))
    }

    /// How many parameters the network has.
    ///
    /// # Errors
    /// If the host fails.
    pub fn parameter_count(&self) -> Result<usize, Error> {
        // SAFETY: the table is the host's.
        let count = self.read(|host, out| unsafe { (host.parameter_count)(host.context, self.pass, out) })?;
        Ok(count as usize)
    }

    /// One parameter, in the order of the graph's.
    ///
    /// # Errors
    /// If there is no parameter of this number.
    pub fn parameter(&self, number: usize) -> Result<Parameter<'h>, Error> {
        // SAFETY: the table is the host's.
        let lent = self.read(|host, out| unsafe { (host.parameter)(host.context, self.pass, index(number), out) })?;
        let role = match lent.role {
            0 => ParameterRole::Weight,
            1 => ParameterRole::Bias,
            2 => ParameterRole::Scale,
            3 => ParameterRole::Offset,
            4 => ParameterRole::Other,
            other => return Err(Error::new(format!("parameter {number} has a role of a later version, {other}"))),
        };
        // SAFETY: what the host lends stays until the plugin's function returns.
        let (path, values) = unsafe { (text(lent.path)?, slice(lent.values.data, lent.values.len)) };
        let (shape, rank) = (lent.shape.map(|side| side as usize), (lent.rank as usize).min(4));
        Ok(Parameter { path, node: NodeId(lent.node as usize), role, shape, rank, values })
    }

    /// The minibatch.
    ///
    /// # Errors
    /// If the host fails.
    pub fn batch(&self) -> Result<Batch<'h>, Error> {
        // SAFETY: the table is the host's.
        let lent = self.read(|host, out| unsafe { (host.batch)(host.context, self.pass, out) })?;
        // SAFETY: what the host lends stays until the plugin's function returns.
        let (pixels, labels) = unsafe { (slice(lent.pixels.data, lent.pixels.len), slice(lent.labels.data, lent.labels.len)) };
        let shape = [lent.channels, lent.height, lent.width].map(|side| side as usize);
        Ok(Batch { images: lent.images as usize, shape, pixels, labels })
    }

    /// Random numbers, uniform in 0 to 1, that depend on the run's seed, the measurement and `purpose` only.
    ///
    /// # Errors
    /// If the host fails.
    pub fn uniform(&self, purpose: &str, count: usize) -> Result<Vec<f64>, Error> {
        self.draw(purpose, ASSAY_UNIFORM_DRAWS, count)
    }

    /// Random numbers from the standard normal distribution, likewise.
    ///
    /// # Errors
    /// If the host fails.
    pub fn normal(&self, purpose: &str, count: usize) -> Result<Vec<f64>, Error> {
        self.draw(purpose, ASSAY_NORMAL_DRAWS, count)
    }

    fn draw(&self, purpose: &str, distribution: u32, count: usize) -> Result<Vec<f64>, Error> {
        let mut numbers = Vec::new();
        numbers.try_reserve_exact(count).map_err(|_| Error::new(format!("there is no memory for {count} random numbers")))?;
        numbers.resize(count, 0.0);
        // SAFETY: the table is the host's, and `numbers` has room for `count`.
        self.done(unsafe { (self.host.draw)(self.host.context, AssayText::of(purpose), distribution, numbers.as_mut_ptr(), count) })?;
        Ok(numbers)
    }

    /// Writes a line to the run's log.
    pub fn log(&self, line: &str) {
        // SAFETY: the table is the host's.
        unsafe { (self.host.log)(self.host.context, 3, AssayText::of(line)) }
    }
}

/// A pass that is about to run.
pub struct Asking<'h>(pub(crate) Network<'h>);

impl<'h> Deref for Asking<'h> {
    type Target = Network<'h>;

    fn deref(&self) -> &Network<'h> {
        &self.0
    }
}

impl Asking<'_> {
    /// Asks for the value of a node.
    ///
    /// # Errors
    /// If there is no such node.
    pub fn value(&self, node: NodeId) -> Result<(), Error> {
        // SAFETY: the table is the host's.
        self.done(unsafe { (self.host.ask_value)(self.host.context, self.pass, index(node.0)) })
    }

    /// Asks for mean and variance of each channel of a node.
    ///
    /// # Errors
    /// If there is no such node.
    pub fn moments(&self, node: NodeId) -> Result<(), Error> {
        // SAFETY: the table is the host's.
        self.done(unsafe { (self.host.ask_moments)(self.host.context, self.pass, index(node.0)) })
    }

    /// Asks for the signs of all ReLUs.
    ///
    /// # Errors
    /// If the host fails.
    pub fn patterns(&self) -> Result<(), Error> {
        // SAFETY: the table is the host's.
        self.done(unsafe { (self.host.ask_patterns)(self.host.context, self.pass) })
    }

    /// Names another objective: Σ cotangent · value of a node, `[images, channels, height, width]`; ones, where there is no
    /// cotangent. Equal calls give equal numbers, so that [`Proxy::score`](crate::Proxy::score) knows them.
    ///
    /// # Errors
    /// If there is no such node, or the cotangent has another length than its value.
    pub fn objective(&self, node: NodeId, cotangent: &[f64]) -> Result<Objective, Error> {
        let cotangent = AssayDoubles::of(cotangent);
        // SAFETY: the table is the host's, which copies the cotangent.
        self.read(|host, out| unsafe { (host.objective)(host.context, self.pass, index(node.0), cotangent, out) }).map(Objective)
    }

    /// Asks for gradients of an objective.
    ///
    /// # Errors
    /// If there is no such objective or node.
    pub fn gradients(&self, objective: Objective, wanted: Wanted) -> Result<(), Error> {
        let (wanted, node) = match wanted {
            Wanted::Parameters => (ASSAY_PARAMETER_GRADIENTS, 0),
            Wanted::Node(node) => (ASSAY_NODE_GRADIENT, index(node.0)),
            Wanted::Products(node) => (ASSAY_NODE_PRODUCTS, index(node.0)),
        };
        // SAFETY: the table is the host's.
        self.done(unsafe { (self.host.ask_gradients)(self.host.context, self.pass, objective.0, wanted, node) })
    }
}

/// A pass that was run.
pub struct Measured<'h>(pub(crate) Network<'h>);

impl<'h> Deref for Measured<'h> {
    type Target = Network<'h>;

    fn deref(&self) -> &Network<'h> {
        &self.0
    }
}

/// # Errors
/// All of these fail if the proxy did not ask for what it reads.
impl<'h> Measured<'h> {
    /// The network's output, `[images, classes]`; always there.
    #[allow(clippy::missing_errors_doc, reason = "said once for all of these")]
    pub fn output(&self) -> Result<&'h [f64], Error> {
        // SAFETY: the table is the host's.
        self.doubles(|host, out| unsafe { (host.output)(host.context, self.pass, out) })
    }

    /// The value of a node, `[images, channels, height, width]`.
    pub fn value(&self, node: NodeId) -> Result<&'h [f64], Error> {
        // SAFETY: the table is the host's.
        self.doubles(|host, out| unsafe { (host.value)(host.context, self.pass, index(node.0), out) })
    }

    /// Mean and variance of each channel of a node.
    pub fn moments(&self, node: NodeId) -> Result<Moments<'h>, Error> {
        // SAFETY: the table is the host's.
        let lent = self.read(|host, out| unsafe { (host.moments)(host.context, self.pass, index(node.0), out) })?;
        // SAFETY: what the host lends stays until the plugin's function returns.
        let (mean, variance) = unsafe { (slice(lent.mean.data, lent.mean.len), slice(lent.variance.data, lent.variance.len)) };
        Ok(Moments { mean, variance })
    }

    /// The signs of all ReLUs.
    pub fn patterns(&self) -> Result<Patterns<'h>, Error> {
        // SAFETY: the table is the host's.
        let lent = self.read(|host, out| unsafe { (host.patterns)(host.context, self.pass, out) })?;
        let (images, units, words_a_row) = (lent.images as usize, lent.units as usize, lent.words_a_row as usize);
        // SAFETY: what the host lends stays until the plugin's function returns.
        Ok(Patterns { images, units, words_a_row, words: unsafe { slice(lent.words.data, lent.words.len) } })
    }

    /// The gradient of an objective with respect to a parameter, of the parameter's shape.
    pub fn parameter_gradient(&self, objective: Objective, parameter: usize) -> Result<&'h [f64], Error> {
        // SAFETY: the table is the host's.
        self.doubles(|host, out| unsafe { (host.parameter_gradient)(host.context, self.pass, objective.0, index(parameter), out) })
    }

    /// The gradient of an objective with respect to the value of a node, of the value's shape.
    pub fn node_gradient(&self, objective: Objective, node: NodeId) -> Result<&'h [f64], Error> {
        // SAFETY: the table is the host's.
        self.doubles(|host, out| unsafe { (host.node_gradient)(host.context, self.pass, objective.0, index(node.0), out) })
    }

    /// Σ value · gradient over each map of a node, `[images, channels]`.
    pub fn node_products(&self, objective: Objective, node: NodeId) -> Result<&'h [f64], Error> {
        // SAFETY: the table is the host's.
        self.doubles(|host, out| unsafe { (host.node_products)(host.context, self.pass, objective.0, index(node.0), out) })
    }

    /// The tangent Gram matrix (TE-NAS, Eq. 2); it need not be asked for, and is measured when it is first read.
    pub fn gram(&self) -> Result<Matrix<'h>, Error> {
        // SAFETY: the table is the host's.
        let lent = self.read(|host, out| unsafe { (host.gram)(host.context, self.pass, out) })?;
        // SAFETY: what the host lends stays until the plugin's function returns.
        let entries = unsafe { slice(lent.entries.data, lent.entries.len) };
        Ok(Matrix { order: lent.order as usize, entries, resolution: lent.resolution })
    }
}

/// A position as it crosses the border. One that does not fit becomes one that nothing has.
fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
