# SPDX-License-Identifier: MIT OR Apache-2.0
"""States and attitudes against spiceypy, cspyce (both CSPICE) and ANISE."""
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import anise
import anise.astro
import anise.time
import cspyce
import numpy as np
import spiceypy
from run import HERE, Figure

PLANETS = HERE.parent / "crates/facula-spice/data/planets_ceres_vesta.bsp"
DATA = Path(os.environ.get("FACULA_DATA", HERE.parent.parent / "shared/data")) / "dawn-ceres-survey"
DAWN = [
    "naif0012.tls", "dawn_v15.tf", "DAWN_203_SCLKSCET.00091.tsc",
    "dawn_fc_v3_0_sliced_-203120.xc", "dawn_sc_150615_150621_0_sliced_-203000.xc",
]
MID_S, COUNT = 488002614.0, 4000
# Relative to the length of the vector; of matrix elements.
STATE, ATTITUDE = 1e-12, 1e-12
# Neighbouring hours, neighbouring quarters of a minute, and a third of a second.
HOURS, MINUTES, SECONDS = (MID_S + step * (np.arange(COUNT) - COUNT / 2) for step in (3600.0, 15.0, 0.3))


def rows(folder, attitude):
    sun = {"kernels": [str(PLANETS)], "target": 10, "observer": 2000001, "correction": "LT+S", "et": HOURS}
    orbit = {"kernels": [str(folder / "orbit.bsp")], "target": -203, "observer": 2000001, "correction": "NONE", "et": MINUTES}
    yield {"name": "sun_epoch", "what": "Sun from Ceres LT+S, one call an Epoch", "kind": "epoch", "goal": 0.45e-6, **sun}
    yield {"name": "sun_scalar", "what": "Sun from Ceres LT+S, one call an ET", "kind": "scalar", "goal": 0.45e-6, **sun}
    yield {"name": "sun_batch", "what": "Sun from Ceres LT+S, batch", "kind": "batch", "goal": 0.1e-6, **sun}
    yield {"name": "orbit_batch", "what": "orbiter from Ceres, SPK 13, batch", "kind": "batch", "goal": 0.2e-6, **orbit}
    if attitude:
        yield {
            "name": "attitude_batch", "what": "J2000 to DAWN_FC2_FILTER_6, flight CK 3, batch", "kind": "attitude",
            "goal": 0.2e-6, "kernels": attitude, "frames": ["DAWN_FC2_FILTER_6", "J2000"], "et": SECONDS,
        }


def peers(row):
    """Name of each peer and a function that answers all epochs."""
    et = row["et"]
    if row["kind"] == "attitude":
        to, origin = row["frames"]
        yield "spiceypy", lambda: [spiceypy.pxform(origin, to, t) for t in et]
        yield "cspyce vector", lambda: cspyce.pxform_vector(origin, to, et)
        return
    target, correction, observer = row["target"], row["correction"], row["observer"]
    names = str(target), str(observer)
    if row["kind"] != "batch":
        yield "spiceypy", lambda: [spiceypy.spkez(target, t, "J2000", correction, observer)[0] for t in et]
        yield "cspyce", lambda: [cspyce.spkez(target, t, "J2000", correction, observer)[0] for t in et]
    else:
        yield "spiceypy vectorised", lambda: spiceypy.spkezr(names[0], et, "J2000", correction, names[1])[0]
        yield "cspyce vector", lambda: cspyce.spkez_vector(target, et, "J2000", correction, observer)[0]
    if row["name"] == "sun_scalar":
        almanac = anise.Almanac(row["kernels"][0])
        frames = anise.astro.Frame(target, 1), anise.astro.Frame(observer, 1)
        seen, epochs = anise.Aberration("LT+S"), [anise.time.Epoch.from_et_seconds(t) for t in et]
        yield "anise (not compared)", lambda: [almanac.translate(*frames, t, seen) for t in epochs]


def difference(row, found, wanted):
    if row["kind"] == "attitude":
        return np.abs(found.reshape(-1, 9) - np.reshape(wanted, (-1, 9))).max()
    found, wanted = found.reshape(-1, 6), np.reshape(wanted, (-1, 6))
    worst = 0.0
    for part in (slice(0, 3), slice(3, 6)):
        apart = np.abs(found[:, part] - wanted[:, part]).max(axis=1)
        worst = max(worst, (apart / np.linalg.norm(wanted[:, part], axis=1)).max())
    return worst


def compare(bench, rounds, folder, row):
    spiceypy.kclear()
    for kernel in row["kernels"]:
        spiceypy.furnsh(kernel)
        cspyce.furnsh(kernel)
    job = {key: value for key, value in row.items() if key != "et"} | {"et_s": row["et"].tolist()}
    (folder / "job.json").write_text(json.dumps({"rows": [job]}))
    best, apart = {}, 0.0
    for _ in range(rounds):
        seconds = bench("states", "time", folder)[row["name"]]
        best["facula"] = min(best.get("facula", np.inf), seconds)
        found = np.fromfile(folder / f"{row['name']}.facula.bin", "<f8")
        for name, answer in peers(row):
            start = time.perf_counter()
            wanted = answer()
            seconds = (time.perf_counter() - start) / len(row["et"])
            best[name] = min(best.get(name, np.inf), seconds)
            if "not compared" not in name:
                apart = max(apart, difference(row, found, wanted))
    cspyce.kclear()
    limit = ATTITUDE if row["kind"] == "attitude" else STATE
    return Figure(row["what"], best.pop("facula"), row["goal"], best, float(apart), limit)


def run(bench, rounds):
    folder = Path(tempfile.mkdtemp(prefix="facula-states-"))
    try:
        flight = [DATA / name for name in DAWN] if DATA.exists() else []
        names = bench("states", "prepare", folder, *flight)["attitude"]
        if not names:
            print(f"skipped: attitudes, no flight data in {DATA}")
        attitude = [str(folder / "attitude" / name) for name in names]
        return [compare(bench, rounds, folder, row) for row in rows(folder, attitude)]
    finally:
        shutil.rmtree(folder)
