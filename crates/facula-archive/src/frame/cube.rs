// SPDX-License-Identifier: MIT OR Apache-2.0
//! A frame from an ISIS cube: core, `Instrument`, `BandBin` and `Archive` groups, and the pose that `spiceinit` left in
//! the attached tables.
//!
//! # Source
//! ISIS `SpiceRotation` (`InstrumentPointing`: quaternions from J2000 to the first time-dependent frame, then
//! `ConstantRotation` by rows; `BodyRotation`: J2000 to body-fixed) and `SpicePosition` (`InstrumentPosition` and
//! `SunPosition` from the centre of the target, J2000, km). Checked in tests/cubes.rs against USGS ALE.

use facula_core::{
    BodyFixed, Camera, Epoch, FrameMeta, Icrf, Level, Pose, RawFrame, Rotation, Spacecraft, Vec3,
    epoch_from_et_s,
};

use crate::ArchiveError;
use crate::format::Format;
use crate::frame::{FrameHeader, MAX_EXPOSURE_S, Source, looks_at_body, plain_name, target_name};
use crate::isis::{CubeFile, Table};
use crate::pds3::{Item, Label, Value, find_block, find_keyword};
use crate::time::parse_time;

/// Hint of all errors about keywords.
const HINT: &str = "correct the keyword in the label of the cube, or import the frame again";

/// How far the time of the tables may lie from the mid exposure of the label, s: shutter delays are below.
const TIME_APART_S: f64 = 1.0;

/// Tables of a pose.
const POSE_TABLES: [&str; 4] = ["InstrumentPointing", "InstrumentPosition", "BodyRotation", "SunPosition"];

/// Reads the frame of a cube.
pub(super) fn read(source: &Source<'_>) -> Result<RawFrame, ArchiveError> {
    let file = open(source)?;
    let (meta, pose) = told(source, &file)?;
    let (dn, quality) = file.band(0, 0, &source.options.limits)?;
    Ok(RawFrame { meta, dn, quality, pose })
}

/// Reads what a cube tells without its core.
pub(super) fn read_header(source: &Source<'_>) -> Result<FrameHeader, ArchiveError> {
    let file = open(source)?;
    let (meta, pose) = told(source, &file)?;
    Ok(FrameHeader { meta, size_px: file.size_px(), pose })
}

/// Opens the cube and refuses what is no frame of a camera.
fn open<'a>(source: &Source<'a>) -> Result<CubeFile<'a>, ArchiveError> {
    let file = CubeFile::open(source.path, source.bytes, &source.options.limits)?;
    if file.label().get("IsisCube.Mapping.ProjectionName").is_some() {
        return Err(ArchiveError::unsupported("a projected cube as a frame", "read it as a map or an image"));
    }
    let bands = file.parts().first().map_or(0, |part| part.sizes[2]);
    if bands != 1 {
        let what = format!("a cube of {bands} bands as a frame");
        return Err(ArchiveError::unsupported(what, "extract one filter with cubeatt cube.cub+1"));
    }
    let records = file.rows_of(POSE_TABLES[0]).unwrap_or(1);
    let turning = file.rows_of("BodyRotation").unwrap_or(1);
    if records > 1 || turning > 1 {
        let what =
            format!("a cube whose pointing is told for {} times (a line scanner)", records.max(turning));
        return Err(ArchiveError::unsupported(
            what,
            "only frame cameras are read as frames; read it as an image",
        ));
    }
    Ok(file)
}

/// What is known about the frame. The tables know its middle better than the start time in the label does.
fn told(source: &Source<'_>, file: &CubeFile<'_>) -> Result<(FrameMeta, Option<Pose>), ArchiveError> {
    let mut meta = meta(source, file)?;
    let pose = pose(source, file, &meta).unwrap_or_else(|problem| {
        let hint = "run spiceinit again, or give a pose file or kernels";
        source.warn(&format!("{problem}: the frame has no pose"), hint);
        None
    });
    if let Some(pose) = &pose {
        meta.mid_exposure = pose.mid_exposure;
    }
    Ok((meta, pose))
}

fn meta(source: &Source<'_>, file: &CubeFile<'_>) -> Result<FrameMeta, ArchiveError> {
    let label = file.label();
    let first = |paths: &[&str]| paths.iter().find_map(|path| label.text(&format!("IsisCube.{path}")));
    let exposure_s = exposure_s(label)?;
    let start = first(&["Instrument.StartTime"])
        .ok_or_else(|| ArchiveError::missing("the keyword Instrument.StartTime", HINT))?;
    let start = parse_time(start)
        .ok_or_else(|| ArchiveError::format(format!("StartTime = {start} is not a UTC time"), HINT))?;
    let number = first(&["BandBin.FilterNumber"]).map(|number| format!("F{number}"));
    let names = [first(&["Instrument.SpacecraftName"]), first(&["Instrument.InstrumentId"])];
    let stem = |name: &str| {
        std::path::Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned()
    };
    let id =
        first(&["Archive.FileName"]).map(stem).or_else(|| first(&["Archive.ProductId"]).map(str::to_string));
    Ok(FrameMeta {
        id: id.unwrap_or_else(|| stem(&source.path.to_string_lossy())),
        target: target_name(first(&["Instrument.TargetName"]).unwrap_or_default()),
        instrument: names.into_iter().flatten().map(plain_name).collect::<Vec<_>>().join("_"),
        filter: number.unwrap_or_else(|| {
            first(&["BandBin.FilterName", "BandBin.Name"]).unwrap_or_default().to_string()
        }),
        mid_exposure: source.options.mid_exposure(start, exposure_s)?,
        exposure_s,
        detector_temperature_k: None,
        level: level(source, label),
        keywords: file.keywords(),
    })
}

/// `ExposureDuration`, s; milliseconds unless the label says otherwise.
fn exposure_s(label: &Label) -> Result<f64, ArchiveError> {
    let value = label.get("IsisCube.Instrument.ExposureDuration").filter(|v| v.known_text().is_some());
    let value =
        value.ok_or_else(|| ArchiveError::missing("the keyword Instrument.ExposureDuration", HINT))?;
    let factor = match value.unit.as_deref().unwrap_or("ms").to_ascii_lowercase().as_str() {
        "ms" | "millisecond" | "milliseconds" => Some(1e-3),
        "s" | "sec" | "second" | "seconds" => Some(1.0),
        _ => None,
    };
    let exposure_s = value.number().zip(factor).map(|(number, factor)| number * factor);
    exposure_s.filter(|s| (0.0..=MAX_EXPOSURE_S).contains(s)).ok_or_else(|| {
        ArchiveError::format(format!("ExposureDuration = {value} is not an exposure time"), HINT)
    })
}

/// Raw when the data set is one of raw frames and nothing says that the cube was calibrated.
fn level(source: &Source<'_>, label: &Label) -> Level {
    let calibrated = label.items.iter().any(|item| match item {
        Item::Block { items, .. } => {
            find_block(items, "RadiometricCalibration").is_some() || find_block(items, "Radiometry").is_some()
        }
        Item::Keyword { .. } => false,
    });
    if !calibrated && label.text("IsisCube.Archive.DataSetId").is_some_and(|id| id.contains("-EDR-")) {
        return Level::Raw;
    }
    let message = "the cube does not say what the numbers are: taken as relative brightness";
    source.warn(message, "convert the cube to FITS and set BUNIT to DN or I/F");
    Level::Relative
}

/// The pose in the tables; `None` when they are not there, an error text when they cannot be used.
fn pose(source: &Source<'_>, file: &CubeFile<'_>, meta: &FrameMeta) -> Result<Option<Pose>, String> {
    if !POSE_TABLES.iter().all(|name| file.rows_of(name).is_some()) || !looks_at_body(source, &meta.target) {
        return Ok(None);
    }
    let read = |name: &str| file.table(name).map_err(|error| error.to_string());
    let [pointing, position, spin, sun] =
        [read(POSE_TABLES[0])?, read(POSE_TABLES[1])?, read(POSE_TABLES[2])?, read(POSE_TABLES[3])?];
    let mid_exposure = mid_exposure(&pointing, meta)?;
    let spacecraft_from_icrf: Rotation<Spacecraft, Icrf> = rotation(&pointing)?;
    let camera_from_icrf = constant_rotation(file.label())? * spacecraft_from_icrf;
    let body_from_icrf: Rotation<BodyFixed, Icrf> = rotation(&spin)?;
    Ok(Some(Pose {
        mid_exposure,
        spacecraft_km: body_from_icrf * place_km(&position)?,
        sun_km: body_from_icrf * place_km(&sun)?,
        camera_from_body: camera_from_icrf * body_from_icrf.inverse(),
    }))
}

fn mid_exposure(pointing: &Table, meta: &FrameMeta) -> Result<Epoch, String> {
    let [et_s] = row(pointing, ["ET"])?;
    let middle = epoch_from_et_s(et_s);
    let apart_s = (middle - meta.mid_exposure).to_seconds();
    if apart_s.abs() > TIME_APART_S + meta.exposure_s {
        return Err(format!("the tables are for a time {apart_s} s from the middle of the exposure"));
    }
    Ok(middle)
}

fn rotation<F>(table: &Table) -> Result<Rotation<F, Icrf>, String> {
    let quaternion = row(table, ["J2000Q0", "J2000Q1", "J2000Q2", "J2000Q3"])?;
    let norm = quaternion.iter().map(|c| c * c).sum::<f64>().sqrt();
    let rotation = Rotation::from_quaternion(quaternion).filter(|_| (norm - 1.0).abs() < 1e-9);
    rotation.ok_or_else(|| format!("the quaternion of the table {} has length {norm}, not 1", table.name))
}

fn place_km(table: &Table) -> Result<Vec3<Icrf>, String> {
    let place_km = Vec3::from_array(row(table, ["J2000X", "J2000Y", "J2000Z"])?);
    let good = place_km.length() > 0.0 && place_km.length().is_finite();
    good.then_some(place_km).ok_or_else(|| format!("the table {} holds no place off the centre", table.name))
}

/// From the last time-dependent frame to the camera.
fn constant_rotation(label: &Label) -> Result<Rotation<Camera, Spacecraft>, String> {
    let value = label.items.iter().find_map(|item| match item {
        Item::Block { name, items, .. } if name.eq_ignore_ascii_case("Table") => {
            let named = find_keyword(items, "Name").and_then(Value::scalar_text);
            (named == Some(POSE_TABLES[0])).then(|| find_keyword(items, "ConstantRotation"))
        }
        _ => None,
    });
    let Some(value) = value.flatten() else { return Ok(Rotation::identity()) };
    let numbers: Option<Vec<f64>> = value.elements().iter().map(Value::number).collect();
    let rows = numbers.and_then(|numbers| <[f64; 9]>::try_from(numbers).ok());
    let rows = rows.map(|m| [[m[0], m[1], m[2]], [m[3], m[4], m[5]], [m[6], m[7], m[8]]]);
    rows.and_then(Rotation::from_rows).ok_or_else(|| format!("ConstantRotation = {value} is not a rotation"))
}

/// Numbers of the only row of a table.
fn row<const N: usize>(table: &Table, columns: [&str; N]) -> Result<[f64; N], String> {
    let mut found = [0.0; N];
    for (found, column) in found.iter_mut().zip(columns) {
        *found = match table.numbers(column) {
            Some([number]) if number.is_finite() => *number,
            _ => return Err(format!("the table {} has no single {column}", table.name)),
        };
    }
    Ok(found)
}
