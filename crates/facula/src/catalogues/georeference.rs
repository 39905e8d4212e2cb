// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the cells of a map file lie, from the keywords of its GeoTIFF tags; other projections are told apart.
//!
//! # Source
//! GeoTIFF 1.1 (OGC 19-008r4): a tie point and pixel scale, `ProjMethod` 17 (Equirectangular), model type 2 (degrees).

use std::collections::BTreeMap;
use std::f64::consts::{FRAC_PI_2, TAU};
use std::path::Path;

use facula_archive::ArchiveImage;
use facula_core::MapGrid;

use crate::RequestError;

/// A grid, and the body the file says it is of.
#[derive(Debug, PartialEq)]
pub(super) struct Placed {
    pub grid: MapGrid,
    pub body: Option<String>,
}

/// Why a file has no place, and what to do.
#[derive(Debug, PartialEq)]
pub(super) struct Trouble(String, &'static str);

impl Trouble {
    pub fn of(self, path: &Path) -> RequestError {
        RequestError::MapFile { what: self.0, remedy: self.1, path: path.to_path_buf() }
    }
}

const EQUIRECTANGULAR: f64 = 17.0;
const AGAIN: &str = "make it again with `facula map … --projection equirectangular`, or \
                     `gdalwarp -t_srs '+proj=eqc +lon_0=180 +R=RADIUS' MAP.tif OUT.tif`";
const TELL_WEST: &str =
    "give --west-deg: -180 for global maps centred on the prime meridian, 0 for those that begin there";

/// The grid of an image: from its tags, else a global map from a west edge (degrees east) on.
pub(super) fn placed(image: &ArchiveImage, west_deg: Option<f64>) -> Result<Placed, Trouble> {
    let keywords = &image.keywords;
    let (width, height) = (image.image.width(), image.image.height());
    let place = Tags::of(keywords).map(|tags| tags.grid((width, height))).transpose()?;
    let grid = match (place, west_deg) {
        (Some(grid), None) => grid,
        (Some(grid), Some(west_deg)) => agreeing(grid, west_deg)?,
        (None, Some(west_deg)) => global((width, height), west_deg)?,
        (None, None) => return Err(Trouble("it does not say where it lies".into(), TELL_WEST)),
    };
    Ok(Placed { grid, body: body_of(keywords) })
}

/// A value of GDAL's metadata.
pub(super) fn metadata_item(keywords: &BTreeMap<String, String>, name: &str) -> Option<String> {
    let text = keywords.get("GDAL_METADATA")?;
    let begin = format!("<Item name=\"{name}\">");
    let value = text.split(&begin).nth(1)?.split("</Item>").next()?;
    Some(
        value
            .replace("&#39;", "'")
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

/// The target in the metadata, or the first word of the coordinate system (`Ceres (2015) - Sphere / Ocentric`).
fn body_of(keywords: &BTreeMap<String, String>) -> Option<String> {
    let crs =
        || keywords.get("CRS").and_then(|crs| crs.split_once(" (2015)")).map(|(body, _)| body.to_string());
    metadata_item(keywords, "TARGET").or_else(crs)
}

fn global((width, height): (usize, usize), west_deg: f64) -> Result<MapGrid, Trouble> {
    if width != 2 * height {
        let what = format!("it has {width} x {height} pixels and does not say where it lies");
        return Err(Trouble(what, "give a GeoTIFF, or a global map twice as wide as high"));
    }
    if !(west_deg.abs() <= 360.0) {
        return Err(Trouble(format!("its west edge is said to be {west_deg}"), TELL_WEST));
    }
    let west_rad = west_deg.to_radians();
    Ok(MapGrid { width, height, west_rad, north_rad: FRAC_PI_2, step_rad: TAU / width as f64 })
}

/// The file's own grid, when its west edge is where the user says.
fn agreeing(grid: MapGrid, west_deg: f64) -> Result<MapGrid, Trouble> {
    let turns = (grid.west_rad - west_deg.to_radians()) / TAU;
    if (turns - turns.round()).abs() * TAU <= 0.5 * grid.step_rad {
        return Ok(grid);
    }
    let own_deg = grid.west_rad.to_degrees();
    Err(Trouble(format!("it begins at {own_deg:.4} degrees, not at {west_deg}"), "leave --west-deg out"))
}

/// What the tags say.
struct Tags<'a> {
    keywords: &'a BTreeMap<String, String>,
    /// Size of a pixel.
    scale: [f64; 2],
    /// Pixel and point of the tie.
    tie: [f64; 4],
}

impl<'a> Tags<'a> {
    /// `None` without a tie point and scale.
    fn of(keywords: &'a BTreeMap<String, String>) -> Option<Self> {
        let numbers = |name: &str| -> Option<Vec<f64>> {
            let text = keywords.get(name)?.trim_matches(['(', ')']);
            text.split(',').map(|number| number.trim().parse().ok()).collect()
        };
        let (scale, tie) = (numbers("ModelPixelScale")?, numbers("ModelTiepoint")?);
        let ([sx, sy, ..], [i, j, _, x, y, ..]) = (scale.as_slice(), tie.as_slice()) else { return None };
        Some(Self { keywords, scale: [*sx, *sy], tie: [*i, *j, *x, *y] })
    }

    fn key(&self, name: &str) -> Option<f64> {
        self.keywords.get(&format!("GeoKey.{name}"))?.parse().ok()
    }

    fn grid(&self, (width, height): (usize, usize)) -> Result<MapGrid, Trouble> {
        // Radians a unit across and along, and the longitude of x = 0.
        let (across_rad, along_rad, middle_deg) = if self.key("GTModelType") == Some(2.0) {
            (1f64.to_radians(), 1f64.to_radians(), 0.0)
        } else {
            self.projected()?
        };
        let step_rad = self.scale[1] * along_rad;
        let across = self.scale[0] * across_rad;
        // Over the whole width the two may part by a tenth of a cell.
        if !(step_rad > 0.0 && (across / step_rad - 1.0).abs() * width as f64 <= 0.1) {
            let [x, y] = [across, step_rad].map(f64::to_degrees);
            return Err(Trouble(format!("its cells are {x:.8} degrees wide and {y:.8} high"), AGAIN));
        }
        let [i, j, x, y] = self.tie;
        // GTRasterType 2: the tie point is the middle of its pixel.
        let half = if self.key("GTRasterType") == Some(2.0) { 0.5 } else { 0.0 };
        let west_rad = middle_deg.to_radians() + x * across_rad - (i + half) * step_rad;
        let north_rad = y * along_rad + (j + half) * step_rad;
        // Whole turns of a map of the whole body end where it began.
        let is_whole = (width as f64 * step_rad - TAU).abs() < 0.1 * step_rad;
        let step_rad = if is_whole { TAU / width as f64 } else { step_rad };
        let south_rad = north_rad - height as f64 * step_rad;
        if north_rad > FRAC_PI_2 + 0.6 * step_rad || south_rad < -FRAC_PI_2 - 0.6 * step_rad {
            let [south, north] = [south_rad, north_rad].map(f64::to_degrees);
            return Err(Trouble(
                format!("it reaches from {south:.3} to {north:.3} degrees of latitude"),
                AGAIN,
            ));
        }
        Ok(MapGrid { width, height, west_rad, north_rad: north_rad.min(FRAC_PI_2), step_rad })
    }

    /// Of a projected system: it has to be equirectangular.
    fn projected(&self) -> Result<(f64, f64, f64), Trouble> {
        let method = self.key("ProjMethod");
        if method != Some(EQUIRECTANGULAR) {
            let named = self.keywords.get("CRS").map_or("unknown", String::as_str);
            return Err(Trouble(format!("its projection ({named}) is not equirectangular"), AGAIN));
        }
        let radius_m = self.key("EllipsoidSemiMajorAxis").filter(|radius_m| *radius_m > 0.0);
        let Some(radius_m) = radius_m else {
            return Err(Trouble("its coordinate system has no radius".into(), AGAIN));
        };
        let middle_deg = self.key("ProjCenterLong").or(self.key("ProjNatOriginLong")).unwrap_or(0.0);
        let shift = |name: &str| self.key(name).unwrap_or(0.0);
        if shift("ProjFalseEasting") != 0.0 || shift("ProjCenterLat") != 0.0 {
            return Err(Trouble("its coordinate system is shifted".into(), AGAIN));
        }
        let true_scale = shift("ProjStdParallel1").to_radians().cos();
        Ok((1.0 / (radius_m * true_scale), 1.0 / radius_m, middle_deg))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keywords(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string())).collect()
    }

    /// As `facula map` writes a window of Ceres from 230 to 250 E and 10 to 30 N at 0.1 degrees.
    fn window() -> BTreeMap<String, String> {
        let degree_m = 487_300.0 * 1f64.to_radians();
        let scale = format!("({0}, {0}, 0)", 0.1 * degree_m);
        let tie = format!("(0, 0, 0, {}, {}, 0)", 50.0 * degree_m, 30.0 * degree_m);
        let mut all = keywords(&[
            ("GeoKey.GTModelType", "1"),
            ("GeoKey.GTRasterType", "1"),
            ("GeoKey.ProjMethod", "17"),
            ("GeoKey.EllipsoidSemiMajorAxis", "487300"),
            ("GeoKey.ProjCenterLong", "180"),
            ("CRS", "Ceres (2015) - Sphere / Ocentric / Equirectangular, clon = 180"),
        ]);
        all.insert("ModelPixelScale".into(), scale);
        all.insert("ModelTiepoint".into(), tie);
        all
    }

    #[test]
    fn metres_become_degrees() {
        let words = window();
        let grid = Tags::of(&words).unwrap().grid((200, 200)).unwrap();
        assert!((grid.west_rad.to_degrees() - 230.0).abs() < 1e-9, "{grid:?}");
        assert!(
            (grid.north_rad.to_degrees() - 30.0).abs() < 1e-9
                && (grid.step_rad.to_degrees() - 0.1).abs() < 1e-9
        );
        assert_eq!(body_of(&words).as_deref(), Some("Ceres"));
    }

    #[test]
    fn middles_of_pixels_and_degrees_are_understood() {
        let mut words = window();
        words.insert("GeoKey.GTRasterType".into(), "2".into());
        let grid = Tags::of(&words).unwrap().grid((200, 200)).unwrap();
        assert!((grid.west_rad.to_degrees() - 229.95).abs() < 1e-9);
        let degrees = keywords(&[
            ("GeoKey.GTModelType", "2"),
            ("ModelPixelScale", "(0.5, 0.5, 0)"),
            ("ModelTiepoint", "(0, 0, 0, -180, 90, 0)"),
        ]);
        let grid = Tags::of(&degrees).unwrap().grid((720, 360)).unwrap();
        assert!(grid.wraps() && (grid.west_rad.to_degrees() + 180.0).abs() < 1e-9);
    }

    #[test]
    fn other_projections_and_odd_cells_are_refused_with_a_way_out() {
        for (key, value, told) in [
            ("GeoKey.ProjMethod", "15", "not equirectangular"),
            ("GeoKey.ProjStdParallel1", "60", "wide"),
            ("GeoKey.ProjFalseEasting", "1000", "shifted"),
            ("GeoKey.EllipsoidSemiMajorAxis", "user-defined", "no radius"),
            ("ModelTiepoint", "(0, 0, 0, 0, 900000, 0)", "latitude"),
        ] {
            let mut words = window();
            words.insert(key.into(), value.into());
            let Trouble(what, remedy) = Tags::of(&words).unwrap().grid((200, 200)).unwrap_err();
            assert!(what.contains(told), "{what}");
            assert!(remedy.contains("facula map"), "{remedy}");
        }
    }

    #[test]
    fn metadata_is_found_by_name() {
        let xml = "<GDALMetadata>\n <Item name=\"TARGET\">Vesta</Item>\n <Item name=\"Q\">a &lt; b</Item>\n</GDALMetadata>";
        let words = keywords(&[("GDAL_METADATA", xml)]);
        assert_eq!(metadata_item(&words, "Q").as_deref(), Some("a < b"));
        assert_eq!(body_of(&words).as_deref(), Some("Vesta"));
        assert_eq!(metadata_item(&words, "NONE"), None);
    }

    #[test]
    fn pictures_need_their_west_edge_and_the_right_shape() {
        assert!(global((8, 4), -180.0).unwrap().wraps());
        assert!(global((8, 5), -180.0).is_err() && global((8, 4), f64::NAN).is_err());
        let grid = global((8, 4), -180.0).unwrap();
        assert!(agreeing(grid, 180.0).is_ok() && agreeing(grid, 0.0).is_err());
    }
}
