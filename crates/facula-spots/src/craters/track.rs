// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rim around a crater: on each ray the radius that looks most like a crest, all rays together.
//!
//! On heights a crest is where the profile bends down and stands high; on a picture under the Sun it is where the wall
//! ends: brightness changes there with the sign that the direction of the Sun tells, and most where the ray points to the
//! Sun or away from it. The path around is the closed one of greatest sum less a penalty for jumps (Viterbi 1967, IEEE
//! Trans. Inf. Theory 13, 260); each point is then placed between the radii.

use crate::craters::ellipse::RimPoint;
use crate::craters::polar::{Polar, RAYS, direction};

/// What the map shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sight {
    /// Heights.
    Relief,
    /// Brightness under a Sun in this direction to the east and north (unit).
    Shade([f64; 2]),
}

impl Sight {
    /// What a ray tells: 1 all, 0 nothing; for shade the cosine between ray and Sun, positive on the Sun's side.
    pub fn weight(&self, ray: usize) -> f64 {
        match self {
            Self::Relief => 1.0,
            Self::Shade([east, north]) => {
                let (sin, cos) = direction(ray);
                east * cos + north * sin
            }
        }
    }
}

/// Where to look for the rim and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search {
    /// Expected radius, km.
    pub radius_km: f64,
    /// Nearest and farthest over the expected.
    pub range: [f64; 2],
}

/// Half of the base over which a bend is measured on heights, over the radius.
const BEND: f64 = 0.12;
/// The crest is looked for this far from where the profile bends most: worn crests move outward.
const CREST_REACH: f64 = 0.18;
/// Width of the Gaussian whose slope finds the edge of the shade, over the radius; a cell at least. (Differences over a
/// fixed base would be drawn outward by the brightness growing up the wall.)
const EDGE: f64 = 0.05;
/// What standing high counts beside bending.
const HEIGHT_SHARE: f64 = 0.25;
/// What a jump by a tenth of the radius from ray to ray costs.
const JUMP: f64 = 0.5;
/// Rays that tell less than this of the shade are left to their neighbours.
const LEAST_VISIBLE: f64 = 0.3;

/// The rim points of a crater in order around; weight 0 where a ray tells nothing.
pub(crate) fn rim_points(polar: &Polar, sight: Sight, search: Search) -> Vec<RimPoint> {
    let first = (search.range[0] * search.radius_km / polar.step_km) as usize;
    let last = ((search.range[1] * search.radius_km / polar.step_km) as usize).min(polar.radii);
    if last < first + 4 {
        return Vec::new();
    }
    let count = last - first;
    let crests = crests(polar, sight, search.radius_km, (first, count));
    let path = path(&smoothed(&crests, count), count, polar.step_km / search.radius_km);
    (0..RAYS)
        .map(|ray| {
            let scores = &crests[ray * count..(ray + 1) * count];
            let (position, score) = peak(scores, path[ray]);
            let bend = first as f64 + position;
            let crest = match sight {
                Sight::Relief => crest(polar, ray, bend, CREST_REACH * search.radius_km / polar.step_km),
                Sight::Shade(_) => None,
            };
            let r_km = (crest.unwrap_or(bend) + 0.5) * polar.step_km;
            let (sin, cos) = direction(ray);
            let visible = sight.weight(ray).abs();
            let weight = if score > 0.0 && visible >= LEAST_VISIBLE { visible } else { 0.0 };
            RimPoint { at_km: [r_km * cos, r_km * sin], weight }
        })
        .collect()
}

/// How much each radius of each ray looks like a crest, in units of the crater's relief; NaN where nothing is known.
fn crests(polar: &Polar, sight: Sight, radius_km: f64, (first, count): (usize, usize)) -> Vec<f64> {
    let lag_km = (BEND * radius_km).max(1.5 * polar.step_km);
    let width = (EDGE * radius_km / polar.step_km).max(2.0);
    let reach = (3.0 * width).ceil() as usize;
    let slope: Vec<f64> = (0..=reach).map(|j| j as f64 * (-0.5 * (j as f64 / width).powi(2)).exp()).collect();
    let middle = |ray: usize, k: usize| polar.values[ray * polar.radii + first + k];
    let away =
        |ray: usize, k: usize, by_km: f64| polar.at(ray, ((first + k) as f64 + 0.5) * polar.step_km + by_km);
    let edge = |ray: usize, k: usize| -> f64 {
        let (ray, at) = (&polar.values[ray * polar.radii..(ray + 1) * polar.radii], first + k);
        if at < reach || at + reach >= polar.radii {
            return f64::NAN;
        }
        (1..=reach).map(|j| slope[j] * (ray[at + j] - ray[at - j])).sum()
    };
    let score = |at: usize| {
        let (ray, k) = (at / count, at % count);
        match sight {
            Sight::Relief => {
                let bent = middle(ray, k) - 0.5 * (away(ray, k, -lag_km) + away(ray, k, lag_km));
                bent + HEIGHT_SHARE * (middle(ray, k) - polar.at(ray, 0.5 * radius_km))
            }
            Sight::Shade(_) => sight.weight(ray) * edge(ray, k),
        }
    };
    let mut scores: Vec<f64> = (0..RAYS * count).map(score).collect();
    let scale = typical_best(&scores, count);
    if scale > 0.0 {
        scores.iter_mut().for_each(|s| *s /= scale);
    }
    scores
}

/// Median over the rays of their best score.
fn typical_best(scores: &[f64], count: usize) -> f64 {
    let best = |ray: &[f64]| ray.iter().copied().filter(|s| !s.is_nan()).fold(0.0, f64::max);
    let mut best: Vec<f64> = scores.chunks_exact(count).map(best).collect();
    best.sort_by(f64::total_cmp);
    best[best.len() / 2]
}

/// Each ray with half of its two neighbours; missing counts as 0.
fn smoothed(scores: &[f64], count: usize) -> Vec<f64> {
    let known = |ray: usize, k: usize| {
        let s = scores[(ray % RAYS) * count + k];
        if s.is_nan() { 0.0 } else { s }
    };
    let mean = |at: usize| {
        let (ray, k) = (at / count, at % count);
        0.25 * known(ray + RAYS - 1, k) + 0.5 * known(ray, k) + 0.25 * known(ray + 1, k)
    };
    (0..RAYS * count).map(mean).collect()
}

/// The best path around: went round twice, of which the middle is kept, so that its ends meet.
fn path(scores: &[f64], count: usize, step: f64) -> Vec<usize> {
    let reach = ((0.1 / step).round() as usize).clamp(1, 6);
    let cost = |jump: usize| JUMP * (jump as f64 * step / 0.1).powi(2);
    let costs: Vec<f64> = (0..=reach).map(cost).collect();
    let mut best = scores[..count].to_vec();
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(2 * RAYS);
    for ray in 1..2 * RAYS {
        let own = &scores[(ray % RAYS) * count..(ray % RAYS + 1) * count];
        let come = |k: usize| {
            let (low, high) = (k.saturating_sub(reach), (k + reach).min(count - 1));
            let sums = (low..=high).map(|j| (j, best[j] - costs[j.abs_diff(k)]));
            sums.fold((k, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a })
        };
        let steps: Vec<(usize, f64)> = (0..count).map(come).collect();
        best = steps.iter().zip(own).map(|((_, sum), own)| sum + own).collect();
        from.push(steps.into_iter().map(|(j, _)| j).collect());
    }
    let end = (0..count).fold(0, |a, b| if best[b] > best[a] { b } else { a });
    let mut path = vec![0; 2 * RAYS];
    path[2 * RAYS - 1] = end;
    for ray in (1..2 * RAYS).rev() {
        path[ray - 1] = from[ray - 1][path[ray]];
    }
    let half = RAYS / 2;
    (0..RAYS).map(|ray| if ray < half { path[ray + RAYS] } else { path[ray] }).collect()
}

/// The highest ground within a reach of a radius (both in steps), each ray with half of its two neighbours, placed by a
/// parabola; `None` where the ground goes on rising at either end, and for a sharp crest, which bends where it is highest:
/// there the bend is the better place.
fn crest(polar: &Polar, ray: usize, bend: f64, reach: f64) -> Option<f64> {
    let height = |k: usize| {
        let of = |ray: usize| polar.values[(ray % RAYS) * polar.radii + k];
        0.25 * of(ray + RAYS - 1) + 0.5 * of(ray) + 0.25 * of(ray + 1)
    };
    let low = (bend - reach).max(1.0).ceil() as usize;
    let high = ((bend + reach) as usize).min(polar.radii - 2);
    let top = (low..=high).fold(low, |a, b| if height(b) > height(a) { b } else { a });
    let (left, centre, right) = (height(top - 1), height(top), height(top + 1));
    let curvature = left - 2.0 * centre + right;
    let is_inside = top > low && top < high && curvature < 0.0;
    let place = top as f64 + (0.5 * (left - right) / curvature).clamp(-0.5, 0.5);
    (is_inside && (place - bend).abs() > 1.0).then_some(place)
}

/// The highest score within two steps of `near`, placed by a parabola, and its value.
fn peak(scores: &[f64], near: usize) -> (f64, f64) {
    let (low, high) = (near.saturating_sub(2), (near + 2).min(scores.len() - 1));
    let known = |k: usize| if scores[k].is_nan() { f64::NEG_INFINITY } else { scores[k] };
    let top = (low..=high).fold(near, |a, b| if known(b) > known(a) { b } else { a });
    let centre = known(top);
    if top == 0 || top + 1 >= scores.len() {
        return (top as f64, 0.0);
    }
    let (left, right) = (known(top - 1), known(top + 1));
    let bend = left - 2.0 * centre + right;
    let shift = if bend < 0.0 && bend.is_finite() { 0.5 * (left - right) / bend } else { 0.0 };
    (top as f64 + shift.clamp(-0.5, 0.5), centre)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rays of a profile whose rim lies at a radius that depends on the ray.
    fn polar(rim_km: impl Fn(usize) -> f64, value: impl Fn(usize, f64) -> f64) -> Polar {
        let (radii, step_km) = (80, 0.2);
        let at = |k: usize| {
            let ray = k / radii;
            value(ray, ((k % radii) as f64 + 0.5) * step_km / rim_km(ray))
        };
        Polar { radii, step_km, values: (0..RAYS * radii).map(at).collect() }
    }

    const SEARCH: Search = Search { radius_km: 10.0, range: [0.6, 1.45] };

    fn radius_km(point: &RimPoint) -> f64 {
        point.at_km[0].hypot(point.at_km[1])
    }

    #[test]
    fn the_crest_of_a_fresh_rim_is_found_between_the_radii() {
        let rim = |ray: usize| 10.0 + 0.8 * (ray as f64 * std::f64::consts::TAU / 36.0).cos();
        let points = rim_points(&polar(rim, |_, x| crate::craters::polar::profile(x)), Sight::Relief, SEARCH);
        for (ray, point) in points.iter().enumerate() {
            assert!((radius_km(point) - rim(ray)).abs() < 0.1, "{ray}: {} {}", radius_km(point), rim(ray));
            assert_eq!(point.weight, 1.0);
        }
    }

    #[test]
    fn shade_needs_the_right_sign_and_tells_nothing_across_the_sun() {
        let sight = Sight::Shade([1.0, 0.0]);
        // Brightness goes with the slope down towards the Sun.
        let shade = |ray: usize, x: f64| -sight.weight(ray) * crate::craters::polar::profile_slope(x);
        let points = rim_points(&polar(|_| 9.3, shade), sight, SEARCH);
        let seen: Vec<&RimPoint> = points.iter().filter(|p| p.weight > 0.0).collect();
        assert!(seen.len() > 50 && seen.len() < 64, "{}", seen.len());
        assert!(seen.iter().all(|p| (radius_km(p) - 9.3).abs() < 0.15));
        assert_eq!(points[RAYS / 4].weight, 0.0);
        // From the other side it is a dome, whose foot is no rim: the strongest change is not at 9.3 km.
        let dome = rim_points(&polar(|_| 9.3, |ray, x| -shade(ray, x)), sight, SEARCH);
        let wrong = dome.iter().filter(|p| p.weight > 0.0 && (radius_km(p) - 9.3).abs() < 0.15).count();
        assert!(wrong < 10, "{wrong}");
    }

    #[test]
    fn a_gap_is_bridged_without_weight_and_a_nearby_wall_does_not_catch_the_path() {
        let value = |ray: usize, x: f64| match ray {
            10..14 => f64::NAN,
            // A higher ridge outside on a few rays.
            30..36 if x > 1.2 => 0.8 - 4.0 * (x - 1.3).abs(),
            _ => crate::craters::polar::profile(x),
        };
        let points = rim_points(&polar(|_| 10.0, value), Sight::Relief, SEARCH);
        assert!(points[10..14].iter().all(|p| p.weight == 0.0));
        let off = points.iter().filter(|p| p.weight > 0.0 && (radius_km(p) - 10.0).abs() > 0.3).count();
        // Those rays and the neighbours that share their smoothing.
        assert!(off <= 10, "{off}");
    }

    #[test]
    fn nothing_known_is_no_rim() {
        let points = rim_points(&polar(|_| 10.0, |_, _| f64::NAN), Sight::Relief, SEARCH);
        assert!(points.iter().all(|p| p.weight == 0.0));
        let flat = rim_points(&polar(|_| 10.0, |_, _| 1.0), Sight::Relief, SEARCH);
        assert!(flat.iter().all(|p| p.weight == 0.0));
    }
}
