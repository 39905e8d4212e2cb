// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `photometry`: models, evaluate, fit.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fmt::Write;
use std::path::Path;

use facula::core::parse_utc;
use facula::photometry::{DiskFunction, LightAngles, PhaseFunction, PublishedModel, SurfaceModel};
use facula::spots::{Illumination, LightCurve, LightPoint, write_light_curves_parquet};
use serde_json::Value;
use support::facula;

/// Recovered parameters lie within so many of their sigmas.
const RECOVERED_SIGMA: f64 = 3.0;

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = facula(folder).args(arguments).env("COLUMNS", "100").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let (_, text, complaints) = run(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{complaints}"))
}

/// Numbers that look random: a generator of Marsaglia 2003 (J. Stat. Softw. 8, 14), and normal ones by summing twelve.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        for shift in [13i32, -7, 17] {
            self.0 ^= if shift > 0 { self.0 << shift } else { self.0 >> -shift };
        }
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Angles that go together: incidence, emission, phase, degrees.
fn angles(random: &mut Random) -> [f64; 3] {
    let (i, e, azimuth) =
        (1.2 * random.uniform(), 1.1 * random.uniform(), std::f64::consts::PI * random.uniform());
    let cos_phase = i.cos() * e.cos() + i.sin() * e.sin() * azimuth.cos();
    [i, e, cos_phase.clamp(-1.0, 1.0).acos()].map(f64::to_degrees)
}

struct Simulated<'a> {
    model: SurfaceModel,
    /// Normal albedos of the groups over that of the model.
    groups: &'a [f64],
    /// Error of one observation over its I/F.
    error_fraction: f64,
}

/// A CSV table of 300 observations of a law with noise.
fn table(path: &Path, simulated: &Simulated, headings: &str) {
    let mut random = Random(20150415);
    let mut text = format!("# simulated\n{headings}\n");
    for k in 0..300 {
        let [incidence_deg, emission_deg, phase_deg] = angles(&mut random);
        let group = k % simulated.groups.len();
        let light = LightAngles::from_degrees(incidence_deg, emission_deg, phase_deg);
        let exact = simulated.model.iof(light) * simulated.groups[group];
        let sigma = simulated.error_fraction * exact;
        let iof = exact + sigma * random.normal();
        write!(text, "{incidence_deg:.9},{emission_deg:.9},{phase_deg:.9},{iof:.9}").unwrap();
        if headings.contains("sigma") {
            write!(text, ",{sigma:.9}").unwrap();
        }
        if headings.contains("group") {
            write!(text, ",G{group}").unwrap();
        }
        text.push('\n');
    }
    std::fs::write(path, text).unwrap();
}

const ALL: &str = "incidence_deg,emission_deg,phase_deg,iof,sigma";

fn assert_recovered(fit: &Value, truths: &[(&str, f64)]) {
    for (name, truth) in truths {
        let parameters = fit["parameters"].as_array().unwrap();
        let found = parameters.iter().find(|p| p["name"] == *name).unwrap_or_else(|| panic!("{name}: {fit}"));
        let (value, sigma) = (found["value"].as_f64().unwrap(), found["sigma"].as_f64().unwrap());
        assert!((value - truth).abs() < RECOVERED_SIGMA * sigma, "{name}: {value} +- {sigma}, not {truth}");
        assert!(sigma < 0.2 * truth.abs().max(0.1), "{name}: sigma {sigma} tells nothing");
    }
}

fn minnaert() -> SurfaceModel {
    let disk = DiskFunction::Minnaert { exponent: [0.55, 0.15] };
    SurfaceModel::of(disk, PhaseFunction::Exponential { decay: 0.9 }).with_normal_albedo(0.09)
}

const MINNAERT: [(&str, f64); 4] = [
    ("normal_albedo", 0.09),
    ("exponent_0", 0.55),
    ("exponent_1_per_rad", 0.15),
    ("phase_decay_per_rad", 0.9),
];

#[test]
fn a_law_is_recovered_from_noisy_brightness_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.csv");
    table(&path, &Simulated { model: minnaert(), groups: &[1.0], error_fraction: 0.02 }, ALL);
    let law = ["photometry", "fit", "seen.csv", "--disk", "minnaert", "--phase", "exponential"];
    let fit = json(folder.path(), &[&law[..], &["-o", "law.toml", "--plot", "fit.svg"]].concat());
    assert_recovered(&fit, &MINNAERT);
    let per = fit["chi2"].as_f64().unwrap() / fit["degrees_of_freedom"].as_f64().unwrap();
    assert!((0.75..1.25).contains(&per), "{per}");
    let figure = std::fs::read_to_string(folder.path().join("fit.svg")).unwrap();
    assert!(figure.matches("<circle").count() > 600, "300 observations and their residuals");
    let text = std::fs::read_to_string(folder.path().join("law.toml")).unwrap();
    let file: PublishedModel = toml::from_str(&text).unwrap();
    assert!(file.values.iter().all(|v| v.source == "fit of seen.csv" && v.sigma.unwrap() > 0.0), "{text}");
    let told = json(
        folder.path(),
        &["photometry", "evaluate", "--model", "law.toml", "-i", "30", "-e", "20", "-p", "40"],
    );
    let seen = told["iof"][0]["iof"].as_f64().unwrap();
    let truth = minnaert().iof(LightAngles::from_degrees(30.0, 20.0, 40.0));
    assert!((seen / truth - 1.0).abs() < 0.01, "{seen} {truth}");
    // From its own minimum the fit comes back to it.
    let again = json(folder.path(), &["photometry", "fit", "seen.csv", "--model", "law.toml"]);
    assert!((again["chi2"].as_f64().unwrap() - fit["chi2"].as_f64().unwrap()).abs() < 1e-6);
}

#[test]
fn spots_share_a_law_and_keep_their_own_albedo() {
    let folder = tempfile::tempdir().unwrap();
    let groups = [1.0, 3.0, 0.5];
    let simulated = Simulated { model: minnaert(), groups: &groups, error_fraction: 0.02 };
    table(&folder.path().join("seen.csv"), &simulated, &format!("{ALL},group"));
    let law = ["photometry", "fit", "seen.csv", "--disk", "minnaert", "--phase", "exponential"];
    let fit =
        json(folder.path(), &[&law[..], &["--per-spot", "-o", "law.toml", "--plot", "fit.png"]].concat());
    assert_recovered(&fit, &MINNAERT[1..]);
    assert_recovered(
        &fit,
        &[("normal_albedo[G0]", 0.09), ("normal_albedo[G1]", 0.27), ("normal_albedo[G2]", 0.045)],
    );
    let text = std::fs::read_to_string(folder.path().join("law.toml")).unwrap();
    assert!(text.contains("mean of the groups in the fit of seen.csv"), "{text}");
    assert!(std::fs::read(folder.path().join("fit.png")).unwrap().starts_with(b"\x89PNG"));
    // Without groups of their own the three brightnesses cannot be one.
    let together = json(folder.path(), &law);
    assert!(together["chi2"].as_f64().unwrap() > 100.0 * fit["chi2"].as_f64().unwrap());
}

#[test]
fn without_sigmas_the_scatter_tells_them_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let model =
        SurfaceModel::of(DiskFunction::Akimov, PhaseFunction::Hg { slope: 0.12 }).with_normal_albedo(0.1);
    let simulated = Simulated { model, groups: &[1.0], error_fraction: 0.02 };
    table(&folder.path().join("seen.csv"), &simulated, "incidence_deg,emission_deg,phase_deg,iof");
    let law = ["photometry", "fit", "seen.csv", "--disk", "akimov", "--phase", "hg"];
    let fit = json(folder.path(), &law);
    assert_recovered(&fit, &[("normal_albedo", 0.1), ("phase_slope", 0.12)]);
    let per = fit["chi2"].as_f64().unwrap() / fit["degrees_of_freedom"].as_f64().unwrap();
    assert!((per - 1.0).abs() < 1e-6, "{per}");
    let (code, text, complaints) = run(folder.path(), &law);
    assert_eq!((code, complaints.as_str()), (0, ""));
    assert!(text.contains("note: no sigmas given: all weigh alike"), "{text}");
}

#[test]
fn a_few_wrong_values_do_not_decide_with_huber() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.csv");
    table(&path, &Simulated { model: minnaert(), groups: &[1.0], error_fraction: 0.02 }, ALL);
    let mut text = std::fs::read_to_string(&path).unwrap();
    (0..6).for_each(|k| writeln!(text, "3{k},20,40,0.5,0.001").unwrap());
    std::fs::write(&path, text).unwrap();
    let law = ["photometry", "fit", "seen.csv", "--disk", "minnaert", "--phase", "exponential"];
    // Sum over the parameters of how far each is off, as a fraction of it.
    let off = |fit: &Value| -> f64 {
        let value = |name: &str| {
            let parameters = fit["parameters"].as_array().unwrap();
            parameters.iter().find(|p| p["name"] == name).unwrap()["value"].as_f64().unwrap()
        };
        MINNAERT.iter().map(|(name, truth)| (value(name) / truth - 1.0).abs()).sum()
    };
    let squares = off(&json(folder.path(), &law));
    let huber = off(&json(folder.path(), &[&law[..], &["--loss", "huber"]].concat()));
    assert!(huber < 0.3 && huber < 0.3 * squares, "{huber} {squares}");
}

#[test]
fn what_the_data_does_not_tell_is_said_and_can_be_held() {
    let folder = tempfile::tempdir().unwrap();
    let simulated = Simulated { model: minnaert(), groups: &[1.0], error_fraction: 0.02 };
    table(&folder.path().join("seen.csv"), &simulated, ALL);
    let law = ["photometry", "fit", "seen.csv", "--disk", "hapke"];
    let held = json(folder.path(), &law);
    let names: Vec<&str> =
        held["held"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["shadow_hiding_amplitude", "shadow_hiding_width"]);
    let fixed = json(
        folder.path(),
        &[&law[..], &["--fix", "roughness_rad", "--start", "roughness_rad=0.2"]].concat(),
    );
    let roughness = fixed["held"].as_array().unwrap().iter().find(|p| p["name"] == "roughness_rad").unwrap();
    assert_eq!(roughness["value"], 0.2);
    // A polynomial of one phase angle.
    let line = "30,30,40,0.05,0.001\n";
    std::fs::write(folder.path().join("one.csv"), format!("{ALL}\n{}", line.repeat(9))).unwrap();
    let (code, text, _) =
        run(folder.path(), &["photometry", "fit", "one.csv", "--disk", "lambert", "--phase", "exponential"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("not determined") && text.contains("warning: the data does not determine"),
        "{text}"
    );
}

#[test]
fn light_curves_of_a_survey_are_fitted_by_day() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(7);
    let mut point = |k: usize| {
        let [incidence_rad, emission_rad, phase_rad] = angles(&mut random).map(f64::to_radians);
        let mut point = LightPoint {
            spot_id: format!("S{:03}", k % 2 + 1),
            frame_id: format!("F{k}"),
            epoch: parse_utc("2015-05-04").unwrap(),
            iof: 0.0,
            iof_sigma: 0.001,
            surroundings_iof: 0.0,
            incidence_rad,
            emission_rad,
            surroundings_sigma: 0.001,
            sun_azimuth_rad: f64::NAN,
            camera_azimuth_rad: f64::NAN,
            local_time_h: f64::NAN,
            phase_rad,
            illumination: if k % 10 == 9 { Illumination::Night } else { Illumination::Lit },
            pixel_km: 1.0,
        };
        let ground = minnaert().iof(point.angles());
        point.iof = [3.0, 5.0][k % 2] * ground + 0.001 * random.normal();
        point.surroundings_iof = ground * (1.0 + 0.01 * random.normal());
        point
    };
    let points = (0..200).map(&mut point).collect();
    let path = folder.path().join("light_curves.parquet");
    write_light_curves_parquet(&path, &[LightCurve { spot_id: "all".into(), points }]).unwrap();
    let law = ["photometry", "fit", "light_curves.parquet", "--disk", "minnaert", "--phase", "exponential"];
    let spots = json(folder.path(), &[&law[..], &["--per-spot"]].concat());
    assert_recovered(&spots, &[("normal_albedo[S001]", 0.27), ("normal_albedo[S002]", 0.45)]);
    assert!(spots["notes"][0].as_str().unwrap().contains("20 of 200 rows left out"), "{}", spots["notes"]);
    let ground = json(folder.path(), &[&law[..], &["--what", "surroundings"]].concat());
    assert_recovered(&ground, &MINNAERT);
}

#[test]
fn mistakes_are_told_with_place_and_way_out() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("bad.csv"),
        format!("{ALL}\n30,20,40,0.05,0.001\n30,20,forty,0.05,0.001\n"),
    )
    .unwrap();
    std::fs::write(folder.path().join("good.csv"), format!("{ALL}\n30,20,40,0.05,0.001\n")).unwrap();
    std::fs::write(folder.path().join("x.parquet"), "PAR1").unwrap();
    for (arguments, expected) in [
        (&["fit", "bad.csv"][..], "bad.csv: line 3: phase_deg = `forty` is not a number"),
        (&["fit", "good.csv", "--disk", "lambart"], "no such law; there are lambert, lommel-seeliger"),
        (&["fit", "good.csv", "--phase", "h"], "no such law; there are constant, hg-sphere"),
        (
            &["fit", "good.csv", "--free", "k"],
            "--free k: the law has no such parameter; it has normal_albedo, phase_slope",
        ),
        (&["fit", "good.csv", "--per-spot"], "no column `group`"),
        (&["fit", "good.csv"], "1 observations cannot determine 2 parameters"),
        (&["fit", "good.csv", "--plot", "fit.pdf"], ".svg or .png"),
        (&["fit", "none.csv"], "cannot read none.csv"),
        (&["fit", "x.parquet"], "light_curves.parquet of a survey"),
        (&["evaluate", "--model", "moon", "--sphere"], "there are ceres-hg"),
        (&["evaluate", "--model", "ceres-hg"], "give -i, -e and -p, or --sphere"),
        (
            &["evaluate", "--model", "ceres-hg", "-i", "-3", "-e", "0", "-p", "0"],
            "incidence (degrees, 0 to 180) = -3",
        ),
        (
            &["evaluate", "--model", "ceres-hg", "-i", "1", "2", "-e", "0", "-p", "0", "1", "2"],
            "2 values where",
        ),
    ] {
        let (code, text, complaints) = run(folder.path(), &[&["photometry"], arguments].concat());
        assert_eq!((code, text.as_str()), (2, ""), "{arguments:?}");
        assert!(
            complaints.contains(expected) && complaints.contains("\nhint: "),
            "{arguments:?}: {complaints}"
        );
    }
}

#[test]
fn evaluate_gives_the_lommel_seeliger_values_of_the_truth_set() {
    // Case P01: 2 mu0 / (mu0 + mu) at (30, 40) and (60, 0) degrees.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ls.toml"), "disk = \"lommel-seeliger\"\nphase = \"constant\"\n")
        .unwrap();
    let arguments =
        ["photometry", "evaluate", "--model", "ls.toml", "-i", "30", "60", "-e", "40", "0", "-p", "0"];
    let told = json(folder.path(), &arguments);
    for (k, expected) in [1.061260221708745, 0.6666666666666666].into_iter().enumerate() {
        assert!((told["iof"][k]["iof"].as_f64().unwrap() - expected).abs() < 1e-12, "{told}");
    }
}

#[test]
fn evaluate_gives_the_hapke_values_of_the_truth_set() {
    // Case P06 (rough, 20 degrees), to its tolerance of 1e-6.
    let folder = tempfile::tempdir().unwrap();
    let law = "phase = \"constant\"\n[disk.hapke]\nsingle_scattering_albedo = 0.11\nroughness_rad = 0.3490658503988659\n\
               particle = { form = \"henyey-greenstein\", asymmetry = -0.35 }\n\
               shadow_hiding = { amplitude = 1.6, angular_width = 0.06 }\nmultiple = \"hapke2002\"\n";
    std::fs::write(folder.path().join("law.toml"), law).unwrap();
    let told = json(
        folder.path(),
        &[
            "photometry",
            "evaluate",
            "--model",
            "law.toml",
            "-i",
            "30",
            "60",
            "0",
            "45",
            "-e",
            "0",
            "30",
            "0",
            "45",
            "-p",
            "30",
            "90",
            "0",
            "20",
        ],
    );
    let expected = [0.04000580850397848, 0.00808354990839221, 0.11531225574653152, 0.05408765254682568];
    for (k, expected) in expected.into_iter().enumerate() {
        let found = told["iof"][k]["iof"].as_f64().unwrap();
        assert!((found / expected - 1.0).abs() < 1e-6, "{k}: {found} {expected}");
    }
}

#[test]
fn evaluate_gives_the_albedos_of_a_lambert_sphere() {
    // Case P04: p = 2/3, and q = 3/2 (Hapke 2012, chapter 11).
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("l.toml"), "disk = \"lambert\"\nphase = \"constant\"\n").unwrap();
    let sphere = &json(folder.path(), &["photometry", "evaluate", "--model", "l.toml", "--sphere"])["sphere"];
    for (name, expected) in
        [("geometric_albedo", 2.0 / 3.0), ("phase_integral", 1.5), ("spherical_albedo", 1.0)]
    {
        assert!((sphere[name]["value"].as_f64().unwrap() - expected).abs() < 1e-6, "{name}: {sphere}");
    }
}

#[test]
fn models_tells_values_sources_and_what_is_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text, complaints) = run(folder.path(), &["photometry", "models"]);
    assert_eq!((code, complaints.as_str()), (0, ""));
    for words in [
        "ceres-hapke-vir-550",
        "Ciarniello et al. 2017",
        "ASSUMED",
        "[shadow_hiding_width]",
        "phase_decay_per_rad",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let told = json(folder.path(), &["photometry", "models"]);
    assert!(
        told["published"].as_array().unwrap().len() >= 4
            && told["disk_functions"].as_array().unwrap().len() == 8
    );
}

#[test]
fn help_shows_the_form_of_tables_and_examples() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(run(folder.path(), &["photometry", "fit", "--help"]).1);
}
