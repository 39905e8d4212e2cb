// SPDX-License-Identifier: MIT OR Apache-2.0
//! Global maps as pictures: JPEG, PNG, TIFF or ISIS cube in simple cylindrical projection to [`MapImage`].

pub(crate) mod tiff;

use std::f64::consts::{FRAC_PI_2, TAU};
use std::path::Path;

use facula_core::{MapGrid, MapImage, Raster};

use crate::files::read_bounded;
use crate::png_image::Picture;
use crate::{ArchiveError, Limits, isis};

/// Reads a global simple cylindrical map, twice as wide as high, north up.
///
/// `west_deg` is the east longitude of the left edge of the picture, in degrees: -180 for maps centred on the
/// prime meridian. Values are 0 to 255 (0 to 65535 for 16-bit PNG) in the picture's own scale, the plain **mean
/// of the channels** for colour; TIFF values are those of the first band. Latitudes are planetocentric only if
/// the map's are. An ISIS cube brings its own grid, which need not be global and must begin at `west_deg` within
/// half a cell.
///
/// # Errors
/// `Format` for pictures that are damaged or not 2:1, `Argument` for a west edge that is not a longitude or
/// contradicts the georeferencing of a TIFF, `Limit`, `Unsupported`, `Io`.
pub fn read_map(path: &Path, west_deg: f64, limits: &Limits) -> Result<MapImage, ArchiveError> {
    if !(west_deg.abs() <= 360.0) {
        let reason = "the west edge is a longitude from -360 to 360 degrees";
        return Err(ArchiveError::Argument { name: "west_deg", value: west_deg.to_string(), reason });
    }
    let bytes = read_bounded(path, limits)?;
    if isis::is_cube(&bytes) {
        return cube(&bytes, west_deg, limits).map_err(|error| error.in_file(path));
    }
    let values = values(&bytes, west_deg, limits).map_err(|error| error.in_file(path))?;
    let (width, height) = (values.width(), values.height());
    if width != 2 * height {
        let what = format!("the map has {width} x {height} pixels");
        let hint = "a global simple cylindrical map is twice as wide as high";
        return Err(ArchiveError::format(what, hint).in_file(path));
    }
    let west_rad = west_deg.to_radians();
    let grid = MapGrid { width, height, west_rad, north_rad: FRAC_PI_2, step_rad: TAU / width as f64 };
    Ok(MapImage { grid, values })
}

/// The map of an ISIS cube, when it begins where the caller says.
fn cube(bytes: &[u8], west_deg: f64, limits: &Limits) -> Result<MapImage, ArchiveError> {
    let map = isis::parse_cube(bytes, limits)?.into_map()?;
    let turn = (map.grid.west_rad - west_deg.to_radians()) / TAU;
    if (turn - turn.round()).abs() * TAU <= 0.5 * map.grid.step_rad {
        return Ok(map);
    }
    let value = format!("{west_deg}, but the cube begins at {}", map.grid.west_rad.to_degrees());
    let reason = "the west edge has to be that of the cube's Mapping group";
    Err(ArchiveError::Argument { name: "west_deg", value, reason })
}

fn values(bytes: &[u8], west_deg: f64, limits: &Limits) -> Result<Raster<f32>, ArchiveError> {
    if bytes.starts_with(b"\x89PNG") {
        Ok(Picture::from_png(bytes, limits)?.mean_of_colours())
    } else if bytes.starts_with(&[0xff, 0xd8]) {
        Ok(Picture::from_jpeg(bytes, limits)?.mean_of_colours())
    } else if bytes.starts_with(b"II") || bytes.starts_with(b"MM") {
        tiff::read(bytes, west_deg, limits)
    } else {
        Err(ArchiveError::unsupported(
            "a map that is neither JPEG, PNG, TIFF nor ISIS cube",
            "convert it to one of these",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::png_image::tests::png_bytes;
    use facula_core::{LonLat, PixelPos};

    fn read(bytes: &[u8], west_deg: f64) -> Result<MapImage, ArchiveError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map");
        std::fs::write(&path, bytes).unwrap();
        read_map(&path, west_deg, &Limits::default())
    }

    #[test]
    fn the_west_edge_places_the_picture() {
        let kind = (png::ColorType::Grayscale, png::BitDepth::Eight);
        let map = read(&png_bytes((4, 2), kind, &[1, 2, 3, 4, 5, 6, 7, 8]), -180.0).unwrap();
        // Column 2 of 4 spans 0 to 90 degrees east when the left edge is at -180.
        let position = map.grid.position(LonLat::from_degrees(45.0, 45.0)).unwrap();
        assert!((position.x_px - 2.0).abs() < 1e-12 && position.y_px.abs() < 1e-12);
        assert_eq!(map.values.at(2, 0), 3.0);
        assert!(map.grid.wraps());
        let place = map.grid.place(PixelPos::new(0.0, 1.0));
        assert!((place.longitude_deg() - 225.0).abs() < 1e-9 && (place.latitude_deg() + 45.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_global_map_is_refused() {
        let kind = (png::ColorType::Grayscale, png::BitDepth::Eight);
        let square = png_bytes((2, 2), kind, &[0; 4]);
        assert!(read(&square, 0.0).unwrap_err().to_string().contains("2 x 2 pixels"));
        assert!(matches!(read(&square, f64::NAN), Err(ArchiveError::Argument { .. })));
        assert!(matches!(read(b"GIF89a", 0.0), Err(ArchiveError::Unsupported { .. })));
        assert!(read(b"", 0.0).is_err());
    }
}
