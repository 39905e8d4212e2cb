# SPDX-License-Identifier: MIT OR Apache-2.0
"""Opens the spot catalogue of a survey with geopandas and pandas and checks it.

Usage: python3 check_spots.py DIR [LIGHT]      (DIR holds spots.geojson, spots.parquet, light_curves.parquet; LIGHT, if
given, what `facula light-curve --run DIR -o LIGHT` wrote: its fits are made again with SciPy)
Needs: geopandas, pyarrow, pyproj, scipy.
"""
import json
import sys
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pyarrow.parquet
import pyproj
from scipy.optimize import least_squares

# Degrees: both files round to 1e-9.
SAME_PLACE_DEG = 1e-9
LIGHT_COLUMNS = {
    "spot_id", "frame_id", "utc", "iof", "iof_sigma", "surroundings_iof", "surroundings_sigma", "incidence_deg",
    "emission_deg", "phase_deg", "sun_azimuth_deg", "camera_azimuth_deg", "local_time_h", "illumination", "pixel_km",
}
# How far slope and sigma of a fit may be from SciPy's.
SAME_FIT = 0.01
# Options of the fit as documented: model error, Huber's clip.
MODEL_ERROR, CLIP_SIGMA = 0.02, 1.345


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


def hg(phase, slope):
    """The IAU H, G phase function as in Bowell et al. 1989, Asteroids II, eq. A4 ff."""
    tan_half, sine = np.tan(phase / 2), np.sin(phase)
    near = np.exp(-90.56 * tan_half**2)
    both = []
    for a, b, c in ((3.332, 0.631, 0.986), (1.862, 1.218, 0.238)):
        small = 1 - c * sine / (0.119 + 1.341 * sine - 0.754 * sine**2)
        both.append(near * small + (1 - near) * np.exp(-a * tan_half**b))
    return (1 - slope) * both[0] + slope * both[1]


def law(parameters, points):
    """Lommel-Seeliger, and H, G over the phase function of a Lommel-Seeliger sphere."""
    incidence, emission, phase = (np.radians(points[f"{a}_deg"].to_numpy()) for a in ("incidence", "emission", "phase"))
    sphere = 1 - np.sin(phase / 2) * np.tan(phase / 2) * np.log(1 / np.tan(phase / 4))
    disk = 2 * np.cos(incidence) / (np.cos(incidence) + np.cos(emission))
    return parameters[0] * hg(phase, parameters[1]) / sphere * disk


def check_fits(light):
    """Every fit with a slope, made again; gives how many."""
    points = pandas.read_parquet(light / "light_curves.parquet")
    table = pandas.read_parquet(light / "fits.parquet").set_index("spot_id")
    about = json.loads(pyarrow.parquet.read_schema(light / "fits.parquet").metadata[b"columns"])
    assert set(about) == set(table.columns) | {"spot_id"}, "every column has a description"
    record = json.loads((light / "fits.json").read_text())
    assert len(record["spots"]) == len(table)
    count = 0
    for spot in record["spots"]:
        fit, row = spot["fit"], table.loc[spot["spot_id"]]
        if fit is None or row["slope_name"] != "phase_slope":
            continue
        own = points[points["spot_id"] == spot["spot_id"]].iloc[fit["fitted"]]
        iof = own["iof"].to_numpy()
        sigma = np.hypot(own["iof_sigma"].to_numpy(), MODEL_ERROR * iof)
        residual = lambda p: (iof - law(p, own)) / sigma
        found = least_squares(residual, [row["normal_albedo"], 0.15], loss="huber", f_scale=CLIP_SIGMA, xtol=1e-12)
        size = np.abs(residual(found.x))
        weight = np.where(size > CLIP_SIGMA, CLIP_SIGMA / np.maximum(size, 1e-30), 1.0)
        steps = np.array([1e-6, 1e-5])
        slopes = [(residual(found.x + d) - residual(found.x - d)) / (2 * d.sum()) for d in np.diag(steps)]
        jacobian = np.array(slopes).T
        covariance = np.linalg.inv(jacobian.T @ (weight[:, None] * jacobian))
        chi2 = np.sum(size**2)
        scatter = np.sqrt(covariance[1, 1] * max(chi2 / max(len(own) - 2, 1), 1.0))
        assert abs(found.x[1] - row["slope"]) <= SAME_FIT * max(scatter, abs(found.x[1])), (spot["spot_id"], found.x, row)
        assert abs(scatter / row["slope_scatter_sigma"] - 1) <= SAME_FIT, (spot["spot_id"], scatter, row)
        assert abs(chi2 / row["chi2"] - 1) <= SAME_FIT, (spot["spot_id"], chi2, row["chi2"])
        count += 1
    return count


def main():
    folder = Path(sys.argv[1])
    spots = check_catalogue(folder)
    curves = check_light_curves(folder, spots)
    fits = check_fits(Path(sys.argv[2])) if len(sys.argv) > 2 else 0
    print(f"check_spots: {len(spots)} spots, {len(curves)} light points, {fits} fits made again: good")


if __name__ == "__main__":
    main()
