// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rise and set of a spot through the terminator, against when the Sun should cross the horizon of smooth ground.
//!
//! In each rotation the longest stretch of points with light is taken; it begins between the last dark point before it and its
//! first point, so the middle is the time found and the gap over √12 its error. The computed time is where the incidence angle
//! of the points themselves, a sinusoid of the hour angle, passes 90°. A rise later than computed by more than its error
//! is a spot in a hollow or behind a ridge; an earlier one a spot on a height, or light that is not the Sun's alone.

use std::f64::consts::{PI, TAU};

use facula_core::{Epoch, Unit};
use nalgebra::{Matrix3, Vector3};
use serde::{Serialize, Serializer};

use super::rotations::rotation_numbers;
use super::{LightCurve, LightPoint};

/// Which way the terminator passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Edge {
    /// From night to day.
    Rise,
    /// From day to night.
    Set,
}

impl Edge {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rise => "rise",
            Self::Set => "set",
        }
    }
}

/// What counts as light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TerminatorOptions {
    /// Light is more than so many sigmas.
    pub least_significance: f64,
    /// Light astray, one sigma as a fraction of the brightest point of the curve, added to each point's error.
    pub stray_fraction: f64,
    /// Length of a day of the body, s.
    pub day_s: f64,
    /// Points further apart than this fraction of a day bracket nothing.
    pub largest_gap_fraction: f64,
}

impl Default for TerminatorOptions {
    fn default() -> Self {
        Self { least_significance: 5.0, stray_fraction: 0.002, day_s: 32_667.0, largest_gap_fraction: 0.25 }
    }
}

fn as_utc<S: Serializer>(epoch: &Epoch, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&facula_core::format_utc(*epoch))
}

/// One passage of the terminator.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Crossing {
    /// Rotation, counted from that of the first point.
    pub rotation: i64,
    /// Rise or set.
    pub edge: Edge,
    /// Time between the points that bracket it.
    #[serde(rename = "utc", serialize_with = "as_utc")]
    pub epoch: Epoch,
    /// One sigma of it, s.
    pub sigma_s: f64,
    /// Local true solar time then, hours.
    pub local_time_h: f64,
    /// One sigma of it, hours.
    pub local_time_sigma_h: f64,
    /// Local time at which the Sun crosses the horizon of smooth ground, hours; NaN where it never does or cannot be told.
    pub computed_local_time_h: f64,
    /// Found less computed, s; NaN where nothing could be computed.
    pub late_s: f64,
}

/// Rises and sets of a curve, by time.
pub fn terminator_crossings(curve: &LightCurve, options: &TerminatorOptions) -> Vec<Crossing> {
    let rotations = rotation_numbers(&curve.points, options.day_s);
    let horizon = Horizon::of(&curve.points);
    let brightest = curve.points.iter().map(|p| p.iof).filter(|iof| iof.is_finite()).fold(0.0, f64::max);
    let is_light = |point: &LightPoint| {
        let noise = point.iof_sigma.hypot(options.stray_fraction * brightest);
        (point.iof.is_finite() && noise.is_finite()).then_some(point.iof > options.least_significance * noise)
    };
    let mut known: Vec<(i64, bool, &LightPoint)> = curve
        .points
        .iter()
        .zip(&rotations)
        .filter_map(|(point, rotation)| Some((*rotation, is_light(point)?, point)))
        .collect();
    known.sort_by_key(|(_, _, point)| point.epoch);
    let mut found = Vec::new();
    for rotation in known.chunk_by(|a, b| a.0 == b.0) {
        let Some((first, last)) = longest_light(rotation) else { continue };
        let crossing = |edge, dark: usize, light: usize| {
            crossing((rotation[dark].2, rotation[light].2), (rotation[0].0, edge), (&horizon, options))
        };
        if first > 0 {
            found.extend(crossing(Edge::Rise, first - 1, first));
        }
        if last + 1 < rotation.len() {
            found.extend(crossing(Edge::Set, last + 1, last));
        }
    }
    let least = found.iter().map(|c: &Crossing| c.rotation).min().unwrap_or(0).min(0);
    found.iter_mut().for_each(|c| c.rotation -= least);
    found
}

/// First and last place of the longest stretch of light.
fn longest_light(rotation: &[(i64, bool, &LightPoint)]) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    let mut began = None;
    for (k, (_, light, _)) in rotation.iter().enumerate() {
        began = if *light { began.or(Some(k)) } else { None };
        if let Some(first) = began
            && best.is_none_or(|(from, to)| k - first > to - from)
        {
            best = Some((first, k));
        }
    }
    best
}

/// The passage between a dark and a light point.
fn crossing(
    (dark, light): (&LightPoint, &LightPoint),
    (rotation, edge): (i64, Edge),
    (horizon, options): (&Option<Horizon>, &TerminatorOptions),
) -> Option<Crossing> {
    let gap_s = (light.epoch - dark.epoch).to_seconds();
    if gap_s.abs() > options.largest_gap_fraction * options.day_s {
        return None;
    }
    let epoch = dark.epoch + 0.5 * gap_s * Unit::Second;
    let hours_per_s = 24.0 / options.day_s;
    let local_time_h = (light.local_time_h - 0.5 * gap_s * hours_per_s).rem_euclid(24.0);
    let sigma_s = gap_s.abs() / 12f64.sqrt();
    let computed_local_time_h = horizon.as_ref().map_or(f64::NAN, |horizon| horizon.local_time_h(edge));
    // The nearer way around the clock.
    let late_h = (local_time_h - computed_local_time_h + 12.0).rem_euclid(24.0) - 12.0;
    Some(Crossing {
        rotation,
        edge,
        epoch,
        sigma_s,
        local_time_h,
        local_time_sigma_h: sigma_s * hours_per_s,
        computed_local_time_h,
        late_s: late_h / hours_per_s,
    })
}

/// When the Sun crosses the horizon: `cos i = c0 + c1 cos h + c2 sin h` of the hour angle, exact for fixed ground and
/// a Sun whose declination does not change.
struct Horizon {
    /// Hour angle of the largest height, rad, and how far from it the Sun sets, rad; NaN where it does not.
    noon_rad: f64,
    half_day_rad: f64,
}

impl Horizon {
    /// From the incidence angles and local times of points; `None` with fewer than three different hours.
    fn of(points: &[LightPoint]) -> Option<Self> {
        let (mut normal, mut wanted) = (Matrix3::zeros(), Vector3::zeros());
        for point in points.iter().filter(|p| (p.local_time_h + p.incidence_rad).is_finite()) {
            let hour_rad = (point.local_time_h - 12.0) / 24.0 * TAU;
            let row = Vector3::new(1.0, hour_rad.cos(), hour_rad.sin());
            normal += row * row.transpose();
            wanted += row * point.incidence_rad.cos();
        }
        // Hours that are all alike leave the matrix singular but for rounding.
        if !(normal.determinant().abs() > 1e-9 * normal[(0, 0)].powi(3)) {
            return None;
        }
        let c = normal.try_inverse()? * wanted;
        let swing = c[1].hypot(c[2]);
        let cosine = -c[0] / swing;
        let half_day_rad =
            if cosine.abs() <= 1.0 { (1.0 - cosine * cosine).sqrt().atan2(cosine) } else { f64::NAN };
        Some(Self { noon_rad: c[2].atan2(c[1]), half_day_rad })
    }

    fn local_time_h(&self, edge: Edge) -> f64 {
        let hour_rad = match edge {
            Edge::Rise => self.noon_rad - self.half_day_rad,
            Edge::Set => self.noon_rad + self.half_day_rad,
        };
        12.0 + (hour_rad / PI * 12.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::rotations::tests::{DAY_S, Made};

    fn options() -> TerminatorOptions {
        TerminatorOptions { day_s: DAY_S, ..TerminatorOptions::default() }
    }

    /// A camera over the pole sees the spot day and night.
    fn polar(points_per_rotation: usize) -> LightCurve {
        let made = Made { latitudes_rad: [0.6, 1.4], points_per_rotation, ..Made::default() };
        LightCurve { spot_id: "S001".into(), points: made.points() }
    }

    #[test]
    fn the_sun_rises_when_it_should_in_every_rotation() {
        let found = terminator_crossings(&polar(40), &options());
        let count = |edge| found.iter().filter(|c| c.edge == edge).count();
        assert_eq!((count(Edge::Rise), count(Edge::Set)), (4, 4), "{found:?}");
        for crossing in &found {
            // The Sun over the equator rises at six and sets at eighteen wherever one stands.
            let due_h = if crossing.edge == Edge::Rise { 6.0 } else { 18.0 };
            assert!((crossing.computed_local_time_h - due_h).abs() < 1e-6, "{crossing:?}");
            assert!((crossing.local_time_h - due_h).abs() < 24.0 / 40.0, "{crossing:?}");
            assert!(crossing.late_s.abs() <= DAY_S / 40.0, "{crossing:?}");
            assert!((crossing.local_time_sigma_h - 0.6 / 12f64.sqrt()).abs() < 1e-6, "{crossing:?}");
        }
        assert_eq!(found.iter().map(|c| c.rotation).max(), Some(3));
    }

    #[test]
    fn a_spot_in_a_hollow_rises_late() {
        let mut curve = polar(120);
        // Dark until the Sun stands 30 degrees high.
        curve.points.iter_mut().filter(|p| p.incidence_rad > 60f64.to_radians()).for_each(|p| p.iof = 0.0);
        for crossing in terminator_crossings(&curve, &options()) {
            let late_sigma = crossing.late_s / crossing.sigma_s;
            assert!(if crossing.edge == Edge::Rise { late_sigma > 5.0 } else { late_sigma < -5.0 });
        }
    }

    #[test]
    fn always_day_always_night_and_nothing_give_no_crossing() {
        let mut curve = polar(20);
        curve.points.iter_mut().for_each(|p| p.iof = 0.1);
        assert!(terminator_crossings(&curve, &options()).is_empty());
        curve.points.iter_mut().for_each(|p| p.iof = f64::NAN);
        assert!(terminator_crossings(&curve, &options()).is_empty());
        curve.points.clear();
        assert!(terminator_crossings(&curve, &options()).is_empty());
    }

    #[test]
    fn without_local_times_nothing_is_computed() {
        let mut curve = polar(40);
        curve.points.iter_mut().for_each(|p| p.local_time_h = f64::NAN);
        let found = terminator_crossings(&curve, &options());
        assert!(!found.is_empty() && found.iter().all(|c| c.late_s.is_nan() && c.sigma_s > 0.0));
    }
}
