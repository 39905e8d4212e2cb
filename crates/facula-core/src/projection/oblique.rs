// SPDX-License-Identifier: MIT OR Apache-2.0
//! Longitudes and latitudes about another axis.

use crate::LonLat;

use super::spheroid::Turn;
use super::wrapped;

/// Rows: directions of the new x, y, z axes in body-fixed axes.
pub(super) type Frame = [[f64; 3]; 3];

pub(super) fn into_frame(frame: &Frame, place: LonLat) -> (f64, Turn) {
    let direction = place.direction().to_array();
    let [x, y, z] = frame.map(|axis| axis.iter().zip(direction).map(|(a, b)| a * b).sum::<f64>());
    let across = x.hypot(y);
    let length = across.hypot(z);
    (wrapped(y.atan2(x)), Turn { sin: z / length, cos: across / length })
}

pub(super) fn out_of_frame(frame: &Frame, lambda_rad: f64, turned: Turn) -> LonLat {
    let (sin, cos) = lambda_rad.sin_cos();
    let local = [turned.cos * cos, turned.cos * sin, turned.sin];
    let [x, y, z] = [0, 1, 2].map(|i| (0..3).map(|k| frame[k][i] * local[k]).sum::<f64>());
    LonLat::new(y.atan2(x), z.atan2(x.hypot(y)))
}

/// Axes of an oblique map: x to the centre, y along the new equator.
pub(super) fn frame_at(centre: LonLat, azimuth_rad: f64) -> Frame {
    let ((sin_lat, cos_lat), (sin_lon, cos_lon)) =
        (centre.latitude_rad.sin_cos(), centre.longitude_rad.sin_cos());
    let x = [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat];
    let east = [-sin_lon, cos_lon, 0.0];
    let north = [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat];
    let (sin, cos) = azimuth_rad.sin_cos();
    let y = [0, 1, 2].map(|i| sin * east[i] + cos * north[i]);
    let z = [0, 1, 2].map(|i| sin * north[i] - cos * east[i]);
    [x, y, z]
}
