//! Limits of memory: what the engine takes for the least of a call is not more than what the call allocates.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use assay_burn::flex;
use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Engine, EngineError, Objective, Precision, Wanted};
use assay_core::network::Network;
use assay_engine_tests::random;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// Tests of one process share its memory, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a call takes beside what it is given.
fn held(network: &Network, batch: &Minibatch) -> usize {
    network.bytes() + size_of_val(batch.pixels())
}

/// The calls whose memory is known.
fn call(engine: &dyn Engine, (network, batch): &(Network, Minibatch), kind: usize, precision: Precision) -> Result<(), EngineError> {
    let objective = Objective::output_sum(network.graph());
    match kind {
        0 => engine.pass(network, batch, &Ask::new(), precision).map(drop),
        1 => engine.pass(network, batch, &Ask::new().gradients(objective, Wanted::parameters()), precision).map(drop),
        _ => engine.tangent_gram(network, batch, precision).map(drop),
    }
}

#[test]
fn no_call_is_refused_the_memory_that_it_allocates_and_most_are_refused_an_eighth() {
    let _turn = turn();
    let (mut calls, mut refused) = (0, 0);
    for seed in 0..30 {
        for subject in [random::network(seed), random::mobile_network(seed), random::network_on_sequences(seed)] {
            // Parameters are drawn when they are first read.
            let count = subject.0.graph().parameters().len();
            assert_eq!((0..count).map(|parameter| size_of_val(subject.0.parameter(parameter))).sum::<usize>(), subject.0.bytes());
            for (kind, precision) in (0..3).flat_map(|kind| [Precision::F32, Precision::F64].map(|precision| (kind, precision))) {
                let before = ALLOCATED.current_usage();
                ALLOCATED.reset_peak_usage();
                call(&flex(), &subject, kind, precision).unwrap();
                let allocated = ALLOCATED.peak_usage() - before;
                let given = |bytes: usize| call(&flex().sharing(held(&subject.0, &subject.1) + bytes, 1), &subject, kind, precision);
                given(allocated).unwrap_or_else(|error| {
                    let nodes = subject.0.graph().nodes().iter().map(|node| (node.operator.kind(), node.shape.elements()));
                    panic!("seed {seed}, call {kind}, {precision:?}, {allocated} bytes: {error}: {:?}", nodes.collect::<Vec<_>>())
                });
                calls += 1;
                refused += usize::from(matches!(given(allocated / 8), Err(EngineError::Memory { .. })));
            }
        }
    }
    assert!(refused > calls / 2, "{refused} of {calls}");
}

#[test]
fn a_call_that_does_not_fit_says_what_it_and_one_image_need_and_alone_it_has_all_of_the_memory() {
    let _turn = turn();
    let (network, batch) = (0..).map(random::network).find(|(_, batch)| batch.len() > 1).unwrap();
    let ask = Ask::new().gradients(Objective::output_sum(network.graph()), Wanted::parameters());
    let own = |engine: &dyn Engine| engine.pass(&network, &batch, &ask, Precision::F64);
    let EngineError::Memory { calls, one_image_mib, .. } = own(&flex().sharing(16, 2)).unwrap_err() else { panic!("it is another error") };
    assert_eq!((calls, one_image_mib), (2, Some(1)));
    assert!(flex().sharing(16, 2).room(8).is_ok() && flex().sharing(16, 2).room(9).is_err());

    // Hardly too little for each of two.
    let mut bytes = held(&network, &batch);
    while own(&flex().sharing(bytes + 64, 1)).is_err() {
        bytes += 64;
    }
    let two = flex().sharing(2 * bytes, 2);
    assert!(own(&two).is_err());
    let alone = two.alone(NonZeroUsize::MIN).unwrap();
    assert_eq!(own(alone.as_ref()).unwrap().output, own(&flex()).unwrap().output);
    assert!(flex().alone(NonZeroUsize::MIN).is_none(), "there is nothing to share out");
}
