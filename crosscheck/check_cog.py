# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks the map products of a survey with tools Facula was not written with: rasterio (GDAL), rio-cogeo, pyproj.

usage: python check_cog.py SURVEY_FOLDER [IAU_CODE]

Needs `pip install rasterio rio-cogeo pyproj numpy`. IAU_CODE defaults to 200000115 (Ceres). Exit status 0 when
every check holds, 1 otherwise; one line per check.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pyproj
import rasterio
from rio_cogeo.cogeo import cog_validate

# Type, names and units of the bands.
EXPECTED = {
    "map.tif": ("float32", ["normal albedo", "sigma"], ["1", "1"]),
    "quality.tif": ("uint8", ["quality flags"], [None]),
    "coverage.tif": ("uint16", ["frames per cell"], ["1"]),
    "scale.tif": ("float32", ["best pixel scale"], ["m"]),
}
MISSING = 8  # bit of the quality band
# Occator (Cerealia Facula) and two places near the seams of a 0..360 degree map: east longitude, latitude.
PLACES_DEG = [(239.33, 19.82), (0.5, -45.0), (359.5, 70.0)]


class Checks:
    """Counts what failed and says what was looked at."""

    def __init__(self):
        self.failed = 0

    def that(self, holds, what):
        print(("ok    " if holds else "FAILED"), what)
        self.failed += not holds


def check_file(checks, path, code):
    """Structure, coordinate system, place and bands of one file; gives its bands."""
    valid, errors, notes = cog_validate(str(path), strict=True, quiet=True)
    checks.that(valid, f"{path.name}: valid Cloud Optimized GeoTIFF {errors + notes}")
    dtype, names, units = EXPECTED[path.name]
    with rasterio.open(path) as dataset:
        checks.that(dataset.dtypes[0] == dtype, f"{path.name}: type {dataset.dtypes[0]}")
        checks.that(list(dataset.descriptions) == names, f"{path.name}: bands {dataset.descriptions}")
        checks.that([unit or None for unit in dataset.units] == units, f"{path.name}: units {dataset.units}")
        check_numbers(checks, dataset)
        expected = pyproj.CRS.from_authority("IAU_2015", code)
        found = pyproj.CRS.from_wkt(dataset.crs.to_wkt())
        authority = dataset.crs.to_authority()
        checks.that(found == expected, f"{path.name}: coordinate system {found.name}")
        checks.that(authority == ("IAU_2015", str(code)), f"{path.name}: authority {authority}")
        check_place(checks, dataset, expected)
        return dataset.read()


def check_numbers(checks, dataset):
    """Masks are those of missing cells, statistics those of the others (flags have none)."""
    name = Path(dataset.name).name
    for band in range(1, dataset.count + 1):
        values = dataset.read(band)
        floating = values.dtype.kind == "f"
        known = np.isfinite(values) if floating else np.ones(values.shape, bool)
        checks.that(np.array_equal(dataset.read_masks(band) > 0, known), f"{name}: mask of band {band}")
        told = dataset.tags(band)
        if name == "quality.tif" or not known.any():
            checks.that("STATISTICS_MEAN" not in told, f"{name}: no statistics of band {band}")
            continue
        found = {"MINIMUM": values[known].min(), "MAXIMUM": values[known].max(), "MEAN": values[known].mean(dtype="f8"),
                 "STDDEV": values[known].std(dtype="f8")}
        near = all(np.isclose(float(told[f"STATISTICS_{key}"]), value, rtol=1e-6, atol=1e-12) for key, value in found.items())
        checks.that(near, f"{name}: statistics of band {band}")


def check_place(checks, dataset, crs):
    """Pixels are square, and known places fall on the pixel that their longitude and latitude say."""
    t, name = dataset.transform, Path(dataset.name).name
    checks.that(t.a == -t.e and t.b == 0 and t.d == 0, f"{name}: square cells of {t.a:.3f} m")
    radius_m = crs.ellipsoid.semi_major_metre
    bounds = dataset.bounds
    limit_m = np.pi * radius_m * (1 + 1e-9)
    checks.that(bounds.top <= limit_m / 2 and bounds.bottom >= -limit_m / 2, f"{name}: bounds {tuple(bounds)}")
    geographic = pyproj.CRS.from_wkt(crs.geodetic_crs.to_wkt())
    to_map = pyproj.Transformer.from_crs(geographic, crs, always_xy=True)
    cell_deg = np.degrees(t.a / radius_m)
    west_deg = np.degrees(bounds.left / radius_m) + 180
    north_deg = np.degrees(bounds.top / radius_m)
    for longitude_deg, latitude_deg in PLACES_DEG:
        # PROJ gives x within half a turn of the central meridian, which is where the product lies.
        x, y = to_map.transform(longitude_deg, latitude_deg)
        column, line = ~t * (x, y)
        expected = ((longitude_deg - west_deg) / cell_deg, (north_deg - latitude_deg) / cell_deg)
        near = np.allclose((column, line), expected, rtol=0, atol=1e-3)
        checks.that(near, f"{name}: {longitude_deg} E {latitude_deg} N at column {column:.3f}, line {line:.3f}")


def check_values(checks, bands):
    """The four products tell the same story about every cell."""
    albedo, sigma = bands["map.tif"]
    quality, coverage, scale = (bands[name][0] for name in ("quality.tif", "coverage.tif", "scale.tif"))
    measured = coverage > 0
    checks.that(measured.any(), f"{measured.mean():.1%} of the cells are measured")
    checks.that(np.array_equal(np.isfinite(albedo), measured), "albedo is finite where frames cover, NaN elsewhere")
    known = np.isfinite(sigma).any()
    if known:
        checks.that(np.array_equal(np.isfinite(sigma), measured), "sigma likewise")
    else:
        print("      sigma is not known anywhere (a ready map)")
    checks.that(np.array_equal(np.isfinite(scale), measured), "scale likewise")
    checks.that(np.array_equal((quality & MISSING) == 0, measured), "quality says missing elsewhere and only there")
    if known:
        checks.that((sigma[measured] >= 0).all(), f"sigma is not negative, median {np.median(sigma[measured]):.5f}")
    if measured.any():
        checks.that((scale[measured] > 0).all(), f"scale from {scale[measured].min():.1f} m/px")
        print(f"      albedo median {np.median(albedo[measured]):.4f}, maximum {albedo[measured].max():.4f}")


def main():
    if not 2 <= len(sys.argv) <= 3:
        print(__doc__)
        return 2
    warnings.simplefilter("ignore")
    folder, code = Path(sys.argv[1]) / "map", int(sys.argv[2]) if len(sys.argv) == 3 else 200000115
    checks = Checks()
    missing = [name for name in EXPECTED if not (folder / name).is_file()]
    checks.that(not missing, f"{folder} holds the four products {missing or ''}")
    if not missing:
        check_values(checks, {name: check_file(checks, folder / name, code) for name in EXPECTED})
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
