// SPDX-License-Identifier: MIT OR Apache-2.0
//! Killed at any moment and started again, a survey ends with the same bytes; so it does for any number of threads.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use support::{SMALL, assert_same, campaign, contents, facula, stderr, survey};

/// A run is killed so many progress messages after its start, and so many milliseconds after that message: in the
/// middle of every stage, from the first frame simulated to the files being written. A whole run tells eighteen.
const KILL_AFTER: [(usize, u64); 9] =
    [(1, 40), (3, 5), (5, 20), (8, 0), (10, 30), (13, 10), (16, 25), (17, 150), (18, 3)];

#[test]
fn a_killed_survey_ends_with_the_same_bytes() {
    let temp = tempfile::tempdir().unwrap();
    campaign(temp.path(), SMALL);
    let whole = survey(temp.path(), "whole", &[]);
    assert!(whole.status.code().is_some_and(|code| code < 2), "{}", stderr(&whole));
    let expected = contents(&temp.path().join("whole"));
    assert!(expected.contains_key("run.json") && expected.contains_key("map/map.tif"));
    let mut killed = 0;
    for (messages, wait_ms) in KILL_AFTER {
        let mut child = facula(temp.path())
            .args(["survey", "campaign.toml", "--out", "killed", "--json"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stderr.take().unwrap()).lines();
        let progress = told.map_while(Result::ok).filter(|line| line.contains("\"stage\":"));
        let seen = progress.take(messages).count();
        std::thread::sleep(Duration::from_millis(wait_ms));
        // SIGKILL: nothing can be tidied up.
        killed += usize::from(child.try_wait().unwrap().is_none() && seen == messages);
        child.kill().unwrap_or(());
        child.wait().unwrap();
    }
    assert!(killed >= 6, "only {killed} runs were killed before they ended");
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
    // Sixteen bands of 1024 x 1024 f32, deflated: more than a megabyte; TIFF, little-endian.
    assert!(frame.starts_with(b"II*\0") && frame.len() > 1_000_000, "{} bytes", frame.len());
}
