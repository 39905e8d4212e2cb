// SPDX-License-Identifier: MIT OR Apache-2.0
//! Laws in files: a published set, a file of the same form, or the bare law; and a fit in that form.

use std::path::Path;

use facula_photometry::{
    FittedParameter, PublishedModel, PublishedValue, SurfaceModel, published_model, published_models,
};

use super::fit::ScatterFit;
use crate::RequestError;

/// What a law file says about a fit besides the law.
#[derive(Debug, Clone, PartialEq)]
pub struct FitNote {
    /// Name of the law in the file.
    pub name: String,
    /// Body, in small letters.
    pub body: String,
    /// Wavelength, nm; NaN when nobody said.
    pub wavelength_nm: f64,
    /// Which law was fitted, in words.
    pub law: String,
    /// The table it was fitted to.
    pub table: String,
}

/// A law by the name of a published set, or from a file ending in `.toml`: of the form of the published sets (as
/// [`fit_as_law`] makes it), or just `disk = …`, `phase = …` and, if wanted, `normal_albedo = …`.
///
/// # Errors
/// [`RequestError::Scattering`] for unknown names (the message lists the known ones) and files that are no law,
/// [`RequestError::Io`].
pub fn read_law(name: &str) -> Result<PublishedModel, RequestError> {
    let path = Path::new(name);
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
        let known = || published_models().iter().map(|set| set.name.clone()).collect::<Vec<_>>().join(", ");
        let reason = || format!("no such law; there are {}, and files ending in .toml", known());
        return published_model(name).ok_or_else(|| RequestError::scattering(name, reason()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| RequestError::io("read", path, &error))?;
    let law = law_of_text(&text, path).map_err(|reason| RequestError::scattering(name, reason))?;
    let normal = law.model.normal_iof();
    if normal.is_finite() && normal > 0.0 {
        return Ok(law);
    }
    Err(RequestError::scattering(name, format!("the law's I/F at zero angles is {normal}, not above 0")))
}

fn law_of_text(text: &str, path: &Path) -> Result<PublishedModel, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    if table.contains_key("model") {
        return toml::from_str(text).map_err(|error| error.to_string());
    }
    let model: SurfaceModel = toml::from_str(text).map_err(|error| error.to_string())?;
    let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    Ok(PublishedModel {
        name,
        body: "unknown".into(),
        wavelength_nm: f64::NAN,
        variant: "the law of the file".into(),
        geometric_albedo: model.sphere_brightness(0.0).value,
        geometric_albedo_sigma: f64::NAN,
        geometric_albedo_source: "of the law".into(),
        model,
        values: Vec::new(),
    })
}

/// A fit in the form of the published sets, each value with its sigma and the table it comes from. Of a grouped fit the
/// normal albedo is the mean of the groups', its sigma their standard deviation.
pub fn fit_as_law(result: &ScatterFit, note: &FitNote) -> PublishedModel {
    let (albedo, albedo_sigma) = geometric_albedo(result);
    let value = |name: &'static str| match (result.parameter(name), spread(result)) {
        (Some(fitted), _) => PublishedValue {
            name: name.to_string(),
            sigma: fitted.sigma.is_finite().then_some(fitted.sigma),
            source: determined(fitted, note),
        },
        (None, Some(sigma)) if name == "normal_albedo" => PublishedValue {
            name: name.to_string(),
            sigma: Some(sigma),
            source: format!(
                "mean of the groups in the fit of {}, sigma their standard deviation",
                note.table
            ),
        },
        (None, _) => PublishedValue {
            name: name.to_string(),
            sigma: None,
            source: format!("ASSUMED: held at its start in the fit of {}", note.table),
        },
    };
    PublishedModel {
        name: note.name.clone(),
        body: note.body.clone(),
        wavelength_nm: note.wavelength_nm,
        variant: note.law.clone(),
        geometric_albedo: albedo,
        geometric_albedo_sigma: albedo_sigma,
        geometric_albedo_source: format!("integral over a sphere of the law fitted to {}", note.table),
        values: result.model.parameters().iter().map(|parameter| value(parameter.name)).collect(),
        model: result.model,
    }
}

fn determined(fitted: &FittedParameter, note: &FitNote) -> String {
    if fitted.sigma.is_finite() {
        return format!("fit of {}", note.table);
    }
    format!("ASSUMED: the fit of {} does not determine it", note.table)
}

/// Standard deviation of the groups' normal albedos; nothing without groups.
fn spread(result: &ScatterFit) -> Option<f64> {
    let groups = result.fit.parameters.iter().filter(|p| p.name.starts_with("normal_albedo["));
    let albedos: Vec<f64> = groups.map(|p| p.value).collect();
    let mean = albedos.iter().sum::<f64>() / albedos.len().max(1) as f64;
    let square = albedos.iter().map(|albedo| (albedo - mean).powi(2)).sum::<f64>();
    (!albedos.is_empty()).then(|| (square / (albedos.len().max(2) - 1) as f64).sqrt())
}

/// Geometric albedo of the law and its sigma from the covariance of the fit, by central differences.
fn geometric_albedo(result: &ScatterFit) -> (f64, f64) {
    /// Step of the differences, sigmas.
    const STEP_SIGMA: f64 = 0.1;
    let at = |model: &SurfaceModel| model.sphere_brightness(0.0).value;
    let fit = &result.fit;
    let count = fit.parameters.len();
    let slope = |k: usize| {
        let parameter = &fit.parameters[k];
        let step = STEP_SIGMA * fit.covariance[k * count + k].max(0.0).sqrt();
        let moved = |sign: f64| result.model.with_parameter(&parameter.name, parameter.value + sign * step);
        match (moved(1.0), moved(-1.0)) {
            (Some(more), Some(less)) if step > 0.0 => (at(&more) - at(&less)) / (2.0 * step),
            _ => 0.0,
        }
    };
    let slopes: Vec<f64> = (0..count).map(slope).collect();
    let mut variance = 0.0;
    for (k, a) in slopes.iter().enumerate() {
        for (j, b) in slopes.iter().enumerate() {
            variance += a * b * fit.covariance[k * count + j];
        }
    }
    let albedo = at(&result.model);
    if let Some(sigma) = spread(result) {
        variance += (sigma * albedo / result.model.normal_iof()).powi(2);
    }
    (albedo, variance.max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<PublishedModel, RequestError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read_law(path.to_str().unwrap())
    }

    #[test]
    fn published_laws_and_bare_ones_are_read() {
        assert_eq!(read_law("ceres-hg").unwrap(), published_model("ceres-hg").unwrap());
        let law = read("bare.toml", "disk = \"lommel-seeliger\"\nphase = \"constant\"\n").unwrap();
        // A Lommel-Seeliger sphere of normal albedo 1 has geometric albedo 1 here: see its phase function.
        assert_eq!((law.name.as_str(), law.model.normal_albedo), ("bare", None));
        assert!((law.geometric_albedo - 1.0).abs() < 1e-7);
    }

    #[test]
    fn every_published_law_comes_back_from_its_file() {
        for set in published_models() {
            let text = toml::to_string(&set).unwrap();
            assert_eq!(read("law.toml", &text).unwrap(), set, "{text}");
        }
    }

    #[test]
    fn what_is_no_law_is_refused_with_its_name() {
        for (text, expected) in [
            ("disk = ", "law.toml"),
            ("disk = \"lambart\"\nphase = \"constant\"", "lambart"),
            ("disk = \"lambert\"\nphase = \"constant\"\nnormal_albedo = -1", "not above 0"),
            ("model = 3", "law.toml"),
        ] {
            let told = read("law.toml", text).unwrap_err().to_string();
            assert!(told.contains(expected), "{told}");
        }
        assert!(read_law("moon").unwrap_err().to_string().contains("ceres-hapke-vir-550"));
        assert!(read_law("none.toml").unwrap_err().to_string().contains("cannot read none.toml"));
    }
}
