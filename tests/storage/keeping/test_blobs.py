"""State blobs: kept whole under their hash, pruned with the footage."""

import os
from hashlib import sha256
from pathlib import Path

from storage.keeping import blobs
from tests.storage.sealed import NOW_US


def test_blob_is_found_by_the_hash_of_its_bytes(tmp_path: Path) -> None:
    name = blobs.keep(tmp_path / "blobs", {"cameras": {"a": 1}})
    content = blobs.read(tmp_path / "blobs", name)
    assert content == b'{"cameras":{"a":1}}'
    assert sha256(content).hexdigest() == name
    assert blobs.keep(tmp_path / "blobs", {"cameras": {"a": 1}}) == name
    assert len(list((tmp_path / "blobs").iterdir())) == 1


def test_blob_older_than_any_footage_is_pruned(tmp_path: Path) -> None:
    old, new = blobs.keep(tmp_path, {"n": 1}), blobs.keep(tmp_path, {"n": 2})
    now_s = NOW_US // 1_000_000
    os.utime(tmp_path / old, (0, now_s - 33 * 86_400))
    os.utime(tmp_path / new, (0, now_s - 31 * 86_400))
    assert blobs.prune(tmp_path, NOW_US) == 1
    assert blobs.read(tmp_path, old) is None
    assert blobs.read(tmp_path, new) is not None


def test_nothing_to_prune_where_there_are_no_blobs(tmp_path: Path) -> None:
    assert blobs.prune(tmp_path / "none", NOW_US) == 0
