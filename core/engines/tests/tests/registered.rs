//! Engines are found by name, those of other crates as those of Assay's own.
#![allow(clippy::unwrap_used)]

use assay_burn as _;
use assay_core::data::Minibatch;
use assay_core::engine::{Answer, Ask, Engine, EngineError, EngineFactory, Gram, Precision, Resources};
use assay_core::network::Network;
use assay_core::plugin::{Registry, RegistryError, Settings};
use assay_cpu::CpuEngine;
use assay_engine_tests::{engines, random};

/// An engine that a third party could write: the CPU engine in one precision, whatever is asked for.
struct OnePrecision(CpuEngine, Precision);

impl Engine for OnePrecision {
    fn name(&self) -> String {
        format!("one-precision-{:?}", self.1)
    }

    fn pass(&self, network: &Network, batch: &Minibatch, ask: &Ask, _: Precision) -> Result<Answer, EngineError> {
        self.0.pass(network, batch, ask, self.1)
    }

    fn tangent_gram(&self, network: &Network, batch: &Minibatch, _: Precision) -> Result<Gram, EngineError> {
        self.0.tangent_gram(network, batch, self.1)
    }
}

struct Factory(Precision);

impl EngineFactory for Factory {
    fn make(&self, resources: &Resources) -> Result<Box<dyn Engine>, EngineError> {
        let limit = resources.memory_of_a_call().unwrap_or(usize::MAX);
        Ok(Box::new(OnePrecision(CpuEngine::new().with_memory_limit(limit), self.0)))
    }
}

assay_core::settings! {
    /// The precision.
    struct OnePrecisionSettings {
        /// compute in float64
        wide: bool = false;
    }
}

assay_core::register! {
    dyn EngineFactory,
    name: "one-precision",
    summary: "an engine of this test",
    settings: OnePrecisionSettings,
    build: |settings| Ok(Box::new(Factory(if settings.wide { Precision::F64 } else { Precision::F32 }))),
}

#[test]
fn a_linked_engine_is_found_by_name_takes_its_settings_and_measures() {
    let registry = Registry::<dyn EngineFactory>::collect().unwrap();
    let names: Vec<&str> = registry.iter().map(|entry| entry.name).collect();
    for name in ["burn-flex", "cpu", "one-precision"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let (network, batch) = random::network(7);
    for (wide, precision) in [(false, Precision::F32), (true, Precision::F64)] {
        let engine = registry.build("one-precision", &Settings::none().with("wide", wide)).unwrap().make(&Resources::default()).unwrap();
        let expected = CpuEngine::new().forward(&network, &batch, &[], precision).unwrap().output;
        assert_eq!(engine.forward(&network, &batch, &[], Precision::F32).unwrap().output, expected);
    }
}

#[test]
fn a_wrong_setting_of_an_engine_and_a_name_that_nothing_has_are_refused() {
    let registry = Registry::<dyn EngineFactory>::collect().unwrap();
    let refused = |name: &str, settings: Settings| registry.build(name, &settings).err().unwrap();
    assert!(matches!(refused("one-precision", Settings::none().with("wide", 3)), RegistryError::Settings { kind: "engine", .. }));
    let unknown = refused("one-precison", Settings::none()).to_string();
    assert!(unknown.contains("there is no engine `one-precison`; did you mean `one-precision`?"), "{unknown}");
}

#[test]
fn calls_share_the_memory_that_there_is() {
    let (network, batch) = random::network(7);
    let registry = Registry::<dyn EngineFactory>::collect().unwrap();
    let refused = |calls| {
        let resources = Resources { calls, memory: Some(1 << 30), profile: None };
        registry.build("cpu", &Settings::none()).unwrap().make(&resources).unwrap().forward(&network, &batch, &[], Precision::F32).is_err()
    };
    assert!(!refused(1));
    assert!(refused(1 << 30), "a byte a call is not enough");
}

#[test]
fn every_linked_engine_can_be_had_at_once() {
    let names: Vec<String> = engines().iter().map(|engine| engine.name()).collect();
    assert!(names.iter().any(|name| name == "burn-flex") && names.iter().any(|name| name.starts_with("cpu-")), "{names:?}");
}
