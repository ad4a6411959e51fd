"""The bundle under test: its files, read only when a step needs them, and never trusted."""

import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from access.export import layout
from access.export.boxes import BoxDamaged
from access.export.manifest import Item, Manifest, UnshownSegment, decode
from access.export.recordproof import SegmentProof
from access.export.signing import load_public_key
from access.verification.movie import Movie, Tables, parse_movie, read_tables
from access.verification.report import CannotRun, Finding, finding
from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json, canonical
from storage.ledger import entries
from storage.ledger.machine import Body, Release
from storage.ledger.note import ProofFile, build_proof, parse_proof

MOST_BYTES: Final = 256 << 20
"""No file but a movie is larger: what an hour of pictures leaves in `proofs/records` is a few MB."""


def as_finding(error: EvidenceAtRisk, file: str) -> Finding:
    """The finding for an error that arose from this file."""
    fields: dict[str, Json] = {
        key: value if isinstance(value, str | int | None) else str(value) for key, value in error.fields.items()
    }
    return Finding(error.message_id, file, {key: value for key, value in fields.items() if key != "file"})


class Subject:
    """One directory. Every method raises CannotRun when the file that it needs is absent or unusable."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._movies: dict[str, Movie] = {}
        self._records: dict[str, SegmentProof] = {}

    def files(self) -> Iterator[tuple[str, bool]]:
        """Every name below the directory that is not a directory, and whether it is a regular file."""
        for path in sorted(self.root.rglob("*")):
            mode = path.lstat().st_mode
            if not stat.S_ISDIR(mode):
                yield path.relative_to(self.root).as_posix(), stat.S_ISREG(mode)

    def path(self, name: str) -> Path:
        """The path of a regular file."""
        path = self.root / name
        try:
            mode = path.lstat().st_mode
        except OSError as error:
            raise CannotRun(finding("file-missing", name)) from error
        if not stat.S_ISREG(mode):
            raise CannotRun(finding("not-a-file", name))
        return path

    def bytes_of(self, name: str) -> bytes:
        """The content of a file that is not a movie."""
        path = self.path(name)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise CannotRun(finding("file-too-large", name))
            return path.read_bytes()
        except OSError as error:
            raise CannotRun(finding("file-unreadable", name, why=str(error.strerror))) from error

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest, whoever signed it."""
        try:
            return decode(self.bytes_of(layout.MANIFEST))
        except EvidenceAtRisk as error:
            raise _stop(error, layout.MANIFEST) from error

    @cached_property
    def export_key(self) -> RSAPublicKey:
        """The key in `keys/export.pub`."""
        try:
            return load_public_key(self.bytes_of(layout.EXPORT_KEY))
        except EvidenceAtRisk as error:
            raise _stop(error, layout.EXPORT_KEY) from error

    @cached_property
    def log_key(self) -> Ed25519PublicKey:
        """The key in `keys/log.pub`."""
        try:
            key = load_pem_public_key(self.bytes_of(layout.LOG_KEY))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise CannotRun(finding("key-unusable", layout.LOG_KEY, key="log")) from error
        if not isinstance(key, Ed25519PublicKey):
            raise CannotRun(finding("key-unusable", layout.LOG_KEY, key="log"))
        return key

    def entry(self, name: str) -> entries.Entry[Body]:
        """A ledger entry, whether it is in the ledger or not."""
        path = layout.entry_path(name)
        try:
            return entries.decode(self.bytes_of(path))
        except EvidenceAtRisk as error:
            raise _stop(error, path) from error

    def proof(self, name: str) -> ProofFile:
        """The proof beside an entry, not yet verified."""
        path = layout.proof_path(name)
        data = self.bytes_of(path)
        try:
            text = data.decode()
            proof = parse_proof(text)
        except EvidenceAtRisk as error:
            raise _stop(error, path) from error
        except UnicodeDecodeError as error:
            raise CannotRun(finding("note-invalid", path, why="not UTF-8")) from error
        if build_proof(proof) != text:
            raise CannotRun(finding("note-invalid", path, why="more than a proof"))
        return proof

    def records(self, segment: str) -> SegmentProof:
        """The records of a segment, not yet verified."""
        if segment not in self._records:
            path = layout.records_path(segment)
            data = self.bytes_of(path)
            try:
                proof = SegmentProof.model_validate_json(data)
                exact = canonical(proof.model_dump(mode="json")) == data and proof.seg == segment
            except (ValidationError, ValueError) as error:
                raise CannotRun(finding("records-invalid", path)) from error
            if not exact:
                raise CannotRun(finding("records-invalid", path))
            self._records[segment] = proof
        return self._records[segment]

    def tables(self, item: Item) -> Tables:
        """The tables of a movie, not yet understood."""
        try:
            return read_tables(self.path(item.path))
        except BoxDamaged as error:
            raise _stop(error, item.path) from error
        except OSError as error:
            raise CannotRun(finding("file-unreadable", item.path, why=str(error.strerror))) from error

    def movie(self, item: Item) -> Movie:
        """The samples of a movie."""
        if item.path not in self._movies:
            try:
                self._movies[item.path] = parse_movie(self.tables(item))
            except BoxDamaged as error:
                raise _stop(error, item.path) from error
        return self._movies[item.path]

    @property
    def sealed(self) -> list[UnshownSegment]:
        """Every segment of which the manifest tells, as often as it does: camera, entry and root."""
        used = [
            UnshownSegment(camera=item.camera, seg=one.seg, seal_index=one.seal_index, root=one.root)
            for item in self.manifest.items
            for one in item.segments
        ]
        return [*used, *self.manifest.unshown]

    @property
    def release_names(self) -> list[str]:
        """The names of the grant's release entries."""
        return [layout.release_name(number) for number, _ in enumerate(self.manifest.grant.release_indices, 1)]

    @property
    def released(self) -> frozenset[str]:
        """The segments that the grant's release entries name."""
        bodies = [self.entry(name).body for name in self.release_names]
        return frozenset(segment for body in bodies if isinstance(body, Release) for segment in body.segs)

    def entry_names(self) -> list[str]:
        """The names of all entries that the manifest relies on, the export's last."""
        grant = self.manifest.grant
        names = [layout.GRANT]
        names += self.release_names
        names += [layout.OPEN] if grant.open_index is not None else []
        return [*names, *map(layout.seal_name, sorted({one.seg for one in self.sealed})), layout.EXPORT]


def _stop(error: EvidenceAtRisk, file: str) -> CannotRun:
    return error if isinstance(error, CannotRun) else CannotRun(as_finding(error, file))
