"""Signed notes, checkpoints and proof files, as C2SP writes them: signed-note, tlog-checkpoint, tlog-proof@v1.

Signatures are Ed25519 (type 0x01). A note may carry further lines by keys that we do not know, of a witness for
example: they are left alone, as the format asks.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from nvr.base.errors import EvidenceAtRisk
from storage.merkle import HASH_BYTES, leaf_hash, verify_inclusion

ED25519_TYPE: Final = b"\x01"
KEY_ID_BYTES: Final = 4
PROOF_VERSION: Final = "c2sp.org/tlog-proof@v1"

_DASH: Final = "\u2014 "
_MOST_NOTE_CHARACTERS: Final = 1 << 20
_MOST_PATH: Final = 64


class NoteInvalid(EvidenceAtRisk):
    """A note, checkpoint or proof file is malformed or not signed by the expected key; field `why` says which."""

    message_id = "note-invalid"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: its first `size` entries have this root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class ProofFile:
    """That entry `index` lies in the tree of `checkpoint` (the note, whole): checked without the log."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str


def key_id(name: str, public_key: Ed25519PublicKey) -> bytes:
    """The first four bytes of SHA-256(name || 0x0A || 0x01 || public key)."""
    return sha256(name.encode() + b"\n" + ED25519_TYPE + public_key.public_bytes_raw()).digest()[:KEY_ID_BYTES]


def sign_note(text: str, name: str, private_key: Ed25519PrivateKey) -> str:
    """The text with one signature line under this key name.

    Raises:
        ValueError: the text does not end with a newline, or the name holds a space or a plus.
    """
    if not text.endswith("\n") or not _is_key_name(name):
        raise ValueError("a note's text ends with a newline, and its key's name has no space and no plus")
    signature = key_id(name, private_key.public_key()) + private_key.sign(text.encode())
    return f"{text}\n{_DASH}{name} {_base64(signature)}\n"


def open_note(note: str, name: str, public_key: Ed25519PublicKey) -> str:
    """The text of the note, once the signature under this key was found and verified.

    Raises:
        NoteInvalid: malformed, not signed by this key, or the signature does not fit the text.
    """
    text, signatures = _split_note(note)
    wanted = key_id(name, public_key)
    ours = [value[KEY_ID_BYTES:] for signer, value in signatures if (signer, value[:KEY_ID_BYTES]) == (name, wanted)]
    if not ours:
        raise NoteInvalid(why="not signed by the expected key", name=name)
    try:
        for signature in ours:
            public_key.verify(signature, text.encode())
    except InvalidSignature as error:
        raise NoteInvalid(why="the signature does not fit the text", name=name) from error
    return text


def sign_checkpoint(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> str:
    """The checkpoint as a signed note, under the origin as key name."""
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{_base64(checkpoint.root)}\n"
    return sign_note(text, checkpoint.origin, private_key)


def open_checkpoint(note: str, public_key: Ed25519PublicKey) -> Checkpoint:
    """The checkpoint in the note, once its log's signature was verified; extension lines are left alone.

    Raises:
        NoteInvalid: not a checkpoint, or not signed by this key under its own origin.
    """
    lines = open_note(note, note.split("\n", 1)[0], public_key).split("\n")
    if len(lines) < 4:  # noqa: PLR2004 -- three lines, and what follows the last newline
        raise NoteInvalid(why="not three lines")
    root = _hash_from(lines[2])
    return Checkpoint(origin=lines[0], size=_decimal_from(lines[1]), root=root)


def build_proof(proof: ProofFile) -> str:
    """The proof file's text."""
    head = [PROOF_VERSION, f"index {proof.index}", *(_base64(sibling) for sibling in proof.path)]
    return "\n".join(head) + "\n\n" + proof.checkpoint


def parse_proof(text: str) -> ProofFile:
    """The proof in the file, nothing of it verified yet; extra data is skipped, since it proves nothing.

    Raises:
        NoteInvalid: not a proof file of this version.
    """
    head, blank, checkpoint = text.partition("\n\n")
    version, *lines = head.split("\n")
    if version != PROOF_VERSION or not blank:
        raise NoteInvalid(why="not a proof file of version 1")
    if lines and lines[0].startswith("extra "):
        del lines[0]
    if not lines or not lines[0].startswith("index ") or len(lines) > _MOST_PATH + 1:
        raise NoteInvalid(why="no index, or too many hashes")
    path = tuple(_hash_from(line) for line in lines[1:])
    return ProofFile(index=_decimal_from(lines[0].removeprefix("index ")), path=path, checkpoint=checkpoint)


def verify_proof(entry: bytes, proof: ProofFile, public_key: Ed25519PublicKey) -> Checkpoint:
    """Check that the entry's bytes stand at the proof's index in the tree of its checkpoint; that checkpoint.

    Raises:
        NoteInvalid: the checkpoint is not signed by this key.
        ProofInvalid: the entry is not there.
    """
    checkpoint = open_checkpoint(proof.checkpoint, public_key)
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.path, checkpoint.root)
    return checkpoint


def _split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > _MOST_NOTE_CHARACTERS or any(character < " " and character != "\n" for character in note):
        raise NoteInvalid(why="too long, or a control character")
    text, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteInvalid(why="no signature lines")
    return text + "\n", [_signature_from(line) for line in tail.removesuffix("\n").split("\n")]


def _signature_from(line: str) -> tuple[str, bytes]:
    name, _, value = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not _is_key_name(name):
        raise NoteInvalid(why="not a signature line")
    signature = _from_base64(value)
    if len(signature) <= KEY_ID_BYTES:
        raise NoteInvalid(why="a signature is too short")
    return name, signature


def _is_key_name(name: str) -> bool:
    return name != "" and "+" not in name and not any(character.isspace() for character in name)


def _decimal_from(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or (text != "0" and text.startswith("0")):
        raise NoteInvalid(why="not a decimal number")
    return int(text)


def _hash_from(text: str) -> bytes:
    value = _from_base64(text)
    if len(value) != HASH_BYTES:
        raise NoteInvalid(why="not a SHA-256 hash")
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _from_base64(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid(why="not base64") from error
    if _base64(value) != text:
        raise NoteInvalid(why="not the one base64 of its value")
    return value
