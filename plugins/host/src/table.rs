//! The table of host functions, over any source.
#![allow(unsafe_code, reason = "what crosses the border are pointers and lengths")]

use core::ffi::c_void;
use std::cell::RefCell;

use assay_plugin_sdk::abi::{
    ASSAY_ABI_MINOR, ASSAY_FAILED, ASSAY_OK, AssayBatch, AssayDoubles, AssayFloats, AssayHost, AssayLabels, AssayMatrix, AssayMoments,
    AssayParameter, AssayPatterns, AssayStatus, AssayText, AssayWords,
};

use crate::border::{Clock, Visit};
use crate::foreign;
use crate::source::{Lent, Query, Source};

/// What the context of a table points at: one call of a plugin's function.
pub(crate) struct Call<'a> {
    source: &'a dyn Source,
    problem: RefCell<String>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(source: &'a dyn Source) -> Self {
        Self { source, problem: RefCell::new(String::new()) }
    }

    /// The table for this call, valid as long as it.
    pub(crate) fn table(&self) -> AssayHost {
        AssayHost {
            size: size_of::<AssayHost>() as u32,
            abi_minor: ASSAY_ABI_MINOR,
            context: (&raw const *self).cast(),
            problem,
            log,
            graph,
            parameter_count,
            parameter,
            batch,
            draw,
            ask_value,
            ask_moments,
            ask_patterns,
            objective,
            ask_gradients,
            output,
            value,
            moments,
            patterns,
            parameter_gradient,
            node_gradient,
            node_products,
            gram,
        }
    }

    /// Why the last function failed, if one did.
    pub(crate) fn problem(self) -> Option<String> {
        Some(self.problem.into_inner()).filter(|problem| !problem.is_empty())
    }
}

/// The call that a context stands for.
///
/// # Safety
/// `context` must be that of a table whose call is still going on.
unsafe fn call<'a>(context: *const c_void) -> &'a Call<'a> {
    // SAFETY: the caller's promise.
    unsafe { &*context.cast::<Call<'a>>() }
}

/// Answers a query and writes the result.
///
/// # Safety
/// As [`call`]; `out` must be the plugin's room for a result, or null.
unsafe fn answer<T>(context: *const c_void, query: &Query, out: *mut T, of: impl FnOnce(&Lent<'_>) -> T) -> AssayStatus {
    // The engine may be asked to measure here.
    let _visit = Visit::begin(Clock::GoesOn);
    // SAFETY: the caller's promise.
    let call = unsafe { call(context) };
    let answer = if out.is_null() { Err("there is no room for the result: `out` is null".into()) } else { call.source.answer(query) };
    match answer {
        Ok(lent) => {
            // SAFETY: the plugin's room, not null.
            unsafe { out.write(of(&lent)) };
            ASSAY_OK
        }
        Err(problem) => {
            call.problem.replace(problem);
            ASSAY_FAILED
        }
    }
}

/// Room for a result of no size.
fn nowhere() -> *mut () {
    std::ptr::NonNull::dangling().as_ptr()
}

fn first(lent: &Lent<'_>) -> AssayDoubles {
    AssayDoubles::of(lent.doubles[0])
}

unsafe extern "C" fn problem(context: *const c_void) -> AssayText {
    // SAFETY: the plugin hands back the table's context. The text stays until the next function fails.
    AssayText::of(&unsafe { call(context) }.problem.borrow())
}

unsafe extern "C" fn log(context: *const c_void, level: u32, line: AssayText) {
    // SAFETY: the plugin hands back the table's context and lends a text.
    unsafe {
        if let Ok(line) = foreign::text(line) {
            answer(context, &Query::Log { level, line: line.to_owned() }, nowhere(), |_| ());
        }
    }
}

unsafe extern "C" fn draw(context: *const c_void, purpose: AssayText, distribution: u32, out: *mut f64, count: usize) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context, lends a text, and has room for `count` numbers.
    unsafe {
        let purpose = match foreign::text(purpose) {
            Ok(purpose) => purpose,
            Err(error) => {
                call(context).problem.replace(format!("the purpose {error}"));
                return ASSAY_FAILED;
            }
        };
        let query = Query::Draw { purpose: purpose.to_owned(), distribution, count };
        let room = if out.is_null() && count > 0 { std::ptr::null_mut() } else { nowhere() };
        answer(context, &query, room, |lent| std::ptr::copy_nonoverlapping(lent.doubles[0].as_ptr(), out, lent.doubles[0].len().min(count)))
    }
}

unsafe extern "C" fn objective(context: *const c_void, pass: u32, node: u32, cotangent: AssayDoubles, out: *mut u32) -> AssayStatus {
    // SAFETY: the plugin hands back the table's context and lends the cotangent.
    unsafe {
        let cotangent = foreign::values(cotangent.data, cotangent.len).to_vec();
        answer(context, &Query::Objective { pass, node, cotangent }, out, |lent| lent.numbers[0] as u32)
    }
}

macro_rules! functions {
    ($($name:ident($($argument:ident),*) -> $out:ty: $query:ident, $of:expr;)*) => {$(
        unsafe extern "C" fn $name(context: *const c_void, pass: u32, $($argument: u32,)* out: *mut $out) -> AssayStatus {
            // SAFETY: the plugin hands back the table's context and its room for a result.
            unsafe { answer(context, &Query::$query { pass, $($argument),* }, out, $of) }
        }
    )*};
}

functions! {
    graph() -> AssayText: Graph, |lent| AssayText::of(lent.text);
    parameter_count() -> u32: ParameterCount, |lent| lent.numbers[0] as u32;
    parameter(parameter) -> AssayParameter: Parameter, |lent| {
        let [node, role, rank, one, two, three, four, fan_in, fan_out] = lent.numbers;
        let (node, role, shape) = (node as u32, role as u32, [one, two, three, four]);
        AssayParameter { path: AssayText::of(lent.text), node, role, rank, shape, fan_in, fan_out, values: AssayFloats::of(lent.floats) }
    };
    batch() -> AssayBatch: Batch, |lent| {
        let [images, channels, height, width, ..] = lent.numbers;
        let (pixels, labels) = (AssayFloats::of(lent.floats), AssayLabels::of(lent.labels));
        AssayBatch { images, channels, height, width, pixels, labels }
    };
    output() -> AssayDoubles: Output, first;
    value(node) -> AssayDoubles: Value, first;
    moments(node) -> AssayMoments: Moments, |lent| {
        AssayMoments { mean: AssayDoubles::of(lent.doubles[0]), variance: AssayDoubles::of(lent.doubles[1]) }
    };
    patterns() -> AssayPatterns: Patterns, |lent| {
        let [images, units, words_a_row, ..] = lent.numbers;
        AssayPatterns { images, units, words_a_row, words: AssayWords::of(lent.words) }
    };
    parameter_gradient(objective, parameter) -> AssayDoubles: ParameterGradient, first;
    node_gradient(objective, node) -> AssayDoubles: NodeGradient, first;
    node_products(objective, node) -> AssayDoubles: NodeProducts, first;
    gram() -> AssayMatrix: Gram, |lent| {
        AssayMatrix { order: lent.numbers[0], entries: AssayDoubles::of(lent.doubles[0]), resolution: lent.real }
    };
}

macro_rules! asks {
    ($($name:ident($($argument:ident),*): $query:ident;)*) => {$(
        unsafe extern "C" fn $name(context: *const c_void, pass: u32, $($argument: u32),*) -> AssayStatus {
            // SAFETY: the plugin hands back the table's context.
            unsafe { answer(context, &Query::$query { pass, $($argument),* }, nowhere(), |_| ()) }
        }
    )*};
}

asks! {
    ask_value(node): AskValue;
    ask_moments(node): AskMoments;
    ask_patterns(): AskPatterns;
    ask_gradients(objective, wanted, node): AskGradients;
}

#[cfg(test)]
mod tests;
