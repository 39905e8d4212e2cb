# SPDX-License-Identifier: MIT OR Apache-2.0
"""Asks SPICE for apparent states from the built-in ephemeris (tests/batches.rs). Run: python3 make_seen.py
Needs spiceypy."""

import os

import spiceypy as sp

HERE = os.path.dirname(os.path.abspath(__file__))
PAIRS = [(10, 2000001), (2000001, 399), (399, 4), (2000004, 2000001)]
CORRECTIONS = ["NONE", "LT", "LT+S", "CN", "CN+S"]


def main():
    sp.furnsh(os.path.join(HERE, "../../data/planets_ceres_vesta.bsp"))
    head = f"# spiceypy {sp.__version__}, CSPICE {sp.tkvrsn('TOOLKIT')}; planets_ceres_vesta.bsp; python3 make_seen.py\n"
    with open(os.path.join(HERE, "seen.csv"), "w") as out:
        out.write(head + "# target, observer, correction (SPKEZR), et_s, x_km..z_km, vx_km_s..vz_km_s, light_time_s\n")
        for target, observer in PAIRS:
            for correction in CORRECTIONS:
                for i in range(6):
                    et = 2.5e8 + 5.77e7 * i + 0.125 * i
                    state, light = sp.spkez(target, et, "J2000", correction, observer)
                    row = [str(target), str(observer), correction, repr(et)] + [repr(float(x)) for x in [*state, light]]
                    out.write(",".join(row) + "\n")


main()
