// SPDX-License-Identifier: MIT OR Apache-2.0
//! How surfaces scatter light, for the command `photometry`: laws by name, tables of observations, fits, law files,
//! and the figure of a fit. The laws and the fit itself are those of [`facula_photometry`].

mod figure;
mod file;
mod fit;
mod laws;
mod observations;

pub(crate) use figure::mirrored;
pub use figure::{write_fit_figure, write_law};
pub use file::{FitNote, fit_as_law, read_law};
pub use fit::{FitChoice, Grouping, HeldParameter, ScatterFit, fit_scattering};
pub use laws::{DiskLaw, PhaseLaw, StartLaw, disk_laws, parameter_unit, phase_laws, start_law};
pub use observations::{ObservationTable, Weights, What, read_observations};
