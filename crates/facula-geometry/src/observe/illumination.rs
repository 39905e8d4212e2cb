// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a surface point is lit and seen.
//!
//! # Source
//! NAIF, headers of `ILUMIN`, `ILLUMF`, `SPKCPT`, `SPKCPO` (SPICE N0067): the Sun is seen from the surface point, which
//! moves with the spin of the body.

use facula_core::{BodyFixed, Epoch, Vec3};
use facula_shape::{Shape, SurfacePoint};

use super::{Moment, Target, View, epoch_of_et};
use crate::GeometryError;

/// Light and view angles at a surface point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Illumination {
    /// Angle between the directions to the Sun and to the observer, rad.
    pub phase_rad: f64,
    /// Angle between the normal and the Sun, rad.
    pub incidence_rad: f64,
    /// Angle between the normal and the observer, rad.
    pub emission_rad: f64,
    /// When the light left the point.
    pub epoch: Epoch,
    /// From the observer to the apparent point, body-fixed at [`Self::epoch`], km.
    pub from_observer_km: Vec3<BodyFixed>,
    /// From the point to the apparent Sun, body-fixed at [`Self::epoch`], km.
    pub to_sun_km: Vec3<BodyFixed>,
    /// Whether the observer sees the point: above its horizon and not behind terrain.
    pub seen: Visibility,
    /// Whether the centre of the Sun shines on the point.
    pub lit: Visibility,
}

/// Whether a straight line from a surface point is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Visibility {
    /// Free.
    Open,
    /// Below the point's own horizon.
    BelowHorizon,
    /// Behind terrain.
    BehindTerrain,
}

impl View<'_> {
    /// Light and view angles at a point of a body with its own normal (that of the ellipsoid, of a facet…).
    ///
    /// # Errors
    /// [`GeometryError::Spice`] when the kernels do not cover it.
    ///
    /// # Source
    /// SPICE `ILLUMF`.
    pub fn illumination(
        &self,
        target: &Target<'_>,
        point: &SurfacePoint,
    ) -> Result<Illumination, GeometryError> {
        let moment = Moment::of(self)?;
        let ground = moment.ground(target, point.point_km)?;
        let (time_s, from_observer_km) = (ground.time_s, ground.from_observer_km);
        let to_sun_km = moment.sun_over(target, point.point_km, time_s)?;
        let open = |direction_km: Vec3<BodyFixed>| visibility(target.shape, point, direction_km);
        Ok(Illumination {
            phase_rad: to_sun_km.angle_rad(-from_observer_km),
            incidence_rad: point.normal.angle_rad(to_sun_km),
            emission_rad: point.normal.angle_rad(-from_observer_km),
            epoch: epoch_of_et(time_s),
            from_observer_km,
            to_sun_km,
            seen: open(-from_observer_km),
            lit: open(to_sun_km),
        })
    }

    /// Light and view angles at a point of a body's reference ellipsoid.
    ///
    /// # Errors
    /// As [`View::illumination`].
    ///
    /// # Source
    /// SPICE `ILUMIN`.
    pub fn illumination_at(
        &self,
        target: &Target<'_>,
        point_km: Vec3<BodyFixed>,
    ) -> Result<Illumination, GeometryError> {
        let normal = target.ellipsoid.normal(point_km);
        self.illumination(target, &SurfacePoint { point_km, normal })
    }
}

fn visibility(shape: Option<&Shape>, point: &SurfacePoint, direction_km: Vec3<BodyFixed>) -> Visibility {
    if point.normal.dot(direction_km) <= 0.0 {
        return Visibility::BelowHorizon;
    }
    match shape {
        Some(shape) if shape.hidden(point, point.point_km + direction_km) => Visibility::BehindTerrain,
        _ => Visibility::Open,
    }
}
