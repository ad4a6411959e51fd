"""Bundles that were changed on purpose: a flipped byte, or a forgery by one who holds the export key."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from access.export.files import files_below, hash_files, sums
from tests.access.footage import FRAME_US, START_UTC_US, Town, codec_of, encode, records_of, signer


def make_bundle(town: Town, *, first: int = 31, last: int = 62, b_frames: int = 2, per_release: int = 1000) -> Path:
    """A good bundle: one camera, two segments of one run, hidden frames at both ends."""
    sets, units = encode(100, b_frames=b_frames)
    records, run = records_of(units), town.run()
    town.seal(records[:2], codec_of(sets), run=run)
    town.seal(records[2:], codec_of(sets), run=run)
    begin, end = START_UTC_US + first * FRAME_US, START_UTC_US + last * FRAME_US
    return town.export(town.grant(begin, end, per_release=per_release)).path


def copy_of(bundle: Path, directory: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copytree(bundle, directory / bundle.name))


def flip(path: Path, at: int, mask: int = 1) -> None:
    """Change one byte; `at` counts from the end when negative."""
    data = bytearray(path.read_bytes())
    data[at] ^= mask
    path.write_bytes(data)


def change_json(path: Path, change: Callable[[Any], None]) -> None:
    """Change a JSON file, which stays canonical."""
    value = json.loads(path.read_bytes())
    change(value)
    path.write_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def sign_again(bundle: Path, change: Callable[[Any], None] = lambda manifest: None) -> None:
    """Make hashes, manifest, signature and list fit what the files are now: all but the ledger can be forged so."""

    def fit(manifest: dict[str, Any]) -> None:
        for file in (*manifest["files"], *manifest["items"]):
            data = (bundle / file["path"]).read_bytes()
            file["size"], file["sha256"] = len(data), sha256(data).hexdigest()
        change(manifest)

    change_json(bundle / "manifest.json", fit)
    (bundle / "manifest.sig").write_bytes(signer().sign((bundle / "manifest.json").read_bytes()))
    (bundle / "manifest-sha256.txt").unlink()
    (bundle / "manifest-sha256.txt").write_bytes(sums(hash_files(bundle, files_below(bundle))))
