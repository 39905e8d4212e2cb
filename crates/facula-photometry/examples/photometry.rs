// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers `crosscheck/check_photometry.py`: reads a question in JSON from standard input, writes the answer as JSON.
//!
//! `{"ask": "phase", "phase_rad": […], "slope": G, "slopes": [G1, G2]}`; `{"ask": "iof", "model": …, "light": [[cos i,
//! cos e, phase], …]}`; `{"ask": "fit", "model": …, "free": […], "light": …, "iof": […], "sigma": […]}`.

#![allow(clippy::print_stdout)]

use facula_photometry::{FitOptions, LightAngles, Observation, SurfaceModel, fit, hg_phase, hg1g2_phase};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let question: Value = serde_json::from_reader(std::io::stdin().lock())?;
    let answer = match question["ask"].as_str() {
        Some("phase") => phase(&question)?,
        Some("iof") => iof(&question)?,
        Some("fit") => fitted(&question)?,
        _ => return Err("ask is phase, iof or fit".into()),
    };
    println!("{answer}");
    Ok(())
}

fn numbers(question: &Value, key: &str) -> Result<Vec<f64>, Error> {
    Ok(serde_json::from_value(question[key].clone())?)
}

fn lights(question: &Value) -> Result<Vec<LightAngles>, Error> {
    let rows: Vec<[f64; 3]> = serde_json::from_value(question["light"].clone())?;
    let of = |[cos_incidence, cos_emission, phase_rad]: [f64; 3]| LightAngles {
        cos_incidence,
        cos_emission,
        phase_rad,
    };
    Ok(rows.into_iter().map(of).collect())
}

fn phase(question: &Value) -> Result<Value, Error> {
    let slope = question["slope"].as_f64().ok_or("slope")?;
    let slopes: [f64; 2] = serde_json::from_value(question["slopes"].clone())?;
    let at = numbers(question, "phase_rad")?;
    let hg: Vec<f64> = at.iter().map(|a| hg_phase(*a, slope)).collect();
    let hg1g2: Vec<f64> = at.iter().map(|a| hg1g2_phase(*a, slopes)).collect();
    Ok(json!({ "hg": hg, "hg1g2": hg1g2 }))
}

fn iof(question: &Value) -> Result<Value, Error> {
    let model: SurfaceModel = serde_json::from_value(question["model"].clone())?;
    let found: Vec<_> =
        lights(question)?.into_iter().map(|light| model.iof_with_derivatives(light)).collect();
    let names: Vec<_> = model.parameters().iter().map(|parameter| parameter.name).collect();
    let (iof, derivatives): (Vec<f64>, Vec<Vec<f64>>) = found.into_iter().unzip();
    Ok(json!({ "names": names, "iof": iof, "derivatives": derivatives }))
}

fn fitted(question: &Value) -> Result<Value, Error> {
    let model: SurfaceModel = serde_json::from_value(question["model"].clone())?;
    let values = numbers(question, "iof")?.into_iter().zip(numbers(question, "sigma")?);
    let data: Vec<Observation> = lights(question)?
        .into_iter()
        .zip(values)
        .map(|(light, (iof, sigma))| Observation { light, iof, sigma })
        .collect();
    let free = serde_json::from_value(question["free"].clone())?;
    let found = fit(&data, &model, &FitOptions { free, ..FitOptions::default() })?;
    let names: Vec<_> = found.parameters.iter().map(|parameter| &parameter.name).collect();
    let values: Vec<_> = found.parameters.iter().map(|parameter| parameter.value).collect();
    Ok(json!({
        "names": names, "values": values, "covariance": found.covariance, "chi2": found.chi2, "steps": found.steps
    }))
}
