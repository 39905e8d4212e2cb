# SPDX-License-Identifier: MIT OR Apache-2.0
"""Times Facula next to its peers on this machine, in turn, and checks that their answers agree.

Usage: python run.py ROW [--rounds N] [--json FILE]      (rows: the modules in benches/rows)
Needs cargo and requirements.txt. Exit status 0 when all answers agree, 1 otherwise; times never fail.
"""
import argparse
import dataclasses
import importlib
import inspect
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


@dataclasses.dataclass
class Figure:
    """One line of the table: times in seconds a unit of work, smallest of all rounds."""

    what: str
    facula_s: float
    goal_s: float | None
    peers_s: dict
    difference: float
    limit: float


class Bench:
    """The built program."""

    def __init__(self):
        subprocess.run(["cargo", "build", "-q", "--release", "-p", "facula-bench"], cwd=HERE.parent, check=True)
        target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
        self.program = target / "release" / "facula-bench"

    def __call__(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        return json.loads(done.stdout)


def scaled(seconds):
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def show(figures):
    for figure in figures:
        goal = ""
        if figure.goal_s is not None:
            goal = f"goal {scaled(figure.goal_s)}: {'met' if figure.facula_s <= figure.goal_s else 'MISSED'}"
        same = figure.difference <= figure.limit
        print(f"{figure.what}\n    facula {scaled(figure.facula_s):>9}   {goal}")
        for peer, seconds in figure.peers_s.items():
            print(f"    {peer:22} {scaled(seconds):>9}   {seconds / figure.facula_s:7.1f} x")
        print(f"    answers {'agree' if same else 'DIFFER'}: {figure.difference:.1e}, limit {figure.limit:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    row = importlib.import_module(f"rows.{options.row}")
    if len(inspect.signature(row.run).parameters) < 2:
        # Rows of several sizes and scenes check and describe themselves.
        print(json.dumps(row.run(), indent=1))
        return 0
    figures = row.run(Bench(), options.rounds)
    show(figures)
    if options.json:
        machine = {"machine": platform.machine(), "processors": os.cpu_count(), "python": platform.python_version()}
        rows = [dataclasses.asdict(figure) for figure in figures]
        options.json.write_text(json.dumps({"row": options.row, **machine, "figures": rows}, indent=1) + "\n")
    return 0 if all(figure.difference <= figure.limit for figure in figures) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    # Rows import Figure from here, whichever way this file was started.
    sys.modules["run"] = sys.modules[__name__]
    sys.exit(main())
