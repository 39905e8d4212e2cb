// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rectangle of a map that holds a region of the ground, found along the region's boundary and the map's own
//! outline.
//!
//! A projection is continuous inside its outline, so the extremes of x and y over a region lie on the boundary of the
//! part that is shown: the region's boundary, and the pieces of the outline inside the region. The first is sampled
//! and its extremes refined, also where it enters and leaves the map; the second is sampled.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use serde::{Deserialize, Serialize};

use crate::{LonLat, Vec3};

use super::{Prepared, Projection, ProjectionError};

/// A region of the ground; latitudes planetocentric, longitudes east.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum MapRegion {
    /// All places within an angle of the centre, seen from the middle of the body.
    Circle {
        /// Middle of the region.
        centre: LonLat,
        /// Angular radius, rad; up to π.
        radius_rad: f64,
    },
    /// All places between two meridians and two parallels.
    Window {
        /// Western meridian, rad.
        west_rad: f64,
        /// Eastern meridian, rad: above the western one, by 2π for all longitudes.
        east_rad: f64,
        /// Southern parallel, rad.
        south_rad: f64,
        /// Northern parallel, rad.
        north_rad: f64,
    },
}

/// Points along the boundary, before refinement.
const SAMPLES: usize = 2048;
/// Steps of a refinement; the interval shrinks to 2e-12 of a sample's spacing (golden section) or 5e-13 (bisection).
const REFINEMENTS: usize = 56;
/// Neighbouring samples farther apart on the map than this are followed more closely, radii or distances from
/// the origin.
const FAR: f64 = 0.01;
/// But not below this share of the boundary: there the map is torn.
const LEAST_SPACING: f64 = 1e-9;
/// Sagitta between samples of an outline: (2π / 2048)² / 8 of its radius, rounded up.
const OUTLINE_SAGITTA: f64 = 2e-6;
/// Poles closer than this to the body's are the body's, rad.
const POLE_SLACK_RAD: f64 = 1e-9;
/// Just inside an outline, so that the inverse has an answer there.
const INSIDE: f64 = 1.0 - 1e-9;

impl MapRegion {
    /// Whether a place lies in the region, its boundary included.
    pub fn contains(&self, place: LonLat) -> bool {
        match *self {
            Self::Circle { centre, radius_rad } => place.separation_rad(centre) <= radius_rad,
            Self::Window { west_rad, east_rad, south_rad, north_rad } => {
                let east = (place.longitude_rad - west_rad).rem_euclid(TAU);
                (south_rad..=north_rad).contains(&place.latitude_rad) && east <= east_rad - west_rad
            }
        }
    }

    /// Whether all ground around a place lies in the region; for a pole of the body that takes all longitudes.
    fn surrounds(&self, place: LonLat) -> bool {
        let at_pole = FRAC_PI_2 - place.latitude_rad.abs() < POLE_SLACK_RAD;
        match *self {
            Self::Window { west_rad, east_rad, south_rad, north_rad } if at_pole => {
                let edge_rad = if place.latitude_rad > 0.0 { north_rad } else { -south_rad };
                edge_rad >= FRAC_PI_2 - POLE_SLACK_RAD && east_rad - west_rad >= TAU * (1.0 - 1e-12)
            }
            _ => self.contains(place),
        }
    }

    fn check(&self) -> Result<(), ProjectionError> {
        let (name, value, range, good) = match *self {
            Self::Circle { radius_rad, .. } => {
                ("radius, rad", radius_rad, "0 < radius ≤ π", radius_rad > 0.0 && radius_rad <= PI)
            }
            Self::Window { west_rad, east_rad, south_rad, north_rad } => {
                let span_rad = east_rad - west_rad;
                if span_rad > 0.0 && span_rad <= TAU * (1.0 + f64::EPSILON) {
                    let good = -FRAC_PI_2 <= south_rad && south_rad < north_rad && north_rad <= FRAC_PI_2;
                    ("north − south, rad", north_rad - south_rad, "−π/2 ≤ south < north ≤ π/2", good)
                } else {
                    ("east − west, rad", span_rad, "above 0, at most 2π", false)
                }
            }
        };
        if good { Ok(()) } else { Err(ProjectionError::Argument { name, value, range }) }
    }

    /// The boundary, once around for `t` from 0 to 1, counterclockwise seen from outside.
    fn boundary(&self, t: f64) -> LonLat {
        match *self {
            Self::Circle { centre, radius_rad } => {
                let ((sin_lat, cos_lat), (sin_lon, cos_lon)) =
                    (centre.latitude_rad.sin_cos(), centre.longitude_rad.sin_cos());
                let ((sin, cos), (north, east)) = (radius_rad.sin_cos(), (t * TAU).sin_cos());
                let (up, north, east) = (cos, sin * north, sin * east);
                let outward = up * cos_lat - north * sin_lat;
                LonLat::of(Vec3::new(
                    outward * cos_lon - east * sin_lon,
                    outward * sin_lon + east * cos_lon,
                    up * sin_lat + north * cos_lat,
                ))
            }
            Self::Window { west_rad, east_rad, south_rad, north_rad } => {
                let (side, along) = ((4.0 * t).floor(), (4.0 * t).fract());
                let (longitude_rad, latitude_rad) = match side as u8 {
                    0 => (west_rad + along * (east_rad - west_rad), south_rad),
                    1 => (east_rad, south_rad + along * (north_rad - south_rad)),
                    2 => (east_rad - along * (east_rad - west_rad), north_rad),
                    _ => (west_rad, north_rad - along * (north_rad - south_rad)),
                };
                LonLat::new(longitude_rad, latitude_rad)
            }
        }
    }
}

/// West, south, east and north edges, m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub low: [f64; 2],
    pub high: [f64; 2],
}

impl Bounds {
    fn empty() -> Self {
        Self { low: [f64::INFINITY; 2], high: [f64::NEG_INFINITY; 2] }
    }

    fn width(&self) -> f64 {
        self.high[0] - self.low[0]
    }

    fn add(&mut self, point: [f64; 2]) {
        for (i, value) in point.into_iter().enumerate() {
            self.low[i] = self.low[i].min(value);
            self.high[i] = self.high[i].max(value);
        }
    }
}

impl Projection {
    /// The rectangle of the map, m, that holds all of a region that the map shows.
    pub(super) fn bounds_of(&self, region: &MapRegion) -> Result<Bounds, ProjectionError> {
        region.check()?;
        let mut bounds = Bounds::empty();
        let walked = self.walk(region, &mut bounds);
        self.add_outline(region, &mut bounds)?;
        if let Some(period_m) = self.period_m() {
            // Around a pole of the map, or more than once around: the whole turn, as the map is drawn.
            let around = walked.is_some_and(|walked_m| walked_m.abs() > 0.5 * period_m);
            if self.holds_pole(region, &mut bounds) || around || bounds.width() > period_m * (1.0 - 1e-9) {
                (bounds.low[0], bounds.high[0]) = (-0.5 * period_m, 0.5 * period_m);
            }
        }
        if bounds.low.iter().chain(&bounds.high).all(|value| value.is_finite()) {
            return Ok(bounds);
        }
        Err(ProjectionError::Region { what: "is not visible" })
    }

    /// The rectangle of everything the map shows; `None` for maps without end.
    pub(super) fn world(&self) -> Option<Bounds> {
        let radius_m = self.spheroid.equatorial_m;
        let (middle, half) = match &self.rule {
            Prepared::Azimuthal(azimuthal) => azimuthal.outline(&self.latitudes)?,
            Prepared::Cylinder(cylinder) | Prepared::Oblique(cylinder, _) => {
                ([0.0; 2], cylinder.half(&self.latitudes)?)
            }
        };
        let side = |sign: f64| [0, 1].map(|i| (middle[i] + sign * half[i]) * radius_m);
        Some(Bounds { low: side(-1.0), high: side(1.0) })
    }

    /// The point at `t` of the boundary, its x within half a period of `near`.
    fn boundary_point(&self, region: &MapRegion, t: f64, near: Option<f64>) -> Option<[f64; 2]> {
        let [x, y] = self.forward(region.boundary(t.rem_euclid(1.0)))?;
        let x = match (self.period_m(), near) {
            (Some(period_m), Some(near)) => x - ((x - near) / period_m).round() * period_m,
            _ => x,
        };
        Some([x, y])
    }

    /// Walks along the boundary; gives how far x has moved in the end, which is not 0 when the way leads around a pole
    /// of a map that repeats, and `None` if a part was not on the map.
    fn walk(&self, region: &MapRegion, bounds: &mut Bounds) -> Option<f64> {
        let spacing = 1.0 / SAMPLES as f64;
        let points: Vec<Option<[f64; 2]>> = (0..=SAMPLES)
            .scan(None, |near: &mut Option<f64>, i| {
                let point = self.boundary_point(region, i as f64 * spacing, *near);
                *near = point.map_or(*near, |[x, _]| Some(x));
                Some(point)
            })
            .collect();
        for point in points.iter().flatten() {
            bounds.add(*point);
        }
        for (i, pair) in points.windows(2).enumerate() {
            let t = i as f64 * spacing;
            match (pair[0], pair[1]) {
                (Some(_), None) => self.add_last(region, [t, t + spacing], bounds),
                (None, Some(_)) => self.add_last(region, [t + spacing, t], bounds),
                (Some(from), Some(to)) => self.follow(region, (t, from), (t + spacing, to), bounds),
                (None, None) => {}
            }
        }
        for axis in 0..2 {
            for sign in [1.0, -1.0] {
                self.refine(region, &points, (axis, sign), bounds);
            }
        }
        let ends = (points[0]?, points[SAMPLES]?);
        points.iter().all(Option::is_some).then_some(ends.1[0] - ends.0[0])
    }

    /// Points between two that are far apart on the map: the boundary may pass close to the antipode of the centre and
    /// sweep along the outline between two samples, or cross the last meridian.
    fn follow(&self, region: &MapRegion, from: (f64, [f64; 2]), to: (f64, [f64; 2]), bounds: &mut Bounds) {
        let apart_m = (to.1[0] - from.1[0]).hypot(to.1[1] - from.1[1]);
        // Far out on a map without end a chord may be as much longer.
        let radius_m = self.spheroid.equatorial_m.max(to.1[0].hypot(to.1[1]));
        if apart_m < FAR * radius_m || to.0 - from.0 < LEAST_SPACING {
            return;
        }
        let t = 0.5 * (from.0 + to.0);
        let Some(point) = self.boundary_point(region, t, Some(from.1[0])) else { return };
        // What a chord leaves out of an arc as curved as the outline.
        let sagitta_m = FAR * FAR * radius_m;
        bounds.add(point.map(|value| value - sagitta_m));
        bounds.add(point.map(|value| value + sagitta_m));
        self.follow(region, from, (t, point), bounds);
        self.follow(region, (t, point), to, bounds);
    }

    /// The last point on the map between a `t` that is and one that is not.
    fn add_last(&self, region: &MapRegion, [mut on, mut off]: [f64; 2], bounds: &mut Bounds) {
        for _ in 0..REFINEMENTS {
            let middle = 0.5 * (on + off);
            match self.boundary_point(region, middle, None) {
                Some(_) => on = middle,
                None => off = middle,
            }
        }
        if let Some(point) = self.boundary_point(region, on, None) {
            bounds.add(point);
        }
    }

    /// Golden-section search for the extreme of one axis around its most extreme sample.
    fn refine(
        &self,
        region: &MapRegion,
        points: &[Option<[f64; 2]>],
        (axis, sign): (usize, f64),
        bounds: &mut Bounds,
    ) {
        let height = |point: &Option<[f64; 2]>| point.map_or(f64::NEG_INFINITY, |p| sign * p[axis]);
        let Some(best) = (0..points.len()).max_by(|a, b| height(&points[*a]).total_cmp(&height(&points[*b])))
        else {
            return;
        };
        let Some([near, _]) = points[best] else { return };
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let middle = best as f64 / SAMPLES as f64;
        let (mut low, mut high) = (middle - 1.0 / SAMPLES as f64, middle + 1.0 / SAMPLES as f64);
        for _ in 0..REFINEMENTS {
            let span = golden * (high - low);
            let [left, right] = [high - span, low + span].map(|t| self.boundary_point(region, t, Some(near)));
            if let Some(point) = left {
                bounds.add(point);
            }
            if height(&left) > height(&right) {
                high = low + span;
            } else {
                low = high - span;
            }
        }
    }

    /// Whether a pole of a map that repeats lies inside the region; then the region reaches that edge of the map.
    fn holds_pole(&self, region: &MapRegion, bounds: &mut Bounds) -> bool {
        let Some(world) = self.world() else { return false };
        let edges = [world.high[1], world.low[1]];
        let inside = self.poles().map(|pole| region.surrounds(pole));
        for (edge_m, _) in edges.into_iter().zip(inside).filter(|(_, inside)| *inside) {
            bounds.low[1] = bounds.low[1].min(edge_m);
            bounds.high[1] = bounds.high[1].max(edge_m);
        }
        inside.contains(&true)
    }

    /// North and south pole of the map's own longitudes and latitudes.
    fn poles(&self) -> [LonLat; 2] {
        let pole = match &self.rule {
            Prepared::Oblique(_, frame) => Vec3::from_array(frame[2]),
            _ => Vec3::new(0.0, 0.0, 1.0),
        };
        [LonLat::of(pole), LonLat::of(-pole)]
    }

    /// The pieces of the map's own outline inside the region: the limb or the circle of the antipode, the last
    /// meridian. Maps that repeat have none.
    fn add_outline(&self, region: &MapRegion, bounds: &mut Bounds) -> Result<(), ProjectionError> {
        let Some(world) = self.world() else { return self.refuse_infinity(region) };
        if self.period_m().is_some() {
            return Ok(());
        }
        let middle = [0, 1].map(|i| 0.5 * (world.low[i] + world.high[i]));
        let half = [0, 1].map(|i| 0.5 * (world.high[i] - world.low[i]));
        for i in 0..SAMPLES {
            let (sin, cos) = (TAU * i as f64 / SAMPLES as f64).sin_cos();
            let offset = match &self.rule {
                Prepared::Azimuthal(_) => [cos * half[0], sin * half[1]],
                _ => self.last_meridian(sin * FRAC_PI_2, half[1].copysign(cos)),
            };
            let just_inside = [0, 1].map(|i| middle[i] + offset[i] * INSIDE);
            if self.inverse(just_inside).is_some_and(|place| region.contains(place)) {
                bounds.add([0, 1].map(|i| middle[i] + offset[i] * (1.0 + OUTLINE_SAGITTA)));
            }
        }
        Ok(())
    }

    /// Points of the outline of a sinusoidal map.
    fn last_meridian(&self, angle_rad: f64, side: f64) -> [f64; 2] {
        let turned = super::Turn { sin: angle_rad.sin(), cos: angle_rad.cos() };
        let radius_m = self.spheroid.equatorial_m;
        let x = PI * turned.cos * self.latitudes.across(turned) * radius_m;
        [x.copysign(side), self.latitudes.meridian(turned) * radius_m]
    }

    /// Maps without end: Mercator must not hold a pole, stereographic not the antipode.
    fn refuse_infinity(&self, region: &MapRegion) -> Result<(), ProjectionError> {
        let [first, second] = match &self.rule {
            Prepared::Azimuthal(_) => [self.antipode(); 2],
            _ => self.poles(),
        };
        let near = |place: &LonLat| match *region {
            MapRegion::Circle { centre, radius_rad } => place.separation_rad(centre) <= radius_rad + NEAR_RAD,
            MapRegion::Window { south_rad, north_rad, .. }
                if place.latitude_rad.abs() > FRAC_PI_2 - NEAR_RAD =>
            {
                if place.latitude_rad > 0.0 {
                    north_rad > FRAC_PI_2 - NEAR_RAD
                } else {
                    south_rad < -FRAC_PI_2 + NEAR_RAD
                }
            }
            MapRegion::Window { .. } => region.contains(*place),
        };
        match near(&first) || near(&second) {
            true => Err(ProjectionError::Region { what: "has no end" }),
            false => Ok(()),
        }
    }

    fn antipode(&self) -> LonLat {
        let origin = self.inverse([0.0, 0.0]).unwrap_or(LonLat::new(0.0, 0.0));
        LonLat::new(origin.longitude_rad + PI, -origin.latitude_rad)
    }
}

/// Regions that come so close to a point at infinity count as reaching it, rad.
const NEAR_RAD: f64 = 1e-4;
