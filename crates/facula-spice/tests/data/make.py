# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes the small kernels of tests/generated.rs and what SPICE answers from them. Run: python3 make.py
Needs spiceypy. The orbit is made up: 4900 km about Ceres with a slow drift, sampled unevenly."""

import os

import numpy as np
import spiceypy as sp

HERE = os.path.dirname(os.path.abspath(__file__))
GM = 62.6325
START = 482_000_000.0


def orbit(t):
    n = np.sqrt(GM / 4900.0**3)
    r, rate = 4900.0 + 1e-4 * t, 1e-4
    c, s = np.cos(n * t), np.sin(n * t)
    p = np.array([r * c, r * s * 0.6, r * s * 0.8])
    v = np.array([rate * c - r * n * s, (rate * s + r * n * c) * 0.6, (rate * s + r * n * c) * 0.8])
    return p, v


def states(times):
    return [list(np.concatenate(orbit(t - START))) for t in times]


def packets(times):
    rows = []
    for t in times:
        p, v = orbit(t - START)
        a = (orbit(t - START + 1.0)[1] - orbit(t - START - 1.0)[1]) / 2.0
        rows.append(list(np.concatenate([p, v, v, a])))
    return rows


def spk(path):
    h = sp.spkopn(path, "made up", 0)
    even = START + 600.0 * np.arange(24)
    uneven = START + 600.0 * np.arange(24) + 100.0 * np.sin(np.arange(24))
    a, b = float(uneven[0]), float(uneven[-1])
    sp.spkw05(h, -1005, 2000001, "J2000", a, b, "5", GM, 24, states(uneven), list(uneven))
    for body, degree in ((-1081, 7), (-1082, 6)):
        sp.spkw08(h, body, 2000001, "J2000", START, float(even[-1]), "8", degree, 24, states(even), START, 600.0)
    for body, degree in ((-1091, 7), (-1092, 4)):
        sp.spkw09(h, body, 2000001, "J2000", a, b, "9", degree, 24, states(uneven), list(uneven))
    for body, degree in ((-1121, 7), (-1122, 9)):
        sp.spkw12(h, body, 2000001, "J2000", START, float(even[-1]), "12", degree, 24, states(even), START, 600.0)
    for body, degree in ((-1131, 7), (-1132, 5)):
        sp.spkw13(h, body, 2000001, "ECLIPJ2000", a, b, "13", degree, 24, states(uneven), list(uneven))
    for body, degree in ((-1181, 7), (-1182, 5)):
        sp.spkw18(h, 1, body, 2000001, "J2000", a, b,
                  "18/1", degree, states(uneven), list(uneven))
    for body, degree in ((-1183, 7), (-1184, 11)):
        sp.spkw18(h, 0, body, 2000001, "J2000", a, b, "18/0", degree, packets(uneven), list(uneven))
    # Two that overlap: the later one in the file wins.
    sp.spkw09(h, -1200, 2000001, "J2000", a, b, "below", 3, 24, states(uneven), list(uneven))
    shifted = [[x + 1.0 for x in row] for row in states(uneven)]
    sp.spkw09(h, -1200, 2000001, "J2000", a, b - 6000.0, "above", 3, 24, shifted, list(uneven))
    sp.spkcls(h)
    bodies = [-1005, -1081, -1082, -1091, -1092, -1121, -1122, -1131, -1132, -1181, -1182, -1183, -1184, -1200]
    times = [a + 50.0, a + 333.3, float(uneven[5]), float(uneven[11]) + 299.0, float(uneven[11]) + 310.0,
             float(uneven[20]) - 0.5, b - 301.0, b - 150.0]
    return bodies, times


TEXT = r"""KPL/FK
\begindata
DELTET/DELTA_T_A = 32.184
DELTET/K = 1.657D-3
DELTET/EB = 1.671D-2
DELTET/M = ( 6.239996 1.99096871D-7 )
DELTET/DELTA_AT = ( 10 @1972-JAN-1 )
SCLK_DATA_TYPE_9 = ( 1 )
SCLK01_TIME_SYSTEM_9 = ( 2 )
SCLK01_N_FIELDS_9 = ( 2 )
SCLK01_MODULI_9 = ( 4294967296 256 )
SCLK01_OFFSETS_9 = ( 0 0 )
SCLK01_OUTPUT_DELIM_9 = ( 2 )
SCLK_PARTITION_START_9 = ( 0 )
SCLK_PARTITION_END_9 = ( 1.0E12 )
SCLK01_COEFFICIENTS_9 = ( 0 481999000 1.0 1280000 482004000.5 1.000001 )
FRAME_ONE = -9001
FRAME_-9001_NAME = 'ONE'
FRAME_-9001_CLASS = 3
FRAME_-9001_CLASS_ID = -9001
FRAME_-9001_CENTER = -9
FRAME_TWO = -9002
FRAME_-9002_NAME = 'TWO'
FRAME_-9002_CLASS = 3
FRAME_-9002_CLASS_ID = -9002
FRAME_-9002_CENTER = -9
FRAME_THREE = -9003
FRAME_-9003_NAME = 'THREE'
FRAME_-9003_CLASS = 3
FRAME_-9003_CLASS_ID = -9003
FRAME_-9003_CENTER = -9
FRAME_BENT = -9004
FRAME_-9004_NAME = 'BENT'
FRAME_-9004_CLASS = 4
FRAME_-9004_CLASS_ID = -9004
FRAME_-9004_CENTER = -9
TKFRAME_-9004_RELATIVE = 'THREE'
TKFRAME_-9004_SPEC = 'QUATERNION'
TKFRAME_-9004_Q = ( 0.9, 0.1, -0.2, 0.3741657386773941 )
\begintext
"""


def quaternion(i):
    q = np.array([1.0, 0.3 * np.sin(i), 0.2 * i / 10.0, 0.5 * np.cos(0.3 * i)])
    return list(q / np.linalg.norm(q))


def ck(path):
    h = sp.ckopn(path, "made up", 0)
    n = 150
    ticks = [1000.0 * (i + 1) for i in range(n)]
    quats = [quaternion(i) for i in range(n)]
    none = [[0.0, 0.0, 0.0]] * n
    sp.ckw01(h, ticks[0], ticks[-1], -9001, "J2000", True, "1", n, ticks, quats, none)
    stops = [t + 700.0 for t in ticks]
    spin = [[1e-3, -2e-3, 3e-3 + 1e-5 * i] for i in range(n)]
    sp.ckw02(h, ticks[0], stops[-1], -9002, "J2000", "2", n, ticks, stops, quats, spin, [1.0 / 256.0] * n)
    starts = [ticks[0], ticks[40], ticks[120]]
    sp.ckw03(h, ticks[0], ticks[-1], -9003, "ECLIPJ2000", True, "3", n, ticks, quats, none, 3, starts)
    sp.ckcls(h)
    inside = [1001.5, 1250.5, 39100.0, 77555.0, 100599.0, 119500.0, 148500.0]
    return {"ONE": ticks[:3], "TWO": inside, "THREE": inside, "BENT": inside}


def pck(path):
    """Orientation of a body with number 4001 in class 2: node, tilt and W as Chebyshev series of 600 s."""
    h = sp.pckopn(path, "made up", 0)
    records = []
    for i in range(8):
        records += [0.3 + 0.01 * i, 1e-3, 1e-5, 0.0, 0.2, -2e-3, 0.0, 3e-6, 1.0 + 2.0 * i, 0.9, 1e-4, 0.0]
    sp.pckw02(h, 4001, "ECLIPJ2000", START, START + 4800.0, "2", 600.0, 8, 3, records, START)
    sp.pckcls(h)


def main():
    files = [os.path.join(HERE, name) for name in ("made_up.bsp", "made_up.bc", "made_up.tf", "made_up.bpc")]
    for path in files:
        if os.path.exists(path):
            os.remove(path)
    with open(files[2], "w") as out:
        out.write(TEXT)
    bodies, times = spk(files[0])
    frames = ck(files[1])
    pck(files[3])
    for path in files:
        sp.furnsh(path)
    head = f"# spiceypy {sp.__version__}, CSPICE {sp.tkvrsn('TOOLKIT')}; kernels made_up.*; command: python3 make.py\n"
    with open(os.path.join(HERE, "states.csv"), "w") as out:
        out.write(head + "# target, observer 2000001, geometric, J2000: et_s, x_km, y_km, z_km, vx_km_s, vy_km_s, vz_km_s\n")
        for body in bodies:
            for t in times:
                state, _ = sp.spkgeo(body, t, "J2000", 2000001)
                out.write(",".join([str(body), repr(t)] + [repr(float(x)) for x in state]) + "\n")
    with open(os.path.join(HERE, "attitudes.csv"), "w") as out:
        out.write(head + "# frame, et_s, matrix of PXFORM(J2000, frame) by rows\n")
        for frame, ticks in frames.items():
            for tick in ticks:
                t = sp.sct2e(-9, tick)
                if frame == "ONE":
                    # Single moments: SPICE's frame system wants the very tick.
                    rows, _ = sp.ckgp(-9001, tick, 0.0, "J2000")
                else:
                    rows = sp.pxform("J2000", frame, t)
                out.write(",".join([frame, repr(t)] + [repr(float(x)) for x in np.ravel(rows)]) + "\n")


main()
