// SPDX-License-Identifier: MIT OR Apache-2.0
//! FITS out: several named planes of one frame, an image extension each.

use std::path::Path;

use facula_core::Raster;

use super::write::{push_header, push_plane};
use crate::ArchiveError;
use crate::files::write_aside;
use crate::fits::FitsCard;

/// A named plane of numbers.
#[derive(Debug, Clone, Copy)]
pub struct FitsPlane<'a> {
    /// Name, the extension's `EXTNAME`.
    pub name: &'a str,
    /// Unit of its numbers, `BUNIT`; empty when they have none.
    pub unit: &'a str,
    /// The numbers, NaN where there is none.
    pub image: &'a Raster<f32>,
}

/// Writes planes as image extensions behind an empty primary unit that carries `cards`, under a temporary name,
/// and renames the file.
///
/// # Errors
/// `Argument` for cards or names that do not fit 80 printable columns; `Io`.
///
/// # Source
/// FITS 4.0, sections 4.4 and 7.1.
pub fn write_fits_planes(
    path: &Path,
    planes: &[FitsPlane<'_>],
    cards: &[FitsCard],
) -> Result<(), ArchiveError> {
    write_aside(path, &encode(planes, cards)?)
}

fn encode(planes: &[FitsPlane<'_>], cards: &[FitsCard]) -> Result<Vec<u8>, ArchiveError> {
    let mut primary = vec![
        FitsCard::number("SIMPLE", "T"),
        FitsCard::number("BITPIX", "8"),
        FitsCard::number("NAXIS", "0"),
        FitsCard::number("EXTEND", "T"),
    ];
    primary.extend(cards.iter().cloned());
    let mut bytes = Vec::new();
    push_header(&mut bytes, &primary)?;
    for plane in planes {
        let mut cards = vec![FitsCard::text("EXTNAME", plane.name)];
        if !plane.unit.is_empty() {
            cards.push(FitsCard::text("BUNIT", plane.unit));
        }
        push_plane(&mut bytes, plane.image, &cards)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::fits::FitsFile;

    #[test]
    fn planes_come_back_with_their_names_and_units() {
        let (a, b) = (Raster::filled(3, 2, 1.5f32), Raster::from_vec(2, 1, vec![f32::NAN, 4.0]).unwrap());
        let planes = [
            FitsPlane { name: "LONGITUDE", unit: "deg", image: &a },
            FitsPlane { name: "SHADOW", unit: "", image: &b },
        ];
        let bytes = encode(&planes, &[FitsCard::text("PRODUCT", "a frame")]).unwrap();
        let file = FitsFile::parse(&bytes).unwrap();
        assert!(file.problems.is_empty(), "{:?}", file.problems);
        let images: Vec<usize> = (0..file.units.len()).filter(|k| file.units[*k].is_image()).collect();
        assert_eq!(images.len(), 2);
        assert_eq!(file.units[images[0]].value("EXTNAME"), Some("LONGITUDE"));
        assert_eq!(file.units[images[0]].value("BUNIT"), Some("deg"));
        assert_eq!(file.units[images[1]].value("BUNIT"), None);
        assert_eq!(file.read(images[0], &Limits::default()).unwrap().image, a);
        assert_eq!(file.read(images[1], &Limits::default()).unwrap().image.as_slice()[1], 4.0);
    }

    #[test]
    fn names_that_do_not_fit_are_refused() {
        let image = Raster::filled(1, 1, 0.0f32);
        let name = "x".repeat(90);
        assert!(encode(&[FitsPlane { name: &name, unit: "", image: &image }], &[]).is_err());
    }
}
