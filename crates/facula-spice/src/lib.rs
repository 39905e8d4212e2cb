// SPDX-License-Identifier: MIT OR Apache-2.0
//! SPICE kernels to states, attitudes and clocks: where the Sun, the bodies and the camera are.
//!
//! In: kernels, binary (either byte order), as transfer files, or as text: SPK, CK, PCK (text and binary), FK, IK,
//! SCLK, LSK, DSK and meta-kernels. Out: a [`Kernels`] value without global state, shared freely between threads.
//! It answers [`Kernels::state`], [`Kernels::state_in`], [`Kernels::rotation`], [`Kernels::rotation_rate`],
//! [`Kernels::epoch_of_clock`], [`Kernels::shape_meshes`], the two questions of the pipeline,
//! [`sun_in_body_frame`] and [`pose_from_kernels`], and questions about itself: [`Kernels::files`],
//! [`Kernels::coverage_of_body`] and its like, [`Kernels::explain_state`], [`Kernels::explain_rotation`].
//!
//! Of two segments or variables that answer, the last loaded file wins, and in it the last segment.
//!
//! Counts in a file are checked against its length before memory is taken for them. What is kept of a binary or
//! transfer file takes at most eight times its bytes (its numbers once, shapes twice while they are read, and some 400
//! bytes for each segment, which has 80 in the file); of a text, of which 64 MiB are read at most, a hundred times (a
//! variable of four bytes costs some 300). `crosscheck/check_kernels.py` compares every kind of answer with CSPICE.
//!
//! # Source
//! NAIF's required reading documents (DAF, SPK, CK, SCLK, Frames, PCK, Kernel); each module names its own.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod aberration;
mod apparent;
mod attitude;
mod builtin;
mod ck;
mod clock;
mod coverage;
mod daf;
mod das;
mod dsk;
mod ephemeris;
mod error;
mod explain;
mod frames;
mod kernels;
mod listing;
mod names;
mod pck;
mod pool;
mod pose;
mod slice;
mod spk;
mod time;
mod writers;

pub use aberration::Correction;
pub use apparent::StateIn;
pub use attitude::Attitude;
pub use coverage::AttitudeLevel;
pub use daf::write::{ChebyshevSegment, cut_chebyshev, write_spk};
pub use dsk::ShapeMesh;
pub use ephemeris::Ephemeris;
pub use error::SpiceError;
pub use explain::Source;
pub use frames::RotationRate;
pub use frames::registry::{FrameClass, FrameInfo};
pub use kernels::{Kernels, MAX_FILE_BYTES, State};
pub use listing::{FileForm, FileInfo, FileKind, SegmentInfo, SegmentSpan};
pub use pose::{PoseRequest, pose_from_kernels, pose_in_body_frame, sun_in_body_frame};
pub use slice::{Needs, SliceFile, write_slice};
pub use time::parse_time;
pub use writers::{AttitudeSample, Pointing, StateSample, Trajectory, write_pointings, write_trajectories};
