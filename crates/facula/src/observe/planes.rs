// SPDX-License-Identifier: MIT OR Apache-2.0
//! Backplanes of a placed frame, written with named bands.

use std::path::Path;

use facula_archive::fits::{FitsCard, FitsPlane, write_fits_planes};
use facula_core::format_utc;
use facula_geometry::backplanes;
use facula_map::{CogImage, CogOptions, plane_bands, write_cog};

use super::PlacedFrame;
use crate::RequestError;

/// Computes the backplanes of a frame and writes them: `.fits`, `.fit` as image extensions, `.tif` as bands. Gives the
/// names of the bands with their units.
///
/// # Errors
/// [`RequestError::Argument`] for another extension; writing errors.
pub fn write_backplanes(frame: &PlacedFrame, path: &Path) -> Result<Vec<(String, String)>, RequestError> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !["fits", "fit", "tif", "tiff"].contains(&extension.as_str()) {
        return Err(RequestError::argument(
            "--out (a name ending in .tif or .fits)",
            &path.to_string_lossy(),
        ));
    }
    let planes = backplanes(&frame.camera, &frame.pose, &frame.shape);
    let bands = planes.bands();
    let id = &frame.header.meta.id;
    let time = format_utc(frame.pose.mid_exposure);
    if extension.starts_with("fit") {
        let images: Vec<FitsPlane<'_>> =
            bands.iter().map(|(name, unit, image)| FitsPlane { name, unit, image }).collect();
        let cards = [FitsCard::text("PRODUCT", id), FitsCard::text("DATE-AVG", &time)];
        write_fits_planes(path, &images, &cards)?;
    } else {
        let image = CogImage {
            georeference: None,
            bands: plane_bands(&planes),
            metadata: vec![("PRODUCT_ID".into(), id.clone()), ("MID_EXPOSURE_UTC".into(), time)],
        };
        write_cog(path, &image, &CogOptions::default())?;
    }
    Ok(bands.iter().map(|(name, unit, _)| ((*name).to_string(), (*unit).to_string())).collect())
}
