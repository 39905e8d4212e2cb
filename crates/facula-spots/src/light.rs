// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light curves: how bright each spot is in each frame, also beyond the terminator, and what follows from that: a law
//! ([`fit_light_curve`](crate::fit_light_curve)), rise and set ([`terminator_crossings`](crate::terminator_crossings)),
//! and whether a spot is the same from rotation to rotation ([`variability`](crate::variability)).

use std::f64::consts::PI;

use facula_core::{Ellipsoid, Epoch, Quality};
use facula_photometry::LightAngles;
use serde::{Deserialize, Serialize};

pub(crate) mod chance;
pub(crate) mod contrast;
pub(crate) mod fit;
pub(crate) mod law;
pub(crate) mod measure;
pub(crate) mod rotations;
pub(crate) mod study;
pub(crate) mod target;
pub(crate) mod terminator;
pub(crate) mod variability;

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
    /// One-sigma random error of `surroundings_iof`; NaN where a file does not tell it.
    pub surroundings_sigma: f64,
    /// Incidence angle of the smooth ground, rad; beyond π/2 the Sun is below the horizon.
    pub incidence_rad: f64,
    /// Emission angle, rad.
    pub emission_rad: f64,
    /// Phase angle, rad.
    pub phase_rad: f64,
    /// Direction to the Sun along the ground, clockwise from north, rad; NaN where a file does not tell it.
    pub sun_azimuth_rad: f64,
    /// Direction to the camera along the ground, clockwise from north, rad; NaN where a file does not tell it.
    pub camera_azimuth_rad: f64,
    /// Local true solar time, hours in [0, 24), 12 when the Sun stands on the meridian, growing eastward (as on a body
    /// that turns eastward); NaN where a file does not tell it.
    pub local_time_h: f64,
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
    /// Smooth body whose normals the angles are measured from; the shape's own when absent. A light curve is fitted with
    /// a law for level ground, and slopes of a coarse shape model are not those of a spot.
    pub smooth: Option<Ellipsoid>,
}

impl Default for LightOptions {
    fn default() -> Self {
        Self {
            largest_emission_rad: 75.0 * PI / 180.0,
            largest_incidence_rad: 120.0 * PI / 180.0,
            grazing_rad: 80.0 * PI / 180.0,
            exclude: Quality::MISSING | Quality::HOT | Quality::OFF_BODY | Quality::SATURATED,
            skirt_px: 1.5,
            smooth: None,
        }
    }
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
            surroundings_sigma: 0.001,
            sun_azimuth_rad: 1.5,
            camera_azimuth_rad: 3.0,
            local_time_h: 9.0,
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
}
