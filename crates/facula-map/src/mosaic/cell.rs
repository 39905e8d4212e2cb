// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sums of one cell: whole numbers, so that they are exact and know no order.
//!
//! In: [`Contribution`]s of frames. Out: weighted mean with uncertainty. A cell keeps the sums of the finest scale level
//! that reached it: a finer frame starts them anew, a coarser one is ignored.

use facula_core::Quality;

use super::quantum::{Contribution, FrameTag};

/// Beyond this product of sums the whole numbers may have run over: Σw·Σwv² bounds (Σwv)², which must fit 63 bits.
pub(crate) const MAX_SQUARE: f64 = 4.0e37;

/// Sums of one cell; 64 bytes, a cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Cell {
    /// Σ w v², units.
    pub sum_wvv: u128,
    /// Σ w² σ², units.
    pub sum_wwss: u128,
    /// Σ w, units.
    pub sum_w: u64,
    /// Σ w v, units.
    pub sum_wv: i64,
    /// Smallest pixel scale, m, as the bits of a positive float; all ones before the first measurement.
    pub best_scale_bits: u32,
    /// Measurements.
    pub count: u32,
    /// Days of the earliest and latest frame, since 1950-01-01.
    pub days: [u16; 2],
    /// Rank of the scale level the sums belong to.
    pub level: u8,
    /// Flags of the pixels used.
    pub flags: u8,
    /// Why frames that saw the cell could not be used.
    pub reasons: u8,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            sum_wvv: 0,
            sum_wwss: 0,
            sum_w: 0,
            sum_wv: 0,
            best_scale_bits: u32::MAX,
            count: 0,
            days: [u16::MAX, 0],
            level: 0,
            flags: 0,
            reasons: 0,
        }
    }
}

/// What becomes of a contribution at a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It belongs to the cell's own level.
    Joins,
    /// It is finer: what the cell holds goes.
    Replaces,
    /// It is coarser: it goes.
    Hidden,
}

impl Place {
    /// Where a level stands against that of a cell with so many measurements.
    pub(crate) fn of(level: u8, (cell_level, count): (u8, u32)) -> Self {
        match level.cmp(&cell_level) {
            _ if count == 0 => Self::Replaces,
            std::cmp::Ordering::Equal => Self::Joins,
            std::cmp::Ordering::Greater => Self::Replaces,
            std::cmp::Ordering::Less => Self::Hidden,
        }
    }
}

impl Cell {
    /// Whether nothing is known of the cell.
    pub fn is_untouched(&self) -> bool {
        self.count == 0 && self.reasons == 0
    }

    /// Forgets the measurements; the reasons of frames that could not be used stay.
    fn restart(&mut self, level: u8) {
        *self = Self { level, reasons: self.reasons, ..Self::default() };
    }

    /// Adds a measurement; where it stands against what was there.
    #[inline]
    pub fn add(&mut self, c: &Contribution, tag: &FrameTag, (scale_m, flags): (f32, Quality)) -> Place {
        let place = Place::of(tag.level, (self.level, self.count));
        match place {
            Place::Hidden => return place,
            Place::Replaces => self.restart(tag.level),
            Place::Joins => {}
        }
        let sums = Sums::of(c);
        self.sum_w = self.sum_w.saturating_add(u64::from(c.weight));
        self.sum_wv = self.sum_wv.wrapping_add(sums.wv);
        self.sum_wvv = self.sum_wvv.saturating_add(sums.wvv);
        self.sum_wwss = self.sum_wwss.saturating_add(sums.wwss);
        self.best_scale_bits = self.best_scale_bits.min(scale_m.to_bits());
        self.count = self.count.saturating_add(1);
        self.days = [self.days[0].min(tag.day), self.days[1].max(tag.day)];
        self.flags |= flags.bits();
        place
    }

    /// Notes why a frame could not be used.
    pub fn refuse(&mut self, reason: Quality) {
        self.reasons |= reason.bits();
    }

    /// Adds the sums of other frames; where they stand against what was there.
    pub fn merge(&mut self, other: &Self) -> Place {
        let reasons = self.reasons | other.reasons;
        let place =
            if other.count == 0 { Place::Hidden } else { Place::of(other.level, (self.level, self.count)) };
        match place {
            Place::Hidden => {}
            Place::Replaces => *self = *other,
            Place::Joins => {
                self.sum_w = self.sum_w.saturating_add(other.sum_w);
                self.sum_wv = self.sum_wv.wrapping_add(other.sum_wv);
                self.sum_wvv = self.sum_wvv.saturating_add(other.sum_wvv);
                self.sum_wwss = self.sum_wwss.saturating_add(other.sum_wwss);
                self.best_scale_bits = self.best_scale_bits.min(other.best_scale_bits);
                self.count = self.count.saturating_add(other.count);
                self.days = [self.days[0].min(other.days[0]), self.days[1].max(other.days[1])];
                self.flags |= other.flags;
            }
        }
        self.reasons = reasons;
        place
    }

    /// Takes a contribution out again; what cannot be undone (scale, days, flags) stays.
    pub fn without(&self, c: &Contribution) -> Self {
        let sums = Sums::of(c);
        Self {
            sum_w: self.sum_w.saturating_sub(u64::from(c.weight)),
            sum_wv: self.sum_wv.wrapping_sub(sums.wv),
            sum_wvv: self.sum_wvv.saturating_sub(sums.wvv),
            sum_wwss: self.sum_wwss.saturating_sub(sums.wwss),
            count: self.count.saturating_sub(1),
            ..*self
        }
    }

    /// Whether the sums ran over: nothing can be said then.
    pub fn ran_over(&self) -> bool {
        self.sum_w as f64 * float(self.sum_wvv) > MAX_SQUARE || self.sum_wwss == u128::MAX
    }

    /// Mean, variance of a measurement around it (n/(n−1) corrected) and variance of the mean by noise alone, all in
    /// units; `None` without measurements or when the sums ran over.
    pub fn moments(&self) -> Option<Moments> {
        if self.count == 0 || self.sum_w == 0 || self.ran_over() {
            return None;
        }
        let sums = (self.sum_w, self.sum_wv, self.sum_wvv);
        let sum_w = self.sum_w as f64;
        let mean = self.sum_wv as f64 / sum_w;
        let others = f64::from(self.count) - 1.0;
        let variance =
            if others > 0.0 { spread(sums) / (sum_w * sum_w) * f64::from(self.count) / others } else { 0.0 };
        Some(Moments { mean, variance, noise_variance: float(self.sum_wwss) / (sum_w * sum_w) })
    }

    /// Weighted mean and its uncertainty, units: the larger of propagated noise and scatter between frames.
    pub fn mean_and_sigma(&self) -> Option<(f64, f64)> {
        let Moments { mean, variance, noise_variance } = self.moments()?;
        Some((mean, (variance / f64::from(self.count)).max(noise_variance).sqrt()))
    }

    /// Flags of the cell as a product shows them.
    pub fn quality(&self) -> Quality {
        match self.count {
            0 => Quality::from_bits(self.reasons) | Quality::MISSING,
            _ if self.ran_over() => Quality::from_bits(self.flags) | Quality::SATURATED | Quality::MISSING,
            _ => Quality::from_bits(self.flags),
        }
    }

    /// Smallest pixel scale, m; NaN before the first measurement.
    pub fn best_scale_m(&self) -> f32 {
        f32::from_bits(self.best_scale_bits)
    }
}

/// Mean and variances of a cell, units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    /// Weighted mean.
    pub mean: f64,
    /// Variance of one measurement.
    pub variance: f64,
    /// Variance of the mean that the noise of the measurements alone makes.
    pub noise_variance: f64,
}

/// Σw·Σwv² − (Σwv)² of Σw, Σwv, Σwv²; exact where it fits, so that equal values have no scatter at all.
#[inline(always)]
pub(crate) fn spread((sum_w, sum_wv, sum_wvv): (u64, i64, u128)) -> f64 {
    let magnitude = u128::from(sum_wv.unsigned_abs());
    let square = magnitude * magnitude;
    let product = match u64::try_from(sum_wvv) {
        Ok(small) => Some(u128::from(sum_w) * u128::from(small)),
        Err(_) => u128::from(sum_w).checked_mul(sum_wvv),
    };
    match product {
        Some(product) => float(product.saturating_sub(square)),
        None => (sum_w as f64 * float(sum_wvv) - float(square)).max(0.0),
    }
}

/// A large whole number as a float, in two halves: the conversion in one is a call to a library.
#[inline(always)]
pub(crate) fn float(value: u128) -> f64 {
    const HALF: f64 = 18_446_744_073_709_551_616.0;
    (value >> 64) as u64 as f64 * HALF + value as u64 as f64
}

/// What one contribution adds to the sums.
struct Sums {
    wv: i64,
    wvv: u128,
    wwss: u128,
}

impl Sums {
    /// At most 2⁵⁹, 2⁹² and 2¹¹⁶ for what frames say; a damaged file may hold anything, so it wraps.
    #[inline]
    fn of(c: &Contribution) -> Self {
        let wv = i64::from(c.weight).wrapping_mul(c.value);
        let ws = u64::from(c.weight) * u64::from(c.sigma);
        Self {
            wv,
            wvv: u128::from(wv.unsigned_abs()) * u128::from(c.value.unsigned_abs()),
            wwss: u128::from(ws) * u128::from(ws),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::quantum::Quantum;
    use facula_core::Level;
    use proptest::prelude::*;

    fn tag(level: u8) -> FrameTag {
        FrameTag { key: 1, level, day: 24_000, gain: 1.0, weight_units: 1.0, quantum: quantum() }
    }

    fn quantum() -> Quantum {
        Quantum::of(Level::IOverF)
    }

    fn contribution(albedo: f32, weight: u32) -> Contribution {
        Contribution { weight, value: quantum().value(albedo).unwrap(), sigma: quantum().sigma(0.001) }
    }

    fn add(cell: &mut Cell, albedo: f32, level: u8) -> Place {
        cell.add(&contribution(albedo, 1000), &tag(level), (1270.0, Quality::SMEAR))
    }

    fn result(cell: &Cell) -> (f64, f64) {
        let (mean, sigma) = cell.mean_and_sigma().unwrap();
        (quantum().number(mean), quantum().number(sigma))
    }

    #[test]
    fn a_cell_is_one_cache_line() {
        assert_eq!(size_of::<Cell>(), 64);
    }

    #[test]
    fn equal_weights_give_the_standard_error_of_the_mean() {
        let mut cell = Cell::default();
        for albedo in [0.08, 0.09, 0.10] {
            add(&mut cell, albedo, 0);
        }
        let (mean, sigma) = result(&cell);
        // Sample deviation 0.01, over the square root of three; values round to 3e-8.
        assert!((mean - 0.09).abs() < 5e-8 && (sigma - 0.01 / 3f64.sqrt()).abs() < 5e-8, "{sigma}");
        assert_eq!((cell.quality(), cell.best_scale_m()), (Quality::SMEAR, 1270.0));
    }

    #[test]
    fn one_frame_has_its_own_noise_and_agreeing_frames_the_averaged_noise() {
        let mut cell = Cell::default();
        add(&mut cell, 0.09, 0);
        assert!((result(&cell).1 - 0.001).abs() < 5e-8);
        for _ in 0..3 {
            add(&mut cell, 0.09, 0);
        }
        assert!((result(&cell).1 - 0.0005).abs() < 5e-8);
    }

    #[test]
    fn an_unmeasured_cell_tells_why() {
        let mut cell = Cell::default();
        assert!(cell.is_untouched() && cell.best_scale_m().is_nan());
        assert_eq!(cell.quality(), Quality::MISSING);
        cell.refuse(Quality::GRAZING);
        assert_eq!(cell.quality(), Quality::MISSING | Quality::GRAZING);
        assert!(cell.mean_and_sigma().is_none() && !cell.is_untouched());
    }

    #[test]
    fn a_finer_level_replaces_the_coarser_whichever_comes_first() {
        let (mut first, mut last) = (Cell::default(), Cell::default());
        assert_eq!(add(&mut first, 0.5, 1), Place::Replaces);
        assert_eq!(add(&mut first, 0.1, 3), Place::Replaces);
        assert_eq!(add(&mut first, 0.1, 3), Place::Joins);
        for (albedo, level) in [(0.1, 3), (0.5, 1), (0.1, 3)] {
            add(&mut last, albedo, level);
        }
        assert_eq!(first, last);
        assert_eq!((first.count, first.level), (2, 3));
        let mut coarse = Cell::default();
        add(&mut coarse, 0.5, 1);
        let (mut there, mut back) = (coarse, first);
        assert_eq!((there.merge(&first), back.merge(&coarse)), (Place::Replaces, Place::Hidden));
        assert_eq!((there, back), (first, first));
    }

    #[test]
    fn sums_that_ran_over_are_flagged_instead_of_shown() {
        let mut cell = Cell::default();
        let bright = Contribution { weight: 1 << 26, value: (1 << 33) - 1, sigma: 1 };
        for _ in 0..32 {
            cell.add(&bright, &tag(0), (1.0, Quality::GOOD));
        }
        assert!(cell.mean_and_sigma().is_none());
        assert_eq!(cell.quality(), Quality::SATURATED | Quality::MISSING);
        // 100,000 frames of an ordinary surface at 16 times the nominal scale fit.
        let mut cell = Cell::default();
        for _ in 0..100_000 {
            cell.add(&contribution(0.09, 1 << 24), &tag(0), (1.0, Quality::GOOD));
        }
        assert!((result(&cell).0 - 0.09).abs() < 5e-8);
    }

    proptest! {
        #[test]
        fn any_order_and_any_grouping_gives_the_same_cell(
            all in prop::collection::vec((-2.0f32..2.0, 1u32..1 << 26, 0u8..3), 1..12),
            cut in 0usize..12,
        ) {
            let fill = |part: &mut dyn Iterator<Item = &(f32, u32, u8)>| {
                let mut cell = Cell::default();
                for (albedo, weight, level) in part {
                    cell.add(&contribution(*albedo, *weight), &tag(*level), (*weight as f32, Quality::GOOD));
                }
                cell
            };
            let cut = cut.min(all.len());
            let whole = fill(&mut all.iter());
            prop_assert_eq!(whole, fill(&mut all.iter().rev()));
            let (a, b) = (fill(&mut all[..cut].iter()), fill(&mut all[cut..].iter()));
            let (mut ab, mut ba) = (a, b);
            ab.merge(&b);
            ba.merge(&a);
            prop_assert_eq!((ab, ba), (whole, whole));
        }

        #[test]
        fn taking_out_is_the_exact_opposite_of_adding(a in -2.0f32..2.0, b in -2.0f32..2.0, w in 1u32..1 << 26) {
            let mut one = Cell::default();
            one.add(&contribution(a, 77), &tag(0), (5.0, Quality::GOOD));
            let mut two = one;
            two.add(&contribution(b, w), &tag(0), (5.0, Quality::GOOD));
            prop_assert_eq!(two.without(&contribution(b, w)), one);
        }
    }
}
