//! An engine together with another one, for the networks that it cannot run.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::learner::{Learner, Lesson, Rules, StepMemory};
use super::{Answer, Ask, Engine, EngineError, Forward, Gram, JacobianOf, Objective, Patterns, Precision};
use crate::data::Minibatch;
use crate::graph::{Graph, NodeId};
use crate::network::Network;

/// Runs each network whole, on the first of two engines that [supports](Engine::supports) it. Which one that is depends on the
/// graph alone. Where neither does, the second says why.
pub struct WithFallback {
    own: Arc<dyn Engine>,
    fallback: Arc<dyn Engine>,
}

impl WithFallback {
    /// `own`, and `fallback` for what `own` does not support.
    #[must_use]
    pub fn new(own: Box<dyn Engine>, fallback: Arc<dyn Engine>) -> Self {
        Self { own: Arc::from(own), fallback }
    }

    /// The one that runs this graph.
    #[must_use]
    pub fn of(&self, graph: &Graph) -> &dyn Engine {
        if self.own.supports(graph).is_ok() { self.own.as_ref() } else { self.fallback.as_ref() }
    }
}

impl Engine for WithFallback {
    /// The name of the first.
    fn name(&self) -> String {
        self.own.name()
    }

    fn on_threads(&self, threads: NonZeroUsize) -> Option<Box<dyn Engine>> {
        Some(Box::new(Self { own: Arc::from(self.own.on_threads(threads)?), fallback: Arc::clone(&self.fallback) }))
    }

    fn alone(&self, threads: NonZeroUsize) -> Option<Box<dyn Engine>> {
        let engines = [&self.own, &self.fallback];
        let alone = engines.map(|engine| engine.alone(threads));
        if alone.iter().all(Option::is_none) {
            return None;
        }
        let mut alone = alone.into_iter().zip(engines).map(|(alone, engine)| alone.map_or_else(|| Arc::clone(engine), Arc::from));
        Some(Box::new(Self { own: alone.next()?, fallback: alone.next()? }))
    }

    fn supports(&self, graph: &Graph) -> Result<(), EngineError> {
        self.of(graph).supports(graph)
    }

    fn room(&self, bytes: usize) -> Result<(), EngineError> {
        self.own.room(bytes)
    }

    fn pass(&self, network: &Network, batch: &Minibatch, ask: &Ask, precision: Precision) -> Result<Answer, EngineError> {
        self.of(network.graph()).pass(network, batch, ask, precision)
    }

    fn gradients_by_image(
        &self,
        network: &Network,
        batch: &Minibatch,
        objective: &Objective,
        precision: Precision,
        visit: &mut dyn FnMut(&[Vec<f64>]),
    ) -> Result<(), EngineError> {
        self.of(network.graph()).gradients_by_image(network, batch, objective, precision, visit)
    }

    fn jacobians_by_image(
        &self,
        network: &Network,
        batch: &Minibatch,
        of: JacobianOf<'_>,
        precision: Precision,
        visit: &mut dyn FnMut(&[f64]),
    ) -> Result<(), EngineError> {
        self.of(network.graph()).jacobians_by_image(network, batch, of, precision, visit)
    }

    fn forward(&self, network: &Network, batch: &Minibatch, taps: &[NodeId], precision: Precision) -> Result<Forward, EngineError> {
        self.of(network.graph()).forward(network, batch, taps, precision)
    }

    fn gradients(
        &self,
        network: &Network,
        batch: &Minibatch,
        cotangent: &[f64],
        precision: Precision,
    ) -> Result<Vec<Vec<f64>>, EngineError> {
        self.of(network.graph()).gradients(network, batch, cotangent, precision)
    }

    fn relu_patterns(&self, network: &Network, batch: &Minibatch) -> Result<Patterns, EngineError> {
        self.of(network.graph()).relu_patterns(network, batch)
    }

    fn tangent_gram(&self, network: &Network, batch: &Minibatch, precision: Precision) -> Result<Gram, EngineError> {
        self.of(network.graph()).tangent_gram(network, batch, precision)
    }

    fn learner(&self, network: Network, rules: &Rules) -> Result<Box<dyn Learner>, EngineError> {
        self.of(network.graph()).learner(network, rules)
    }

    fn step_memory(&self, graph: &Arc<Graph>, lesson: &Lesson<'_>, images: usize, rules: &Rules) -> Option<StepMemory> {
        self.of(graph).step_memory(graph, lesson, images, rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Activation, Conv2d, GraphBuilder, Operator, Shape};
    use crate::network::Initialiser;
    use crate::stream::Stream;

    /// Fails at everything, by its name.
    struct Failing {
        name: &'static str,
        is_general: bool,
    }

    impl Failing {
        fn fails<T>(&self) -> Result<T, EngineError> {
            Err(EngineError::Unsupported { engine: self.name.into(), problem: "fails".into() })
        }
    }

    impl Engine for Failing {
        fn name(&self) -> String {
            self.name.into()
        }

        fn on_threads(&self, _: NonZeroUsize) -> Option<Box<dyn Engine>> {
            Some(Box::new(Self { name: "threaded", ..*self }))
        }

        fn alone(&self, _: NonZeroUsize) -> Option<Box<dyn Engine>> {
            (!self.is_general).then(|| Box::new(Self { name: "alone", ..*self }) as Box<dyn Engine>)
        }

        fn supports(&self, graph: &Graph) -> Result<(), EngineError> {
            if self.is_general || graph.first_not_basic().is_none() { Ok(()) } else { self.fails() }
        }

        fn pass(&self, _: &Network, _: &Minibatch, _: &Ask, _: Precision) -> Result<Answer, EngineError> {
            self.fails()
        }

        fn tangent_gram(&self, _: &Network, _: &Minibatch, _: Precision) -> Result<Gram, EngineError> {
            self.fails()
        }

        fn learner(&self, _: Network, _: &Rules) -> Result<Box<dyn Learner>, EngineError> {
            self.fails()
        }
    }

    fn network(activation: Operator) -> Network {
        let mut builder = GraphBuilder::new(Shape::new(1, 2, 2)).unwrap();
        let maps = builder.conv("conv", builder.input(), Conv2d::new(2, 1)).unwrap();
        let maps = builder.add("activation", activation, &[maps]).unwrap();
        Network::initialise(builder.finish(maps).into(), Initialiser::UniformFanIn, &Stream::new(1, "parameters"))
    }

    /// The engine that each call came to.
    fn asked(engine: &dyn Engine, network: &Network) -> Vec<String> {
        let batch = Minibatch::new(Shape::new(1, 2, 2), vec![0.0; 4], vec![0]);
        let precision = Precision::F32;
        let outcomes = [
            engine.pass(network, &batch, &Ask::new(), precision).err(),
            engine.forward(network, &batch, &[], precision).err(),
            engine.gradients(network, &batch, &[0.0; 8], precision).err(),
            engine.gradients_by_image(network, &batch, &Objective::output_sum(network.graph()), precision, &mut |_| {}).err(),
            engine
                .jacobians_by_image(network, &batch, JacobianOf { cotangents: &[vec![1.0; 8]], elements: &[] }, precision, &mut |_| {})
                .err(),
            engine.relu_patterns(network, &batch).err(),
            engine.tangent_gram(network, &batch, precision).err(),
            engine.learner(network.clone(), &Rules::default()).err(),
        ];
        let name = |outcome: Option<EngineError>| match outcome {
            Some(EngineError::Unsupported { engine, .. }) => engine,
            other => format!("{other:?}"),
        };
        outcomes.into_iter().map(name).collect()
    }

    #[test]
    fn each_network_is_measured_whole_by_the_first_engine_that_supports_it() {
        let (own, other) = (Failing { name: "own", is_general: false }, Failing { name: "other", is_general: true });
        let both = WithFallback::new(Box::new(own), Arc::new(other));
        let (basic, general) = (network(Operator::Relu), network(Operator::Activation(Activation::Gelu)));
        assert_eq!(both.name(), "own");
        assert_eq!(asked(&both, &basic), ["own"; 8]);
        assert_eq!(asked(&both, &general), ["other"; 8]);
        let threaded = both.on_threads(NonZeroUsize::MIN).unwrap();
        assert_eq!(asked(threaded.as_ref(), &basic), ["threaded"; 8]);
        assert_eq!(asked(threaded.as_ref(), &general), ["other"; 8]);
        let alone = both.alone(NonZeroUsize::MIN).unwrap();
        assert_eq!(
            (asked(alone.as_ref(), &basic), asked(alone.as_ref(), &general)),
            (vec!["alone".to_owned(); 8], vec!["other".to_owned(); 8])
        );
        let other = || Failing { name: "other", is_general: true };
        assert!(WithFallback::new(Box::new(other()), Arc::new(other())).alone(NonZeroUsize::MIN).is_none(), "neither shares out memory");
        assert!(both.supports(general.graph()).is_ok());
    }
}
