// SPDX-License-Identifier: MIT OR Apache-2.0
//! The inertial frames that need no kernel, numbers 1 to 21.
//!
//! # Source
//! NAIF, "Frames Required Reading", appendix "Built-in inertial reference frames", and the angles published with
//! it: Lieske (1979) for B1950, Fricke (1982) for FK4, Standish (1982, 1990) for the frames of the JPL
//! ephemerides, Blaauw et al. (1960) for the galactic one, Explanatory Supplement (1961, 1992) for the obliquities.

use super::matrix::{IDENTITY, Matrix, multiply, turn};

/// Name, frame it is defined from, and the turns (arc seconds, axis) that lead to it, the last one first.
type Definition = (&'static str, usize, &'static [(f64, usize)]);

/// Definitions; the frame with number `n` stands at `n - 1`.
const FRAMES: [Definition; 21] = [
    ("J2000", 1, &[]),
    ("B1950", 1, &[(1152.84248596724, 3), (-1002.26108439117, 2), (1153.04066200330, 3)]),
    ("FK4", 2, &[(0.525, 3)]),
    ("DE-118", 2, &[(0.53155, 3)]),
    ("DE-96", 2, &[(0.4107, 3)]),
    ("DE-102", 2, &[(0.1359, 3)]),
    ("DE-108", 2, &[(0.4775, 3)]),
    ("DE-111", 2, &[(0.5880, 3)]),
    ("DE-114", 2, &[(0.5529, 3)]),
    ("DE-122", 2, &[(0.5316, 3)]),
    ("DE-125", 2, &[(0.5754, 3)]),
    ("DE-130", 2, &[(0.5247, 3)]),
    ("GALACTIC", 3, &[(1_177_200.0, 3), (225_360.0, 1), (1_016_100.0, 3)]),
    ("DE-200", 1, &[]),
    ("DE-202", 1, &[]),
    ("MARSIAU", 1, &[(324_000.0, 3), (133_610.4, 2), (-152_348.4, 3)]),
    ("ECLIPJ2000", 1, &[(84_381.448, 1)]),
    ("ECLIPB1950", 2, &[(84_404.836, 1)]),
    ("DE-140", 1, &[(1152.71013777252, 3), (-1002.25042010533, 2), (1153.75719544491, 3)]),
    ("DE-142", 1, &[(1152.72061453864, 3), (-1002.25052830351, 2), (1153.74663857521, 3)]),
    ("DE-143", 1, &[(1153.03919093833, 3), (-1002.24822382286, 2), (1153.42900222357, 3)]),
];

/// Number of an inertial frame by its name in capitals.
pub(super) fn number(name: &str) -> Option<i32> {
    FRAMES.iter().position(|(known, ..)| *known == name).and_then(|i| i32::try_from(i + 1).ok())
}

/// Name of an inertial frame.
pub(super) fn name(id: i32) -> Option<&'static str> {
    FRAMES.get(usize::try_from(id).ok()?.checked_sub(1)?).map(|(name, ..)| *name)
}

/// Turns components in J2000 to components in inertial frame `id`; `None` for another number.
pub(crate) fn frame_from_j2000(id: i32) -> Option<Matrix> {
    let (_, base, turns) = FRAMES.get(usize::try_from(id).ok()?.checked_sub(1)?)?;
    let below = if turns.is_empty() { IDENTITY } else { frame_from_j2000(i32::try_from(*base).ok()?)? };
    let own = turns.iter().try_fold(IDENTITY, |so_far, &(arc_seconds, axis)| {
        // The degrees first, as SPICE does: the last bit of the angle then agrees.
        let next = turn((arc_seconds / 3600.0).to_radians(), axis)?;
        Some(multiply(&so_far, &next))
    })?;
    Some(multiply(&own, &below))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SPICE prints matrices that agree with ours but for the order of the products.
    const ROUNDING: f64 = 1e-15;

    #[test]
    fn first_columns_are_those_of_spice() {
        // spiceypy 8.3.0, CSPICE N0067: pxform(name, "J2000", 0.0), first row.
        for (name, row) in [
            ("B1950", [0.9999257079523629, -0.011178938137770135, -0.00485900381535927]),
            ("FK4", [0.9999256794956877, -0.01118148322046629, -0.00485900381535927]),
            ("DE-118", [0.9999256791406158, -0.01118151497340233, -0.00485900381535927]),
            ("DE-96", [0.999925685691664, -0.011180929119611181, -0.00485900381535927]),
            ("DE-102", [0.9999257005867707, -0.011179596950612145, -0.00485900381535927]),
            ("DE-108", [0.9999256820706058, -0.011181252951082478, -0.00485900381535927]),
            ("DE-111", [0.9999256760804512, -0.011181788630384961, -0.00485900381535927]),
            ("DE-114", [0.9999256779832373, -0.011181618473430402, -0.00485900381535927]),
            ("DE-122", [0.9999256791379054, -0.011181515215791154, -0.00485900381535927]),
            ("DE-125", [0.9999256767635061, -0.011181727548401311, -0.00485900381535927]),
            ("DE-130", [0.9999256795119504, -0.011181481766133343, -0.00485900381535927]),
            ("GALACTIC", [-0.054875539395742516, 0.49410945362774383, -0.8676661356833737]),
            ("DE-200", [1.0, 0.0, 0.0]),
            ("DE-202", [1.0, 0.0, 0.0]),
            ("MARSIAU", [0.673257747460025, -0.5896308378262533, 0.44616082366044196]),
            ("ECLIPJ2000", [1.0, 0.0, 0.0]),
            ("ECLIPB1950", [0.9999257079523629, -0.012189277138214924, -9.940500920351154e-06]),
            ("DE-140", [0.9999256765384668, -0.011181770179728694, -0.004858952020473538]),
            ("DE-142", [0.9999256765402605, -0.011181769790785997, -0.004858952546409775]),
            ("DE-143", [0.999925676543585, -0.011181774330053015, -0.004858941416127174]),
        ] {
            let id = number(name).expect(name);
            let rows = frame_from_j2000(id).expect(name);
            for k in 0..3 {
                assert!((rows[k][0] - row[k]).abs() < ROUNDING, "{name}: {rows:?}");
            }
        }
    }

    #[test]
    fn names_and_numbers_go_both_ways_and_end_at_21() {
        for id in 1..=21 {
            assert_eq!(number(name(id).expect("named")), Some(id));
        }
        for id in [-1, 0, 22, i32::MIN] {
            assert!(name(id).is_none() && frame_from_j2000(id).is_none());
        }
    }
}
