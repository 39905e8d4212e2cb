// SPDX-License-Identifier: MIT OR Apache-2.0
//! SPICE kernels to states, attitudes and clocks: where the Sun, the bodies and the camera are.
//!
//! In: kernels, binary (either byte order), as transfer files, or as text: SPK, CK, PCK, FK, IK, SCLK, LSK and
//! meta-kernels. Out: a [`Kernels`] value without global state, shared freely between threads, that answers
//! [`Kernels::state`], [`Kernels::rotation`], [`Kernels::epoch_of_clock`], and the two questions of the
//! pipeline, [`sun_in_body_frame`] and [`pose_from_kernels`].
//!
//! Of two segments or variables that answer, the last loaded file wins, and in it the last segment.
//!
//! # Source
//! NAIF's required reading documents (DAF, SPK, CK, SCLK, Frames, PCK, Kernel); each module names its own.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod aberration;
mod builtin;
mod ck;
mod clock;
mod daf;
mod error;
mod frames;
mod kernels;
mod names;
mod pool;
mod pose;
mod spk;

pub use aberration::Correction;
pub use daf::write::{ChebyshevSegment, cut_chebyshev, write_spk};
pub use error::SpiceError;
pub use kernels::{Kernels, MAX_FILE_BYTES, State};
pub use pose::{PoseRequest, pose_from_kernels, sun_in_body_frame};
