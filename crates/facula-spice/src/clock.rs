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

    /// Clock text at an epoch, with partition: `1/0488002612.246` with the kernel's delimiter, fields as wide
    /// as their largest value, ticks rounded to whole ones.
    ///
    /// # Errors
    /// [`SpiceError::NoCoverage`] without an SCLK kernel or outside its partitions.
    pub fn clock_at(&self, clock: i32, epoch: Epoch) -> Result<String, SpiceError> {
        let reader = Clock::new(&self.pool, clock)?;
        let et_s = et_s(epoch);
        reader.text_of_ticks(reader.ticks_of_et(et_s)?.round()).ok_or_else(|| reader.not_covered(et_s))
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
        Ok(self.before(p) + count - self.starts[p])
    }

    /// Ticks in the partitions before one.
    fn before(&self, partition: usize) -> f64 {
        (0..partition).map(|p| (self.ends[p] - self.starts[p]).round()).sum()
    }

    fn text_of_ticks(&self, encoded: f64) -> Option<String> {
        let p = (0..self.starts.len()).rev().find(|&p| self.before(p) <= encoded)?;
        let mut count = encoded - self.before(p) + self.starts[p];
        if count > self.ends[p] {
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
        let time_s = parallel_s + rate * (encoded - ticks) / self.units()[0];
        if self.is_tdb { time_s } else { tdb_of_tt(time_s) }
    }

    /// Encoded ticks, with fraction, at an ephemeris time.
    pub fn ticks_of_et(&self, et_s: f64) -> Result<f64, SpiceError> {
        let time_s = if self.is_tdb { et_s } else { tt_of_tdb(et_s) };
        let after = self.coefficients.partition_point(|c| c[1] <= time_s);
        if after == 0 || !time_s.is_finite() {
            return Err(self.not_covered(et_s));
        }
        let [ticks, parallel_s, rate] = self.coefficients[after - 1];
        let encoded = ticks + (time_s - parallel_s) / rate * self.units()[0];
        // Across a jump of the clock the count stands still.
        Ok(self.coefficients.get(after).map_or(encoded, |next| encoded.min(next[0])))
    }

    fn not_covered(&self, et_s: f64) -> SpiceError {
        let first = crate::error::utc_of_et(self.coefficients[0][1]);
        SpiceError::no_coverage("clock", format!("spacecraft {}", self.id), et_s, format!("from {first} on"))
    }
}

/// TDB − TT at a time, s.
fn difference_s(time_s: f64) -> f64 {
    let mean = EARTH_ANOMALY[0] + EARTH_ANOMALY[1] * time_s;
    TDB_AMPLITUDE_S * (mean + EARTH_ECCENTRICITY * mean.sin()).sin()
}

fn tdb_of_tt(tt_s: f64) -> f64 {
    // The difference changes by 3e-10 s per second: evaluating it at TT instead of TDB costs 1e-12 s.
    tt_s + difference_s(tt_s)
}

fn tt_of_tdb(tdb_s: f64) -> f64 {
    tdb_s - difference_s(tdb_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
