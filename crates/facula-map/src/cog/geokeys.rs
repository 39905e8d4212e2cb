// SPDX-License-Identifier: MIT OR Apache-2.0
//! GeoTIFF keys of an IAU coordinate system. Its code (200000115) does not fit the 16 bits of a key, so every part
//! is user-defined (32767) and named exactly as the IAU names it; GDAL and PROJ find the code from the names and
//! parameters.

use crate::{GeoTiffProjection, MapCrs};

/// "User defined", GeoTIFF 1.1, section 7.
const USER_DEFINED: u16 = 32767;
const DOUBLES_TAG: u16 = 34736;
const ASCII_TAG: u16 = 34737;

/// The three GeoKey tags.
pub(super) struct GeoKeys {
    /// Tag 34735: header and four numbers per key.
    pub directory: Vec<u16>,
    /// Tag 34736.
    pub doubles: Vec<f64>,
    /// Tag 34737, without its closing zero.
    pub ascii: String,
}

/// The keys of a coordinate system, in ascending order of their identifiers.
pub(super) fn geokeys(crs: &MapCrs) -> GeoKeys {
    keys_of([&crs.projected_name(), &crs.geographic_name, &crs.datum_name], &crs.geo_tiff())
}

/// The keys of any projection: names of the projected system, of the geographic one and of its datum.
fn keys_of([projected, geographic, datum]: [&str; 3], method: &GeoTiffProjection) -> GeoKeys {
    let mut keys = GeoKeys { directory: vec![1, 1, 0, 0], doubles: Vec::new(), ascii: String::new() };
    keys.short(1024, 1); // GTModelType: projected
    keys.short(1025, 1); // GTRasterType: pixel is area
    keys.text(1026, projected); // GTCitation
    keys.short(2048, USER_DEFINED); // GeodeticCRS
    keys.text_parts(
        2049, // GeodeticCitation, in the form GDAL writes and reads
        &[
            ("GCS Name = ", geographic),
            ("Datum = ", datum),
            ("Ellipsoid = ", datum),
            ("Primem = ", "Reference Meridian"),
        ],
    );
    keys.short(2050, USER_DEFINED); // GeodeticDatum
    keys.short(2054, 9102); // GeogAngularUnits: degree
    keys.short(2056, USER_DEFINED); // Ellipsoid
    keys.double(2057, method.radii_m[0]); // EllipsoidSemiMajorAxis
    keys.double(2058, method.radii_m[1]); // EllipsoidSemiMinorAxis
    keys.double(2061, 0.0); // PrimeMeridianLongitude
    keys.short(3072, USER_DEFINED); // ProjectedCRS
    keys.text(3073, projected); // ProjectedCitation
    keys.short(3074, USER_DEFINED); // Projection
    keys.short(3075, method.method_code.unwrap_or(USER_DEFINED)); // ProjMethod
    keys.short(3076, 9001); // ProjLinearUnits: metre
    for (key, value) in &method.parameters {
        keys.double(*key, *value);
    }
    keys
}

impl GeoKeys {
    fn entry(&mut self, entry: [u16; 4]) {
        self.directory.extend(entry);
        self.directory[3] += 1;
    }

    fn short(&mut self, key: u16, value: u16) {
        self.entry([key, 0, 1, value]);
    }

    fn double(&mut self, key: u16, value: f64) {
        self.entry([key, DOUBLES_TAG, 1, self.doubles.len() as u16]);
        self.doubles.push(value);
    }

    fn text(&mut self, key: u16, text: &str) {
        self.text_parts(key, &[("", text)]);
    }

    /// A text key of parts that end in `|` each; the whole ends in one more when there are several.
    fn text_parts(&mut self, key: u16, parts: &[(&str, &str)]) {
        let start = self.ascii.len();
        for (label, text) in parts {
            self.ascii += label;
            self.ascii.extend(text.chars().map(|c| if c.is_ascii_graphic() && c != '|' { c } else { ' ' }));
            self.ascii.push('|');
        }
        if parts.len() > 1 {
            self.ascii.push('|');
        }
        self.entry([key, ASCII_TAG, (self.ascii.len() - start) as u16, start as u16]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Body;

    fn ceres_keys() -> GeoKeys {
        geokeys(&MapCrs::of(&Body::built_in("ceres").unwrap()))
    }

    #[test]
    fn keys_ascend_and_are_counted() {
        let keys = ceres_keys();
        let ids: Vec<u16> = keys.directory[4..].chunks(4).map(|k| k[0]).collect();
        assert!(ids.is_sorted() && usize::from(keys.directory[3]) == ids.len());
    }

    #[test]
    fn another_projection_brings_its_code_and_numbers() {
        // CT_PolarStereographic with ProjNatOriginLat, ProjFalseEasting, ProjFalseNorthing, ProjStraightVertPoleLong.
        let parameters = vec![(3081, 90.0), (3082, 0.0), (3083, 0.0), (3095, 180.0)];
        let method = GeoTiffProjection { method_code: Some(15), parameters, radii_m: [482_000.0, 446_000.0] };
        let keys = keys_of(["p", "g", "d"], &method);
        let find = |id: u16| keys.directory[4..].chunks(4).find(|k| k[0] == id).unwrap().to_vec();
        assert_eq!(find(3075)[3], 15);
        let double = |id: u16| keys.doubles[usize::from(find(id)[3])];
        assert_eq!([double(3081), double(3095), double(2058)], [90.0, 180.0, 446_000.0]);
        assert!(keys.directory[4..].chunks(4).map(|k| k[0]).is_sorted());
    }

    #[test]
    fn citations_read_as_gdal_writes_them() {
        // As GDAL 3.10.3 (rasterio 1.4.4) writes them for IAU_2015:200000115.
        let ascii = ceres_keys().ascii;
        assert!(
            ascii.starts_with("Ceres (2015) - Sphere / Ocentric / Equirectangular, clon = 180|GCS Name = ")
        );
        assert!(ascii.contains(
            "GCS Name = Ceres (2015) - Sphere / Ocentric|Datum = Ceres (2015) - Sphere|\
             Ellipsoid = Ceres (2015) - Sphere|Primem = Reference Meridian||"
        ));
    }

    #[test]
    fn text_that_would_break_the_citation_is_blanked() {
        let mut crs = MapCrs::of(&Body::built_in("ceres").unwrap());
        crs.geographic_name = "a|é".into();
        assert!(geokeys(&crs).ascii.starts_with("a   / Equirectangular"));
    }
}
