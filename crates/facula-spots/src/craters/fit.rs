// SPDX-License-Identifier: MIT OR Apache-2.0
//! A crater's rim: tracked about a first guess, an ellipse through it, again about the new middle.

use facula_core::{BodyFixed, Ellipsoid, LonLat, PixelPos, Vec3};
use nalgebra::{Matrix3, Vector3};

use crate::craters::ellipse::{Ellipse, RimPoint};
use crate::craters::levels::Levels;
use crate::craters::polar::{Polar, profile, profile_slope};
use crate::craters::track::{Search, Sight, rim_points};
use crate::craters::{CraterMap, Sunlight, Surface};
use crate::detect::window::Frame;

/// A map made ready: all its resolutions.
pub(crate) struct Field<'a> {
    pub map: &'a CraterMap<'a>,
    pub levels: Levels,
}

/// A crater or its opposite: everything is also searched upside down, which tells how many finds chance makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Crater,
    Mirrored,
}

impl Way {
    pub fn sign(self) -> f64 {
        match self {
            Self::Crater => 1.0,
            Self::Mirrored => -1.0,
        }
    }
}

/// Where a crater may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    pub place: LonLat,
    pub diameter_km: f64,
    pub way: Way,
}

/// A fitted rim.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    pub frame: Frame,
    pub ellipse: Ellipse,
    pub points: Vec<RimPoint>,
    /// The map about the frame's middle; heights without their regional slope.
    pub polar: Polar,
    pub likeness: f64,
    /// Size of the cells it was fitted on, km.
    pub cell_km: f64,
}

/// How carefully a rim is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Coarsely, to sort out the many guesses that are nothing.
    Quick,
    /// On the finest useful cells, until nothing moves.
    Full,
}

impl Care {
    /// Passes at most, cells of the level along the radius at most, steps along the radius at most.
    fn limits(self) -> (usize, f64, f64) {
        match self {
            Self::Quick => (2, 14.0, 24.0),
            Self::Full => (5, 48.0, 60.0),
        }
    }

    fn exactness(self) -> (usize, f64) {
        match self {
            Self::Quick => Ellipse::ROUGH,
            Self::Full => Ellipse::EXACT,
        }
    }
}

/// The middle and the radius have settled when they move by less than this part of the radius.
const SETTLED: f64 = 0.01;
const REACH: f64 = 1.75;
/// At least this part of the surroundings must be known.
const LEAST_KNOWN: f64 = 0.7;
/// A rim further from the guess, over its radius, is another crater's.
const FARTHEST: f64 = 0.7;
/// Sun too high to show relief, or so low that all is shadow, rad.
const SHADE_RAD: [f64; 2] = [0.15, 1.48];

impl<'a> Field<'a> {
    pub fn new(map: &'a CraterMap<'a>) -> Self {
        Self { map, levels: Levels::of(map.grid, map.values) }
    }

    pub fn ellipsoid(&self) -> &Ellipsoid {
        &self.map.ellipsoid
    }

    /// What the map shows at a place; `None` where the Sun shows no relief.
    pub fn sight(&self, place: LonLat) -> Option<Sight> {
        match &self.map.surface {
            Surface::Heights => Some(Sight::Relief),
            Surface::Lit(sunlight) => {
                let (azimuth_rad, incidence_rad) = self.sun(sunlight, place)?;
                let shows = (SHADE_RAD[0]..SHADE_RAD[1]).contains(&incidence_rad);
                shows.then(|| Sight::Shade([azimuth_rad.sin(), azimuth_rad.cos()]))
            }
        }
    }

    /// Azimuth (clockwise from north) and incidence of the Sun at a place, rad.
    fn sun(&self, sunlight: &Sunlight<'_>, place: LonLat) -> Option<(f64, f64)> {
        match sunlight {
            Sunlight::SubSolar(sun) => Some(overhead(*sun, place)),
            Sunlight::Even { azimuth_rad, incidence_rad } => Some((*azimuth_rad, *incidence_rad)),
            Sunlight::PerCell { azimuth_rad, incidence_rad } => {
                let PixelPos { x_px, y_px } = self.map.grid.position(place)?;
                let (x, y) = (x_px.round().max(0.0) as usize, y_px.round().max(0.0) as usize);
                let (azimuth, incidence) = (azimuth_rad.get(x, y)?, incidence_rad.get(x, y)?);
                (azimuth.is_finite() && incidence.is_finite())
                    .then_some((f64::from(azimuth), f64::from(incidence)))
            }
        }
    }

    /// The rim about a guess; `None` when there is none.
    pub fn fit(&self, guess: Guess, care: Care) -> Option<Fitted> {
        let first = Frame::at(guess.place, self.ellipsoid());
        let first_km = 0.5 * guess.diameter_km;
        let (mut place, mut radius_km) = (guess.place, first_km);
        let mut found = None;
        for pass in 0..care.limits().0 {
            let range = if pass == 0 { [0.55, 1.5] } else { [0.7, 1.35] };
            let fitted = self.pass(place, (guess.way, care), Search { radius_km, range })?;
            let [east, north] = fitted.ellipse.centre_km();
            let new_km = 0.5 * fitted.ellipse.diameter_km()[0];
            let moved = east.hypot(north).max((new_km - radius_km).abs());
            place = fitted.frame.place(east, north);
            radius_km = new_km;
            found = Some(fitted);
            let [east, north] = first.offset_km(place);
            let is_lost = east.hypot(north) > FARTHEST * first_km
                || !(0.5 * first_km..1.9 * first_km).contains(&radius_km);
            if is_lost {
                return None;
            }
            if moved < SETTLED * radius_km {
                break;
            }
        }
        found
    }

    fn pass(&self, place: LonLat, (way, care): (Way, Care), search: Search) -> Option<Fitted> {
        let frame = Frame::at(place, self.ellipsoid());
        let sight = self.sight(place)?;
        let (polar, cell_km) = self.polar(&frame, (way, care), (sight, search.radius_km))?;
        let points = rim_points(&polar, sight, search);
        let ellipse = Ellipse::fit_to(&points, care.exactness())?;
        let rim_km = 0.5 * ellipse.diameter_km()[0];
        let weight = |ray: usize| sight.weight(ray);
        let likeness = match sight {
            Sight::Relief => polar.likeness(rim_km, profile, weight),
            Sight::Shade(_) => -polar.likeness(rim_km, profile_slope, weight),
        };
        Some(Fitted { frame, ellipse, points, polar, likeness, cell_km })
    }

    /// The map about a place, ready to be tracked: heights without the slope of the surroundings, brightness over its
    /// mean; and the size of the cells it comes from, km.
    fn polar(
        &self,
        frame: &Frame,
        (way, care): (Way, Care),
        (sight, radius_km): (Sight, f64),
    ) -> Option<(Polar, f64)> {
        let local_km = self.ellipsoid().radius_km(frame.up());
        let (_, cells, steps) = care.limits();
        let level = self.levels.for_length(radius_km / local_km, cells);
        let cell_km = level.grid.step_rad * local_km;
        let step_km = (0.5 * cell_km).max(radius_km / steps);
        let mut polar = Polar::sampled(level, frame, REACH * radius_km, step_km);
        if polar.known_fraction() < LEAST_KNOWN {
            return None;
        }
        match sight {
            Sight::Relief => {
                let surroundings: Vec<_> = polar.between(1.05 * radius_km, 1.6 * radius_km).collect();
                polar.subtract_plane(plane(&surroundings)?);
            }
            Sight::Shade(_) => {
                let known = polar.values.iter().filter(|v| !v.is_nan());
                let (sum, count) = known.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
                let mean = sum / count;
                if !(mean > 0.0) {
                    return None;
                }
                polar.values.iter_mut().for_each(|v| *v /= mean);
            }
        }
        polar.values.iter_mut().for_each(|v| *v *= way.sign());
        Some((polar, cell_km))
    }
}

/// Azimuth of the Sun (clockwise from north) and its incidence at a place, on a sphere, rad.
fn overhead(sun: LonLat, place: LonLat) -> (f64, f64) {
    let (up, to_sun): (Vec3<BodyFixed>, _) = (place.direction(), sun.direction());
    let (sin, cos) = place.longitude_rad.sin_cos();
    let east = Vec3::new(-sin, cos, 0.0);
    let north = up.cross(east);
    (to_sun.dot(east).atan2(to_sun.dot(north)), up.angle_rad(to_sun))
}

/// Least-squares plane `a + b east + c north`.
fn plane(points: &[([f64; 2], f64)]) -> Option<[f64; 3]> {
    let (mut normal, mut right) = (Matrix3::zeros(), Vector3::zeros());
    for ([east, north], value) in points {
        let row = Vector3::new(1.0, *east, *north);
        normal += row * row.transpose();
        right += row * *value;
    }
    Some(normal.cholesky()?.solve(&right).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sun_stands_where_it_should() {
        let (azimuth_rad, incidence_rad) =
            overhead(LonLat::from_degrees(40.0, 0.0), LonLat::from_degrees(10.0, 0.0));
        assert!(
            (azimuth_rad.to_degrees() - 90.0).abs() < 1e-9
                && (incidence_rad.to_degrees() - 30.0).abs() < 1e-9
        );
        let (azimuth_rad, _) = overhead(LonLat::from_degrees(10.0, -20.0), LonLat::from_degrees(10.0, 30.0));
        assert!((azimuth_rad.to_degrees().abs() - 180.0).abs() < 1e-9);
    }

    #[test]
    fn a_plane_is_found() {
        let points: Vec<_> = (0..20)
            .map(|k| ([f64::from(k % 5), f64::from(k / 5)], 2.0 + 0.5 * f64::from(k % 5) - f64::from(k / 5)))
            .collect();
        let [a, b, c] = plane(&points).unwrap();
        assert!((a - 2.0).abs() < 1e-9 && (b - 0.5).abs() < 1e-9 && (c + 1.0).abs() < 1e-9);
        assert!(plane(&points[..2]).is_none());
    }
}
