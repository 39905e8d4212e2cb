// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ephemeris inside the program: Sun, Earth, Mars, Jupiter, Ceres and Vesta, 2007-09-01 to 2019-01-01 TDB.
//!
//! # Source
//! JPL DE440 (Park et al. 2021, AJ 161, 105) and sb441-n16 (Farnocchia 2021, JPL IOM 392R-21-005), cut by
//! `cargo xtask ephemeris`; the comment area of the file says the same.

/// The SPK file.
pub(crate) const PLANETS: &[u8] = include_bytes!("../data/planets_ceres_vesta.bsp");
