// SPDX-License-Identifier: MIT OR Apache-2.0
//! `map`: frames to a map, more frames to a map that is there, the same bytes whichever way.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use facula::archive::{ImageOptions, Limits, read_image, read_map};
use facula::core::{Body, PixelPos, Silent};
use facula::world::{World, WorldOptions};
use serde_json::Value;
use support::facula;
use tempfile::TempDir;

fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let output = facula(folder).args(line.split(' ')).env("COLUMNS", "100").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

/// Three frames of the smooth Ceres from 14,070 km, half an hour apart; simulated once for all tests.
fn take_frames(folder: &Path) {
    static TAKEN: OnceLock<TempDir> = OnceLock::new();
    let taken = TAKEN.get_or_init(|| {
        let taken = tempfile::tempdir().unwrap();
        for (id, time, longitude) in
            [("A", "09:50", "239.3"), ("B", "10:20", "219.5"), ("C", "10:49", "200.3")]
        {
            let line = format!(
                "simulate --time 2015-04-15T{time} --above {longitude},10,14070 --smooth --samples 1 --id {id} -o raw"
            );
            let (code, text, complaints) = run(taken.path(), &line);
            assert_eq!((code, complaints.as_str()), (0, ""), "{text}");
        }
        taken
    });
    std::fs::create_dir(folder.join("raw")).unwrap();
    for file in std::fs::read_dir(taken.path().join("raw")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join("raw").join(file.file_name())).unwrap();
    }
}

/// Cells away from spots that the camera's point-spread function changes come back to this, as a fraction.
const ALBEDO_FRACTION: f64 = 0.01;

#[test]
fn frames_become_one_map_whichever_way_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    take_frames(folder);
    let cells = "--scale 4000 --global";
    let (code, text, progress) = run(folder, &format!("map raw {cells} -o whole --json"));
    assert!(code == 0 && !progress.contains("warning"), "{progress}");
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&told["frames_in_map"], &told["frames_added"]), (&3.into(), &3.into()));
    assert_eq!(told["coordinate_system"]["code"], "IAU_2015:200000115");
    let level = &told["coverage"]["levels"][1];
    assert_eq!((&level["level"], &level["frames"]), (&"RC3".into(), &3.into()));
    for file in ["map.tif", "quality.tif", "coverage.tif", "scale.tif", "map.facc", "map.json", "preview.png"]
    {
        assert!(folder.join("whole").join(file).is_file(), "{file}");
    }

    // One by one, the last first; and two processes whose sums are joined.
    for frame in ["C", "A", "B"] {
        assert_eq!(run(folder, &format!("map raw/{frame}.LBL {cells} -o grown")).0, 0);
    }
    assert_eq!(run(folder, &format!("map raw/B.LBL {cells} -o other")).0, 0);
    let (code, text, _) =
        run(folder, &format!("map raw/C.LBL raw/A.LBL {cells} -o joined --merge other/map.facc"));
    assert!(code == 0 && text.contains("3 frames in the map"), "{text}");
    for file in ["map.tif", "quality.tif", "coverage.tif", "scale.tif", "map.facc"] {
        let whole = bytes(&folder.join("whole"), file);
        assert!(whole == bytes(&folder.join("grown"), file), "{file} frame by frame");
        assert!(whole == bytes(&folder.join("joined"), file), "{file} joined");
    }
    // Nothing new: nothing changes.
    let (code, text, _) = run(folder, &format!("map raw/A.LBL {cells} -o grown"));
    assert!(code == 0 && text.contains("3 frames in the map, 0 of them new"), "{text}");
    assert!(bytes(&folder.join("whole"), "map.tif") == bytes(&folder.join("grown"), "map.tif"));
    the_paint_comes_back(&folder.join("whole/map.tif"));
}

/// Median of the map over the world's own albedo.
fn the_paint_comes_back(path: &Path) {
    let map = read_map(path, 0.0, &Limits::default()).unwrap();
    let body = Body::built_in("ceres").unwrap();
    let world = World::built_in(&body, &WorldOptions::default());
    let mut ratios = Vec::new();
    for line in (0..map.grid.height).step_by(3) {
        for column in (0..map.grid.width).step_by(3) {
            let value = f64::from(map.values.at(column, line));
            let place = map.grid.place(PixelPos::new(column as f64, line as f64));
            if value.is_finite() && place.latitude_deg().abs() < 50.0 {
                ratios.push(value / world.albedo_at(place.direction(), 4.0));
            }
        }
    }
    assert!(ratios.len() > 3000, "{}", ratios.len());
    ratios.sort_by(f64::total_cmp);
    let at = |part: f64| ratios[(part * (ratios.len() - 1) as f64) as usize];
    assert!((at(0.5) - 1.0).abs() < ALBEDO_FRACTION, "median {}", at(0.5));
    assert!(at(0.9) - at(0.1) < 6.0 * ALBEDO_FRACTION, "{} to {}", at(0.1), at(0.9));
}

#[test]
fn any_projection_and_format_can_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    take_frames(folder);
    for (name, centre) in [("polar-stereographic", ",0,90"), ("equal-area", ",239,20"), ("sinusoidal", "")] {
        let line = format!(
            "map raw/A.LBL --scale 6000 --window 200,-20,280,90 --projection {name}{centre} -o {name}"
        );
        let (code, text, _) = run(folder, &line);
        assert_eq!(code, 0, "{text}");
        let image =
            read_image(&folder.join(name).join("map.tif"), &ImageOptions::default(), &Silent).unwrap();
        let measured = image.image.as_slice().iter().filter(|value| value.is_finite()).count();
        assert!(measured > 1000, "{name}: {measured}");
    }
    let (code, text, _) = run(folder, "map raw/A.LBL --scale 6000 -o more --also zarr,tiles,pds4");
    assert_eq!(code, 0, "{text}");
    for file in ["map.zarr/zarr.json", "tiles/WMTSCapabilities.xml", "map.xml", "map.img"] {
        assert!(folder.join("more").join(file).is_file(), "{file}");
    }
}

#[test]
fn a_killed_run_leaves_the_old_map_or_the_new_one_and_is_healed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    take_frames(folder);
    let cells = "--scale 2500 --global";
    let files = ["map.tif", "quality.tif", "coverage.tif", "scale.tif", "map.facc"];
    let all = |name: &str| files.map(|file| bytes(&folder.join(name), file));
    let start = Instant::now();
    assert_eq!(run(folder, &format!("map raw {cells} -o new")).0, 0);
    let whole = start.elapsed();
    assert_eq!(run(folder, &format!("map raw/A.LBL {cells} -o old")).0, 0);
    let (old, new) = (all("old"), all("new"));
    let mut cut = 0;
    // Eight moments of a run, from its beginning to its end.
    for eighth in 1..=8 {
        let wait = whole * eighth / 8;
        std::fs::create_dir_all(folder.join("m")).unwrap();
        files
            .iter()
            .zip(&old)
            .for_each(|(file, bytes)| std::fs::write(folder.join("m").join(file), bytes).unwrap());
        let mut child = facula(folder).args(format!("map raw {cells} -o m").split(' ')).spawn().unwrap();
        std::thread::sleep(wait);
        cut += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        for ((file, found), (old, new)) in files.iter().zip(all("m")).zip(old.iter().zip(&new)) {
            assert!(found == *old || found == *new, "{file} after {wait:?}");
        }
        assert_eq!(run(folder, &format!("map raw {cells} -o m")).0, 0);
        assert!(all("m") == new, "the next run after {wait:?}");
    }
    assert!(cut >= 2, "{cut} runs were cut short");
}

#[test]
fn contradictions_are_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    take_frames(folder);
    assert_eq!(run(folder, "map raw/A.LBL --scale 8000 -o m").0, 0);
    for (line, word) in [
        ("map", "frames"),
        ("map none.LBL", "none.LBL"),
        ("map raw/A.LBL --body vesta -o v", "its target is \"ceres\""),
        ("map raw/B.LBL --scale 4000 -o m", "grids of two mosaics"),
        ("map raw/B.LBL --model ceres-hapke-fc-555 -o m", "options"),
        ("map raw/B.LBL --model fit -o m", "--fresh"),
        ("map raw/A.LBL --projection mercator --global -o p", "no end"),
        ("map raw --filter F9 -o none", "the frames have F1"),
        ("map raw/A.LBL --window 20,-10,40,10 --scale 8000 -o none", "none of 1 can be used"),
        ("map raw/A.LBL --scale 8000 --merge raw/B.LBL -o none", "B.LBL"),
        ("map raw/A.LBL --scale 8000 --merge m/map.facc -o none", "frame in both"),
        ("map raw/B.LBL --scale 4000 --merge m/map.facc -o none", "grids of two"),
        ("map raw/A.LBL --projection sinusoidal --also tiles -o none", "equirectangular"),
    ] {
        let (code, _, complaints) = run(folder, line);
        assert_eq!(code, 2, "{line}");
        assert!(complaints.contains(word) && complaints.contains("hint:"), "{line}: {complaints}");
        assert!(!complaints.contains("disk is not full"), "{line}: {complaints}");
        for left in ["map.tif", "map.facc", "map.json"] {
            assert!(!folder.join("none").join(left).exists(), "{line} left {left}");
        }
    }
    // One frame of two is at fault: the map is made, the exit code tells.
    std::fs::write(folder.join("raw/BAD.LBL"), "no label").unwrap();
    let (code, text, complaints) = run(folder, "map raw/A.LBL raw/BAD.LBL --scale 8000 -o part");
    assert!(code == 1 && text.contains("1 left out") && complaints.contains("BAD.LBL"), "{text}{complaints}");
}
