# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares the support data (CSM ISD) the program makes of a Dawn frame at Ceres with those of USGS ALE, key by key,
and with CSPICE where text kernels suffice (clock, body rotation, fields of view, constants).

Usage: python check_isd.py [PROGRAM]      (PROGRAM: the built example `isd`; default: built by cargo)
Needs: numpy, spiceypy; the data folder in $FACULA_DATA or ../../shared/data beside this file.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import spiceypy as spice

import programs

REPOSITORY = Path(__file__).parents[1]
CLOCK, EXPOSURE_S, FILTER, DELAY_S = "488002612:246", 1.8, 6, 0.193
# Text kernels in the order of the frame's label, then attitudes and ephemerides as transfer files.
TEXTS = ["naif0012.tls", "pck00009.tpc", "dawn_ceres_v05.tpc", "dawn_ceres_v00.tf", "dawn_v15.tf", "dawn_fc_v10.ti",
         "dawnfcAddendum002.ti", "DAWN_203_SCLKSCET.00091.tsc"]
TRANSFERS = ["dawn_fc_v3_0_sliced_-203120.xc", "dawn_sc_150615_150621_0_sliced_-203000.xc",
             "FC21A0038582_15170161546F6F_0.xsp", "FC21A0038582_15170161546F6F_1.xsp"]
# Issue 3: position 1e-6 km, velocity 1e-9 km/s, quaternion 1e-10 (a quaternion and its negative are one rotation).
# The Sun is 4.3e8 km away: doubles there have steps of 6e-8 km, and ALE's own drivers differ by 7e-12 km/s.
# Rates of the instrument: differences of attitudes here, interpolated gyro rates there.
BOUNDS = {
    "instrument_position.positions": 1e-6, "instrument_position.velocities": 1e-9,
    "sun_position.positions": 1e-6, "sun_position.velocities": 1e-9,
    "instrument_pointing.quaternions": 1e-10, "instrument_pointing.angular_velocities": 2e-6,
    "body_rotation.quaternions": 1e-10, "body_rotation.angular_velocities": 1e-12,
}
TIME_S = 1e-6
RELATIVE = 1e-15


def data_folder():
    named = os.environ.get("FACULA_DATA")
    for folder in filter(None, [named, REPOSITORY.parent / "shared/data"]):
        if (Path(folder) / "README.md").is_file():
            return Path(folder) / "dawn-ceres-survey"
    return None


def made(folder, scale):
    program = sys.argv[1:2] or [programs.example("isd")]
    files = [str(folder / name) for name in TEXTS + TRANSFERS]
    words = [*program, scale, CLOCK, str(EXPOSURE_S), str(FILTER), *files]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def leaves(value, path=""):
    """Every key with its value; tables of numbers stay whole."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from leaves(inside, f"{path}.{key}" if path else key)
    else:
        yield path, value


def difference(path, ours, theirs):
    """Largest difference of a leaf and its bound."""
    if isinstance(theirs, str) or isinstance(ours, str):
        return (0.0 if ours == theirs else np.inf), 0.0
    a, b = np.array(ours, dtype=float), np.array(theirs, dtype=float)
    if a.shape != b.shape:
        return np.inf, 0.0
    apart = np.abs(a - b).max(initial=0.0)
    if path.endswith("quaternions"):
        apart = min(apart, np.abs(a + b).max(initial=0.0))
    if path.endswith("_time") or path.endswith("_times"):
        return apart, TIME_S
    return apart, BOUNDS.get(path, RELATIVE * np.abs(b).max(initial=0.0))


def against_ale(folder):
    ours, theirs = dict(leaves(made(folder, "ale"))), dict(leaves(json.loads((folder / "expected_isd.json").read_text())))
    assert ours.keys() == theirs.keys(), sorted(ours.keys() ^ theirs.keys())
    broken = 0
    for path in sorted(theirs):
        apart, bound = difference(path, ours[path], theirs[path])
        broken += apart > bound
        if path in BOUNDS or path.endswith("center_ephemeris_time") or apart > bound:
            print(f"{'ok    ' if apart <= bound else 'BROKEN'} {path:42} {apart:9.2e}  bound {bound:.0e}")
    print(f"{len(theirs)} keys compared with ALE, {broken} broken")
    return broken


def against_cspice(folder):
    isd = made(folder, "own")
    for name in TEXTS:
        spice.furnsh(str(folder / name))
    broken = 0

    def check(what, apart, bound):
        nonlocal broken
        broken += not apart <= bound
        print(f"{'ok    ' if apart <= bound else 'BROKEN'} {what:42} {apart:9.2e}  bound {bound:.0e}")

    et = spice.scs2e(-203, CLOCK) + DELAY_S + EXPOSURE_S / 2
    check("scs2e: mid exposure", abs(et - isd["center_ephemeris_time"]), TIME_S)
    q = np.array(isd["body_rotation"]["quaternions"][0])
    matrix = spice.pxform("J2000", "CERES_FIXED", isd["center_ephemeris_time"])
    check("pxform: body rotation", np.abs(spice.q2m(q) - matrix).max(), 1e-11)
    rate = spice.xf2rav(spice.sxform("J2000", "CERES_FIXED", et))[1]
    check("xf2rav: rate of the body", np.abs(rate - isd["body_rotation"]["angular_velocities"][0]).max(), 1e-12)
    spec = spice.pxform("DAWN_FC2", "DAWN_FC2_FILTER_6", et)
    check("pxform: constant rotation", np.abs(spec.ravel() - isd["instrument_pointing"]["constant_rotation"]).max(), 1e-15)
    # The own scale of the lines: 13.995 um, not 14.004.
    pitch = spice.gdpool("INS-203126_PIXEL_SIZE", 0, 2) / 1000
    scales = [isd["focal2pixel_samples"][1], isd["focal2pixel_lines"][2]]
    check("gdpool: scale of samples and lines", np.abs(np.array(scales) * pitch - 1).max(), 1e-15)
    # The detector's half width against the boundary vector of GETFOV, a corner: within the IK's own rounding.
    corner = spice.getfov(-203126, 4)[4][0]
    half = np.array([512, 512]) * pitch / isd["focal_length_model"]["focal_length"]
    check("getfov: corner of the field", np.abs(half / (corner[:2] / corner[2]) - 1).max(), 1e-4)
    spice.kclear()
    return broken


def main():
    folder = data_folder()
    if folder is None:
        print("SKIPPED check_isd: no data folder; set FACULA_DATA")
        return 0
    broken = against_ale(folder) + against_cspice(folder)
    print("check_isd: " + ("all within bounds" if not broken else f"{broken} broken"))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
