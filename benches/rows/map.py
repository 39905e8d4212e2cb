# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `map`: one frame of 1024 x 1024 pixels to a map, normalised, on both cores.

Scenes: `hamo` (140 m a pixel, to its window of a map 21,600 cells wide), `rc3` (1.3 km a pixel, to 8192 x 4096), `dtm` (as
`hamo` on 1.3 million facets, the ground prepared before), `shadow` (the same with the Sun low; shadows and hidden ground
looked for where the options' defaults ask for it) and `everywhere` (looked for in every cell).

Peer of the smooth scenes: numpy in double precision as its users write it, then `cv2.remap` bilinear, and the same light
divided out; for `hamo` also GDAL's warper with an array of places. Compared are the cells measured and their values.
`run()` gives the figures; alone it prints them.
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

REPOSITORY = Path(__file__).parents[2]
GOALS_MS = {"hamo": 1.6, "rc3": 60.0, "dtm": 6.0, "shadow": 40.0, "everywhere": 40.0}
SIDE = 1024
# cv2 reads between pixels at 1/32 px; the frame's waves rise by 0.15 a radian of 7 px, so 1e-3 of the mean.
ROUNDED = 3e-3
# A hundredth of a pixel of the same waves, and single precision.
BOUND = 5e-4


def geometry(scene):
    """Unit vectors to all cells, line by line, as a generator of blocks of lines."""
    lon = scene["west_rad"] + (np.arange(scene["width"]) + 0.5) * scene["step_rad"]
    for first in range(0, scene["height"], 256):
        lines = np.arange(first, min(first + 256, scene["height"]))
        lat = scene["north_rad"] - (lines + 0.5) * scene["step_rad"]
        cos = np.cos(lat)[:, None]
        yield lines, np.stack([cos * np.cos(lon), cos * np.sin(lon), np.broadcast_to(np.sin(lat)[:, None], (len(lat), len(lon)))])


def phase_factor(half_sin):
    """The IAU H, G function over that of a Lommel-Seeliger sphere, G = 0.12 (Bowell et al. 1989), from sin of half the phase."""
    g, half = 0.12, np.arcsin(half_sin)
    tangent = np.tan(half)
    sine = np.sin(2 * half)
    blend = np.exp(-90.56 * tangent**2)
    far = [np.exp(-a * tangent**b) for a, b in ((3.332, 0.631), (1.862, 1.218))]
    near = [1 - c * sine / (0.119 + 1.341 * sine - 0.754 * sine**2) for c in (0.986, 0.238)]
    one, two = (blend * n + (1 - blend) * f for n, f in zip(near, far))
    quarter = np.tan(half / 2)
    sphere = 1 + np.sin(half) * tangent * np.log(np.maximum(quarter, 1e-30))
    return ((1 - g) * one + g * two) / sphere


def with_numpy(scene, frame, table, exact=False):
    """Normal albedo of every cell; NaN where the frame says nothing."""
    camera, sun, axes = (np.array(scene[name]) for name in ("camera_km", "sun_km", "axes"))
    inverse = 1 / np.array(scene["radii_km"])[:, None, None] ** 2
    focal, pitch, centre = scene["focal_length_mm"], scene["pitch_mm"], scene["principal_point_px"]
    limits = np.cos(np.radians([75.0, 80.0]))
    result = np.empty((scene["height"], scene["width"]), np.float32)
    for lines, up in geometry(scene):
        point = up / np.sqrt((up**2 * inverse).sum(0))
        normal = point * inverse
        normal /= np.sqrt((normal**2).sum(0))
        to_camera = camera[:, None, None] - point
        to_camera /= np.sqrt((to_camera**2).sum(0))
        to_sun = sun[:, None, None] - point
        to_sun /= np.sqrt((to_sun**2).sum(0))
        mu, mu0 = (normal * to_camera).sum(0), (normal * to_sun).sum(0)
        look = np.tensordot(axes, -to_camera, 1)
        x, y = look[0] / look[2] * focal, look[1] / look[2] * focal
        grow = 1 + scene["e1_per_mm2"] * (x * x + y * y)
        x, y = x * grow / pitch[0] + centre[0], y * grow / pitch[1] + centre[1]
        inside = (x >= 0) & (y >= 0) & (x <= SIDE - 1) & (y <= SIDE - 1) & (mu > limits[0]) & (mu0 > limits[1])
        if exact:
            column, line = (np.clip(np.floor(v), 0, SIDE - 2).astype(int) for v in (x, y))
            fx, fy = x - column, y - line
            upper = frame[line, column] * (1 - fx) + frame[line, column + 1] * fx
            lower = frame[line + 1, column] * (1 - fx) + frame[line + 1, column + 1] * fx
            value = upper * (1 - fy) + lower * fy
        else:
            value = cv2.remap(frame, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
        half_sin = 0.5 * np.sqrt(((to_sun - to_camera) ** 2).sum(0))
        factor = np.interp(half_sin, np.linspace(0, 1, len(table)), table) * 2 * mu0 / (mu0 + mu)
        result[lines] = np.where(inside, value / factor, np.nan)
    return result


def with_gdal(scene, frame):
    """Seconds that GDAL's warper takes from an array of longitudes and latitudes of the frame's pixels, both cores, bilinear:
    geometry handed to it, light not divided out. The frame's places by ray and ellipsoid in numpy are not timed."""
    axes, camera, radii = (np.array(scene[name]) for name in ("axes", "camera_km", "radii_km"))
    line, sample = np.mgrid[:SIDE, :SIDE].astype(float)
    seen = [(v - c) * p for v, c, p in zip((sample, line), scene["principal_point_px"], scene["pitch_mm"])]
    x, y = seen
    for _ in range(6):
        grow = 1 + scene["e1_per_mm2"] * (x * x + y * y)
        x, y = seen[0] / grow, seen[1] / grow
    look = np.tensordot(axes.T, np.stack([x, y, np.full_like(x, scene["focal_length_mm"])]), 1)
    o, d = camera[:, None, None] / radii[:, None, None], look / radii[:, None, None]
    a, b, c = (d * d).sum(0), (o * d).sum(0), (o * o).sum(0) - 1
    root = np.sqrt(np.maximum(b * b - a * c, np.nan if (b * b - a * c).min() < 0 else 0))
    point = camera[:, None, None] + look * ((-b - root) / a)
    lon, lat = np.degrees(np.arctan2(point[1], point[0])), np.degrees(np.arcsin(point[2] / np.sqrt((point**2).sum(0))))
    step = np.degrees(scene["step_rad"])
    transform = Affine(step, 0, np.degrees(scene["west_rad"]), 0, -step, np.degrees(scene["north_rad"]))
    body = CRS.from_string("+proj=longlat +R=470000 +no_defs")
    out = np.zeros((scene["height"], scene["width"]), np.float32)
    start = time.perf_counter()
    reproject(frame, out, src_geoloc_array=np.stack([lon, lat]), src_crs=body, dst_crs=body, dst_transform=transform,
              resampling=Resampling.bilinear, num_threads=2)
    return time.perf_counter() - start, out


def compare(ours, theirs):
    """Cells that only one measured (a fraction of those measured), and the largest relative difference of the others."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    apart = (np.isfinite(ours) != np.isfinite(theirs)).sum() / max(np.isfinite(theirs).sum(), 1)
    return float(apart), float(np.max(np.abs(ours[both] / theirs[both] - 1)))


def run(binary=None):
    """Figures of all scenes; `binary` is the command of the benchmark program."""
    if binary is None:
        subprocess.run(["cargo", "build", "-q", "--release", "-p", "facula-bench"], cwd=REPOSITORY, check=True)
        target = json.loads(subprocess.run(["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=REPOSITORY, check=True,
                                           capture_output=True, text=True).stdout)["target_directory"]
        binary = [str(Path(target) / "release/facula-bench")]
    table = phase_factor(np.sin(np.arcsin(np.linspace(0, 0.999, 4097)))) / phase_factor(np.array(1e-12))
    table = np.append(table, table[-1])[: 4097]
    table = np.interp(np.linspace(0, 1, 4097), np.linspace(0, 0.999, 4097), table)
    results = []
    for name in GOALS_MS:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([*binary, "map", folder, name], check=True, capture_output=True, text=True)
            scene = json.loads(done.stdout)
            result = {"scene": name, "facula_ms": scene["seconds"] * 1e3, "facula_cpu_ms": scene["cpu_s"] * 1e3,
                      "facula_albedo_ms": scene.get("albedo_s", float("nan")) * 1e3,
                      "ground_ms": scene["ground_s"] * 1e3, "goal_ms": GOALS_MS[name], "cells": scene["measured"]}
            if name in ("hamo", "rc3"):
                frame = np.fromfile(Path(folder) / "frame.f32", "<f4").reshape(SIDE, SIDE)
                ours = np.fromfile(Path(folder) / "albedo.f32", "<f4").reshape(scene["height"], scene["width"])
                times, cpu = [], []
                for _ in range(3 if name == "hamo" else 1):
                    start, start_cpu = time.perf_counter(), time.process_time()
                    theirs = with_numpy(scene, frame, table)
                    times.append((time.perf_counter() - start) * 1e3)
                    cpu.append((time.process_time() - start_cpu) * 1e3)
                apart, rounded = compare(ours, theirs)
                apart_exact, off = compare(ours, with_numpy(scene, frame, table, exact=True))
                result |= {"numpy_cv2_ms": min(times), "ratio": min(times) / result["facula_ms"], "numpy_cv2_cpu_ms": min(cpu),
                           "ratio_cpu": min(cpu) / result["facula_cpu_ms"], "cells_apart": apart_exact,
                           "max_difference_cv2": rounded, "max_difference": off,
                           "equal": apart_exact < 1e-3 and off < BOUND and rounded < ROUNDED}
                if name == "hamo":
                    # A pixel more or less at the edges; inside, GDAL finds the place to a tenth of a pixel.
                    seconds, warped = with_gdal(scene, frame)
                    result |= {"gdal_geoloc_ms": seconds * 1e3, "ratio_gdal": seconds * 1e3 / result["facula_ms"],
                               "gdal_cells": int((warped > 0).sum())}
            results.append(result)
    return {"row": "map", "results": results}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:] or None), indent=1))
