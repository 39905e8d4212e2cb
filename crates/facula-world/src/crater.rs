// SPDX-License-Identifier: MIT OR Apache-2.0
//! Craters: depth by size, wear by age, height over distance from the middle.
//!
//! Bowls below the transition; above it a flat floor, a stepped wall and a peak or a pit in the middle. Rims fall with the
//! cube of distance (McGetchin et al. 1973, Earth Planet. Sci. Lett. 20, 226). Outlines are a little polygonal. Worn craters
//! lose depth and sharpness. ASSUMED: everything but the laws of [`CraterLaws`]; the profiles are for pictures and
//! closed loops, not for morphometry.

use facula_core::{BodyFixed, Vec3};

use crate::facts::CraterLaws;
use crate::noise::{mix, smooth};

/// Ejecta end at this many crater radii.
pub(crate) const EJECTA_REACH: f64 = 2.5;
/// Outlines stray from the circle by no more than this fraction; reach is counted with it.
const OUTLINE: f64 = 0.10;
/// Nothing of a crater beyond this many radii of the circle.
pub(crate) const REACH: f64 = EJECTA_REACH * (1.0 + 1.5 * OUTLINE);
/// Terraces only in craters of more than this many transition diameters.
const TERRACES_FROM: f64 = 2.5;

/// What stands in the middle, height over depth; negative for a pit.
const PEAK: f64 = 0.28;
const PIT: f64 = -0.12;

/// Where a place lies in a crater.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Away {
    /// Distance from the middle in crater radii, outline included.
    pub(crate) r: f64,
    /// How the outline strays in that direction, about −1 to 1.
    pub(crate) twist: f64,
}

/// A crater's shape but for its place and wear.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// Rim to rim, km.
    pub(crate) diameter_km: f64,
    /// From rim to floor when fresh, km.
    pub(crate) depth_km: f64,
    rim_ratio: f64,
    /// Radius of the flat floor over that of the crater.
    floor: f64,
    centre: f64,
    terraces: bool,
}

impl Form {
    /// The form that the laws give a crater of some diameter.
    pub(crate) fn new(laws: &CraterLaws, diameter_km: f64) -> Self {
        let over = diameter_km / laws.transition_km;
        let floor = if over > 1.0 { 0.8 * (1.0 - over.powf(-0.6)) } else { 0.0 };
        let centre = match diameter_km {
            d if d >= laws.pit_from_km => PIT,
            d if d >= laws.peak_from_km => PEAK,
            _ => 0.0,
        };
        let depth_km = fresh_depth_km(laws, diameter_km);
        let terraces = over > TERRACES_FROM;
        Self { diameter_km, depth_km, rim_ratio: laws.rim_ratio, floor, centre, terraces }
    }

    pub(crate) fn with_depth_km(self, depth_km: f64) -> Self {
        Self { depth_km, ..self }
    }

    pub(crate) fn with_plain_floor(self) -> Self {
        Self { centre: 0.0, ..self }
    }

    /// Height over the old ground, km, at a distance from the middle, for a freshness of 0 to 1.
    pub(crate) fn height_km(&self, at: Away, freshness: f64) -> f64 {
        let Away { r, .. } = at;
        if r >= EJECTA_REACH {
            return 0.0;
        }
        let sharp = smooth(1.3 * freshness);
        let fade = 1.0 - smooth((r - 1.0) / (EJECTA_REACH - 1.0));
        freshness * self.depth_km * (sharp * self.fresh(at, fade) + (1.0 - sharp) * self.worn(r, fade))
    }

    /// Height over depth of a fresh crater.
    fn fresh(&self, Away { r, twist }: Away, fade: f64) -> f64 {
        // Rims are higher here and lower there.
        let rim = self.rim_ratio * (1.0 + 0.4 * twist * smooth(r));
        if r >= 1.0 {
            return rim * fade / (r * r * r);
        }
        if self.floor == 0.0 {
            return rim - 1.0 + r * r;
        }
        let middle = if r < 0.22 { self.centre * (1.0 - smooth(r / 0.22)) } else { 0.0 };
        let mut t = ((r - self.floor) / (1.0 - self.floor)).max(0.0);
        if self.terraces {
            // Slumped blocks: steps that run aslant along the wall, as the outline strays.
            t += 0.10 * t * (1.0 - t) * (t * 13.0 + 9.0 * twist).sin();
        }
        // From the square of a bowl to the power of 3/2: steep below the rim.
        let rise = if self.floor < 0.15 { t * t.powf(1.0 - self.floor / 0.3) } else { t * t.sqrt() };
        rim - 1.0 + rise + middle
    }

    /// Height over depth of an old crater: no edge at the rim.
    fn worn(&self, r: f64, fade: f64) -> f64 {
        let floor = 0.7 * self.floor;
        let hollow = 1.0 - smooth((r - floor) / (1.2 - floor));
        let ring = 1.0 / (1.0 + 8.0 * (r - 1.1) * (r - 1.1));
        (self.rim_ratio * ring * ring - hollow) * fade
    }
}

/// Depth from rim to floor of a fresh crater of some diameter, km.
pub(crate) fn fresh_depth_km(laws: &CraterLaws, diameter_km: f64) -> f64 {
    let over = diameter_km / laws.transition_km;
    let bowl_km = laws.simple_depth_ratio * diameter_km;
    if over <= 1.0 { bowl_km } else { bowl_km * over.powf(laws.complex_exponent - 1.0) }
}

/// A crater on the ground.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crater {
    /// Direction of the middle.
    pub(crate) centre: Vec3<BodyFixed>,
    pub(crate) form: Form,
    /// 1 fresh, towards 0 worn down.
    pub(crate) freshness: f64,
    /// Age over that of the oldest ground.
    pub(crate) age_ratio: f64,
    outline: Outline,
}

/// How an outline strays from the circle: harmonics 2, 3, 5 of the azimuth about the middle.
#[derive(Debug, Clone, Copy)]
struct Outline {
    axes: [Vec3<BodyFixed>; 2],
    waves: [[f64; 2]; 3],
}

impl Outline {
    fn new(centre: Vec3<BodyFixed>, hash: u64) -> Self {
        // Duff et al. 2017, J. Comput. Graph. Tech. 6, 1: two axes without a case for the poles.
        let sign = 1.0f64.copysign(centre.z);
        let a = -1.0 / (sign + centre.z);
        let b = centre.x * centre.y * a;
        let axes = [
            Vec3::new(1.0 + sign * centre.x * centre.x * a, sign * b, -sign * centre.x),
            Vec3::new(b, sign + centre.y * centre.y * a, -centre.y),
        ];
        let h = mix(hash);
        let part = |k: u32| ((h >> (10 * k)) & 0x3FF) as f64 * (2.0 / 1023.0) - 1.0;
        let wave = |k: u32, share: f64| [part(2 * k) * share * OUTLINE, part(2 * k + 1) * share * OUTLINE];
        Self { axes, waves: [wave(0, 0.3), wave(1, 0.3), wave(2, 0.25)] }
    }

    /// What a distance from the middle is multiplied by; `apart` from the middle, of some length.
    fn factor(&self, apart: Vec3<BodyFixed>, length: f64) -> f64 {
        if length < 1e-12 {
            return 1.0;
        }
        let (c, s) = (apart.dot(self.axes[0]) / length, apart.dot(self.axes[1]) / length);
        let turn = |[a, b]: [f64; 2], [c, d]: [f64; 2]| [a * c - b * d, a * d + b * c];
        let once = [c, s];
        let second = turn(once, once);
        let third = turn(second, once);
        let fifth = turn(third, second);
        let along = |w: [f64; 2], z: [f64; 2]| w[0] * z[0] + w[1] * z[1];
        1.0 + along(self.waves[0], second) + along(self.waves[1], third) + along(self.waves[2], fifth)
    }
}

impl Crater {
    /// A crater; `hash` makes its outline.
    pub(crate) fn new(
        centre: Vec3<BodyFixed>,
        form: Form,
        (freshness, age_ratio): (f64, f64),
        hash: u64,
    ) -> Self {
        Self { centre, form, freshness, age_ratio, outline: Outline::new(centre, hash) }
    }

    /// Where a direction lies in the crater; `None` out of reach.
    pub(crate) fn away(&self, direction: Vec3<BodyFixed>, radius_km: f64) -> Option<Away> {
        let apart = direction - self.centre;
        let squared = apart.dot(apart);
        let reach_km = 0.5 * REACH * self.form.diameter_km;
        if squared * radius_km * radius_km > reach_km * reach_km {
            return None;
        }
        let per_radius = radius_km / (0.5 * self.form.diameter_km);
        let chord = squared.sqrt();
        // From chord to arc; the series is right to 0.1 % up to a quarter of the globe.
        let arc = chord * (1.0 + squared * (1.0 / 24.0 + squared * (3.0 / 640.0)));
        let factor = self.outline.factor(apart, chord);
        let r = arc * per_radius * factor;
        (r < EJECTA_REACH).then_some(Away { r, twist: (factor - 1.0) / OUTLINE })
    }
}

/// How much of older and smaller relief is gone at `r` radii from the middle of a crater.
pub(crate) fn erased(r: f64) -> f64 {
    0.95 * (1.0 - smooth((r - 0.9) / 0.45))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::WorldFacts;

    fn laws() -> CraterLaws {
        WorldFacts::built_in("ceres").craters
    }

    fn at(r: f64) -> Away {
        Away { r, twist: 0.0 }
    }

    fn depth_km(diameter_km: f64) -> f64 {
        let form = Form::new(&laws(), diameter_km).with_plain_floor();
        form.height_km(at(1.0), 1.0) - form.height_km(at(0.0), 1.0)
    }

    #[test]
    fn occator_is_four_kilometres_deep() {
        // Published: 92 km wide, 4 km deep (caption of NASA's perspective view of Occator, December 2017).
        assert!((depth_km(92.0) - 4.0).abs() < 0.1, "{}", depth_km(92.0));
    }

    #[test]
    fn depths_follow_the_laws_and_do_not_jump_at_the_transition() {
        // Pike 1977: 0.2 D for bowls, power 0.301 beyond.
        assert!((depth_km(5.0) - 1.0).abs() < 1e-9);
        assert!((depth_km(10.301) - depth_km(10.299)).abs() < 1e-3);
        let power = (depth_km(80.0) / depth_km(20.0)).ln() / 4.0f64.ln();
        assert!((power - 0.301).abs() < 1e-9, "{power}");
    }

    #[test]
    fn profiles_have_no_steps_and_slopes_near_the_angle_of_repose() {
        // The wall of a fresh parabola of depth 0.2 D ends at 4 x 0.2 = 0.8 (39 degrees).
        const STEEPEST: f64 = 0.81;
        for diameter_km in [0.1, 5.0, 10.2, 11.0, 14.0, 20.0, 30.0, 92.0, 280.0] {
            for freshness in [1.0, 0.5, 0.2] {
                let form = Form::new(&laws(), diameter_km);
                let step = 1e-4;
                for k in 0..26_000 {
                    let r = f64::from(k) * step;
                    let rise_km = form.height_km(at(r + step), freshness) - form.height_km(at(r), freshness);
                    let slope = rise_km / (step * 0.5 * diameter_km);
                    assert!(slope.abs() < STEEPEST, "{diameter_km} km: slope {slope} at {r} radii");
                }
            }
        }
    }

    #[test]
    fn outlines_are_not_circles_but_near_them() {
        let centre = Vec3::new(0.0, 0.6, 0.8);
        let form = Form::new(&laws(), 10.0);
        let crater = Crater::new(centre, form, (1.0, 0.1), 99);
        let (east, north) = (Vec3::new(1.0, 0.0, 0.0), Vec3::new(0.0, 0.8, -0.6));
        let radius = |k: i32| {
            let (s, c) = (f64::from(k) * 0.1).sin_cos();
            let d = (centre + (east * c + north * s) * (5.0 / 470.0)).unit().unwrap();
            crater.away(d, 470.0).unwrap().r
        };
        let radii: Vec<f64> = (0..63).map(radius).collect();
        let (least, most) = radii.iter().fold((9.0f64, 0.0f64), |(a, b), r| (a.min(*r), b.max(*r)));
        assert!(least > 0.85 && most < 1.15 && most - least > 0.02, "{least} {most}");
    }

    #[test]
    fn old_craters_are_shallow_and_have_no_edge() {
        let form = Form::new(&laws(), 8.0);
        let depth = |freshness: f64| form.height_km(at(1.05), freshness) - form.height_km(at(0.0), freshness);
        assert!(depth(0.2) < 0.25 * depth(1.0));
        let bend = |freshness: f64| {
            let h = |r: f64| form.height_km(at(r), freshness);
            (h(1.01) - 2.0 * h(1.0) + h(0.99)).abs() / freshness
        };
        assert!(bend(0.1) < 0.2 * bend(1.0), "{} {}", bend(0.1), bend(1.0));
    }
}
