# SPDX-License-Identifier: MIT OR Apache-2.0
"""Background, multi-scale detection and measurement against sep, photutils and scikit-image.

The map is the real Ceres (8192 x 4096, the 4096-wide flight map interpolated; without it a random texture of the same
scatter and slope) with noise and 300 injected Gaussian spots; the frame 1024 x 1024 of texture, noise and 60 spots.
Compared are places of the injected spots: Facula's against sep's windowed ones (`winpos`) of the same objects.
"""
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sep
from photutils.background import Background2D, MedianBackground
from photutils.segmentation import SourceCatalog, SourceFinder
from run import HERE, Figure
from scipy.ndimage import gaussian_filter, zoom
from skimage.feature import blob_log

DATA = Path(os.environ.get("FACULA_DATA", HERE.parent.parent / "shared/data"))
PSF, NOISE = 2.5, 0.004
SIGMA_PER_FWHM = 1 / np.sqrt(8 * np.log(2))
# Difference of the centroids (95 % of the objects), pixels, and time allowed.
CENTROID_PX, GOAL_S = 0.02, {"map": 0.12, "frame": 0.004}


def texture(random, height, width):
    """Random ground with the scatter (4.5 %) and the steep spectrum of the Ceres map."""
    coarse = sum(gaussian_filter(random.standard_normal((height // 8, width // 8)), s) * s for s in (1, 3, 9, 27))
    coarse *= 0.045 / coarse.std()
    return zoom(1 + coarse, 8, order=1)[:height, :width]


def ground(kind, random):
    if kind == "frame":
        return texture(random, 1024, 1024)
    path = DATA / "maps/ceres_albedo_4096.jpg"
    if not path.exists():
        return texture(random, 4096, 8192)
    import rasterio
    with rasterio.open(path) as file:
        grey = file.read().astype(float).mean(axis=0)
    return zoom(grey / np.median(grey), 2, order=1)


def scene(kind):
    """Image in float32 and the list of injected spots (x, y, full width, contrast); round on the ground."""
    random = np.random.default_rng(7)
    image = ground(kind, random)
    height, width = image.shape
    spots = []
    while len(spots) < (300 if kind == "map" else 60):
        x, y = random.uniform(60, width - 60), random.uniform(0.12 * height, 0.88 * height)
        fwhm = PSF * np.exp(random.uniform(0, 1.5))
        if all(np.hypot(x - a, y - b) > 70 for a, b, *_ in spots):
            spots.append((x, y, fwhm, random.uniform(1.5, 3)))
    for x, y, fwhm, contrast in spots:
        cos = np.cos(np.pi * (0.5 - (y + 0.5) / height)) if kind == "map" else 1.0
        sigma, reach = fwhm * SIGMA_PER_FWHM, int(3 * fwhm / cos) + 2
        at = slice(int(y) - reach, int(y) + reach + 1), slice(int(x) - reach, int(x) + reach + 1)
        v, u = np.mgrid[at]
        part = image[max(at[0].start, 0):at[0].stop, max(at[1].start, 0):at[1].stop]
        v, u = v[-part.shape[0]:, -part.shape[1]:], u[-part.shape[0]:, -part.shape[1]:]
        part += (contrast - 1) * np.exp(-0.5 * (((u - x) * cos)**2 + (v - y)**2) / sigma**2)
    image *= 1 + NOISE * random.standard_normal(image.shape)
    return (0.05 * image).astype("<f4"), np.array(spots)


def with_sep(image):
    background = sep.Background(image, bw=128, bh=128)
    flat = image - background.back()
    found = sep.extract(flat, 5.0, err=background.globalrms, minarea=5)
    flux, _, _ = sep.sum_ellipse(flat, found["x"], found["y"], found["a"], found["b"], found["theta"], 3.0)
    radius, _ = sep.flux_radius(flat, found["x"], found["y"], 6.0 * found["a"], 0.5, normflux=flux)
    x, y, _ = sep.winpos(flat, found["x"], found["y"], 2.0 / 2.35 * radius)
    return x, y


def with_photutils(image):
    background = Background2D(image, 128, bkg_estimator=MedianBackground())
    flat = image - background.background
    segments = SourceFinder(5, progress_bar=False)(flat, 5.0 * background.background_rms)
    table = SourceCatalog(flat, segments).to_table(columns=("x_centroid", "y_centroid", "segment_flux"))
    return table


def with_skimage(image):
    return blob_log(image / np.median(image) - 1, min_sigma=1, max_sigma=12, num_sigma=8, threshold=0.1)


def difference(ours, theirs, spots, kind, height):
    """95th percentile of the distance between both places of the injected spots that both found, pixels."""
    apart = []
    for x, y, fwhm, _ in spots:
        near = [np.hypot(at[:, 0] - x, at[:, 1] - y) for at in (ours, theirs)]
        if all(d.size and d.min() < fwhm for d in near):
            a, b = (at[d.argmin()] for at, d in zip((ours, theirs), near))
            apart.append(np.hypot(*(a - b)))
    print(f"    {kind}: {len(apart)} of {len(spots)} spots compared, medians {np.median(apart):.4f} px", file=sys.stderr)
    return float(np.quantile(apart, 0.95))


def run(bench, rounds):
    sep.set_extract_pixstack(10_000_000)
    sep.set_sub_object_limit(4096)
    figures = []
    for kind in ("frame", "map"):
        image, spots = scene(kind)
        height, width = image.shape
        best = {"sep": np.inf, "photutils": np.inf, "skimage blob_log": np.inf, "facula": np.inf}
        with tempfile.TemporaryDirectory() as folder:
            image.tofile(Path(folder) / "scene.f32")
            for turn in range(rounds):
                found = bench("spots", folder, width, height, 40 if kind == "frame" else 4)
                best["facula"] = min(best["facula"], found["time_s"])
                peers = {"sep": with_sep, "photutils": with_photutils, "skimage blob_log": with_skimage}
                # The slow ones once: minutes otherwise.
                for name, peer in peers.items() if turn == 0 else [("sep", with_sep)]:
                    start = time.perf_counter()
                    answer = peer(image.astype("f4"))
                    best[name] = min(best[name], time.perf_counter() - start)
                    if name == "sep":
                        theirs = np.stack(answer, axis=1)
        ours = np.array([(s["x_px"], s["y_px"]) for s in found["spots"]])
        seconds = best.pop("facula")
        figures.append(Figure(f"spots on a {kind} of {width} x {height} ({len(ours)} found)", seconds, GOAL_S[kind], best,
                              difference(ours, theirs, spots, kind, height), CENTROID_PX))
    return figures
