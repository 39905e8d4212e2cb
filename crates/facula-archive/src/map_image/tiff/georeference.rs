// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a GeoTIFF lies, as keywords; and the check of a west edge against it.
//!
//! # Source
//! GeoTIFF 1.1 (OGC 19-008r4), sections 7.1 (tags) and annex B (keys); GDAL, "GTiff" (tags 42112 and 42113).

use std::collections::BTreeMap;

use crate::ArchiveError;
use crate::map_image::tiff::Directory;

const PIXEL_SCALE: u16 = 33_550;
const TIE_POINT: u16 = 33_922;
const TRANSFORMATION: u16 = 34_264;
const KEYS: u16 = 34_735;
const KEY_DOUBLES: u16 = 34_736;
const KEY_TEXTS: u16 = 34_737;
pub(super) const NODATA: u16 = 42_113;

/// Tags of text and their names in descriptions.
const TEXTS: [(u16, &str); 7] = [
    (270, "ImageDescription"),
    (305, "Software"),
    (306, "DateTime"),
    (315, "Artist"),
    (33_432, "Copyright"),
    (42_112, "GDAL_METADATA"),
    (NODATA, "GDAL_NODATA"),
];

/// Keys of the GeoTIFF directory that are reported, with their names in the standard.
const GEO_KEYS: [(u64, &str); 22] = [
    (1024, "GTModelType"),
    (1025, "GTRasterType"),
    (1026, "GTCitation"),
    (2048, "GeodeticCRS"),
    (2049, "GeodeticCitation"),
    (2050, "GeodeticDatum"),
    (2054, "GeogAngularUnits"),
    (2056, "Ellipsoid"),
    (2057, "EllipsoidSemiMajorAxis"),
    (2058, "EllipsoidSemiMinorAxis"),
    (2059, "EllipsoidInvFlattening"),
    (3072, "ProjectedCRS"),
    (3073, "ProjectedCitation"),
    (3074, "Projection"),
    (3075, "ProjMethod"),
    (3076, "ProjLinearUnits"),
    (3078, "ProjStdParallel1"),
    (3080, "ProjNatOriginLong"),
    (3081, "ProjNatOriginLat"),
    (3082, "ProjFalseEasting"),
    (3088, "ProjCenterLong"),
    (3089, "ProjCenterLat"),
];

/// Value of a key that says that the other keys define it.
const USER_DEFINED: u64 = 32_767;

/// What the directory tells about image and place: `CRS` is the name of the reference system or its EPSG code,
/// `GeoKey.*` are the keys themselves.
pub(super) fn keywords(directory: &Directory<'_>) -> BTreeMap<String, String> {
    let texts = TEXTS.iter().filter_map(|(tag, name)| Some((name.to_string(), directory.text(*tag)?)));
    let mut keywords: BTreeMap<String, String> = texts.collect();
    for (tag, name) in [
        (PIXEL_SCALE, "ModelPixelScale"),
        (TIE_POINT, "ModelTiepoint"),
        (TRANSFORMATION, "ModelTransformation"),
    ] {
        let numbers: Vec<String> = directory.doubles(tag).iter().map(f64::to_string).collect();
        if !numbers.is_empty() {
            keywords.insert(name.into(), format!("({})", numbers.join(", ")));
        }
    }
    let keys = geo_keys(directory);
    let said = |name: &str| keys.get(name).filter(|value| *value != "user-defined").cloned();
    let code =
        ["ProjectedCRS", "GeodeticCRS"].iter().find_map(|name| said(name).map(|code| format!("EPSG:{code}")));
    let citation = ["ProjectedCitation", "GTCitation", "GeodeticCitation"].iter().find_map(|name| said(name));
    // `GCS Name = Ceres (2015) - Sphere / Ocentric|Datum = …` is how GDAL writes names of its own systems.
    let citation = citation.map(|text| {
        let name = text.split('|').next().unwrap_or_default();
        name.strip_prefix("GCS Name = ").unwrap_or(name).to_string()
    });
    // A projected system on a geodetic one of the EPSG is still user-defined.
    let projected = keys.contains_key("ProjectedCRS") && said("ProjectedCRS").is_none();
    let crs = if projected { citation.or(code) } else { code.or(citation) };
    if !keys.is_empty() {
        keywords.insert("CRS".into(), crs.unwrap_or_else(|| "user-defined".into()));
    }
    keywords.extend(keys.into_iter().map(|(name, value)| (format!("GeoKey.{name}"), value)));
    keywords
}

/// Keys by name. Those that point outside their tags are left out, for pixels can be read without them.
fn geo_keys(directory: &Directory<'_>) -> BTreeMap<&'static str, String> {
    let shorts = directory.whole(KEYS).unwrap_or_default();
    let doubles = directory.doubles(KEY_DOUBLES);
    let texts = directory.text(KEY_TEXTS).unwrap_or_default();
    let entries = shorts.chunks_exact(4).skip(1).take(shorts.get(3).copied().unwrap_or(0) as usize);
    let named = entries.filter_map(|entry| {
        let &[key, place, count, value] = entry else { return None };
        let (_, name) = GEO_KEYS.iter().find(|(code, _)| *code == key)?;
        let text = match place as u16 {
            0 if value == USER_DEFINED => "user-defined".to_string(),
            0 => value.to_string(),
            KEY_DOUBLES => doubles.get(value as usize)?.to_string(),
            KEY_TEXTS => {
                let end = ((value + count) as usize).min(texts.len());
                texts.get(value as usize..end)?.trim_end_matches(['|', '\0', ' ']).to_string()
            }
            _ => return None,
        };
        Some((*name, text))
    });
    named.collect()
}

/// Refuses a west edge that contradicts the file's own (pixel scale and tie point in degrees).
pub(super) fn check_west(directory: &Directory<'_>, width: u64, west_deg: f64) -> Result<(), ArchiveError> {
    let (scale, tie) = (directory.doubles(PIXEL_SCALE), directory.doubles(TIE_POINT));
    let (Some(step_deg), [column, _, _, tie_deg, ..]) = (scale.first(), tie.as_slice()) else {
        return Ok(());
    };
    let in_degrees = (step_deg * width as f64 - 360.0).abs() < 0.5 * step_deg.abs();
    let file_west_deg = tie_deg - column * step_deg;
    let apart_deg = (file_west_deg - west_deg + 180.0).rem_euclid(360.0) - 180.0;
    if in_degrees && apart_deg.abs() > 0.5 * step_deg.abs() {
        let value = format!("{west_deg} (the file says {file_west_deg})");
        let reason = "it contradicts the georeferencing of the map";
        return Err(ArchiveError::Argument { name: "west_deg", value, reason });
    }
    Ok(())
}
