# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads every form a map leaves the house as with tools Facula was not written with, and compares numbers and places.

Usage: python check_map_outputs.py

Builds and runs the example `map_outputs`. GeoTIFF: rasterio (GDAL) and rio-cogeo; Zarr: xarray with zarr-python and
rioxarray; terrain: Horn's formula in numpy; tiles: Pillow, GDAL's readers of tile services and WMTS, xml.etree; PDS4: rasterio and pyproj.
"""
import json
import subprocess
import sys
import tempfile
import warnings
import xml.etree.ElementTree as xml
from pathlib import Path

import numpy as np
import pyproj
import rasterio
import xarray
from PIL import Image
from rio_cogeo.cogeo import cog_validate

import programs

HEIGHT, WIDTH, RADIUS_M = 1024, 2048, 487300.0
CRS = pyproj.CRS.from_authority("IAU_2015", 200000115)
FAILED = []


def that(holds, what):
    print("ok    " if holds else "FAILED", what)
    FAILED.extend([] if holds else [what])


def same(a, b):
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=True)


def halved(values):
    """Means of two by two cells that have data."""
    four = values.astype("f8").reshape(values.shape[0] // 2, 2, values.shape[1] // 2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.nanmean(four, axis=(1, 3)).astype("f4")


def geotiffs(folder, albedo):
    for name, codec in (("deflate.tif", "deflate"), ("thorough.tif", "deflate"), ("zstd.tif", "zstd")):
        path = folder / name
        valid, errors, notes = cog_validate(str(path), strict=True, quiet=True)
        that(valid, f"{name}: valid Cloud Optimized GeoTIFF {errors + notes}")
        with rasterio.open(path) as data:
            that(data.compression.value.lower() == codec, f"{name}: compression {data.compression}")
            that(same(data.read(1), albedo) and same(data.read(2), 2 * albedo), f"{name}: pixels are equal bit for bit")
            that(data.descriptions == ("normal albedo", "twice of it") and data.units == ("1", "1"), f"{name}: names and units")
            that(np.isnan(data.nodata) and same(data.read_masks(1) > 0, ~np.isnan(albedo)), f"{name}: mask of missing cells")
            that(pyproj.CRS.from_wkt(data.crs.to_wkt()) == CRS, f"{name}: {data.crs.to_authority()}")
            told = {key: float(value) for key, value in data.tags(1).items() if key.startswith("STATISTICS")}
            found = {"MAXIMUM": np.nanmax(albedo), "MINIMUM": np.nanmin(albedo), "MEAN": np.nanmean(albedo, dtype="f8"),
                     "STDDEV": np.nanstd(albedo, dtype="f8"), "VALID_PERCENT": 100 * np.mean(~np.isnan(albedo))}
            near = all(np.isclose(told[f"STATISTICS_{key}"], value, rtol=1e-9) for key, value in found.items())
            that(near, f"{name}: statistics")
            that(data.tags()["SOFTWARE"] == "facula" and data.overviews(1) == [2, 4], f"{name}: metadata, overviews {data.overviews(1)}")
        with rasterio.open(path, overview_level=0) as half:
            that(same(half.read(1), halved(albedo)), f"{name}: first overview is the mean of two by two cells")
    with rasterio.open(folder / "counts.tif") as data:
        expected = (np.arange(HEIGHT * WIDTH) // 997 % 300).astype("u2").reshape(HEIGHT, WIDTH)
        that(same(data.read(1), expected) and data.dtypes == ("uint16",), "counts.tif: pixels are equal")


def sparse(folder):
    """84,000 x 42,000 cells of which four blocks are known."""
    path = folder / "sparse.tif"
    valid, errors, notes = cog_validate(str(path), strict=True, quiet=True)
    that(valid and path.stat().st_size < 1e6, f"sparse.tif: valid, {path.stat().st_size} bytes {errors + notes}")
    with rasterio.open(path) as data:
        that((data.width, data.height) == (84000, 42000), f"sparse.tif: {data.width} x {data.height}")
        window = data.read(1, window=((40 * 512 - 1, 41 * 512 + 1), (100 * 512 - 1, 102 * 512 + 1)))
        inside = window[1:-1, 1:-1]
        that((inside[:, :512] == 140).all() and (inside[:, 512:] == 141).all(), "sparse.tif: blocks hold what was put there")
        that(np.isnan(window[0]).all() and np.isnan(window[:, 0]).all(), "sparse.tif: and nothing around them")
        that(data.read(1, window=((41999, 42000), (83999, 84000))).item() == 246, "sparse.tif: last cell")
    with rasterio.open(path, overview_level=7) as small:
        values = small.read(1)
        expected = np.full_like(values, np.nan)
        expected[80:82, 200:202], expected[80:82, 202:204], expected[0:2, 14:16] = 140, 141, 7
        expected[164:, 328:] = 246
        that(same(values, expected), f"sparse.tif: coarsest overview {values.shape}")


def zarr(folder, albedo):
    step_m = np.pi * RADIUS_M / HEIGHT
    for name in ("map.zarr", "map_zstd.zarr"):
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            store = xarray.open_zarr(folder / name, chunks=None, decode_coords="all")
        consolidated = [str(note.message) for note in noted if "onsolidated" in str(note.message)]
        that(not consolidated or all("not part in the Zarr format 3" in note for note in consolidated), f"{name}: opens in one go")
        that(same(store.albedo.values, albedo) and store.albedo.dims == ("y", "x"), f"{name}: pixels are equal bit for bit")
        counts = (np.arange(HEIGHT * WIDTH) // 997 % 300).astype("u2").reshape(HEIGHT, WIDTH)
        that(same(store.coverage.values, counts) and store.coverage.dtype == "u2", f"{name}: counts are equal")
        that(store.albedo.attrs["long_name"] == "normal albedo" and store.albedo.attrs["units"] == "1", f"{name}: names and units")
        near = lambda found, first, step: np.allclose(found, first + step * np.arange(len(found)), rtol=1e-12, atol=1e-6)
        that(near(store.x.values, -np.pi * RADIUS_M + step_m / 2, step_m), f"{name}: x in metres")
        that(near(store.y.values, np.pi / 2 * RADIUS_M - step_m / 2, -step_m), f"{name}: y in metres")
        cell = 180 / HEIGHT
        that(near(store.lat.values, 90 - cell / 2, -cell) and near(store.lon.values, cell / 2, cell), f"{name}: lat and lon")
        that({"lat", "lon"} <= set(store.albedo.coords), f"{name}: lat and lon are coordinates of the band")
        import rioxarray  # noqa: F401  (adds .rio)
        found = pyproj.CRS.from_wkt(store.rio.crs.to_wkt())
        that(found == CRS, f"{name}: rioxarray reads {found.name}")
        transform = store.rio.transform()
        that(np.isclose(transform.a, step_m) and np.isclose(transform.c, -np.pi * RADIUS_M), f"{name}: rioxarray places it")


def terrain(folder, heights):
    """Horn (1981) in numpy, with the length of a cell at each latitude."""
    with rasterio.open(folder / "terrain.tif") as data:
        that(same(data.read(1), heights) and data.units == ("m", "degree", "1"), "terrain.tif: heights and units")
        slope, shading = data.read(2), data.read(3)
    z = np.pad(heights.astype("f8"), ((0, 0), (1, 1)), mode="wrap")
    cell_m = np.pi * RADIUS_M / HEIGHT
    latitude = np.radians(90 - (np.arange(1, HEIGHT - 1) + 0.5) * 180 / HEIGHT)[:, None]
    a, b, c = (z[:-2, k:k + WIDTH] for k in range(3))
    d, f = z[1:-1, :WIDTH], z[1:-1, 2:]
    g, h, i = (z[2:, k:k + WIDTH] for k in range(3))
    east = ((c + 2 * f + i) - (a + 2 * d + g)) / (8 * cell_m * np.cos(latitude))
    north = ((a + 2 * b + c) - (g + 2 * h + i)) / (8 * cell_m)
    expected = np.degrees(np.arctan(np.hypot(east, north)))
    off = np.abs(slope[1:-1] - expected).max()
    that(off < 1e-4 and np.isnan(slope[[0, -1]]).all(), f"terrain.tif: slopes up to {expected.max():.1f} deg agree to {off:.1e} deg")
    azimuth, altitude = np.radians(315), np.radians(45)
    # The aspect form that gdaldem uses.
    aspect = np.arctan2(-east, -north)
    gradient = np.arctan(np.hypot(east, north))
    shade = np.sin(altitude) * np.cos(gradient) + np.cos(altitude) * np.sin(gradient) * np.cos(azimuth - aspect)
    off = np.abs(shading[1:-1] - np.maximum(shade, 0)).max()
    that(off < 1e-5, f"terrain.tif: shading agrees to {off:.1e}")


def tiles(folder, albedo):
    told = json.loads((folder / "tiles" / "tilejson.json").read_text())
    finest = told["maxzoom"]
    that(finest == 2 and told["bounds"] == [-180, -90, 180, 90], f"tiles: levels 0 to {finest}, bounds {told['bounds']}")
    black, white = told["facula:stretch"]["black"], told["facula:stretch"]["white"]
    grey = np.clip((albedo.astype("f8") - black) / (white - black), 0, 1) * 255
    # The map begins at 0 degrees east, tiles at 180 degrees west.
    grey = np.roll(grey, WIDTH // 2, axis=1)
    picture = np.zeros((HEIGHT, WIDTH, 2), dtype="u1")
    for path in (folder / "tiles" / str(finest)).glob("*/*.png"):
        column, line = int(path.parent.name), int(path.stem)
        picture[line * 256:line * 256 + 256, column * 256:column * 256 + 256] = np.asarray(Image.open(path))
    known = ~np.isnan(grey)
    that(same(picture[..., 1] > 0, known), "tiles: transparent where nothing was measured and only there")
    off = np.abs(picture[..., 0][known] - grey[known]).max()
    that(off <= 0.5 + 1e-6, f"tiles: grey is the stretch that is told, to {off:.2f}")
    top = np.asarray(Image.open(folder / "tiles" / "0" / "1" / "0.png"))
    right = picture[:, WIDTH // 2:].astype("f8")
    right[right[..., 1] == 0] = np.nan
    mean = np.nanmean(right[..., 0].reshape(256, 4, 256, 4), axis=(1, 3))
    both = ~np.isnan(mean) & (top[..., 1] > 0)
    that(np.abs(top[..., 0][both] - mean[both]).max() < 2 or np.percentile(np.abs(top[..., 0][both] - mean[both]), 99) < 1,
         "tiles: level 0 is the mean of level 2")
    names = {"w": "http://www.opengis.net/wmts/1.0", "o": "http://www.opengis.net/ows/1.1"}
    root = xml.parse(folder / "tiles" / "WMTSCapabilities.xml").getroot()
    urn = root.findtext(".//o:SupportedCRS", namespaces=names)
    system = pyproj.CRS.from_user_input(urn)
    that(system.is_geographic and system.ellipsoid.semi_major_metre == RADIUS_M, f"WMTS: {urn} is {system.name}")
    for level, matrix in enumerate(root.findall(".//w:TileMatrix", names)):
        scale, across = (float(matrix.findtext(f"w:{key}", namespaces=names)) for key in ("ScaleDenominator", "MatrixWidth"))
        degrees = scale * 0.28e-3 / (np.pi * RADIUS_M / 180) * 256 * across
        that(np.isclose(degrees, 360) and across == 2 ** (level + 1), f"WMTS: level {level} goes once around")
    with_gdal(folder, picture)


def with_gdal(folder, picture):
    """The tiles through a description for GDAL's tile service reader, and the capabilities through its WMTS reader."""
    address = (folder / "tiles").as_uri()
    service = f"""<GDAL_WMS><Service name="TMS"><ServerUrl>{address}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service>
      <DataWindow><UpperLeftX>-180</UpperLeftX><UpperLeftY>90</UpperLeftY><LowerRightX>180</LowerRightX>
      <LowerRightY>-90</LowerRightY><TileLevel>2</TileLevel><TileCountX>2</TileCountX><TileCountY>1</TileCountY>
      <YOrigin>top</YOrigin></DataWindow><BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>2</BandsCount></GDAL_WMS>"""
    (folder / "tms.xml").write_text(service)
    for name, what in ((folder / "tms.xml", "tile service"), (f"WMTS:{folder / 'tiles' / 'WMTSCapabilities.xml'}", "WMTS")):
        with rasterio.open(name) as data:
            that((data.width, data.height) == (WIDTH, HEIGHT), f"tiles: GDAL's {what} reader gives {data.width} x {data.height}")
            that(same(data.read(1), picture[..., 0]), f"tiles: GDAL's {what} reader gives the same picture")


def pds4(folder, albedo):
    with rasterio.open(folder / "albedo.xml") as data:
        values = data.read(1)
        that(data.driver == "PDS4" and data.nodata is not None, f"PDS4: driver {data.driver}, missing {data.nodata}")
        values = np.where(values == np.float32(data.nodata), np.nan, values)
        that(same(values.astype("f4"), albedo), "PDS4: pixels are equal bit for bit")
        found = pyproj.CRS.from_wkt(data.crs.to_wkt())
        parameters = {p.name: p.value for p in found.coordinate_operation.params}
        that(found.ellipsoid.semi_major_metre == RADIUS_M and parameters["Longitude of natural origin"] == 180, f"PDS4: {found.name}")
        step_m = np.pi * RADIUS_M / HEIGHT
        t = data.transform
        near = np.allclose([t.a, t.e, t.c, t.f], [step_m, -step_m, -np.pi * RADIUS_M, np.pi / 2 * RADIUS_M], rtol=1e-9)
        that(near, f"PDS4: placed at {t.c:.1f}, {t.f:.1f} m")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(name)
        subprocess.run([programs.example("map_outputs"), folder], check=True)
        albedo = np.fromfile(folder / "albedo.f32", "<f4").reshape(HEIGHT, WIDTH)
        heights = np.fromfile(folder / "heights.f32", "<f4").reshape(HEIGHT, WIDTH)
        geotiffs(folder, albedo)
        sparse(folder)
        zarr(folder, albedo)
        terrain(folder, heights)
        tiles(folder, albedo)
        pds4(folder, albedo)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
