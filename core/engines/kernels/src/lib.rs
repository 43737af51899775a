//! Vector kernels for the CPU engine: slices in, slices out, no graph, no network.
//!
//! Activations are stored batch-innermost: a *tile* is `[channels][rows][columns][lanes]`, where the lanes of one
//! vector register hold the same pixel of different images. Whatever the channel count, every operation is then a
//! whole-register operation, and a convolution is a chain of multiply-adds with broadcast weights.
//! One binary holds every instruction set; [`Kernels::get`] chooses at run time.
//!
//! The kernels are `unsafe`, their entries are not: each checks the extents of its slices, so callers cannot cause a read or
//! a write outside of them.
// Vector intrinsics work on raw pointers.
#![allow(unsafe_code)]
// Loops with constant bounds index several arrays of registers at once; iterators over one of them would hide that.
#![allow(clippy::needless_range_loop)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod affine;
mod buffer;
mod convolution;
mod convolve;
mod dispatch;
mod elementwise;
mod functions;
mod gram;
mod isa;
mod map;
mod moments;
mod moving;
mod number;
mod peak;
mod periods;
mod pool;
mod products;
mod rows;
mod simd;
mod strips;
mod weight_gradient;
mod wide;

pub use affine::{AffineSum, AffineTerm};
pub use buffer::Buffer;
pub use convolution::{Convolution, Init, Mask, Source, Target};
pub use dispatch::{Element, Kernels};
pub use elementwise::{Blend, ChannelSums, Combine, LaneTotals, Rectify, ScaleShift, Term};
pub use functions::{Apply, Function, Multiply};
pub use gram::GramRows;
pub use isa::Isa;
pub use map::Map;
pub use moments::LaneMoments;
pub use moving::{LOOPS, Moving, Walk};
pub use number::{Arithmetic, Number};
pub use peak::fused_multiply_add_peak;
pub use periods::{Period, PeriodSums, Weigh};
pub use pool::{Pool, PoolKind, Pooling, Window};
pub use rows::{RowWork, Rows, Softmax};
pub use weight_gradient::{Order, Sums, WeightGradient};
