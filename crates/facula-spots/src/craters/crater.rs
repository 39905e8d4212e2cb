// SPDX-License-Identifier: MIT OR Apache-2.0
//! A crater: what was measured of it.

use facula_core::{Ellipsoid, Feature, LonLat};
use serde::{Deserialize, Serialize};

use crate::craters::depth::depth_of;
use crate::craters::fit::{Field, Fitted};
use crate::craters::{Surface, place};
use crate::detect::window::Frame;

/// What a reader of the catalogue should know about a crater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CraterFlag {
    /// Cells without data lie in it or near it.
    Edge,
    /// Less than three quarters of its rim is seen.
    PartialRim,
    /// Its radius is less than five cells of the map.
    Small,
}

impl CraterFlag {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::PartialRim => "partial-rim",
            Self::Small => "small",
        }
    }
}

/// What stands in the middle of a crater's floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CraterCentre {
    /// Nothing that stands out of the floor.
    Plain,
    /// A peak.
    Peak,
    /// A pit.
    Pit,
    /// Too small on this map to tell.
    Unresolved,
}

impl CraterCentre {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Peak => "peak",
            Self::Pit => "pit",
            Self::Unresolved => "unresolved",
        }
    }
}

/// Depth of a crater, from heights less the slope of its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CraterDepth {
    /// Median height of the rim less the tenth percentile of the heights within 0.6 radii, km.
    pub depth_km: f64,
    /// One-sigma error of it: scatter of the rim, steepness of the floor's lowest part, km.
    pub depth_sigma_km: f64,
    /// Median height of the rim above the plane through the surroundings, km.
    pub rim_height_km: f64,
    /// What stands in the middle.
    pub centre: CraterCentre,
}

/// A crater with its fitted rim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crater {
    /// Identifier within the catalogue: `C00001` is the largest.
    pub id: String,
    /// Centre of the rim's ellipse.
    pub place: LonLat,
    /// Covariance of the centre, to the east and north, km².
    pub centre_covariance_km2: [[f64; 2]; 2],
    /// Diameter of the circle of the same area, km.
    pub diameter_km: f64,
    /// One-sigma error of the diameter, km.
    pub diameter_sigma_km: f64,
    /// Longer semi-axis of the rim, km.
    pub semi_major_km: f64,
    /// One-sigma error of it, km.
    pub semi_major_sigma_km: f64,
    /// Shorter semi-axis, km.
    pub semi_minor_km: f64,
    /// One-sigma error of it, km.
    pub semi_minor_sigma_km: f64,
    /// Direction of the longer axis, clockwise from north, rad, [0, π).
    pub orientation_rad: f64,
    /// Scatter of the rim about the ellipse (robust standard deviation), km.
    pub rim_scatter_km: f64,
    /// Part of the visible rim within three scatters of the ellipse.
    pub rim_fraction: f64,
    /// Mean correlation of its 72 rays with a crater's profile, −1 to 1.
    pub likeness: f64,
    /// Depth, where heights are known.
    pub depth: Option<CraterDepth>,
    /// What to know about it, sorted.
    pub flags: Vec<CraterFlag>,
    /// Name of the catalogue crater it is.
    pub name: Option<String>,
    /// Distance of the centre from that of the catalogue, km.
    pub distance_to_name_km: Option<f64>,
    /// Diameter in the catalogue, km.
    pub name_diameter_km: Option<f64>,
}

impl Crater {
    /// The longer semi-axis over the shorter one.
    pub fn ellipticity(&self) -> f64 {
        self.semi_major_km / self.semi_minor_km
    }

    /// Depth over diameter, where the depth is known.
    pub fn depth_ratio(&self) -> Option<f64> {
        self.depth.map(|depth| depth.depth_km / self.diameter_km)
    }

    /// Offset of the fitted centre from another place (a catalogue's), to the east and north, km.
    pub fn offset_from_km(&self, place: LonLat, ellipsoid: &Ellipsoid) -> [f64; 2] {
        Frame::at(place, ellipsoid).offset_km(self.place)
    }

    /// The rim as a closed line, 73 places counter-clockwise, the first repeated at the end.
    pub fn outline(&self, ellipsoid: &Ellipsoid) -> Vec<LonLat> {
        let frame = Frame::at(self.place, ellipsoid);
        let (sin, cos) = self.orientation_rad.sin_cos();
        let at = |k: i32| {
            let (v, u) = (f64::from(k % 72) * std::f64::consts::TAU / 72.0).sin_cos();
            let (along_km, across_km) = (u * self.semi_major_km, v * self.semi_minor_km);
            frame.place(along_km * sin - across_km * cos, along_km * cos + across_km * sin)
        };
        (0..=72).map(at).collect()
    }

    pub(crate) fn of(fitted: &Fitted, field: &Field<'_>) -> Self {
        let ellipse = &fitted.ellipse;
        let system_km = SYSTEMATIC_CELLS * fitted.cell_km;
        let with_system = |sigma_km: f64| sigma_km.hypot(system_km);
        let [[east_km2, covariance_km2], [_, north_km2]] = ellipse.centre_covariance_km2();
        let own_km2 = (CENTRE_CELLS * fitted.cell_km).powi(2);
        let [east_km, north_km] = ellipse.centre_km();
        let [diameter_km, diameter_sigma_km] = ellipse.diameter_km();
        let [semi_major_km, semi_minor_km] = ellipse.semi_axes_km();
        let [semi_major_sigma_km, semi_minor_sigma_km] = ellipse.semi_axes_sigma_km();
        let is_relief = matches!(field.map.surface, Surface::Heights);
        Self {
            id: String::new(),
            place: fitted.frame.place(east_km, north_km),
            centre_covariance_km2: [
                [east_km2 + own_km2, covariance_km2],
                [covariance_km2, north_km2 + own_km2],
            ],
            diameter_km,
            diameter_sigma_km: diameter_sigma_km.hypot(2.0 * system_km),
            semi_major_km,
            semi_major_sigma_km: with_system(semi_major_sigma_km),
            semi_minor_km,
            semi_minor_sigma_km: with_system(semi_minor_sigma_km),
            orientation_rad: ellipse.orientation_rad(),
            rim_scatter_km: ellipse.scatter_km,
            rim_fraction: ellipse.support,
            likeness: fitted.likeness,
            depth: is_relief.then(|| depth_of(fitted, cell_km(field))).flatten(),
            flags: flags(fitted, field),
            name: None,
            distance_to_name_km: None,
            name_diameter_km: None,
        }
    }
}

/// What sampling, smoothing and the choice of crest or bend may shift a whole rim by, cells of the level it is fitted on:
/// the error of fits on simulated fresh and worn craters without noise.
const SYSTEMATIC_CELLS: f64 = 0.15;
/// The same of a centre, in either direction: most shifts are alike on both sides.
const CENTRE_CELLS: f64 = 0.07;

/// Size of a cell of the map, km.
pub(crate) fn cell_km(field: &Field<'_>) -> f64 {
    field.map.grid.step_rad * field.ellipsoid().mean_radius_km()
}

fn flags(fitted: &Fitted, field: &Field<'_>) -> Vec<CraterFlag> {
    let seen = fitted.points.iter().filter(|p| p.weight > 0.0).count() as f64 / fitted.points.len() as f64;
    let told = match field.map.surface {
        Surface::Heights => 1.0,
        // Rays across the Sun tell nothing.
        Surface::Lit(_) => 0.8,
    };
    let set = [
        (CraterFlag::Edge, fitted.polar.known_fraction() < 1.0),
        (CraterFlag::PartialRim, seen * fitted.ellipse.support < 0.75 * told),
        (CraterFlag::Small, 0.5 * fitted.ellipse.diameter_km()[0] < 5.0 * cell_km(field)),
    ];
    set.into_iter().filter_map(|(flag, is_set)| is_set.then_some(flag)).collect()
}

/// A catalogue crater is the same when its centre is nearer than this part of the larger radius …
const NEAR: f64 = 0.6;
/// … and the diameters differ by less than this factor.
const ALIKE: f64 = 1.5;

/// Gives each crater the name of the catalogue crater it is: the nearest in place and size, each name once (to the
/// crater that fits it best).
pub fn name_craters(craters: &mut [Crater], features: &[Feature], ellipsoid: &Ellipsoid) {
    let mut pairs: Vec<(f64, usize, usize, f64)> = Vec::new();
    for (f, feature) in features.iter().enumerate().filter(|(_, f)| f.kind == "crater") {
        for (c, crater) in craters.iter().enumerate() {
            let size = (crater.diameter_km / feature.diameter_km).ln().abs();
            let reach_km = NEAR * 0.5 * crater.diameter_km.max(feature.diameter_km);
            let too_far = (crater.place.latitude_rad - feature.place.latitude_rad).abs()
                * ellipsoid.mean_radius_km()
                > 1.2 * reach_km;
            if size >= ALIKE.ln() || too_far {
                continue;
            }
            let distance_km = place::distance_km(crater.place, feature.place, ellipsoid);
            if distance_km < reach_km {
                pairs.push((distance_km / reach_km + size / ALIKE.ln(), f, c, distance_km));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut taken = vec![false; features.len()];
    for (_, f, c, distance_km) in pairs {
        if !taken[f] && craters[c].name.is_none() {
            taken[f] = true;
            craters[c].name = Some(features[f].name.clone());
            craters[c].distance_to_name_km = Some(distance_km);
            craters[c].name_diameter_km = Some(features[f].diameter_km);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use facula_core::{Body, features};

    pub(crate) fn crater_at(longitude_deg: f64, latitude_deg: f64, diameter_km: f64) -> Crater {
        Crater {
            id: "C00001".into(),
            place: LonLat::from_degrees(longitude_deg, latitude_deg),
            centre_covariance_km2: [[0.04, 0.01], [0.01, 0.09]],
            diameter_km,
            diameter_sigma_km: 0.4,
            semi_major_km: 0.5 * diameter_km * 1.1,
            semi_major_sigma_km: 0.3,
            semi_minor_km: 0.5 * diameter_km / 1.1,
            semi_minor_sigma_km: 0.3,
            orientation_rad: 0.5,
            rim_scatter_km: 0.5,
            rim_fraction: 0.9,
            likeness: 0.9,
            depth: None,
            flags: vec![CraterFlag::Small],
            name: None,
            distance_to_name_km: None,
            name_diameter_km: None,
        }
    }

    #[test]
    fn names_go_to_the_crater_that_fits_best_and_only_once() {
        let ceres = Body::built_in("ceres").unwrap().ellipsoid();
        // Occator: 239.33 E, 19.82 N, 92 km.
        let mut craters =
            [crater_at(240.5, 20.5, 80.0), crater_at(239.4, 19.8, 91.0), crater_at(239.4, 19.8, 30.0)];
        name_craters(&mut craters, &features("ceres"), &ceres);
        let names: Vec<_> = craters.iter().map(|c| c.name.as_deref()).collect();
        assert_eq!(names, [None, Some("Occator"), None]);
        assert!(craters[1].distance_to_name_km.unwrap() < 1.0 && craters[1].name_diameter_km == Some(92.0));
    }

    #[test]
    fn the_outline_is_the_ellipse() {
        let ceres = Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
        let crater = crater_at(10.0, 80.0, 40.0);
        let outline = crater.outline(&ceres);
        assert_eq!((outline.len(), outline.first()), (73, outline.last()));
        let frame = Frame::at(crater.place, &ceres);
        // The first point lies along the longer axis: clockwise from north by the orientation.
        let [east, north] = frame.offset_km(outline[0]);
        assert!((east.atan2(north) - 0.5).abs() < 1e-6 && (east.hypot(north) - 22.0).abs() < 1e-3);
        let [east, north] = frame.offset_km(outline[18]);
        assert!((east.hypot(north) - 20.0 / 1.1).abs() < 1e-3);
        let [east, north] = crater.offset_from_km(LonLat::from_degrees(10.0, 79.0), &ceres);
        assert!(east.abs() < 1e-6 && (north - 470.0 * 1f64.to_radians()).abs() < 1e-3);
    }
}
