// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of bodies, for messages and for the frames named after them.
//!
//! # Source
//! NAIF, "NAIF Integer ID Codes" (naif_ids.req).

/// Numbers and names of the bodies users of small worlds meet.
const BODIES: [(i32, &str); 38] = [
    (0, "SOLAR SYSTEM BARYCENTER"),
    (1, "MERCURY BARYCENTER"),
    (2, "VENUS BARYCENTER"),
    (3, "EARTH BARYCENTER"),
    (4, "MARS BARYCENTER"),
    (5, "JUPITER BARYCENTER"),
    (6, "SATURN BARYCENTER"),
    (7, "URANUS BARYCENTER"),
    (8, "NEPTUNE BARYCENTER"),
    (9, "PLUTO BARYCENTER"),
    (10, "SUN"),
    (199, "MERCURY"),
    (299, "VENUS"),
    (301, "MOON"),
    (399, "EARTH"),
    (401, "PHOBOS"),
    (402, "DEIMOS"),
    (499, "MARS"),
    (501, "IO"),
    (502, "EUROPA"),
    (503, "GANYMEDE"),
    (504, "CALLISTO"),
    (599, "JUPITER"),
    (602, "ENCELADUS"),
    (606, "TITAN"),
    (699, "SATURN"),
    (799, "URANUS"),
    (899, "NEPTUNE"),
    (999, "PLUTO"),
    (2000001, "CERES"),
    (2000004, "VESTA"),
    (2000021, "LUTETIA"),
    (2000433, "EROS"),
    (2000002, "PALLAS"),
    (-82, "CASSINI"),
    (-93, "NEAR"),
    (-203, "DAWN"),
    (-130, "HAYABUSA"),
];

/// Name and number of a body, or the number alone.
pub(crate) fn body(id: i32) -> String {
    match BODIES.iter().find(|(known, _)| *known == id) {
        Some((_, name)) => format!("{name} ({id})"),
        None => format!("body {id}"),
    }
}

/// Number of a body by its name in capitals.
pub(crate) fn body_number(name: &str) -> Option<i32> {
    BODIES.iter().find(|(_, known)| *known == name).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_and_numbers_match_both_ways() {
        assert_eq!(super::body(2000001), "CERES (2000001)");
        assert_eq!(super::body(-1), "body -1");
        assert_eq!(super::body_number("VESTA"), Some(2000004));
        for (id, name) in super::BODIES {
            assert_eq!(super::body_number(name), Some(id));
        }
    }
}
