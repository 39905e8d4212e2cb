// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of bodies: the built-in table, and what kernels add with `NAIF_BODY_NAME` and `NAIF_BODY_CODE`.
//!
//! # Source
//! NAIF, "NAIF Integer ID Codes" (naif_ids.req); the table lists what CSPICE N0067 knows.

use crate::kernels::Kernels;
use crate::pool::Pool;

/// `number,name` by line, the preferred name of a number first; `#` begins a remark.
const BODIES: &str = include_str!("../data/bodies.csv");

impl Kernels {
    /// NAIF number of a body by its name (`CERES`, `earth-moon barycenter`) or its number as text (`2000001`);
    /// case and repeated blanks do not matter. Names of loaded kernels go over the built-in ones, the last
    /// loaded over the earlier ones. `None` for an unknown name.
    ///
    /// # Source
    /// SPICE `BODS2C`.
    pub fn body_code(&self, name: &str) -> Option<i32> {
        code(&self.pool, name)
    }

    /// Preferred name of a body by its NAIF number; `None` for an unknown number.
    ///
    /// # Source
    /// SPICE `BODC2N`.
    pub fn body_name(&self, body: i32) -> Option<String> {
        let of_kernels = pairs(&self.pool).rev().find(|(_, code)| *code == body).map(|(name, _)| name);
        of_kernels.or_else(|| built_in().find(|(code, _)| *code == body).map(|(_, name)| name)).map(tidy)
    }
}

/// Names and numbers of the loaded kernels in the order of loading.
fn pairs(pool: &Pool) -> impl DoubleEndedIterator<Item = (&str, i32)> {
    let names = pool.texts("NAIF_BODY_NAME").unwrap_or_default();
    let codes = pool.numbers("NAIF_BODY_CODE").unwrap_or_default();
    let count = names.len().min(codes.len());
    names[..count].iter().zip(&codes[..count]).map(|(name, code)| (name.as_str(), *code as i32))
}

fn built_in() -> impl Iterator<Item = (i32, &'static str)> {
    BODIES.lines().filter_map(|line| {
        let (code, name) = line.split_once(',')?;
        Some((code.parse().ok()?, name))
    })
}

/// Single blanks, none at the ends.
fn tidy(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn same(a: &str, b: &str) -> bool {
    let mut pairs = (a.split_whitespace(), b.split_whitespace());
    loop {
        match (pairs.0.next(), pairs.1.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x.eq_ignore_ascii_case(y) => {}
            _ => return false,
        }
    }
}

/// Number of a body by name or by its number as text.
pub(crate) fn code(pool: &Pool, name: &str) -> Option<i32> {
    let of_kernels = pairs(pool).rev().find(|(known, _)| same(known, name)).map(|(_, code)| code);
    of_kernels.or_else(|| body_number(name)).or_else(|| name.trim().parse().ok())
}

/// Name and number of a body, or the number alone.
pub(crate) fn body(id: i32) -> String {
    match built_in().find(|(known, _)| *known == id) {
        Some((_, name)) => format!("{name} ({id})"),
        None => format!("body {id}"),
    }
}

/// Number of a body by its built-in name.
pub(crate) fn body_number(name: &str) -> Option<i32> {
    built_in().find(|(_, known)| same(known, name)).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_match_both_ways() {
        assert_eq!(body(2000001), "CERES (2000001)");
        assert_eq!(body(-1), "GEOTAIL (-1)");
        assert_eq!(body(-123456), "body -123456");
        assert_eq!(body_number("VESTA"), Some(2000004));
        assert!(built_in().count() > 640);
        for (id, name) in built_in() {
            assert_eq!(body_number(name), Some(id), "{name}");
        }
    }

    #[test]
    fn case_and_blanks_do_not_matter_and_aliases_are_known() {
        let kernels = Kernels::empty();
        for (name, code) in [
            ("earth  moon   barycenter", Some(3)),
            (" Emb ", Some(3)),
            ("SSB", Some(0)),
            ("dawn", Some(-203)),
            ("-203", Some(-203)),
            ("2000001", Some(2000001)),
            ("NOBODY", None),
            ("", None),
        ] {
            assert_eq!(kernels.body_code(name), code, "{name}");
        }
        assert_eq!(kernels.body_name(3).as_deref(), Some("EARTH BARYCENTER"));
        assert_eq!(kernels.body_name(-123456), None);
    }

    #[test]
    fn names_of_kernels_go_over_the_built_in_ones_and_later_ones_over_earlier() {
        let text = "\\begindata\nNAIF_BODY_NAME += ( 'Spot 5', 'CERES' )\nNAIF_BODY_CODE += ( 77, 78 )\n\
            NAIF_BODY_NAME += ( 'SPOT  5' )\nNAIF_BODY_CODE += ( 79 )\n";
        let kernels = Kernels::from_bytes("names", text.as_bytes()).expect("sound");
        assert_eq!(kernels.body_code("spot 5"), Some(79));
        assert_eq!(kernels.body_code("ceres"), Some(78));
        assert_eq!(kernels.body_name(77).as_deref(), Some("Spot 5"));
        assert_eq!(kernels.body_name(2000001).as_deref(), Some("CERES"));
    }
}
