// SPDX-License-Identifier: MIT OR Apache-2.0
//! The outline of a region of samples: marching squares, linear along each edge.

use std::collections::BTreeMap;

/// The longest closed line around the marked samples at level 0 of `field` (positive inside), as fractional
/// sample positions, counter-clockwise with x right and y up; unmarked samples count as outside. Empty when
/// nothing is marked. The first position is not repeated.
pub(crate) fn outline(field: &[f64], marked: &[bool], side: usize) -> Vec<[f64; 2]> {
    let inside = |x: usize, y: usize| marked[y * side + x];
    // From the edge where the line enters a cell to the edge where it leaves, region on the left.
    let mut next = BTreeMap::new();
    for y in 0..side - 1 {
        for x in 0..side - 1 {
            let corners = [inside(x, y), inside(x + 1, y), inside(x + 1, y + 1), inside(x, y + 1)];
            for (from, to) in crossings(corners) {
                next.insert(edge(from, x, y), edge(to, x, y));
            }
        }
    }
    let mut longest = Vec::new();
    while let Some((start, _)) = next.first_key_value() {
        let mut at = *start;
        let mut line = Vec::new();
        while let Some(to) = next.remove(&at) {
            line.push(at);
            at = to;
        }
        if line.len() > longest.len() {
            longest = line;
        }
    }
    longest.into_iter().map(|edge| position(edge, field, marked, side)).collect()
}

/// Area enclosed by a closed line, in squares of its unit; positive when counter-clockwise.
pub(crate) fn area(line: &[[f64; 2]]) -> f64 {
    let pairs = line.iter().zip(line.iter().cycle().skip(1));
    0.5 * pairs.map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>()
}

/// An edge between two neighbouring samples: (line, column, 0 along x or 1 along y).
type Edge = (usize, usize, u8);

/// Sides of a cell, counter-clockwise from the lower one: 0 lower, 1 right, 2 upper, 3 left.
fn edge(side_of_cell: usize, x: usize, y: usize) -> Edge {
    match side_of_cell {
        0 => (y, x, 0),
        1 => (y, x + 1, 1),
        2 => (y + 1, x, 0),
        _ => (y, x, 1),
    }
}

/// Pairs of sides between which the line runs through a cell, the region on its left. Corners counter-clockwise
/// from the lower left. Side k joins corners k and k + 1. Diagonal corners are joined, as the flood joins them.
fn crossings(corners: [bool; 4]) -> Vec<(usize, usize)> {
    let leaves = |k: usize| corners[k] && !corners[(k + 1) % 4];
    let enters = |k: usize| !corners[k] && corners[(k + 1) % 4];
    // Going around the cell the region ends on side k and begins again on the next entering side: the line comes
    // in at the end of a stretch outside and goes out at its start, the region on its left.
    let next_entering = |k: usize| (1..4).map(|j| (k + j) % 4).find(|j| enters(*j));
    (0..4).filter(|k| leaves(*k)).filter_map(|k| next_entering(k).map(|to| (k, to))).collect()
}

fn position(edge: Edge, field: &[f64], marked: &[bool], side: usize) -> [f64; 2] {
    let (y, x, along) = edge;
    let first = y * side + x;
    let second = if along == 0 { first + 1 } else { first + side };
    // An unmarked sample above the level belongs to somebody else: the line runs midway.
    let level = |k: usize| if marked[k] { field[k].max(0.0) } else { (-field[k]).max(0.0) };
    let sum = level(first) + level(second);
    let foreign = |k: usize| !marked[k] && !(field[k] <= 0.0);
    let fraction = if foreign(first) || foreign(second) || !(sum > 0.0) { 0.5 } else { level(first) / sum };
    match along {
        0 => [x as f64 + fraction, y as f64],
        _ => [x as f64, y as f64 + fraction],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(side: usize, radius: f64) -> (Vec<f64>, Vec<bool>) {
        let half = (side / 2) as f64;
        let field: Vec<f64> = (0..side * side)
            .map(|k| radius - ((k % side) as f64 - half).hypot((k / side) as f64 - half))
            .collect();
        let marked = field.iter().map(|v| *v > 0.0).collect();
        (field, marked)
    }

    #[test]
    fn the_outline_of_a_disc_has_its_area_and_runs_counter_clockwise() {
        for radius in [1.3, 3.0, 8.4] {
            let (field, marked) = disc(25, radius);
            let line = outline(&field, &marked, 25);
            let expected = std::f64::consts::PI * radius * radius;
            assert!((area(&line) / expected - 1.0).abs() < 0.15 / radius, "{radius}: {}", area(&line));
        }
    }

    #[test]
    fn a_single_sample_and_nothing() {
        let mut field = vec![-1.0; 25];
        field[12] = 1.0;
        let marked: Vec<bool> = field.iter().map(|v| *v > 0.0).collect();
        let line = outline(&field, &marked, 5);
        assert_eq!(line.len(), 4);
        assert!((area(&line) - 0.5).abs() < 1e-12);
        assert!(outline(&field, &[false; 25], 5).is_empty());
    }

    #[test]
    fn diagonal_neighbours_make_one_line() {
        let mut field = vec![-1.0; 36];
        (field[14], field[21]) = (1.0, 1.0);
        let marked: Vec<bool> = field.iter().map(|v| *v > 0.0).collect();
        assert_eq!(outline(&field, &marked, 6).len(), 8);
    }
}
