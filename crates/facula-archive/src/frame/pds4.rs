// SPDX-License-Identifier: MIT OR Apache-2.0
//! A frame from its PDS4 label: the first array, and what the core and imaging dictionaries tell;
//! the pose where the geometry dictionary is used.

use facula_core::{Epoch, FrameMeta, Level, Pose, RawFrame};

use crate::ArchiveError;
use crate::format::Format;
use crate::frame::fits_only::level_of_unit;
use crate::frame::{FrameHeader, MAX_EXPOSURE_S, Source, pds4_pose, plain_name, target_name};
use crate::pds4::{Element, Pds4File};
use crate::time::parse_time;

/// Hint of all errors about elements.
const HINT: &str = "correct the element in the label, or fetch the label again";

/// Reads the frame of a label.
pub(super) fn read(source: &Source<'_>) -> Result<RawFrame, ArchiveError> {
    let file = Pds4File::open(source.path, source.bytes, &source.options.limits)?;
    let meta = meta(source, &file)?;
    let (dn, quality) = file.band(0, 0, &source.options.limits)?;
    Ok(RawFrame { pose: told_pose(source, &file, &meta), meta, dn, quality })
}

/// Reads what a label tells without its array.
pub(super) fn read_header(source: &Source<'_>) -> Result<FrameHeader, ArchiveError> {
    let file = Pds4File::open(source.path, source.bytes, &source.options.limits)?;
    let sizes = file.parts().first().map_or([0; 3], |part| part.sizes);
    let meta = meta(source, &file)?;
    Ok(FrameHeader { pose: told_pose(source, &file, &meta), meta, size_px: (sizes[0], sizes[1]) })
}

/// The pose of a label; one that cannot be used is a warning.
fn told_pose(source: &Source<'_>, file: &Pds4File, meta: &FrameMeta) -> Option<Pose> {
    pds4_pose::pose(source, file.label(), meta).unwrap_or_else(|problem| {
        let hint = "correct the geometry of the label, or give a pose file or kernels";
        source.warn(&format!("{problem}: the frame has no pose"), hint);
        None
    })
}

fn meta(source: &Source<'_>, file: &Pds4File) -> Result<FrameMeta, ArchiveError> {
    let label = file.label();
    let times = ["start_date_time", "stop_date_time"].map(|name| time(label, name)).map(Result::transpose);
    let [start, stop] = times;
    let (start, stop) = (start.transpose()?, stop.transpose()?);
    let start = start.ok_or_else(|| ArchiveError::missing("the element start_date_time", HINT))?;
    let exposure_s = match exposure_s(label)? {
        Some(exposure_s) => exposure_s,
        None => stop.map(|stop| (stop - start).to_seconds()).unwrap_or(f64::NAN),
    };
    if !(0.0..=MAX_EXPOSURE_S).contains(&exposure_s) {
        return Err(ArchiveError::missing("the exposure time (exposure_duration, or a stop time)", HINT));
    }
    let system = label.find("Observing_System");
    let component = |kind: &str| {
        let has_kind = |c: &&Element| c.child_text("type").is_some_and(|t| t.eq_ignore_ascii_case(kind));
        system.and_then(|s| s.children.iter().find(has_kind)).and_then(|c| c.child_text("name"))
    };
    let names = [component("Host").or(component("Spacecraft")), component("Instrument")];
    let id = label.find("logical_identifier").and_then(|id| id.text.rsplit(':').next());
    let stem = || source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FrameMeta {
        id: id.filter(|id| !id.is_empty()).map_or_else(stem, str::to_string),
        target: target_name(target(label)),
        instrument: names.into_iter().flatten().map(plain_name).collect::<Vec<_>>().join("_"),
        filter: text(label, &["filter_name", "filter_id", "filter_number"]).unwrap_or_default().to_string(),
        mid_exposure: source.options.mid_exposure(start, exposure_s)?,
        exposure_s,
        detector_temperature_k: None,
        level: level(source, file),
        keywords: file.keywords(),
    })
}

fn text<'a>(label: &'a Element, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| label.find(name)).map(|e| e.text.as_str()).filter(|text| !text.is_empty())
}

fn target(label: &Element) -> &str {
    label.find("Target_Identification").and_then(|target| target.child_text("name")).unwrap_or_default()
}

/// A time of the observation; `None` when it is absent or nil.
fn time(label: &Element, name: &str) -> Result<Option<Epoch>, ArchiveError> {
    let Some(text) = text(label, &[name]) else { return Ok(None) };
    let parsed = parse_time(text);
    parsed.map(Some).ok_or_else(|| ArchiveError::format(format!("{name} = \"{text}\" is not a time"), HINT))
}

/// `img:exposure_duration` with its unit.
fn exposure_s(label: &Element) -> Result<Option<f64>, ArchiveError> {
    let Some(element) = label.find("exposure_duration") else { return Ok(None) };
    let number = element.text.parse::<f64>().ok();
    let factor = match element.attribute("unit") {
        Some("s") => Some(1.0),
        Some("ms") => Some(1e-3),
        Some("microseconds") => Some(1e-6),
        _ => None,
    };
    let exposure_s = number.zip(factor).map(|(number, factor)| number * factor);
    exposure_s.map(Some).ok_or_else(|| {
        ArchiveError::format(
            format!("exposure_duration = \"{}\" is not an exposure time", element.text),
            HINT,
        )
    })
}

/// By the unit of the array, else by `processing_level`.
fn level(source: &Source<'_>, file: &Pds4File) -> Level {
    let unit = file.unit().unwrap_or_default();
    let raw = unit.is_empty() && text(file.label(), &["processing_level"]) == Some("Raw");
    level_of_unit(unit).or(raw.then_some(Level::Raw)).unwrap_or_else(|| {
        let message =
            format!("the unit \"{unit}\" does not say what the numbers are: taken as relative brightness");
        source.warn(&message, "set the unit of Element_Array to DN or I/F");
        Level::Relative
    })
}
