// SPDX-License-Identifier: MIT OR Apache-2.0
//! Backplanes: for every pixel of a frame, the place it sees and how it is lit and seen.

use facula_core::{LonLat, PixelPos, Pose, Raster, Vec3};
use rayon::prelude::*;

use crate::{Camera, Shape, SurfacePoint};

/// One value per pixel and quantity; NaN where the line of sight misses the body.
#[derive(Debug, Clone)]
pub struct Backplanes {
    /// East longitude, degrees, 0 to 360.
    pub longitude_deg: Raster<f32>,
    /// Planetocentric latitude, degrees.
    pub latitude_deg: Raster<f32>,
    /// Incidence angle, degrees; beyond 90 at night.
    pub incidence_deg: Raster<f32>,
    /// Emission angle, degrees.
    pub emission_deg: Raster<f32>,
    /// Phase angle, degrees.
    pub phase_deg: Raster<f32>,
    /// Distance from the camera, km.
    pub range_km: Raster<f32>,
    /// Size of a pixel across the line of sight, metres.
    pub scale_m: Raster<f32>,
    /// 1 where terrain hides the Sun or it is night, 0 where lit.
    pub shadow: Raster<f32>,
}

/// The name of each band and its unit, in the order of [`Backplanes::bands`].
const BANDS: [(&str, &str); 8] = [
    ("east longitude", "deg"),
    ("planetocentric latitude", "deg"),
    ("incidence", "deg"),
    ("emission", "deg"),
    ("phase", "deg"),
    ("range", "km"),
    ("pixel scale", "m"),
    ("shadow", "1"),
];

impl Backplanes {
    /// The bands with name and unit, for writing.
    pub fn bands(&self) -> Vec<(&'static str, &'static str, &Raster<f32>)> {
        let rasters = [
            &self.longitude_deg,
            &self.latitude_deg,
            &self.incidence_deg,
            &self.emission_deg,
            &self.phase_deg,
            &self.range_km,
            &self.scale_m,
            &self.shadow,
        ];
        BANDS.iter().zip(rasters).map(|((name, unit), raster)| (*name, *unit, raster)).collect()
    }
}

/// Computes the backplanes of a frame taken by `camera` from `pose`. f32 holds angles to 4e-6 of a degree at
/// best (longitudes near 360°: 3e-5), which is below 0.3 m on Ceres.
pub fn backplanes(camera: &Camera, pose: &Pose, shape: &Shape) -> Backplanes {
    let (width, height) = (camera.width_px, camera.height_px);
    let pixels: Vec<[f32; 8]> = (0..width * height)
        .into_par_iter()
        .map(|k| pixel(camera, pose, shape, PixelPos::new((k % width) as f64, (k / width) as f64)))
        .collect();
    let band = |b: usize| {
        Raster::from_vec(width, height, pixels.iter().map(|p| p[b]).collect()).expect("one value per pixel")
    };
    Backplanes {
        longitude_deg: band(0),
        latitude_deg: band(1),
        incidence_deg: band(2),
        emission_deg: band(3),
        phase_deg: band(4),
        range_km: band(5),
        scale_m: band(6),
        shadow: band(7),
    }
}

fn pixel(camera: &Camera, pose: &Pose, shape: &Shape, at: PixelPos) -> [f32; 8] {
    let look = pose.camera_from_body.inverse() * camera.look(at);
    let Some(hit) = shape.intersect(pose.spacecraft_km, look) else {
        return [f32::NAN; 8];
    };
    let point = SurfacePoint { point_km: hit.point_km, normal: hit.normal };
    let up = Vec3::new(0.0, 0.0, 1.0);
    let to_sun = (pose.sun_km - point.point_km).unit().unwrap_or(up);
    let to_camera = -look;
    let incidence_rad = point.normal.angle_rad(to_sun);
    let place = LonLat::of(hit.point_km);
    let lit = incidence_rad < std::f64::consts::FRAC_PI_2 && !shape.shadowed(&point, pose.sun_km);
    [
        place.longitude_deg(),
        place.latitude_deg(),
        incidence_rad.to_degrees(),
        point.normal.angle_rad(to_camera).to_degrees(),
        to_sun.angle_rad(to_camera).to_degrees(),
        hit.distance_km,
        hit.distance_km * camera.ifov_rad() * 1000.0,
        if lit { 0.0 } else { 1.0 },
    ]
    .map(|value| value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CameraFile;
    use facula_core::{Ellipsoid, Rotation, parse_utc};

    #[test]
    fn the_centre_of_a_nadir_frame_is_the_sub_spacecraft_point() {
        let shape = Shape::Ellipsoid(Ellipsoid::new(482.0, 482.0, 446.0).unwrap());
        // Above 0 N 0 E looking down: camera z = -x of the body, camera x = east, camera y = south.
        let rows = [[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]];
        let pose = Pose {
            mid_exposure: parse_utc("2015-05-04").unwrap(),
            spacecraft_km: Vec3::new(14_070.0, 0.0, 0.0),
            sun_km: Vec3::new(4.3e8, 0.0, 0.0),
            camera_from_body: Rotation::from_rows(rows).unwrap(),
        };
        let mut camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
        camera.principal_point_px = [512.0, 512.0];
        let planes = backplanes(&camera, &pose, &shape);
        assert!((planes.range_km.at(512, 512) - 13_588.0).abs() < 1e-3);
        assert!(planes.latitude_deg.at(512, 512).abs() < 1e-5 && planes.incidence_deg.at(512, 512) < 0.05);
        assert!(planes.longitude_deg.at(600, 512) > 1.0 && planes.longitude_deg.at(600, 512) < 90.0);
        assert!(planes.latitude_deg.at(512, 600) < 0.0, "lines grow southwards here");
        assert!(planes.latitude_deg.at(0, 0).is_nan());
        // Published scale in RC3: 1.3 km/px.
        assert!((planes.scale_m.at(512, 512) / 1268.0 - 1.0).abs() < 0.003);
    }
}
