# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads the SPK (type 13) and CK (type 3) that Facula writes with CSPICE and compares the answers.

Usage: python check_writers.py [FOLDER]      (default: a temporary folder; needs cargo and spiceypy)
Exit status 0 when every check holds, 1 otherwise.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import spiceypy as spice

import programs

BODY, CENTER, FRAME = -9, 2000001, "THREE"
# Relative, and of matrix elements: rounding of either side's interpolation.
STATE, ATTITUDE = 1e-12, 1e-12


def table(path):
    rows = {"node": [], "state": [], "attitude": []}
    for line in path.read_text().splitlines()[1:]:
        what, *numbers = line.split(",")
        rows[what].append([float(x) for x in numbers])
    return {what: np.array(numbers) for what, numbers in rows.items()}


def stored_nodes(path, count):
    """The first words of the only segment, as they stand in the file."""
    handle = spice.dafopr(str(path))
    spice.dafbfs(handle)
    spice.daffna()
    _, integers = spice.dafus(spice.dafgs(), 2, 6)
    first = int(integers[4])
    words = spice.dafgda(handle, first, first + 7 * count - 1)
    spice.dafcls(handle)
    return words[: 6 * count].reshape(count, 6), words[6 * count :]


def compare(folder):
    rows = table(folder / "answers.csv")
    nodes, epochs = stored_nodes(folder / "trajectory.bsp", len(rows["node"]))
    same = np.array_equal(nodes, rows["node"][:, 1:]) and np.array_equal(epochs, rows["node"][:, 0])
    yield "states and epochs at the nodes, bit for bit", 0.0 if same else 1.0, 0.0
    for what, name in (("node", "SPKGEO at the nodes"), ("state", "SPKGEO between the nodes")):
        found = np.array([spice.spkgeo(BODY, t, "J2000", CENTER)[0] for t in rows[what][:, 0]])
        for part, cut in (("position", slice(0, 3)), ("velocity", slice(3, 6))):
            wanted = rows[what][:, 1:][:, cut]
            difference = np.abs(found[:, cut] - wanted).max(axis=1) / np.linalg.norm(wanted, axis=1)
            yield f"{name}, {part}, relative", difference.max(), STATE
    found = np.array([spice.pxform("J2000", FRAME, t).ravel() for t in rows["attitude"][:, 0]])
    yield "PXFORM, matrix elements", np.abs(found - rows["attitude"][:, 1:]).max(), ATTITUDE
    # The angular velocity of the made-up turn: 1e-4 rad/s about a fixed axis.
    tick = spice.sce2c(-9, rows["attitude"][5, 0])
    _, spin, _ = spice.ckgpav(-9003, tick, 0.0, "J2000")
    yield "CKGPAV, angular velocity, rad/s", np.abs(spin - 1e-4 * np.array([0.6, 0.0, 0.8])).max(), 1e-16
    comments = [spice.dafec(spice.dafopr(str(folder / name)), 9, 80) for name in ("trajectory.bsp", "pointing.bc")]
    good = all("Made by the example" in str(answer) and "made-up orbit" in str(answer) for answer in comments)
    yield "comments are read", 0.0 if good else 1.0, 0.0


def main(folder):
    subprocess.run([programs.example("write_kernels"), folder], check=True)
    for name in ("clock.tf", "trajectory.bsp", "pointing.bc"):
        spice.furnsh(str(folder / name))
    failed = 0
    for what, difference, limit in compare(folder):
        good = difference <= limit
        failed += not good
        print(f"{'ok    ' if good else 'FAILED'} {what:45} {difference:9.2e}  limit {limit:7.1e}")
    spice.kclear()
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(Path(temporary)))
