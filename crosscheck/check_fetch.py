# SPDX-License-Identifier: MIT OR Apache-2.0
"""`facula fetch dawn` against a small volume served here: index, question, frames, the kernels their labels name; the
index read by geopandas, the frames' catalogue by pystac, the files by hashlib.

Usage: python check_fetch.py
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas
import pystac

import programs

ROOT = Path(__file__).resolve().parent.parent
FACULA = programs.facula()

VOLUME = "DWNCAFC2_1A"
# File, filter, latitude and east longitude below the spacecraft (made up).
FRAMES = [
    ("FC21A0035300_15117005020F1I", "F1", "-45.25", "239.5"),
    ("FC21A0035301_15117005120F5I", "F5", "-45.50", "10.0"),
    ("FC21A0036302_15120102002F1I", "F1", "N/A", "N/A"),
]
COLUMNS = [("FILE_SPECIFICATION_NAME", 64), ("PRODUCT_ID", 12), ("TARGET_NAME", 10), ("FILTER_NUMBER", 4),
           ("SUB_SPACECRAFT_LATITUDE", 10), ("SUB_SPACECRAFT_LONGITUDE", 10)]
LABEL = 'PDS_VERSION_ID = PDS3\nSPICE_FILE_NAME = ("lsk\\naif0012.tls", "spk\\a.bsp")\nEND\n'


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def volume(folder):
    """Writes the volume and its index."""
    root = folder / "fc" / VOLUME
    (root / "INDEX").mkdir(parents=True)
    rows = []
    for stem, name, latitude, longitude in FRAMES:
        path = f"DATA/FITS/20150424_RC3/{stem}.LBL"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(LABEL)
        (root / path).with_suffix(".FIT").write_bytes(stem.encode() * 100)
        fields = (path, stem[5:12], "CERES", name[1:], latitude, longitude)
        rows.append(",".join(f'"{field:<{size}}"' for field, (_, size) in zip(fields, COLUMNS)))
    start, columns = 2, ""
    for name, size in COLUMNS:
        columns += f"OBJECT = COLUMN\n NAME = {name}\n START_BYTE = {start}\n BYTES = {size}\nEND_OBJECT = COLUMN\n"
        start += size + 3
    table = "\r\n".join(rows) + "\r\n"
    (root / "INDEX" / "INDEX.TAB").write_bytes(table.encode())
    (root / "INDEX" / "INDEX.LBL").write_text(
        f'PDS_VERSION_ID = PDS3\n^INDEX_TABLE = "INDEX.TAB"\nOBJECT = INDEX_TABLE\n ROW_BYTES = {len(rows[0]) + 2}\n'
        f" ROWS = {len(rows)}\n{columns}END_OBJECT = INDEX_TABLE\nEND\n"
    )
    for name in ("lsk/naif0012.tls", "spk/a.bsp"):
        (folder / "kernels" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "kernels" / name).write_text(name)


def table_of(folder, port):
    """The project's table of volumes with the addresses of the server here."""
    text = (ROOT / "crates/facula-fetch/data/dawn.toml").read_text()
    lines, skipping = [], False
    for line in text.splitlines():
        if line.startswith("base_url"):
            line = f'base_url = "http://127.0.0.1:{port}/fc"'
        if line.startswith("kernel_urls"):
            lines.append(f'kernel_urls = ["http://127.0.0.1:{port}/kernels/{{kind}}/{{name}}"]')
            skipping = True
        elif line.startswith("[renamed]"):
            skipping = False
        if not skipping:
            lines.append(line)
    path = folder / "table.toml"
    path.write_text("\n".join(lines))
    return path


def run(folder, *arguments, code=0):
    environment = {**os.environ, "FACULA_CACHE": str(folder / "cache")}
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        environment.pop(name, None)
    done = subprocess.run([FACULA, "fetch", *map(str, arguments)], capture_output=True, text=True, env=environment)
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    return done.stdout


def main():
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        volume(folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        question = ["dawn", "--target", "ceres", "--phase", "rc3", "--level", "raw",
                    "--archive", table_of(folder, server.server_port), "-o", folder / "out"]
        told = json.loads(run(folder, *question, "--filter", "F1", "--dry-run", "--json"))
        assert (told["wanted_files"], len(told["frames"]["features"])) == (4, 2), told
        assert not list((folder / "out").rglob("*.FIT")), "a dry run fetched frames"

        items = json.loads(run(folder, *question, "--filter", "F1", "--kernels", "--json"))
        got = {Path(item["path"]).name: item for item in items}
        assert {"naif0012.tls", "a.bsp"} <= set(got) and len(items) == 6, sorted(got)
        for item in items:
            assert item["outcome"] == "fetched", item
            assert hashlib.sha256(Path(item["path"]).read_bytes()).hexdigest() == item["sha256"], item
        again = json.loads(run(folder, *question, "--filter", "F1", "--kernels", "--offline", "--json"))
        assert {item["outcome"] for item in again} == {"present"}, again

        index = geopandas.read_parquet(folder / "out" / "index" / f"{VOLUME}.parquet")
        assert list(index["filter"]) == ["F1", "F5", "F1"] and set(index["target"].str.upper()) == {"CERES"}, index
        first, _, unknown = index.geometry
        assert (first.x, first.y) == (239.5 - 360.0, -45.25) and unknown is None, index
        catalogue = pystac.ItemCollection.from_file(str(folder / "out" / f"{VOLUME}.stac.json"))
        assert len(catalogue.items) == 2 and all(item.assets for item in catalogue.items)
        server.shutdown()
        # Nobody listens any more: refused at once, not left waiting.
        server.server_close()
        missing = subprocess.run([FACULA, "fetch", *map(str, question), "--filter", "F5"], capture_output=True, text=True,
                                 env={**os.environ, "FACULA_CACHE": str(folder / "empty"), "no_proxy": "*"})
        assert missing.returncode in (1, 2), missing
    print("6 files, index in geopandas, catalogue in pystac")


if __name__ == "__main__":
    sys.exit(main())
