// SPDX-License-Identifier: MIT OR Apache-2.0
//! Killed at any moment and started again, a survey ends with the same bytes; so it does for any number of threads.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use support::{SMALL, assert_same, campaign, contents, facula, stderr, survey};

/// Moments at which a run is killed, as fractions of the time a whole run takes. Odd numbers, so that they fall into
/// different stages.
const KILL_AT: [f64; 6] = [0.03, 0.17, 0.37, 0.61, 0.79, 0.93];

#[test]
fn a_killed_survey_ends_with_the_same_bytes() {
    let temp = tempfile::tempdir().unwrap();
    campaign(temp.path(), SMALL);
    let clock = Instant::now();
    let whole = survey(temp.path(), "whole", &[]);
    let duration = clock.elapsed();
    assert!(whole.status.code().is_some_and(|code| code < 2), "{}", stderr(&whole));
    let expected = contents(&temp.path().join("whole"));
    assert!(expected.contains_key("run.json") && expected.contains_key("map/map.tif"));
    let mut killed = 0;
    for fraction in KILL_AT {
        let mut child =
            facula(temp.path()).args(["survey", "campaign.toml", "--out", "killed"]).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(duration.as_secs_f64() * fraction));
        // SIGKILL: nothing can be tidied up.
        let running = child.try_wait().unwrap().is_none();
        child.kill().unwrap_or(());
        child.wait().unwrap();
        killed += usize::from(running);
    }
    assert!(killed >= 3, "only {killed} runs were killed before they ended");
    let resumed = survey(temp.path(), "killed", &[]);
    assert!(resumed.status.code().is_some_and(|code| code < 2), "{}", stderr(&resumed));
    assert_same(&expected, &contents(&temp.path().join("killed")), "killed and resumed");
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let temp = tempfile::tempdir().unwrap();
    campaign(temp.path(), SMALL);
    let run = |threads: &str| {
        let output = facula(temp.path())
            .args(["survey", "campaign.toml", "--out", threads])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
        contents(&temp.path().join(threads))
    };
    let one = run("1");
    assert_same(&one, &run("5"), "1 and 5 threads");
}

#[test]
fn a_complete_survey_is_not_done_again() {
    let temp = tempfile::tempdir().unwrap();
    campaign(temp.path(), SMALL);
    let first = survey(temp.path(), "out", &[]);
    let before = contents(&temp.path().join("out"));
    let second = survey(temp.path(), "out", &[]);
    let told = String::from_utf8_lossy(&second.stdout).into_owned();
    assert!(told.contains("Nothing to do"), "{told}");
    assert_eq!(first.status.code(), second.status.code());
    assert_same(&before, &contents(&temp.path().join("out")), "second run");
}

#[test]
fn frames_with_backplanes_are_written_on_request_and_stages_told() {
    let temp = tempfile::tempdir().unwrap();
    let text =
        SMALL.replace("frames = 4", "frames = 1").replace("[map]", "[output]\nbackplanes = true\n[map]");
    campaign(temp.path(), &text);
    let output = survey(temp.path(), "out", &["-v"]);
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("Stages: ") && told.contains("simulate"), "{told}");
    let frame = std::fs::read(temp.path().join("out/frames/FC2SIM_APPROACH_001.tif")).unwrap();
    // Eleven bands of 1024 x 1024 f32, deflated: more than a megabyte; TIFF, little-endian.
    assert!(frame.starts_with(b"II*\0") && frame.len() > 1_000_000, "{} bytes", frame.len());
}
