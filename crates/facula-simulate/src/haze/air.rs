// SPDX-License-Identifier: MIT OR Apache-2.0
//! Optical depth along rays and light scattered towards the camera.
//!
//! A ray with the perigee p from the centre has r = √(p² + u²) at u from the perigee. With q = r − p = w² the density is
//! exp(−w²/H) and du = 2 (q + p) / √(q + 2p) dw: a Gaussian curve times a slow function. Optical depths take the slow
//! function at the mean of q under the curve: relative error below (H/R)²/8 (1.2e-3 at the largest H allowed, 1e-5 at
//! H = R/100) plus 2e-7. Integrals of scattered light take two or more panels of 12 points in w: 1e-5.

use facula_core::{BodyFixed, Vec3};

use super::nodes::Nodes;
use super::{Column, Haze};

/// Above so many scale heights there is nothing: 2e-9 of the density of the ground.
pub const TOP_HEIGHT_RATIO: f64 = 20.0;

/// Largest exponent of the density below height 0.
const DEEPEST_HEIGHTS: f64 = 50.0;

/// The hazes of a scene under its Sun.
pub struct Air {
    parts: Vec<Part>,
    to_sun: Vec3<BodyFixed>,
    nodes: Nodes,
}

/// A haze in space stretched so that its base is a sphere.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    haze: Haze,
    stretch: [f64; 3],
    pub radius_km: f64,
    pub height_km: f64,
    /// Extinction at height 0, per km.
    per_km: f64,
    /// The plume, its centre a unit vector in stretched space.
    pub column: Option<Column>,
}

/// A ray in stretched space.
#[derive(Debug, Clone, Copy)]
pub struct Ray {
    /// The point nearest to the centre.
    pub perigee_km: Vec3<BodyFixed>,
    pub direction: Vec3<BodyFixed>,
    /// Distance of the perigee from the centre.
    pub least_km: f64,
    /// From the perigee to the two ends of the ray.
    pub ends_km: [f64; 2],
    /// Stretched length of a km.
    pub stretch_ratio: f64,
}

impl Ray {
    pub fn at(&self, along_km: f64) -> Vec3<BodyFixed> {
        self.perigee_km + self.direction * along_km
    }
}

impl Part {
    fn of(haze: &Haze) -> Self {
        let radius_km = haze.base.mean_radius_km();
        let stretch = [haze.base.a_km, haze.base.b_km, haze.base.c_km].map(|axis| radius_km / axis);
        let column = haze.column.map(|column| Column {
            centre: stretched(column.centre, stretch).unit().unwrap_or_default(),
            ..column
        });
        let height_km = haze.scale_height_km;
        Self { haze: *haze, stretch, radius_km, height_km, per_km: haze.optical_depth / height_km, column }
    }

    /// A ray of a length (infinity allowed).
    fn ray(&self, from_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>, length_km: f64) -> Ray {
        let from_km = stretched(from_km, self.stretch);
        let along = stretched(direction, self.stretch);
        let stretch_ratio = along.length();
        let direction = along * (1.0 / stretch_ratio);
        let first_km = from_km.dot(direction);
        let perigee_km = from_km - direction * first_km;
        let ends_km = [first_km, first_km + length_km * stretch_ratio];
        Ray { perigee_km, direction, least_km: perigee_km.length(), ends_km, stretch_ratio }
    }

    /// Density over that of height 0, by the distance from the centre.
    pub fn density(&self, distance_km: f64) -> f64 {
        ((self.radius_km - distance_km) / self.height_km).min(DEEPEST_HEIGHTS).exp()
    }

    /// Length times density from a place (km from the perigee, not below 0) outward to infinity.
    fn outward_km(&self, least_km: f64, along_km: f64) -> f64 {
        if along_km == f64::INFINITY {
            return 0.0;
        }
        let (p, h) = (least_km, self.height_km);
        let r = p.hypot(along_km);
        if r > self.radius_km + 2.0 * TOP_HEIGHT_RATIO * h {
            return 0.0;
        }
        // Of a ray through the centre, r + p = u.
        let z = along_km / ((r + p) * h).sqrt();
        let scaled = scaled_erfc(z);
        let q = h * (0.5 + z / (std::f64::consts::PI.sqrt() * scaled));
        let slow = 2.0 * (q + p) / (q + 2.0 * p).sqrt();
        self.density(r) * (0.25 * std::f64::consts::PI * h).sqrt() * scaled * slow
    }

    /// Optical depth along a ray.
    fn depth(&self, ray: &Ray, nodes: &Nodes) -> f64 {
        if let Some(column) = &self.column {
            return self.per_km * column.integral(self, ray, (nodes, |_, density| density))
                / ray.stretch_ratio;
        }
        let [from_km, to_km] = ray.ends_km;
        let beyond = |along_km: f64| self.outward_km(ray.least_km, along_km.abs());
        let length_km = if from_km >= 0.0 {
            beyond(from_km) - beyond(to_km)
        } else if to_km <= 0.0 {
            beyond(to_km) - beyond(from_km)
        } else {
            2.0 * beyond(0.0) - beyond(from_km) - beyond(to_km)
        };
        self.per_km * length_km.max(0.0) / ray.stretch_ratio
    }

    /// Where a ray runs through the shadow of the base.
    fn shadow_km(&self, ray: &Ray, to_sun: Vec3<BodyFixed>) -> Option<[f64; 2]> {
        let sun = stretched(to_sun, self.stretch).unit()?;
        let (o, d) = (ray.perigee_km, ray.direction);
        let (o_sun, d_sun) = (o.dot(sun), d.dot(sun));
        // |x|² − (x·s)² = R² along the ray, behind the plane x·s = 0.
        let (a, b) = (1.0 - d_sun * d_sun, -o_sun * d_sun);
        let c = o.dot(o) - o_sun * o_sun - self.radius_km * self.radius_km;
        let root = (b * b - a * c).max(0.0).sqrt();
        let inside = if a < 1e-12 {
            if c < 0.0 { [f64::NEG_INFINITY, f64::INFINITY] } else { return None }
        } else {
            [(-b - root) / a, (-b + root) / a]
        };
        let plane = -o_sun / d_sun;
        let [mut from_km, mut to_km] = inside;
        if d_sun > 0.0 {
            to_km = to_km.min(plane);
        } else if d_sun < 0.0 {
            from_km = from_km.max(plane);
        } else if o_sun >= 0.0 {
            return None;
        }
        (from_km < to_km).then_some([from_km, to_km])
    }

    /// ∫ value(u) density du over the parts of a ray in sunlight.
    fn lit_km(
        &self,
        ray: &Ray,
        to_sun: Vec3<BodyFixed>,
        (nodes, value): (&Nodes, impl Fn(f64) -> f64),
    ) -> f64 {
        let dark = self.shadow_km(ray, to_sun);
        if let Some(column) = &self.column {
            let lit = |u: f64| dark.is_none_or(|[from, to]| u < from || u > to);
            let value = |u: f64, density: f64| {
                if lit(u) && density > 0.0 { density * value(u) } else { 0.0 }
            };
            return column.integral(self, ray, (nodes, value));
        }
        let (p, h) = (ray.least_km, self.height_km);
        let top_km = self.radius_km + TOP_HEIGHT_RATIO * h;
        if p >= top_km {
            return 0.0;
        }
        let reach_km = (top_km * top_km - p * p).sqrt();
        let [from, to] = [ray.ends_km[0].max(-reach_km), ray.ends_km[1].min(reach_km)];
        let mut ends = vec![from, to];
        ends.extend(dark.into_iter().flatten().chain([0.0]).filter(|u| *u > from && *u < to));
        ends.sort_by(f64::total_cmp);
        let w = |u: f64| (u * u / (p.hypot(u) + p)).sqrt().copysign(u);
        let along = |w: f64| {
            let q = w * w;
            let u = (q * (q + 2.0 * p)).sqrt().copysign(w);
            value(u) * self.density(p + q) * 2.0 * (q + p) / (q + 2.0 * p).sqrt()
        };
        let is_lit = |middle: f64| dark.is_none_or(|[from, to]| middle < from || middle > to);
        let panels = ends.windows(2).filter(|pair| pair[1] > pair[0] && is_lit(0.5 * (pair[0] + pair[1])));
        panels.map(|pair| nodes.integral([w(pair[0]), w(pair[1])], along)).sum()
    }
}

impl Air {
    /// The hazes that are not empty; `None` where none is left.
    pub fn of(hazes: &[Haze], sun_km: Vec3<BodyFixed>) -> Option<Self> {
        let parts: Vec<Part> = hazes.iter().filter(|haze| haze.optical_depth > 0.0).map(Part::of).collect();
        let to_sun = sun_km.unit()?;
        (!parts.is_empty()).then(|| Self { parts, to_sun, nodes: Nodes::of(12) })
    }

    /// Optical depth from a point along a unit direction over a length (infinity allowed).
    pub fn depth(&self, from_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>, length_km: f64) -> f64 {
        let depth = |part: &Part| part.depth(&part.ray(from_km, direction, length_km), &self.nodes);
        self.parts.iter().map(depth).sum()
    }

    /// Optical depth from a point to the Sun.
    pub fn depth_to_sun(&self, from_km: Vec3<BodyFixed>) -> f64 {
        self.depth(from_km, self.to_sun, f64::INFINITY)
    }

    /// I/F of the light scattered into a line of sight of a length (infinity allowed):
    /// `¼ ∫ β w P(θ) exp(−τ_sun − τ_sight) ds`.
    pub fn scattered_iof(&self, eye_km: Vec3<BodyFixed>, look: Vec3<BodyFixed>, length_km: f64) -> f64 {
        let cos_scattering = self.to_sun.dot(look);
        let scattered = |part: &Part| {
            let ray = part.ray(eye_km, look, length_km);
            let through = |u: f64| {
                let distance_km = (u - ray.ends_km[0]) / ray.stretch_ratio;
                let point_km = eye_km + look * distance_km;
                (-self.depth_to_sun(point_km) - self.depth(eye_km, look, distance_km)).exp()
            };
            let lit = part.lit_km(&ray, self.to_sun, (&self.nodes, through)) / ray.stretch_ratio;
            0.25 * part.haze.single_scattering_albedo * part.haze.phase.at(cos_scattering) * part.per_km * lit
        };
        self.parts.iter().map(scattered).sum()
    }
}

fn stretched(v: Vec3<BodyFixed>, [a, b, c]: [f64; 3]) -> Vec3<BodyFixed> {
    Vec3::new(v.x * a, v.y * b, v.z * c)
}

/// `exp(x²) erfc(x)` for x not below 0, relative error below 1.2e-7.
///
/// # Source
/// Press et al., Numerical Recipes, section 6.2 (Chebyshev fit in 1 / (1 + x/2)).
pub fn scaled_erfc(x: f64) -> f64 {
    const TERMS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    t * TERMS.iter().rev().fold(0.0, |sum, term| sum * t + term).exp()
}
