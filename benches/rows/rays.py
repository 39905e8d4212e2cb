# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `rays`: whole frames on meshes of 0.33, 1.3 and 5.2 million facets, next to Embree (C++, packets of 16) and
open3d, which trace the same rays in the same run.

    python3 benches/rows/rays.py [CELLS ...]        # 166 330 658; needs target/release/facula-bench, libembree-dev

Results are compared: hit or miss of every pixel, distances, lit or dark of every point. `run()` gives one dictionary;
times are the shortest of some runs, `cpu_s` the time of both threads together (other work on the machine disturbs it
less than the wall clock).
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: Sizes: cells along the edge of a cube's face; 12 cells² facets.
CELLS = (166, 330, 658)
#: Pixels and points that may differ: lines of sight that graze an edge, decided by single precision in the peers.
SILHOUETTE_FRACTION = 2e-4
#: Distances agree to this, relative, for 99 % of the pixels: single precision is 6e-8 of the coordinates.
DISTANCE_RATIO = 1e-6


def facula_bench():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "facula-bench"


def embree(folder):
    """Compiles the peer beside the target folder; None where Embree is not installed."""
    program = facula_bench().parent / "embree-rays"
    source = ROOT / "benches/peers/embree/rays.cpp"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        command = ["g++", "-O3", "-march=native", "-std=c++17", str(source), "-o", str(program), "-lembree3", "-lpthread"]
        if subprocess.run(command, capture_output=True).returncode != 0:
            return None
    return json.loads(subprocess.check_output([str(program), str(folder)]))


def open3d_rays(folder, runs=5):
    """open3d's RaycastingScene (Embree inside), all its threads; None where it is not installed."""
    try:
        import open3d as o3d
    except Exception:
        return None
    vertices = np.fromfile(folder / "vertices.f64").reshape(-1, 3).astype(np.float32)
    facets = np.fromfile(folder / "facets.u32", np.uint32).reshape(-1, 3)
    camera = np.fromfile(folder / "camera.f64").reshape(2, 3)
    looks = np.fromfile(folder / "looks.f64").reshape(-1, 3).astype(np.float32)
    shadow = np.fromfile(folder / "shadow_rays.f64").reshape(-1, 6).astype(np.float32)
    start = time.perf_counter()
    scene = o3d.t.geometry.RaycastingScene(nthreads=2)
    scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(facets))
    rays = np.empty((len(looks), 6), np.float32)
    rays[:, :3], rays[:, 3:] = camera[0], looks
    rays, shadow = o3d.core.Tensor(rays), o3d.core.Tensor(shadow)
    scene.cast_rays(rays[:16])
    build_s = time.perf_counter() - start
    return {
        "build_s": build_s,
        "primary_mray_s": len(looks) / fastest(lambda: scene.cast_rays(rays), runs) / 1e6,
        "shadow_mray_s": shadow.shape[0] / fastest(lambda: scene.test_occlusions(shadow), runs) / 1e6,
    }


def fastest(work, runs):
    def once():
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(once() for _ in range(runs))


def agreement(folder):
    """How Facula's results differ from Embree's."""
    distance = np.fromfile(folder / "distance.f64")
    peer = np.fromfile(folder / "embree_distance.f32", np.float32).astype(float)
    hit, peer_hit = np.isfinite(distance), np.isfinite(peer)
    both = hit & peer_hit
    ratio = np.sort(np.abs(peer[both] / distance[both] - 1.0))
    points = np.fromfile(folder / "shadow_points.u32", np.uint32)
    lit = np.fromfile(folder / "lit.u8", np.uint8)[points]
    peer_lit = np.fromfile(folder / "embree_lit.u8", np.uint8)
    found = {
        "hit_differs": int((hit != peer_hit).sum()),
        "distance_ratio_99": float(ratio[int(0.99 * len(ratio))]),
        "distance_ratio_most": float(ratio[-1]),
        "lit_differs": int((lit != peer_lit).sum()),
    }
    assert found["hit_differs"] <= SILHOUETTE_FRACTION * len(hit), found
    assert found["distance_ratio_99"] <= DISTANCE_RATIO, found
    assert found["lit_differs"] <= 10 * SILHOUETTE_FRACTION * len(lit), found
    return found


def run(cells=CELLS):
    sizes = []
    for size in cells:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            command = [str(facula_bench()), "rays", name, str(size)]
            ours = json.loads(subprocess.check_output(command))
            row = {"facets": ours["facets"], "facula": ours, "embree": embree(folder), "open3d": open3d_rays(folder)}
            if row["embree"]:
                row["agreement"] = agreement(folder)
                row["ratio_primary"] = row["embree"]["primary_s"] / ours["primary_s"]
                row["ratio_shadow"] = row["embree"]["shadow_s"] / ours["shadow_s"]
                row["ratio_build"] = row["embree"]["build_s"] / ours["build_s"]
                row["ratio_primary_cpu"] = row["embree"]["primary_cpu_s"] / ours["primary_cpu_s"]
                row["ratio_shadow_cpu"] = row["embree"]["shadow_cpu_s"] / ours["shadow_cpu_s"]
            sizes.append(row)
    return {"row": "rays", "sizes": sizes}


if __name__ == "__main__":
    print(json.dumps(run([int(word) for word in sys.argv[1:]] or CELLS), indent=1))
