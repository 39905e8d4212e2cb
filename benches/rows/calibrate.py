# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `calibrate`: raw data numbers of a 1024 x 1024 frame to I/F, sigma and flags, on one core.

Peer: the same steps in numpy, float32 images, the smear recursion over lines vectorised along them. Two chains: `simple`
(bias and dark constants, smear, flat, scale, noise) and `full` (also linearity, master dark frame, hot pixels filled).
Values of both programs are compared. `run()` gives the figures; alone it prints them.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

REPOSITORY = Path(__file__).parents[2]
SIZE, EXPOSURE_S, SUN_AU, HOT_SIGMA, GOAL_MS = 1024, 0.016, 2.93, 8.0, 6.0
# Relative difference of I/F allowed where the signal stands above its noise: single precision.
BOUND = 2e-5
PLAIN = {"bias_dn": 269.0, "gain_dn_per_e": 0.0565, "read_noise_e": 20.0, "full_well_e": 320000.0, "converter_bits": 14,
         "dark_e_per_s": 1.0, "transfer_s": 1.32e-3, "transfer_lines": 1056, "responsivity_dn_per_s": 4.0e7,
         "solar_irradiance_w_m2_nm": 1.32, "psf_fwhm_px": 1.3}
LINEARITY = {"form": "polynomial", "scale_dn": 10000.0, "coefficients": [0.01, -0.004], "valid_dn": 15000.0}
ERRORS = {"flat_fraction": 0.001, "smear_fraction": 0.02}


def scene(folder):
    """A disc of Ceres with smear, dark, hot pixels, flat and noise, written as float32 images."""
    random = np.random.default_rng(4)
    y, x = np.mgrid[:SIZE, :SIZE]
    radius = np.hypot(x - 520, y - 500)
    iof = np.where(radius < 370, 0.03 + 0.01 * np.cos(x / 40.0) * np.cos(y / 50.0), 0.0)
    flat = 1 + 0.01 * random.standard_normal((SIZE, SIZE))
    dark = 0.06 + 0.02 * random.standard_normal((SIZE, SIZE))
    hot = random.integers(0, SIZE, (500, 2))
    dark[hot[:, 0], hot[:, 1]] += 500.0
    rate = iof * flat * PLAIN["responsivity_dn_per_s"] * PLAIN["solar_irradiance_w_m2_nm"] / (np.pi * SUN_AU**2)
    below = rate[::-1].cumsum(axis=0)[::-1] - rate
    charge = rate * EXPOSURE_S + below * PLAIN["transfer_s"] / PLAIN["transfer_lines"] + dark * EXPOSURE_S
    noise = np.sqrt(np.maximum(charge, 0) * PLAIN["gain_dn_per_e"] + (PLAIN["read_noise_e"] * PLAIN["gain_dn_per_e"])**2)
    raw = np.clip(np.round(PLAIN["bias_dn"] + charge + noise * random.standard_normal((SIZE, SIZE))), 0, 16383)
    for name, image in (("raw", raw), ("flat", flat), ("dark", dark)):
        image.astype("<f4").tofile(folder / f"{name}.f32")
    return {"size": SIZE, "exposure_s": EXPOSURE_S, "sun_distance_au": SUN_AU, "hot_sigma": HOT_SIGMA, "plain": PLAIN,
            "detector": {**PLAIN, "linearity": LINEARITY, "errors": ERRORS}}


def fill_hot(image, hot, good):
    """Upper median of the good neighbours of each hot pixel."""
    for line, sample in np.argwhere(hot):
        at = slice(max(line - 1, 0), line + 2), slice(max(sample - 1, 0), sample + 2)
        values = np.sort(image[at][good[at]])
        if len(values):
            image[line, sample] = values[len(values) // 2]


def with_numpy(raw, flat, dark, hot, chain):
    """The steps of one chain as a numpy user writes them: I/F and sigma."""
    f = np.float32
    gain, read, full = PLAIN["gain_dn_per_e"], PLAIN["read_noise_e"], chain == "full"
    saturated = raw >= min(16383.0, PLAIN["bias_dn"] + PLAIN["full_well_e"] * gain)
    dark_dn = PLAIN["dark_e_per_s"] * gain * EXPOSURE_S
    if full:
        measured = raw - f(PLAIN["bias_dn"])
        x = measured * f(1 / LINEARITY["scale_dn"])
        first, second = (f(c) for c in LINEARITY["coefficients"])
        collected = measured * (1 + x * (first + x * second)) - dark * f(EXPOSURE_S)
        fill_hot(collected, hot, ~(saturated | hot))
    else:
        collected = raw - f(PLAIN["bias_dn"] + dark_dn)
    ratio = PLAIN["transfer_s"] / PLAIN["transfer_lines"] / EXPOSURE_S
    signal, passed = np.empty_like(collected), np.zeros(SIZE)
    for line in range(SIZE - 1, -1, -1):
        own = collected[line] - ratio * passed
        signal[line] = own
        passed += own
    variance = np.maximum(collected + (0 if full else f(dark_dn)), 0) * f(gain) + f((read * gain)**2 + 1 / 12)
    if full:
        smear = f(ERRORS["smear_fraction"]) * (collected - signal)
        variance += smear * smear + np.maximum(dark * f(EXPOSURE_S), 0) * f(gain) + f((0.05 * EXPOSURE_S)**2)
        error = f(ERRORS["flat_fraction"]) * signal
        variance += error * error
    per_iof = PLAIN["responsivity_dn_per_s"] * PLAIN["solar_irradiance_w_m2_nm"] / (np.pi * SUN_AU**2) * EXPOSURE_S
    factor = f(1 / per_iof) / flat
    flags = saturated.astype(np.uint8) | (~np.isfinite(raw)).astype(np.uint8) << 3
    if full:
        flags |= hot.astype(np.uint8) << 1 | (raw > PLAIN["bias_dn"] + LINEARITY["valid_dn"]).astype(np.uint8) << 6
    return signal * factor, np.sqrt(variance) * factor, flags


def run(binary=None):
    """Figures of both chains; `binary` is the command of the benchmark program."""
    if binary is None:
        subprocess.run(["cargo", "build", "-q", "--release", "-p", "facula-bench"], cwd=REPOSITORY, check=True)
        target = json.loads(subprocess.run(["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=REPOSITORY, check=True,
                                           capture_output=True, text=True).stdout)["target_directory"]
        binary = [str(Path(target) / "release/facula-bench")]
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scene.json").write_text(json.dumps(scene(folder)))
        done = subprocess.run([*binary, "calibrate", str(folder / "scene.json"), name], check=True, capture_output=True, text=True)
        figures = json.loads(done.stdout)
        raw, flat, dark = (np.fromfile(folder / f"{image}.f32", "<f4").reshape(SIZE, SIZE) for image in ("raw", "flat", "dark"))
        middle = np.median(dark)
        hot = dark > middle + HOT_SIGMA * 1.4826 * np.median(np.abs(dark - middle))
        for chain in ("simple", "full"):
            ours = np.fromfile(folder / f"{chain}.out", "<f4").reshape(2, SIZE, SIZE)
            numpy_ms = float("inf")
            for _ in range(5):
                start = time.perf_counter()
                iof, sigma, _ = with_numpy(raw, flat, dark, hot, chain)
                numpy_ms = min(numpy_ms, (time.perf_counter() - start) * 1000)
            bright = iof > 10 * sigma
            iof_off = float(np.max(np.abs(ours[0] / iof - 1)[bright]))
            sigma_off = float(np.max(np.abs(ours[1] / sigma - 1)[bright]))
            results.append({"chain": chain, "facula_ms": figures[f"{chain}_ms"],
                            "facula_new_memory_ms": figures[f"{chain}_new_memory_ms"], "numpy_ms": numpy_ms,
                            "ratio": numpy_ms / figures[f"{chain}_ms"], "max_iof_difference": iof_off,
                            "max_sigma_difference": sigma_off, "equal": iof_off < BOUND and sigma_off < 1e-3, "goal_ms": GOAL_MS})
    return {"row": "calibrate", "goal": f"<= {GOAL_MS} ms on one core", "with_record_ms": figures["with_record_ms"], "results": results}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:] or None), indent=1))
