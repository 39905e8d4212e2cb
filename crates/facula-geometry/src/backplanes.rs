// SPDX-License-Identifier: MIT OR Apache-2.0
//! Backplanes: for every pixel of a frame, the place it sees and how it is lit and seen.

mod ellipsoid;
mod lanes;
mod looks;

pub use ellipsoid::{AnglePlanes, angle_planes};

use facula_core::{BodyFixed, Camera as CameraAxes, LonLat, PixelPos, Pose, Raster, Rotation, Vec3};
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
    /// Length on the ground of a step of one sample, metres: on the plane that touches the surface there.
    pub scale_sample_m: Raster<f32>,
    /// Length on the ground of a step of one line, metres.
    pub scale_line_m: Raster<f32>,
    /// Size of a pixel on the ground in the direction of steepest foreshortening, metres: `scale_m / cos(emission)`
    /// (ISIS `ObliqueDetectorResolution`).
    pub oblique_scale_m: Raster<f32>,
    /// Obliquity: direction in the image in which the ground is foreshortened most, degrees from the direction of growing
    /// lines towards growing samples, 0 to 180; NaN where the line of sight is along the normal.
    pub obliquity_deg: Raster<f32>,
    /// Local true solar time, hours, 0 to 24, for a body that turns east; 12 on the meridian of the Sun.
    pub local_time_h: Raster<f32>,
    /// 1 where terrain hides the centre of the Sun or it is night, 0 where lit.
    pub shadow: Raster<f32>,
}

/// Number of bands.
const COUNT: usize = 13;

/// The name of each band and its unit, in the order of [`Backplanes::bands`].
const BANDS: [(&str, &str); COUNT] = [
    ("east longitude", "deg"),
    ("planetocentric latitude", "deg"),
    ("incidence", "deg"),
    ("emission", "deg"),
    ("phase", "deg"),
    ("range", "km"),
    ("pixel scale", "m"),
    ("shadow", "1"),
    ("ground scale along samples", "m"),
    ("ground scale along lines", "m"),
    ("oblique pixel scale", "m"),
    ("obliquity", "deg"),
    ("local solar time", "h"),
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
            &self.scale_sample_m,
            &self.scale_line_m,
            &self.oblique_scale_m,
            &self.obliquity_deg,
            &self.local_time_h,
        ];
        BANDS.iter().zip(rasters).map(|((name, unit), raster)| (*name, *unit, raster)).collect()
    }
}

/// Computes all backplanes of a frame taken by `camera` from `pose`, of any shape, one ray per pixel. f32 holds angles to
/// 4e-6 of a degree at best (longitudes near 360°: 3e-5), which is below 0.3 m on Ceres; [`angle_planes`] has five of them
/// in double precision.
pub fn backplanes(camera: &Camera, pose: &Pose, shape: &Shape) -> Backplanes {
    let (width, height) = (camera.width_px, camera.height_px);
    let seer = Seer {
        pose,
        shape,
        camera,
        body_from_camera: pose.camera_from_body.inverse(),
        sun_longitude_deg: pose.sub_solar().longitude_deg(),
        ifov_rad: camera.ifov_rad(),
    };
    let pixels: Vec<[f32; COUNT]> =
        (0..height).into_par_iter().flat_map_iter(|line| seer.line(line)).collect();
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
        scale_sample_m: band(8),
        scale_line_m: band(9),
        oblique_scale_m: band(10),
        obliquity_deg: band(11),
        local_time_h: band(12),
    }
}

/// What is the same for all pixels.
struct Seer<'a> {
    pose: &'a Pose,
    shape: &'a Shape,
    camera: &'a Camera,
    body_from_camera: Rotation<BodyFixed, CameraAxes>,
    sun_longitude_deg: f64,
    ifov_rad: f64,
}

impl Seer<'_> {
    /// The directions of a line and of one more sample, each found once.
    fn looks(&self, line: usize) -> Vec<Vec3<BodyFixed>> {
        let look = |sample: usize| self.camera.look(PixelPos::new(sample as f64, line as f64));
        (0..=self.camera.width_px).map(|sample| self.body_from_camera * look(sample)).collect()
    }

    fn line(&self, line: usize) -> Vec<[f32; COUNT]> {
        let (here, below) = (self.looks(line), self.looks(line + 1));
        (0..self.camera.width_px)
            .map(|sample| self.pixel(here[sample], [here[sample + 1], below[sample]]))
            .collect()
    }

    /// The values of one line of sight; its neighbours are the next sample and the next line.
    fn pixel(&self, look: Vec3<BodyFixed>, neighbours: [Vec3<BodyFixed>; 2]) -> [f32; COUNT] {
        let Some(hit) = self.shape.intersect(self.pose.spacecraft_km, look) else {
            return [f32::NAN; COUNT];
        };
        let point = SurfacePoint { point_km: hit.point_km, normal: hit.normal };
        let to_sun = (self.pose.sun_km - point.point_km).unit().unwrap_or(point.normal);
        let incidence_rad = point.normal.angle_rad(to_sun);
        let place = LonLat::of(hit.point_km);
        let night = incidence_rad >= std::f64::consts::FRAC_PI_2;
        let dark = night || self.shape.shadowed(&point, self.pose.sun_km);
        let scale_m = hit.distance_km * self.ifov_rad * 1000.0;
        let facing = -point.normal.dot(look);
        let steps_m = neighbours.map(|next| {
            // The neighbour moved along itself into the tangent plane.
            let reach = facing / -point.normal.dot(next);
            if reach > 0.0 { (next * reach - look).length() * hit.distance_km * 1000.0 } else { f64::NAN }
        });
        [
            place.longitude_deg(),
            place.latitude_deg(),
            incidence_rad.to_degrees(),
            point.normal.angle_rad(-look).to_degrees(),
            to_sun.angle_rad(-look).to_degrees(),
            hit.distance_km,
            scale_m,
            if dark { 1.0 } else { 0.0 },
            steps_m[0],
            steps_m[1],
            scale_m / facing.max(0.0),
            self.obliquity_deg(point.normal, look),
            (12.0 + (place.longitude_deg() - self.sun_longitude_deg) / 15.0).rem_euclid(24.0),
        ]
        .map(|value| value as f32)
    }

    /// Direction in the image of the normal's part across the line of sight.
    fn obliquity_deg(&self, normal: Vec3<BodyFixed>, look: Vec3<BodyFixed>) -> f64 {
        let across = self.pose.camera_from_body * (normal - look * normal.dot(look));
        match across.length() > 0.0 {
            true => across.x.atan2(across.y).to_degrees().rem_euclid(180.0),
            false => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CameraFile;
    use facula_core::{Ellipsoid, parse_utc};

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
        // Straight down a step on the ground is a pixel; at the edge it is longer along the foreshortened direction.
        let steps = (planes.scale_sample_m.at(512, 512), planes.scale_line_m.at(512, 512));
        assert!(
            (steps.0 / 1268.0 - 1.0).abs() < 0.003 && (steps.1 / 1268.0 - 1.0).abs() < 0.003,
            "{steps:?}"
        );
        let east = (planes.scale_sample_m.at(800, 512), planes.scale_line_m.at(800, 512));
        let oblique = planes.oblique_scale_m.at(800, 512);
        assert!((east.0 / oblique - 1.0).abs() < 0.01 && east.1 < 0.9 * east.0, "{east:?} {oblique}");
        // East of the centre the ground falls away along samples, south of it along lines.
        assert!((planes.obliquity_deg.at(800, 512) - 90.0).abs() < 0.2);
        let south = planes.obliquity_deg.at(512, 800);
        assert!(south.min(180.0 - south) < 0.2, "{south}");
        // The Sun stands over longitude 0: noon there, afternoon to the east.
        let noon_h = planes.local_time_h.at(512, 512);
        assert!((noon_h - 12.0).abs() < 0.01 && planes.local_time_h.at(600, 512) > 12.3, "{noon_h}");
        assert_eq!(planes.bands().len(), 13);
        // Published scale in RC3: 1.3 km/px.
        assert!((planes.scale_m.at(512, 512) / 1268.0 - 1.0).abs() < 0.003);
    }
}
