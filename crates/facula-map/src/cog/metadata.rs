// SPDX-License-Identifier: MIT OR Apache-2.0
//! GDAL_METADATA: band descriptions, units and free key/values as XML.

use facula_core::xml_text;

use super::statistics::Statistics;
use super::stream::CogLayout;

/// The XML of tag 42112; `None` when there is nothing to say. `statistics` are those of each band, where known.
pub(super) fn xml<T>(layout: &CogLayout<T>, statistics: &[Option<Statistics>]) -> Option<String> {
    let mut items = String::new();
    for (key, value) in &layout.metadata {
        items += &format!("  <Item name=\"{}\">{}</Item>\n", xml_text(key), xml_text(value));
    }
    for (sample, band) in layout.bands.iter().enumerate() {
        let mut put = |name: &str, role: &str, text: &str| {
            if !text.is_empty() {
                let text = xml_text(text);
                items += &format!("  <Item name=\"{name}\" sample=\"{sample}\"{role}>{text}</Item>\n");
            }
        };
        put("DESCRIPTION", " role=\"description\"", &band.name);
        put("UNITTYPE", " role=\"unittype\"", &band.unit);
        if let Some(scaling) = &band.scaling {
            put("OFFSET", " role=\"offset\"", &scaling.offset.to_string());
            put("SCALE", " role=\"scale\"", &scaling.factor.to_string());
        }
        if let Some(found) = statistics.get(sample).copied().flatten() {
            let percent = 100.0 * found.count as f64 / (layout.width as f64 * layout.height as f64);
            put("STATISTICS_MAXIMUM", "", &found.maximum.to_string());
            put("STATISTICS_MEAN", "", &found.mean.to_string());
            put("STATISTICS_MINIMUM", "", &found.minimum.to_string());
            put("STATISTICS_STDDEV", "", &found.deviation().to_string());
            put("STATISTICS_VALID_PERCENT", "", &percent.to_string());
        }
    }
    (!items.is_empty()).then(|| format!("<GDALMetadata>\n{items}</GDALMetadata>\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cog::{BandInfo, Scaling};

    #[test]
    fn names_units_and_keys_are_escaped_and_numbered() {
        let scaling = Some(Scaling { factor: 0.5, offset: -1.0 });
        let bands = vec![BandInfo { scaling, ..BandInfo::new("a<b", "") }, BandInfo::new("", "m")];
        let metadata = vec![("K".into(), "x & \"y\"\0".into())];
        let layout = CogLayout::<u8> { metadata, ..CogLayout::new(1, 1, bands) };
        let expected = "<GDALMetadata>\n  <Item name=\"K\">x &amp; &quot;y&quot; </Item>\n  \
            <Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">a&lt;b</Item>\n  \
            <Item name=\"OFFSET\" sample=\"0\" role=\"offset\">-1</Item>\n  \
            <Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.5</Item>\n  \
            <Item name=\"UNITTYPE\" sample=\"1\" role=\"unittype\">m</Item>\n</GDALMetadata>\n";
        assert_eq!(xml(&layout, &[]).unwrap(), expected);
    }
}
