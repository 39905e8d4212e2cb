// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light curves: how bright each spot is in each frame, also beyond the terminator.
//!
//! The aperture reaches past the spot by the point-spread function; the light above the surroundings in it is put
//! back on the spot's own area. So frames of different scales give the same number, at the price of more noise for
//! spots smaller than a pixel.

use std::f64::consts::PI;

use facula_core::{Epoch, Level, PixelPos, Quality};
use facula_geometry::{Shape, Shot};
use facula_photometry::LightAngles;
use serde::{Deserialize, Serialize};

use crate::Spot;
use crate::detect::tiles::{median, robust_sigma};
use crate::detect::window::Frame;

/// How the Sun stands over a spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Illumination {
    /// Well above the horizon.
    Lit,
    /// Low: disk functions and relief are least certain.
    Grazing,
    /// Below the horizon, or hidden by terrain.
    Night,
}

impl Illumination {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lit => "lit",
            Self::Grazing => "grazing",
            Self::Night => "night",
        }
    }

    /// What a word in files means.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Lit, Self::Grazing, Self::Night].into_iter().find(|kind| kind.word() == word)
    }
}

/// One spot in one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct LightPoint {
    /// The spot.
    pub spot_id: String,
    /// The frame.
    pub frame_id: String,
    /// Middle of the exposure.
    pub epoch: Epoch,
    /// Mean I/F of the spot over its area.
    pub iof: f64,
    /// One-sigma random error of `iof`.
    pub iof_sigma: f64,
    /// Median I/F of the ring around it.
    pub surroundings_iof: f64,
    /// Incidence angle of the smooth ground, rad; beyond π/2 the Sun is below the horizon.
    pub incidence_rad: f64,
    /// Emission angle, rad.
    pub emission_rad: f64,
    /// Phase angle, rad.
    pub phase_rad: f64,
    /// How the Sun stands.
    pub illumination: Illumination,
    /// Size of a pixel across the line of sight, km.
    pub pixel_km: f64,
}

impl LightPoint {
    /// The angles as photometric models take them.
    pub fn angles(&self) -> LightAngles {
        LightAngles {
            cos_incidence: self.incidence_rad.cos(),
            cos_emission: self.emission_rad.cos(),
            phase_rad: self.phase_rad,
        }
    }
}

/// All points of one spot, by time.
#[derive(Debug, Clone, PartialEq)]
pub struct LightCurve {
    /// The spot.
    pub spot_id: String,
    /// Its points, by time and frame.
    pub points: Vec<LightPoint>,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct LightOptions {
    /// Largest emission angle, rad.
    pub largest_emission_rad: f64,
    /// Largest incidence angle, rad: how far into the night.
    pub largest_incidence_rad: f64,
    /// Incidence angle from which the light counts as grazing, rad.
    pub grazing_rad: f64,
    /// Pixels with any of these flags are not used.
    pub exclude: Quality,
    /// How far the aperture reaches beyond the spot, pixels.
    pub skirt_px: f64,
}

impl Default for LightOptions {
    fn default() -> Self {
        Self {
            largest_emission_rad: 75.0 * PI / 180.0,
            largest_incidence_rad: 120.0 * PI / 180.0,
            grazing_rad: 80.0 * PI / 180.0,
            exclude: Quality::MISSING | Quality::HOT | Quality::OFF_BODY | Quality::SATURATED,
            skirt_px: 1.5,
        }
    }
}

/// A point is left out when more than this fraction of its aperture has no usable pixel.
const LARGEST_GAP: f64 = 0.1;
/// Samples across the radius of an aperture.
const SAMPLES_PER_RADIUS: f64 = 10.0;

/// The brightness of every spot that faces the camera in a shot; points whose pixels are hidden, flagged or
/// outside the frame are left out. Frames that are not in I/F give none.
pub fn light_points(spots: &[Spot], shot: &Shot, shape: &Shape, options: &LightOptions) -> Vec<LightPoint> {
    if shot.frame.meta.level != Level::IOverF {
        return Vec::new();
    }
    spots.iter().filter_map(|spot| light_point(spot, shot, shape, options)).collect()
}

/// Sorts points into curves: spots by identifier, points by time, then frame.
pub fn light_curves(mut points: Vec<LightPoint>) -> Vec<LightCurve> {
    points.sort_by(|a, b| {
        a.spot_id.cmp(&b.spot_id).then(a.epoch.cmp(&b.epoch)).then(a.frame_id.cmp(&b.frame_id))
    });
    let same_spot = |a: &LightPoint, b: &LightPoint| a.spot_id == b.spot_id;
    let curve =
        |group: &[LightPoint]| LightCurve { spot_id: group[0].spot_id.clone(), points: group.to_vec() };
    points.chunk_by(same_spot).map(curve).collect()
}

fn light_point(spot: &Spot, shot: &Shot, shape: &Shape, options: &LightOptions) -> Option<LightPoint> {
    let ground = shape.surface(spot.place.direction())?;
    // Angles of the smooth body: the model of the light curve has no relief either.
    let angles = shot.light(&ground);
    let (incidence_rad, emission_rad) = (acos(angles.cos_incidence), acos(angles.cos_emission));
    let seen = emission_rad <= options.largest_emission_rad && incidence_rad <= options.largest_incidence_rad;
    if !seen || shape.hidden(&ground, shot.pose.spacecraft_km) {
        return None;
    }
    let pixel_km = (ground.point_km - shot.pose.spacecraft_km).length() * shot.camera.ifov_rad();
    let light = Aperture::over(spot, &ground, pixel_km / angles.cos_emission, options)
        .measure(shot, shape, options)?;
    let illumination = if incidence_rad >= 0.5 * PI || shape.shadowed(&ground, shot.pose.sun_km) {
        Illumination::Night
    } else if incidence_rad >= options.grazing_rad {
        Illumination::Grazing
    } else {
        Illumination::Lit
    };
    Some(LightPoint {
        spot_id: spot.id.clone(),
        frame_id: shot.frame.meta.id.clone(),
        epoch: shot.pose.mid_exposure,
        iof: light.iof,
        iof_sigma: light.sigma,
        surroundings_iof: light.surroundings,
        incidence_rad,
        emission_rad,
        phase_rad: angles.phase_rad,
        illumination,
        pixel_km,
    })
}

/// The angle of a cosine that came from unit vectors: good to 1e-8 rad, which no light curve notices.
fn acos(cosine: f64) -> f64 {
    (1.0 - cosine * cosine).max(0.0).sqrt().atan2(cosine)
}

/// Circles on the ground around a spot.
struct Aperture {
    frame: Frame,
    area_km2: f64,
    inner_km: f64,
    ring_km: [f64; 2],
    step_km: f64,
    pixel_area_km2: f64,
}

struct Light {
    iof: f64,
    sigma: f64,
    surroundings: f64,
}

impl Aperture {
    /// `pixel_km` is the size of a pixel along the slant of the ground.
    fn over(
        spot: &Spot,
        ground: &facula_geometry::SurfacePoint,
        pixel_km: f64,
        options: &LightOptions,
    ) -> Self {
        let radius_km = ground.point_km.length();
        let sphere = facula_core::Ellipsoid { a_km: radius_km, b_km: radius_km, c_km: radius_km };
        let frame = Frame::at(spot.place, &sphere);
        let equivalent_km = 0.5 * spot.diameter_km;
        let offset = |place| {
            let [east_km, north_km] = frame.offset_km(place);
            east_km.hypot(north_km)
        };
        let farthest_km = spot.footprint.iter().map(|p| offset(*p)).fold(equivalent_km, f64::max);
        let inner_km = farthest_km.min(2.0 * equivalent_km) + options.skirt_px * pixel_km;
        let ring_km = [inner_km + 0.5 * pixel_km, 1.5 * inner_km + 2.0 * pixel_km];
        Self {
            frame,
            area_km2: spot.area_km2,
            inner_km,
            ring_km,
            step_km: ring_km[1] / (2.0 * SAMPLES_PER_RADIUS),
            pixel_area_km2: pixel_km * pixel_km,
        }
    }

    /// Sums over equal steps of ground, in one pass for aperture and ring (hence the length). `None` when too many have no usable pixel.
    fn measure(&self, shot: &Shot, shape: &Shape, options: &LightOptions) -> Option<Light> {
        let half = (self.ring_km[1] / self.step_km).ceil() as i64;
        let (mut inner, mut ring, mut lost, mut variance) = (Vec::new(), Vec::new(), 0usize, 0.0);
        for k in 0..(2 * half + 1).pow(2) {
            let offset = |at: i64| (at - half) as f64 * self.step_km;
            let (east_km, north_km) = (offset(k % (2 * half + 1)), offset(k / (2 * half + 1)));
            let distance_km = east_km.hypot(north_km);
            if distance_km > self.ring_km[1] {
                continue;
            }
            let direction = self.frame.place(east_km, north_km).direction();
            let value = shape
                .surface(direction)
                .and_then(|s| shot.pixel_of(s.point_km))
                .and_then(|at| pixel(shot, at, options));
            match value {
                Some((iof, sigma)) if distance_km <= self.inner_km => {
                    inner.push(f64::from(iof));
                    variance += f64::from(sigma).powi(2);
                }
                Some((iof, _)) if distance_km >= self.ring_km[0] => ring.push(iof),
                None if distance_km <= self.inner_km => lost += 1,
                _ => {}
            }
        }
        let count = inner.len() as f64;
        if lost as f64 > LARGEST_GAP * count || ring.len() < 12 {
            return None;
        }
        let step_km2 = self.step_km * self.step_km;
        let surroundings = f64::from(median(&mut ring));
        let ring_pixels = (ring.len() as f64 * step_km2 / self.pixel_area_km2).max(1.0);
        let surroundings_sigma = f64::from(robust_sigma(&mut ring)) / ring_pixels.sqrt();
        let above: f64 = inner.iter().map(|v| v - surroundings).sum();
        let aperture_km2 = count * step_km2;
        let pixels = (aperture_km2 / self.pixel_area_km2).max(1.0);
        let spread = aperture_km2 / self.area_km2;
        let pixel_sigma = (variance / count).sqrt() / pixels.sqrt() * spread;
        Some(Light {
            iof: surroundings + above * step_km2 / self.area_km2,
            sigma: pixel_sigma.hypot(surroundings_sigma * (spread - 1.0).abs()),
            surroundings,
        })
    }
}

/// Bilinear I/F and its sigma where all is well with the nearest pixel.
fn pixel(shot: &Shot, at: PixelPos, options: &LightOptions) -> Option<(f32, f32)> {
    let (x, y) = (at.x_px.round(), at.y_px.round());
    if !(x >= 0.0 && y >= 0.0) {
        return None;
    }
    let (x, y) = (x as usize, y as usize);
    let quality = shot.frame.quality.get(x, y)?;
    if quality.intersects(options.exclude) {
        return None;
    }
    Some((shot.frame.iof.bilinear(at)?, shot.frame.sigma.get(x, y)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::parse_utc;

    fn point(spot_id: &str, frame_id: &str, utc: &str) -> LightPoint {
        LightPoint {
            spot_id: spot_id.into(),
            frame_id: frame_id.into(),
            epoch: parse_utc(utc).unwrap(),
            iof: 0.1,
            iof_sigma: 0.01,
            surroundings_iof: 0.03,
            incidence_rad: 1.0,
            emission_rad: 0.5,
            phase_rad: 0.7,
            illumination: Illumination::Lit,
            pixel_km: 1.3,
        }
    }

    #[test]
    fn curves_are_sorted_by_spot_then_time_then_frame() {
        let points = vec![
            point("S002", "A", "2015-05-01"),
            point("S001", "B", "2015-05-02"),
            point("S001", "C", "2015-05-01"),
            point("S001", "A", "2015-05-02"),
        ];
        let curves = light_curves(points);
        let order: Vec<String> = curves
            .iter()
            .flat_map(|c| c.points.iter().map(|p| format!("{}{}", p.spot_id, p.frame_id)))
            .collect();
        assert_eq!(order, ["S001C", "S001A", "S001B", "S002A"]);
        assert!(light_curves(Vec::new()).is_empty());
    }

    #[test]
    fn angles_of_cosines_are_right_on_both_sides_of_the_terminator() {
        for degrees in [0.0f64, 30.0, 89.0, 91.0, 120.0, 180.0] {
            assert!((acos(degrees.to_radians().cos()) - degrees.to_radians()).abs() < 1e-7, "{degrees}");
        }
        let angles = point("S001", "A", "2015-05-01").angles();
        assert!((angles.cos_incidence - 1f64.cos()).abs() < 1e-15 && angles.phase_rad == 0.7);
    }
}
