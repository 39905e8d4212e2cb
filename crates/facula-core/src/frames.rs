// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reference frames as zero-sized tags: a vector of one cannot be added to a vector of another.

/// The International Celestial Reference Frame (SPICE's `J2000`), axes only; the origin is stated by the value.
#[derive(Debug)]
pub enum Icrf {}

/// Rotating with the body: z along the north pole, x through the prime meridian, origin at the centre of mass.
#[derive(Debug)]
pub enum BodyFixed {}

/// Fixed to the spacecraft bus.
#[derive(Debug)]
pub enum Spacecraft {}

/// Fixed to the camera: z along the boresight, x towards growing samples, y towards growing lines.
#[derive(Debug)]
pub enum Camera {}

/// At a point on the ground: x east, y north, z up.
#[derive(Debug)]
pub enum Local {}
