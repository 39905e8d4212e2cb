# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `backplanes`: longitude, latitude, incidence, emission and phase of 1024 x 1024 pixels on the ellipsoid of Ceres.

Peers: numpy (vectorised over the frame), spiceypy and cspyce (`sincpt` + `ilumin` on some of the pixels, scaled up to all
that see the body). The same pixels are compared with CSPICE's. `run()` gives the figures; alone it prints them.
Two scenes: the whole body in the frame (rotation characterisation 3), and the body filling the frame (survey orbit).
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import spiceypy as spice

REPOSITORY = Path(__file__).parents[2]
EPHEMERIS = REPOSITORY / "crates/facula-spice/data/planets_ceres_vesta.bsp"
SIZE, SAMPLES = 1024, 2000
GOAL_MS, BOUND_DEG = 4.0, 1e-6
# dawn_ceres_v06.tpc, and the framing camera F1 of dawn_fc_v10.ti.
RADII = [482.10, 482.10, 445.94]
FOCAL_MM, PITCH_MM, CENTRE_PX, E1 = 150.07, (0.014004, 0.013995), 511.5, 8.4e-6
ET, PROBE = 484012800.0, -999
TEXT_KERNEL = rf"""KPL/PCK
\begindata
BODY2000001_POLE_RA = ( 291.42763 0. 0. )
BODY2000001_POLE_DEC = ( 66.76033 0. 0. )
BODY2000001_PM = ( 170.309 952.1532635 0. )
BODY2000001_RADII = ( {RADII[0]} {RADII[1]} {RADII[2]} )
FRAME_CERES_FIXED = 2000001
FRAME_2000001_NAME = 'CERES_FIXED'
FRAME_2000001_CLASS = 2
FRAME_2000001_CLASS_ID = 2000001
FRAME_2000001_CENTER = 2000001
OBJECT_2000001_FRAME = 'CERES_FIXED'
"""
SCENES = {"whole body": (14070.0, 40.0, 200.0), "full frame": (4870.0, 25.0, 210.0)}


def rays():
    """Directions of all pixels in the camera frame, distortion undone by Newton on the radius."""
    x, y = np.meshgrid((np.arange(SIZE) - CENTRE_PX) * PITCH_MM[0], (np.arange(SIZE) - CENTRE_PX) * PITCH_MM[1])
    radius = np.hypot(x, y)
    ideal = radius.copy()
    for _ in range(5):
        ideal -= (ideal * (1 + E1 * ideal**2) - radius) / (1 + 3 * E1 * ideal**2)
    look = np.stack([x * ideal / radius, y * ideal / radius, np.full_like(x, FOCAL_MM)], axis=-1)
    return look / np.linalg.norm(look, axis=-1, keepdims=True)


def scene(folder, name):
    """A pose over Ceres, told to CSPICE as an SPK of a probe that stands still."""
    range_km, latitude, longitude = SCENES[name]
    fixed = spice.pxform("J2000", "CERES_FIXED", ET)
    spacecraft = np.array(spice.latrec(range_km, np.radians(longitude), np.radians(latitude)))
    ahead = -spacecraft / range_km
    across = np.cross([0.1, 0.2, 1.0], ahead)
    across /= np.linalg.norm(across)
    file = str(folder / f"{name.replace(' ', '_')}.bsp")
    state = [*(fixed.T @ spacecraft), 0.0, 0.0, 0.0]
    handle = spice.spkopn(file, "probe", 0)
    spice.spkw09(handle, PROBE, 2000001, "J2000", ET - 100, ET + 100, "probe", 1, 2, [state, state], [ET - 100, ET + 100])
    spice.spkcls(handle)
    spice.furnsh(file)
    sun, _ = spice.spkpos("SUN", ET, "CERES_FIXED", "NONE", "2000001")
    return {"et": ET, "radii_km": RADII, "spacecraft_km": list(map(float, spacecraft)), "sun_km": list(map(float, sun)),
            "camera_from_body": np.array([across, np.cross(ahead, across), ahead]).tolist()}


def with_numpy(pose, looks):
    """The five planes as a numpy user writes them."""
    radii, origin, sun = np.array(RADII), np.array(pose["spacecraft_km"]), np.array(pose["sun_km"])
    look = looks @ np.array(pose["camera_from_body"])
    o, d = origin / radii, look / radii
    dd, od = np.einsum("...i,...i", d, d), d @ o
    with np.errstate(invalid="ignore"):
        distance = (-od - np.sqrt(od * od - dd * (o @ o - 1))) / dd
        point = origin + distance[..., None] * look
        normal = point / radii**2
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        to_sun = sun - point
        to_sun /= np.linalg.norm(to_sun, axis=-1, keepdims=True)
        angle = lambda a, b: np.degrees(np.arccos(np.einsum("...i,...i", a, b)))
        longitude = np.degrees(np.arctan2(point[..., 1], point[..., 0])) % 360
        latitude = np.degrees(np.arctan2(point[..., 2], np.hypot(point[..., 0], point[..., 1])))
        return np.stack([longitude, latitude, angle(normal, to_sun), angle(normal, -look), angle(to_sun, -look)])


def with_cspice(directions):
    """The five angles of some body-fixed directions, and the seconds they took."""
    found, start = [], time.perf_counter()
    for direction in directions:
        point, _, _ = spice.sincpt("ELLIPSOID", "2000001", ET, "CERES_FIXED", "NONE", str(PROBE), "CERES_FIXED", direction)
        _, longitude, latitude = spice.reclat(point)
        _, _, phase, incidence, emission = spice.ilumin("ELLIPSOID", "2000001", ET, "CERES_FIXED", "NONE", str(PROBE), point)
        found.append([longitude % (2 * np.pi), latitude, incidence, emission, phase])
    return np.degrees(np.array(found).T), time.perf_counter() - start


def with_cspyce(files, directions):
    """The same through cspyce's vectorised calls; None where it is not installed."""
    try:
        import cspyce
    except ImportError:
        return None
    # Kernels stay loaded: on some systems the two packages share one CSPICE, and clearing one empties the other.
    for file in files:
        cspyce.furnsh(file)
    start = time.perf_counter()
    point = cspyce.sincpt_vector("ELLIPSOID", "2000001", ET, "CERES_FIXED", "NONE", str(PROBE), "CERES_FIXED", directions)[0]
    cspyce.reclat_vector(point)
    cspyce.ilumin_vector("ELLIPSOID", "2000001", ET, "CERES_FIXED", "NONE", str(PROBE), point)
    seconds = time.perf_counter() - start
    return seconds


def measure(folder, name, binary):
    pose, looks = scene(folder, name), rays()
    file, out = folder / "scene.json", folder / "planes.f64"
    file.write_text(json.dumps(pose))
    figures = json.loads(subprocess.run([*binary, "backplanes", str(file), str(out)], check=True, capture_output=True, text=True).stdout)
    ours = np.fromfile(out, dtype="<f8").reshape(5, SIZE, SIZE)
    numpy_ms = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        theirs = with_numpy(pose, looks)
        numpy_ms = min(numpy_ms, (time.perf_counter() - start) * 1000)
    seen = np.argwhere(~np.isnan(ours[3]))
    chosen = seen[np.random.default_rng(1).choice(len(seen), SAMPLES, replace=False)]
    directions = looks[chosen[:, 0], chosen[:, 1]] @ np.array(pose["camera_from_body"])
    truth, spice_s = with_cspice(directions)
    turned = lambda a, b: np.abs((a - b + 180) % 360 - 180)
    to_cspice = turned(ours[:, chosen[:, 0], chosen[:, 1]], truth)
    edge = np.isnan(ours[3]) != np.isnan(theirs[3])
    cspyce_s = with_cspyce([str(EPHEMERIS), str(folder / "ceres.tpc"), str(folder / f"{name.replace(' ', '_')}.bsp")], directions)
    scale = len(seen) / SAMPLES * 1000
    return {"scene": name, "on_body": figures["on_body"], "facula_ms": figures["reused_memory_ms"],
            "facula_new_memory_ms": figures["new_memory_ms"], "facula_all_bands_ms": figures["all_bands_ms"], "numpy_ms": numpy_ms,
            "spiceypy_ms": spice_s * scale, "cspyce_ms": None if cspyce_s is None else cspyce_s * scale,
            "max_difference_to_cspice_deg": float(np.max(to_cspice)), "difference_99_percent_deg": float(np.percentile(to_cspice, 99)),
            "pixels_that_only_one_sees": int(np.sum(edge)), "equal": bool(np.max(to_cspice) <= BOUND_DEG), "goal_ms": GOAL_MS}


def run(binary=None):
    """Figures of both scenes; `binary` is the command of the benchmark program."""
    if binary is None:
        subprocess.run(["cargo", "build", "-q", "--release", "-p", "facula-bench"], cwd=REPOSITORY, check=True)
        target = json.loads(subprocess.run(["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=REPOSITORY, check=True,
                                           capture_output=True, text=True).stdout)["target_directory"]
        binary = [str(Path(target) / "release/facula-bench")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ceres.tpc").write_text(TEXT_KERNEL)
        spice.kclear()
        for file in (folder / "ceres.tpc", EPHEMERIS):
            spice.furnsh(str(file))
        results = [measure(folder, scene_name, binary) for scene_name in SCENES]
        spice.kclear()
    return {"row": "backplanes", "goal": f"<= {GOAL_MS} ms on two cores, <= {BOUND_DEG} deg from CSPICE", "results": results}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:] or None), indent=1))
