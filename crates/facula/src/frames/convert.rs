// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any image to FITS, PDS4 or GeoTIFF.

use std::path::{Path, PathBuf};

use facula_archive::{ArchiveImage, Cube, ImageOptions, Target, convert, read_cube, read_image};
use facula_core::{Body, Quality, Raster, Reporter, Warning};
use facula_map::{Band, CogImage, CogOptions, Georeference, Overview, Pixels, write_cog};

use crate::RequestError;

/// Reads an image of any archive file and writes it in the format of the extension of `out`: `.fits`, `.fit`, `.xml`
/// (PDS4 label with its array) or `.tif`, `.tiff`; gives the files written.
///
/// A GeoTIFF has the values as its first band (NaN where there is none) and, where flags say more than that, the
/// quality bits as its second. The map of an ISIS cube of a built-in body keeps its coordinates; a frame has none.
///
/// # Errors
/// [`RequestError::Argument`] for another extension, [`RequestError::Archive`], [`RequestError::Map`].
pub fn convert_file(
    path: &Path,
    out: &Path,
    options: &ImageOptions,
    report: &dyn Reporter,
) -> Result<Vec<PathBuf>, RequestError> {
    if Target::of(out).is_some() {
        return Ok(convert(path, out, options, report)?);
    }
    let extension = out.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    if !matches!(extension.as_deref(), Some("tif" | "tiff")) {
        return Err(RequestError::argument("out (.fits, .xml or .tif)", &out.display().to_string()));
    }
    let read = read_image(path, options, report)?;
    let place = georeference(path, (&read, options), report);
    write_tiff(path, out, (&read, place))?;
    Ok(vec![out.to_path_buf()])
}

fn write_tiff(
    path: &Path,
    out: &Path,
    (read, georeference): (&ArchiveImage, Option<Georeference>),
) -> Result<(), RequestError> {
    let unit = ["IMAGE.UNIT", "BUNIT"].iter().find_map(|key| read.keywords.get(*key));
    let unit = unit.map_or("", String::as_str);
    let mut bands = vec![Band::new(&read.part.name, unit, Pixels::F32(&read.image))];
    let flags = flags(read);
    if let Some(flags) = &flags {
        let band = Band::new("quality flags", "", Pixels::F32(flags)).with_overview(Overview::Or);
        bands.push(band);
    }
    let source = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let metadata = vec![("source".to_string(), source)];
    let image = CogImage { georeference, bands, metadata };
    Ok(write_cog(out, &image, &CogOptions::default())?)
}

/// The quality bits, where they say more than that a pixel has no value.
fn flags(read: &ArchiveImage) -> Option<Raster<f32>> {
    let told = |(value, flag): (&f32, &Quality)| *flag == missing(*value);
    let plain = read.image.as_slice().iter().zip(read.quality.as_slice()).all(told);
    (!plain).then(|| read.quality.map(|flag| f32::from(flag.bits())))
}

fn missing(value: f32) -> Quality {
    if value.is_nan() { Quality::MISSING } else { Quality::GOOD }
}

/// Where a cube's map lies; a map whose coordinates cannot be kept is told.
fn georeference(
    path: &Path,
    (read, options): (&ArchiveImage, &ImageOptions),
    report: &dyn Reporter,
) -> Option<Georeference> {
    let target = read.keywords.get("IsisCube.Mapping.TargetName")?;
    let found = read_cube(path, &options.limits).and_then(Cube::into_map).map_err(|error| error.to_string());
    let found = found.and_then(|map| {
        let body = Body::built_in(&target.to_lowercase()).map_err(|error| error.to_string())?;
        Ok(Georeference::of(&body, map.grid))
    });
    match found {
        Ok(place) => {
            let same =
                (place.grid().width(), place.grid().height()) == (read.image.width(), read.image.height());
            same.then_some(place)
        }
        Err(reason) => {
            report.warn(Warning {
                stage: "convert".into(),
                subject: path.display().to_string(),
                message: format!("the map's coordinates are not kept: {reason}"),
                hint: "the pixels are; project it to simple cylindrical first if you need the coordinates"
                    .into(),
            });
            None
        }
    }
}
