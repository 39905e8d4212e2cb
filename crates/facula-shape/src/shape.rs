// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shapes of bodies: what a ray meets, what a place on the ground looks like, what lies in shadow.

mod blocks;
pub(crate) mod cube;
pub(crate) mod grid;

use facula_core::{BodyFixed, Ellipsoid, Vec3};

use crate::Mesh;
use grid::RadiusGrid;

/// Where a ray meets a shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Distance from the origin of the ray, km.
    pub distance_km: f64,
    /// The point, body-fixed, km.
    pub point_km: Vec3<BodyFixed>,
    /// Outward unit normal of the surface.
    pub normal: Vec3<BodyFixed>,
}

/// A point of the surface with its outward unit normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurfacePoint {
    /// The point, body-fixed, km.
    pub point_km: Vec3<BodyFixed>,
    /// Outward unit normal.
    pub normal: Vec3<BodyFixed>,
}

/// The shape of a body, centred on its centre of mass.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Shape {
    /// A smooth ellipsoid.
    Ellipsoid(Ellipsoid),
    /// One radius per direction (star-shaped): terrain from a map of heights.
    Grid(RadiusGrid),
    /// A triangle mesh.
    Mesh(Mesh),
}

/// How far above the ground shadow and visibility rays start, as a fraction of the body's largest radius:
/// 5 m on Ceres. Keeps a surface from shadowing itself by rounding.
pub(crate) const LIFT: f64 = 1e-5;

impl Shape {
    /// Where a ray (unit `direction`) first meets the shape in front of its origin.
    pub fn intersect(&self, origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> Option<Hit> {
        match self {
            Self::Ellipsoid(ellipsoid) => {
                let (entry_km, _) = ellipsoid.intersect_km(origin_km, direction)?;
                (entry_km > 0.0).then(|| {
                    let point_km = origin_km + direction * entry_km;
                    Hit { distance_km: entry_km, point_km, normal: ellipsoid.normal(point_km) }
                })
            }
            Self::Grid(grid) => grid.intersect(origin_km, direction),
            Self::Mesh(mesh) => mesh.intersect(origin_km, direction),
        }
    }

    /// The outermost surface point in a direction from the centre (unit vector); `None` only for a mesh with a
    /// hole there.
    pub fn surface(&self, direction: Vec3<BodyFixed>) -> Option<SurfacePoint> {
        match self {
            Self::Ellipsoid(ellipsoid) => {
                let point_km = direction * ellipsoid.radius_km(direction);
                Some(SurfacePoint { point_km, normal: ellipsoid.normal(point_km) })
            }
            Self::Grid(grid) => Some(grid.surface(direction)),
            Self::Mesh(mesh) => {
                let origin_km = direction * (2.0 * self.bounding_radius_km());
                let hit = mesh.intersect(origin_km, -direction)?;
                Some(SurfacePoint { point_km: hit.point_km, normal: hit.normal })
            }
        }
    }

    /// Whether the shape itself lies between a surface point and a far target (camera or Sun, km). The ground's
    /// own facing is not considered: test the angle to the normal first.
    pub fn hidden(&self, point: &SurfacePoint, target_km: Vec3<BodyFixed>) -> bool {
        let lifted_km = point.point_km + point.normal * (LIFT * self.bounding_radius_km());
        let Some(direction) = (target_km - lifted_km).unit() else {
            return false;
        };
        match self {
            // Convex: only its own horizon hides, and that is the angle to the normal.
            Self::Ellipsoid(_) => false,
            Self::Grid(grid) => grid.blocked(lifted_km, direction),
            Self::Mesh(mesh) => mesh.blocks(lifted_km, direction),
        }
    }

    /// Whether terrain hides the centre of the Sun from a surface point. The Sun as a point: its disc of 0.18°
    /// at 2.9 au would soften shadow edges by 0.3 % of the shadow's length.
    pub fn shadowed(&self, point: &SurfacePoint, sun_km: Vec3<BodyFixed>) -> bool {
        self.hidden(point, sun_km)
    }

    /// Radius of a sphere around the centre that holds the whole shape, km.
    pub fn bounding_radius_km(&self) -> f64 {
        match self {
            Self::Ellipsoid(ellipsoid) => ellipsoid.largest_radius_km(),
            Self::Grid(grid) => grid.bounding_radius_km(),
            Self::Mesh(mesh) => mesh.bounding_radius_km(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipsoid_behind_the_camera_is_not_seen() {
        let shape = Shape::Ellipsoid(Ellipsoid::new(1.0, 1.0, 1.0).unwrap());
        let away = Vec3::new(1.0, 0.0, 0.0);
        assert!(shape.intersect(Vec3::new(10.0, 0.0, 0.0), away).is_none());
        assert!((shape.intersect(Vec3::new(10.0, 0.0, 0.0), -away).unwrap().distance_km - 9.0).abs() < 1e-12);
    }
}
