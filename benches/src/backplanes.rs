// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `backplanes`: five angle planes of 1024² on an ellipsoid. `facula-bench backplanes [SCENE.json [OUT.f64]]` takes
//! the scene of `benches/rows/backplanes.py` and writes the planes for the comparison.

use std::time::Instant;

use facula_core::{Ellipsoid, Pose, Rotation, Vec3, epoch_from_et_s};
use facula_geometry::{AnglePlanes, Camera, CameraFile, Shape, angle_planes, backplanes};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;
const REPEATS: usize = 60;

/// Times the planes of one scene: into memory at hand, into new memory, and all bands of the general path.
pub fn run(arguments: &[String]) -> Result<Value, Error> {
    let file = arguments.first().ok_or("usage: facula-bench backplanes SCENE.json [OUT.f64]")?;
    let scene: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let (camera, pose, ellipsoid) = read(&scene)?;
    let mut planes = AnglePlanes::new(camera.width_px, camera.height_px);
    let reused_ms = least_ms(REPEATS, || planes.compute(&camera, &pose, &ellipsoid).map_err(Error::from))?;
    let fresh_ms = least_ms(REPEATS / 2, || {
        std::hint::black_box(angle_planes(&camera, &pose, &ellipsoid)?);
        Ok(())
    })?;
    let strip_ms = strip_ms(&camera, &pose, &ellipsoid)?;
    let shape = Shape::Ellipsoid(ellipsoid);
    let general_ms = least_ms(5, || {
        std::hint::black_box(backplanes(&camera, &pose, &shape));
        Ok(())
    })?;
    if let Some(out) = arguments.get(1) {
        let rasters = [
            &planes.longitude_deg,
            &planes.latitude_deg,
            &planes.incidence_deg,
            &planes.emission_deg,
            &planes.phase_deg,
        ];
        let bytes: Vec<u8> =
            rasters.iter().flat_map(|r| r.as_slice().iter().flat_map(|v| v.to_le_bytes())).collect();
        facula_core::write_aside(out.as_ref(), |file| std::io::Write::write_all(file, &bytes))?;
    }
    let seen = planes.emission_deg.as_slice().iter().filter(|value| !value.is_nan()).count();
    let pixels = (camera.width_px * camera.height_px) as f64;
    Ok(json!({
        "row": "backplanes",
        "reused_memory_ms": reused_ms,
        "new_memory_ms": fresh_ms,
        "all_bands_ms": general_ms,
        "one_core_in_cache_ms": strip_ms,
        "on_body": seen as f64 / pixels,
    }))
}

/// The whole frame from every fourth strip of 32 lines, each the least of many runs shorter than a scheduler's turn: what one core
/// computes on a quiet machine when the planes are used strip by strip and never leave its cache.
fn strip_ms(camera: &Camera, pose: &Pose, ellipsoid: &Ellipsoid) -> Result<f64, Error> {
    const LINES: usize = 32;
    let mut planes = AnglePlanes::new(camera.width_px, LINES);
    let mut total_ms = 0.0;
    for first in (0..camera.height_px).step_by(LINES * 4) {
        let [x_px, y_px] = camera.principal_point_px;
        let strip =
            Camera { height_px: LINES, principal_point_px: [x_px, y_px - first as f64], ..camera.clone() };
        let run_ms = least_ms(200, || planes.compute(&strip, pose, ellipsoid).map_err(Error::from))?;
        total_ms += 4.0 * run_ms;
    }
    Ok(total_ms)
}

fn least_ms(repeats: usize, mut work: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let mut least_ms = f64::INFINITY;
    for _ in 0..repeats {
        let start = Instant::now();
        work()?;
        least_ms = least_ms.min(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(least_ms)
}

fn read(scene: &Value) -> Result<(Camera, Pose, Ellipsoid), Error> {
    let three = |value: &Value| -> Result<[f64; 3], Error> { Ok(serde_json::from_value(value.clone())?) };
    let camera = CameraFile::built_in("dawn_fc2")?.camera("F1")?;
    let rows = serde_json::from_value(scene["camera_from_body"].clone())?;
    let pose = Pose {
        mid_exposure: epoch_from_et_s(scene["et"].as_f64().unwrap_or(0.0)),
        spacecraft_km: Vec3::from_array(three(&scene["spacecraft_km"])?),
        sun_km: Vec3::from_array(three(&scene["sun_km"])?),
        camera_from_body: Rotation::from_rows(rows).ok_or("camera_from_body is no rotation")?,
    };
    let [a_km, b_km, c_km] = three(&scene["radii_km"])?;
    Ok((camera, pose, Ellipsoid::new(a_km, b_km, c_km).ok_or("radii")?))
}
