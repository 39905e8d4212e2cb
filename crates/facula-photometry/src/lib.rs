// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! From data numbers to I/F, and how surfaces scatter light.
//!
//! [`calibrate`] turns a [`facula_core::RawFrame`] into a [`facula_core::IofFrame`]; [`SurfaceModel`] tells how
//! bright a surface of given normal albedo looks under given angles, which the simulation uses forward and the
//! map uses backward.

mod angles;
mod calibrate;
mod detector;
mod disk;
mod phase;
mod surface;

pub use angles::LightAngles;
pub use calibrate::{CalibrateOptions, CalibrationError, calibrate, remove_smear};
pub use detector::Detector;
pub use disk::DiskFunction;
pub use phase::{hg_phase, lommel_seeliger_sphere_phase};
pub use surface::SurfaceModel;
