// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places along a Hilbert curve through a cube of 2¹³ cells a side: neighbours on the curve are neighbours in space.
//!
//! # Source
//! C. Hamilton (2006), Compact Hilbert Indices, Dalhousie CS-2006-07, sections 2.1–2.3.

/// Bits of each axis.
pub(super) const BITS: u32 = 13;
/// Orientations of the curve: an entry corner (8) and a direction (3).
const STATES: usize = 24;

/// For each state and octant: the octant's place on the curve, and the state within it.
pub(super) struct Curve {
    steps: [[(u8, u8); 8]; STATES],
}

impl Curve {
    pub(super) fn new() -> Self {
        let mut steps = [[(0, 0); 8]; STATES];
        for (state, row) in steps.iter_mut().enumerate() {
            let (entry, direction) = ((state / 3) as u32, (state % 3) as u32);
            for (octant, step) in row.iter_mut().enumerate() {
                let digit = gray_inverse(right(octant as u32 ^ entry, direction + 1));
                let next_entry = entry ^ left(entry_of(digit), direction + 1);
                let next_direction = (direction + direction_of(digit) + 1) % 3;
                *step = (digit as u8, (next_entry * 3 + next_direction) as u8);
            }
        }
        Self { steps }
    }

    /// Place of a cell on the curve, 39 bits.
    pub(super) fn place(&self, cell: [u32; 3]) -> u64 {
        let (mut place, mut state) = (0u64, 0usize);
        for bit in (0..BITS).rev() {
            let octant = (cell[0] >> bit & 1) | (cell[1] >> bit & 1) << 1 | (cell[2] >> bit & 1) << 2;
            let (digit, next) = self.steps[state][octant as usize];
            place = place << 3 | u64::from(digit);
            state = next as usize;
        }
        place
    }
}

/// Three bits turned right.
const fn right(bits: u32, by: u32) -> u32 {
    let by = by % 3;
    (bits >> by | bits << (3 - by)) & 7
}

const fn left(bits: u32, by: u32) -> u32 {
    right(bits, 3 - by % 3)
}

const fn gray_inverse(gray: u32) -> u32 {
    gray ^ gray >> 1 ^ gray >> 2
}

const fn entry_of(digit: u32) -> u32 {
    if digit == 0 {
        return 0;
    }
    let even = 2 * ((digit - 1) / 2);
    even ^ even >> 1
}

const fn direction_of(digit: u32) -> u32 {
    match digit {
        0 => 0,
        d if d % 2 == 0 => (d - 1).trailing_ones() % 3,
        d => d.trailing_ones() % 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_the_curve_are_neighbours_in_space_and_no_place_is_taken_twice() {
        let curve = Curve::new();
        // All cells of a corner of 8 cells a side: the curve fills it first.
        let mut cells: Vec<(u64, [u32; 3])> =
            (0..512u32).map(|k| [k & 7, k >> 3 & 7, k >> 6]).map(|cell| (curve.place(cell), cell)).collect();
        cells.sort_unstable();
        let span = cells[511].0 - cells[0].0;
        assert_eq!(span, 511, "the corner is one piece of the curve");
        for pair in cells.windows(2) {
            let apart: u32 = (0..3).map(|k| pair[0].1[k].abs_diff(pair[1].1[k])).sum();
            assert_eq!(apart, 1, "{pair:?}");
        }
    }
}
