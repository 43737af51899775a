//! The functions of the host, over a source that says what it was asked.

use super::*;

/// A byte that is not a character.
fn not_utf_8() -> AssayText {
    const BYTE: &[u8] = &[0xff];
    AssayText { data: BYTE.as_ptr().cast(), len: 1 }
}

/// Says what it was asked, and lends what it holds; node and parameter 9 are not there.
struct Fake {
    queries: RefCell<Vec<Query>>,
}

const FLOATS: [f32; 3] = [0.5, -1.5, 2.5];
const DOUBLES: [f64; 4] = [1.0, 2.0, 3.0, 4.0];
const OTHERS: [f64; 2] = [-1.0, -2.0];
const WORDS: [u64; 2] = [7, u64::MAX];
const LABELS: [u32; 2] = [1, 3];
const TEXT: &str = "cells.0.κ";

impl Source for Fake {
    fn answer(&self, query: &Query) -> Result<Lent<'_>, String> {
        self.queries.borrow_mut().push(query.clone());
        match query {
            Query::Value { node: 9, .. } | Query::AskValue { node: 9, .. } | Query::Draw { distribution: 9, .. } => {
                Err("there is none".into())
            }
            _ => Ok(Lent {
                text: TEXT,
                numbers: [1, 2, 3, 4, 5, 6, 7, 8, 9],
                real: 0.25,
                floats: &FLOATS,
                doubles: [&DOUBLES, &OTHERS],
                words: &WORDS,
                labels: &LABELS,
            }),
        }
    }
}

fn fake() -> Fake {
    Fake { queries: RefCell::new(Vec::new()) }
}

/// Room for a result, which begins as zeros.
fn room<T>() -> T {
    // SAFETY: all bits of the interface's results may be zero.
    unsafe { std::mem::zeroed() }
}

fn doubles<'a>(lent: AssayDoubles) -> &'a [f64] {
    // SAFETY: the fake lends constants.
    unsafe { foreign::values(lent.data, lent.len) }
}

#[test]
fn every_function_asks_its_own_question_and_fills_in_what_is_lent() {
    let source = fake();
    let call = Call::new(&source);
    let host = call.table();
    let context = host.context;
    // SAFETY: the table's own context, during its call, with room for each result.
    unsafe {
        let mut text: AssayText = room();
        assert_eq!((host.graph)(context, 1, &raw mut text), ASSAY_OK);
        assert_eq!(foreign::text(text), Ok(TEXT));
        let mut count = 0;
        assert_eq!((host.parameter_count)(context, 1, &raw mut count), ASSAY_OK);
        assert_eq!(count, 1);
        let mut parameter: AssayParameter = room();
        assert_eq!((host.parameter)(context, 1, 2, &raw mut parameter), ASSAY_OK);
        let AssayParameter { path, node, role, rank, shape, fan_in, fan_out, values } = parameter;
        assert_eq!((foreign::text(path), node, role, rank, shape, fan_in, fan_out), (Ok(TEXT), 1, 2, 3, [4, 5, 6, 7], 8, 9));
        assert_eq!(foreign::values(values.data, values.len), FLOATS);
        let mut batch: AssayBatch = room();
        assert_eq!((host.batch)(context, 1, &raw mut batch), ASSAY_OK);
        assert_eq!((batch.images, batch.channels, batch.height, batch.width), (1, 2, 3, 4));
        assert_eq!(
            (foreign::values(batch.pixels.data, batch.pixels.len), foreign::values(batch.labels.data, batch.labels.len)),
            (&FLOATS[..], &LABELS[..])
        );
        let mut objective = 0;
        assert_eq!((host.objective)(context, 1, 4, AssayDoubles::of(&OTHERS), &raw mut objective), ASSAY_OK);
        assert_eq!(objective, 1);
        let mut moments: AssayMoments = room();
        assert_eq!((host.moments)(context, 1, 4, &raw mut moments), ASSAY_OK);
        assert_eq!((doubles(moments.mean), doubles(moments.variance)), (&DOUBLES[..], &OTHERS[..]));
        let mut patterns: AssayPatterns = room();
        assert_eq!((host.patterns)(context, 1, &raw mut patterns), ASSAY_OK);
        assert_eq!((patterns.images, patterns.units, patterns.words_a_row), (1, 2, 3));
        assert_eq!(foreign::values(patterns.words.data, patterns.words.len), WORDS);
        let mut matrix: AssayMatrix = room();
        assert_eq!((host.gram)(context, 1, &raw mut matrix), ASSAY_OK);
        assert_eq!((matrix.order, doubles(matrix.entries), matrix.resolution), (1, &DOUBLES[..], 0.25));

        let mut numbers: AssayDoubles = room();
        assert_eq!((host.output)(context, 1, &raw mut numbers), ASSAY_OK);
        assert_eq!((host.value)(context, 1, 4, &raw mut numbers), ASSAY_OK);
        assert_eq!((host.parameter_gradient)(context, 1, 0, 5, &raw mut numbers), ASSAY_OK);
        assert_eq!((host.node_gradient)(context, 1, 0, 5, &raw mut numbers), ASSAY_OK);
        assert_eq!((host.node_products)(context, 1, 0, 5, &raw mut numbers), ASSAY_OK);
        assert_eq!(doubles(numbers), DOUBLES);

        assert_eq!((host.ask_value)(context, 1, 4), ASSAY_OK);
        assert_eq!((host.ask_moments)(context, 1, 4), ASSAY_OK);
        assert_eq!((host.ask_patterns)(context, 1), ASSAY_OK);
        assert_eq!((host.ask_gradients)(context, 1, 0, 2, 4), ASSAY_OK);
        (host.log)(context, 2, AssayText::of("a line"));
    }
    assert_eq!(call.problem(), None);
    let pass = 1;
    assert_eq!(
        source.queries.into_inner(),
        [
            Query::Graph { pass },
            Query::ParameterCount { pass },
            Query::Parameter { pass, parameter: 2 },
            Query::Batch { pass },
            Query::Objective { pass, node: 4, cotangent: OTHERS.to_vec() },
            Query::Moments { pass, node: 4 },
            Query::Patterns { pass },
            Query::Gram { pass },
            Query::Output { pass },
            Query::Value { pass, node: 4 },
            Query::ParameterGradient { pass, objective: 0, parameter: 5 },
            Query::NodeGradient { pass, objective: 0, node: 5 },
            Query::NodeProducts { pass, objective: 0, node: 5 },
            Query::AskValue { pass, node: 4 },
            Query::AskMoments { pass, node: 4 },
            Query::AskPatterns { pass },
            Query::AskGradients { pass, objective: 0, wanted: 2, node: 4 },
            Query::Log { level: 2, line: "a line".into() },
        ]
    );
}

#[test]
fn a_function_that_fails_leaves_its_result_and_says_why() {
    let source = fake();
    let call = Call::new(&source);
    let host = call.table();
    let mut numbers = AssayDoubles::of(&OTHERS);
    // SAFETY: the table's own context, during its call.
    unsafe {
        assert_eq!((host.value)(host.context, 0, 9, &raw mut numbers), ASSAY_FAILED);
        assert_eq!(doubles(numbers), OTHERS);
        assert_eq!(foreign::text((host.problem)(host.context)), Ok("there is none"));
        assert_eq!((host.ask_value)(host.context, 0, 9), ASSAY_FAILED);
    }
    assert_eq!(call.problem().as_deref(), Some("there is none"));
}

#[test]
fn a_result_without_room_is_refused_and_nothing_is_asked() {
    let source = fake();
    let call = Call::new(&source);
    let host = call.table();
    // SAFETY: the table's own context; null stands for no room.
    unsafe {
        assert_eq!((host.output)(host.context, 0, std::ptr::null_mut()), ASSAY_FAILED);
        assert_eq!((host.parameter)(host.context, 0, 0, std::ptr::null_mut()), ASSAY_FAILED);
        assert_eq!((host.objective)(host.context, 0, 0, AssayDoubles::of(&[]), std::ptr::null_mut()), ASSAY_FAILED);
        assert_eq!((host.draw)(host.context, AssayText::of("weights"), 0, std::ptr::null_mut(), 4), ASSAY_FAILED);
    }
    assert_eq!(source.queries.borrow().len(), 0);
    assert_eq!(call.problem().as_deref(), Some("there is no room for the result: `out` is null"));
}

#[test]
fn draws_fill_the_room_that_is_there_and_no_more() {
    let source = fake();
    let call = Call::new(&source);
    let host = call.table();
    let mut drawn = [0.0; 6];
    let draw = |purpose: AssayText, distribution: u32, out: *mut f64, count: usize| {
        // SAFETY: the table's own context, during its call; `out` has room for `count` numbers.
        unsafe { (host.draw)(host.context, purpose, distribution, out, count) }
    };
    // The fake lends four numbers however many are asked for.
    assert_eq!(draw(AssayText::of("weights"), 1, drawn.as_mut_ptr(), 2), ASSAY_OK);
    assert_eq!(drawn, [1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(draw(AssayText::of("weights"), 1, drawn.as_mut_ptr(), 6), ASSAY_OK);
    assert_eq!(drawn, [1.0, 2.0, 3.0, 4.0, 0.0, 0.0]);
    assert_eq!(draw(AssayText::of("weights"), 1, std::ptr::null_mut(), 0), ASSAY_OK);
    assert_eq!(source.queries.borrow()[0], Query::Draw { purpose: "weights".into(), distribution: 1, count: 2 });
    assert_eq!(draw(AssayText::of("weights"), 9, drawn.as_mut_ptr(), 2), ASSAY_FAILED);
    assert_eq!(draw(not_utf_8(), 1, drawn.as_mut_ptr(), 2), ASSAY_FAILED);
    assert_eq!(drawn, [1.0, 2.0, 3.0, 4.0, 0.0, 0.0]);
    assert_eq!(call.problem().as_deref(), Some("the purpose is not UTF-8"));
}

#[test]
fn a_line_that_is_not_a_text_is_not_logged() {
    let source = fake();
    let call = Call::new(&source);
    let host = call.table();
    // SAFETY: the table's own context, during its call.
    unsafe { (host.log)(host.context, 1, not_utf_8()) };
    assert_eq!((source.queries.borrow().len(), call.problem()), (0, None));
}

#[test]
fn the_table_says_how_long_it_is() {
    let source = fake();
    let host = Call::new(&source).table();
    assert_eq!((host.size as usize, host.abi_minor), (size_of::<AssayHost>(), ASSAY_ABI_MINOR));
}
