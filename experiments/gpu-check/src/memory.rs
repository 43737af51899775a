//! The most memory that was in use: the graphics card's, as NVIDIA's `nvidia-smi` tells it, or this process's.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an engine's memory is read from.
pub(crate) enum Memory {
    /// Of this process.
    Process,
    /// Of a card. Other programs on it count too, but for what they held at the beginning.
    Card(Option<Watch>),
}

/// A running `nvidia-smi`.
pub(crate) struct Watch {
    child: Child,
    before: u64,
    most: Arc<AtomicU64>,
}

impl Memory {
    /// Of an engine of this name.
    pub(crate) fn of(engine: &str) -> Self {
        if engine == "burn-cuda" { Self::Card(Watch::begin()) } else { Self::Process }
    }

    /// The most so far, in MiB, where the system tells.
    pub(crate) fn most(&self) -> Option<f64> {
        match self {
            Self::Process => assay_heap::most_resident(None).map(|bytes| bytes as f64 / f64::from(1 << 20)),
            Self::Card(watch) => watch.as_ref().map(|watch| watch.most.load(Ordering::Relaxed).saturating_sub(watch.before) as f64),
        }
    }

    /// What measures, for people.
    pub(crate) fn device(&self) -> String {
        match self {
            Self::Process => std::fs::read_to_string("/proc/cpuinfo")
                .ok()
                .and_then(|text| {
                    let name = text.lines().find_map(|line| line.strip_prefix("model name"))?;
                    Some(name.trim_start_matches([' ', '\t', ':']).trim_end().to_owned())
                })
                .unwrap_or_else(|| "an unknown processor".into()),
            Self::Card(_) => told(&["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"])
                .and_then(|text| Some(text.lines().next()?.to_owned()))
                .unwrap_or_else(|| "a card that nvidia-smi does not name".into()),
        }
    }
}

fn nvidia_smi(arguments: &[&str]) -> Command {
    let mut command = Command::new("nvidia-smi");
    // The card that CUDA takes for its first.
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    let first = visible.as_deref().and_then(|cards| cards.split(',').next()).filter(|card| !card.is_empty()).unwrap_or("0").to_owned();
    command.arg(format!("--id={first}")).args(arguments);
    command
}

fn told(arguments: &[&str]) -> Option<String> {
    let output = nvidia_smi(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Watch {
    /// Watches the card from now on; nothing where `nvidia-smi` is not there.
    fn begin() -> Option<Self> {
        let used = ["--query-gpu=memory.used", "--format=csv,noheader,nounits"];
        let before = told(&used)?.trim().parse().ok()?;
        let mut child = nvidia_smi(&used).arg("--loop-ms=200").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let most = Arc::new(AtomicU64::new(before));
        let (lines, seen) = (BufReader::new(child.stdout.take()?).lines(), Arc::clone(&most));
        std::thread::spawn(move || {
            for mebibytes in lines.map_while(Result::ok).filter_map(|line| line.trim().parse().ok()) {
                seen.fetch_max(mebibytes, Ordering::Relaxed);
            }
        });
        Some(Self { child, before, most })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended by itself, with its card.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}
