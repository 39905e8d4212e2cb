// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one frame a cell shows, under the rules that choose a best one.
//!
//! In: readings of frames with a score. Out: value and sigma of the frame that wins: the finest level, then the highest
//! score, then the higher key. A total order, so the order of frames does not matter.

use facula_core::Quality;

use super::cell::Place;
use super::quantum::FrameTag;
use super::rules::MosaicRule;
use crate::orthorectify::TileReadings;

/// What a cell shows; 36 bytes of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Winner {
    /// Key of the frame.
    pub key: u64,
    /// Its score.
    pub score: u32,
    /// Value, sigma and pixel scale (m), as the bits of floats.
    pub bits: [u32; 3],
    /// Frames of this level that measured the cell.
    pub count: u32,
    /// Day of the frame.
    pub day: u16,
    /// Rank of its level.
    pub level: u8,
    /// Flags of its pixels.
    pub flags: u8,
    /// Why other frames that saw the cell could not be used.
    pub reasons: u8,
}

/// Score of a reading, larger for better.
fn score(rule: MosaicRule, readings: &TileReadings, cell: usize) -> u32 {
    let scale_m = readings.scale_m[cell];
    match rule {
        // Six bits of the mantissa: steps of 0.8 % to 1.6 %.
        MosaicRule::BestResolution => u32::MAX - (scale_m.to_bits() >> 17),
        // Weights are fading and cosines over the square of the scale.
        _ => (readings.weight[cell] * scale_m * scale_m * 256.0).round() as u32,
    }
}

impl Winner {
    /// Whether nothing is known of the cell.
    pub fn is_untouched(&self) -> bool {
        self.count == 0 && self.reasons == 0
    }

    /// Adds what a frame says of a cell; whether it is a measurement.
    pub fn add(&mut self, (readings, cell): (&TileReadings, usize), tag: &FrameTag, rule: MosaicRule) {
        let value = readings.albedo[cell] * tag.gain;
        if !value.is_finite() {
            let infinite = if value.is_infinite() { Quality::SATURATED } else { Quality::GOOD };
            self.reasons |= (readings.flags[cell] | infinite).bits();
            return;
        }
        let sigma = readings.sigma[cell] * tag.gain;
        self.merge(&Self {
            key: tag.key,
            score: score(rule, readings, cell),
            bits: [value.to_bits(), sigma.to_bits(), readings.scale_m[cell].to_bits()],
            count: 1,
            day: tag.day,
            level: tag.level,
            flags: readings.flags[cell].bits(),
            reasons: 0,
        });
    }

    /// Joins what other frames say.
    pub fn merge(&mut self, other: &Self) {
        let reasons = self.reasons | other.reasons;
        let place =
            if other.count == 0 { Place::Hidden } else { Place::of(other.level, (self.level, self.count)) };
        match place {
            Place::Hidden => {}
            Place::Replaces => *self = *other,
            Place::Joins => {
                let count = self.count.saturating_add(other.count);
                if other.order() > self.order() {
                    *self = *other;
                }
                self.count = count;
            }
        }
        self.reasons = reasons;
    }

    /// The fields after score and key decide only between frames whose identifiers hash alike.
    fn order(&self) -> (u32, u64, [u32; 3], u16, u8) {
        (self.score, self.key, self.bits, self.day, self.flags)
    }

    /// Flags of the cell as a product shows them.
    pub fn quality(&self) -> Quality {
        match self.count {
            0 => Quality::from_bits(self.reasons) | Quality::MISSING,
            _ => Quality::from_bits(self.flags),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::quantum::Quantum;
    use facula_core::Level;
    use proptest::prelude::*;

    fn reading(albedo: f32, cosines: f32, scale_m: f32) -> TileReadings {
        TileReadings {
            albedo: vec![albedo],
            sigma: vec![0.001],
            weight: vec![cosines / (scale_m * scale_m)],
            scale_m: vec![scale_m],
            flags: vec![Quality::GOOD],
        }
    }

    fn tag(key: u64, level: u8) -> FrameTag {
        let quantum = Quantum::of(Level::IOverF);
        FrameTag { key, level, day: 9, gain: 1.0, weight_units: 1.0, quantum }
    }

    fn value(winner: &Winner) -> f32 {
        f32::from_bits(winner.bits[0])
    }

    #[test]
    fn the_smaller_pixel_or_the_steeper_light_wins() {
        let (near, steep) = (reading(0.1, 0.3, 100.0), reading(0.2, 0.9, 120.0));
        let shown = |rule| {
            let mut winner = Winner::default();
            winner.add((&steep, 0), &tag(1, 0), rule);
            winner.add((&near, 0), &tag(2, 0), rule);
            (value(&winner), winner.count)
        };
        assert_eq!(shown(MosaicRule::BestResolution), (0.1, 2));
        assert_eq!(shown(MosaicRule::BestIllumination), (0.2, 2));
    }

    #[test]
    fn nearly_equal_scales_are_decided_by_frame_and_not_by_cell() {
        let mut winner = Winner::default();
        winner.add((&reading(0.1, 0.5, 100.1), 0), &tag(7, 0), MosaicRule::BestResolution);
        winner.add((&reading(0.2, 0.5, 100.0), 0), &tag(3, 0), MosaicRule::BestResolution);
        assert_eq!(value(&winner), 0.1);
    }

    #[test]
    fn a_cell_that_no_frame_could_use_says_why() {
        let mut winner = Winner::default();
        let mut bad = reading(f32::NAN, 0.0, 100.0);
        bad.flags = vec![Quality::SHADOW];
        winner.add((&bad, 0), &tag(1, 0), MosaicRule::BestResolution);
        assert_eq!(winner.quality(), Quality::SHADOW | Quality::MISSING);
        winner.add((&reading(f32::INFINITY, 0.5, 1.0), 0), &tag(1, 0), MosaicRule::BestResolution);
        assert_eq!(winner.quality(), Quality::SHADOW | Quality::SATURATED | Quality::MISSING);
    }

    proptest! {
        #[test]
        fn any_order_gives_the_same_winner(
            all in prop::collection::vec((0.01f32..1.0, 90.0f32..110.0, 0u64..4, 0u8..3), 1..10),
            turn in 0usize..10,
        ) {
            let fill = |order: &[(f32, f32, u64, u8)]| {
                let mut winner = Winner::default();
                for (cosines, scale_m, key, level) in order {
                    let reading = reading(*cosines, *cosines, *scale_m);
                    winner.add((&reading, 0), &tag(*key, *level), MosaicRule::BestResolution);
                }
                winner
            };
            let mut turned = all.clone();
            turned.rotate_left(turn % all.len());
            prop_assert_eq!(fill(&all), fill(&turned));
        }
    }
}
