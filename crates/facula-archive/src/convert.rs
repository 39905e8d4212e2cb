// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any image of any file to FITS or PDS4. (GeoTIFF is written by the crate of maps.)

use std::path::{Path, PathBuf};

use facula_core::Reporter;

use crate::fits::{FitsCard, FitsFormat, FitsWriteOptions, write_fits};
use crate::pds4::{Pds4Options, write_pds4};
use crate::{ArchiveError, ArchiveImage, ImageOptions, read_image};

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// FITS, 16-bit whole numbers where that is exact, else 32-bit reals.
    Fits,
    /// A PDS4 label with its array.
    Pds4,
}

impl Target {
    /// The format that the extension of a file asks for: `.fit`, `.fits` or `.xml`.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "fit" | "fits" => Some(Self::Fits),
            "xml" => Some(Self::Pds4),
            _ => None,
        }
    }
}

/// Reads an image and writes it to `out`, in the format of its extension; gives the files written.
///
/// Values are those after scaling; quality goes along as an extension or second array where it says more than
/// that pixels are missing. Keywords that FITS cards can hold go along as cards.
///
/// # Errors
/// As [`read_image`]; `Argument` for another extension; `Io`.
pub fn convert(
    path: &Path,
    out: &Path,
    options: &ImageOptions,
    report: &dyn Reporter,
) -> Result<Vec<PathBuf>, ArchiveError> {
    let target = Target::of(out).ok_or_else(|| ArchiveError::Argument {
        name: "out",
        value: out.display().to_string(),
        reason: "the extension is .fit or .fits for FITS, .xml for PDS4",
    })?;
    let read = read_image(path, options, report)?;
    match target {
        Target::Fits => to_fits(&read, out),
        Target::Pds4 => to_pds4(path, &read, out),
    }
}

fn to_fits(read: &ArchiveImage, out: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let options = FitsWriteOptions {
        format: FitsFormat::for_image(&read.image),
        cards: cards(read),
        quality: Some(read.quality.clone()),
        ..Default::default()
    };
    write_fits(out, &read.image, &options)?;
    Ok(vec![out.to_path_buf()])
}

/// Keywords whose name and value fit a card and do not describe the old array.
fn cards(read: &ArchiveImage) -> Vec<FitsCard> {
    const OWN: [&str; 14] = [
        "SIMPLE", "XTENSION", "BITPIX", "EXTEND", "BZERO", "BSCALE", "BLANK", "PCOUNT", "GCOUNT", "EXTNAME",
        "TFIELDS", "THEAP", "CHECKSUM", "DATASUM",
    ];
    let of_table = |key: &str| {
        let prefixes = ["NAXIS", "TTYPE", "TFORM", "TUNIT", "TNULL", "TSCAL", "TZERO", "TDISP", "TDIM"];
        prefixes.iter().any(|prefix| key.starts_with(prefix))
            || key.starts_with('Z')
                && [
                    "ZIMAGE", "ZCMPTYPE", "ZBITPIX", "ZQUANTIZ", "ZDITHER0", "ZBLANK", "ZTENSION", "ZSIMPLE",
                    "ZEXTEND", "ZPCOUNT", "ZGCOUNT",
                ]
                .contains(&key)
            || ["ZNAXIS", "ZTILE", "ZNAME", "ZVAL"].iter().any(|prefix| key.starts_with(prefix))
    };
    let sayable = |key: &str, value: &str| {
        let word =
            key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        let text = value.bytes().all(|b| (b' '..=b'~').contains(&b));
        word && text && !key.is_empty() && key.len() <= 8 && value.len() + value.matches('\'').count() <= 68
    };
    let number = |value: &str| value.parse::<f64>().is_ok_and(f64::is_finite) && value.len() <= 60;
    let kept = read.keywords.iter().filter(|(key, value)| {
        sayable(key, value) && !OWN.contains(&key.as_str()) && !of_table(key) && *key != "END"
    });
    kept.map(|(key, value)| {
        if number(value) || value == "T" || value == "F" {
            FitsCard::number(key, value)
        } else {
            FitsCard::text(key, value)
        }
    })
    .collect()
}

fn to_pds4(path: &Path, read: &ArchiveImage, out: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let stem = out.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = out.parent().unwrap_or(Path::new(""));
    let text = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| read.keywords.get(*key));
        found.filter(|text| !text.chars().any(char::is_control)).cloned().unwrap_or_default()
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let options = Pds4Options {
        title: format!("{name}, image {}", read.part.name),
        target: text(&[
            "TARGET_NAME",
            "OBJECT",
            "TARGET",
            "target",
            "Observation_Area.Target_Identification.name",
        ]),
        instrument: text(&["INSTRUMENT_ID", "INSTRUME", "instrument"]),
        unit: text(&["IMAGE.UNIT", "BUNIT"]),
        times_utc: None,
        quality: Some(read.quality.clone()),
    };
    let written = write_pds4(folder, stem, &read.image, &options)?;
    Ok(vec![written.label, written.data])
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Silent;

    #[test]
    fn an_image_goes_from_format_to_format_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let start = folder.path().join("a.img");
        let mut bytes =
            format!("{:<128}", "LBLSIZE=128 FORMAT='BYTE' NL=2 NS=2 ORG='BSQ' OBJECT='it''s'").into_bytes();
        bytes.extend([1, 2, 3, 255]);
        std::fs::write(&start, bytes).unwrap();
        let (fits, pds4, again) =
            (folder.path().join("b.fits"), folder.path().join("c.xml"), folder.path().join("d.fit"));
        let options = ImageOptions::default();
        assert_eq!(convert(&start, &fits, &options, &Silent).unwrap(), std::slice::from_ref(&fits));
        assert_eq!(convert(&fits, &pds4, &options, &Silent).unwrap().len(), 2);
        convert(&pds4, &again, &options, &Silent).unwrap();
        for path in [&start, &fits, &pds4, &again] {
            let read = read_image(path, &options, &Silent).unwrap();
            assert_eq!(read.image.as_slice(), [1.0, 2.0, 3.0, 255.0], "{}", path.display());
        }
        assert_eq!(read_image(&fits, &options, &Silent).unwrap().keywords["OBJECT"], "it's");
    }

    #[test]
    fn other_extensions_are_refused() {
        let error =
            convert(Path::new("a"), Path::new("b.gif"), &ImageOptions::default(), &Silent).unwrap_err();
        assert!(matches!(error, ArchiveError::Argument { .. }), "{error}");
    }
}
