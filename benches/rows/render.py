# SPDX-License-Identifier: MIT OR Apache-2.0
"""Row `render`: a lit frame of 1024 x 1024 pixels of a lumpy sphere of 1.3 million facets, with shadows, at 1 and at 16
samples a pixel, all threads of the machine.

The figure with a goal is a frame of a detector: Hapke's law, penumbrae, point-spread function, smear, noise. Its peers do
less, and each is also compared with Facula doing just that (shadows of a point Sun, no detector):

* Embree through embreex with numpy (primary rays, shadow rays, Lommel-Seeliger), in one thread, as embreex has it;
* Mitsuba 3 (direct light, Lambert), all threads: variant llvm_ad_rgb where a small scene shows that the LLVM found
  compiles it (LLVM 15 gives up on its square roots for AVX-512), else scalar_rgb.

Building the mesh's tree, scenes, and Mitsuba's compiled kernel are in no time. Compared are means of 8 x 8 pixels wholly on
the disc, lit and away from edges of shadows.
"""
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIZE, CELLS, ALBEDO = 1024, 330, 0.09
GOALS_S = {1: 0.08, 16: 0.45}
#: Mean difference of the I/F.
BOUND = 0.01


def unit(v):
    return v / np.linalg.norm(v)


# The view of benches/src/render.rs.
TOWARDS = unit(np.array([0.62, -0.55, 0.56]))
RIGHT = unit(np.cross(TOWARDS, [0, 0, 1]))
UP = np.cross(TOWARDS, RIGHT)
SUN = unit(TOWARDS + RIGHT * 1.2 + UP * -0.6)
EYE_KM = TOWARDS * 5000.0
HALF_TANGENT = 0.105


def looks(place):
    """Directions of the lines of sight through one place (0 to 1 in both axes) of all pixels."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    x, y = ((c + at) / SIZE * 2 * HALF_TANGENT - HALF_TANGENT for c, at in zip((x, y), place))
    rays = x[..., None] * RIGHT - y[..., None] * UP - TOWARDS
    return (rays / np.linalg.norm(rays, axis=-1, keepdims=True)).reshape(-1, 3)


def embree(vertices, facets):
    """A function of the number of samples that renders; None without embreex."""
    try:
        from embreex import rtcore_scene
        from embreex.mesh_construction import TriangleMesh
    except ImportError:
        return None
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, vertices.astype(np.float32), facets.astype(np.int32))
    a, b, c = (vertices[facets[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)

    def once(place):
        rays = looks(place)
        eye = np.broadcast_to(EYE_KM, rays.shape).astype(np.float32)
        hit = scene.run(eye, rays.astype(np.float32), output=1)
        seen = np.flatnonzero(hit["primID"] >= 0)
        normal, ray = normals[hit["primID"][seen]], rays[seen]
        mu0, mu = normal @ SUN, -(normal * ray).sum(1)
        lit = np.flatnonzero((mu0 > 0) & (mu > 0))
        point = EYE_KM + ray[lit] * hit["tfar"][seen[lit], None] + normal[lit] * 0.005
        sun = np.broadcast_to(SUN, point.shape).astype(np.float32)
        # 0 where something is in the way, -1 where not.
        lit = lit[scene.run(point.astype(np.float32), sun, query="OCCLUDED") < 0]
        iof = np.zeros(SIZE * SIZE)
        iof[seen[lit]] = 2 * ALBEDO * mu0[lit] / (mu0[lit] + mu[lit])
        return iof.reshape(SIZE, SIZE)

    def render(samples):
        side = int(samples**0.5)
        places = [((i + 0.5) / side, (j + 0.5) / side) for j in range(side) for i in range(side)]
        return sum(once(place) for place in places) / len(places)

    return render


def variant():
    """The fastest variant of Mitsuba that works, tried in a process of its own: LLVM ends the process when it fails."""
    tried = [sys.executable, __file__, "llvm_ad_rgb"]
    works = subprocess.run(tried, capture_output=True, timeout=120).returncode == 0
    return "llvm_ad_rgb" if works else "scalar_rgb"


def mitsuba(vertices, facets, name=None):
    """Name and function as of `embree`; None without Mitsuba."""
    try:
        import mitsuba as mi
    except ImportError:
        return None
    mi.set_variant(name or variant())
    white = mi.Properties()
    white["bsdf"] = mi.load_dict({"type": "diffuse", "reflectance": {"type": "rgb", "value": ALBEDO}})
    mesh = mi.Mesh("body", len(vertices), len(facets), props=white)
    parameters = mi.traverse(mesh)
    parameters["vertex_positions"] = vertices.astype(np.float32).ravel()
    parameters["faces"] = facets.astype(np.uint32).ravel()
    parameters.update()
    degrees = float(2 * np.degrees(np.arctan(HALF_TANGENT)))
    to_world = mi.ScalarTransform4f().look_at(origin=EYE_KM.tolist(), target=[0, 0, 0], up=UP.tolist())
    scene = mi.load_dict({
        "type": "scene", "body": mesh, "integrator": {"type": "direct", "bsdf_samples": 0, "emitter_samples": 1},
        "sun": {"type": "directional", "direction": (-SUN).tolist(), "irradiance": {"type": "rgb", "value": np.pi}},
        "sensor": {"type": "perspective", "fov": degrees, "to_world": to_world, "near_clip": 1.0, "far_clip": 1e5,
                   "film": {"type": "hdrfilm", "width": SIZE, "height": SIZE, "rfilter": {"type": "box"},
                            "pixel_format": "luminance", "component_format": "float32"},
                   "sampler": {"type": "stratified", "sample_count": 16}},
    })
    return f"mitsuba {mi.variant()}", lambda samples: np.array(mi.render(scene, spp=samples))[..., 0]


def fastest(work, runs):
    def once():
        start = time.perf_counter()
        result = work()
        return time.perf_counter() - start, result

    return min((once() for _ in range(runs)), key=lambda run: run[0])


def difference(ours, theirs):
    """Mean relative difference of blocks of 8 x 8 pixels that are bright, in themselves and against their neighbours."""
    block = lambda picture: picture.reshape(SIZE // 8, 8, SIZE // 8, 8)
    least = block(np.minimum(ours, theirs)).min((1, 3))
    ours, theirs = block(ours).mean((1, 3)), block(theirs).mean((1, 3))
    inner = least > 0.25 * ours.max()
    assert inner.sum() > 1000, inner.sum()
    return float(np.mean(np.abs(theirs[inner] / ours[inner] - 1)))


def run(bench, rounds):
    """Figures for 1 and 16 samples: the frame with its goal, and each peer next to Facula doing what it does."""
    from run import Figure

    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder, peers = Path(name), None
        for samples, goal_s in GOALS_S.items():
            ours = {}
            for _ in range(rounds):
                for mode, took in bench("render", folder, CELLS, samples)["times"].items():
                    ours[mode] = min(took["wall_s"], ours.get(mode, np.inf))
            if peers is None:
                vertices = np.fromfile(folder / "vertices.f64").reshape(-1, 3)
                facets = np.fromfile(folder / "facets.u32", np.uint32).reshape(-1, 3)
                peers = {"lommel-seeliger": ("embreex + numpy", embree(vertices, facets)),
                         "lambert": mitsuba(vertices, facets) or ("mitsuba", None)}
            times = {}
            for law, (peer, render) in peers.items():
                if render is None:
                    continue
                # Its kernel is compiled in the first run.
                render(samples)
                times[peer], picture = fastest(lambda: render(samples), rounds)
                off = difference(np.fromfile(folder / f"{law}.f32", "<f4").reshape(SIZE, SIZE).astype(float), picture)
                what = f"{law} with shadows, {samples} samples"
                figures.append(Figure(what, ours[law], None, {peer: times[peer]}, off, BOUND))
            what = f"frame after Hapke with shadows, PSF and noise, {samples} samples"
            figures.append(Figure(what, ours["frame"], goal_s, times, 0.0, BOUND))
    return figures


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("run through benches/run.py render")
    corners = np.array([[400, 0, 0], [0, 400, 0], [0, 0, 400], [-300, -300, -300]])
    mitsuba(corners, np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]]), sys.argv[1])[1](1)
