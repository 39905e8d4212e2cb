// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers of text kernels, read to the same last bit as SPICE reads them.
//!
//! SPICE gathers the digits before and after the point apart and scales by powers of ten, which is not always the
//! nearest double. A rate of 350 degrees a day times 40 years feels that bit as 1e-11 rad, ten times what our
//! rotations may differ from SPICE's; so the same arithmetic is done here.
//!
//! # Source
//! The header of SPICELIB's `NPARSD` and its description of the parts of a number.

/// Digits are gathered until their number is this large; more would not fit a double.
const ENOUGH: f64 = 1e15;
/// Exponents beyond these cannot be told from zero or infinity.
const MAX_EXPONENT: i32 = 400;

/// The digits of a number on their way to a value.
struct Digits {
    whole: f64,
    fraction: f64,
    divisor: f64,
    factor: f64,
    shift: i32,
    rounded: bool,
}

/// A number in FORTRAN or C notation; `None` for anything else, `inf` and `nan` included.
pub(super) fn parse_number(word: &str) -> Option<f64> {
    let (mantissa, exponent) = match word.find(['e', 'E', 'd', 'D']) {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    let mut exponent: i32 = match exponent {
        Some(text) => text.strip_prefix('+').unwrap_or(text).parse().ok()?,
        None => 0,
    };
    let (negative, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (before, after) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if before.len() + after.len() == 0 || !before.bytes().chain(after.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = Digits::gather(before, after);
    exponent = exponent.clamp(-2 * MAX_EXPONENT, 2 * MAX_EXPONENT).saturating_add(digits.shift);
    let value = scale(digits.whole + digits.fraction / digits.divisor * digits.factor, exponent);
    value.is_finite().then_some(if negative { -value } else { value })
}

impl Digits {
    fn gather(before: &str, after: &str) -> Self {
        let mut digits =
            Self { whole: 0.0, fraction: 0.0, divisor: 1.0, factor: 1.0, shift: 0, rounded: false };
        before.bytes().for_each(|byte| digits.push_whole(f64::from(byte - b'0')));
        digits.rounded = false;
        let only_fraction = digits.whole == 0.0;
        for byte in after.bytes() {
            let digit = f64::from(byte - b'0');
            if only_fraction {
                digits.push_only_fraction(digit);
            } else if digits.divisor < ENOUGH {
                digits.fraction = digits.fraction * 10.0 + digit;
                digits.divisor *= 10.0;
            }
        }
        digits
    }

    fn push_whole(&mut self, digit: f64) {
        if self.whole < ENOUGH {
            self.whole = self.whole * 10.0 + digit;
            return;
        }
        self.shift = self.shift.saturating_add(1);
        self.factor /= 10.0;
        if !std::mem::replace(&mut self.rounded, true) && digit > 5.0 {
            self.whole += 1.0;
        }
    }

    fn push_only_fraction(&mut self, digit: f64) {
        if self.fraction < ENOUGH {
            self.fraction = self.fraction * 10.0 + digit;
            self.shift = self.shift.saturating_sub(1);
        } else if !std::mem::replace(&mut self.rounded, true) && digit >= 5.0 {
            self.fraction += 1.0;
        }
    }
}

/// Multiplies by a power of ten in steps of 1e10.
fn scale(mut value: f64, mut exponent: i32) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    while exponent < -10 && value != 0.0 {
        value /= 1e10;
        exponent += 10;
    }
    while exponent > 10 && value.is_finite() {
        value *= 1e10;
        exponent -= 10;
    }
    let power = 10f64.powi(exponent.abs().min(10));
    if exponent < 0 { value / power } else { value * power }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_those_of_spice_to_the_last_bit() {
        // spiceypy 8.3.0, CSPICE N0067: prsdp; 5 of them are not the nearest double.
        for (text, value) in SPICE {
            assert_eq!(parse_number(text), Some(value), "{text}");
        }
    }

    /// Texts and the values SPICE gives them.
    const SPICE: [(&str, f64); 26] = [
        ("350.89198226", 350.89198226),
        ("952.1532635", 952.1532635),
        ("360.9856235", 360.9856235),
        ("4.9999999999999996E-01", 0.4999999999999999),
        ("9.99925660471D-01", 0.9999256604710001),
        ("4.28300000000000D+13", 42830000000000.0),
        ("1.0000000123", 1.0000000123),
        ("123456789012345678901234.5", 1.234567890123457e+23),
        ("0.00000000012345678901234567", 1.234567890123457e-10),
        ("-8.6169E-05", -8.6169e-05),
        ("1.657D-3", 0.001657),
        ("1.99096871D-7", 1.99096871e-07),
        ("6.0E0", 6.0),
        ("+1.5e+3", 1500.0),
        ("245.80338977940391", 245.80338977940391),
        ("483.5739785214587", 483.5739785214587),
        ("590.3871311313933", 590.3871311313933),
        ("884.9005675541007", 884.9005675541007),
        ("479.79714947986145", 479.79714947986145),
        ("844.6499933308339", 844.6499933308339),
        ("-9.41989543432770526D-01", -0.9419895434327705),
        ("-6.87546912437893010D-02", -0.0687546912437893),
        ("8.86713433996627387D-01", 0.8867134339966274),
        ("2.97949106273848408D-01", 0.2979491062738484),
        ("8.01800983501245401D-01", 0.8018009835012453),
        ("-7.73588070693711272D-01", -0.7735880706937113),
    ];

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", ".", "-", "1e", "e5", "1.2.3", "nan", "inf", "1e5e5", "0x1", "1e9999999999", "--1", "1e400"]
        {
            assert_eq!(parse_number(text), None, "{text}");
        }
        assert_eq!(parse_number("1e-999"), Some(0.0));
        assert_eq!(parse_number(&"9".repeat(400)), None);
        assert_eq!(parse_number(&format!("0.{}", "0".repeat(500))), Some(0.0));
    }

    proptest! {
        #[test]
        fn numbers_come_back_to_the_last_bits(value in prop_oneof![-1e30..1e30f64, -1.0..1.0f64]) {
            let found = parse_number(&format!("{value:e}")).expect("a number");
            // SPICE drops what stands behind fifteen decimals, 1e-15 of a mantissa of one, and rounds each step: prsdp gives
            // -0.011339938493861518 for -1.1339938493861529e-2.
            prop_assert!((found - value).abs() <= 10.0 * f64::EPSILON * value.abs(), "{} {}", found, value);
        }
    }
}
