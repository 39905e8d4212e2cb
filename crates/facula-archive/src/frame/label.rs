// SPDX-License-Identifier: MIT OR Apache-2.0
//! A frame from its PDS3 label: image, what is known about it, and the geometry of Dawn's labels.
//!
//! # Source
//! Dawn FC2 EDR labels: `QUATERNION` is scalar first and turns J2000 components into camera components
//! (`m2q` of SPICE); `SC_TARGET_POSITION_VECTOR` and `SC_SUN_POSITION_VECTOR` go from the spacecraft to target
//! and Sun, km, J2000. Checked in tests/flight.rs against the pointing USGS ALE computes from the kernels.

use std::path::{Path, PathBuf};

use facula_core::{Camera, Epoch, FrameMeta, Icrf, Level, LonLat, Pose, RawFrame, Rotation, Vec3};

use crate::ArchiveError;
use crate::files::{named_in, read_bounded};
use crate::fits::FitsImage;
use crate::frame::{FrameHeader, MAX_EXPOSURE_S, Source, fits_only, looks_at_body, plain_name, target_name};
use crate::pds3::{ImageObject, Label, Object, Pointer, Value};
use crate::time::parse_time;

/// Hint of all errors about keywords.
const HINT: &str = "correct the keyword in the label, or fetch the label again";

/// Reads the frame of a label.
pub(super) fn read(source: &Source<'_>) -> Result<RawFrame, ArchiveError> {
    let (label, _) = Label::parse(source.bytes)?;
    let pixels = pixels(source, &label)?;
    let meta = meta(source, &label, pixels.unit.as_deref())?;
    let pose = told_pose(source, &label, &meta);
    Ok(RawFrame { meta, dn: pixels.image.image, quality: pixels.image.quality, pose })
}

/// Reads what a label tells without its image.
pub(super) fn read_header(source: &Source<'_>) -> Result<FrameHeader, ArchiveError> {
    let (label, _) = Label::parse(source.bytes)?;
    let meta = meta(source, &label, None)?;
    let (samples, lines) = ImageObject::size_of(&label)?;
    Ok(FrameHeader { pose: told_pose(source, &label, &meta), meta, size_px: (samples, lines) })
}

/// The pose of a label; one that cannot be used is a warning.
fn told_pose(source: &Source<'_>, label: &Label, meta: &FrameMeta) -> Option<Pose> {
    pose(source, label, meta).unwrap_or_else(|problem| {
        source.warn(
            &format!("{problem}: the frame has no pose"),
            "correct the label, or give a pose file or kernels",
        );
        None
    })
}

/// Whether a label's image pointer leads to a certain file.
pub(super) fn points_to(label_source: &Source<'_>, file: &Path) -> bool {
    let Ok((label, _)) = Label::parse(label_source.bytes) else {
        // A broken label is used, so that reading it tells what is wrong with it.
        return true;
    };
    let pointer = Object::main_image(&label).and_then(|object| object.pointer());
    let Ok(Pointer { file: Some(name), .. }) = pointer else { return true };
    let named = Path::new(&name).file_name().and_then(|n| n.to_str());
    let wanted = file.file_name().and_then(|n| n.to_str());
    named.zip(wanted).is_none_or(|(a, b)| a.eq_ignore_ascii_case(b))
}

struct Pixels {
    image: FitsImage,
    /// `BUNIT` of a FITS file.
    unit: Option<String>,
}

fn pixels(source: &Source<'_>, label: &Label) -> Result<Pixels, ArchiveError> {
    let object = Object::main_image(label)?;
    let pointer = object.pointer()?;
    let Some(name) = &pointer.file else { return decode(source, &object, pointer.offset_bytes) };
    let folder = source.path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let path = named_in(&folder, name)?;
    let bytes = read_bounded(&path, &source.options.limits)?;
    let image = Source { path: &path, bytes: &bytes, ..*source };
    let pixels = if bytes.starts_with(b"SIMPLE  =") {
        from_fits(&image, label, pointer.offset_bytes)
    } else {
        decode(&image, &object, pointer.offset_bytes)
    };
    pixels.map_err(|error| error.in_file(&path))
}

/// Pixels of a raw `IMAGE` object.
fn decode(
    source: &Source<'_>,
    object: &Object<'_>,
    offset_bytes: Option<u64>,
) -> Result<Pixels, ArchiveError> {
    let array = ImageObject::array(object, offset_bytes.unwrap_or(0))?;
    let (image, quality) = array.band(source.bytes, 0, &source.options.limits)?;
    Ok(Pixels { image: FitsImage { cards: Vec::new(), image, quality }, unit: None })
}

/// Pixels of a FITS file, which describes itself; the label has to agree with it.
fn from_fits(source: &Source<'_>, label: &Label, offset_bytes: Option<u64>) -> Result<Pixels, ArchiveError> {
    let file = fits_only::parse_reporting(source)?;
    let first = file.first_image()?;
    let pointed = offset_bytes
        .and_then(|offset| file.units.iter().position(|u| u.is_image() && u.data.start as u64 == offset));
    let unit = pointed.unwrap_or(first);
    if pointed.is_none() && offset_bytes.is_some_and(|offset| offset > 0) {
        let start = file.units[first].data.start;
        let message =
            format!("the label points to byte {}, the image starts at {start}", offset_bytes.unwrap_or(0));
        source
            .warn(&message, "the image was read where the FITS header puts it; fetch label and image again");
    }
    let image = file.read(unit, &source.options.limits)?;
    let size = (image.image.width() as u64, image.image.height() as u64);
    if label.get("IMAGE.LINES").is_some() && ImageObject::size_of(label)? != size {
        let (samples, lines) = ImageObject::size_of(label)?;
        let what =
            format!("the label says {samples} x {lines} pixels, the FITS header {} x {}", size.0, size.1);
        return Err(ArchiveError::format(what, "fetch label and image again: they do not belong together"));
    }
    Ok(Pixels { unit: file.units[unit].value("BUNIT").map(str::to_string), image })
}

fn meta(source: &Source<'_>, label: &Label, unit: Option<&str>) -> Result<FrameMeta, ArchiveError> {
    let exposure_s = exposure_s(label)?;
    let start =
        label.text("START_TIME").ok_or_else(|| ArchiveError::missing("the keyword START_TIME", HINT))?;
    let start = parse_time(start)
        .ok_or_else(|| ArchiveError::format(format!("START_TIME = {start} is not a UTC time"), HINT))?;
    let names = [label.text("INSTRUMENT_HOST_ID"), label.text("INSTRUMENT_ID")];
    let number = label.text("FILTER_NUMBER").map(|number| format!("F{number}"));
    Ok(FrameMeta {
        id: id(source, label),
        target: target_name(label.text("TARGET_NAME").unwrap_or_default()),
        instrument: names.into_iter().flatten().map(plain_name).collect::<Vec<_>>().join("_"),
        filter: number.unwrap_or_else(|| label.text("FILTER_NAME").unwrap_or_default().to_string()),
        mid_exposure: source.options.mid_exposure(start, exposure_s)?,
        exposure_s,
        detector_temperature_k: temperature_k(source, label),
        level: level(source, label, unit),
        keywords: label.keywords(),
    })
}

/// `PRODUCT_ID`; Dawn's raw labels put a bare image number there, so then the stem of `FILE_NAME`.
fn id(source: &Source<'_>, label: &Label) -> String {
    let stem = |name: &str| Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let unique = |id: &&str| !id.bytes().all(|b| b.is_ascii_digit());
    let product = label.text("PRODUCT_ID").filter(unique).map(|id| match id.rsplit_once('.') {
        Some((stem, ext)) if matches!(ext.to_ascii_uppercase().as_str(), "FIT" | "IMG" | "FITS" | "LBL") => {
            stem.to_string()
        }
        _ => id.to_string(),
    });
    product
        .or_else(|| label.text("FILE_NAME").map(stem))
        .unwrap_or_else(|| stem(&source.path.to_string_lossy()))
}

/// `EXPOSURE_DURATION`, s. Its unit is the millisecond unless the label says otherwise (PDS data dictionary).
fn exposure_s(label: &Label) -> Result<f64, ArchiveError> {
    let value = label.get("EXPOSURE_DURATION").filter(|v| v.known_text().is_some());
    let value = value.ok_or_else(|| ArchiveError::missing("the keyword EXPOSURE_DURATION", HINT))?;
    let unit = value.unit.as_deref().unwrap_or("ms").to_ascii_lowercase();
    let text = value.scalar_text().unwrap_or_default();
    let seconds = match unit.as_str() {
        "ms" | "msec" | "millisecond" | "milliseconds" => milli(text),
        "s" | "sec" | "second" | "seconds" => value.number(),
        _ => None,
    };
    seconds.filter(|s| (0.0..=MAX_EXPOSURE_S).contains(s)).ok_or_else(|| {
        ArchiveError::format(format!("EXPOSURE_DURATION = {value} is not an exposure time"), HINT)
    })
}

/// A thousandth of the number, by moving the decimal point so that no digit is lost.
fn milli(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.trim().parse().ok()?;
    let moved = format!("{}e{}", mantissa.trim(), exponent.checked_sub(3)?);
    moved.parse().ok()
}

fn temperature_k(source: &Source<'_>, label: &Label) -> Option<f64> {
    let keys = ["DETECTOR_TEMPERATURE", "DAWN:T_CCD", "FOCAL_PLANE_TEMPERATURE"];
    let known = |value: &&Value| value.known_text().is_some();
    let value = keys.iter().find_map(|key| label.get(key).filter(known))?;
    let number = value.number();
    let kelvin = match value.unit.as_deref().unwrap_or("k").to_ascii_lowercase().as_str() {
        "k" | "kelvin" => number,
        "c" | "degc" | "deg_c" | "celsius" | "degree celsius" => number.map(|celsius| celsius + 273.15),
        _ => None,
    };
    if kelvin.is_none() {
        source.warn(
            &format!("the detector temperature {value} is not understood"),
            "give it in kelvin in the label",
        );
    }
    kelvin
}

/// By the unit of the image, else by the name of the data set.
fn level(source: &Source<'_>, label: &Label, fits_unit: Option<&str>) -> Level {
    let unit = label.text("IMAGE.UNIT").or(fits_unit).unwrap_or_default();
    let raw_set = unit.is_empty() && label.text("DATA_SET_ID").is_some_and(|id| id.contains("-EDR-"));
    let level = fits_only::level_of_unit(unit).or(raw_set.then_some(Level::Raw));
    level.unwrap_or_else(|| {
        let message =
            format!("the unit \"{unit}\" does not say what the numbers are: taken as relative brightness");
        source.warn(&message, "set UNIT of the IMAGE object to DU or I/F");
        Level::Relative
    })
}

/// The pose of a label in Dawn's keywords; `None` when the label has none, an error text when it cannot be used.
fn pose(source: &Source<'_>, label: &Label, meta: &FrameMeta) -> Result<Option<Pose>, String> {
    let attitude = camera_from_icrf(label)?;
    let target_km = vector_km(label, "SC_TARGET_POSITION_VECTOR")?;
    let sun_km = vector_km(label, "SC_SUN_POSITION_VECTOR")?;
    let (Some(camera_from_icrf), Some(target_km)) = (attitude, target_km) else { return Ok(None) };
    if !looks_at_body(source, &meta.target) {
        return Ok(None);
    }
    let mid_exposure: Epoch = meta.mid_exposure;
    let body_from_icrf = source.options.body.body_from_icrf(mid_exposure);
    let told_sun_km = sun_km.map(|sun_km| body_from_icrf * (sun_km - target_km));
    let sun_km = told_sun_km.or_else(|| source.options.sun_at(mid_exposure));
    let pose = Pose {
        mid_exposure,
        spacecraft_km: body_from_icrf * -target_km,
        sun_km: sun_km.ok_or("neither the label nor an ephemeris tells where the Sun is")?,
        camera_from_body: camera_from_icrf * body_from_icrf.inverse(),
    };
    check_sub_points(source, label, &pose);
    Ok(Some(pose))
}

/// How far the places a label names may lie from those of its vectors, degrees.
const SUB_POINT_DEG: f64 = 1.0;

/// Warns when the places under spacecraft and Sun that a label names are not those of its vectors.
fn check_sub_points(source: &Source<'_>, label: &Label, pose: &Pose) {
    for (name, place) in [("SUB_SPACECRAFT", pose.sub_spacecraft()), ("SUB_SOLAR", pose.sub_solar())] {
        let number = |axis: &str| label.get(&format!("{name}_{axis}")).and_then(Value::number);
        let (Some(longitude_deg), Some(latitude_deg)) = (number("LONGITUDE"), number("LATITUDE")) else {
            continue;
        };
        let told = LonLat::from_degrees(longitude_deg, latitude_deg);
        let apart_deg = told.direction().angle_rad(place.direction()).to_degrees();
        if !(apart_deg <= SUB_POINT_DEG) {
            let message = format!(
                "{name}_LONGITUDE and _LATITUDE are {apart_deg:.1} degrees from where the vectors of the label put it: the \
                 vectors were used"
            );
            source.warn(&message, "compare the prime meridian of the label with that of the body");
        }
    }
}

/// The attitude in a label of Dawn: `QUATERNION`, scalar first, J2000 to camera.
fn camera_from_icrf(label: &Label) -> Result<Option<Rotation<Camera, Icrf>>, String> {
    let Some(quaternion) = numbers::<4>(label, "QUATERNION", &[])? else { return Ok(None) };
    let norm = quaternion.iter().map(|c| c * c).sum::<f64>().sqrt();
    // Labels print 10 decimals.
    if (norm - 1.0).abs() > 1e-6 {
        return Err(format!("QUATERNION has length {norm}, not 1"));
    }
    Ok(Rotation::from_quaternion(quaternion))
}

fn vector_km(label: &Label, key: &str) -> Result<Option<Vec3<Icrf>>, String> {
    let vector = numbers::<3>(label, key, &["km", "kilometer", "kilometers"])?;
    match vector.map(Vec3::from_array) {
        Some(vector) if vector.length() == 0.0 => Err(format!("{key} has no length")),
        vector => Ok(vector),
    }
}

/// `N` finite numbers; `None` when the keyword is absent or one of them is `N/A`.
fn numbers<const N: usize>(label: &Label, key: &str, units: &[&str]) -> Result<Option<[f64; N]>, String> {
    let Some(value) = label.get(key) else { return Ok(None) };
    let elements = value.elements();
    if elements.iter().any(|e| e.known_text().is_none()) {
        return Ok(None);
    }
    let all_units = elements.iter().chain([value]).filter_map(|e| e.unit.as_deref());
    let known = |unit: &str| units.iter().any(|known| unit.eq_ignore_ascii_case(known));
    if !all_units.clone().all(known) {
        return Err(format!("{key} = {value} has another unit than expected"));
    }
    let found: Option<Vec<f64>> = elements.iter().map(Value::number).collect();
    let found = found.and_then(|n| <[f64; N]>::try_from(n).ok());
    found.map(Some).ok_or_else(|| format!("{key} = {value} is not a list of {N} numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Label {
        Label::parse(format!("{text}\nEND\n").as_bytes()).unwrap().0
    }

    #[test]
    fn exposures_keep_every_digit() {
        let of = |value: &str| exposure_s(&label(&format!("EXPOSURE_DURATION = {value}")));
        assert_eq!(of("1800.000 <millisecond>").unwrap(), 1.8);
        assert_eq!(of("18.7").unwrap(), 0.0187);
        assert_eq!(of("1.87E1 <ms>").unwrap(), 0.0187);
        assert_eq!(of("2 <second>").unwrap(), 2.0);
        for bad in ["\"N/A\"", "-1", "1e300", "3 <km>", "(1, 2)", "1 <hours>", "lots"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn geometry_that_is_not_applicable_is_no_geometry() {
        let text = "SC_TARGET_POSITION_VECTOR = (\n \"N/A\"\n, \"N/A\"\n, \"N/A\"\n)";
        assert_eq!(vector_km(&label(text), "SC_TARGET_POSITION_VECTOR"), Ok(None));
        assert_eq!(vector_km(&label("A = 1"), "SC_TARGET_POSITION_VECTOR"), Ok(None));
        assert_eq!(vector_km(&label("V = ()"), "V"), Err("V = () is not a list of 3 numbers".into()));
    }

    #[test]
    fn geometry_that_cannot_be_used_says_why() {
        for (value, reason) in
            [("(1, 2)", "3 numbers"), ("(1 <m>, 2, 3)", "unit"), ("(0, 0, 0)", "no length")]
        {
            let problem = vector_km(&label(&format!("V = {value}")), "V").unwrap_err();
            assert!(problem.contains(reason), "{problem}");
        }
        let problem = camera_from_icrf(&label("QUATERNION = (1, 1, 0, 0)")).unwrap_err();
        assert!(problem.contains("not 1"), "{problem}");
    }

    #[test]
    fn the_quaternion_of_dawn_turns_the_boresight_to_the_pole_the_label_names() {
        // FC21A0038582: RIGHT_ASCENSION = 289.753, DECLINATION = 64.400 deg, printed to 0.001.
        let text = "QUATERNION = (0.5213655224, -0.1747575947, 0.1361764644, -0.8240714445)";
        let camera_from_icrf = camera_from_icrf(&label(text)).unwrap().unwrap();
        let (ra, dec) = (289.753f64.to_radians(), 64.400f64.to_radians());
        let boresight: Vec3<Icrf> = Vec3::new(dec.cos() * ra.cos(), dec.cos() * ra.sin(), dec.sin());
        let look = camera_from_icrf * boresight;
        assert!(look.angle_rad(Vec3::new(0.0, 0.0, 1.0)).to_degrees() < 0.001, "{look:?}");
    }
}
