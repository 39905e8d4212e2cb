// SPDX-License-Identifier: MIT OR Apache-2.0
//! Order statistics.

use std::cmp::Ordering;

/// The value that a fraction (0 to 1) of the others lies below: the one of rank `fraction · (n − 1)`, rounded, halves up, so
/// that the median of an even number is the upper one. `None` of nothing; the order of `values` changes.
///
/// ```
/// use facula_core::quantile;
/// assert_eq!(quantile(&mut [3.0, 1.0, 2.0, 5.0], 0.5, f64::total_cmp), Some(3.0));
/// assert_eq!(quantile(&mut [], 0.5, f64::total_cmp), None);
/// ```
pub fn quantile<T: Copy>(values: &mut [T], fraction: f64, order: impl Fn(&T, &T) -> Ordering) -> Option<T> {
    let last = values.len().checked_sub(1)?;
    let rank = (last as f64 * fraction.clamp(0.0, 1.0)).round() as usize;
    Some(*values.select_nth_unstable_by(rank, order).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_many_lie_below_as_the_fraction_says(
            mut values in prop::collection::vec(-5.0..5.0f32, 1..60), fraction in 0.0..1.0f64,
        ) {
            let found = quantile(&mut values, fraction, f32::total_cmp).unwrap();
            let below = values.iter().filter(|value| **value < found).count();
            let rank = ((values.len() - 1) as f64 * fraction).round() as usize;
            prop_assert!(below <= rank && values.iter().filter(|value| **value <= found).count() > rank);
        }
    }
}
