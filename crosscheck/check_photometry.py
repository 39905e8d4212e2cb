# SPDX-License-Identifier: MIT OR Apache-2.0
"""Scattering laws, phase functions and fits of facula-photometry against sbpy, scipy and formulas written in numpy.

The command `facula photometry fit` is checked through a CSV table.

Usage: python check_photometry.py      (builds the example `photometry` of facula-photometry, and facula)
Needs: numpy, scipy, sbpy.
"""
import json
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import curve_fit

warnings.simplefilter("ignore")
from sbpy.photometry import HG, HG1G2  # noqa: E402

import programs

# Double precision.
SAME = 1e-12
# H, G: sbpy has the form of Bowell et al. to the same digits.
SAME_HG = 1e-10
# H, G1, G2 beyond 8 degrees: what the first slope of the third spline, ten times too steep in sbpy, still does there.
SAME_HG1G2 = 3e-5
# Fits: both stop where the cost changes no more.
SAME_FIT_SIGMA, SAME_COVARIANCE = 1e-3, 1e-3


def ask(program, **question):
    done = subprocess.run([program], input=json.dumps(question), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def lights(count, seed=1):
    random = np.random.default_rng(seed)
    i, e, psi = random.uniform(0.05, 1.3, count), random.uniform(0.05, 1.2, count), random.uniform(0, np.pi, count)
    return np.column_stack([np.cos(i), np.cos(e), np.arccos(np.cos(i) * np.cos(e) + np.sin(i) * np.sin(e) * np.cos(psi))])


def hapke(light, w, xi, theta, b0=1.6, h=0.06):
    """Hapke 1984/2012 with one lobe and shadow hiding, as its equations stand, no porosity."""
    mu0, mu, a = light
    i, e = np.arccos(mu0), np.arccos(mu)
    tan = np.tan(theta)
    chi = 1 / np.sqrt(1 + np.pi * tan**2)
    e1 = lambda x: np.exp(-2 / np.pi / tan / np.tan(x))
    e2 = lambda x: np.exp(-1 / np.pi / tan**2 / np.tan(x)**2)
    eta = lambda x: chi * (np.cos(x) + np.sin(x) * tan * e2(x) / (2 - e1(x)))
    psi = np.arccos(np.clip((np.cos(a) - mu0 * mu) / (np.sin(i) * np.sin(e)), -1, 1))
    f, s2 = np.exp(-2 * np.tan(psi / 2)), np.sin(psi / 2)**2
    less = i <= e
    below = np.where(less, 2 - e1(e) - psi / np.pi * e1(i), 2 - e1(i) - psi / np.pi * e1(e))
    mu0e = chi * (mu0 + np.sin(i) * tan * np.where(less, np.cos(psi) * e2(e) + s2 * e2(i), e2(i) - s2 * e2(e)) / below)
    mue = chi * (mu + np.sin(e) * tan * np.where(less, e2(e) - s2 * e2(i), np.cos(psi) * e2(i) + s2 * e2(e)) / below)
    share = np.where(less, mu0 / eta(i), mu / eta(e))
    shadow = mue / eta(e) * mu0 / eta(i) * chi / (1 - f + f * chi * share)
    gamma = np.sqrt(1 - w)
    r0 = (1 - gamma) / (1 + gamma)
    big_h = lambda x: 1 / (1 - w * x * (r0 + (1 - 2 * r0 * x) / 2 * np.log((1 + x) / x)))
    particle = (1 - xi**2) / (1 + 2 * xi * np.cos(a) + xi**2)**1.5
    surge = b0 / (1 + np.tan(a / 2) / h)
    return w / 4 * mu0e / (mu0e + mue) * (particle * (1 + surge) + big_h(mu0e) * big_h(mue) - 1) * shadow


def hg_of(a, g):
    return 10**(-0.4 * (HG.evaluate(a, 0.0, g)))


def lommel_seeliger(light, albedo, g):
    mu0, mu, a = light
    sphere = 1 + np.sin(a / 2) * np.tan(a / 2) * np.log(np.tan(a / 4))
    return albedo * hg_of(a, g) / sphere * 2 * mu0 / (mu0 + mu)


def minnaert(light, albedo, k0, k1, decay):
    mu0, mu, a = light
    k = k0 + k1 * a
    return albedo * np.exp(-decay * a) * mu0**k * mu**(k - 1)


HAPKE = {"single_scattering_albedo": 0.14, "particle": {"form": "henyey-greenstein", "asymmetry": -0.3},
         "shadow_hiding": {"amplitude": 1.6, "angular_width": 0.06}, "roughness_rad": 0.4}
LAWS = {
    "Lommel-Seeliger H, G": (lommel_seeliger, [0.09, 0.12], ["normal_albedo", "phase_slope"], lambda v: {
        "disk": "lommel-seeliger", "phase": {"hg-sphere": {"slope": v[1]}}, "normal_albedo": v[0]}),
    "Minnaert exponential": (minnaert, [0.09, 0.55, 0.15, 0.9],
                             ["normal_albedo", "exponent_0", "exponent_1_per_rad", "phase_decay_per_rad"], lambda v: {
        "disk": {"minnaert": {"exponent_per_rad": [v[1], v[2]]}}, "phase": {"exponential": {"decay": v[3]}}, "normal_albedo": v[0]}),
    "Hapke 2012 rough": (hapke, [0.14, -0.3, 0.4], ["single_scattering_albedo", "particle_1", "roughness_rad"], lambda v: {
        "disk": {"hapke": {**HAPKE, "single_scattering_albedo": v[0], "roughness_rad": v[2],
                           "particle": {"form": "henyey-greenstein", "asymmetry": v[1]}}}, "phase": "constant"}),
}


def third(a):
    """The third function of Muinonen et al. 2010, table 4, with scipy's spline."""
    values = [1, 8.3381185e-1, 5.7735424e-1, 4.2144772e-1, 2.3174230e-1, 1.0348178e-1, 6.1733473e-2, 1.6107006e-2, 0]
    spline = CubicSpline(np.radians([0, 0.3, 1, 2, 4, 8, 12, 20, 30]), values, bc_type=((1, -1.0630097e-1), (1, 0.0)))
    return np.where(a < np.radians(30), spline(a), 0.0)


def check_phase(program):
    a = np.radians(np.concatenate([np.linspace(0, 10, 200), np.linspace(10, 120, 200)]))
    found = ask(program, ask="phase", phase_rad=a.tolist(), slope=0.12, slopes=[0.62, 0.14])
    off = np.max(np.abs(np.array(found["hg"]) / hg_of(a, 0.12) - 1))
    # sbpy has the pieces of Bowell et al. without rounding of their own.
    assert off < SAME_HG, f"H, G: {off}"
    sbpy = 10**(-0.4 * HG1G2.evaluate(a, 0.0, 0.62, 0.14))
    off3 = np.abs(np.array(found["hg1g2"]) / sbpy - 1)
    far = a > np.radians(8)
    assert np.max(off3[far]) < SAME_HG1G2, f"H, G1, G2: {np.max(off3[far])}"
    alone = np.array(ask(program, ask="phase", phase_rad=a.tolist(), slope=0.12, slopes=[0.0, 0.0])["hg1g2"])
    assert np.max(np.abs(alone - third(a))) < SAME, "third function"
    print(f"phase functions: H, G {off:.1e}; H, G1, G2 beyond 8 deg {np.max(off3[far]):.1e}, below {np.max(off3):.1e} (first slope in sbpy)")


def check_law(program, name):
    law, truth, names, model = LAWS[name]
    light = lights(400)
    found = ask(program, ask="iof", model=model(truth), light=light.tolist())
    exact = law(light.T, *truth)
    off = np.max(np.abs(np.array(found["iof"]) / exact - 1))
    assert off < 1e-9, f"{name}: {off}"
    # Derivatives against central differences of the formulas here.
    for k, parameter in enumerate(names):
        step = np.zeros(len(truth))
        step[k] = 1e-6
        slope = (law(light.T, *(truth + step)) - law(light.T, *(truth - step))) / 2e-6
        ours = np.array(found["derivatives"])[:, found["names"].index(parameter)]
        assert np.max(np.abs(ours - slope)) < 1e-8 + 1e-6 * np.max(np.abs(slope)), f"{name} {parameter}"
    random = np.random.default_rng(2)
    sigma = 0.01 * exact
    iof = exact + sigma * random.standard_normal(len(exact))
    start = [0.85 * value for value in truth]
    ours = ask(program, ask="fit", model=model(start), free=names, light=light.tolist(), iof=iof.tolist(), sigma=sigma.tolist())
    theirs, covariance = curve_fit(law, light.T, iof, start, sigma, absolute_sigma=True, xtol=1e-13, ftol=1e-13, gtol=1e-13)
    order = [ours["names"].index(parameter) for parameter in names]
    values = np.array(ours["values"])[order]
    found_covariance = np.array(ours["covariance"]).reshape(len(order), -1)[np.ix_(order, order)]
    apart = np.max(np.abs(values - theirs) / np.sqrt(np.diag(covariance)))
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    covariance_off = np.max(np.abs(found_covariance - covariance) / scale)
    assert apart < SAME_FIT_SIGMA and covariance_off < SAME_COVARIANCE, f"{name}: {apart} {covariance_off}"
    print(f"{name}: I/F {off:.1e}; fit {apart:.1e} sigma from scipy, covariance {covariance_off:.1e}, {ours['steps']} steps")


def check_command():
    """A table with sigmas through the command against curve_fit with the same numbers."""
    program = programs.facula()
    light, truth, random = lights(300, seed=5), [0.09, 0.55, 0.15, 0.9], np.random.default_rng(6)
    angles = np.column_stack([np.degrees(np.arccos(light[:, 0])), np.degrees(np.arccos(light[:, 1])), np.degrees(light[:, 2])])
    sigma = 0.03 * minnaert(light.T, *truth)
    rows = np.column_stack([angles, minnaert(light.T, *truth) + sigma * random.standard_normal(300), sigma])
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "seen.csv"
        np.savetxt(table, rows, fmt="%.17g", delimiter=",", header="incidence_deg,emission_deg,phase_deg,iof,sigma", comments="")
        command = [program, "photometry", "fit", table, "--disk", "minnaert", "--phase", "exponential", "--json"]
        found = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    theirs, covariance = curve_fit(minnaert, light.T, rows[:, 3], [0.1, 0.6, 0.0, 1.0], sigma, absolute_sigma=True,
                                   xtol=1e-13, ftol=1e-13, gtol=1e-13)
    error = np.sqrt(np.diag(covariance))
    ours = {parameter["name"]: parameter for parameter in found["parameters"]}
    names = LAWS["Minnaert exponential"][2]
    apart = max(abs(ours[name]["value"] - theirs[k]) / error[k] for k, name in enumerate(names))
    sigma_off = max(abs(ours[name]["sigma"] / error[k] - 1) for k, name in enumerate(names))
    assert apart < SAME_FIT_SIGMA and sigma_off < SAME_COVARIANCE, f"command: {apart} {sigma_off}"
    print(f"facula photometry fit: {apart:.1e} sigma from scipy, sigmas {sigma_off:.1e}")


def main():
    program = programs.example("photometry")
    check_phase(program)
    for name in LAWS:
        check_law(program, name)
    check_command()
    print("check_photometry: good")


if __name__ == "__main__":
    main()
