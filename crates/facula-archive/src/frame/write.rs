// SPDX-License-Identifier: MIT OR Apache-2.0
//! A frame to a FITS file and a detached PDS3 label in Dawn's keywords.

use std::path::{Path, PathBuf};

use facula_core::{Body, Epoch, FrameMeta, Icrf, IofFrame, Level, Pose, Raster, RawFrame, Unit, Vec3};

use crate::ArchiveError;
use crate::files::write_aside;
use crate::fits::{FITS_BLOCK_BYTES, FitsCard, FitsFormat, FitsWriteOptions, encode_fits};
use crate::frame::{MAX_EXPOSURE_S, ReadOptions, plain_name, target_name};
use crate::pds3::{BlockKind, Data, Item, Label, Value, is_keyword};
use crate::time::format_microseconds;

/// The two files of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The label, `<id>.LBL`; written last, so that where it is the frame is complete.
    pub label: PathBuf,
    /// The image, `<id>.FIT`.
    pub image: PathBuf,
}

/// Keywords with a meaning to reader or writer: never copied from `meta.keywords`.
const OWN_KEYWORDS: [&str; 30] = [
    "PDS_VERSION_ID",
    "RECORD_TYPE",
    "RECORD_BYTES",
    "FILE_RECORDS",
    "LABEL_RECORDS",
    "FILE_NAME",
    "PRODUCT_ID",
    "INSTRUMENT_HOST_ID",
    "INSTRUMENT_ID",
    "FILTER_NUMBER",
    "FILTER_NAME",
    "TARGET_NAME",
    "DETECTOR_TEMPERATURE",
    "DAWN:T_CCD",
    "FOCAL_PLANE_TEMPERATURE",
    "START_TIME",
    "STOP_TIME",
    "DAWN:ALT_START_TIME",
    "DAWN:ALT_STOP_TIME",
    "EXPOSURE_DURATION",
    "QUATERNION",
    "SC_TARGET_POSITION_VECTOR",
    "SC_SUN_POSITION_VECTOR",
    "RIGHT_ASCENSION",
    "DECLINATION",
    "TWIST_ANGLE",
    "SAMPLE_DISPLAY_DIRECTION",
    "LINE_DISPLAY_DIRECTION",
    "IMAGE",
    "BUNIT",
];

/// Longest keyword text copied into a label, characters.
const MAX_COPIED_TEXT: usize = 1000;

/// Writes a frame as `<id>.FIT` and `<id>.LBL`, from which [`crate::read_frame`] with the same body and shutter
/// delay gives the frame back: pixels and quality exactly, mid exposure to a microsecond, the pose to rounding.
///
/// Pixels are 16-bit whole numbers where that is exact, else 32-bit reals. Top-level keywords of `meta` are
/// copied as text where they mean nothing to the reader. The image is written first, the label last.
///
/// # Errors
/// `Argument` for an id that is no file name, names the label cannot give back, non-finite numbers; `Io`.
pub fn write_frame(
    folder: &Path,
    frame: &RawFrame,
    body: &Body,
    shutter_delay_s: f64,
) -> Result<Written, ArchiveError> {
    write_files(folder, (frame, None), body, shutter_delay_s)
}

/// [`write_frame`] for a calibrated frame, with its errors as extension `SIGMA` of the FITS file.
///
/// # Errors
/// As [`write_frame`].
pub fn write_iof_frame(
    folder: &Path,
    (frame, pose): (&IofFrame, Option<Pose>),
    body: &Body,
    shutter_delay_s: f64,
) -> Result<Written, ArchiveError> {
    let IofFrame { meta, iof, sigma, quality } = frame.clone();
    let frame = RawFrame { meta, dn: iof, quality, pose };
    write_files(folder, (&frame, Some(sigma)), body, shutter_delay_s)
}

fn write_files(
    folder: &Path,
    (frame, sigma): (&RawFrame, Option<Raster<f32>>),
    body: &Body,
    shutter_delay_s: f64,
) -> Result<Written, ArchiveError> {
    check(frame, body)?;
    let timing = Timing::of(&frame.meta, body, shutter_delay_s)?;
    let id = &frame.meta.id;
    let written =
        Written { label: folder.join(format!("{id}.LBL")), image: folder.join(format!("{id}.FIT")) };
    let format = FitsFormat::for_image(&frame.dn);
    let cards = cards(&frame.meta, &timing);
    let options = FitsWriteOptions { format, cards, quality: Some(frame.quality.clone()), sigma };
    let fits = encode_fits(&frame.dn, &options)?;
    let stored = Stored { format, data_start: fits.data_start, records: fits.bytes.len() / FITS_BLOCK_BYTES };
    let text = label(frame, body, &timing, &stored)?.to_text()?;
    remove_stale(&written.label)?;
    write_aside(&written.image, &fits.bytes)?;
    write_aside(&written.label, text.as_bytes())?;
    Ok(written)
}

/// Removes a label of an earlier run: it would vouch for an image that is about to change.
fn remove_stale(label: &Path) -> Result<(), ArchiveError> {
    match std::fs::remove_file(label) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(ArchiveError::Io {
            action: "remove the label of an earlier run",
            cause,
            path: label.to_path_buf(),
        }),
        _ => Ok(()),
    }
}

/// Start and middle of the exposure as they will be read back.
struct Timing {
    start_text: String,
    stop_text: String,
    mid_exposure: Epoch,
}

impl Timing {
    fn of(meta: &FrameMeta, body: &Body, shutter_delay_s: f64) -> Result<Self, ArchiveError> {
        let options = ReadOptions { shutter_delay_s, ..ReadOptions::new(body) };
        let exposure_s = meta.exposure_s;
        if !(0.0..=MAX_EXPOSURE_S).contains(&exposure_s) {
            let reason = "an exposure lasts from 0 s to a day";
            return Err(ArchiveError::Argument { name: "exposure_s", value: exposure_s.to_string(), reason });
        }
        let offset = options.mid_exposure(meta.mid_exposure, exposure_s)? - meta.mid_exposure;
        let (start, start_text) = format_microseconds(meta.mid_exposure - offset);
        let (_, stop_text) = format_microseconds(start + exposure_s * Unit::Second);
        Ok(Self { start_text, stop_text, mid_exposure: options.mid_exposure(start, exposure_s)? })
    }
}

/// How the pixels were stored.
struct Stored {
    format: FitsFormat,
    data_start: usize,
    records: usize,
}

fn check(frame: &RawFrame, body: &Body) -> Result<(), ArchiveError> {
    let refuse =
        |name, value: &str, reason| Err(ArchiveError::Argument { name, value: value.to_string(), reason });
    let meta = &frame.meta;
    let safe = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if meta.id.is_empty() || meta.id.len() > 100 || !meta.id.bytes().all(safe) {
        return refuse("id", &meta.id, "it names files: up to 100 letters, digits, _ and -");
    }
    if target_name(&meta.target) != meta.target {
        return refuse("target", &meta.target, "a target is a lower-case name without blanks");
    }
    if plain_name(&meta.instrument) != meta.instrument {
        return refuse("instrument", &meta.instrument, "an instrument is a lower-case name without blanks");
    }
    if frame.pose.is_some() && meta.target != plain_name(&body.name) {
        return refuse("target", &meta.target, "a frame with a pose looks at the body the pose refers to");
    }
    let apart = |p: &facula_core::Pose| (p.mid_exposure - meta.mid_exposure).abs() > 1.0 * Unit::Microsecond;
    if frame.pose.as_ref().is_some_and(apart) {
        return refuse("pose", &meta.id, "its epoch has to be the frame's mid exposure");
    }
    let finite = frame.pose.is_none_or(|p| p.spacecraft_km.is_finite() && p.sun_km.is_finite());
    if !finite || meta.detector_temperature_k.is_some_and(|k| !k.is_finite()) {
        return refuse("frame", &meta.id, "its pose and temperature have to be finite");
    }
    Ok(())
}

/// Cards for those who open the FITS file without its label.
fn cards(meta: &FrameMeta, timing: &Timing) -> Vec<FitsCard> {
    let short = |text: &str| text.chars().filter(|c| (' '..='~').contains(c)).take(60).collect::<String>();
    vec![
        FitsCard::text("OBJECT", &short(&meta.target.to_uppercase())),
        FitsCard::text("INSTRUME", &short(&meta.instrument.to_uppercase())),
        FitsCard::text("FILTER", &short(&meta.filter)),
        FitsCard::text("DATE-OBS", &timing.start_text),
        FitsCard::number("EXPTIME", &format!("{:?}", meta.exposure_s)),
        FitsCard::text("BUNIT", unit_of(meta.level)),
    ]
}

const fn unit_of(level: Level) -> &'static str {
    match level {
        Level::Raw => "DU",
        Level::Radiance => "W/(M**2*SR*NM)",
        Level::IOverF => "I/F",
        _ => "RELATIVE",
    }
}

fn label(frame: &RawFrame, body: &Body, timing: &Timing, stored: &Stored) -> Result<Label, ArchiveError> {
    let mut label = Label::default();
    push_file(&mut label, &frame.meta, stored);
    push_meta(&mut label, &frame.meta, timing);
    push_pose(&mut label, frame, body, timing.mid_exposure);
    push_copied(&mut label, &frame.meta);
    label.items.push(image_object(frame, stored));
    Ok(label)
}

fn whole(number: usize) -> Value {
    Value { data: Data::Number(number.to_string()), unit: None }
}

fn text_or_na(text: &str) -> Value {
    Value::of_text(if text.is_empty() { "N/A" } else { text })
}

fn push_file(label: &mut Label, meta: &FrameMeta, stored: &Stored) {
    let file = format!("{}.FIT", meta.id);
    let place = |record: usize| Value::of_sequence([Value::of_text(file.clone()), whole(record)]);
    label.push("PDS_VERSION_ID", Value::of_symbol("PDS3"));
    label.push("RECORD_TYPE", Value::of_symbol("FIXED_LENGTH"));
    label.push("RECORD_BYTES", whole(FITS_BLOCK_BYTES));
    label.push("FILE_RECORDS", whole(stored.records));
    label.push("^HEADER", place(1));
    label.push("^IMAGE", place(stored.data_start / FITS_BLOCK_BYTES + 1));
    label.push("FILE_NAME", Value::of_text(file.clone()));
    label.push("PRODUCT_ID", Value::of_text(meta.id.clone()));
}

fn push_meta(label: &mut Label, meta: &FrameMeta, timing: &Timing) {
    let upper = meta.instrument.to_uppercase();
    match upper.split_once('_').filter(|(host, id)| !host.is_empty() && !id.is_empty()) {
        Some((host, instrument)) => {
            label.push("INSTRUMENT_HOST_ID", Value::of_text(host));
            label.push("INSTRUMENT_ID", Value::of_text(instrument));
        }
        None => label.push("INSTRUMENT_ID", text_or_na(&upper)),
    }
    match meta.filter.strip_prefix('F').filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
        Some(number) => label.push("FILTER_NUMBER", Value::of_text(number)),
        None => label.push("FILTER_NAME", text_or_na(&meta.filter)),
    }
    label.push("TARGET_NAME", text_or_na(&meta.target.to_uppercase()));
    let temperature = meta.detector_temperature_k.map(|k| Value::of_number(k).with_unit("kelvin"));
    label.push("DETECTOR_TEMPERATURE", temperature.unwrap_or_else(|| Value::of_text("N/A")));
    let time = |text: &str| Value { data: Data::Time(text.to_string()), unit: None };
    label.push("START_TIME", time(&timing.start_text));
    label.push("STOP_TIME", time(&timing.stop_text));
    label.push("EXPOSURE_DURATION", exposure_value(meta.exposure_s));
}

/// The exposure in milliseconds, as Dawn writes it, where that gives back the same number, else in seconds.
fn exposure_value(exposure_s: f64) -> Value {
    let text = format!("{exposure_s:e}");
    let moved = text.split_once('e').and_then(|(mantissa, exponent)| {
        let exponent: i32 = exponent.parse().ok()?;
        format!("{mantissa}e{}", exponent + 3).parse::<f64>().ok()
    });
    let milliseconds =
        moved.map(|ms| ms.to_string()).filter(|ms| format!("{ms}e-3").parse() == Ok(exposure_s));
    match milliseconds {
        Some(text) => Value { data: Data::Number(text), unit: Some("millisecond".into()) },
        None => Value::of_number(exposure_s).with_unit("second"),
    }
}

fn push_pose(label: &mut Label, frame: &RawFrame, body: &Body, mid_exposure: Epoch) {
    let absent = |count| Value::of_sequence((0..count).map(|_| Value::of_text("N/A")));
    let (mut quaternion, mut target, mut sun) = (absent(4), absent(3), absent(3));
    if let Some(pose) = &frame.pose {
        let body_from_icrf = body.body_from_icrf(mid_exposure);
        let icrf_from_body = body_from_icrf.inverse();
        let target_km = -(icrf_from_body * pose.spacecraft_km);
        let sun_km = icrf_from_body * (pose.sun_km - pose.spacecraft_km);
        let attitude = (pose.camera_from_body * body_from_icrf).to_quaternion();
        quaternion = Value::of_sequence(attitude.map(Value::of_number));
        (target, sun) = (vector(target_km), vector(sun_km));
    }
    label.push("QUATERNION", quaternion);
    label.push("SC_TARGET_POSITION_VECTOR", target);
    label.push("SC_SUN_POSITION_VECTOR", sun);
}

fn vector(vector_km: Vec3<Icrf>) -> Value {
    Value::of_sequence(vector_km.to_array().map(|c| Value::of_number(c).with_unit("km")))
}

fn push_copied(label: &mut Label, meta: &FrameMeta) {
    for (key, text) in &meta.keywords {
        let plain =
            is_keyword(key) && !key.contains(['^', '.', '#']) && !OWN_KEYWORDS.contains(&key.as_str());
        let sayable = text.chars().count() <= MAX_COPIED_TEXT && !text.contains(['"', '\n', '\r']);
        if plain && sayable {
            label.push(key, Value::of_text(text.clone()));
        }
    }
}

fn image_object(frame: &RawFrame, stored: &Stored) -> Item {
    let (bits, kind, offset) = match stored.format {
        FitsFormat::U16 => (16, "MSB_INTEGER", 32_768),
        FitsFormat::F32 => (32, "IEEE_REAL", 0),
    };
    let mut inside = Label::default();
    inside.push("LINES", whole(frame.dn.height()));
    inside.push("LINE_SAMPLES", whole(frame.dn.width()));
    inside.push("BANDS", whole(1));
    inside.push("SAMPLE_BITS", whole(bits));
    inside.push("SAMPLE_TYPE", Value::of_symbol(kind));
    inside.push("OFFSET", whole(offset));
    inside.push("SCALING_FACTOR", whole(1));
    inside.push("UNIT", Value::of_text(unit_of(frame.meta.level)));
    inside.push("SAMPLE_DISPLAY_DIRECTION", Value::of_symbol("RIGHT"));
    inside.push("LINE_DISPLAY_DIRECTION", Value::of_symbol("DOWN"));
    Item::Block { kind: BlockKind::Object, name: "IMAGE".to_string(), items: inside.items }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exposures_come_back_to_the_last_bit(exposure_s in prop_oneof![0.0..1e4f64, 1e-9..1e-3f64]) {
            let value = exposure_value(exposure_s);
            let text = value.scalar_text().unwrap();
            let shift = if value.unit.as_deref() == Some("millisecond") { "e-3" } else { "" };
            prop_assert_eq!(format!("{text}{shift}").parse::<f64>().unwrap(), exposure_s);
        }
    }
}
