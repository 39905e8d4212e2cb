# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `read`: 1024 x 1024 frames opened and decoded to float32 from the page cache, on one core.

Files: a PDS3 label with its image (16 bit, big-endian), plain FITS, FITS with Rice tiles, a tiled ISIS cube, a TIFF with
LZW. Peers in the same run: pdr and GDAL (PDS3), astropy (FITS), GDAL (cube, TIFF). The sum of the pixels is compared.
"""
import os
import tempfile
import time
import warnings
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import pdr
import rasterio
from astropy.io import fits
from run import Figure

warnings.simplefilter("ignore")
SIZE = 1024
PLAIN_GOAL_S, RICE_GOAL_S = 0.7e-3, 3e-3


def frame():
    """A disc over a noisy background, unsigned 16 bit, as a camera of 14 bits gives it."""
    random = np.random.default_rng(4)
    y, x = np.mgrid[:SIZE, :SIZE]
    disc = np.where(np.hypot(x - 520, y - 500) < 370, 4000 + 800 * np.cos(x / 40.0) * np.cos(y / 50.0), 0)
    return np.clip(270 + disc + random.normal(0, 6, (SIZE, SIZE)), 3, 16383).astype("u2")


def write(folder, image):
    """Path of each file by name."""
    label = "\r\n".join(["PDS_VERSION_ID = PDS3", "RECORD_TYPE = FIXED_LENGTH", "RECORD_BYTES = 2048", "FILE_RECORDS = 1025",
                         "LABEL_RECORDS = 1", "^IMAGE = 2", "OBJECT = IMAGE", "LINES = 1024", "LINE_SAMPLES = 1024",
                         "SAMPLE_TYPE = MSB_UNSIGNED_INTEGER", "SAMPLE_BITS = 16", "END_OBJECT = IMAGE", "END", ""])
    paths = {name: folder / name for name in ("a.img", "plain.fits", "rice.fits", "a.cub", "lzw.tif")}
    paths["a.img"].write_bytes(label.encode().ljust(2048) + image.astype(">u2").tobytes())
    fits.PrimaryHDU(image).writeto(paths["plain.fits"])
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(image)]).writeto(paths["rice.fits"])
    shape = dict(width=SIZE, height=SIZE, count=1)
    with rasterio.open(paths["a.cub"], "w", driver="ISIS3", dtype="float32", TILED="YES", **shape) as out:
        out.write(image[None].astype("f4"))
    with rasterio.open(paths["lzw.tif"], "w", driver="GTiff", dtype="uint16", compress="LZW", predictor=2, **shape) as out:
        out.write(image[None])
    return paths


def with_astropy(path):
    with fits.open(path) as file:
        return np.asarray(next(unit.data for unit in file if unit.data is not None), "f4").copy()


def with_gdal(path):
    with rasterio.open(path) as file:
        return file.read(1).astype("f4")


def with_pdr(path):
    return np.asarray(pdr.read(str(path))["IMAGE"], "f4")


def least_s(work, path, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work(path)
        times.append(time.perf_counter() - start)
    return min(times)


ROWS = [
    ("a.img", "PDS3 label and image", PLAIN_GOAL_S, {"pdr": with_pdr, "GDAL": with_gdal}),
    ("plain.fits", "FITS", PLAIN_GOAL_S, {"astropy": with_astropy}),
    ("rice.fits", "FITS, Rice tiles", RICE_GOAL_S, {"astropy": with_astropy}),
    ("a.cub", "ISIS cube of reals, tiled", None, {"GDAL": with_gdal}),
    ("lzw.tif", "TIFF, LZW, predictor 2", None, {"GDAL": with_gdal}),
]


def run(bench, rounds):
    """Figures of all files."""
    image = frame()
    total = float(image.astype("f8").sum())
    with tempfile.TemporaryDirectory() as name:
        paths = write(Path(name), image)
        ours, peers = {}, {}
        for _ in range(rounds):
            told = bench("read", *paths.values())["files"]
            for file in told:
                kept = ours.setdefault(Path(file["file"]).name, {"ms": float("inf")})
                kept["ms"], kept["sum"] = min(kept["ms"], file["ms"]), file["sum"]
            for file, _, _, works in ROWS:
                for peer, work in works.items():
                    key = file, peer
                    peers[key] = min(peers.get(key, float("inf")), least_s(work, paths[file], 8))
    return [Figure(f"{what}, {SIZE} x {SIZE}", ours[file]["ms"] / 1e3, goal, {peer: peers[file, peer] for peer in works},
                   abs(ours[file]["sum"] / total - 1), 1e-12) for file, what, goal, works in ROWS]
