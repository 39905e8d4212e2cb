# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads the catalogue of a survey with pystac and checks that every item and file is there and is what it says.

Usage: python check_stac.py SURVEY_FOLDER
"""
import hashlib
import sys
from pathlib import Path

import pystac


def main(folder):
    catalog = pystac.Catalog.from_file(str(folder / "catalog.json"))
    items = list(catalog.get_items())
    assert len(items) >= 7, f"only {len(items)} items"
    files = 0
    for item in items:
        for asset in item.assets.values():
            path = Path(asset.get_absolute_href())
            content = path.read_bytes()
            # Multihash of SHA-256: code 0x12, length 0x20.
            assert asset.extra_fields["file:checksum"] == "1220" + hashlib.sha256(content).hexdigest(), path
            assert asset.extra_fields["file:size"] == len(content), path
            files += 1
    maps = [item for item in items if item.properties.get("proj:code")]
    assert maps and all(item.properties["proj:code"].startswith("IAU_2015:") for item in maps)
    print(f"{len(items)} items, {files} files with their checksums")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
