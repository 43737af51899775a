//! What is packed, and its size.

use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use miette::{IntoDiagnostic, WrapErr, bail};

use crate::archive::Archive;
use crate::project;

/// The most bytes that a pack may have.
const LIMIT: u64 = 60_000_000;
/// The oracles in a pack: names without endings.
const ORACLES: [&str; 4] = ["oneshot_rsps_a", "tenas_darts_a", "tenas_nb201_a", "tenas_nb201_b"];
/// A thousand images of CIFAR-10.
const IMAGES: &str = "data/images/cifar10_train_balanced1000.bin";
/// What lies beside the program's source.
const AS_THEY_ARE: [&str; 1] = ["pytorch.py"];

/// What a pack is made of.
pub(super) struct Pack<'a> {
    /// The engine that is checked.
    pub(super) engine: &'a str,
    /// Hundredths of the time that each part has.
    pub(super) share: u32,
    pub(super) program: &'a Path,
    /// The reference data.
    pub(super) shared: &'a Path,
}

/// The folder in a pack for an engine.
fn folder(engine: &str) -> String {
    format!("assay-gpu-check-{engine}")
}

impl Pack<'_> {
    /// Writes it to a folder, says how large it is, and gives its path.
    pub(super) fn write(&self, output: &Path) -> miette::Result<PathBuf> {
        let mut archive = Archive::new(&folder(self.engine));
        let scripts = project::root().join("experiments/gpu-check/pack");
        archive.program("bin/assay-gpu-check", self.program)?;
        archive.program("run.sh", &scripts.join("run.sh"))?;
        for name in AS_THEY_ARE {
            archive.path(name, &scripts.join(name))?;
        }
        for name in ORACLES.iter().flat_map(|name| ["json", "safetensors"].map(|extension| format!("{name}.{extension}"))) {
            archive.path(&format!("data/oracles/{name}"), &self.shared.join("oracles").join(&name)).wrap_err(WITHOUT)?;
        }
        archive.path("data/images.bin", &self.shared.join(IMAGES)).wrap_err(WITHOUT)?;
        archive.text("engine", &format!("{}\n", self.engine));
        archive.text("share", &format!("{}\n", self.share));
        let file = output.join(format!("{}.tar.gz", folder(self.engine)));
        let sum = archive.write(&file)?;
        let size = std::fs::metadata(&file).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", file.display()))?.len();
        println!("{}\n{:.1} MB, SHA-256 {sum}", file.display(), size as f64 / 1e6);
        small_enough(size)?;
        Ok(file)
    }
}

const WITHOUT: &str = "the reference data are needed; --shared, or the variable ASSAY_SHARED, names their folder";

fn small_enough(size: u64) -> miette::Result<()> {
    if size > LIMIT {
        bail!("the pack has {size} bytes, more than the {LIMIT} that it may have: take oracles out, or build a smaller program");
    }
    Ok(())
}

/// Unpacks it beside itself, in place of what an earlier one left, and gives its folder.
pub(super) fn unpack(file: &Path, output: &Path) -> miette::Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let unpacked = output.join(name.trim_end_matches(".tar.gz"));
    let failed = || format!("{} cannot be unpacked", file.display());
    if unpacked.exists() {
        std::fs::remove_dir_all(&unpacked).into_diagnostic().wrap_err_with(failed)?;
    }
    let packed = std::fs::File::open(file).into_diagnostic().wrap_err_with(failed)?;
    tar::Archive::new(GzDecoder::new(packed)).unpack(output).into_diagnostic().wrap_err_with(failed)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_holds_what_its_script_asks_for_and_is_below_its_limit() {
        let scratch = tempfile::tempdir().unwrap();
        let (shared, output) = (scratch.path().join("shared"), scratch.path().join("out"));
        for folder in [shared.join("oracles"), shared.join("data/images"), output.clone()] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let program = scratch.path().join("program");
        let mut written = vec![shared.join(IMAGES), program.clone()];
        written.extend(ORACLES.iter().flat_map(|name| ["json", "safetensors"].map(|end| shared.join(format!("oracles/{name}.{end}")))));
        written.iter().for_each(|file| std::fs::write(file, "text").unwrap());
        let pack = Pack { engine: "burn-flex", share: 40, program: &program, shared: &shared };
        let unpacked = unpack(&pack.write(&output).unwrap(), &output).unwrap();
        for name in ["run.sh", "pytorch.py", "bin/assay-gpu-check", "data/images.bin", "data/oracles/tenas_nb201_a.safetensors"] {
            assert!(unpacked.join(name).is_file(), "{name}");
        }
        assert_eq!(std::fs::read_to_string(unpacked.join("engine")).unwrap(), "burn-flex\n");
        assert!(small_enough(LIMIT).is_ok() && small_enough(LIMIT + 1).is_err());
        std::fs::remove_file(shared.join(IMAGES)).unwrap();
        assert!(format!("{:?}", pack.write(&output).unwrap_err()).contains("--shared"));
    }
}
