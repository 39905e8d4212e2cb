// SPDX-License-Identifier: MIT OR Apache-2.0
//! `Array_2D*` and `Array_3D*` of a label to [`RawArray`].

use facula_core::Quality;

use crate::ArchiveError;
use crate::format::Part;
use crate::pds3::bit_pattern;
use crate::pds4::{Element, HINT};
use crate::raw_array::{RawArray, Steps};
use crate::samples::{ByteOrder, Sample, Scaling, Special};

/// Elements of `Special_Constants` that stand for one stored number.
const CONSTANTS: [(&str, Quality); 10] = [
    ("missing_constant", Quality::MISSING),
    ("error_constant", Quality::MISSING),
    ("invalid_constant", Quality::MISSING),
    ("unknown_constant", Quality::MISSING),
    ("not_applicable_constant", Quality::MISSING),
    ("saturated_constant", Special::HIGH),
    ("high_instrument_saturation", Special::HIGH),
    ("high_representation_saturation", Special::HIGH),
    ("low_instrument_saturation", Special::LOW),
    ("low_representation_saturation", Special::LOW),
];

/// An array of a label and the file it is in.
#[derive(Debug)]
pub(super) struct FileArray {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) unit: Option<String>,
    element: Element,
}

/// All arrays of two or three axes, in file order.
pub(super) fn arrays(label: &Element) -> Result<Vec<FileArray>, ArchiveError> {
    let mut arrays = Vec::new();
    for area in label.children.iter().filter(|child| child.name.starts_with("File_Area")) {
        let file = area.child("File").and_then(|file| file.child_text("file_name")).unwrap_or_default();
        let images =
            |child: &&Element| child.name.starts_with("Array_2D") || child.name.starts_with("Array_3D");
        for element in area.children.iter().filter(images) {
            let told = element.child_text("local_identifier").or_else(|| element.child_text("name"));
            let name = told.unwrap_or(&element.name).to_string();
            let again = arrays.iter().filter(|a: &&FileArray| a.name == name).count();
            let name = if again == 0 { name } else { format!("{name}#{}", again + 1) };
            let unit = element.child("Element_Array").and_then(|e| e.child_text("unit")).map(str::to_string);
            arrays.push(FileArray { name, file: file.to_string(), unit, element: element.clone() });
        }
    }
    Ok(arrays)
}

/// Which axis of an image an axis of the label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Sample,
    Line,
    Band,
}

fn wrong(what: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::format(format!("PDS4 label: {what}"), HINT)
}

fn count(element: &Element, key: &str) -> Result<u64, ArchiveError> {
    let text = element.child_text(key).unwrap_or_default();
    text.parse().map_err(|_| wrong(format!("{key} = \"{text}\" of {} is not a count", element.name)))
}

fn number(element: &Element, key: &str, default: f64) -> Result<f64, ArchiveError> {
    let Some(text) = element.child_text(key) else { return Ok(default) };
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
    number.ok_or_else(|| wrong(format!("{key} = \"{text}\" is not a finite number")))
}

impl FileArray {
    /// What the array is, for lists; sizes of 0 where its layout cannot be understood.
    pub(super) fn part(&self) -> Part {
        match self.layout() {
            Ok(RawArray { samples, lines, bands, sample, .. }) => Part {
                name: self.name.clone(),
                sizes: [samples, lines, bands],
                sample_type: sample.name().to_string(),
            },
            // The reason comes when the array is read.
            Err(_) => Part { name: self.name.clone(), sizes: [0; 3], sample_type: "unknown".into() },
        }
    }

    pub(super) fn layout(&self) -> Result<RawArray, ArchiveError> {
        let array = &self.element;
        let values = array.child("Element_Array").ok_or_else(|| wrong("an array without Element_Array"))?;
        let (sample, order) = kind(values.child_text("data_type").unwrap_or_default())?;
        let (sizes, [sample_step, line, band]) = self.axes(sample)?;
        let factor = number(values, "scaling_factor", 1.0)?;
        let scaling = Scaling {
            factor,
            offset: number(values, "value_offset", 0.0)?,
            special: self.special(sample)?,
            mask: None,
        };
        Ok(RawArray {
            samples: sizes[0],
            lines: sizes[1],
            bands: sizes[2],
            start: count(array, "offset")?,
            steps: Steps { sample: sample_step, line, band },
            tail: 0,
            sample,
            order,
            scaling,
        })
    }

    /// Sizes and steps of samples, lines and bands.
    fn axes(&self, sample: Sample) -> Result<([u64; 3], [u64; 3]), ArchiveError> {
        let mut axes = Vec::new();
        for axis in self.element.children.iter().filter(|child| child.name == "Axis_Array") {
            let name = axis.child_text("axis_name").unwrap_or_default().to_ascii_lowercase();
            axes.push((count(axis, "sequence_number")?, name, count(axis, "elements")?));
        }
        axes.sort();
        let in_sequence = axes.iter().zip(1..).all(|((number, ..), place)| *number == place);
        if !in_sequence || !(2..=3).contains(&axes.len()) {
            return Err(wrong(format!("{} axes, which do not count from 1", axes.len())));
        }
        let roles = roles(&axes.iter().map(|(_, name, _)| name.as_str()).collect::<Vec<_>>());
        // From the fastest axis to the slowest.
        let mut order: Vec<usize> = (0..axes.len()).rev().collect();
        match self.element.child_text("axis_index_order") {
            None | Some("Last Index Fastest") => {}
            Some("First Index Fastest") => order.reverse(),
            Some(other) => return Err(wrong(format!("axis_index_order = \"{other}\""))),
        }
        let (mut sizes, mut steps) = ([1; 3], [0; 3]);
        let mut step = sample.bytes() as u64;
        for index in order {
            sizes[roles[index] as usize] = axes[index].2;
            steps[roles[index] as usize] = step;
            step = step.checked_mul(axes[index].2).ok_or_else(|| wrong("an array beyond counting"))?;
        }
        Ok((sizes, steps))
    }

    fn special(&self, sample: Sample) -> Result<Vec<Special>, ArchiveError> {
        let Some(constants) = self.element.child("Special_Constants") else { return Ok(Vec::new()) };
        let stored = |key: &str| -> Result<Option<f64>, ArchiveError> {
            let Some(text) = constants.child_text(key) else { return Ok(None) };
            let number =
                bit_pattern(text, sample).or_else(|| text.parse().ok()).filter(|n: &f64| n.is_finite());
            number.map(Some).ok_or_else(|| wrong(format!("{key} = \"{text}\" is not a number")))
        };
        let mut special = Vec::new();
        for (key, flags) in CONSTANTS {
            special.extend(stored(key)?.map(|number| Special::value(number, sample, flags)));
        }
        let rounded = |n: f64| if sample == Sample::F32 { f64::from(n as f32) } else { n };
        special.extend(stored("valid_minimum")?.map(|n| Special::below(rounded(n), Quality::MISSING)));
        special.extend(stored("valid_maximum")?.map(|n| Special::above(rounded(n), Quality::MISSING)));
        Ok(special)
    }
}

/// The roles of axes by their names; by their places where the names do not tell.
fn roles(names: &[&str]) -> Vec<Axis> {
    let named = |name: &&str| match *name {
        "sample" | "samples" | "line_sample" | "x" | "column" => Some(Axis::Sample),
        "line" | "lines" | "y" | "row" => Some(Axis::Line),
        "band" | "bands" | "wavelength" | "time" | "frame" | "spectral" => Some(Axis::Band),
        _ => None,
    };
    let told: Option<Vec<Axis>> = names.iter().map(named).collect();
    let distinct = |axes: &Vec<Axis>| {
        let has = |axis: Axis| axes.contains(&axis);
        has(Axis::Sample) && has(Axis::Line) && (axes.len() == 2 || has(Axis::Band))
    };
    let by_place = match names.len() {
        2 => vec![Axis::Line, Axis::Sample],
        _ => vec![Axis::Band, Axis::Line, Axis::Sample],
    };
    told.filter(distinct).unwrap_or(by_place)
}

/// Data types of elements, PDS4 Standards Reference section 5A.
fn kind(name: &str) -> Result<(Sample, ByteOrder), ArchiveError> {
    use ByteOrder::{Big, Little};
    Ok(match name {
        "UnsignedByte" => (Sample::U8, Big),
        "SignedByte" => (Sample::I8, Big),
        "UnsignedLSB2" => (Sample::U16, Little),
        "UnsignedMSB2" => (Sample::U16, Big),
        "SignedLSB2" => (Sample::I16, Little),
        "SignedMSB2" => (Sample::I16, Big),
        "UnsignedLSB4" => (Sample::U32, Little),
        "UnsignedMSB4" => (Sample::U32, Big),
        "SignedLSB4" => (Sample::I32, Little),
        "SignedMSB4" => (Sample::I32, Big),
        "UnsignedLSB8" => (Sample::U64, Little),
        "UnsignedMSB8" => (Sample::U64, Big),
        "SignedLSB8" => (Sample::I64, Little),
        "SignedMSB8" => (Sample::I64, Big),
        "IEEE754LSBSingle" => (Sample::F32, Little),
        "IEEE754MSBSingle" => (Sample::F32, Big),
        "IEEE754LSBDouble" => (Sample::F64, Little),
        "IEEE754MSBDouble" => (Sample::F64, Big),
        other => {
            let what = format!("data_type = \"{other}\"");
            return Err(ArchiveError::unsupported(what, "convert the array to real or whole numbers first"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn label(axes: &[(&str, u64)], kind: &str, more: &str) -> String {
        let axes: String = axes
            .iter()
            .zip(1..)
            .map(|((name, size), k)| {
                format!("<Axis_Array><axis_name>{name}</axis_name><elements>{size}</elements><sequence_number>{k}</sequence_number></Axis_Array>")
            })
            .collect();
        format!(
            "<Product_Observational><File_Area_Observational><File><file_name>a.img</file_name></File><Array_3D_Image>\
             <offset unit=\"byte\">1</offset><axis_index_order>Last Index Fastest</axis_index_order>\
             <Element_Array><data_type>{kind}</data_type><unit>DN</unit><scaling_factor>2</scaling_factor><value_offset>1</value_offset></Element_Array>\
             {axes}{more}</Array_3D_Image></File_Area_Observational></Product_Observational>"
        )
    }

    fn band(text: &str, bytes: &[u8], band: u64) -> Result<(Vec<f32>, Vec<Quality>), ArchiveError> {
        let arrays = arrays(&Element::parse(text.as_bytes())?)?;
        let (image, quality) = arrays[0].layout()?.band(bytes, band, &Limits::default())?;
        Ok((image.into_vec(), quality.into_vec()))
    }

    #[test]
    fn axes_are_told_by_their_names_in_any_order() {
        type Axes<'a> = &'a [(&'a str, u64)];
        let cases: [(Axes<'_>, [u8; 7]); 4] = [
            (&[("Band", 2), ("Line", 1), ("Sample", 3)], [9, 0, 1, 2, 10, 11, 12]),
            (&[("Line", 1), ("Band", 2), ("Sample", 3)], [9, 0, 1, 2, 10, 11, 12]),
            (&[("Line", 1), ("Sample", 3), ("Band", 2)], [9, 0, 10, 1, 11, 2, 12]),
            (&[("Alpha", 2), ("Beta", 1), ("Gamma", 3)], [9, 0, 1, 2, 10, 11, 12]),
        ];
        for (axes, bytes) in cases {
            let text = label(axes, "UnsignedByte", "");
            assert_eq!(band(&text, &bytes, 0).unwrap().0, [1.0, 3.0, 5.0], "{axes:?}");
            assert_eq!(band(&text, &bytes, 1).unwrap().0, [21.0, 23.0, 25.0], "{axes:?}");
            for length in 0..bytes.len() {
                assert!(band(&text, &bytes[..length], 0).is_err(), "{axes:?} cut at {length}");
            }
        }
        let first = label(&[("Sample", 3), ("Line", 1), ("Band", 2)], "UnsignedByte", "")
            .replace("Last I", "First I");
        assert_eq!(band(&first, &[9, 0, 1, 2, 10, 11, 12], 1).unwrap().0, [21.0, 23.0, 25.0]);
    }

    #[test]
    fn special_constants_become_flags() {
        let more = "<Special_Constants><missing_constant>0</missing_constant><saturated_constant>255</saturated_constant>\
            <valid_minimum>2</valid_minimum></Special_Constants>";
        let text = label(&[("Line", 1), ("Sample", 4)], "UnsignedByte", more);
        let (values, flags) = band(&text, &[9, 0, 1, 2, 255], 0).unwrap();
        assert_eq!(flags, [Quality::MISSING, Quality::MISSING, Quality::GOOD, Special::HIGH]);
        assert!(values[0].is_nan() && values[2] == 5.0);
        let more = "<Special_Constants><missing_constant>0xFF7FFFFB</missing_constant></Special_Constants>";
        let text = label(&[("Line", 1), ("Sample", 1)], "IEEE754MSBSingle", more);
        assert!(band(&text, &[9, 0xff, 0x7f, 0xff, 0xfb], 0).unwrap().0[0].is_nan());
    }

    #[test]
    fn each_data_type_reads_its_number() {
        let cases: [(&str, &[u8]); 8] = [
            ("SignedByte", &[9, 0xfe]),
            ("SignedLSB2", &[9, 0xfe, 0xff]),
            ("SignedMSB2", &[9, 0xff, 0xfe]),
            ("SignedLSB4", &[9, 0xfe, 0xff, 0xff, 0xff]),
            ("SignedMSB8", &[9, 255, 255, 255, 255, 255, 255, 255, 0xfe]),
            ("IEEE754LSBSingle", &[9, 0, 0, 0, 0xc0]),
            ("IEEE754MSBDouble", &[9, 0xc0, 0, 0, 0, 0, 0, 0, 0]),
            ("IEEE754MSBSingle", &[9, 0xc0, 0, 0, 0]),
        ];
        for (kind, bytes) in cases {
            let text = label(&[("Line", 1), ("Sample", 1)], kind, "");
            assert_eq!(band(&text, bytes, 0).unwrap().0, [-3.0], "{kind}");
        }
        let complex = label(&[("Line", 1), ("Sample", 1)], "ComplexLSB8", "");
        assert!(matches!(band(&complex, &[0; 9], 0), Err(ArchiveError::Unsupported { .. })));
    }

    #[test]
    fn absurd_labels_are_refused() {
        let big = u64::MAX;
        for axes in [
            vec![("Line", big), ("Sample", big)],
            vec![("Line", 0), ("Sample", 3)],
            vec![("Line", 1)],
            vec![("Line", 1), ("Sample", big)],
            vec![("A", 1), ("B", 1), ("C", 1), ("D", 1)],
        ] {
            assert!(band(&label(&axes, "UnsignedByte", ""), &[0; 9], 0).is_err(), "{axes:?}");
        }
        let good = label(&[("Line", 1), ("Sample", 1)], "UnsignedByte", "");
        assert!(band(&good, &[0; 9], 0).is_ok());
        for (old, new) in [
            (">1</offset>", ">x</offset>"),
            ("Last Index", "Some Index"),
            ("<scaling_factor>2", "<scaling_factor>NaN"),
            ("<sequence_number>2", "<sequence_number>3"),
            ("Element_Array", "Something"),
            (">1</offset>", ">18446744073709551615</offset>"),
        ] {
            assert!(band(&good.replace(old, new), &[0; 9], 0).is_err(), "{new}");
        }
    }
}
