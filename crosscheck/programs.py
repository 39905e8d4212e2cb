# SPDX-License-Identifier: MIT OR Apache-2.0
"""The project's own programs for the cross-checks.

Built for the whole workspace with its examples, as `cargo test --workspace` has built them: for one crate alone cargo
picks other features of what it depends on, and builds all of that again.
"""
import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "debug"


def example(name):
    """Path of an example of any crate."""
    subprocess.run(["cargo", "build", "-q", "--workspace", "--example", name], cwd=REPOSITORY, check=True)
    return BUILT / "examples" / name


def facula():
    """Path of the command."""
    subprocess.run(["cargo", "build", "-q", "--workspace", "--examples", "--bin", "facula"], cwd=REPOSITORY, check=True)
    return BUILT / "facula"
