// SPDX-License-Identifier: MIT OR Apache-2.0
//! Projections that turn the rays of a camera, or those to the Sun, into parallels: `(x, y, depth) / h`, each row
//! linear in the point. Lines stay lines and planes stay planes, so that a facet is a triangle in the plane and its
//! depth is linear there.

use facula_core::{BodyFixed, Vec3};

use super::Cluster;

/// A projection from an eye; depth grows with the distance from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection {
    eye: Vec3<BodyFixed>,
    /// x, y, depth and the common divisor: three factors and a constant each.
    rows: [[f64; 4]; 4],
    /// Length of each row's factors.
    lengths: [f64; 4],
}

/// Bounds of a sphere in the plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct SphereBounds {
    pub(super) low: [f64; 2],
    pub(super) high: [f64; 2],
    pub(super) least_depth: f64,
}

/// How a sphere lies to the plane through the eye.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    /// Wholly in front.
    Front(SphereBounds),
    /// Wholly behind: not seen.
    Behind,
    /// On both sides.
    Across,
}

/// Two unit vectors across a unit axis, right-handed with it.
fn across(axis: Vec3<BodyFixed>) -> [Vec3<BodyFixed>; 2] {
    let far = if axis.x.abs() < 0.6 { Vec3::new(1.0, 0.0, 0.0) } else { Vec3::new(0.0, 1.0, 0.0) };
    let first = axis.cross(far).unit().unwrap_or(far);
    [first, axis.cross(first)]
}

impl Projection {
    /// That of a camera looking along a unit axis: tangents of the angles to it.
    pub(super) fn camera(eye: Vec3<BodyFixed>, axis: Vec3<BodyFixed>) -> Self {
        let row = |v: Vec3<BodyFixed>| [v.x, v.y, v.z, -v.dot(eye)];
        let [right, down] = across(axis);
        Self::new(eye, [row(right), row(down), [0.0, 0.0, 0.0, -1.0], row(axis)])
    }

    /// That of the Sun's centre, scaled to km at the body's centre.
    pub(super) fn sun(sun_km: Vec3<BodyFixed>) -> Option<Self> {
        let towards = sun_km.unit()?;
        let [right, down] = across(-towards);
        let row = |v: Vec3<BodyFixed>, constant: f64| [v.x, v.y, v.z, constant];
        let rows = [row(right, 0.0), row(down, 0.0), row(-towards, 0.0)];
        let divisor = row(towards * (-1.0 / sun_km.length()), 1.0);
        Some(Self::new(sun_km, [rows[0], rows[1], rows[2], divisor]))
    }

    fn new(eye: Vec3<BodyFixed>, rows: [[f64; 4]; 4]) -> Self {
        let lengths = rows.map(|r| (r[0] * r[0] + r[1] * r[1] + r[2] * r[2]).sqrt());
        Self { eye, rows, lengths }
    }

    /// x, y, depth and divisor (before division) of a point.
    #[inline(always)]
    pub(super) fn homogeneous(&self, p: [f64; 3]) -> [f64; 4] {
        self.rows.map(|r| (r[0] * p[0] + r[1] * p[1]) + (r[2] * p[2] + r[3]))
    }

    /// Factors of x, y, z and the constants, each for all four rows.
    #[inline(always)]
    pub(super) fn columns(&self) -> [[f64; 4]; 4] {
        [0, 1, 2, 3].map(|k| self.rows.map(|row| row[k]))
    }

    /// Place in the plane of a direction from the eye, and the cosine between it and the axis; for cameras.
    #[inline(always)]
    pub(super) fn look(&self, direction: Vec3<BodyFixed>) -> ([f64; 2], f64) {
        let along = |k: usize| {
            let r = &self.rows[k];
            r[0] * direction.x + r[1] * direction.y + r[2] * direction.z
        };
        let cosine = along(3);
        let inverse = 1.0 / cosine;
        ([along(0) * inverse, along(1) * inverse], cosine)
    }

    /// Whether a cluster shows its outer side, on the whole.
    pub(super) fn faces(&self, cluster: &Cluster) -> bool {
        let to_eye = self.eye - Vec3::from_array(cluster.centre.map(f64::from));
        to_eye.dot(Vec3::from_array(cluster.axis.map(f64::from))) >= 0.0
    }

    /// Angle between the axis of a camera and the nearest part of a cluster, rad; 0 when the eye is inside.
    pub(super) fn angle_to_rad(&self, cluster: &Cluster) -> f64 {
        let axis = Vec3::new(self.rows[3][0], self.rows[3][1], self.rows[3][2]);
        let to_centre = Vec3::from_array(cluster.centre.map(f64::from)) - self.eye;
        let sine = f64::from(cluster.radius) / to_centre.length();
        if sine < 1.0 { (axis.angle_rad(to_centre) - sine.asin()).max(0.0) } else { 0.0 }
    }

    /// Where the sphere of a cluster lies: no part of it lies outside the bounds.
    pub(super) fn sphere(&self, cluster: &Cluster) -> Side {
        let centre = self.homogeneous(cluster.centre.map(f64::from));
        let radius = f64::from(cluster.radius);
        let low = |k: usize| centre[k] - radius * self.lengths[k];
        let high = |k: usize| centre[k] + radius * self.lengths[k];
        let (near, far) = (low(3), high(3));
        if far <= 0.0 {
            return Side::Behind;
        }
        // A millionth of the distance keeps the division sound.
        if near <= 1e-6 * far {
            return Side::Across;
        }
        let least = |v: f64| v / if v < 0.0 { near } else { far };
        let most = |v: f64| v / if v > 0.0 { near } else { far };
        Side::Front(SphereBounds {
            low: [least(low(0)), least(low(1))],
            high: [most(high(0)), most(high(1))],
            least_depth: least(low(2)),
        })
    }
}
