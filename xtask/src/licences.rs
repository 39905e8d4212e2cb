// SPDX-License-Identifier: MIT OR Apache-2.0
//! Licences of all dependencies against the list in `deny.toml`. `cargo deny check` reads the same file and checks
//! more (advisories); this needs no further tool.

use std::path::Path;

/// Dependencies whose licence is not in the list of `deny.toml`, one line each.
pub fn problems(root: &Path) -> Result<Vec<String>, String> {
    let text =
        std::fs::read_to_string(root.join("deny.toml")).map_err(|e| format!("cannot read deny.toml: {e}"))?;
    let allowed = allowed(&text);
    let output = std::process::Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cannot run cargo metadata: {e}"))?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let mut problems: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let licence = package["license"].as_str().unwrap_or("none stated");
            let name = package["name"].as_str().unwrap_or_default();
            (!is_allowed(licence, &allowed))
                .then(|| format!("{name} has licence {licence}, which deny.toml does not allow"))
        })
        .collect();
    problems.sort();
    Ok(problems)
}

/// The quoted words between `allow = [` and `]`.
fn allowed(text: &str) -> Vec<String> {
    let list = text.split("allow = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or("");
    list.split('"').skip(1).step_by(2).map(str::to_string).collect()
}

/// Whether an SPDX expression can be met with the allowed licences: every part joined by AND must have an allowed
/// alternative joined by OR (the old form with slashes counts as OR).
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let plain = expression.replace('/', " OR ").replace(['(', ')'], " ");
    plain
        .split(" AND ")
        .all(|part| part.split(" OR ").any(|licence| allowed.iter().any(|known| known == licence.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_understood() {
        let allowed = allowed("[licenses]\nallow = [\n \"MIT\",\n \"Apache-2.0\", \"Zlib\" ]");
        assert_eq!(allowed.len(), 3);
        for good in ["MIT", "MIT OR GPL-3.0", "Unlicense/MIT", "(MIT OR Apache-2.0) AND Zlib"] {
            assert!(is_allowed(good, &allowed), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "none stated"] {
            assert!(!is_allowed(bad, &allowed), "{bad}");
        }
    }
}
