// SPDX-License-Identifier: MIT OR Apache-2.0
//! The quality band: what is wrong with a pixel, if anything. It travels with every image.

use std::ops::{BitOr, BitOrAssign};

/// Flags of one pixel or map cell; no flag means good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quality(u8);

impl Quality {
    /// Nothing wrong.
    pub const GOOD: Self = Self(0);
    /// At or above full well or the converter's end: a lower bound only.
    pub const SATURATED: Self = Self(1);
    /// Known hot pixel or cosmic-ray hit.
    pub const HOT: Self = Self(2);
    /// Read-out smear could not be removed to the noise (a saturated pixel lies in the column).
    pub const SMEAR: Self = Self(4);
    /// No data: not read out, lost, NaN, or outside every frame.
    pub const MISSING: Self = Self(8);
    /// The Sun does not reach the place (terrain or night).
    pub const SHADOW: Self = Self(16);
    /// Seen or lit at a grazing angle: beyond the limits of the options.
    pub const GRAZING: Self = Self(32);
    /// Beyond the range in which a model or a calibration holds.
    pub const EXTRAPOLATED: Self = Self(64);
    /// Sky: the line of sight does not meet the body, or something nearer hides the place.
    pub const OFF_BODY: Self = Self(128);

    /// The flags as a number, as written to the quality bands of products.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The flags from the number in a quality band.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Whether no flag is set.
    pub const fn is_good(self) -> bool {
        self.0 == 0
    }

    /// Whether any of the flags of `other` is set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Name of every flag with its bit value, for band descriptions.
    pub const NAMES: [(Self, &'static str); 8] = [
        (Self::SATURATED, "saturated"),
        (Self::HOT, "hot"),
        (Self::SMEAR, "smear"),
        (Self::MISSING, "missing"),
        (Self::SHADOW, "shadow"),
        (Self::GRAZING, "grazing"),
        (Self::EXTRAPOLATED, "extrapolated"),
        (Self::OFF_BODY, "off-body"),
    ];
}

impl BitOr for Quality {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Quality {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_has_its_own_bit_and_a_name() {
        let all = Quality::NAMES.iter().fold(Quality::GOOD, |sum, (flag, _)| sum | *flag);
        assert_eq!(all.bits(), u8::MAX);
        assert!(Quality::GOOD.is_good() && !Quality::HOT.is_good());
        assert!((Quality::HOT | Quality::SHADOW).intersects(Quality::SHADOW));
    }
}
