// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real frame of the HAMO orbit, north of Kerwan, that several tests look at.

use std::path::Path;

use facula_align::{MapMatchOptions, match_map};
use facula_archive::{Limits, ReadOptions, read_frame, read_map};
use facula_core::{Body, BodyFixed, Epoch, IofFrame, LonLat, Silent, Vec3};
use facula_geometry::{CameraFile, Shot};
use facula_shape::Shape;

pub fn ceres() -> Body {
    Body::built_in("ceres").unwrap()
}

/// The Sun from the centre of Ceres at the time of the HAMO frame, body-fixed, km. From CSPICE N0067 by spiceypy:
/// `spkpos` (planets_ceres_vesta_2007_2018.bsp), pole and spin of dawn_ceres_v06.tpc, naif0012.tls.
pub const HAMO_SUN: [f64; 2] = [160.155_480, 3.944_772];

fn hamo_sun(_: Epoch) -> Option<Vec3<BodyFixed>> {
    Some(LonLat::from_degrees(HAMO_SUN[0], HAMO_SUN[1]).direction() * (2.964_19 * 149_597_870.7))
}

/// The HAMO frame with its pose matched to the albedo map.
pub fn hamo(folder: &Path, body: &Body) -> Shot {
    let options = ReadOptions { sun: Some(&hamo_sun), ..ReadOptions::new(body) };
    let path = folder.join("ceres-hamo/FC21B0043185_15267083218F1E.png");
    let frame = read_frame(&path, &options, &Silent).unwrap();
    let albedo = read_map(&folder.join("maps/ceres_albedo_4096.jpg"), -180.0, &Limits::default()).unwrap();
    let camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
    let (pose, sigma) = (frame.pose.unwrap(), frame.dn.map(|_| 1.0));
    let iof = IofFrame { meta: frame.meta, iof: frame.dn, sigma, quality: frame.quality };
    let mut shot = Shot { frame: iof, camera, pose };
    let matching = MapMatchOptions { position_sigma_km: 50.0, ..Default::default() };
    shot.pose =
        match_map(&shot, &Shape::Ellipsoid(body.ellipsoid()), &albedo, &matching, &Silent).unwrap().pose;
    shot
}
