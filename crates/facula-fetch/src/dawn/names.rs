// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the names of frames tell, for an index that does not tell it.
//!
//! # Source
//! Framing camera archive SIS (DAWN_FC_SIS, Small Bodies Node), file naming; checked with labels:
//! `FC21A0035300_15117005020F1I` is camera 2, level 1A, image 35300, 2015 day 117 00:50:20, filter 1, version I.

use facula_core::{Epoch, Unit, format_utc, parse_utc};

use crate::dawn::Archive;
use crate::index::Product;

/// A name of a framing camera product, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameName {
    /// Camera, 1 or 2.
    pub camera: u8,
    /// Level, `1A` or `1B`.
    pub level: String,
    /// Number of the image.
    pub image: u32,
    /// Start, whole seconds.
    pub start: Epoch,
    /// Filter (`F1`).
    pub filter: String,
    /// Version of the product (`I`).
    pub version: char,
}

impl FrameName {
    /// Takes the stem of a file name apart; `None` for other names.
    pub fn parse(stem: &str) -> Option<Self> {
        let (head, tail) = stem.split_once('_')?;
        if !stem.is_ascii() || head.len() != 12 || tail.len() != 14 || !head.starts_with("FC") {
            return None;
        }
        let number =
            |text: &str| text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
        let camera = u8::try_from(number(&head[2..3])?).ok()?;
        let day = number(&tail[2..5]).filter(|day| (1..=366).contains(day))?;
        let new_year = parse_utc(&format!("20{:02}-01-01T12:00:00", number(&tail[..2])?))?;
        let date = format_utc(new_year + f64::from(day - 1) * Unit::Day);
        let clock =
            format!("{:02}:{:02}:{:02}", number(&tail[5..7])?, number(&tail[7..9])?, number(&tail[9..11])?);
        Some(Self {
            camera,
            level: head[3..5].to_string(),
            image: number(&head[5..])?,
            start: parse_utc(&format!("{}T{clock}", &date[..10]))?,
            filter: Some(&tail[11..13])
                .filter(|f| f.starts_with('F') && number(&f[1..]).is_some())?
                .to_string(),
            version: tail.chars().last()?,
        })
    }
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

/// Fills in what the index left open: filter and start from the name, phase from the folder, target from the phase.
pub(crate) fn complete(product: &mut Product, volume: &str, archive: &Archive) {
    if product.volume.is_empty() {
        product.volume = volume.to_string();
    }
    if let Some(name) = FrameName::parse(stem(&product.path)) {
        if product.filter.is_empty() {
            product.filter = name.filter;
        }
        product.start = product.start.or(Some(name.start));
    }
    // Indexes give FILTER_NUMBER, labels and names F1 to F8.
    if product.filter.len() == 1 && product.filter.bytes().all(|b| b.is_ascii_digit()) {
        product.filter.insert(0, 'F');
    }
    let on_volume = |phase: &&crate::dawn::Phase| volume.starts_with(&format!("{}_", phase.volume));
    let upper = product.path.to_uppercase();
    let folders: Vec<&str> = upper.split('/').collect();
    let in_folder = |part: &str| {
        part.is_empty() || folders.iter().any(|folder| folder.split('_').any(|word| word == part))
    };
    let phase = archive.phases.iter().filter(on_volume).find(|phase| in_folder(&phase.folder));
    if let Some(phase) = phase {
        if product.phase.is_empty() {
            product.phase = phase.name.clone();
        }
        if product.target.is_empty() {
            product.target = phase.target.to_uppercase();
        }
    }
}

/// Keeps the FITS form of frames that are listed as FITS and as IMG.
pub(crate) fn one_form(products: &mut Vec<Product>) {
    let is_fits = |product: &Product| product.path.to_uppercase().contains("/FITS/");
    if products.iter().any(is_fits) {
        products.retain(is_fits);
    }
}

/// The files of a listed one: a detached label and its image belong together, an image with its label inside is alone.
pub fn files_of(path: &str) -> Vec<String> {
    let Some((stem, extension)) = path.rsplit_once('.') else { return vec![path.to_string()] };
    let in_fits_folder = path.to_uppercase().contains("/FITS/");
    match extension.to_uppercase().as_str() {
        "LBL" if in_fits_folder => vec![path.to_string(), format!("{stem}.FIT")],
        "LBL" => vec![path.to_string(), format!("{stem}.IMG")],
        "FIT" => vec![format!("{stem}.LBL"), path.to_string()],
        _ => vec![path.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_the_labels_say() {
        // START_TIME and FILTER_NUMBER of the labels with these names (Small Bodies Node; the third also in USGS ALE).
        let frames = [
            ("FC21A0035300_15117005020F1I", "1A", 35300, "2015-04-27T00:50:20.000", "F1"),
            ("FC21B0087817_16302100203F1E", "1B", 87817, "2016-10-28T10:02:03.000", "F1"),
            ("FC21A0038582_15170161546F6F", "1A", 38582, "2015-06-19T16:15:46.000", "F6"),
        ];
        for (text, level, image, start, filter) in frames {
            let name = FrameName::parse(text).unwrap();
            assert_eq!((name.camera, name.level.as_str(), name.image), (2, level, image));
            assert_eq!((format_utc(name.start).as_str(), name.filter.as_str()), (start, filter));
        }
        for bad in [
            "",
            "FC21A0035300",
            "FC21A0035300_15417005020F1I",
            "FC21A0035300_15117005020X1I",
            "FC21A003530é_15117005020F1I",
        ] {
            assert!(FrameName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn folders_tell_the_phase() {
        let archive = Archive::built_in();
        let of = |path: &str, volume: &str| {
            let mut product = Product { path: path.into(), ..Product::default() };
            complete(&mut product, volume, &archive);
            (product.phase, product.target, product.filter)
        };
        let rc3 = "DATA/FITS/20150424_RC3/20150426_HIGH_PHASE_SOUTH_003/FC21A0035300_15117005020F1I.LBL";
        assert_eq!(of(rc3, "DWNCAFC2_1A"), ("CERES SCIENCE RC3 (CSR)".into(), "CERES".into(), "F1".into()));
        assert_eq!(of("DATA/FITS/2015_OTHER/x.LBL", "DWNCAFC2_1A"), Default::default());
        assert_eq!(of("DATA/FITS/20180722_20180728/x.LBL", "DWNC7FC2_1A").1, "CERES");
    }

    #[test]
    fn labels_bring_their_images() {
        assert_eq!(files_of("DATA/FITS/a.LBL"), ["DATA/FITS/a.LBL", "DATA/FITS/a.FIT"]);
        assert_eq!(files_of("DATA/FITS/a.FIT"), ["DATA/FITS/a.LBL", "DATA/FITS/a.FIT"]);
        assert_eq!(files_of("DATA/IMG/a.IMG"), ["DATA/IMG/a.IMG"]);
    }

    proptest::proptest! {
        #[test]
        fn no_name_brings_it_down(name in "FC[0-9A-Zé]{8,12}_[0-9A-Zé]{12,15}") {
            FrameName::parse(&name);
        }
    }
}
