# SPDX-License-Identifier: MIT OR Apache-2.0
"""Opens the folder of a `facula craters` with geopandas, reads the two craterstats files by their own rules, and compares.

Usage: python3 check_craters.py [DIR]    (DIR holds craters.parquet, craters.geojson, rims.geojson, craters.diam, craters.scc;
                                          default: made of the heights of Ceres in the data folder, $FACULA_DATA)
Needs: geopandas, pyarrow, pyproj.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import geopandas
import numpy as np
import pyarrow.parquet
import pyproj

import programs

HEIGHTS = Path(os.environ.get("FACULA_DATA", programs.REPOSITORY.parent / "shared/data")) / "maps/ceres_dem_2048.tif"
# Files for craterstats keep six decimals of degrees.
SAME_PLACE_DEG = 1e-6
# The same for sizes, as a fraction.
SAME_SIZE = 1e-6
# A rim of 73 corners is smaller than its ellipse by 0.13 %; degrees are taken on the equatorial radius, kilometres were
# measured on the local one (3 % in area on Ceres).
RIM_AREA = 0.05


def rows(path):
    """Header values and the rows of `crater = {diameter, fraction, lon, lat`, as craterstats 3 reads them."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    start = next(k for k, line in enumerate(lines) if re.match(r"crater\s*=\s*\{", line))
    end = lines.index("}", start)
    header = dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in lines[:start])
    return header, np.array([[float(cell) for cell in line.split("\t")] for line in lines[start + 1:end]]).reshape(-1, 4)


def made(folder):
    """Craters from 30 km on of the heights of Ceres, found by the program."""
    subprocess.run([programs.facula(), "craters", HEIGHTS, "--body", "ceres", "--west-deg", "-180", "--min-diameter", "30", "-o", folder],
                   check=True, capture_output=True)


def main():
    if len(sys.argv) > 1:
        return check(Path(sys.argv[1]))
    if not HEIGHTS.is_file():
        return print(f"SKIPPED check_craters: no file {HEIGHTS}")
    with tempfile.TemporaryDirectory() as name:
        made(Path(name) / "craters")
        check(Path(name) / "craters")


def check(folder):
    table = geopandas.read_parquet(folder / "craters.parquet")
    points = geopandas.read_file(folder / "craters.geojson")
    rims = geopandas.read_file(folder / "rims.geojson")
    assert len(table) == len(points) == len(rims)
    about = json.loads(pyarrow.parquet.read_schema(folder / "craters.parquet").metadata[b"columns"])
    assert set(about) == set(table.columns) - {"geometry"}
    assert all(set(told) == {"meaning", "unit", "uncertainty"} for told in about.values())
    for name, told in about.items():
        words = (told["uncertainty"] or "").replace(",", " ").split()
        assert all(word in about for word in words if word.endswith(("_km", "_km2"))), f"{name}: {words}"
    if json.loads((folder / "craters.geojson").read_text())["body"] == "ceres":
        assert table.crs.to_authority() == pyproj.CRS("IAU_2015:200000100").to_authority()
    assert table["diameter_km"].is_monotonic_decreasing
    diam, small = rows(folder / "craters.diam")
    scc, placed = rows(folder / "craters.scc")
    area = float(scc["Total_area"].split()[0])
    assert float(diam["area"]) == area
    for found in (small, placed):
        assert np.allclose(found[:, 0], table["diameter_km"].to_numpy(), rtol=SAME_SIZE)
        assert np.all(np.abs(found[:, 2] - table["longitude_deg"]) < SAME_PLACE_DEG)
        assert np.all(np.abs(found[:, 3] - table["latitude_deg"]) < SAME_PLACE_DEG)
    # Away from poles and for small craters a rim's area in scaled degrees is that of its ellipse.
    radius = float(scc["a_axis_radius"].split()[0])
    near = (table["latitude_deg"].abs() < 60) & (table["diameter_km"] < 0.1 * radius)
    degree = np.pi * radius / 180
    warnings.filterwarnings("ignore", "Geometry is in a geographic CRS")
    areas = rims.geometry.area.to_numpy() * degree**2 * np.cos(np.radians(table["latitude_deg"].to_numpy()))
    wanted = np.pi * (table["semi_major_km"] * table["semi_minor_km"]).to_numpy()
    ratio = np.median((areas / wanted)[near.to_numpy()]) if near.any() else 1.0
    assert abs(ratio - 1) < RIM_AREA, ratio
    print(f"check_craters: {len(table)} craters on {area:.0f} km2, rims {ratio:.4f} of their ellipses")


if __name__ == "__main__":
    main()
