# SPDX-License-Identifier: MIT OR Apache-2.0
"""Decodes the MP4 Facula writes with ffmpeg (PyAV, dav1d) and compares it with the GIF of the same pictures.

Usage: python check_video.py [FOLDER]      (default: a temporary folder; needs cargo, av, pillow)
Exit status 0 when every check holds, 1 otherwise.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageSequence

import programs

# As the example makes them: pictures, time of each in ms, width of the GIF, its five flat patches.
FRAMES, DELAY_MS, WIDTH = 26, 160, 241
PATCHES = [(24 + 48 * k, 24) for k in range(5)]
LEAST_PSNR_DB, MOST_PATCH = 35.0, 2.0
# Code points of ITU-T H.273: BT.709 for primaries, transfer and matrix; limited range in ffmpeg's count.
BT709, LIMITED = 1, 1


def pictures(path):
    """The GIF's pictures as bytes of red, green, blue."""
    return np.array([np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(Image.open(path))])


def decoded(path):
    """The video's facts and pictures."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        context = stream.codec_context
        facts = {
            "codec": context.codec.canonical_name,
            "format": context.format.name,
            "pixels": (context.width, context.height),
            "seconds": float(stream.duration * stream.time_base),
            "colours": (context.color_primaries, context.color_trc, context.colorspace, context.color_range),
            "times": [round(1000 * frame.time) for frame in frames],
            "keys": [k for k, frame in enumerate(frames) if frame.key_frame],
        }
        return facts, np.array([frame.to_ndarray(format="rgb24") for frame in frames])


def seek(path, wanted):
    """The time the decoder lands at when asked to go to a key picture."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        container.seek(int(wanted / 1000 / stream.time_base), stream=stream)
        return round(1000 * next(container.decode(stream)).time)


def compare(folder):
    told = pictures(folder / "animation.gif")
    facts, found = decoded(folder / "animation.mp4")
    even = tuple(size + size % 2 for size in told.shape[2:0:-1])
    for what, value, wanted in [
        ("codec", facts["codec"], "av1"),
        ("pixel format", facts["format"], "yuv420p"),
        ("size, the GIF's made even", facts["pixels"], even),
        ("width of the GIF", told.shape[2], WIDTH),
        ("duration, s", facts["seconds"], FRAMES * DELAY_MS / 1000),
        ("colours and range", facts["colours"], (BT709, BT709, BT709, LIMITED)),
        ("times of the pictures, ms", facts["times"], [k * DELAY_MS for k in range(FRAMES)]),
        ("pictures in the GIF", len(told), FRAMES),
        ("key pictures", facts["keys"], [0, 24]),
        ("seeking to the second key picture, ms", seek(folder / "animation.mp4", 24 * DELAY_MS), 24 * DELAY_MS),
    ]:
        yield value == wanted, f"{what}: {value}" + ("" if value == wanted else f", not {wanted}")
    found = found[:, : told.shape[1], : told.shape[2]].astype(float)
    noise = ((found - told) ** 2).mean(axis=(1, 2, 3))
    psnr = 10 * np.log10(255**2 / noise)
    yield psnr.min() > LEAST_PSNR_DB, f"PSNR of the pictures: {psnr.min():.1f} dB at least, {np.median(psnr):.1f} median"
    patch = [np.s_[:, y - 15 : y + 15, x - 15 : x + 15] for x, y in PATCHES]
    off = max(np.abs(found[p].mean(axis=(1, 2)) - told[p].mean(axis=(1, 2))).max() for p in patch)
    yield off < MOST_PATCH, f"flat patches: {off:.2f} of 255 off at most"
    steps = [round(float(found[p].mean()), 1) for p in patch]
    yield steps[0] < 3 and steps[4] > 252 and np.all(np.diff(steps) > 20), f"patches from black to white: {steps}"


def same_bytes(program, folder):
    """Whether one thread and eight make the same file."""
    files = []
    for threads in ("1", "2", "8"):
        own = folder / f"threads{threads}"
        own.mkdir()
        subprocess.run([program, own], check=True, env={**os.environ, "RAYON_NUM_THREADS": threads})
        files.append((own / "animation.mp4").read_bytes())
    return files[0] == files[1] == files[2]


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        program = programs.example("animate")
        subprocess.run([program, folder], check=True)
        failed = 0
        results = [*compare(folder), (same_bytes(program, Path(temporary)), "same bytes with 1, 2 and 8 threads")]
        for good, text in results:
            failed += not good
            print(f"{'ok    ' if good else 'FAILED'} {text}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
