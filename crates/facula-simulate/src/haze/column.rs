// SPDX-License-Identifier: MIT OR Apache-2.0
//! Integrals along rays through a plume: six panels of 12 points, dense where the plume is (1e-3 of the integral, tested).

use facula_core::{BodyFixed, Vec3};

use super::Column;
use super::air::{Part, Ray, TOP_HEIGHT_RATIO};
use super::nodes::Nodes;

/// Panels along a ray.
const PANELS: usize = 6;

/// Standard deviations from the axis beyond which there is nothing: 4e-6 of the middle.
const EDGE_SIGMAS: f64 = 5.0;

impl Column {
    fn sigma_km(&self, height_km: f64) -> f64 {
        self.radius_km + height_km.max(0.0) * self.half_opening_rad.tan()
    }

    /// Density over that of the foot of the axis.
    fn density(&self, part: &Part, point_km: Vec3<BodyFixed>) -> f64 {
        let along_km = point_km.dot(self.centre);
        if along_km <= 0.0 {
            return 0.0;
        }
        let distance_km = point_km.length();
        let across2 = distance_km * distance_km - along_km * along_km;
        let sigma_km = self.sigma_km(distance_km - part.radius_km);
        let thinning = self.radius_km / sigma_km;
        part.density(distance_km) * thinning * thinning * (-0.5 * across2 / (sigma_km * sigma_km)).exp()
    }

    /// ∫ value(u, density) du along a ray.
    pub fn integral(
        &self,
        part: &Part,
        ray: &Ray,
        (nodes, value): (&Nodes, impl Fn(f64, f64) -> f64),
    ) -> f64 {
        let Some([from, to]) = self.inside(part, ray) else { return 0.0 };
        let density = |u: f64| self.density(part, ray.at(u));
        let middle = self.densest(ray, [from, to], density);
        let height_km = ray.at(middle).length() - part.radius_km;
        let scale_km = self.sigma_km(height_km).min(part.height_km);
        let [first, last] = [from, to].map(|u| ((u - middle) / scale_km).asinh());
        let step = (last - first) / PANELS as f64;
        let along = |v: f64| {
            let u = middle + scale_km * v.sinh();
            value(u, density(u)) * scale_km * v.cosh()
        };
        (0..PANELS)
            .map(|k| nodes.integral([first + k as f64 * step, first + (k + 1) as f64 * step], along))
            .sum()
    }

    /// The part of a ray below the top and near the axis.
    fn inside(&self, part: &Part, ray: &Ray) -> Option<[f64; 2]> {
        let top_km = part.radius_km + TOP_HEIGHT_RATIO * part.height_km;
        let room = top_km * top_km - ray.least_km * ray.least_km;
        let reach_km = if room > 0.0 { room.sqrt() } else { return None };
        let ends = [ray.ends_km[0].max(-reach_km), ray.ends_km[1].min(reach_km)];
        let edge_km = EDGE_SIGMAS * self.sigma_km(TOP_HEIGHT_RATIO * part.height_km);
        // |x|² − (x·c)² = edge².
        let (o, d) = (ray.perigee_km.dot(self.centre), ray.direction.dot(self.centre));
        let (a, b) = (1.0 - d * d, -o * d);
        let c = ray.least_km * ray.least_km - o * o - edge_km * edge_km;
        let square = b * b - a * c;
        let [from, to] = if a < 1e-12 {
            if c < 0.0 { ends } else { return None }
        } else {
            let root = if square > 0.0 { square.sqrt() } else { return None };
            [ends[0].max((-b - root) / a), ends[1].min((-b + root) / a)]
        };
        (from < to).then_some([from, to])
    }

    /// Of the ends and the points nearest to the axis and to the centre, the densest.
    fn densest(&self, ray: &Ray, [from, to]: [f64; 2], density: impl Fn(f64) -> f64) -> f64 {
        let (o, d) = (ray.perigee_km.dot(self.centre), ray.direction.dot(self.centre));
        let nearest = o * d / (1.0 - d * d).max(1e-12);
        let places = [from, to, nearest.clamp(from, to), 0f64.clamp(from, to)];
        let denser = |a: &f64, b: &f64| density(*a).total_cmp(&density(*b));
        places.into_iter().max_by(denser).unwrap_or(from)
    }
}
