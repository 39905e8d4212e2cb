// SPDX-License-Identifier: MIT OR Apache-2.0
//! `light-curve`: from frames and from what a survey left, with the tables, figures and animations it writes.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::path::Path;

use facula::core::parse_utc;
use facula::spots::{
    Illumination, LightCurve, LightPoint, read_light_curves_parquet, write_light_curves_parquet,
};
use serde_json::Value;
use support::{facula, json};

fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let output = facula(folder).args(line.split(' ')).env("COLUMNS", "100").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Four frames of the smooth Ceres around Occator, half an hour apart, from 14,070 km: morning to noon.
fn take_frames(folder: &Path) {
    let shots = [("A", "08:20"), ("B", "08:50"), ("C", "09:20"), ("D", "09:50")];
    for (id, time) in shots {
        let line = format!(
            "simulate --time 2015-04-15T{time} --above 239.3,10,14070 --smooth --samples 1 --id {id} -o raw"
        );
        let (code, text, complaints) = run(folder, &line);
        assert_eq!((code, complaints.as_str()), (0, ""), "{text}");
    }
}

#[test]
fn a_place_is_followed_through_frames() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    take_frames(folder);
    let (code, text, told) = run(
        folder,
        "light-curve raw --at 239.6,19.7 --diameter-km 14 -o lc --animate frames --animation-format gif,mp4 --json",
    );
    assert!(code == 0 && !told.contains("warning"), "{told}");
    let record: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&record["body"], &record["frames_used"]), (&"ceres".into(), &4.into()));
    assert_eq!((&record["spots"][0]["spot_id"], &record["spots"][0]["points"]), (&"place".into(), &4.into()));
    let points = read_light_curves_parquet(&folder.join("lc/light_curves.parquet")).unwrap();
    for point in &points {
        // Cerealia: six times the 0.09 of Ceres, by the built-in list.
        let ratio = point.iof / point.surroundings_iof;
        assert!(point.illumination != Illumination::Lit || (ratio - 6.0).abs() < 0.6, "{point:?}");
        assert!(point.local_time_h > 0.0 && point.sun_azimuth_rad.is_finite());
    }
    // A turn of Ceres takes 9.074 h: half an hour is 1.322 hours of local time.
    let step_h = points[1].local_time_h - points[0].local_time_h;
    assert!((step_h - 24.0 * 0.5 / 9.074_17).abs() < 0.01, "{step_h}");
    for file in
        ["light_curves.csv", "fits.parquet", "fits.json", "place.png", "place.svg", "place.gif", "place.mp4"]
    {
        assert!(folder.join("lc").join(file).is_file(), "{file}");
    }
    assert_eq!(json(&folder.join("lc/fits.json")), record);
    let csv = std::fs::read_to_string(folder.join("lc/light_curves.csv")).unwrap();
    assert_eq!(csv.lines().count(), 5);

    // A catalogue with a spot on the far side: told, and exit code 1.
    let far = r#"{"features":[{"properties":{"id":"near","diameter_km":14,"longitude_deg":239.6,"latitude_deg":19.7}},
        {"properties":{"id":"far","diameter_km":14,"longitude_deg":59.6,"latitude_deg":-19.7}}]}"#;
    std::fs::write(folder.join("two.geojson"), far).unwrap();
    let (code, text, _) = run(folder, "light-curve raw --spots two.geojson -o two");
    assert!(code == 1 && text.contains("In no frame: far") && text.contains("near"), "{text}");
}

/// Points of a made-up spot over three rotations.
fn points(spot_id: &str, iof: impl Fn(f64) -> f64) -> LightCurve {
    let start = parse_utc("2015-05-04").unwrap();
    let point = |k: usize| {
        let hour_rad = (k % 12) as f64 * 0.2 - 1.1;
        let incidence_rad = hour_rad.abs();
        LightPoint {
            spot_id: spot_id.into(),
            frame_id: format!("F{k:02}"),
            epoch: start + ((k / 12) as f64 * 9.074 + hour_rad * 1.444) * facula::core::Unit::Hour,
            iof: iof(incidence_rad),
            iof_sigma: 0.001,
            surroundings_iof: 0.03 * incidence_rad.cos(),
            surroundings_sigma: 0.0005,
            incidence_rad,
            emission_rad: 0.4,
            phase_rad: 0.3 + 0.02 * k as f64,
            sun_azimuth_rad: 1.0,
            camera_azimuth_rad: 2.0,
            local_time_h: 12.0 + hour_rad * 12.0 / std::f64::consts::PI,
            illumination: Illumination::Lit,
            pixel_km: 1.3,
        }
    };
    LightCurve { spot_id: spot_id.into(), points: (0..36).map(point).collect() }
}

/// What a survey leaves of two spots, one of which has no number.
fn leave_survey(folder: &Path) {
    let curves = [points("S001", |i| 0.2 * i.cos()), points("S002", |_| f64::NAN)];
    write_light_curves_parquet(&folder.join("light_curves.parquet"), &curves).unwrap();
    let spot = |id: &str, name: &str| {
        format!(
            r#"{{"properties":{{"id":"{id}","name":{name},"diameter_km":10,"longitude_deg":10,"latitude_deg":0}}}}"#
        )
    };
    let text = format!(
        r#"{{"body":"ceres","features":[{},{},{}]}}"#,
        spot("S001", "\"Bright one\""),
        spot("S002", "null"),
        spot("S003", "null")
    );
    std::fs::write(folder.join("spots.geojson"), text).unwrap();
}

#[test]
fn the_curves_of_a_survey_are_studied_without_its_frames() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    leave_survey(folder);
    let (code, text, told) = run(folder, "light-curve --run . -o lc --disk lambert --phase exponential");
    // S003 was never seen.
    assert_eq!((code, told.as_str()), (1, ""), "{text}");
    for part in ["Bright one", "S002: light curve that cannot be fitted", "In no frame: S003", "S001.png"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!folder.join("lc/S002.png").is_file() || text.contains("S002.png"));
    let (code, text, _) = run(folder, "light-curve --run . -o one --show S001 --figures 0");
    assert!(code == 1 && !text.contains("S002:") && !folder.join("one/S001.png").is_file(), "{text}");
}

#[test]
fn a_computed_day_of_a_spot_is_animated_from_the_built_in_ground_and_from_a_map() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    leave_survey(folder);
    let line =
        "light-curve --run . --figures 0 --show S001 --animate model --pictures 3 --animation-format gif,mp4";
    let (code, text, told) = run(folder, &format!("{line} -o ground"));
    // S003 was never seen.
    assert_eq!((code, told.as_str()), (1, ""), "{text}");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert!(read("ground/S001_model.gif").starts_with(b"GIF89a"));
    assert_eq!(&read("ground/S001_model.mp4")[4..8], b"ftyp");
    // A map that is dark but for the half around the spot at 10 degrees east makes another picture.
    let values = (0..360 * 180).map(|k| if k % 360 < 180 { 200.0 } else { 20.0 }).collect();
    let image = facula::core::Raster::from_vec(360, 180, values).unwrap();
    facula::archive::fits::write_fits(&folder.join("map.fits"), &image, &Default::default()).unwrap();
    assert_eq!(run(folder, "convert map.fits -o map.tif").0, 0);
    let (code, text, told) = run(folder, &format!("{line} --map map.tif -o map"));
    assert_eq!((code, told.as_str()), (1, ""), "{text}");
    assert!(read("map/S001_model.gif") != read("ground/S001_model.gif"));
    let (code, _, told) = run(folder, &line.replace("--pictures 3", "--pictures 1"));
    assert!(code == 2 && told.contains("2 to 500"), "{told}");
}

#[test]
fn what_is_missing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("none.geojson"), r#"{"features":[]}"#).unwrap();
    for (line, part) in [
        ("light-curve", "frames (or the folder of a survey with --run)"),
        ("light-curve a.LBL", "give --spots FILE, or --at and --diameter-km"),
        ("light-curve a.LBL --spots none.geojson", "the catalogue holds none"),
        ("light-curve a.LBL --spots absent.geojson", "absent.geojson"),
        ("light-curve --run absent", "light_curves.parquet"),
        ("light-curve a.LBL --at 1,2", "--diameter-km"),
        ("light-curve a.LBL --at 1,99 --diameter-km 3", "east longitude and latitude"),
        ("light-curve --run . --disk lambart", "lommel-seeliger"),
    ] {
        let (code, _, told) = run(folder, line);
        assert!(code == 2 && told.contains(part), "{line}: {told}");
    }
}

#[test]
fn help_shows_examples() {
    let (code, text, _) = run(Path::new("."), "light-curve --help");
    assert!(code == 0 && text.contains("facula light-curve --run facula-out") && text.contains("--animate"));
}
