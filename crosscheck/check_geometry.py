# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks the geometry of a simulated campaign against CSPICE: where the Sun stands, how Ceres is turned, and where
the camera sees a place, from the labels' own vectors.

Usage: python check_geometry.py SURVEY_FOLDER      (needs archive/*.LBL and the ephemeris of the program)
"""
import json
import re
import sys
from pathlib import Path

import numpy as np
import spiceypy as spice

REPOSITORY = Path(__file__).parents[1]
# Leap seconds and Ceres' constants as text kernels, typed from NAIF's naif0012.tls and dawn_ceres_v06.tpc.
TEXT_KERNEL = r"""KPL/PCK
\begindata
DELTET/DELTA_T_A = 32.184
DELTET/K = 1.657D-3
DELTET/EB = 1.671D-2
DELTET/M = ( 6.239996D0 1.99096871D-7 )
DELTET/DELTA_AT = ( 33, @2006-JAN-1 34, @2009-JAN-1 35, @2012-JUL-1 36, @2015-JUL-1 37, @2017-JAN-1 )
BODY2000001_POLE_RA = ( 291.42763 0. 0. )
BODY2000001_POLE_DEC = ( 66.76033 0. 0. )
BODY2000001_PM = ( 170.309 952.1532635 0. )
BODY2000001_RADII = ( 482.10 482.10 445.94 )
NAIF_BODY_NAME += ( 'CERES' )
NAIF_BODY_CODE += ( 2000001 )
FRAME_CERES_FIXED = 2000001
FRAME_2000001_NAME = 'CERES_FIXED'
FRAME_2000001_CLASS = 2
FRAME_2000001_CLASS_ID = 2000001
FRAME_2000001_CENTER = 2000001
OBJECT_2000001_FRAME = 'CERES_FIXED'
"""
# Metres of Ceres' 4.3e8 km distance are lost in the labels' digits; 1 km is 0.5 millionths of a degree of light.
SUN_KM = 1.0
# A pixel of the limb in RC3 is 9.3e-5 rad; a thousandth of that.
ANGLE_RAD = 1e-7


def label_vector(text, keyword):
    inside = re.search(keyword + r"\s*=\s*\(([^)]*)\)", text).group(1)
    return np.array([float(re.sub(r"<[^>]*>", "", part)) for part in inside.split(",")])


def main(folder):
    kernel = folder / "crosscheck.tpc"
    kernel.write_text(TEXT_KERNEL)
    try:
        spice.furnsh(str(kernel))
        spice.furnsh(str(REPOSITORY / "crates/facula-spice/data/planets_ceres_vesta.bsp"))
        checked = compare(folder)
    finally:
        spice.kclear()
        kernel.unlink()
    print(f"{checked} labels agree with CSPICE")


def compare(folder):
    truth = {frame["frame_id"]: frame for frame in json.loads((folder / "truth.json").read_text())["frames"]}
    labels = sorted((folder / "archive").glob("*.LBL"))
    for label in labels:
        text = label.read_text()
        start = re.search(r"^START_TIME\s*=\s*(\S+)", text, re.M).group(1)
        exposure_s = float(re.search(r"^EXPOSURE_DURATION\s*=\s*(\S+)", text, re.M).group(1)) / 1000
        et = spice.str2et(start) + 0.193 + exposure_s / 2
        body_from_j2000 = spice.pxform("J2000", "CERES_FIXED", et)
        sun, _ = spice.spkpos("10", et, "J2000", "LT+S", "2000001")
        target, sun_label = label_vector(text, "SC_TARGET_POSITION_VECTOR"), label_vector(text, "SC_SUN_POSITION_VECTOR")
        assert np.linalg.norm(sun_label - target - sun) < SUN_KM, f"{label.name}: Sun"
        frame = truth[label.stem]
        position = -(body_from_j2000 @ target)
        angle = np.linalg.norm(position - frame["spacecraft_position_km"]) / np.linalg.norm(position)
        assert angle < ANGLE_RAD, f"{label.name}: position off by {angle} rad"
        # The attitude told by the label differs from the true one by the pointing error: a few pixels of 9.3e-5 rad.
        told = spice.q2m(label_vector(text, "QUATERNION")) @ body_from_j2000.T
        turn = spice.raxisa(told @ np.array(frame["camera_from_body"]).T)[1]
        assert turn < 20 * 9.3e-5, f"{label.name}: attitude off by {turn} rad"
    assert len(labels) >= 60, f"only {len(labels)} labels"
    return len(labels)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
