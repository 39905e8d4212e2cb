# SPDX-License-Identifier: MIT OR Apache-2.0
"""Puts the same random questions to CSPICE (spiceypy) and to `crates/facula-geometry/examples/observe.rs`: sub-points,
intercepts, light angles, limb, terminator, coordinates, local time, seasons, occultations, event windows.

Usage: python check_observation.py [DRAWS]       (needs the flight kernels of $FACULA_DATA or ../shared/data)

Prints 75 %, 99 % and the maximum of the differences for each kind and fails over the bounds.
"""
import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import spiceypy as spice

import programs

REPOSITORY = Path(__file__).parents[1]
DATA = next((p for p in (Path(os.environ.get("FACULA_DATA", "")), REPOSITORY.parent / "shared/data")
             if (p / "README.md").is_file() and (p / "kernels").is_dir()), None)
SURVEY = ["naif0012.tls", "dawn_ceres_v05.tpc", "dawn_ceres_v00.tf", "dawn_v15.tf", "dawn_fc_v10.ti",
          "dawnfcAddendum002.ti", "DAWN_203_SCLKSCET.00091.tsc"]
SEED = 20150415
CORRECTIONS = ["NONE", "LT", "LT+S", "CN", "CN+S"]
# Bounds: points 1e-6 km, angles 1e-9 rad, epochs 1e-6 s, ends of windows 1e-3 s. A place at the limb moves along the
# ground by 1/cos(emission) of what the ray moves: intercepts are compared across the line of sight.
# W grows to millions of degrees, which a double holds to 1e-9 degrees: a direction in a spinning frame is that uncertain.
ROUNDING_RAD = 6e-11
BOUNDS = {"srfvec": ROUNDING_RAD, "sincpt spun": ROUNDING_RAD, "subpnt": 1e-6, "subslr": 1e-6, "sincpt": 1e-6, "sincpt found": 0, "ilumin": 1e-9, "limb": 1e-6, "edterm": 1e-5,
          "nearpt": 1e-7, "recpgr": 1e-9, "et2lst": 1e-9, "lspcn": 1e-9, "phaseq": 1e-9, "occult": 0, "windows": 1e-3,
          "windows count": 0, "epoch": 1e-6}
# Bodies with ephemeris and constants in the kernels: number, name, frame.
BODIES = [(2000001, "2000001", "CERES_FIXED"), (2000004, "2000004", "IAU_VESTA"), (399, "399", "IAU_EARTH"), (10, "10", "IAU_SUN")]
START, END = 2.6e8, 5.9e8


def kernel_files():
    survey, mixed = DATA / "dawn-ceres-survey", DATA / "kernels-mixed"
    return [mixed / "pck00010.tpc", *(survey / name for name in SURVEY),
            mixed / "de405s_littleendian.bsp", REPOSITORY / "crates/facula-spice/data/planets_ceres_vesta.bsp"]


def random_vector(draw):
    z, angle = draw.uniform(-1, 1), draw.uniform(0, 2 * math.pi)
    s = math.sqrt(1 - z * z)
    return [s * math.cos(angle), s * math.sin(angle), z]


def question(draw, op):
    target = draw.choice([b for b in BODIES if b[0] != 10])
    observer = draw.choice([b for b in BODIES if b[0] != target[0] and (op != "phaseq" or b[0] != 10)])
    q = {"op": op, "et": draw.uniform(START, END), "abcorr": draw.choice(CORRECTIONS), "target": target[0],
         "target_frame": target[2], "observer": observer[0]}
    radii = spice.bodvcd(target[0], "RADII", 3)[1]
    if op in ("subpnt", "subslr"):
        q["kind"] = draw.choice(["NEAR", "INTERCEPT"])
    elif op == "sincpt":
        centre, light_s = spice.spkezp(target[0], q["et"], "J2000", q["abcorr"], observer[0])
        aim = centre + 1.05 * np.max(radii) * math.sqrt(draw.random()) * np.array(random_vector(draw))
        q["dref"] = draw.choice(["J2000", "ECLIPJ2000", "CERES_FIXED", target[2]])
        q["dvec"] = list(map(float, spice.pxform("J2000", q["dref"], q["et"]) @ (aim / np.linalg.norm(aim))))
    elif op == "ilumin":
        q["point"] = list(map(float, spice.srfrec(target[0], draw.uniform(-3, 3), draw.uniform(-1.5, 1.5))))
    elif op in ("limb", "edterm"):
        q["count"], q["reference"] = draw.randint(1, 6), random_vector(draw)
        q["edge"] = draw.choice(["UMBRAL", "PENUMBRAL"])
        if op == "edterm":
            q["abcorr"] = "NONE"
    elif op in ("nearpt", "recpgr"):
        low = 0.3 if op == "nearpt" else 0.9
        q["point"] = [float(x * float(radii[0]) * math.exp(draw.uniform(math.log(low), 8))) for x in random_vector(draw)]
    elif op == "et2lst":
        q["lon"] = draw.uniform(-math.pi, math.pi)
    return q


# Who covers the Sun for whom, and when: solar eclipses (the Earth's centre sees them partial), lunar eclipses from the
# Moon, transits of Mercury and Venus.
SUN_EVENTS = [((301, "IAU_MOON"), 399, "2006-03-29T10:11"), ((301, "IAU_MOON"), 399, "2005-10-03T10:32"),
              ((399, "IAU_EARTH"), 301, "2007-03-03T23:21"), ((399, "IAU_EARTH"), 301, "2008-08-16T21:10"),
              ((299, "IAU_VENUS"), 399, "2004-06-08T08:20"), ((199, "IAU_MERCURY"), 399, "2006-11-08T21:41")]


def occult_question(draw):
    front, observer, utc = draw.choice(SUN_EVENTS)
    front, back = draw.choice([(front, (10, "IAU_SUN")), ((10, "IAU_SUN"), front)])
    return {"op": "occult", "et": spice.str2et(utc) + draw.uniform(-4, 4) * 3600, "abcorr": draw.choice(CORRECTIONS), "observer": observer,
            "front": front[0], "front_frame": front[1], "back": back[0], "back_frame": back[1]}


def windows_questions():
    """Searches, each with its own CSPICE finder."""
    day = 86400.0
    occator = list(map(float, spice.latrec(*([spice.vnorm(spice.srfrec(2000001, math.radians(239.33), math.radians(19.82)))]),
                                           math.radians(239.33), math.radians(19.82))))
    base = {"op": "windows", "observer": 399}
    t0 = 482328067.0
    yield {**base, "what": "incidence", "target": 2000001, "target_frame": "CERES_FIXED", "point": occator, "abcorr": "CN+S",
           "limit": math.pi / 2, "start": t0, "end": t0 + 2 * day, "step": 1800.0}
    for correction in CORRECTIONS:
        yield {**base, "what": "distance", "target": 2000001, "abcorr": correction, "limit": 3.0e8, "start": t0 - 800 * day,
               "end": t0 + 800 * day, "step": 20 * day}
        yield {**base, "what": "phase", "target": 2000001, "abcorr": correction, "limit": math.radians(15),
               "start": t0 - 600 * day, "end": t0 + 600 * day, "step": 10 * day}
        yield {**base, "what": "separation", "front": 2000001, "back": 10, "abcorr": correction, "limit": math.radians(30),
               "start": t0 - 600 * day, "end": t0 + 600 * day, "step": 10 * day}
        yield {**base, "what": "latitude", "target": 2000001, "target_frame": "CERES_FIXED", "abcorr": correction,
               "limit": math.radians(2), "start": t0 - 300 * day, "end": t0 + 300 * day, "step": 10 * day}
        for front, observer, utc in SUN_EVENTS:
            for kind in ("ANY", "FULL", "PARTIAL", "ANNULAR"):
                middle = spice.str2et(utc)
                yield {**base, "observer": observer, "what": "occultation", "kind": kind, "front": front[0], "front_frame": front[1],
                       "back": 10, "back_frame": "IAU_SUN", "abcorr": correction, "start": middle - day, "end": middle + day, "step": 300.0}


def cspice_windows(q):
    cell = spice.cell_double(2)
    spice.wninsd(q["start"], q["end"], cell)
    out = spice.cell_double(2000)
    obs, corr, step = str(q["observer"]), q["abcorr"], q["step"]
    if q["what"] == "incidence":
        spice.gfilum("Ellipsoid", "INCIDENCE", str(q["target"]), "SUN", q["target_frame"], corr, obs, q["point"], "<", q["limit"], 0, step,
                     2000, cell, out)
    elif q["what"] == "distance":
        spice.gfdist(str(q["target"]), corr, obs, "<", q["limit"], 0, step, 2000, cell, out)
    elif q["what"] == "phase":
        spice.gfpa(str(q["target"]), "SUN", corr, obs, "<", q["limit"], 0, step, 2000, cell, out)
    elif q["what"] == "separation":
        spice.gfsep(str(q["front"]), "POINT", "NULL", str(q["back"]), "POINT", "NULL", corr, obs, "<", q["limit"], 0, step, 2000, cell, out)
    elif q["what"] == "latitude":
        spice.gfsubc(str(q["target"]), q["target_frame"], "NEAR POINT: ELLIPSOID", corr, obs, "LATITUDINAL", "LATITUDE", "<", q["limit"], 0,
                     step, 2000, cell, out)
    else:
        spice.gfoclt(q["kind"], str(q["front"]), "ELLIPSOID", q["front_frame"], str(q["back"]), "ELLIPSOID", q["back_frame"], corr, obs,
                     step, cell, out)
    return [list(spice.wnfetd(out, i)) for i in range(spice.wncard(out))]


def compare(q, a):
    """Differences by kind: [(kind, difference)]."""
    op = q["op"]
    if isinstance(a, dict) and "error" in a:
        raise RuntimeError(f"{q}: {a['error']}")
    target, observer = str(q.get("target")), str(q.get("observer"))
    frame, et, corr = q.get("target_frame"), q.get("et"), q.get("abcorr")
    if op in ("subpnt", "subslr"):
        method = {"NEAR": "NEAR POINT/ELLIPSOID", "INTERCEPT": "INTERCEPT/ELLIPSOID"}[q["kind"]]
        point, epoch, vector = getattr(spice, op)(method, target, et, frame, corr, observer)
        # The vector from the observer in the body's frame turns with the rounding of W: see ROUNDING_RAD.
        turn = np.linalg.norm(vector - a["srfvec"]) / np.linalg.norm(vector)
        return [(op, np.linalg.norm(point - a["point"])), ("epoch", abs(epoch - a["epoch"])), ("srfvec", turn)]
    if op == "sincpt":
        try:
            point, epoch, vector = spice.sincpt("ELLIPSOID", target, et, frame, corr, observer, q["dref"], q["dvec"])
        except spice.utils.exceptions.NotFoundError:
            return [("sincpt found", float(a is not None))]
        if a is None:
            return [("sincpt found", 1.0)]
        across = np.linalg.norm(np.cross(point - a["point"], vector / np.linalg.norm(vector)))
        if q["dref"] not in ("J2000", "ECLIPJ2000"):
            return [("sincpt found", 0.0), ("sincpt spun", across / np.linalg.norm(vector))]
        return [("sincpt found", 0.0), (op, across), ("epoch", abs(epoch - a["epoch"]))]
    if op == "ilumin":
        epoch, _, phase, incidence, emission = spice.ilumin("ELLIPSOID", target, et, frame, corr, observer, q["point"])
        return [(op, np.max(np.abs(np.array([phase, incidence, emission]) - a["angles"]))), ("epoch", abs(epoch - a["epoch"]))]
    if op == "limb":
        step = 2 * math.pi / q["count"]
        _, points, _, _ = spice.limbpt("TANGENT/ELLIPSOID", target, et, frame, corr, "CENTER", observer, q["reference"], step, q["count"], 1e-4, 1e-7,
                                       q["count"])
        return [(op, np.max(np.linalg.norm(points - np.array(a), axis=1)))]
    if op == "edterm":
        sun, _ = spice.spkpos("SUN", et, frame, "NONE", target)
        radii, sun_radius = spice.bodvcd(q["target"], "RADII", 3)[1], spice.bodvcd(10, "RADII", 3)[1][0]
        worst = 0
        for point in np.array(a):
            normal = spice.surfnm(*radii, point)
            height = normal @ (sun - point)
            wanted = -sun_radius if q["edge"] == "UMBRAL" else sun_radius
            worst = max(worst, abs(height - wanted) / np.linalg.norm(sun) * radii[0])
        # The points of EDTERM themselves: the reference is then the first axis of SPICE's FRAME.
        return [(op, worst)]
    if op == "nearpt":
        point, altitude = spice.nearpt(q["point"], *spice.bodvcd(q["target"], "RADII", 3)[1])
        size = 1 + np.linalg.norm(q["point"]) / 1e5
        return [(op, (np.linalg.norm(point - a["point"]) + abs(altitude - a["altitude"])) / size)]
    if op == "recpgr":
        radii = spice.bodvcd(q["target"], "RADII", 3)[1]
        lon, lat, alt = spice.recpgr(target, q["point"], radii[0], (radii[0] - radii[2]) / radii[0])
        turned = (lon - a[0] + math.pi) % (2 * math.pi) - math.pi
        return [(op, max(abs(turned), abs(lat - a[1]), abs(alt - a[2]) / np.linalg.norm(q["point"])))]
    if op == "et2lst":
        sun, _ = spice.spkpos("SUN", et, frame, "LT+S", target)
        spin = spice.bodvcd(q["target"], "PM", 3)[1][1]
        expected = (12 + math.copysign(1, spin) * (q["lon"] - math.atan2(sun[1], sun[0])) * 12 / math.pi) % 24
        hour, minute, second, _, _ = spice.et2lst(et, q["target"], q["lon"], "PLANETOCENTRIC")
        assert abs((hour + minute / 60 + second / 3600 - a + 12) % 24 - 12) < 1.01 / 3600, (q, a)
        return [(op, abs((expected - a + 12) % 24 - 12))]
    if op == "lspcn":
        expected = spice.lspcn(target, et, corr)
        return [(op, abs((expected - a + math.pi) % (2 * math.pi) - math.pi))]
    if op == "phaseq":
        return [(op, abs(spice.phaseq(et, target, "SUN", observer, corr) - a))]
    if op == "occult":
        code = spice.occult(str(q["front"]), "ELLIPSOID", q["front_frame"], str(q["back"]), "ELLIPSOID", q["back_frame"], corr, observer, et)
        return [(op, float(code != a))]
    expected = cspice_windows(q)
    if len(expected) != len(a):
        print("windows differ:", {k: q[k] for k in q if k != "point"}, len(expected), "in CSPICE,", len(a), "here")
        return [("windows count", 1.0)]
    return [("windows count", 0.0), *(("windows", float(np.max(np.abs(np.array(e) - g)))) for e, g in zip(expected, a))]


def main(draws):
    if DATA is None:
        print("SKIPPED check_observation: flight data not found")
        return 0
    files = [str(f) for f in kernel_files()]
    for file in files:
        spice.furnsh(file)
    draw = random.Random(SEED)
    kinds = ["subpnt", "subslr", "sincpt", "sincpt", "ilumin", "limb", "edterm", "nearpt", "recpgr", "et2lst", "lspcn", "phaseq"]
    questions = [question(draw, kinds[i % len(kinds)]) for i in range(draws)]
    questions += [occult_question(draw) for _ in range(draws // 10)] + list(windows_questions())
    run = subprocess.run([programs.example("observe"), *files], input="\n".join(map(json.dumps, questions)), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    differences = {}
    for q, line in zip(questions, run.stdout.splitlines(), strict=True):
        for kind, value in compare(q, json.loads(line)):
            differences.setdefault(kind, []).append((value, q))
    failed = 0
    for kind, found in differences.items():
        values = [value for value, _ in found]
        p75, p99 = np.percentile(values, [75, 99])
        bad = max(values) > BOUNDS[kind]
        failed += bad
        print(f"{kind:14} {len(values):6} draws  75 % {p75:9.2e}  99 % {p99:9.2e}  max {max(values):9.2e}  bound {BOUNDS[kind]:.0e}"
              + ("  FAILED" if bad else ""))
        if bad:
            print("    worst:", max(found, key=lambda item: item[0])[1])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(next((a for a in sys.argv[1:] if a.isdigit()), 2400))))
