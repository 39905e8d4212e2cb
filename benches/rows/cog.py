# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `cog`: 8192 x 4096 floats to a Cloud Optimized GeoTIFF with overviews, two threads each.

Peer: GDAL's COG driver through rasterio from a raster in memory: same block size, predictor, overviews by mean. Three
rasters: a mosaic with 1 % of noise (what a mosaic of frames is like), the same with a third of its cells empty, and
smooth terrain. Pixels of both files and of their first overviews are compared, and their sizes. The goal is 0.7 s at a
size not above that of GDAL's deflate. `run()` gives the figures; alone it prints them.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from rasterio.io import MemoryFile
from rasterio.shutil import copy

REPOSITORY = Path(__file__).parents[2]
WIDTH, HEIGHT, THREADS, ROUNDS, GOAL_S = 8192, 4096, 2, 3, 0.7
# Largest relative difference of overview cells: the mean of four, rounded once here and more often in GDAL.
BOUND = 3e-7
CODECS = {"deflate": ("DEFLATE", 6), "zstd": ("ZSTD", 9)}


def enlarged(small):
    """A random field of all scales: octaves of bilinear noise."""
    y, x = (np.linspace(0, n - 1.001, m, dtype="f4") for n, m in ((small.shape[0], HEIGHT), (small.shape[1], WIDTH)))
    y0, x0 = y.astype(int), x.astype(int)
    fy, fx = (y - y0)[:, None], (x - x0)[None]
    fy, fx = fy * fy * (3 - 2 * fy), fx * fx * (3 - 2 * fx)
    top, bottom = small[y0], small[y0 + 1]
    top, bottom = (line[:, x0] * (1 - fx) + line[:, x0 + 1] * fx for line in (top, bottom))
    return top * (1 - fy) + bottom * fy


def rasters():
    """Name and raster, each float32."""
    random = np.random.default_rng(6)
    field = sum(enlarged(random.standard_normal((HEIGHT // s + 2, WIDTH // s + 2), dtype="f4")) * np.float32(s / 512) ** 0.9
                for s in (1024, 512, 256, 128, 64, 32, 16, 8))
    albedo = 0.035 + 0.006 * np.tanh(field)
    noisy = (albedo * (1 + 0.01 * random.standard_normal((HEIGHT, WIDTH), dtype="f4"))).astype("f4")
    yield "mosaic", noisy
    partly = noisy.copy()
    partly[field > np.quantile(field[::16, ::16], 2 / 3)] = np.nan
    yield "mosaic, a third empty", partly
    yield "terrain", (4000 * field).astype("f4")


def with_gdal(values, path, codec, level):
    """Seconds GDAL needs, smallest of the rounds."""
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", width=WIDTH, height=HEIGHT, count=1, dtype="float32", nodata=float("nan"),
                         tiled=True, crs="IAU_2015:200000115", transform=rasterio.Affine(373, 0, -1.5e6, 0, -373, 7.6e5)) as new:
            new.write(values, 1)
        seconds = []
        for _ in range(ROUNDS):
            with memory.open() as source:
                start = time.perf_counter()
                copy(source, path, driver="COG", COMPRESS=codec, PREDICTOR="YES", LEVEL=level, NUM_THREADS=THREADS,
                     BLOCKSIZE=512, OVERVIEW_RESAMPLING="AVERAGE")
                seconds.append(time.perf_counter() - start)
    return min(seconds)


def difference(ours, theirs, values):
    """Whether full resolution is equal bit for bit, and the largest relative difference of the first overview."""
    with rasterio.open(ours) as a, rasterio.open(theirs) as b:
        equal = np.array_equal(a.read(1), values, equal_nan=True) and np.array_equal(b.read(1), values, equal_nan=True)
    with rasterio.open(ours, overview_level=0) as a, rasterio.open(theirs, overview_level=0) as b:
        first, second = a.read(1), b.read(1)
    same_gaps = np.array_equal(np.isnan(first), np.isnan(second))
    scale = np.nanmax(np.abs(values))
    return equal and same_gaps, float(np.nanmax(np.abs(first - second)) / scale)


def run(binary=None):
    """Figures of every raster and codec; `binary` is the command of the benchmark program."""
    if binary is None:
        subprocess.run(["cargo", "build", "-q", "--release", "-p", "facula-bench"], cwd=REPOSITORY, check=True)
        binary = [str(Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "release/facula-bench")]
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for raster, values in rasters():
            values.astype("<f4").tofile(folder / "raster.f32")
            for codec, (gdal_codec, level) in CODECS.items():
                command = [*binary, "cog", folder / "raster.f32", WIDTH, HEIGHT, folder / "ours.tif", codec, 4, ROUNDS]
                done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True,
                                      env={**os.environ, "RAYON_NUM_THREADS": str(THREADS)})
                figures = json.loads(done.stdout)
                gdal_s = with_gdal(values, str(folder / "gdal.tif"), gdal_codec, level)
                gdal_bytes = (folder / "gdal.tif").stat().st_size
                equal, overview_difference = difference(folder / "ours.tif", folder / "gdal.tif", values)
                results.append({"raster": raster, "codec": codec, "facula_s": figures["seconds"], "gdal_s": gdal_s,
                                "ratio": gdal_s / figures["seconds"], "facula_bytes": figures["bytes"],
                                "gdal_bytes": gdal_bytes, "size_ratio": figures["bytes"] / gdal_bytes,
                                "overview_difference": overview_difference, "equal": equal and overview_difference < BOUND,
                                "goal_s": GOAL_S})
    return {"row": "cog", "goal": f"<= {GOAL_S} s on {THREADS} cores, not larger than GDAL's deflate", "results": results}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:] or None), indent=1))
