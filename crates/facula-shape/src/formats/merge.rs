// SPDX-License-Identifier: MIT OR Apache-2.0
//! Vertices that a format repeats for each facet, merged where all their bits are equal.

use std::collections::HashMap;

use super::Triangles;

/// Gives each distinct point one number.
#[derive(Default)]
pub(super) struct Merger {
    numbers: HashMap<[u64; 3], u32>,
    pub(super) triangles: Triangles,
}

impl Merger {
    /// The number of a point; −0 is 0.
    pub(super) fn vertex(&mut self, point_km: [f64; 3]) -> u32 {
        let next = self.triangles.vertices_km.len() as u32;
        let number = *self.numbers.entry(point_km.map(|c| (c + 0.0).to_bits())).or_insert(next);
        if number == next {
            self.triangles.vertices_km.push(point_km);
        }
        number
    }
}
