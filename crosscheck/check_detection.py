# SPDX-License-Identifier: MIT OR Apache-2.0
"""Completeness of Facula's detection against sep and photutils at equal false alarms, and the pulls of what it measures.

Gaussian spots of known place, width and height are put (a) on white noise and (b) into the real Ceres map (left out
without the data folder). Each finder's threshold is where the ground without them gives as many reports: one in 10^6 cells
of noise, BUDGET on the map (its own spots among them). The peers are matched filters as wide as the point-spread function,
with single pixels allowed: the strongest setting of theirs for faint points. Facula searches all widths at once with its
least contrasts turned off; its threshold is `least_significance`. Heights on noise are given as the signal-to-noise ratio of
a filter of the spot's own form (the best there is), and once as a peak of five sigmas of a cell.

Places and light: pulls of Gaussians and of discs seen through the point-spread function, on noise and on the map.

Usage: python check_detection.py [FOLDER]      (builds the example `detect` of facula-spots; writes FOLDER/detection.png)
Needs: numpy, scipy, sep, photutils, pillow, matplotlib.
"""
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import sep
from photutils.segmentation import detect_sources
from scipy.ndimage import maximum
from scipy.signal import fftconvolve
from scipy.stats import ncx2

import programs

# photutils warns whenever it finds nothing.
warnings.simplefilter("ignore")
DATA = Path(os.environ.get("FACULA_DATA", programs.REPOSITORY.parent / "shared/data"))
SIGMA_PER_FWHM = 1 / np.sqrt(8 * np.log(2))
PSF, NOISE, SIDE, SCENES = 2.0, 0.05, 1024, 6
# One false alarm in a million cells; reports on the map without injected spots.
RATE, BUDGET = 1e-6, 60
# Widths (full, at half maximum) in cells and scenes of each, signal-to-noise ratios, contrasts on the map.
WIDTHS = {2: 1, 2.8: 1, 4: 1, 8: 2, 16: 3, 32: 4, 64: 6}
RATIOS, CONTRASTS = (4.5, 6, 8), (0.1, 0.15, 0.2, 0.3)
MAP_WIDTHS = (2, 4, 8, 16, 32)
# Issue 7: complete to 95 % where the peak is five sigmas of a cell.
COMPLETE, PEAK = 0.95, "peak 5"
# Sigmas of the difference of two binomial counts.
COUNTING = 3.0
# Form, width in cells and peak over the noise of a cell of the spots that are measured.
MEASURED = (("gaussian", 2.5, 10), ("gaussian", 4, 10), ("gaussian", 8, 10), ("disc", 1.5, 15), ("disc", 4, 10), ("disc", 10, 8), ("disc", 24, 6))
MEASURED_ON_CERES = (("gaussian", 2, 0.5), ("gaussian", 4, 0.3), ("gaussian", 8, 0.3), ("disc", 4, 0.4), ("disc", 10, 0.4))
# Means of errors over their sigmas: places, light (Gaussians lose 1 % beyond the aperture; on Ceres they stand on faint
# spots of its own); their rms.
MEAN_PULL, RMS_PULL = np.array([0.25, 0.25, 0.75]), (0.4, 1.5)
# Albedos of discs: the share of truths between the bounds of 68 %.
HELD = 0.6
# Pixels between Facula's centroids and sep's windowed ones under the same window, half of the spots.
SAME_CENTROID_PX = 0.02


def gaussian(fwhm):
    reach = max(int(np.ceil(1.3 * fwhm)), 1)
    v, u = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    return np.exp(-0.5 * (u * u + v * v) / (fwhm * SIGMA_PER_FWHM)**2)


def profile(form, fwhm, distance):
    """Height of a spot of peak 1 (a disc: before the point-spread function)."""
    sigma = PSF * SIGMA_PER_FWHM
    if form == "disc":
        return ncx2.cdf((0.5 * fwhm / sigma)**2, 2, np.maximum((distance / sigma)**2, 1e-9))
    return np.exp(-0.5 * (distance / (fwhm * SIGMA_PER_FWHM))**2)


def light(form, fwhm):
    """The sum of a spot of peak 1, cells."""
    return np.pi * fwhm * fwhm / 4 if form == "disc" else 2 * np.pi * (fwhm * SIGMA_PER_FWHM)**2


def inject(image, fwhm, height, apart, random, multiply, form="gaussian"):
    """Spots on a lattice, moved by fractions of it; gives their places."""
    rows, columns = (max(int(n // max(apart * fwhm, 30)), 1) for n in image.shape)
    places = []
    for j in range(rows):
        for i in range(columns):
            x, y = (i + random.uniform(0.4, 0.6)) * image.shape[1] / columns, (j + random.uniform(0.4, 0.6)) * image.shape[0] / rows
            reach = int(1.9 * max(fwhm, PSF)) + 2
            ys, xs = (slice(max(int(c) - reach, 0), int(c) + reach + 2) for c in (y, x))
            part = image[ys, xs]
            v, u = np.mgrid[ys.start:ys.start + part.shape[0], xs.start:xs.start + part.shape[1]]
            spot = height * profile(form, fwhm, np.hypot(u - x, v - y))
            part += part * spot if multiply else spot
            places.append((x, y))
    return np.array(places)


class Facula:
    bracket = (4.4, 14.0)

    def __init__(self, program, folder):
        self.program, self.path = program, Path(folder) / "scene.f32"

    def ask(self, image, threshold, **more):
        image.astype("<f4").tofile(self.path)
        question = {"path": str(self.path), "width": image.shape[1], "height": image.shape[0], "psf_px": PSF,
                    "least_significance": threshold, "false_alarm_rate": 1e9, "least_contrast": 1.0001,
                    "least_contrast_small": 1.0001, "background_px": 256, "noise_px": 256} | more
        done = subprocess.run([self.program], input=json.dumps(question) + "\n", capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def __call__(self, image, threshold):
        return np.array([(s["x_px"], s["y_px"]) for s in self.ask(image, threshold)]).reshape(-1, 2)


class Sep:
    bracket = (0.8, 12.0)

    def __call__(self, image, threshold):
        background = sep.Background(image, bw=256, bh=256)
        found = sep.extract(image - background.back(), threshold, err=background.globalrms, minarea=1, filter_kernel=gaussian(PSF))
        return np.stack([found["x"], found["y"]], axis=1)


class Photutils:
    bracket = (3.0, 30.0)

    def __call__(self, image, threshold):
        background = sep.Background(image, bw=256, bh=256)
        kernel = gaussian(PSF) / gaussian(PSF).sum()
        smooth = fftconvolve(image - background.back(), kernel, mode="same")
        found = detect_sources(smooth, threshold * background.globalrms * np.sqrt((kernel**2).sum()), 1)
        if found is None:
            return np.zeros((0, 2))
        labels = np.arange(1, found.n_labels + 1)
        # The brightest pixel of each segment.
        top = maximum(smooth, found.data, labels)
        line, sample = np.nonzero(np.isin(smooth, top) & (found.data > 0))
        return np.stack([sample, line], axis=1).astype(float)


def threshold(finder, scenes, allowed):
    """The least threshold that gives at most `allowed` reports on all scenes together."""
    low, high = finder.bracket
    while high - low > 0.03 * low / 4:
        middle = 0.5 * (low + high)
        if sum(len(finder(scene, middle)) for scene in scenes) > allowed:
            low = middle
        else:
            high = middle
    return high


def found(places, reports, fwhm, before=None):
    """Which places have a report within 0.6 of a width; those that had one before do not count."""
    def near(of, reach):
        return np.array([len(of) > 0 and np.hypot(*(of - p).T).min() < reach for p in places])
    reach = max(0.6 * fwhm, 1.5)
    hits = near(reports, reach)
    return hits if before is None else hits[~near(before, 2 * reach)]


def curve(finders, thresholds, scenes, before=None):
    """Hits and injected spots by finder."""
    counts = {}
    for name, finder in finders.items():
        hits = np.concatenate([found(places, finder(image, thresholds[name]), fwhm, before and before[name])
                               for image, places, fwhm in scenes])
        counts[name] = (int(hits.sum()), len(hits))
    return counts


def noise(seed):
    random = np.random.default_rng(seed)
    return 1 + NOISE * random.standard_normal((SIDE, SIDE)), random


def on_noise(finders):
    empty = [noise(100 + k)[0] for k in range(SCENES)]
    allowed = round(RATE * SCENES * SIDE * SIDE)
    thresholds = {name: threshold(finder, empty, allowed) for name, finder in finders.items()}
    table = {}
    for fwhm, count in WIDTHS.items():
        # White noise under a filter of the spot's own form.
        heights = {ratio: ratio / (np.sqrt(np.pi) * fwhm * SIGMA_PER_FWHM) for ratio in RATIOS} | {PEAK: 5}
        for ratio, height in heights.items():
            scenes = []
            for scene in range(count if ratio != PEAK else 1):
                image, random = noise(int(100_000 * fwhm + 1000 * height) + scene)
                places = inject(image, fwhm, height * NOISE, 14 if fwhm < 8 else 6, random, False)
                scenes.append((image, places, fwhm))
            table[fwhm, ratio] = curve(finders, thresholds, scenes)
    return thresholds, table


def ceres():
    """Half of the belt within 30 degrees of the equator, over its median; None without the data folder."""
    path = DATA / "maps/ceres_albedo_4096.jpg"
    if not path.exists():
        return None
    from PIL import Image
    grey = np.asarray(Image.open(path).convert("RGB")).astype(float).mean(axis=2)
    return np.ascontiguousarray(grey[683:1365, :2048]) / np.median(grey)


def on_ceres(finders):
    ground = ceres()
    if ground is None:
        print("SKIPPED the Ceres map: no data folder")
        return {}, {}
    thresholds = {name: threshold(finder, [ground], BUDGET) for name, finder in finders.items()}
    before = {name: finder(ground, thresholds[name]) for name, finder in finders.items()}
    table = {}
    for fwhm in MAP_WIDTHS:
        for contrast in CONTRASTS:
            image, random = ground.copy(), np.random.default_rng(int(100 * fwhm + 1000 * contrast))
            places = inject(image, fwhm, contrast, 14 if fwhm < 16 else 8, random, True)
            table[fwhm, contrast] = curve(finders, thresholds, [(image, places, fwhm)], before)
    return thresholds, table


def compare(table, where):
    for (fwhm, height), counts in table.items():
        ours, total = counts["Facula"]
        for name, (hits, of) in counts.items():
            share = (hits + ours + 1) / (of + total + 2)
            error = COUNTING * np.sqrt(share * (1 - share) * (1 / total + 1 / of))
            assert ours / total >= hits / of - error, f"{where}: width {fwhm}, height {height}: {counts}"


def errors(facula, image, spots_in, contrast, threshold):
    """Offsets and light over their errors, distances to sep's centroids, and whether the bounds hold the disc's albedo."""
    (form, fwhm), places = spots_in
    offsets, light_off, apart, held = [], [], [], []
    spots = facula.ask(image, threshold)
    for x, y in places:
        spot = min(spots, key=lambda s: np.hypot(s["x_px"] - x, s["y_px"] - y))
        if np.hypot(spot["x_px"] - x, spot["y_px"] - y) > max(0.5 * fwhm, 1):
            continue
        offsets.append(np.array([spot["x_px"] - x, spot["y_px"] - y]) / spot["position_sigma_px"])
        light_off.append((spot["excess_px2"] - contrast * light(form, fwhm)) / spot["excess_sigma_px2"])
        low, high = spot["disc_albedo_low"], spot["disc_albedo_high"]
        held.append((low is None or low <= 1 + contrast) and (high is None or 1 + contrast <= high))
        sigma = max(spot["diameter_px"] * SIGMA_PER_FWHM, 0.8)
        theirs = sep.winpos(image - 1, [spot["x_px"]], [spot["y_px"]], [sigma])
        apart.append(np.hypot(theirs[0][0] - spot["x_px"], theirs[1][0] - spot["y_px"]))
    return offsets, light_off, apart, held


def summary(name, offsets, light_off, apart, held):
    offsets, light_off = np.array(offsets), np.array(light_off)
    mean, rms = [*offsets.mean(axis=0), light_off.mean()], [np.sqrt((offsets**2).mean()), np.sqrt((light_off**2).mean())]
    return name, len(offsets), np.array(mean), np.array(rms), np.median(apart), np.mean(held)


def pulls(facula):
    """What is measured of spots of a few forms and widths on noise."""
    for form, fwhm, peak in MEASURED:
        columns = [[], [], [], []]
        for scene in range(1 if fwhm < 8 else 4):
            image, random = noise(int(10 * fwhm) + 1000 * scene)
            places = inject(image, fwhm, peak * NOISE, 14 if fwhm < 8 else 7, random, False, form)
            for column, part in zip(columns, errors(facula, image, ((form, fwhm), places), peak * NOISE, 5.5)):
                column.extend(part)
        yield summary(f"{form} of {fwhm} cells on noise", *columns)


def pulls_on_ceres(facula):
    ground = ceres()
    for form, fwhm, contrast in MEASURED_ON_CERES if ground is not None else ():
        image, random = ground.copy(), np.random.default_rng(5)
        places = inject(image, fwhm, contrast, 10, random, True, form)
        yield summary(f"{form} of {fwhm} cells on Ceres", *errors(facula, image, ((form, fwhm), places), contrast, 6.5))


def figure(tables, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    tables = {title: table for title, table in tables.items() if table}
    widths = sorted({w for table in tables.values() for w, _ in table})
    plot, axes = pyplot.subplots(len(tables), len(widths), figsize=(2.4 * len(widths), 2.9 * len(tables)), sharey=True, squeeze=False)
    styles = {"Facula": "o-", "sep": "s--", "photutils": "^:"}
    for row, (title, table) in zip(axes, tables.items()):
        for axis, width in zip(row, widths):
            heights = [h for w, h in table if w == width and h != PEAK]
            if not heights:
                axis.axis("off")
                continue
            for name, style in styles.items():
                axis.plot(heights, [table[width, h][name][0] / table[width, h][name][1] for h in heights], style, label=name, alpha=0.8)
            axis.set_title(f"{width} cells wide", fontsize=9)
            axis.set_ylim(-0.03, 1.03)
            axis.grid(alpha=0.3)
            axis.set_xlabel(title, fontsize=8)
        row[0].set_ylabel("found")
    axes[0][0].legend(fontsize=8)
    plot.suptitle("Injected spots found, at equal false alarms", fontsize=11)
    plot.tight_layout()
    plot.savefig(path, dpi=110)


def main():
    sep.set_extract_pixstack(5_000_000)
    program = programs.example("detect")
    with tempfile.TemporaryDirectory() as folder:
        finders = {"Facula": Facula(program, folder), "sep": Sep(), "photutils": Photutils()}
        at_noise, noise_table = on_noise(finders)
        at_map, map_table = on_ceres(finders)
        measured = [*pulls(finders["Facula"]), *pulls_on_ceres(finders["Facula"])]
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        figure({"signal-to-noise ratio on noise": noise_table, "contrast on Ceres": map_table}, Path(sys.argv[1]) / "detection.png")
    for title, thresholds, table in (("noise", at_noise, noise_table), ("Ceres", at_map, map_table)):
        print(title, {name: round(value, 2) for name, value in thresholds.items()})
        for (fwhm, height), counts in table.items():
            shares = ", ".join(f"{name} {hits / of:.3f}" for name, (hits, of) in counts.items())
            print(f"  {fwhm:4} cells, {height}: {shares} of {[of for _, of in counts.values()]}", flush=True)
    for name, count, mean, rms, middle, held in measured:
        print(f"  {name}: {count} places, mean pulls x, y, light {mean.round(2)}, rms place, light {rms.round(2)}, "
              f"to sep's centroid {middle:.4f} px, disc albedo held {held:.2f}")
    compare(noise_table, "noise")
    compare(map_table, "Ceres")
    for (fwhm, ratio), counts in noise_table.items():
        hits, of = counts["Facula"]
        assert ratio != PEAK or hits / of >= COMPLETE, f"{fwhm} cells: {hits} of {of}"
    for name, _, mean, rms, middle, held in measured:
        assert (np.abs(mean) < MEAN_PULL).all() and RMS_PULL[0] < rms.min() and rms.max() < RMS_PULL[1], f"{name}: {mean} {rms}"
        assert middle <= SAME_CENTROID_PX or "Ceres" in name, f"{name}: {middle} px from sep's centroids"
        assert held > HELD or not name.startswith("disc"), f"{name}: bounds hold {held:.2f} of the albedos"
    print(f"check_detection: {len(noise_table)} cases on noise, {len(map_table)} on Ceres: good")


if __name__ == "__main__":
    main()
