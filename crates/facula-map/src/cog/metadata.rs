// SPDX-License-Identifier: MIT OR Apache-2.0
//! GDAL_METADATA: band descriptions, units and free key/values as XML.

use super::CogImage;

/// The XML of tag 42112; `None` when there is nothing to say.
pub(super) fn xml(image: &CogImage<'_>) -> Option<String> {
    let mut items = String::new();
    for (key, value) in &image.metadata {
        items += &format!("  <Item name=\"{}\">{}</Item>\n", escaped(key), escaped(value));
    }
    for (sample, band) in image.bands.iter().enumerate() {
        for (name, role, text) in
            [("DESCRIPTION", "description", &band.name), ("UNITTYPE", "unittype", &band.unit)]
        {
            if !text.is_empty() {
                let text = escaped(text);
                items +=
                    &format!("  <Item name=\"{name}\" sample=\"{sample}\" role=\"{role}\">{text}</Item>\n");
            }
        }
    }
    (!items.is_empty()).then(|| format!("<GDALMetadata>\n{items}</GDALMetadata>\n"))
}

/// XML-escaped; characters XML 1.0 forbids become spaces.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c if c < ' ' && !matches!(c, '\n' | '\t') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cog::{Band, Pixels};
    use facula_core::Raster;

    #[test]
    fn names_units_and_keys_are_escaped_and_numbered() {
        let raster = Raster::filled(1, 1, 0u8);
        let bands = vec![Band::new("a<b", "", Pixels::U8(&raster)), Band::new("", "m", Pixels::U8(&raster))];
        let image =
            CogImage { georeference: None, bands, metadata: vec![("K".into(), "x & \"y\"\0".into())] };
        let expected = "<GDALMetadata>\n  <Item name=\"K\">x &amp; &quot;y&quot; </Item>\n  \
            <Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">a&lt;b</Item>\n  \
            <Item name=\"UNITTYPE\" sample=\"1\" role=\"unittype\">m</Item>\n</GDALMetadata>\n";
        assert_eq!(xml(&image).unwrap(), expected);
    }
}
