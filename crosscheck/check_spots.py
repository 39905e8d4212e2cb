# SPDX-License-Identifier: MIT OR Apache-2.0
"""Opens the spot catalogue of a survey with geopandas and pandas and checks it.

Usage: python3 check_spots.py DIR      (DIR holds spots.geojson, spots.parquet, light_curves.parquet)
Needs: geopandas, pyarrow, pyproj.
"""
import json
import sys
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pyarrow.parquet
import pyproj

# Degrees: both files round to 1e-9.
SAME_PLACE_DEG = 1e-9
LIGHT_COLUMNS = {
    "spot_id", "frame_id", "utc", "iof", "iof_sigma", "surroundings_iof", "incidence_deg", "emission_deg",
    "phase_deg", "illumination", "pixel_km",
}


def same(a, b, column):
    a, b = a[column], b[column]
    if pandas.api.types.is_numeric_dtype(b):
        x, y = pandas.to_numeric(a).to_numpy(float), b.to_numpy(float)
        assert np.array_equal(x, y, equal_nan=True), f"{column} differs"
    else:
        assert a.fillna("").astype(str).tolist() == b.fillna("").astype(str).tolist(), f"{column} differs"


def check_catalogue(folder):
    points = geopandas.read_file(folder / "spots.geojson")
    table = geopandas.read_parquet(folder / "spots.parquet")
    body = json.loads((folder / "spots.geojson").read_text())["body"]
    if body == "ceres":
        expected = pyproj.CRS("IAU_2015:200000100")
        assert table.crs.to_authority() == expected.to_authority(), table.crs
        for name, crs in (("spots.parquet", table.crs), ("spots.geojson", points.crs)):
            # GDAL's GeoJSON driver keeps name, body and code but drops the year of the authority.
            assert crs is not None and crs.name == expected.name, f"{name}: {crs}"
            assert crs.ellipsoid.semi_major_metre == expected.ellipsoid.semi_major_metre, name
    assert len(points) == len(table)
    assert list(table["id"]) == sorted(table["id"]), "ids are not in order"
    for axis in "xy":
        a, b = getattr(points.geometry, axis).to_numpy(), getattr(table.geometry, axis).to_numpy()
        assert np.all(np.abs(a - b) <= SAME_PLACE_DEG), "geometries differ"
    assert np.all(np.abs(table.geometry.x - table["longitude_deg"]) <= SAME_PLACE_DEG)
    assert table["longitude_deg"].between(-180, 180).all() and table["latitude_deg"].between(-90, 90).all()
    columns = [c for c in table.columns if c != "geometry"]
    for column in columns:
        same(points, table, column)
    about = json.loads(pyarrow.parquet.read_schema(folder / "spots.parquet").metadata[b"columns"])
    assert set(about) == set(columns), "every column has a description"
    return table


def check_light_curves(folder, spots):
    curves = pandas.read_parquet(folder / "light_curves.parquet")
    assert set(curves.columns) == LIGHT_COLUMNS, set(curves.columns) ^ LIGHT_COLUMNS
    assert set(curves["spot_id"]) <= set(spots["id"]), "points of unknown spots"
    assert (curves["iof_sigma"] > 0).all() and curves["iof"].notna().all()
    assert set(curves["illumination"]) <= {"lit", "grazing", "night"}
    pandas.to_datetime(curves["utc"])
    for _, of_spot in curves.groupby("spot_id"):
        assert of_spot["utc"].is_monotonic_increasing
    return curves


def main():
    folder = Path(sys.argv[1])
    spots = check_catalogue(folder)
    curves = check_light_curves(folder, spots)
    print(f"check_spots: {len(spots)} spots, {len(curves)} light points: good")


if __name__ == "__main__":
    main()
