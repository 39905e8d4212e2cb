# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs every cross-check on the output folders of surveys and closes with the count of checks.

Usage: python run_all.py SURVEY_FOLDER [SURVEY_FOLDER ...]

Those of kernels, cameras and geometry need no survey and run once.
"""
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
# On their own data, against CSPICE, USGS ALE, astropy, GDAL, pdr, PROJ, ffmpeg.
ONCE = ["check_kernels.py", "check_writers.py", "check_observation.py", "check_isd.py", "check_archive.py",
        "check_convert.py", "check_fetch.py", "check_photometry.py", "check_projections.py", "check_map_outputs.py",
        "check_craters.py", "check_detection.py", "check_video.py"]
# Equirectangular systems of IAU_2015 with central meridian 180 degrees.
IAU_CODES = {"ceres": "200000115", "vesta": "200000415"}


def checks(folder):
    """The command lines for one survey."""
    body = json.loads((folder / "run.json").read_text())["body"]["name"]
    yield [HERE / "check_cog.py", folder, IAU_CODES[body]]
    light = folder / "light"  # facula light-curve --run FOLDER -o FOLDER/light
    yield [HERE / "check_spots.py", folder, *([light] if light.is_dir() else [])]
    yield [HERE / "check_stac.py", folder]
    if (folder / "truth.json").exists():
        yield [HERE / "check_geometry.py", folder]


def run(named):
    command, _ = named
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True)


def main():
    passed = failed = 0
    folders = [Path(folder) for folder in sys.argv[1:]]
    commands = [(command, f"{command[0].name} {folder.name}") for folder in folders for command in checks(folder)]
    commands += [([HERE / name], name) for name in ONCE]
    # Two at a time; told in their order.
    with ThreadPoolExecutor(2) as pool:
        for (_, name), done in zip(commands, pool.map(run, commands)):
            good = done.returncode == 0
            passed, failed = passed + good, failed + (not good)
            print(f"{'ok    ' if good else 'FAILED'} {name}", flush=True)
            if not good or done.stdout.startswith("SKIPPED"):
                print(done.stdout + done.stderr)
    print(f"crosscheck: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
