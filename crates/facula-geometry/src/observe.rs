// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where an observer sees what: sub-observer and sub-solar points, intercepts of rays, light and view angles, limb
//! and terminator, as CSPICE computes them, without global state.
//!
//! In: a [`View`] (kernels, observer, epoch, correction) and a [`Target`] (body, frame, surface). Out: points in the
//! body-fixed frame of the epoch at which light left them (or arrives, in transmission).
//!
//! # Source
//! NAIF, headers of `SUBPNT`, `SUBSLR`, `SINCPT`, `ILUMIN`, `LIMBPT`, `EDTERM` (SPICE N0067): the same epochs and the
//! same number of light-time iterations to the *surface point*.

mod curves;
mod illumination;
mod intercept;
mod moment;
mod subpoint;

use facula_core::{Body, BodyFixed, Ellipsoid, Epoch, Vec3};
use facula_shape::Shape;
use facula_spice::{Correction, Kernels};

use crate::GeometryError;

pub use curves::{CutPlanes, SUN_RADIUS_KM};
pub use illumination::{Illumination, Visibility};
pub use intercept::Ray;
pub(crate) use moment::{C_KM_S, Moment, SUN, epoch_of_et};
pub use subpoint::SubPoint;

/// A body as something to look at.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// NAIF number.
    pub naif_id: i32,
    /// Name of the body-fixed frame in the kernels (`CERES_FIXED`, `IAU_VESTA`).
    pub frame: String,
    /// Reference ellipsoid.
    pub ellipsoid: Ellipsoid,
    /// The surface rays meet; `None` for the ellipsoid itself.
    pub shape: Option<&'a Shape>,
}

impl<'a> Target<'a> {
    /// A body with the radii of the loaded kernels (`BODYnnn_RADII`).
    ///
    /// # Errors
    /// [`GeometryError::Argument`] when the kernels hold no radii, or radii that are not positive.
    pub fn from_kernels(kernels: &Kernels, naif_id: i32, frame: &str) -> Result<Self, GeometryError> {
        let variable = format!("BODY{naif_id}_RADII");
        let radii_km = kernels.numbers(&variable).unwrap_or_default();
        let ellipsoid = match radii_km {
            [a, b, c] => Ellipsoid::new(*a, *b, *c),
            _ => None,
        };
        let ellipsoid = ellipsoid.ok_or_else(|| GeometryError::Argument {
            subject: format!("body {naif_id}; load a PCK with its radii"),
            key: "BODYnnn_RADII",
            value: format!("{radii_km:?}"),
        })?;
        Ok(Self { naif_id, frame: frame.to_string(), ellipsoid, shape: None })
    }

    /// A body with the radii of its file; its frame still comes from the kernels.
    ///
    /// # Errors
    /// [`GeometryError::Argument`] for radii that are not positive.
    pub fn of_body(body: &Body, frame: &str) -> Result<Self, GeometryError> {
        let [a_km, b_km, c_km] = body.radii_km;
        let ellipsoid = Ellipsoid::new(a_km, b_km, c_km).ok_or_else(|| GeometryError::Argument {
            subject: format!("body {}", body.name),
            key: "radii_km",
            value: format!("{:?}", body.radii_km),
        })?;
        Ok(Self { naif_id: body.naif_id, frame: frame.to_string(), ellipsoid, shape: None })
    }

    /// The same body with a terrain.
    pub fn with_shape<'b>(self, shape: &'b Shape) -> Target<'b> {
        Target { naif_id: self.naif_id, frame: self.frame, ellipsoid: self.ellipsoid, shape: Some(shape) }
    }

    /// Where a ray (unit direction) first meets the surface: point and outward normal.
    pub(crate) fn hit(
        &self,
        origin_km: Vec3<BodyFixed>,
        direction: Vec3<BodyFixed>,
    ) -> Option<(Vec3<BodyFixed>, Vec3<BodyFixed>)> {
        if let Some(shape) = self.shape {
            return shape.intersect(origin_km, direction).map(|hit| (hit.point_km, hit.normal));
        }
        let (entry_km, exit_km) = self.ellipsoid.intersect_km(origin_km, direction)?;
        let distance_km = if entry_km > 0.0 { entry_km } else { exit_km };
        (distance_km > 0.0).then(|| {
            let point_km = origin_km + direction * distance_km;
            (point_km, self.ellipsoid.normal(point_km))
        })
    }

    /// Radius of a sphere around the centre that holds the surface, km.
    pub(crate) fn bounding_radius_km(&self) -> f64 {
        self.shape.map_or(self.ellipsoid.largest_radius_km(), Shape::bounding_radius_km)
    }
}

/// Who looks, when, and which corrections apply.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The loaded kernels.
    pub kernels: &'a Kernels,
    /// NAIF number of the observer (−203 for Dawn, 399 for the Earth).
    pub observer: i32,
    /// Time at the observer.
    pub epoch: Epoch,
    /// Light time and stellar aberration.
    pub correction: Correction,
}

/// A surface point as an observer sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeenPoint {
    /// The point, body-fixed at [`Self::epoch`], km.
    pub point_km: Vec3<BodyFixed>,
    /// Outward unit normal of the surface.
    pub normal: Vec3<BodyFixed>,
    /// When the light left the point; the epoch of the observer without corrections (SPICE `trgepc`).
    pub epoch: Epoch,
    /// From the observer to the apparent point, km (SPICE `srfvec`).
    pub from_observer_km: Vec3<BodyFixed>,
}

impl SeenPoint {
    /// Distance from the observer, km.
    pub fn range_km(&self) -> f64 {
        self.from_observer_km.length()
    }
}
