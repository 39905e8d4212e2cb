# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `photometry`: I/F of 1024 x 1024 pixels after Lommel-Seeliger with the H, G phase function and after Hapke's law with
roughness, all threads of the machine.

Peer: the same formulas in numpy, float64, in one thread (numpy has no other) and, for two cores, half its time. Two scenes:
`frame`, a sphere seen by a camera from near (neighbours see nearly one phase angle), and `mixed`, any angles in any order.
"""
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIZE, CORES = 1024, 2
# What `iof_each` promises.
BOUND = 1e-5
GOALS = {"lommel_seeliger": 200e6, "hapke": 20e6}
MODELS = {
    "lommel_seeliger": {"disk": "lommel-seeliger", "phase": {"hg-sphere": {"slope": 0.12}}, "normal_albedo": 0.09},
    "hapke": {"phase": "constant", "disk": {"hapke": {
        "single_scattering_albedo": 0.14, "particle": {"form": "double-henyey-greenstein", "width": 0.3, "back": 0.4},
        "shadow_hiding": {"amplitude": 1.6, "angular_width": 0.06},
        "coherent_backscatter": {"amplitude": 0.3, "angular_width": 0.02}, "roughness_rad": 0.35}}},
}


def frame():
    """A sphere of unit radius from 2.5 radii, Sun 40 degrees aside: cosines of incidence, emission, phase."""
    y, x = np.mgrid[:SIZE, :SIZE]
    look = np.stack([(x - 511.5) * 8e-4, (y - 511.5) * 8e-4, -np.ones((SIZE, SIZE))])
    look /= np.linalg.norm(look, axis=0)
    camera = np.array([0, 0, 2.5])[:, None, None]
    along = -(camera * look).sum(0)
    root = along**2 - 2.5**2 + 1
    normal = camera + (along - np.sqrt(np.maximum(root, 0))) * look
    sun = np.array([np.sin(0.7), 0, np.cos(0.7)])[:, None, None]
    seen = root > 0
    incidence, emission = np.where(seen, (normal * sun).sum(0), -1), np.where(seen, -(normal * look).sum(0), -1)
    return incidence, emission, -(look * sun).sum(0)


def mixed():
    random = np.random.default_rng(3)
    i, e, psi = random.uniform(0, 1.5, (SIZE, SIZE)), random.uniform(0, 1.5, (SIZE, SIZE)), random.uniform(0, np.pi, (SIZE, SIZE))
    return np.cos(i), np.cos(e), np.cos(i) * np.cos(e) + np.sin(i) * np.sin(e) * np.cos(psi)


def lommel_seeliger(mu0, mu, cos_phase):
    sin, cos_half = np.sqrt(1 - cos_phase**2), np.sqrt((1 + cos_phase) / 2)
    sin_half = np.sqrt((1 - cos_phase) / 2)
    tan = sin_half / cos_half
    blend, reach, log = np.exp(-90.56 * tan**2), sin / (0.119 + 1.341 * sin - 0.754 * sin**2), np.log(tan)
    part = lambda a, b, c: blend * (1 - c * reach) + (1 - blend) * np.exp(-a * np.exp(b * log))
    hg = 0.88 * part(3.332, 0.631, 0.986) + 0.12 * part(1.862, 1.218, 0.238)
    sphere = 1 + sin_half * tan * np.log(sin_half / (1 + cos_half))
    return 0.09 * hg / sphere * 2 * mu0 / (mu0 + mu)


def hapke(mu0, mu, cos_phase):
    w, b, c, theta = 0.14, 0.3, 0.4, 0.35
    tan = np.tan(theta)
    chi = 1 / np.sqrt(1 + np.pi * tan**2)
    sin0, sin = np.sqrt(1 - mu0**2), np.sqrt(1 - mu**2)
    e1 = lambda m, s: np.exp(-2 / np.pi / tan * m / s)
    e2 = lambda m, s: np.exp(-1 / np.pi / tan**2 * (m / s)**2)
    e1s, e2s, e1v, e2v = e1(mu0, sin0), e2(mu0, sin0), e1(mu, sin), e2(mu, sin)
    eta0, eta = (chi * (m + s * tan * y / (2 - x)) for m, s, x, y in ((mu0, sin0, e1s, e2s), (mu, sin, e1v, e2v)))
    cos_psi = np.clip((cos_phase - mu0 * mu) / (sin0 * sin), -1, 1)
    psi, s2 = np.arccos(cos_psi), (1 - cos_psi) / 2
    f = np.exp(-2 * np.tan(psi / 2))
    less = mu0 >= mu
    below = np.where(less, 2 - e1v - psi / np.pi * e1s, 2 - e1s - psi / np.pi * e1v)
    mu0e = chi * (mu0 + sin0 * tan * np.where(less, cos_psi * e2v + s2 * e2s, e2s - s2 * e2v) / below)
    mue = chi * (mu + sin * tan * np.where(less, e2v - s2 * e2s, cos_psi * e2s + s2 * e2v) / below)
    shadow = mue / eta * mu0 / eta0 * chi / (1 - f + f * chi * np.where(less, mu0 / eta0, mu / eta))
    gamma = np.sqrt(1 - w)
    r0 = (1 - gamma) / (1 + gamma)
    big_h = lambda x: 1 / (1 - w * x * (r0 + (0.5 - r0 * x) * np.log((1 + x) / x)))
    lobe = lambda xi: (1 - xi**2) / (1 + 2 * xi * cos_phase + xi**2)**1.5
    tan_half = np.sqrt((1 - cos_phase) / (1 + cos_phase))
    y = tan_half / 0.02
    single = ((1 + c) / 2 * lobe(-b) + (1 - c) / 2 * lobe(b)) * (1 + 1.6 / (1 + tan_half / 0.06))
    coherent = 1 + 0.3 * (1 + (1 - np.exp(-y)) / y) / 2 / (1 + y)**2
    return w / 4 * mu0e / (mu0e + mue) * (single + big_h(mu0e) * big_h(mue) - 1) * coherent * shadow


LAWS = {"lommel_seeliger": lommel_seeliger, "hapke": hapke}


def run(bench, rounds):
    """One figure for each law and scene: seconds a frame."""
    from run import Figure

    np.seterr(all="ignore")
    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models.json").write_text(json.dumps(MODELS))
        scenes = {"frame": frame(), "mixed": mixed()}
        scenes = {scene: [plane.astype("<f4") for plane in planes] for scene, planes in scenes.items()}
        for scene, planes in scenes.items():
            for plane, values in zip(("incidence", "emission", "phase"), planes):
                values.tofile(folder / f"{scene}_{plane}.f32")
        seconds, peers = {}, {}
        for _ in range(rounds):
            for key, value in bench("photometry", folder / "models.json", folder)["seconds"].items():
                seconds[key] = min(value, seconds.get(key, np.inf))
            for scene, planes in scenes.items():
                wide = [plane.astype(float) for plane in planes]
                for law, formula in LAWS.items():
                    start = time.perf_counter()
                    formula(*wide)
                    key = f"{scene}_{law}"
                    peers[key] = min(time.perf_counter() - start, peers.get(key, np.inf))
        for scene, planes in scenes.items():
            wide = [plane.astype(float) for plane in planes]
            lit = (planes[0] > 0) & (planes[1] > 0)
            # numpy's formulas divide by nothing straight up and at phase 0; compare beside.
            lit &= (planes[0] < 0.9999) & (planes[1] < 0.9999) & (planes[2] < 1)
            for law, formula in LAWS.items():
                ours = np.fromfile(folder / f"{scene}_{law}.out", "<f4").reshape(SIZE, SIZE)
                off = float(np.max(np.abs(ours / formula(*wide) - 1)[lit]))
                key = f"{scene}_{law}"
                rate = SIZE * SIZE / seconds[key] / 1e6
                figures.append(Figure(f"{law}, {scene} ({rate:.0f} Mpx/s)", seconds[key], SIZE * SIZE / GOALS[law],
                                      {"numpy": peers[key], f"numpy / {CORES} cores": peers[key] / CORES}, off, BOUND))
    return figures


if __name__ == "__main__":
    sys.exit("run through benches/run.py photometry")
