// SPDX-License-Identifier: MIT OR Apache-2.0
//! A FITS file without a label: what its own cards tell.

use facula_core::{Epoch, FrameMeta, Level, RawFrame};

use crate::ArchiveError;
use crate::fits::{FitsCard, FitsFile, FitsImage};
use crate::frame::{MAX_EXPOSURE_S, Source, plain_name, target_name};
use crate::time::parse_time;

/// Hint of all errors about cards.
const HINT: &str = "put a PDS3 label of the same name beside the FITS file";

pub(super) fn read(source: &Source<'_>) -> Result<RawFrame, ArchiveError> {
    let file = parse_reporting(source)?;
    let image = file.read(file.first_image()?, &source.options.limits)?;
    let all: Vec<&FitsCard> = image.cards.iter().chain(file.units.iter().flat_map(|u| &u.cards)).collect();
    let meta = meta(source, &Cards(all))?;
    let FitsImage { image: dn, quality, .. } = image;
    Ok(RawFrame { meta, dn, quality, pose: None })
}

/// Parses the file and reports its departures from the standard.
pub(super) fn parse_reporting<'a>(source: &Source<'a>) -> Result<FitsFile<'a>, ArchiveError> {
    let file = FitsFile::parse(source.bytes)?;
    for problem in &file.problems {
        source.warn(problem, "the image was read; fetch the file again if it should be sound");
    }
    Ok(file)
}

/// What the numbers are, by their unit (`BUNIT`, `UNIT`); `None` for units that say nothing known.
pub(super) fn level_of_unit(unit: &str) -> Option<Level> {
    let unit = unit.trim().to_ascii_uppercase();
    if is_spectral_radiance(&unit) {
        return Some(Level::Radiance);
    }
    match unit.as_str() {
        "DN" | "DU" | "ADU" | "COUNT" | "COUNTS" => Some(Level::Raw),
        "I/F" | "IOF" | "REFLECTANCE" => Some(Level::IOverF),
        "RELATIVE" => Some(Level::Relative),
        _ => None,
    }
}

/// Whether a unit in capitals is W m⁻² sr⁻¹ nm⁻¹ in one of its spellings (`W/(M**2*SR*NM)`, `W M-2 NM-1 SR-1`,
/// `W / (M^2 NM SR)`).
fn is_spectral_radiance(unit: &str) -> bool {
    let divided = unit.split_once('/');
    let Some(rest) =
        divided.map_or_else(|| unit.strip_prefix('W'), |(watt, rest)| (watt.trim() == "W").then_some(rest))
    else {
        return false;
    };
    let inverse = if divided.is_some() { "" } else { "-" };
    let mut factors: Vec<String> = rest
        .replace("**", "")
        .replace('^', "")
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|word| !word.is_empty())
        .map(|word| word.trim_end_matches(&format!("{inverse}1")).to_string())
        .collect();
    factors.sort();
    factors == [format!("M{inverse}2"), "NM".to_string(), "SR".to_string()]
}

/// Cards of the image and then of all other units: the first one counts.
struct Cards<'a>(Vec<&'a FitsCard>);

impl Cards<'_> {
    fn text(&self, keywords: &[&str]) -> Option<&str> {
        let find = |keyword: &&str| {
            let with_value = |card: &&&FitsCard| card.keyword == *keyword && card.value.is_some();
            self.0.iter().find(with_value).and_then(|card| card.value.as_deref())
        };
        keywords.iter().find_map(find).filter(|text| !text.is_empty())
    }

    fn number(&self, keywords: &[&str]) -> Option<f64> {
        self.text(keywords)?.replace(['D', 'd'], "E").parse().ok().filter(|n: &f64| n.is_finite())
    }
}

fn meta(source: &Source<'_>, cards: &Cards<'_>) -> Result<FrameMeta, ArchiveError> {
    let exposure_s = cards.number(&["XPOSURE", "EXPTIME", "EXPOSURE"]);
    let exposure_s = exposure_s.filter(|s| (0.0..=MAX_EXPOSURE_S).contains(s));
    let exposure_s =
        exposure_s.ok_or_else(|| ArchiveError::missing("the exposure time (card EXPTIME)", HINT))?;
    let name = |keywords: &[&str]| plain_name(cards.text(keywords).unwrap_or_default());
    let stem = source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FrameMeta {
        id: stem,
        target: target_name(cards.text(&["OBJECT", "TARGET"]).unwrap_or_default()),
        instrument: name(&["INSTRUME"]),
        filter: cards.text(&["FILTER"]).unwrap_or_default().to_string(),
        mid_exposure: mid_exposure(source, cards, exposure_s)?,
        exposure_s,
        // CCD-TEMP is in degrees Celsius by convention.
        detector_temperature_k: cards.number(&["CCD-TEMP"]).map(|celsius| celsius + 273.15),
        level: level(source, cards),
        keywords: keywords(cards),
    })
}

/// `DATE-BEG` is the start; without it `DATE-OBS` is, as FITS 4.0 section 9.5 says for old files.
fn mid_exposure(source: &Source<'_>, cards: &Cards<'_>, exposure_s: f64) -> Result<Epoch, ArchiveError> {
    let text = cards.text(&["DATE-BEG", "DATE-OBS"]);
    let text = text.ok_or_else(|| ArchiveError::missing("the time of the exposure (card DATE-OBS)", HINT))?;
    let start = parse_time(text)
        .ok_or_else(|| ArchiveError::format(format!("the card DATE-OBS = \"{text}\" is not a time"), HINT))?;
    source.options.mid_exposure(start, exposure_s)
}

fn level(source: &Source<'_>, cards: &Cards<'_>) -> Level {
    let unit = cards.text(&["BUNIT"]).unwrap_or_default();
    level_of_unit(unit).unwrap_or_else(|| {
        let message =
            format!("BUNIT = \"{unit}\" does not say what the numbers are: taken as relative brightness");
        source.warn(&message, "set BUNIT to DN or I/F");
        Level::Relative
    })
}

fn keywords(cards: &Cards<'_>) -> std::collections::BTreeMap<String, String> {
    let named = cards.0.iter().rev().filter(|card| !card.keyword.is_empty());
    named.filter_map(|card| Some((card.keyword.clone(), card.value.clone()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_tell_what_numbers_are_however_they_are_spelled() {
        let radiance =
            ["W/(M**2*SR*NM)", "W/m^2/nm/sr", "W m-2 sr-1 nm-1", "W / (m**2 nm sr)", "W*M**-2*SR**-1*NM**-1"];
        for unit in radiance {
            assert_eq!(level_of_unit(unit), Some(Level::Radiance), "{unit}");
        }
        for unit in ["W/(M**2*SR*UM)", "W/M**2", "W", "WATT", "M**-2", "W m2 sr nm", ""] {
            assert_eq!(level_of_unit(unit), None, "{unit}");
        }
        assert_eq!(level_of_unit(" dn "), Some(Level::Raw));
        assert_eq!(level_of_unit("I/F"), Some(Level::IOverF));
    }
}
