// SPDX-License-Identifier: MIT OR Apache-2.0
//! What of the body some frames see, and how finely.

use facula_core::{LonLat, PixelPos, longitude_span};
use facula_geometry::Shape;

use super::frames::{FrameSet, PlacedShot};

/// A window in longitude and latitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Western edge, degrees east, 0 to 360.
    pub west_deg: f64,
    /// Eastern edge, degrees east; larger than the western one, by 360 at most.
    pub east_deg: f64,
    /// Southern edge, degrees.
    pub south_deg: f64,
    /// Northern edge, degrees.
    pub north_deg: f64,
}

impl Region {
    /// The whole body.
    pub const GLOBAL: Self = Self { west_deg: 0.0, east_deg: 360.0, south_deg: -90.0, north_deg: 90.0 };

    /// A window from its edges in degrees; an eastern edge at or west of the western one lies a turn further.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn new(west_deg: f64, south_deg: f64, east_deg: f64, north_deg: f64) -> Result<Self, String> {
        let east_deg = if east_deg <= west_deg { east_deg + 360.0 } else { east_deg };
        let finite = [west_deg, east_deg, south_deg, north_deg].iter().all(|deg| deg.is_finite());
        if !finite || !(0.0..=360.0).contains(&(east_deg - west_deg)) || west_deg.abs() > 360.0 {
            return Err("give west and east in degrees, less than a turn apart".into());
        }
        if !(-90.0 <= south_deg && south_deg < north_deg && north_deg <= 90.0) {
            return Err("give south below north, both from -90 to 90 degrees".into());
        }
        Ok(Self { west_deg, east_deg, south_deg, north_deg })
    }

    /// The part of a sphere's surface it covers.
    pub fn area_fraction(&self) -> f64 {
        let height = self.north_deg.to_radians().sin() - self.south_deg.to_radians().sin();
        (self.east_deg - self.west_deg) / 360.0 * height / 2.0
    }
}

/// Lines of sight along each side of a frame that are followed to the ground.
const SIGHTS: u32 = 17;

/// What the frames see and the median size of their pixels on the ground, metres across the line of sight; `None` when no
/// sampled pixel sees the body. The region is as much wider as two neighbouring samples stand apart, so that what lies between
/// them and the edge is in it.
pub fn seen_region(frames: &FrameSet) -> Option<(Region, f64)> {
    let smooth = Shape::Ellipsoid(frames.body.ellipsoid());
    let (mut places, mut scales_m) = (Vec::new(), Vec::new());
    let mut margin_rad = 0.0f64;
    for shot in &frames.shots {
        let seen: Vec<(LonLat, f64)> = sights(shot, &smooth).collect();
        let nearest_m = seen.iter().map(|(_, scale_m)| *scale_m).fold(f64::INFINITY, f64::min);
        if nearest_m.is_finite() {
            let side_px = shot.camera.width_px.max(shot.camera.height_px) as f64;
            let apart_km = nearest_m * 1e-3 * side_px / f64::from(SIGHTS - 1);
            margin_rad = margin_rad.max(apart_km / frames.body.ellipsoid().mean_radius_km());
            scales_m.push(nearest_m);
        }
        places.extend(seen.into_iter().map(|(place, _)| place));
    }
    scales_m.sort_by(f64::total_cmp);
    let scale_m = *scales_m.get(scales_m.len() / 2)?;
    Some((around(&places, margin_rad), scale_m))
}

/// Places on the ground and the size of a pixel there, m.
fn sights<'a>(shot: &'a PlacedShot, shape: &'a Shape) -> impl Iterator<Item = (LonLat, f64)> + 'a {
    let body_from_camera = shot.pose.camera_from_body.inverse();
    let at = |k: u32, size: usize| f64::from(k) / f64::from(SIGHTS - 1) * (size - 1) as f64;
    (0..SIGHTS * SIGHTS).filter_map(move |k| {
        let (x_px, y_px) = (at(k % SIGHTS, shot.camera.width_px), at(k / SIGHTS, shot.camera.height_px));
        let look = body_from_camera * shot.camera.look(PixelPos::new(x_px, y_px));
        let hit = shape.intersect(shot.pose.spacecraft_km, look)?;
        let range_km = (hit.point_km - shot.pose.spacecraft_km).length();
        Some((LonLat::of(hit.point_km), range_km * shot.camera.ifov_rad() * 1000.0))
    })
}

/// The smallest window with a margin that holds some places; all longitudes near a pole.
fn around(places: &[LonLat], margin_rad: f64) -> Region {
    let margin_deg = margin_rad.to_degrees();
    let latitudes = || places.iter().map(|place| place.latitude_deg());
    let south_deg = (latitudes().fold(90.0, f64::min) - margin_deg).max(-90.0);
    let north_deg = (latitudes().fold(-90.0, f64::max) + margin_deg).min(90.0);
    let polar = north_deg.max(-south_deg) > 89.0;
    let margin_deg = margin_deg / north_deg.max(-south_deg).min(89.0).to_radians().cos();
    let Some((west_rad, width_rad)) = longitude_span(places.iter().copied()) else { return Region::GLOBAL };
    let width_deg = width_rad.to_degrees() + 2.0 * margin_deg;
    if polar || width_deg >= 360.0 {
        return Region { south_deg, north_deg, ..Region::GLOBAL };
    }
    let west_deg = (west_rad.to_degrees() - margin_deg).rem_euclid(360.0);
    Region { west_deg, east_deg: west_deg + width_deg, south_deg, north_deg }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(of: &[(f64, f64)]) -> Vec<LonLat> {
        of.iter().map(|(lon, lat)| LonLat::from_degrees(*lon, *lat)).collect()
    }

    #[test]
    fn a_window_may_lie_across_the_prime_meridian() {
        let region = around(&places(&[(350.0, -10.0), (355.0, 0.0), (8.0, 10.0)]), 1f64.to_radians());
        assert!(
            (region.west_deg - 348.98).abs() < 0.01 && (region.east_deg - 369.02).abs() < 0.01,
            "{region:?}"
        );
        assert!((region.south_deg + 11.0).abs() < 1e-9 && (region.north_deg - 11.0).abs() < 1e-9);
    }

    #[test]
    fn windows_across_the_meridian_are_whole_and_odd_ones_refused() {
        let across = Region::new(350.0, -5.0, 10.0, 5.0).unwrap();
        assert_eq!((across.west_deg, across.east_deg), (350.0, 370.0));
        assert_eq!(Region::new(0.0, -90.0, 360.0, 90.0).unwrap(), Region::GLOBAL);
        for [w, s, e, n] in [[0.0, 5.0, 10.0, 5.0], [0.0, -91.0, 1.0, 0.0], [0.0, 0.0, 721.0, 1.0]] {
            assert!(Region::new(w, s, e, n).is_err(), "{w} {s} {e} {n}");
        }
        assert!(Region::new(f64::NAN, 0.0, 1.0, 1.0).is_err());
    }

    #[test]
    fn near_a_pole_all_longitudes_are_seen() {
        let region = around(&places(&[(10.0, 80.0), (20.0, 89.9)]), 0.01);
        assert_eq!((region.west_deg, region.east_deg, region.north_deg), (0.0, 360.0, 90.0));
        assert!(region.area_fraction() < 0.01);
        assert!((Region::GLOBAL.area_fraction() - 1.0).abs() < 1e-12);
    }
}
