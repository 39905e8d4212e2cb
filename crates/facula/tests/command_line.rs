// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the terminal shows: help texts, versions, usage errors.

#![allow(clippy::unwrap_used)]

mod support;

use support::facula;

fn told(arguments: &[&str]) -> (i32, String) {
    let temp = tempfile::tempdir().unwrap();
    let output = facula(temp.path()).args(arguments).env("COLUMNS", "100").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn help_shows_examples() {
    insta::assert_snapshot!(told(&["--help"]).1);
}

#[test]
fn survey_help_explains_resuming_and_exit_codes() {
    insta::assert_snapshot!(told(&["survey", "--help"]).1);
}

#[test]
fn mistakes_in_the_command_line_exit_with_two() {
    for arguments in [&["--colour"][..], &["surveys"], &["survey", "--out"]] {
        let (code, text) = told(arguments);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("error"), "{text}");
    }
}

#[test]
fn a_closed_pipe_is_no_crash() {
    let temp = tempfile::tempdir().unwrap();
    let mut child = facula(temp.path()).arg("--help").stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
