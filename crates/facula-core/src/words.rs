// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names as people write them.

/// A name with a capital first letter, the rest as it is: `Ceres` of `ceres`.
pub fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::capitalised;

    #[test]
    fn the_first_letter_grows_and_the_others_stay() {
        assert_eq!(capitalised("ceres"), "Ceres");
        assert_eq!(capitalised("épi B"), "Épi B");
        assert_eq!(capitalised(""), "");
    }
}
