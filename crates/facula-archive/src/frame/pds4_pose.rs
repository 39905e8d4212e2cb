// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pose in the geometry dictionary of a PDS4 label: vectors from the spacecraft or the Sun, and a quaternion.
//!
//! In: `geom:Vector_Cartesian_Position_*` in J2000 and `geom:Quaternion_Plus_To_From` from J2000 to the camera. Out: a
//! pose; what cannot be used is an error text. A camera that does not see the target is refused: then the quaternion
//! of the label turns the other way round, or belongs to another frame.
//!
//! # Source
//! PDS4 Geometry Local Data Dictionary 1.9.8.0: `qcos` is the cosine of half the angle, `qsin1` to `qsin3` the sine
//! times the axis; vectors have `x_position`, `y_position`, `z_position` with a unit.

use facula_core::{Camera, FrameMeta, Icrf, KM_PER_AU, Pose, Rotation, Vec3};

use crate::frame::{Source, looks_at_body};
use crate::pds4::Element;

/// Names of the reference frame of inertial vectors.
const INERTIAL: [&str; 4] = ["J2000", "EME2000", "ICRF", "ICRS"];

/// How far the boresight may point past the edge of the target, degrees: half the field of a wide camera.
const BESIDE_TARGET_DEG: f64 = 20.0;

/// The pose of a label; `None` when it has no vector to the target or no quaternion.
pub(super) fn pose(source: &Source<'_>, label: &Element, meta: &FrameMeta) -> Result<Option<Pose>, String> {
    let to_target =
        position_km(label, ("Spacecraft", "Target"))?.or(position_km(label, ("Spacecraft", "Central_Body"))?);
    let (Some(to_target_km), Some(camera_from_icrf)) = (to_target, camera_from_icrf(label)?) else {
        return Ok(None);
    };
    if !looks_at_body(source, &meta.target) {
        return Ok(None);
    }
    check_view(camera_from_icrf * to_target_km, source.options.body.radii_km[0])?;
    let body_from_icrf = source.options.body.body_from_icrf(meta.mid_exposure);
    let from_target = position_km(label, ("Target", "Sun"))?;
    let from_spacecraft = position_km(label, ("Spacecraft", "Sun"))?.map(|sun_km| sun_km - to_target_km);
    let told_sun_km = from_target.or(from_spacecraft).map(|sun_km| body_from_icrf * sun_km);
    let sun_km = told_sun_km.or_else(|| source.options.sun_at(meta.mid_exposure));
    Ok(Some(Pose {
        mid_exposure: meta.mid_exposure,
        spacecraft_km: body_from_icrf * -to_target_km,
        sun_km: sun_km.ok_or("neither the label nor an ephemeris tells where the Sun is")?,
        camera_from_body: camera_from_icrf * body_from_icrf.inverse(),
    }))
}

/// A vector from one body to another, km, J2000, whichever way round the label tells it.
fn position_km(label: &Element, (from, to): (&str, &str)) -> Result<Option<Vec3<Icrf>>, String> {
    let named = |from: &str, to: &str| label.find(&format!("Vector_Cartesian_Position_{from}_To_{to}"));
    let (element, sign) = match (named(from, to), named(to, from)) {
        (Some(element), _) => (element, 1.0),
        (None, Some(element)) => (element, -1.0),
        (None, None) => return Ok(None),
    };
    inertial(label)?;
    let mut vector_km = [0.0; 3];
    for (component_km, name) in vector_km.iter_mut().zip(["x_position", "y_position", "z_position"]) {
        let Some(child) = element.child(name) else { return Err(format!("{} has no {name}", element.name)) };
        let factor_km = match child.attribute("unit").unwrap_or("km") {
            "km" => 1.0,
            "m" => 1e-3,
            "AU" | "au" => KM_PER_AU,
            other => return Err(format!("{} is in {other}", element.name)),
        };
        let number = child.text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        *component_km =
            sign * factor_km * number.ok_or_else(|| format!("{}: {name} is not a number", element.name))?;
    }
    let vector = Vec3::from_array(vector_km);
    if vector.length() > 0.0 { Ok(Some(vector)) } else { Err(format!("{} has no length", element.name)) }
}

/// The reference frame of the vectors is J2000, or not told.
fn inertial(label: &Element) -> Result<(), String> {
    let system = label.find("Vectors").and_then(|vectors| vectors.find("Coordinate_System_Identification"));
    let name = system.and_then(|system| system.child_text("coordinate_system_name")).unwrap_or("J2000");
    if INERTIAL.contains(&name) { Ok(()) } else { Err(format!("the vectors are in {name}, not in J2000")) }
}

fn camera_from_icrf(label: &Element) -> Result<Option<Rotation<Camera, Icrf>>, String> {
    let Some(element) = label.find("Quaternion_Plus_To_From") else { return Ok(None) };
    let from = element.find("Rotate_From").and_then(|from| from.find("name"));
    let from = from.map_or("J2000", |from| from.text.as_str());
    if !INERTIAL.contains(&from) {
        return Err(format!("the quaternion turns from {from}, not from J2000"));
    }
    let mut quaternion = [0.0; 4];
    for (component, name) in quaternion.iter_mut().zip(["qcos", "qsin1", "qsin2", "qsin3"]) {
        let number = element.child_text(name).and_then(|text| text.trim().parse::<f64>().ok());
        *component = number.ok_or_else(|| format!("the quaternion has no {name}"))?;
    }
    let norm = quaternion.iter().map(|c| c * c).sum::<f64>().sqrt();
    if !((norm - 1.0).abs() <= 1e-6) {
        return Err(format!("the quaternion has length {norm}, not 1"));
    }
    Ok(Rotation::from_quaternion(quaternion))
}

fn check_view(target_in_camera_km: Vec3<Camera>, radius_km: f64) -> Result<(), String> {
    let off_deg = target_in_camera_km.angle_rad(Vec3::new(0.0, 0.0, 1.0)).to_degrees();
    let edge_deg = (radius_km / target_in_camera_km.length()).min(1.0).asin().to_degrees();
    if off_deg <= edge_deg + BESIDE_TARGET_DEG {
        return Ok(());
    }
    Err(format!(
        "with the quaternion of the label the camera looks {off_deg:.0} degrees away from the target"
    ))
}
