// SPDX-License-Identifier: MIT OR Apache-2.0
//! Detector tables of the cameras in `data/cameras`: every value has its source, and sunlight is that of E490.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use facula_geometry::CameraFile;
use facula_photometry::{Detector, SolarSpectrum};

const CAMERAS: [(&str, &str); 2] = [
    ("dawn_fc2", include_str!("../data/cameras/dawn_fc2.toml")),
    ("hayabusa2_onc_w2", include_str!("../data/cameras/hayabusa2_onc_w2.toml")),
];

/// Six digits in the files.
const IRRADIANCE_FRACTION: f64 = 3e-6;

fn detectors() -> Vec<(String, Detector)> {
    let files = CAMERAS.map(|(name, text)| {
        let file = CameraFile::from_toml(text).unwrap();
        assert_eq!(file.name, name);
        file
    });
    let named =
        files.iter().flat_map(|file| file.filters.iter().map(move |(name, filter)| (file, name, filter)));
    named.map(|(file, name, filter)| (format!("{} {name}", file.name), filter.detector.clone())).collect()
}

#[test]
fn every_value_of_every_detector_has_its_source() {
    for (name, text) in CAMERAS {
        let table: toml::Table = text.parse().unwrap();
        for (filter, values) in table["filters"].as_table().unwrap() {
            let detector = values["detector"].as_table().unwrap();
            let sources = detector["sources"].as_table().unwrap();
            let without: Vec<_> =
                detector.keys().filter(|key| *key != "sources" && !sources.contains_key(*key)).collect();
            assert!(without.is_empty(), "{name} {filter}: {without:?}");
        }
    }
    assert!(detectors().iter().all(|(_, detector)| detector.problem().is_none()));
}

#[test]
fn the_framing_camera_has_its_eight_filters() {
    // dawn_fc_v10.ti: INS-20312n_FOCAL_LENGTH and BANDCENTER.
    let truth = [
        ("F1", 150.07, 735.0),
        ("F2", 150.11, 548.0),
        ("F3", 150.04, 749.0),
        ("F4", 150.12, 918.0),
        ("F5", 150.16, 978.0),
        ("F6", 150.08, 829.0),
        ("F7", 150.06, 650.0),
        ("F8", 150.38, 428.0),
    ];
    let file = CameraFile::from_toml(CAMERAS[0].1).unwrap();
    assert_eq!(file.filters.len(), truth.len());
    for (name, focal_length_mm, centre) in truth {
        let filter = file.filter(name).unwrap();
        assert_eq!(filter.focal_length_mm, focal_length_mm, "{name}");
        let band = format!("{:?}", filter.detector.band);
        assert!(band.contains(&format!("centre_nm: {centre:?}")), "{name} {band}");
    }
}

#[test]
fn sunlight_behind_each_filter_is_e490_over_its_band() {
    let Some(folder) = facula_testkit::data_folder() else {
        facula_testkit::skip("sunlight_behind_each_filter_is_e490_over_its_band", "no flight data");
        return;
    };
    let text = std::fs::read_to_string(folder.join("spectra/solar_e490_2014.txt")).unwrap();
    let spectrum = SolarSpectrum::from_e490(&text).unwrap();
    for (name, detector) in detectors() {
        let light = spectrum.over(detector.band.as_ref().unwrap()).unwrap();
        let off = light.irradiance_w_m2_nm / detector.solar_irradiance_w_m2_nm - 1.0;
        assert!(off.abs() < IRRADIANCE_FRACTION, "{name}: {light:?} {off}");
    }
    // numpy 2: mean of np.interp over two million points of the box of F2, and the mean wavelength of its light.
    let f2 = &detectors()[1].1;
    let light = spectrum.over(f2.band.as_ref().unwrap()).unwrap();
    assert!((light.irradiance_w_m2_nm - 1.861_023).abs() < 2e-6, "{light:?}");
    assert!((light.effective_nm - 547.902_2).abs() < 1e-3, "{light:?}");
}
