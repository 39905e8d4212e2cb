// SPDX-License-Identifier: MIT OR Apache-2.0
//! A PDS4 label and its array: `Product_Observational` in the order of elements the core schema asks for.

use std::path::{Path, PathBuf};

use facula_core::{Quality, Raster};

use crate::ArchiveError;
use crate::files::write_aside;
use crate::pds4::QUALITY_ARRAY;
use crate::samples::quality_of;
use crate::time::parse_time;

/// What stands for NaN in the file: NULL of ISIS 32-bit reals, as other archives use it.
const MISSING: f32 = f32::from_bits(0xff7f_fffb);

/// What a label tells beside the array.
#[derive(Debug, Clone, Default)]
pub struct Pds4Options {
    /// Title of the product.
    pub title: String,
    /// Target (`ceres`).
    pub target: String,
    /// Instrument (`dawn_fc2`).
    pub instrument: String,
    /// Unit of the numbers (`DN`), empty when they have none.
    pub unit: String,
    /// Start and stop of the exposure, UTC (`2015-04-15T00:00:00Z`), where known.
    pub times_utc: Option<[String; 2]>,
    /// Quality band, the size of the image; written as a second array where it differs from what a reader
    /// concludes from missing pixels.
    pub quality: Option<Raster<Quality>>,
}

/// The two files of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pds4Written {
    /// The label, `<stem>.xml`; written last, so that where it is the product is complete.
    pub label: PathBuf,
    /// The arrays, `<stem>.img`.
    pub data: PathBuf,
}

/// Writes an image as `<stem>.xml` and `<stem>.img`: 32-bit reals, least significant byte first, NaN as the
/// missing constant of the label.
///
/// # Errors
/// `Argument` for a stem that is no file name, a quality band of another size, text or times the label cannot
/// hold, a pixel that is the missing constant; `Io`.
pub fn write_pds4(
    folder: &Path,
    stem: &str,
    image: &Raster<f32>,
    options: &Pds4Options,
) -> Result<Pds4Written, ArchiveError> {
    check(stem, image, options)?;
    let quality = options.quality.as_ref().filter(|band| **band != quality_of(image));
    let mut bytes = Vec::with_capacity(image.as_slice().len() * 5);
    for value in image.as_slice() {
        bytes.extend(if value.is_nan() { MISSING } else { *value }.to_le_bytes());
    }
    let quality_start = bytes.len();
    bytes.extend(quality.into_iter().flat_map(|band| band.as_slice()).map(|flags| flags.bits()));
    let sizes = Sizes {
        file: bytes.len(),
        lines: image.height(),
        samples: image.width(),
        quality_start: quality.map(|_| quality_start),
    };
    let written =
        Pds4Written { label: folder.join(format!("{stem}.xml")), data: folder.join(format!("{stem}.img")) };
    let text = label(stem, options, &sizes);
    match std::fs::remove_file(&written.label) {
        // A label of an earlier run would vouch for an array that is about to change.
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            let path = written.label;
            return Err(ArchiveError::Io { action: "remove the label of an earlier run", cause, path });
        }
        _ => {}
    }
    write_aside(&written.data, &bytes)?;
    write_aside(&written.label, text.as_bytes())?;
    Ok(written)
}

struct Sizes {
    file: usize,
    lines: usize,
    samples: usize,
    quality_start: Option<usize>,
}

fn check(stem: &str, image: &Raster<f32>, options: &Pds4Options) -> Result<(), ArchiveError> {
    let refused = |name, value: String, reason| Err(ArchiveError::Argument { name, value, reason });
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if stem.is_empty() || stem.starts_with('.') || !stem.chars().all(plain) || stem.len() > 200 {
        let reason = "the stem of PDS4 files is letters, digits, _, - and . only";
        return refused("stem", stem.to_string(), reason);
    }
    if let Some(band) = &options.quality
        && (band.width(), band.height()) != (image.width(), image.height())
    {
        let size = format!("{} x {}", band.width(), band.height());
        return refused("quality", size, "the quality band has to have the size of the image");
    }
    if let Some(value) = image.as_slice().iter().find(|v| v.is_infinite() || v.to_bits() == MISSING.to_bits())
    {
        return refused("pixel", value.to_string(), "pixels are finite or NaN, and not the missing constant");
    }
    let texts = [&options.title, &options.target, &options.instrument, &options.unit];
    if let Some(text) = texts.into_iter().find(|text| text.chars().any(char::is_control)) {
        return refused("text", text.clone(), "texts of a label hold no control characters");
    }
    let times = options.times_utc.iter().flatten();
    match times.clone().find(|time| parse_time(time.trim_end_matches('Z')).is_none()) {
        Some(time) => refused("times_utc", time.clone(), "times are UTC like 2015-04-15T00:00:00Z"),
        None => Ok(()),
    }
}

fn escaped(text: &str) -> String {
    let named = if text.trim().is_empty() { "unknown" } else { text.trim() };
    facula_core::xml_text(named)
}

/// A part of a logical identifier: lower case, digits, `_`, `-`, `.`.
fn identifier(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    let mapped: String =
        lower.chars().map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' }).collect();
    if mapped.is_empty() { "unknown".to_string() } else { mapped }
}

/// The label. Long, for it is one document.
fn label(stem: &str, options: &Pds4Options, sizes: &Sizes) -> String {
    let time = |name: &str, k: usize| match &options.times_utc {
        Some(times) => format!("<{name}>{}Z</{name}>", times[k].trim_end_matches('Z')),
        None => format!(
            "<{name} xsi:nil=\"true\" nilReason=\"unknown\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"/>"
        ),
    };
    let instrument = escaped(&options.instrument);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut line = |depth: usize, content: &str| {
        text.push_str(&format!("{:indent$}{content}\n", "", indent = 2 * depth));
    };
    line(0, "<Product_Observational xmlns=\"http://pds.nasa.gov/pds4/pds/v1\"");
    line(2, "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"");
    line(
        2,
        "xsi:schemaLocation=\"http://pds.nasa.gov/pds4/pds/v1 https://pds.nasa.gov/pds4/pds/v1/PDS4_PDS_1K00.xsd\">",
    );
    line(1, "<Identification_Area>");
    let id = format!("urn:nasa:pds:facula:data:{}", identifier(stem));
    line(2, &format!("<logical_identifier>{id}</logical_identifier>"));
    line(2, "<version_id>1.0</version_id>");
    line(2, &format!("<title>{}</title>", escaped(&options.title)));
    line(2, "<information_model_version>1.20.0.0</information_model_version>");
    line(2, "<product_class>Product_Observational</product_class>");
    line(1, "</Identification_Area>");
    line(1, "<Observation_Area>");
    line(2, "<Time_Coordinates>");
    line(3, &time("start_date_time", 0));
    line(3, &time("stop_date_time", 1));
    line(2, "</Time_Coordinates>");
    line(2, "<Investigation_Area>");
    line(3, "<name>Facula</name>");
    line(3, "<type>Other Investigation</type>");
    line(3, "<Internal_Reference>");
    line(4, "<lid_reference>urn:nasa:pds:context:investigation:other_investigation.facula</lid_reference>");
    line(4, "<reference_type>data_to_investigation</reference_type>");
    line(3, "</Internal_Reference>");
    line(2, "</Investigation_Area>");
    line(2, "<Observing_System>");
    line(3, "<Observing_System_Component>");
    line(4, &format!("<name>{instrument}</name>"));
    line(4, "<type>Instrument</type>");
    line(3, "</Observing_System_Component>");
    line(2, "</Observing_System>");
    line(2, "<Target_Identification>");
    line(3, &format!("<name>{}</name>", escaped(&options.target)));
    line(3, "<type>Asteroid</type>");
    line(2, "</Target_Identification>");
    line(1, "</Observation_Area>");
    line(1, "<File_Area_Observational>");
    line(2, "<File>");
    line(3, &format!("<file_name>{stem}.img</file_name>"));
    line(3, &format!("<file_size unit=\"byte\">{}</file_size>", sizes.file));
    line(2, "</File>");
    for array in arrays(options, sizes) {
        line(0, &array);
    }
    line(1, "</File_Area_Observational>");
    line(0, "</Product_Observational>");
    text
}

fn arrays(options: &Pds4Options, sizes: &Sizes) -> Vec<String> {
    let axis = |name: &str, elements: usize, number: usize| {
        format!(
            "      <Axis_Array>\n        <axis_name>{name}</axis_name>\n        <elements>{elements}</elements>\n        \
             <sequence_number>{number}</sequence_number>\n      </Axis_Array>\n"
        )
    };
    let array = |name: &str, (start, kind): (usize, &str), unit: &str, more: &str| {
        let unit =
            if unit.is_empty() { String::new() } else { format!("        <unit>{}</unit>\n", escaped(unit)) };
        let axes = axis("Line", sizes.lines, 1) + &axis("Sample", sizes.samples, 2);
        format!(
            "    <Array_2D_Image>\n      <local_identifier>{name}</local_identifier>\n      \
             <offset unit=\"byte\">{start}</offset>\n      <axes>2</axes>\n      \
             <axis_index_order>Last Index Fastest</axis_index_order>\n      <Element_Array>\n        \
             <data_type>{kind}</data_type>\n{unit}      </Element_Array>\n{axes}{more}    </Array_2D_Image>"
        )
    };
    let missing = format!(
        "      <Special_Constants>\n        <missing_constant>{:E}</missing_constant>\n      </Special_Constants>\n",
        f64::from(MISSING)
    );
    let mut arrays = vec![array("image", (0, "IEEE754LSBSingle"), &options.unit, &missing)];
    arrays.extend(sizes.quality_start.map(|start| array(QUALITY_ARRAY, (start, "UnsignedByte"), "", "")));
    arrays
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{ImageOptions, read_image};
    use crate::pds4::Element;
    use facula_core::Silent;
    use proptest::prelude::*;

    #[test]
    fn an_image_comes_back_with_its_flags() {
        let folder = tempfile::tempdir().unwrap();
        let image = Raster::from_vec(3, 2, vec![1.5, f32::NAN, -2.0, 0.0, f32::MAX, 1e-40]).unwrap();
        let mut quality = quality_of(&image);
        quality.set(0, 0, Quality::SATURATED);
        let options = Pds4Options {
            title: "a <b> & \"c\"".into(),
            unit: "DN".into(),
            times_utc: Some(["2015-04-15T00:00:00".into(), "2015-04-15T00:00:01Z".into()]),
            quality: Some(quality.clone()),
            ..Default::default()
        };
        let written = write_pds4(folder.path(), "frame-1", &image, &options).unwrap();
        let back = read_image(&written.label, &ImageOptions::default(), &Silent).unwrap();
        assert!(
            back.image
                .as_slice()
                .iter()
                .zip(image.as_slice())
                .all(|(a, b)| a == b || a.is_nan() && b.is_nan())
        );
        assert_eq!(back.quality, quality);
        assert_eq!(back.keywords["Identification_Area.title"], "a <b> & \"c\"");
        assert_eq!(
            back.keywords["Observation_Area.Time_Coordinates.start_date_time"],
            "2015-04-15T00:00:00Z"
        );
        std::fs::remove_file(&written.data).unwrap();
        let error = read_image(&written.label, &ImageOptions::default(), &Silent).unwrap_err();
        assert!(matches!(error, ArchiveError::NoCoverage { .. }), "{error}");
    }

    #[test]
    fn elements_follow_each_other_as_the_schema_asks() {
        // The sequences of the core schema, PDS4_PDS_1K00.xsd.
        let sizes = Sizes { file: 30, lines: 2, samples: 3, quality_start: Some(24) };
        let root = Element::parse(label("a", &Pds4Options::default(), &sizes).as_bytes()).unwrap();
        let names = |path: &[&str]| -> Vec<String> {
            let element = path.iter().fold(&root, |element, name| element.child(name).unwrap());
            element.children.iter().map(|child| child.name.clone()).collect()
        };
        assert_eq!(names(&[]), ["Identification_Area", "Observation_Area", "File_Area_Observational"]);
        assert_eq!(
            names(&["Identification_Area"]),
            ["logical_identifier", "version_id", "title", "information_model_version", "product_class"]
        );
        assert_eq!(
            names(&["Observation_Area"]),
            ["Time_Coordinates", "Investigation_Area", "Observing_System", "Target_Identification"]
        );
        assert_eq!(names(&["File_Area_Observational"]), ["File", "Array_2D_Image", "Array_2D_Image"]);
        assert_eq!(
            names(&["File_Area_Observational", "Array_2D_Image"]),
            [
                "local_identifier",
                "offset",
                "axes",
                "axis_index_order",
                "Element_Array",
                "Axis_Array",
                "Axis_Array",
                "Special_Constants"
            ]
        );
    }

    #[test]
    fn what_a_label_cannot_hold_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let image = Raster::filled(1, 1, 0.0);
        let refused = |stem: &str, image: &Raster<f32>, options: &Pds4Options| {
            matches!(write_pds4(folder.path(), stem, image, options), Err(ArchiveError::Argument { .. }))
        };
        let plain = Pds4Options::default();
        for stem in ["", "../a", "a/b", ".hidden", "a b"] {
            assert!(refused(stem, &image, &plain), "{stem}");
        }
        assert!(refused("a", &Raster::filled(1, 1, f32::INFINITY), &plain));
        assert!(refused("a", &Raster::filled(1, 1, MISSING), &plain));
        assert!(refused("a", &image, &Pds4Options { title: "a\nb".into(), ..plain.clone() }));
        let quality = Some(Raster::filled(2, 1, Quality::GOOD));
        assert!(refused("a", &image, &Pds4Options { quality, ..plain.clone() }));
        let times_utc = Some(["now".to_string(), "2015-04-15".to_string()]);
        assert!(refused("a", &image, &Pds4Options { times_utc, ..plain }));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    proptest! {
        #[test]
        fn images_round_trip(width in 1usize..9, height in 1usize..9, bits in proptest::collection::vec(any::<u32>(), 64)) {
            let finite = |bits: &u32| if f32::from_bits(*bits).is_finite() { f32::from_bits(*bits) } else { f32::NAN };
            let values: Vec<f32> = bits.iter().take(width * height).map(finite).collect();
            let image = Raster::from_vec(width, height, values).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let written = write_pds4(folder.path(), "a", &image, &Pds4Options::default()).unwrap();
            let back = read_image(&written.label, &ImageOptions::default(), &Silent).unwrap().image;
            for (a, b) in back.as_slice().iter().zip(image.as_slice()) {
                prop_assert!(a == b || a.is_nan() && b.is_nan());
            }
        }
    }
}
