// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask check`: what a machine can check of the structure.
//!
//! * layers: a crate depends only on crates of lower levels (DESIGN, section 3);
//! * ARCHITECTURE.md mentions every crate;
//! * units: public floating-point fields, parameters and constants end in their unit or are a dimensionless word;
//! * every source file begins with its licence line.

use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Level of each crate; dependencies point to lower levels only. Crates without a level (testkit, xtask) may be used
/// for development only.
const LEVELS: &[(&str, u32)] = &[
    ("facula-core", 0),
    ("facula-spice", 1),
    ("facula-archive", 1),
    ("facula-fetch", 1),
    ("facula-photometry", 1),
    ("facula-shape", 1),
    ("facula-geometry", 2),
    ("facula-world", 2),
    ("facula-plan", 3),
    ("facula-simulate", 3),
    ("facula-align", 3),
    ("facula-map", 3),
    ("facula-spots", 4),
    ("facula-explain", 5),
    ("facula-publish", 6),
    ("facula", 7),
    ("facula-bench", 8),
];

/// Ends of names that tell the unit.
const UNITS: &[&str] = &[
    "km",
    "km2",
    "km3",
    "km_s",
    "km3_s2",
    "m",
    "mm",
    "um",
    "nm",
    "rad",
    "rad_s",
    "deg",
    "deg_day",
    "s",
    "h",
    "ms",
    "px",
    "px2",
    "cells",
    "k",
    "au",
    "dn",
    "e",
    "dn_per_e",
    "e_per_s",
    "dn_per_s",
    "w_m2_nm",
    "per_mm2",
    "fwhm_px",
    "fraction",
    "sigma",
    "percentile",
    "ratio",
    "m_px",
    "bins",
    "count",
    "ticks",
    "iof",
];

/// Words that have no unit (or whose unit the documentation of the item states).
const DIMENSIONLESS: &[&str] = &[
    "x",
    "y",
    "z",
    "albedo",
    "iof",
    "sigma",
    "contrast",
    "slope",
    "phase_slope",
    "normal_albedo",
    "cos_incidence",
    "cos_emission",
    "correlation",
    "second_correlation",
    "correlation_noise",
    "significance",
    "ln_bayes",
    "decisive_ln_bayes",
    "gamma",
    "abscissa",
    "truth",
    "measured",
    "factor",
    "value",
    "minimum_value",
    "maximum_value",
    "mean_value",
    "ratio",
    "mean_albedo",
    "peak_albedo",
    "background_albedo",
    "albedo_sigma",
    "mean_contrast",
    "least_significance",
    "least_contrast",
    "clip_sigma",
    "least_brightness",
    "least_cosine",
    "least_ratio",
    "albedo_reflecting",
    "chi2_reflecting",
    "iof_self_luminous",
    "delta_bic_self_luminous",
    "delta_bic_both",
    "error_inflation",
    "iof_sigma",
    "surroundings_iof",
    "shading_fraction",
    "least_contrast_small",
    "encoded",
    "bounds",
    "components",
    "quaternion",
    "rows",
    "range",
    "night",
    "number",
    "direction",
    "single_scattering_albedo",
    "amplitude",
    "angular_width",
    "slopes",
    "absolute_mag",
    "geometric_albedo",
    "phase_value",
    "chi2",
    "covariance",
    "complex_exponent",
    "hurst_exponent",
    "exponent",
    "slope_large",
    "slope_small",
    "softening",
    "most_contrast",
    "elsewhere_albedo",
    "weights",
    "share",
    "means",
    "optical_depth",
    "cos_scattering",
    "offset",
    "black_value",
    "white_value",
    "exaggeration_factor",
    "gain",
    "weight_units",
    "mean",
    "variance",
    "noise_variance",
    "units",
    "likeness",
    "least_likeness",
    "least_likeness_lit",
    "false_alarm_rate",
    "completeness",
    "completeness_low",
    "completeness_high",
    "reliability",
    "probability",
    "least_probability",
    "trend_probability",
    "whole",
    "least_significance_off_slopes",
    "disc_albedo",
    "disc_albedo_low",
    "disc_albedo_high",
];

/// Runs all checks; what is wrong, one line each.
pub fn problems(root: &Path) -> Result<Vec<String>, String> {
    let mut problems = layers(root)?;
    let architecture = read(&root.join("ARCHITECTURE.md"))?;
    problems.extend(
        LEVELS
            .iter()
            .filter(|(name, _)| !architecture.contains(&format!("`{name}`")))
            .map(|(name, _)| format!("ARCHITECTURE.md does not mention `{name}`; say what it is for")),
    );
    for file in sources(root)? {
        let text = read(&file)?;
        let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        if !text.starts_with("// SPDX-License-Identifier: MIT OR Apache-2.0") {
            problems.push(format!(
                "{shown}:1: the first line must be the licence line (SPDX-License-Identifier)"
            ));
        }
        let is_library =
            shown.starts_with("crates/") && shown.contains("/src/") && !shown.contains("testkit");
        if is_library {
            problems.extend(units(&shown, &text)?);
        }
    }
    Ok(problems)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

fn layers(root: &Path) -> Result<Vec<String>, String> {
    let output = std::process::Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cannot run cargo metadata: {e}"))?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    Ok(packages.iter().flat_map(edges).collect())
}

fn edges(package: &serde_json::Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let exempt = ["xtask", "facula-testkit"].contains(&name);
    let Some(level) = level(name) else {
        return if exempt {
            Vec::new()
        } else {
            vec![format!("crate {name} has no level; add it to xtask/src/check.rs")]
        };
    };
    let dependencies = package["dependencies"].as_array().cloned().unwrap_or_default();
    let normal = dependencies.iter().filter(|d| d["kind"].as_str() != Some("dev"));
    let forbidden = normal.filter_map(|d| {
        let other = d["name"].as_str().filter(|other| other.starts_with("facula"))?;
        let lower = self::level(other).is_some_and(|other_level| other_level < level);
        (!lower).then(|| format!("{name} (level {level}) depends on {other}, which is not on a lower level"))
    });
    forbidden.collect()
}

fn level(name: &str) -> Option<u32> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
}

/// All Rust sources of the repository, sorted.
fn sources(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut folders = vec![root.join("crates"), root.join("xtask")];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|e| format!("cannot open {}: {e}", folder.display()))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn units(file: &str, text: &str) -> Result<Vec<String>, String> {
    let syntax = syn::parse_file(text).map_err(|e| format!("{file}: {e}"))?;
    let mut visitor = Units { file, problems: Vec::new() };
    visitor.visit_file(&syntax);
    Ok(visitor.problems)
}

struct Units<'a> {
    file: &'a str,
    problems: Vec<String>,
}

impl Units<'_> {
    fn check(&mut self, name: &syn::Ident, kind: &str) {
        let text = name.to_string();
        let name_lower = text.trim_start_matches('_').to_lowercase();
        if !has_unit(&name_lower) {
            self.problems.push(format!(
                "{}: public {kind} `{text}` is a number without a unit in its name; end it in _km, _rad, _px … or use a \
                 dimensionless word",
                self.file
            ));
        }
    }
}

/// Whether a lower-case name ends in a unit or is a dimensionless word.
fn has_unit(name: &str) -> bool {
    DIMENSIONLESS.contains(&name)
        || UNITS.iter().any(|unit| name == *unit || name.ends_with(&format!("_{unit}")))
}

/// Whether a type is a floating-point number, perhaps optional, an array, or behind a reference.
fn is_float(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Array(array) => is_float(&array.elem),
        syn::Type::Reference(reference) => is_float(&reference.elem),
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|segment| {
            let inside = match &segment.arguments {
                syn::PathArguments::AngleBracketed(arguments) => arguments
                    .args
                    .iter()
                    .any(|argument| matches!(argument, syn::GenericArgument::Type(inner) if is_float(inner))),
                _ => false,
            };
            segment.ident == "f64" || segment.ident == "f32" || (segment.ident == "Option" && inside)
        }),
        _ => false,
    }
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

impl<'ast> Visit<'ast> for Units<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let fields = item.fields.iter().filter(|field| is_public(&item.vis) && is_public(&field.vis));
        for field in fields.filter(|field| is_float(&field.ty)) {
            if let Some(name) = &field.ident {
                self.check(name, "field");
            }
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if is_public(&item.vis) && is_float(&item.ty) {
            self.check(&item.ident, "constant");
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if is_public(&item.vis) {
            self.parameters(&item.sig);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_public(&item.vis) {
            self.parameters(&item.sig);
        }
    }
}

impl Units<'_> {
    fn parameters(&mut self, signature: &syn::Signature) {
        for input in &signature.inputs {
            if let syn::FnArg::Typed(typed) = input
                && let syn::Pat::Ident(name) = &*typed.pat
                && is_float(&typed.ty)
            {
                self.check(&name.ident, "parameter");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_unit_are_found() {
        let bad = "pub struct A { pub height: f64, pub range_km: f64, hidden: f64 }\npub fn f(speed: f64, albedo: f64) {}";
        let found = units("a.rs", bad).expect("parses");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("height") && found[1].contains("speed"));
        assert!(units("a.rs", "pub(crate) fn f(speed: f64) {}").expect("parses").is_empty());
        assert_eq!(units("a.rs", "pub struct A { pub size: Option<[f64; 2]> }").expect("parses").len(), 1);
    }

    #[test]
    fn an_upward_or_sideways_dependency_is_found() {
        let package = |dependency: &str, kind: Option<&str>| serde_json::json!({ "name": "facula-map", "dependencies": [{ "name": dependency, "kind": kind }] });
        assert!(edges(&package("facula-core", None)).is_empty());
        assert_eq!(edges(&package("facula-align", None)).len(), 1);
        assert_eq!(edges(&package("facula", None)).len(), 1);
        assert!(edges(&package("facula-testkit", Some("dev"))).is_empty());
        assert_eq!(edges(&serde_json::json!({ "name": "facula-new", "dependencies": [] })).len(), 1);
    }
}
