// SPDX-License-Identifier: MIT OR Apache-2.0
//! A run that is killed (SIGKILL, no chance to tidy up) and started again gives the same bytes and fetches only the
//! rest.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests look at files and start processes")]

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Server, TestClock, noise, options, reply, serve};
use facula_core::Silent;
use facula_fetch::{Download, Item, Outcome};

const LENGTH: usize = 3_000_000;
const TAG: &str = "\"v1\"";

/// Run by the other test in a process of its own; does nothing otherwise.
#[test]
fn child_that_will_be_killed() {
    let (Ok(base), Ok(folder)) = (std::env::var("FETCH_TEST_BASE"), std::env::var("FETCH_TEST_FOLDER"))
    else {
        return;
    };
    let clock = TestClock::default();
    let download = Download::open(&Path::new(&folder).join("cache"), options(), &clock).unwrap();
    let items = [Item::new(format!("{base}/small"), "small"), Item::new(format!("{base}/large"), "large")];
    download.run(&items, &Path::new(&folder).join("out"), &Silent).unwrap();
}

#[test]
fn a_killed_run_goes_on_with_the_same_bytes() {
    let content = noise(LENGTH, 31);
    let served = content.clone();
    let server = Server::start(move |request, stream| match (request.path.as_str(), request.before) {
        // The first time the rest comes so slowly that the process is killed before it ends.
        ("/large", 0) => {
            let length = LENGTH.to_string();
            reply(stream, "200 OK", &[("Content-Length", &length), ("ETag", TAG)], &served[..2_000_000]);
            while stream.write_all(b"").is_ok() && stream.flush().is_ok() {
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        ("/large", _) => serve(request, stream, &served, TAG),
        _ => serve(request, stream, b"small", TAG),
    });
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_will_be_killed"])
        .env("FETCH_TEST_BASE", &server.base)
        .env("FETCH_TEST_FOLDER", folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let parts = folder.path().join("cache/parts");
    let came = || -> u64 {
        let entries = std::fs::read_dir(&parts).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|data| data.len()).sum()
    };
    for _ in 0..400 {
        if came() >= 1_000_000 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // `Child::kill` sends SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    let held = came();
    assert!(held >= 1_000_000, "the child came to {held} bytes only");
    assert!(!folder.path().join("out/large").exists());

    let clock = TestClock::default();
    let download = Download::open(&folder.path().join("cache"), options(), &clock).unwrap();
    let items = [Item::new(server.url("/small"), "small"), Item::new(server.url("/large"), "large")];
    let report = download.run(&items, &folder.path().join("out"), &Silent).unwrap();
    let Outcome::Fetched { resumed_bytes } = report.items[1].outcome else { panic!("{:?}", report.items[1]) };
    assert!(resumed_bytes >= 900_000, "resumed from {resumed_bytes}");
    assert!(std::fs::read(folder.path().join("out/large")).unwrap() == content, "other bytes");
    assert_eq!(std::fs::read(folder.path().join("out/small")).unwrap(), b"small");
    let last = server.requests().into_iter().rfind(|request| request.path == "/large").unwrap();
    assert_eq!(last.first_byte(), Some(resumed_bytes as usize));
    assert_eq!(std::fs::read_dir(&parts).unwrap().count(), 0);
}
