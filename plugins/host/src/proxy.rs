//! A proxy of a plugin file among the proxies of the program.

use assay_core::data::{Augmentation, Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Precision};
use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{
    AskError, Declared, Measured, Pass, PassProxy, Proxy, ProxyError, Settings, SettingsError, Source, WholeNetwork, WholePass,
};
use assay_core::score::{Direction, Reading};
use assay_core::stream::Stream;
use assay_plugin_sdk::abi::{
    ASSAY_F32, ASSAY_F64, ASSAY_FLIP_AND_CROP, ASSAY_NO_AUGMENTATION, ASSAY_NORMAL_IMAGES, ASSAY_SAMPLED_IMAGES, AssayPass,
};

use crate::callee::{Callee, Fault};
use crate::description::Plugin;
use crate::measurement::{Asking, Scoring};

/// How parameters are drawn, by number. The order is part of the interface.
pub(crate) const INITIALISERS: [Initialiser; 4] =
    [Initialiser::UniformFanIn, Initialiser::KaimingNormalFanIn, Initialiser::KaimingNormalFanOut, Initialiser::StandardNormal];

/// A proxy whose functions are a plugin's.
pub(crate) struct RuntimeProxy {
    name: String,
    /// `libsnip.so 0.1.0 1f3c…`: part of every protocol, since another build is another proxy.
    file: String,
    direction: Direction,
    protocol: String,
    /// Each with the number of its draw of images.
    passes: Vec<(WholePass, usize)>,
    callee: Box<dyn Callee>,
    /// The minor version of the interface that the file was built for.
    minor: u32,
}

/// Makes the proxy `about` of a file; `make` gives what is called, from settings that are the plugin's own.
///
/// # Errors
/// If the plugin refuses the settings.
pub(crate) fn build(
    about: &Plugin,
    file: &str,
    settings: &Settings,
    make: impl FnOnce(&str) -> Result<Box<dyn Callee>, String>,
) -> Result<Box<Proxy>, SettingsError> {
    let is_of_pass = |key: &str| about.has_pass_settings && WholePass::SETTINGS.iter().any(|setting| setting.name == key);
    let part = |of_pass: bool| -> Settings {
        settings.iter().filter(|(key, _)| is_of_pass(key) == of_pass).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let whole: WholePass = part(true).read()?;
    let refused = |problem: String| SettingsError::new("name", format!("the plugin `{file}` {problem}"));
    let own = serde_json::to_string(&part(false)).map_err(|error| refused(error.to_string()))?;
    let callee = make(&own).map_err(refused)?;
    let clause = |fault| match fault {
        Fault::Failed(clause) | Fault::Crashed(clause) => refused(clause),
    };
    let wanted = callee.passes(across(&whole)).map_err(clause)?;
    let passes = wanted.into_iter().map(pass).collect::<Result<_, _>>().map_err(refused)?;
    let direction = if about.lower_is_better { Direction::LowerIsBetter } else { Direction::HigherIsBetter };
    let protocol = callee.protocol().map_err(clause)?;
    Ok(Box::new(Proxy::passes(RuntimeProxy {
        name: about.name.clone(),
        file: file.into(),
        direction,
        protocol,
        passes,
        callee,
        minor: about.minor,
    })))
}

/// A pass as it crosses the border.
fn across(pass: &WholePass) -> AssayPass {
    let size = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    let initialiser = INITIALISERS.iter().position(|known| *known == pass.initialiser).unwrap_or_default();
    let precision = if pass.precision == Precision::F64 { ASSAY_F64 } else { ASSAY_F32 };
    let augmentation = if pass.augmentation == Augmentation::FlipAndCrop { ASSAY_FLIP_AND_CROP } else { ASSAY_NO_AUGMENTATION };
    let images = if pass.images == Source::Normal { ASSAY_NORMAL_IMAGES } else { ASSAY_SAMPLED_IMAGES };
    let WholeNetwork { channels, cells } = pass.network;
    let (channels, cells, batch) = (size(channels), size(cells), size(pass.batch));
    AssayPass { channels, cells, batch, initialiser: size(initialiser), precision, augmentation, images, draw: 0 }
}

/// The pass that a plugin wants, with the number of its draw of images.
fn pass(wanted: AssayPass) -> Result<(WholePass, usize), String> {
    let AssayPass { channels, cells, batch, initialiser, precision, augmentation, images, draw } = wanted;
    for (name, value, most) in [("channels", channels, 4096), ("cells", cells, 100), ("images", batch, 65_536)] {
        if !(1..=most).contains(&value) {
            return Err(format!("wants a pass of {value} {name}; 1 to {most} can be had"));
        }
    }
    let unknown = |what: &str, value: u32| format!("wants a pass of {what} {value}, which this program does not know");
    let initialiser = *INITIALISERS.get(initialiser as usize).ok_or_else(|| unknown("initialiser", initialiser))?;
    let precision = match precision {
        ASSAY_F32 => Precision::F32,
        ASSAY_F64 => Precision::F64,
        other => return Err(unknown("precision", other)),
    };
    let augmentation = match augmentation {
        ASSAY_NO_AUGMENTATION => Augmentation::None,
        ASSAY_FLIP_AND_CROP => Augmentation::FlipAndCrop,
        other => return Err(unknown("augmentation", other)),
    };
    let images = match images {
        ASSAY_SAMPLED_IMAGES => Source::Dataset,
        ASSAY_NORMAL_IMAGES => Source::Normal,
        other => return Err(unknown("images", other)),
    };
    let network = WholeNetwork { channels: channels as usize, cells: cells as usize };
    let batch_norm = NormStatistics::Batch;
    Ok((WholePass { network, batch: batch as usize, initialiser, precision, augmentation, batch_norm, images }, draw as usize))
}

impl RuntimeProxy {
    fn failed(&self, clause: &str) -> ProxyError {
        ProxyError::Other(format!("the plugin `{}` {clause}", self.file))
    }

    /// Why there is no score where the plugin's process ended.
    fn crashed(&self, clause: &str) -> String {
        format!("the plugin `{}` {clause}", self.file)
    }
}

impl PassProxy for RuntimeProxy {
    fn direction(&self) -> Direction {
        self.direction
    }

    /// Interface 1.x has no word for it.
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        let passes: Vec<String> = self.passes.iter().map(|(pass, _)| pass.to_string()).collect();
        let own = if self.protocol.is_empty() { String::new() } else { format!("{}, ", self.protocol) };
        format!("{}: {own}{} (plugin {})", self.name, passes.join(" and "), self.file)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        self.passes.iter().map(|(pass, draw)| pass.pass(dataset, *draw)).collect()
    }

    fn ask(&self, position: usize, network: &Network, batch: &Minibatch, stream: &Stream) -> Result<Ask, AskError> {
        let number = u32::try_from(position).unwrap_or(u32::MAX);
        let asking = Asking::new(number, (network, batch), stream, self.minor);
        match self.callee.ask(number, &asking) {
            Ok(()) => Ok(asking.asked()),
            Err(Fault::Failed(clause)) => Err(self.failed(&clause).into()),
            Err(Fault::Crashed(clause)) => Err(AskError::Undefined(self.crashed(&clause))),
        }
    }

    fn read(&self, passes: &[Measured<'_>], stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let passes = passes.iter().zip(&self.passes).map(|(measured, (pass, _))| (measured, pass.precision));
        match self.callee.score(&Scoring::new(passes, stream, engine, self.minor)) {
            Ok(reading) => Ok(reading),
            Err(Fault::Failed(clause)) => Err(self.failed(&clause)),
            Err(Fault::Crashed(clause)) => Ok(Reading::undefined(self.crashed(&clause))),
        }
    }
}
