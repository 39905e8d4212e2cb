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
mod fit;
mod hapke;
mod number;
mod phase;
mod published;
mod solar;
mod surface;
mod whole_disc;

pub use angles::LightAngles;
pub use calibrate::{
    Bias, CalibrateOptions, Calibrated, CalibrationError, CalibrationRecord, Constant, DarkFrame, HotAction,
    PixelCounts, SmearRemoval, Step, StepRecord, StepState, StrayLight, StrayLightModel, Window, calibrate,
    calibrate_into, calibrate_with_record, fit_smear_factor, hot_pixels, remove_smear,
};
pub use detector::{ClearMode, DarkLaw, Detector, KnownErrors, Linearity, ShiftDirection, SmearModel};
pub use disk::DiskFunction;
pub use fit::{
    Fit, FitError, FitOptions, FitWarning, FittedParameter, Limits, Loss, Observation, fit, fit_groups,
};
pub use hapke::{HFunction, Hapke, ParticlePhase, Surge};
pub use phase::{PhaseFunction, hg_phase, hg1g2_phase, lommel_seeliger_sphere_phase};
pub use published::{PublishedModel, PublishedValue, published_model, published_models};
pub use solar::{Band, BandSunlight, SolarSpectrum, SpectrumError};
pub use surface::{LightPlanes, Parameter, SurfaceModel};
pub use whole_disc::{DIAMETER_AT_UNIT_ALBEDO_KM, Integral, SphereAlbedos, diameter_km, reduced_mag};
