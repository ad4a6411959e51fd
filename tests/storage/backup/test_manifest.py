"""A list of parts is what was signed, and names nothing outside its set."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from storage.backup.age import BackupDamaged
from storage.backup.manifest import File, KeyList, parse_keys, parse_manifest, sign

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LIST = KeyList(
    v=1,
    t="scelle-backup-keys",
    origin="ville.example/1",
    made_utc_us=1_790_000_000_000_000,
    parts=(File(name="keys/0/20260921-0123abcd.keys.age", bytes=7, sha256="0" * 64),),
)


def test_list_is_read_as_it_was_signed_with_the_key_that_signed_it() -> None:
    assert parse_keys(sign(LIST, KEY)) == (LIST, KEY.public_key())


def test_changed_list_or_another_kind_of_list_is_refused() -> None:
    signed = sign(LIST, KEY)
    changed = json.loads(signed)
    changed["body"]["parts"] = []
    for data in (json.dumps(changed).encode(), signed[:-2], b"{}"):
        with pytest.raises(BackupDamaged):
            parse_keys(data)
    with pytest.raises(BackupDamaged):
        parse_manifest(signed)


@pytest.mark.parametrize(
    "name", ["../x.age", "/etc/x.age", "keys/../../x.age", "keys/0/.x.age", ".x.age", "x", "a/b/c/d.age"]
)
def test_part_outside_of_the_set_can_not_be_named(name: str) -> None:
    with pytest.raises(ValidationError):
        File(name=name, bytes=0, sha256="0" * 64)
