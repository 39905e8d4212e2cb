// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line. Parses, calls the façade, prints; exit code 0 complete, 1 written with warnings, 2 nothing written.

mod cli;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
