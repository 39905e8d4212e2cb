// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figures, one module each: a struct of values and words in, a [`crate::Png`] out.

pub(crate) mod frame;
pub(crate) mod light_curves;
pub(crate) mod limb;
pub(crate) mod map;
pub(crate) mod phase_curve;
pub(crate) mod recovery;
pub(crate) mod series;
pub(crate) mod spot_curve;
pub(crate) mod thumbnails;
pub(crate) mod verdict;

use crate::PublishError;
use crate::axis::number;
use facula_core::{LonLat, Raster};

/// Refuses images without a pixel.
pub(crate) fn need_pixels<T: Copy>(image: &Raster<T>, what: &'static str) -> Result<(), PublishError> {
    if image.width() > 0 && image.height() > 0 {
        return Ok(());
    }
    Err(PublishError::Argument {
        what,
        found: format!("{} x {} pixels", image.width(), image.height()),
        remedy: "give an image with at least one pixel",
    })
}

/// A place as people write it: `19.8° N, 239.3° E`.
pub(crate) fn place_text(place: LonLat) -> String {
    let latitude_deg = place.latitude_deg();
    let hemisphere = if latitude_deg < 0.0 { "S" } else { "N" };
    format!("{}° {hemisphere}, {}° E", number(latitude_deg.abs(), 1), number(place.longitude_deg(), 1))
}

/// Root mean square of finite values; `None` without any.
pub(crate) fn rms(values: impl Iterator<Item = f64>) -> Option<f64> {
    let squares: Vec<f64> = values.filter(|v| v.is_finite()).map(|v| v * v).collect();
    (!squares.is_empty()).then(|| (squares.iter().sum::<f64>() / squares.len() as f64).sqrt())
}

/// A count with its noun: `1 spot`, `2 spots`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Words joined by a space, empty ones left out.
pub(crate) fn sentences(parts: &[&str]) -> String {
    let said: Vec<&str> = parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect();
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_as_on_a_map() {
        assert_eq!(place_text(LonLat::from_degrees(239.34, 19.82)), "19.8° N, 239.3° E");
        assert_eq!(place_text(LonLat::from_degrees(0.0, -4.0)), "4.0° S, 0.0° E");
    }

    #[test]
    fn rms_leaves_out_what_is_not_a_number() {
        assert_eq!(rms([3.0, -4.0, f64::NAN].into_iter()), Some(12.5f64.sqrt()));
        assert_eq!(rms([f64::NAN].into_iter()), None);
        assert_eq!((counted(1, "spot"), counted(0, "spot")), ("1 spot".into(), "0 spots".into()));
        assert_eq!(sentences(&["", "a.", " b. "]), "a. b.");
    }
}
