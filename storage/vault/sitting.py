"""Several grants in one sitting: one file out to a custodian, one back (docs/design/keys.md "Sittings"). Pure.

A sitting is a container and nothing more: each grant file in it is checked, and each answer bound, on its own. One that
can not be read or does not hold keeps none of the others from being answered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from nvr.base.errors import NvrError
from nvr.base.ids import GrantId, is_uuid7
from nvr.base.jcs import Json, canonical
from storage.ledger.note import Checkpoint
from storage.vault.answer import Answer
from storage.vault.fields import DocumentInvalid, Fields
from storage.vault.grantfile import GrantFile, grant_file_from
from storage.vault.verification import GrantUnproven, Pins, VerifiedGrant, verify_grant_file

VERSION: Final = 1
TYPE: Final = "scelle-sitting"
ANSWERS_TYPE: Final = "scelle-sitting-answer"

MOST_FILES: Final = 64
"""Grant files in one sitting: more than anybody looks at with care."""
MOST_BYTES: Final = 128 * 2**20
"""Of a sitting's file, and of the file with the answers."""


@dataclass(frozen=True, slots=True)
class Named:
    """Which grant, and under which custodian set (its hash in hex), as the container says of what is in it."""

    grant: GrantId
    set_hash: str


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A grant file of a sitting that was checked, or why it can not be answered."""

    named: Named
    verified: VerifiedGrant | NvrError


def pack_sitting(files: Sequence[tuple[Named, GrantFile]]) -> bytes:
    """The file of a sitting.

    Raises:
        DocumentInvalid: it has no grant file, too many of them, or is too long.
    """
    return _pack(TYPE, "files", [{**_as_json(named), "file": file.as_json()} for named, file in files])


def pack_answers(answers: Sequence[tuple[Named, Answer]]) -> bytes:
    """The file with a custodian's answers. Raises as `pack_sitting`."""
    return _pack(ANSWERS_TYPE, "answers", [{**_as_json(named), "answer": one.as_json()} for named, one in answers])


def parse_answers(data: bytes) -> list[tuple[Named, bytes]]:
    """The answers in a file, each as it would stand in a file of its own; nothing of them is checked yet.

    Raises:
        DocumentInvalid: it is none of this version, too long, or answers one grant file twice.
    """
    fields = _parsed(data, ANSWERS_TYPE, "answers")
    return [(named, canonical(dict(item.object("answer").value))) for named, item in _items(fields, "answers")]


def is_sitting(data: bytes) -> bool:
    """Whether this looks like the file of a sitting rather than a single grant file: `t` is the last member but `v`."""
    return data.endswith(canonical({"t": TYPE, "v": VERSION})[1:])


def look_at(data: bytes, pins: Pins, *, now_utc_us: int) -> list[LookedAt]:
    """Check each grant file of a sitting, as `verify_grant_file` does, in the order of the file.

    All are proven against one checkpoint: that of the first one that holds. One against another is refused, since a
    server could show each grant in a log of its own.

    Raises:
        DocumentInvalid: it is no sitting of this version, too long, has too many files, or one of them twice.
    """
    checkpoint: Checkpoint | None = None
    looked = []
    for named, item in _items(_parsed(data, TYPE, "files"), "files"):
        try:
            verified = _verified(named, item, pins, now_utc_us)
            if checkpoint is not None and verified.checkpoint != checkpoint:
                raise GrantUnproven(what="another checkpoint than the sitting's", segment=None)
        except NvrError as error:
            looked.append(LookedAt(named, error))
        else:
            checkpoint = verified.checkpoint
            looked.append(LookedAt(named, verified))
    return looked


def _verified(named: Named, item: Fields, pins: Pins, now_utc_us: int) -> VerifiedGrant:
    verified = verify_grant_file(grant_file_from(item.object("file")), pins, now_utc_us=now_utc_us)
    found = Named(GrantId(verified.grant.grant), verified.file.custodians.hash.hex())
    if found != named:
        raise GrantUnproven(what="another grant file than the sitting names", segment=None)
    return verified


def _as_json(named: Named) -> dict[str, Json]:
    return {"grant": named.grant, "set": named.set_hash}


def _pack(kind: str, key: str, items: list[dict[str, Json]]) -> bytes:
    if not 1 <= len(items) <= MOST_FILES:
        raise DocumentInvalid(what=f"{kind}.{key}: 1 to {MOST_FILES}")
    packed = canonical({"v": VERSION, "t": kind, key: [*items]})
    if len(packed) > MOST_BYTES:
        raise DocumentInvalid(what=f"{kind}: longer than {MOST_BYTES} bytes")
    return packed


def _parsed(data: bytes, kind: str, key: str) -> Fields:
    if len(data) > MOST_BYTES:
        raise DocumentInvalid(what=f"{kind}: longer than {MOST_BYTES} bytes")
    fields = Fields.parse(data, kind)
    fields.expect("v", VERSION)
    fields.expect("t", kind)
    if fields.value.keys() != {"v", "t", key}:
        raise DocumentInvalid(what=f"{kind}: unknown members")
    return fields


def _items(fields: Fields, key: str) -> Iterator[tuple[Named, Fields]]:
    items = fields.objects(key)
    if not 1 <= len(items) <= MOST_FILES:
        raise DocumentInvalid(what=f"{key}: 1 to {MOST_FILES}")
    found = []
    for item in items:
        grant, set_hash = item.text("grant"), item.hexadecimal("set").hex()
        if not is_uuid7(grant):
            raise DocumentInvalid(what=f"{key}.grant")
        found.append((Named(GrantId(grant), set_hash), item))
    if len({named for named, _ in found}) != len(found):
        raise DocumentInvalid(what=f"{key}: one grant file twice")
    yield from found
