# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `mosaic`: raw HAMO frames of 1024 x 1024, calibrated, orthorectified and normalised, to a global mosaic, two threads.

The curve over 10, 100, 1,000 and 4,000 frames at 23,040 x 11,520 cells (time should grow with the frame pixels touched),
the 1,000 frames once more as Cloud Optimized GeoTIFF on disk, and 100 frames at 84,000 x 42,000. Goals: 5 s in memory, 10 s
on disk, 2 GB; 4 GB for the large grid. The peers of DESIGN section 5 (sums of parts with GDAL, numpy and cv2) took 4.6 min
and 100 s. Processor time is given beside the clock's: on a busy machine it is the one to read.
`run()` gives the figures; alone it prints them; `--figure FILE.png` draws the curve (needs matplotlib).
"""
import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FRAMES, LINES, LARGE_LINES = (10, 100, 1000, 4000), 11520, 42000
GOALS = {"memory_s": 5.0, "disk_s": 10.0, "peak_mb": 2000.0, "large_peak_mb": 4000.0}
BUDGET_MB = 1800


def program():
    subprocess.run(["cargo", "build", "-q", "--release", "-p", "facula-bench"], cwd=REPOSITORY, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "release" / "facula-bench"


def timed(bench, frames, lines, *more):
    command = [bench, "mosaic", frames, lines, BUDGET_MB, *more]
    environment = os.environ | {"RAYON_NUM_THREADS": "2"}
    return json.loads(subprocess.run(list(map(str, command)), env=environment, capture_output=True, check=True).stdout)


def run():
    bench = program()
    curve = [timed(bench, frames, LINES) for frames in FRAMES]
    with tempfile.TemporaryDirectory() as folder:
        disk = timed(bench, 1000, LINES, folder)
        disk["bytes"] = sum(file.stat().st_size for file in Path(folder).iterdir())
    return {"goals": GOALS, "curve": curve, "disk": disk, "large": timed(bench, 100, LARGE_LINES)}


def draw(figures, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    curve = figures["curve"]
    measured = [row["contributions"] / 1e6 for row in curve]
    pyplot.figure(figsize=(6, 4))
    pyplot.loglog(measured, [row["whole_cpu_s"] for row in curve], "o-", label="processor time")
    pyplot.loglog(measured, [row["whole_s"] for row in curve], "s--", label="clock")
    for row, x in zip(curve, measured):
        pyplot.annotate(f"{row['frames']} frames", (x, row["whole_cpu_s"]), (5, -12), textcoords="offset points")
    pyplot.xlabel("cells measured in frames, million")
    pyplot.ylabel("s")
    pyplot.legend()
    pyplot.tight_layout()
    pyplot.savefig(path, dpi=150)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    answer = run()
    if options.figure:
        draw(answer, options.figure)
    print(json.dumps(answer, indent=1))
