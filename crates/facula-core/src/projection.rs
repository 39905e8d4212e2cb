// SPDX-License-Identifier: MIT OR Apache-2.0
//! Map projections of spheres and ellipsoids of revolution: forward, inverse, scale, and how other tools name them.
//!
//! In: a [`Spheroid`] and a [`ProjectionMethod`] with its parameters. Out: metres east and north of the projection's origin, and
//! back to places.
//!
//! **Latitudes.** Every [`LonLat`] here is planetocentric, parameters included, as everywhere in Facula. PROJ, WKT and
//! the IAU's "Ographic" systems (codes ending in 1) speak of planetographic latitude on an ellipsoid; the conversion
//! happens inside this module and nowhere else. On a sphere both are the same.
//!
//! **Edges.** A place on the meridian opposite the central one lies on the western edge (x < 0). Cylindrical maps
//! answer for the poles (equirectangular: a line; sinusoidal: a point) but for Mercator, which has none there.
//!
//! # Source
//! J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395 (1987); formulas are named where they
//! stand. Results agree with PROJ (`crosscheck/check_projections.py`).

mod azimuthal;
mod bounds;
mod check;
mod cylindrical;
mod error;
mod grid;
mod method;
mod names;
mod oblique;
mod scale;
mod spheroid;
#[cfg(test)]
mod tests;

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use serde::{Deserialize, Serialize};

use crate::LonLat;
use azimuthal::{Azimuthal, Rule};
use cylindrical::Cylinder;
use oblique::{Frame, frame_at, into_frame, out_of_frame};
use spheroid::{LEAST_COSINE, Latitudes, Turn};

pub use bounds::MapRegion;
pub use error::ProjectionError;
pub use grid::{CellGrid, ProjectedGrid};
pub use method::{ObliqueBase, Pole, ProjectionMethod, TrueScale};
pub use names::GeographicCrs;
pub use scale::ScaleFactors;
pub use spheroid::Spheroid;

/// A projection ready for use: constants that depend on parameters only are computed once. Copying is cheap.
///
/// ```
/// use facula_core::{LonLat, ProjectionMethod, Projection, Spheroid};
/// let ceres = Spheroid { equatorial_m: 487_300.0, polar_m: 446_000.0 };
/// let occator = LonLat::from_degrees(239.33, 19.82);
/// let map = Projection::new(ceres, ProjectionMethod::LambertAzimuthalEqualArea { centre: occator })?;
/// let [x_m, y_m] = map.forward(LonLat::from_degrees(240.0, 20.0)).ok_or("antipode")?;
/// let back = map.inverse([x_m, y_m]).ok_or("outside the map")?;
/// assert!(x_m > 0.0 && y_m > 0.0 && (back.longitude_deg() - 240.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Projection {
    spheroid: Spheroid,
    method: ProjectionMethod,
    latitudes: Latitudes,
    longitude_rad: f64,
    rule: Prepared,
}

/// A projection as files hold it.
#[derive(Serialize, Deserialize)]
struct Written {
    spheroid: Spheroid,
    #[serde(flatten)]
    method: ProjectionMethod,
}

impl TryFrom<Written> for Projection {
    type Error = ProjectionError;

    fn try_from(written: Written) -> Result<Self, ProjectionError> {
        Self::new(written.spheroid, written.method)
    }
}

impl From<Projection> for Written {
    fn from(projection: Projection) -> Self {
        Self { spheroid: projection.spheroid, method: projection.method }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Prepared {
    Cylinder(Cylinder),
    Oblique(Cylinder, Frame),
    Azimuthal(Azimuthal),
}

impl Projection {
    /// Prepares a projection.
    ///
    /// # Errors
    /// [`ProjectionError::Argument`] for a parameter out of range, [`ProjectionError::SphereOnly`] for a perspective
    /// or oblique cylindrical map of an ellipsoid.
    pub fn new(spheroid: Spheroid, method: ProjectionMethod) -> Result<Self, ProjectionError> {
        if !spheroid.is_usable() {
            let (name, range) = ("polar_m / equatorial_m", "radii positive, ratio from 0.5 to 1");
            let value = spheroid.polar_m / spheroid.equatorial_m;
            return Err(ProjectionError::Argument { name, value, range });
        }
        method.check(&spheroid)?;
        let latitudes = Latitudes::new(&spheroid);
        let rule = prepare(&spheroid, &latitudes, method);
        let longitude_rad = LonLat::new(method.longitude_rad(), 0.0).longitude_rad;
        Ok(Self { spheroid, method, latitudes, longitude_rad, rule })
    }

    /// The spheroid projected.
    pub fn spheroid(&self) -> Spheroid {
        self.spheroid
    }

    /// ProjectionMethod and parameters.
    pub fn method(&self) -> ProjectionMethod {
        self.method
    }

    /// East and north of the projection's origin, m; `None` where the map does not show the place (behind the limb,
    /// the antipode of an azimuthal map, the poles of Mercator, a latitude that is none).
    pub fn forward(&self, place: LonLat) -> Option<[f64; 2]> {
        let (lambda_rad, graphic) = self.local(place)?;
        let point = match &self.rule {
            Prepared::Cylinder(cylinder) => cylinder.forward(&self.latitudes, lambda_rad, graphic),
            Prepared::Oblique(cylinder, frame) => {
                let (lambda_rad, turned) = into_frame(frame, place);
                cylinder.forward(&self.latitudes, lambda_rad, turned)
            }
            Prepared::Azimuthal(azimuthal) => azimuthal.forward(&self.latitudes, lambda_rad, graphic),
        };
        point.map(|point| point.map(|value| value * self.spheroid.equatorial_m))
    }

    /// The place at metres east and north of the origin; `None` outside the map. Equirectangular and Mercator maps
    /// repeat in x ([`Projection::period_m`]); at a pole the longitude is the central one.
    pub fn inverse(&self, point_m: [f64; 2]) -> Option<LonLat> {
        let point = point_m.map(|value| value / self.spheroid.equatorial_m);
        if !(point[0].is_finite() && point[1].is_finite()) {
            return None;
        }
        let (lambda_rad, graphic) = match &self.rule {
            Prepared::Cylinder(cylinder) => cylinder.inverse(&self.latitudes, point)?,
            Prepared::Oblique(cylinder, frame) => {
                let (lambda_rad, turned) = cylinder.inverse(&self.latitudes, point)?;
                return Some(out_of_frame(frame, lambda_rad, turned));
            }
            Prepared::Azimuthal(azimuthal) => azimuthal.inverse(&self.latitudes, point)?,
        };
        let latitude_rad = self.latitudes.planetocentric_rad(graphic);
        Some(LonLat::new(self.longitude_rad + lambda_rad, latitude_rad))
    }

    /// Length after which the map repeats in x, m: that of the equator on equirectangular and Mercator maps.
    pub fn period_m(&self) -> Option<f64> {
        match &self.rule {
            Prepared::Cylinder(cylinder) | Prepared::Oblique(cylinder, _) => {
                Some(cylinder.period()? * self.spheroid.equatorial_m)
            }
            Prepared::Azimuthal(_) => None,
        }
    }

    /// Meridian from the central one in [−π, π) and planetographic latitude.
    fn local(&self, place: LonLat) -> Option<(f64, Turn)> {
        let good = place.latitude_rad.abs() <= FRAC_PI_2 && place.longitude_rad.is_finite();
        good.then(|| {
            let lambda_rad = wrapped(place.longitude_rad - self.longitude_rad);
            (lambda_rad, self.latitudes.planetographic(place.latitude_rad))
        })
    }
}

/// An angle in [−π, π).
fn wrapped(angle_rad: f64) -> f64 {
    match angle_rad {
        angle if (-PI..PI).contains(&angle) => angle,
        angle if (PI..3.0 * PI).contains(&angle) => angle - TAU,
        angle if (-3.0 * PI..-PI).contains(&angle) => angle + TAU,
        angle => (angle + PI).rem_euclid(TAU) - PI,
    }
}

fn prepare(spheroid: &Spheroid, latitudes: &Latitudes, method: ProjectionMethod) -> Prepared {
    let azimuthal = |rule: Rule, latitude_rad: f64, scale: f64| {
        Prepared::Azimuthal(Azimuthal::new(rule, latitudes, latitudes.planetographic(latitude_rad), scale))
    };
    match method {
        ProjectionMethod::Equirectangular { true_scale_latitude_rad, .. } => {
            let per_rad = latitudes.planetographic(true_scale_latitude_rad).cos;
            Prepared::Cylinder(Cylinder::Equirectangular { per_rad })
        }
        ProjectionMethod::Sinusoidal { .. } => Prepared::Cylinder(Cylinder::Sinusoidal),
        ProjectionMethod::Mercator { scale, .. } => {
            Prepared::Cylinder(Cylinder::Mercator { scale: mercator_factor(latitudes, scale) })
        }
        ProjectionMethod::PolarStereographic { pole, scale, .. } => {
            azimuthal(Rule::Stereographic, pole.latitude_rad(), polar_factor(latitudes, scale))
        }
        ProjectionMethod::Stereographic { centre, factor } => {
            azimuthal(Rule::Stereographic, centre.latitude_rad, factor)
        }
        ProjectionMethod::LambertAzimuthalEqualArea { centre } => {
            azimuthal(Rule::EqualArea, centre.latitude_rad, 1.0)
        }
        ProjectionMethod::Orthographic { centre } => azimuthal(Rule::Orthographic, centre.latitude_rad, 1.0),
        ProjectionMethod::Perspective { centre, height_m } => {
            let eye = 1.0 + height_m / spheroid.equatorial_m;
            azimuthal(Rule::Perspective { eye }, centre.latitude_rad, 1.0)
        }
        ProjectionMethod::Oblique { base, centre, azimuth_rad } => {
            let cylinder = match base {
                ObliqueBase::Equirectangular => Cylinder::Equirectangular { per_rad: 1.0 },
                ObliqueBase::Mercator => Cylinder::Mercator { scale: 1.0 },
                ObliqueBase::Sinusoidal => Cylinder::Sinusoidal,
            };
            Prepared::Oblique(cylinder, frame_at(centre, azimuth_rad))
        }
    }
}

/// Scale on the equator.
fn mercator_factor(latitudes: &Latitudes, scale: TrueScale) -> f64 {
    match scale {
        TrueScale::Factor(factor) => factor,
        TrueScale::LatitudeRad(latitude_rad) => {
            let graphic = latitudes.planetographic(latitude_rad);
            graphic.cos * latitudes.across(graphic)
        }
    }
}

/// Scale at the pole (Snyder 1987, eqs. 21-33 and 21-34).
fn polar_factor(latitudes: &Latitudes, scale: TrueScale) -> f64 {
    match scale {
        TrueScale::Factor(factor) => factor,
        TrueScale::LatitudeRad(latitude_rad) => {
            let graphic = latitudes.planetographic(latitude_rad.abs());
            let at_pole =
                Azimuthal::new(Rule::Stereographic, latitudes, Turn { sin: 1.0, cos: LEAST_COSINE }, 1.0);
            let steps = at_pole.steps(latitudes, 0.0, graphic);
            steps.map_or(1.0, |[[x_east, _], _]| 1.0 / x_east)
        }
    }
}
