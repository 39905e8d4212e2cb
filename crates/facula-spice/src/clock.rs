// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spacecraft clocks (SCLK type 1): clock text to epoch and back.
//!
//! In: the variables of an SCLK kernel. Out: epochs, encoded ticks (continuous), clock texts.
//!
//! # Source
//! NAIF, "SCLK Required Reading" (sclk.req), section "Type 1 SCLK kernel"; the difference of TDB and TT from
//! "Time Required Reading" with the constants of naif0012.tls.

use facula_core::{Epoch, epoch_from_et_s, et_s};

use crate::error::SpiceError;
use crate::kernels::Kernels;
use crate::pool::Pool;

/// Most fields a clock may have.
const MAX_FIELDS: usize = 10;
/// Output delimiters by their code, 1 to 5.
const DELIMITERS: [char; 5] = ['.', ':', '-', ',', ' '];
/// Amplitude of TDB − TT, s (naif0012.tls, DELTET/K).
const TDB_AMPLITUDE_S: f64 = 1.657e-3;
/// Eccentricity of the Earth's orbit (naif0012.tls, DELTET/EB).
const EARTH_ECCENTRICITY: f64 = 1.671e-2;
/// Mean anomaly of the Earth at J2000 (rad) and its rate (rad/s) (naif0012.tls, DELTET/M).
const EARTH_ANOMALY: [f64; 2] = [6.239996, 1.99096871e-7];

impl Kernels {
    /// Epoch of a clock text such as `1/488002612:246` or, without partition, `488002612:246`. `clock` is the
    /// number of the spacecraft (−203).
    ///
    /// # Errors
    /// [`SpiceError::NoCoverage`] without an SCLK kernel, [`SpiceError::Argument`] for text that is no reading
    /// of this clock.
    pub fn epoch_of_clock(&self, clock: i32, text: &str) -> Result<Epoch, SpiceError> {
        let reader = Clock::new(&self.pool, clock)?;
        Ok(epoch_from_et_s(reader.et_of_ticks(reader.ticks_of_text(text)?)))
    }

    /// Encoded ticks, counted through all partitions, of a clock text.
    ///
    /// # Errors
    /// As [`Kernels::epoch_of_clock`].
    ///
    /// # Source
    /// SPICE `SCENCD`.
    pub fn ticks_of_clock(&self, clock: i32, text: &str) -> Result<f64, SpiceError> {
        Clock::new(&self.pool, clock)?.ticks_of_text(text)
    }

    /// Clock text at an epoch, with partition: `1/0488002612.246` with the kernel's delimiter, fields as wide
    /// as their largest value, ticks rounded to whole ones.
    ///
    /// # Errors
    /// [`SpiceError::NoCoverage`] without an SCLK kernel or outside its partitions.
    pub fn clock_at(&self, clock: i32, epoch: Epoch) -> Result<String, SpiceError> {
        let reader = Clock::new(&self.pool, clock)?;
        let et_s = et_s(epoch);
        let ticks = reader.whole_ticks_of_et(et_s)?;
        reader.text_of_ticks(ticks).ok_or_else(|| reader.not_covered(et_s))
    }
}

/// The variables of one clock.
pub(crate) struct Clock<'a> {
    id: i32,
    moduli: &'a [f64],
    offsets: &'a [f64],
    starts: &'a [f64],
    ends: &'a [f64],
    coefficients: &'a [[f64; 3]],
    delimiter: char,
    is_tdb: bool,
}

impl<'a> Clock<'a> {
    pub fn new(pool: &'a Pool, id: i32) -> Result<Self, SpiceError> {
        let positive = id.unsigned_abs();
        let numbers = |prefix: &str| pool.numbers(&format!("{prefix}_{positive}"));
        let Some(kind) = numbers("SCLK_DATA_TYPE") else {
            return Err(SpiceError::no_coverage("clock", format!("spacecraft {id}"), 0.0, ""));
        };
        let file = format!("SCLK kernel of {id}");
        if kind != [1.0] {
            return Err(SpiceError::unsupported(format!("SCLK data type {kind:?}"), &file));
        }
        let needed = |prefix: &str| {
            let missing = || SpiceError::format(format!("{prefix}_{positive} is missing"), "text", &file);
            numbers(prefix).ok_or_else(missing)
        };
        let code = numbers("SCLK01_OUTPUT_DELIM").and_then(|n| n.first()).map_or(1, |n| *n as usize);
        let clock = Self {
            id,
            moduli: needed("SCLK01_MODULI")?,
            offsets: needed("SCLK01_OFFSETS")?,
            starts: needed("SCLK_PARTITION_START")?,
            ends: needed("SCLK_PARTITION_END")?,
            coefficients: needed("SCLK01_COEFFICIENTS")?.as_chunks::<3>().0,
            delimiter: DELIMITERS.get(code.wrapping_sub(1)).copied().unwrap_or('.'),
            is_tdb: numbers("SCLK01_TIME_SYSTEM").is_none_or(|system| system[0] != 2.0),
        };
        if clock.is_sound() {
            Ok(clock)
        } else {
            Err(SpiceError::format("inconsistent clock variables", "text", &file))
        }
    }

    fn is_sound(&self) -> bool {
        (1..=MAX_FIELDS).contains(&self.moduli.len())
            && self.moduli.len() == self.offsets.len()
            && self.moduli.iter().all(|m| *m >= 1.0)
            && self.starts.len() == self.ends.len()
            && self.starts.iter().zip(self.ends).all(|(start, end)| start <= end)
            && !self.coefficients.is_empty()
            && self.coefficients.iter().all(|c| c[2] > 0.0)
            && self.coefficients.windows(2).all(|pair| pair[0][0] <= pair[1][0] && pair[0][1] <= pair[1][1])
    }

    /// Ticks of one unit of each field; the last field counts ticks.
    fn units(&self) -> [f64; MAX_FIELDS] {
        let mut units = [1.0; MAX_FIELDS];
        for i in (0..self.moduli.len() - 1).rev() {
            units[i] = units[i + 1] * self.moduli[i + 1];
        }
        units
    }

    /// Encoded (continuous) ticks of a clock text.
    fn ticks_of_text(&self, text: &str) -> Result<f64, SpiceError> {
        let wrong = |expected: &str| SpiceError::Argument {
            name: "clock text",
            value: format!("{text:?}"),
            expected: format!("{expected} for clock {}", self.id),
        };
        let (partition, fields) =
            text.trim().split_once('/').map_or((None, text.trim()), |(p, f)| (Some(p), f));
        let units = self.units();
        let mut count = 0.0;
        for (i, field) in fields.split(DELIMITERS).enumerate() {
            if i >= self.moduli.len() {
                return Err(wrong(&format!("at most {} fields", self.moduli.len())));
            }
            let value: u64 = field.parse().map_err(|_| wrong("whole numbers between delimiters"))?;
            count += (value as f64 - self.offsets[i]) * units[i];
        }
        let index = match partition {
            Some(number) => number.trim().parse::<usize>().ok().and_then(|n| n.checked_sub(1)),
            None => (0..self.starts.len()).find(|&p| self.starts[p] <= count && count <= self.ends[p]),
        };
        let inside =
            index.filter(|&p| p < self.starts.len() && self.starts[p] <= count && count <= self.ends[p]);
        let p = inside.ok_or_else(|| wrong("a reading inside a partition"))?;
        // Starts such as 1.7772134902500E+11 may be a bit below the whole tick they stand for.
        Ok((self.before(p) + count - self.starts[p]).round())
    }

    /// Ticks in the partitions before one.
    fn before(&self, partition: usize) -> f64 {
        (0..partition).map(|p| (self.ends[p] - self.starts[p]).round()).sum()
    }

    fn text_of_ticks(&self, encoded: f64) -> Option<String> {
        let p = (0..self.starts.len()).rev().find(|&p| self.before(p) <= encoded)?;
        // Starts such as 1.7772134902500E+11 may be a bit below the whole tick they stand for.
        let mut count = (encoded - self.before(p) + self.starts[p]).round();
        if count > self.ends[p].round() {
            return None;
        }
        let units = self.units();
        let mut fields = Vec::new();
        for (i, unit) in units.iter().take(self.moduli.len()).enumerate() {
            let value = (count / unit).floor();
            count -= value * unit;
            let width = format!("{}", self.moduli[i] + self.offsets[i] - 1.0).len();
            fields.push(format!("{:0width$}", value + self.offsets[i]));
        }
        Some(format!("{}/{}", p + 1, fields.join(&self.delimiter.to_string())))
    }

    /// Ephemeris time of encoded ticks.
    pub fn et_of_ticks(&self, encoded: f64) -> f64 {
        let after = self.coefficients.partition_point(|c| c[0] <= encoded);
        let [ticks, parallel_s, rate] = self.coefficients[after.saturating_sub(1)];
        // The order of the operations is SPICE's: the last bit of the time then agrees.
        let time_s = parallel_s + rate / self.units()[0] * (encoded - ticks);
        if self.is_tdb { time_s } else { tdb_of_tt(time_s) }
    }

    /// Encoded ticks, with fraction, at an ephemeris time.
    pub fn ticks_of_et(&self, et_s: f64) -> Result<f64, SpiceError> {
        let time_s = self.parallel_s(et_s);
        Ok(self.line(et_s, time_s)?.ticks(time_s))
    }

    /// Encoded ticks rounded to whole ones, in the order of operations of SPICE's `SCE2T`.
    fn whole_ticks_of_et(&self, et_s: f64) -> Result<f64, SpiceError> {
        let time_s = self.parallel_s(et_s);
        Ok(self.line(et_s, time_s)?.whole_ticks(time_s))
    }

    /// The clock's own time system at an ephemeris time.
    fn parallel_s(&self, et_s: f64) -> f64 {
        if self.is_tdb { et_s } else { tt_of_tdb(et_s) }
    }

    /// As [`Self::parallel_s`], with the series of an earlier request where it reaches.
    pub fn parallel_by_series_s(&self, et_s: f64, near: &mut Option<Near>) -> f64 {
        if self.is_tdb {
            return et_s;
        }
        match near {
            Some(near) if near.reaches(et_s) => et_s - near.difference_s(et_s),
            _ => et_s - near.insert(Near::new(et_s)).difference_s(et_s),
        }
    }

    /// The stretch of constant rate around a time: `time_s` is [`Self::parallel_s`] of `et_s`.
    pub fn line(&self, et_s: f64, time_s: f64) -> Result<Line, SpiceError> {
        let after = self.coefficients.partition_point(|c| c[1] <= time_s);
        if after == 0 || !time_s.is_finite() {
            return Err(self.not_covered(et_s));
        }
        let [ticks, parallel_s, rate] = self.coefficients[after - 1];
        let next = self.coefficients.get(after);
        let below_s = next.map_or(f64::INFINITY, |next| next[1]);
        let end_ticks = next.map_or(f64::INFINITY, |next| next[0]);
        let unit_ticks = self.units()[0];
        // The order of the operations is SPICE's (`SCE2C`): the last bit of the ticks then agrees.
        let ticks_per_s = 1.0 / (rate / unit_ticks);
        Ok(Line { ticks, parallel_s, rate, unit_ticks, ticks_per_s, below_s, end_ticks })
    }

    fn not_covered(&self, et_s: f64) -> SpiceError {
        let first = crate::error::utc_of_et(self.coefficients[0][1]);
        SpiceError::no_coverage("clock", format!("spacecraft {}", self.id), et_s, format!("from {first} on"))
    }
}

/// A stretch of constant rate of a clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    ticks: f64,
    parallel_s: f64,
    rate: f64,
    unit_ticks: f64,
    ticks_per_s: f64,
    below_s: f64,
    end_ticks: f64,
}

impl Line {
    /// Whether the clock would take this stretch at a time of its own system.
    pub fn holds(&self, time_s: f64) -> bool {
        self.parallel_s <= time_s && time_s < self.below_s
    }

    /// Encoded ticks at a time the stretch holds.
    pub fn ticks(&self, time_s: f64) -> f64 {
        let since = self.ticks_per_s * (time_s - self.parallel_s);
        // Across a jump of the clock the count stands still.
        (self.ticks + since).min(self.end_ticks)
    }

    /// The same rounded to whole ticks, in the order of operations of `SCE2T`.
    fn whole_ticks(&self, time_s: f64) -> f64 {
        let since = (time_s - self.parallel_s) / self.rate * self.unit_ticks;
        (self.ticks + since).min(self.end_ticks).round()
    }
}

/// How far a series of TDB − TT reaches, s: its fourth term is (2e-7 · 1000)⁴ / 24 · 1.7e-3 s = 1e-19 s, while a double of
/// ephemeris time has 6e-8 s.
const SERIES_REACH_S: f64 = 1000.0;

/// Taylor series of TDB − TT about a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Near {
    centre_s: f64,
    terms: [f64; 4],
}

impl Near {
    fn new(centre_s: f64) -> Self {
        let rate = EARTH_ANOMALY[1];
        let mean = EARTH_ANOMALY[0] + rate * centre_s;
        let (sin_m, cos_m) = mean.sin_cos();
        let (sin, cos) = (mean + EARTH_ECCENTRICITY * sin_m).sin_cos();
        let e1 = rate * (1.0 + EARTH_ECCENTRICITY * cos_m);
        let e2 = -rate * rate * EARTH_ECCENTRICITY * sin_m;
        let e3 = -rate * rate * rate * EARTH_ECCENTRICITY * cos_m;
        let second = cos * e2 - sin * e1 * e1;
        let third = cos * e3 - 3.0 * sin * e1 * e2 - cos * e1 * e1 * e1;
        let terms = [sin, cos * e1, second / 2.0, third / 6.0];
        Self { centre_s, terms: terms.map(|term| TDB_AMPLITUDE_S * term) }
    }

    fn reaches(&self, et_s: f64) -> bool {
        (et_s - self.centre_s).abs() < SERIES_REACH_S
    }

    fn difference_s(&self, et_s: f64) -> f64 {
        let x = et_s - self.centre_s;
        let [a, b, c, d] = self.terms;
        a + x * (b + x * (c + x * d))
    }
}

/// TDB − TT at a time, s.
fn difference_s(time_s: f64) -> f64 {
    let mean_rad = EARTH_ANOMALY[0] + EARTH_ANOMALY[1] * time_s;
    TDB_AMPLITUDE_S * (mean_rad + EARTH_ECCENTRICITY * mean_rad.sin()).sin()
}

fn tdb_of_tt(tt_s: f64) -> f64 {
    // The difference changes by 3e-10 s per second: evaluating it at TT instead of TDB costs 1e-12 s.
    tt_s + difference_s(tt_s)
}

fn tt_of_tdb(tdb_s: f64) -> f64 {
    // Three steps, as SPICE takes: a bit of the time is 6e-8 s, which a slewing camera feels.
    (0..3).fold(tdb_s, |tt_s, _| tdb_s - difference_s(tt_s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An anomaly of 200 rad is good to 3e-14 rad; times the amplitude.
    const ANOMALY_ROUNDING_S: f64 = 1e-16;

    const KERNEL: &str = "\\begindata\nSCLK_DATA_TYPE_9 = ( 1 )\nSCLK01_TIME_SYSTEM_9 = ( 2 )\n\
        SCLK01_MODULI_9 = ( 4294967296 256 )\nSCLK01_OFFSETS_9 = ( 0 0 )\nSCLK01_OUTPUT_DELIM_9 = ( 2 )\n\
        SCLK_PARTITION_START_9 = ( 0 1000 )\nSCLK_PARTITION_END_9 = ( 256000 1.0E12 )\n\
        SCLK01_COEFFICIENTS_9 = ( 0 0 1.0 256000 1010 1.001 )\n";

    fn kernels() -> Kernels {
        Kernels::from_bytes("clock", KERNEL.as_bytes()).expect("sound")
    }

    #[test]
    fn partitions_follow_each_other_without_a_gap() {
        let kernels = kernels();
        let clock = Clock::new(&kernels.pool, -9).expect("clock");
        assert_eq!(clock.ticks_of_text("1/0:10").expect("first"), 10.0);
        assert_eq!(clock.ticks_of_text("2/4:0").expect("second"), 256_000.0 + 24.0);
        assert_eq!(clock.ticks_of_text("4:0").expect("the first that fits"), 1024.0);
        assert_eq!(clock.text_of_ticks(256_024.0).expect("second"), "2/0000000004:000");
    }

    #[test]
    fn text_that_is_no_reading_is_refused_with_the_reason() {
        for (text, part) in [
            ("", "whole"),
            ("1:2:3", "at most 2"),
            ("x", "whole"),
            ("3/1:0", "partition"),
            ("1/5000:0", "partition"),
            ("0/1:0", "partition"),
        ] {
            let error = kernels().epoch_of_clock(-9, text).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
        let error = kernels().epoch_of_clock(-8, "1:0").expect_err("no such clock").to_string();
        assert!(error.contains("no clock for spacecraft -8"), "{error}");
        let early = kernels().clock_at(-9, epoch_from_et_s(-100.0)).expect_err("before").to_string();
        assert!(early.contains("from 2000-01-01"), "{early}");
    }

    #[test]
    fn inconsistent_variables_are_refused() {
        for (from, to) in [
            ("256000 1010 1.001", "256000 -5 1.001"),
            ("4294967296 256", "0 256"),
            ("( 0 0 1.0", "( 0 0 0.0"),
        ] {
            let kernels =
                Kernels::from_bytes("clock", KERNEL.replace(from, to).as_bytes()).expect("text is sound");
            assert!(kernels.epoch_of_clock(-9, "1:0").is_err(), "{to}");
        }
    }

    proptest! {
        #[test]
        fn the_series_of_tdb_reaches_as_far_as_it_says(centre_s in -1e9..1e9f64, off_s in -1000.0..1000.0f64) {
            let (near, et_s) = (Near::new(centre_s), centre_s + off_s);
            prop_assert!((near.difference_s(et_s) - difference_s(et_s)).abs() < ANOMALY_ROUNDING_S);
        }

        #[test]
        fn ticks_and_times_round_trip(ticks in 0.0..1e9f64) {
            let kernels = kernels();
            let clock = Clock::new(&kernels.pool, -9).expect("clock");
            let back = clock.ticks_of_et(clock.et_of_ticks(ticks)).expect("covered");
            // A tick is 3.9 ms; times up to 4e6 s are good to 1e-9 s.
            prop_assert!((back - ticks).abs() < 1e-5, "{back} {ticks}");
        }

        #[test]
        fn texts_round_trip(ticks in 0u32..1_000_000_000) {
            let kernels = kernels();
            let clock = Clock::new(&kernels.pool, -9).expect("clock");
            let text = clock.text_of_ticks(f64::from(ticks)).expect("inside");
            prop_assert_eq!(clock.ticks_of_text(&text).expect("reading"), f64::from(ticks));
        }
    }
}
