// SPDX-License-Identifier: MIT OR Apache-2.0
//! Axes: a range, a scale, ticks at round numbers and their text.

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Evenly.
    Linear,
    /// Evenly, with ticks at whole parts of a turn: values are degrees.
    Degrees,
    /// As asinh(value): linear around zero, logarithmic in both directions further out.
    SymLog,
    /// By ratios: values are positive.
    Log,
}

/// An axis of a chart.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) scale: Scale,
    pub(crate) title: String,
}

/// A tick: value and text.
pub(crate) type Tick = (f64, String);

impl Axis {
    /// An axis over the finite values with a twentieth to spare; 0 to 1 when there is none.
    pub(crate) fn fit(values: impl Iterator<Item = f64>, title: &str) -> Self {
        let (low, high) = values
            .filter(|v| v.is_finite())
            .fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = match high - low {
            span if span < 0.0 => (0.0, 1.0),
            span if span <= 1e-12 * high.abs() || span == 0.0 => {
                (low - 0.5 * spare(low), high + 0.5 * spare(high))
            }
            span => (low - 0.05 * span, high + 0.05 * span),
        };
        Self::new(low, high, title)
    }

    /// An axis by ratios over the positive values, with a twentieth of their ratio to spare; 1 to 10 when there is none.
    pub(crate) fn log(values: impl Iterator<Item = f64>, title: &str) -> Self {
        let logs = values.filter(|v| *v > 0.0 && v.is_finite()).map(f64::log10);
        let (low, high) = logs.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = match high - low {
            span if span < 0.0 => (0.0, 1.0),
            span if span < 1e-9 => (low - 0.5, high + 0.5),
            span => (low - 0.05 * span, high + 0.05 * span),
        };
        Self { scale: Scale::Log, ..Self::new(10f64.powf(low), 10f64.powf(high), title) }
    }

    /// A linear axis with its ends given.
    pub(crate) fn new(low: f64, high: f64, title: &str) -> Self {
        Self { low, high, scale: Scale::Linear, title: title.to_string() }
    }

    /// The axis with its ticks at whole parts of a turn.
    pub(crate) fn degrees(mut self) -> Self {
        self.scale = Scale::Degrees;
        self
    }

    /// The axis with a lower end at `value` at the highest.
    pub(crate) fn down_to(mut self, value: f64) -> Self {
        self.low = self.low.min(value);
        self
    }

    /// Where a value lies: 0 at the low end, 1 at the high end.
    pub(crate) fn fraction(&self, value: f64) -> f64 {
        let (low, high) = (self.spread(self.low), self.spread(self.high));
        (self.spread(value) - low) / (high - low)
    }

    /// About `count` ticks at round values inside the axis.
    pub(crate) fn ticks(&self, count: usize) -> Vec<Tick> {
        match self.scale {
            Scale::Linear => {
                linear_ticks((self.low, self.high), round_step((self.high - self.low) / count.max(1) as f64))
            }
            Scale::Degrees => {
                linear_ticks((self.low, self.high), degree_step((self.high - self.low) / count.max(1) as f64))
            }
            Scale::SymLog => symlog_ticks(self.low, self.high),
            Scale::Log => log_ticks((self.low, self.high), count),
        }
    }

    fn spread(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Degrees => value,
            Scale::SymLog => value.asinh(),
            Scale::Log => value.log10(),
        }
    }
}

fn spare(value: f64) -> f64 {
    if value == 0.0 { 1.0 } else { value.abs() }
}

fn linear_ticks((low, high): (f64, f64), step: f64) -> Vec<Tick> {
    if !(step > 0.0 && step.is_finite()) {
        return Vec::new();
    }
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    if !(0.0..=100.0).contains(&(last - first)) {
        return Vec::new();
    }
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    // 2.5 needs a digit more than its power of ten.
    let extra = usize::from(
        ((step * 10f64.powi(decimals as i32)).round() / 10f64.powi(decimals as i32) - step).abs()
            > 1e-9 * step,
    );
    (0..=(last - first) as usize)
        .map(|i| (first + i as f64) * step)
        .map(|value| (value, number(value, decimals + extra)))
        .collect()
}

/// The part of a turn at or above a step; round numbers below five degrees.
fn degree_step(rough: f64) -> f64 {
    let parts = [5.0, 10.0, 15.0, 30.0, 45.0, 90.0, 180.0];
    let part = parts.into_iter().find(|step| rough <= step * (1.0 + 1e-9));
    part.filter(|_| rough > 2.5).unwrap_or_else(|| round_step(rough))
}

/// The round number (1, 2, 2.5, 5 times a power of ten) at or above a step.
fn round_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let lead = rough / power;
    let nice = [1.0, 2.0, 2.5, 5.0].into_iter().find(|n| lead <= n * (1.0 + 1e-9));
    nice.unwrap_or(10.0) * power
}

fn symlog_ticks(low: f64, high: f64) -> Vec<Tick> {
    let mut values: Vec<f64> = (0..12).map(|power| 10f64.powi(power)).flat_map(|v| [-v, v]).collect();
    values.push(0.0);
    values.sort_by(f64::total_cmp);
    values.into_iter().filter(|v| (low..=high).contains(v)).map(|v| (v, number(v, 0))).collect()
}

/// Powers of ten; their doubles and fives too where these are few.
fn log_ticks((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    if !(low > 0.0 && high > low && high / low < 1e30) {
        return Vec::new();
    }
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = (last - first).max(1) as usize;
    let leads: &[f64] = match count / decades {
        0..=1 => &[1.0],
        2 => &[1.0, 3.0],
        _ => &[1.0, 2.0, 5.0],
    };
    let every = (decades / count.max(1)).max(1);
    let values = (first..=last)
        .filter(|power| power.rem_euclid(every as i32) == 0)
        .flat_map(|power| leads.iter().map(move |lead| lead * 10f64.powi(power)));
    let inside = values.filter(|v| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(v));
    inside.map(|v| (v, log_text(v))).collect()
}

/// A value of one digit as people write it: plain from a thousandth to a thousand.
fn log_text(value: f64) -> String {
    let power = (value.log10() + 1e-9).floor();
    if !(-3.0..=3.0).contains(&power) {
        power_of_ten(value)
    } else {
        number(value, (-power).max(0.0) as usize)
    }
}

/// A number as text with a true minus sign; very large and very small ones as a power of ten.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_string();
    }
    let text = if value != 0.0 && (value.abs() >= 1e5 || decimals > 5) {
        power_of_ten(value)
    } else {
        format!("{value:.decimals$}")
    };
    let zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if zero { text.replace('-', "") } else { text.replace('-', "\u{2212}") }
}

/// A number with about `digits` significant digits.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return number(value, 0);
    }
    let power = value.abs().log10().floor();
    number(value, (digits as f64 - 1.0 - power).max(0.0) as usize)
}

/// A ln Bayes factor as text: a decimal below 100, none above.
pub(crate) fn evidence_text(ln_bayes: f64) -> String {
    number(ln_bayes, usize::from(ln_bayes.abs() < 100.0))
}

fn power_of_ten(value: f64) -> String {
    let text = format!("{value:.1e}");
    let Some((lead, power)) = text.split_once('e') else {
        return text;
    };
    let raised: String = power
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32(u32::from('⁰') + u32::from(digit) - u32::from('0')).unwrap_or(digit),
        })
        .collect();
    match lead.trim_end_matches(".0") {
        "1" => format!("10{raised}"),
        "-1" => format!("-10{raised}"),
        other => format!("{other}×10{raised}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(low: f64, high: f64, count: usize) -> Vec<String> {
        Axis::new(low, high, "").ticks(count).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(texts(0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(-3.1, 3.1, 6), ["\u{2212}2", "0", "2"]);
        assert_eq!(texts(0.0, 1.0, 4), ["0.00", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(texts(0.0, 360.0, 8), ["0", "50", "100", "150", "200", "250", "300", "350"]);
        assert_eq!(texts(0.0, 4e6, 2), ["0", "2×10⁶", "4×10⁶"]);
    }

    #[test]
    fn degrees_are_divided_like_a_turn() {
        let axis = Axis::new(0.0, 360.0, "").degrees();
        let ticks: Vec<_> = axis.ticks(8).into_iter().map(|t| t.0).collect();
        assert_eq!(ticks, [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0, 360.0]);
        assert_eq!(Axis::new(0.0, 2.0, "").degrees().ticks(4).len(), 5);
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(number(-0.04, 1), "0.0");
        assert_eq!(number(-1e7, 0), "\u{2212}10⁷");
        assert_eq!(number(3.5e-7, 8), "3.5×10⁻⁷");
        assert_eq!(number(f64::NAN, 2), "–");
        assert_eq!(significant(0.034567, 3), "0.0346");
        assert_eq!(significant(1234.5, 3), "1234");
    }

    #[test]
    fn the_symmetric_scale_keeps_signs_and_orders() {
        let axis = Axis { scale: Scale::SymLog, ..Axis::new(-100.0, 1000.0, "") };
        let ticks: Vec<_> = axis.ticks(5).into_iter().map(|t| t.0).collect();
        assert_eq!(ticks, [-100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0, 1000.0]);
        assert!(ticks.windows(2).all(|p| axis.fraction(p[0]) < axis.fraction(p[1])));
    }

    #[test]
    fn ratios_are_divided_by_powers_of_ten() {
        let axis = Axis::log([3.0, 0.0, -5.0, 3000.0].into_iter(), "");
        let texts: Vec<String> = axis.ticks(4).into_iter().map(|t| t.1).collect();
        assert_eq!(texts, ["10", "100", "1000"]);
        assert!((axis.fraction(3.0 * 1000f64.sqrt()) - 0.5).abs() < 1e-9);
        let fine: Vec<String> =
            Axis::log([1.0, 9.0].into_iter(), "").ticks(9).into_iter().map(|t| t.1).collect();
        assert_eq!(fine, ["1", "2", "5", "10"]);
        let small = Axis::log([1e-7, 1e-4].into_iter(), "").ticks(5);
        assert_eq!(small[0].1, "10⁻⁷");
        let none = Axis::log([-1.0].into_iter(), "");
        assert!(none.low == 1.0 && none.high == 10.0);
    }

    #[test]
    fn axes_without_values_or_width_are_still_axes() {
        let none = Axis::fit([f64::NAN].into_iter(), "");
        assert_eq!((none.low, none.high), (0.0, 1.0));
        let one = Axis::fit([5.0].into_iter(), "");
        assert!(one.low < 5.0 && one.high > 5.0);
        let zero = Axis::fit([0.0].into_iter(), "");
        assert!(zero.low < 0.0 && zero.high > 0.0);
    }

    proptest! {
        #[test]
        fn any_range_gives_few_ticks_inside_it(low in -1e6..1e6f64, span in 1e-3..1e6f64, count in 1..12usize) {
            let axis = Axis::new(low, low + span, "");
            let ticks = axis.ticks(count);
            prop_assert!(ticks.len() <= count + 2);
            prop_assert!(ticks.iter().all(|(v, _)| (-1e-6..=1.000001).contains(&axis.fraction(*v))));
        }
    }
}
