// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spots of calibrated frames: their places in pixels and on the ground, both with errors.

use facula_core::{Progress, Reporter, Warning, features, format_utc};
use facula_photometry::SurfaceModel;
use facula_spots::{ExtraColumn, FrameOptions, FrameSpot, Spot, detect_frame};

use super::charts::{self, Picture};
use super::spots::{SpotCatalogue, SpotRequest, number};
use crate::RequestError;
use crate::maps::FrameSet;

/// One catalogue for each frame. A frame that cannot be read is reported and left out.
pub(super) fn frame_catalogues(
    frames: &FrameSet,
    request: &SpotRequest,
    report: &dyn Reporter,
) -> Result<Vec<SpotCatalogue>, RequestError> {
    if request.completeness.is_some() || request.view_km.is_some() || !request.colours.is_empty() {
        let what = "completeness, hubble-km, colour (for maps; make one with `facula map`)";
        return Err(RequestError::argument(what, "used with frames"));
    }
    let (mut found, mut trouble) = (Vec::new(), None);
    for index in 0..frames.shots.len() {
        report.progress(Progress { stage: "frames", done: index, total: frames.shots.len() });
        match catalogue(frames, index, request, report) {
            Ok(catalogue) => found.push(catalogue),
            Err(error) => {
                report.warn(Warning {
                    stage: "frames".into(),
                    subject: frames.shots[index].meta.id.clone(),
                    message: format!("left out: {error}"),
                    hint: error.hint().into(),
                });
                trouble.get_or_insert(error);
            }
        }
    }
    match trouble {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

fn catalogue(
    frames: &FrameSet,
    index: usize,
    request: &SpotRequest,
    report: &dyn Reporter,
) -> Result<SpotCatalogue, RequestError> {
    let shot = frames.shot(index, report)?;
    let ellipsoid = frames.body.ellipsoid();
    let model = SurfaceModel::lommel_seeliger(frames.body.phase_slope);
    let default = FrameOptions::default();
    let options = FrameOptions {
        detect: request.detect(&default.detect, &features(&frames.body.name)),
        psf_px: request.psf_px.unwrap_or(default.psf_px),
        ..default
    };
    let mut spots = detect_frame(&shot, &frames.shape, Some((&model, &ellipsoid)), &options, report)?;
    let [least_km, largest_km] = request.diameters_km;
    spots.retain(|s| least_km.is_none_or(|km| s.spot.diameter_km >= km));
    spots.retain(|s| largest_km.is_none_or(|km| s.spot.diameter_km <= km));
    let mut listed: Vec<Spot> = spots.iter().map(|s| s.spot.clone()).collect();
    number(&mut listed);
    let placed = &frames.shots[index];
    let below_km = shot.pose.range_km() - ellipsoid.mean_radius_km();
    let pixel_km = below_km * shot.camera.ifov_rad();
    let utc = format_utc(shot.pose.mid_exposure);
    let about = format!("{}: {utc} UTC, {below_km:.0} km up, {:.0} m/px", placed.meta.id, 1000.0 * pixel_km);
    let at = spots.iter().map(|s| s.at).collect();
    let picture = charts::frame_pictures((&shot, &frames.shape), (&listed, at), (&frames.body.name, &about));
    Ok(SpotCatalogue {
        name: placed.meta.id.clone(),
        cell_km: pixel_km,
        extra: columns(&spots),
        spots: listed,
        hosts: Vec::new(),
        folder: String::new(),
        about,
        picture: Picture::Drawn(picture?),
        times_utc: vec![utc],
    })
}

/// Where spots lie in the frame, and how certain that is on the ground.
fn columns(spots: &[FrameSpot]) -> Vec<ExtraColumn> {
    let of = |value: fn(&FrameSpot) -> f64| spots.iter().map(value).collect();
    let east_north = "position_sigma_px and the pose";
    vec![
        ExtraColumn::numbers("x_px", "sample of the centroid, 0 the middle of the first", of(|s| s.at.x_px))
            .within("position_sigma_px"),
        ExtraColumn::numbers("y_px", "line of the centroid, 0 the middle of the first", of(|s| s.at.y_px))
            .within("position_sigma_px"),
        ExtraColumn::numbers(
            "position_sigma_px",
            "one-sigma error of the centroid in the frame in one direction, without that of the pose",
            of(|s| s.position_sigma_px),
        ),
        ExtraColumn::numbers("pixel_km", "size of a pixel on the ground there", of(|s| s.pixel_km)),
        ExtraColumn::numbers(
            "east_sigma_km",
            "one-sigma error to the east",
            of(|s| s.covariance_km2[0][0].sqrt()),
        )
        .within(east_north),
        ExtraColumn::numbers(
            "north_sigma_km",
            "one-sigma error to the north",
            of(|s| s.covariance_km2[1][1].sqrt()),
        )
        .within(east_north),
        ExtraColumn::numbers(
            "east_north_covariance_km2",
            "covariance of the two",
            of(|s| s.covariance_km2[0][1]),
        ),
    ]
}
