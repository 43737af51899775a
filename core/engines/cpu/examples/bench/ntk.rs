//! κ: of TE-NAS's two supernets and of a single path.

use assay_core::network::Network;
use assay_cpu::CpuEngine;
use serde_json::{Map, Value};

use crate::timing::{Peak, Timed, agree, in_turn};
use crate::{Fallible, darts, images, initialised, kappa, nas_bench_201};

/// Images of a batch, as TE-NAS chooses them for either space.
const BATCH: usize = 72;
const DARTS_BATCH: usize = 14;
/// How far κ may be apart in float32: as far as from the published reference values.
const TOLERANCE: f64 = 1e-3;

fn two_threads() -> CpuEngine {
    CpuEngine::new().threads(std::num::NonZeroUsize::MIN.saturating_add(1))
}

/// κ of the NAS-Bench-201 supernet, which must not depend on the threads.
pub(crate) fn supernet_on_one_and_two_threads() -> Fallible<[f64; 2]> {
    let network = initialised(nas_bench_201::supernet()?);
    let images = images(BATCH);
    Ok([kappa(&CpuEngine::new(), &network, &images)?, kappa(&two_threads(), &network, &images)?])
}

/// Operations of the weights' gradients and the backward convolutions: twice the forward multiply-adds, for every
/// cotangent over every image. Nothing else counts, not even the forward pass.
fn operations(network: &Network, batch: usize) -> f64 {
    2.0 * 2.0 * network.graph().multiply_adds() as f64 * (batch * batch) as f64
}

/// One network's times.
struct Case {
    /// As the keys name it.
    key: &'static str,
    operations: f64,
    one: Timed,
    baseline: Timed,
}

pub(crate) struct Ntk {
    cases: [Case; 3],
    supernet_on_two: Timed,
}

pub(crate) fn measure(rounds: usize, peak: &mut Peak) -> Fallible<Ntk> {
    let (one, two, flex) = (CpuEngine::new(), two_threads(), assay_burn::flex());
    let (supernet, path) = (initialised(nas_bench_201::supernet()?), initialised(nas_bench_201::all_3x3(3, 1)?));
    let darts = initialised(darts::supernet()?);
    let (many, few) = (images(BATCH), images(DARTS_BATCH));
    let wrapped = |kappa: f64| vec![vec![kappa]];
    let [supernet_on_one, supernet_on_two, supernet_on_flex, path_on_one, path_on_flex, darts_on_one, darts_on_flex] = in_turn(
        rounds,
        peak,
        [
            ("κ of the NAS-Bench-201 supernet", &|| kappa(&one, &supernet, &many).map(wrapped)),
            ("the same on two threads", &|| kappa(&two, &supernet, &many).map(wrapped)),
            ("the same on burn-flex", &|| kappa(&flex, &supernet, &many).map(wrapped)),
            ("κ of the all-3×3 path", &|| kappa(&one, &path, &many).map(wrapped)),
            ("the same on burn-flex", &|| kappa(&flex, &path, &many).map(wrapped)),
            ("κ of the DARTS supernet", &|| kappa(&one, &darts, &few).map(wrapped)),
            ("the same on burn-flex", &|| kappa(&flex, &darts, &few).map(wrapped)),
        ],
    )?;
    if supernet_on_one.result != supernet_on_two.result {
        return Err("κ depends on the number of threads".into());
    }
    let case = |key, network, batch, one, baseline| Case { key, operations: operations(network, batch), one, baseline };
    let cases = [
        case("supernet", &supernet, BATCH, supernet_on_one, supernet_on_flex),
        case("single_path", &path, BATCH, path_on_one, path_on_flex),
        case("darts_supernet", &darts, DARTS_BATCH, darts_on_one, darts_on_flex),
    ];
    for Case { key, one, baseline, .. } in &cases {
        agree(key, &one.result, &baseline.result, TOLERANCE)?;
    }
    Ok(Ntk { cases, supernet_on_two })
}

impl Ntk {
    pub(crate) fn figures(&self, peak: &Peak) -> Map<String, Value> {
        let mut figures = Map::new();
        let mut put = |key: String, value: f64| figures.insert(key, value.into());
        for Case { key, operations, one, baseline } in &self.cases {
            put(format!("kappa_{key}_s_1t"), one.seconds);
            put(format!("kappa_{key}_fraction_of_peak_1t"), peak.share(*operations, one.seconds, 1.0));
            put(format!("burn_flex_kappa_{key}_s_1t"), baseline.seconds);
            put(format!("kappa_{key}_times_faster_than_burn_flex"), baseline.seconds / one.seconds);
            put(format!("kappa_{key}_multiply_adds"), operations / 2.0);
        }
        let [supernet, ..] = &self.cases;
        let seconds = self.supernet_on_two.seconds;
        put("kappa_supernet_s_2t".into(), seconds);
        put("kappa_supernet_fraction_of_peak_2t".into(), peak.share(supernet.operations, seconds, 2.0));
        put("kappa_supernet_times_faster_2t".into(), supernet.one.seconds / seconds);
        figures
    }
}
