"""Making a bundle (docs/design/bundle.md): from a release to a directory that can be handed over."""

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import JsonValue

from access.export import layout, manifest
from access.export.collect import CameraPlan, check_segment, collect
from access.export.contents import item_of, place_entries, unreadable_entries, unshown_segments
from access.export.descriptors import JPEG
from access.export.files import files_below, hash_files, sums
from access.export.granted import check_grant, check_validity, grant_part
from access.export.manifest import (
    FileEntry,
    GapEntry,
    LogPart,
    Manifest,
    RequisitionPart,
    Software,
)
from access.export.movies import Movie, write_movies
from access.export.ports import GrantFacts, Index, Ledger, Release
from access.export.proofs import ProvenEntry, prove, prove_all
from access.export.readme import readme
from access.export.signing import ExportSigner
from access.export.whereabouts import Interval
from nvr.base.clock import Clock
from nvr.base.errors import Refused
from nvr.base.ids import ActId, RequisitionNo
from nvr.base.jcs import Json
from storage.durable import create_file, make_directory, remove_tree, rename_file, sync_directory
from storage.ledger import entries, people
from storage.ledger.note import Checkpoint

PROGRAM: Final = "scelle"
OPENER_ROLE: Final = "officer"
"""The role in which the opener of a grant exports."""


class BundleExists(Refused):
    """A bundle with this number was made before; field `bundle` names it."""

    message_id = "bundle-exists"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle; `export_index` is that of its `export` entry, `manifest_sha256` what the entry holds."""

    path: Path
    name: str
    export_index: int
    manifest_sha256: str
    files: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What an officer asked for: `number` counts the bundles of the requisition from 1.

    `facts` is what the register knows of the requisition and the recipient needs (authority, its number, ...).
    """

    act: ActId
    number: int
    facts: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Exporter:
    """Makes bundles in the directory `staging`, which must exist. `origin` and `log_public` identify the ledger."""

    staging: Path
    ledger: Ledger
    index: Index
    signer: ExportSigner
    origin: str
    log_public: Ed25519PublicKey
    software: str
    clock: Clock

    def paths(self, requisition: RequisitionNo, number: int) -> tuple[Path, Path]:
        """Where a bundle lies in staging once it is whole, and where it is made."""
        name = layout.bundle_name(requisition, number)
        return self.staging / name, self.staging / (name + layout.PARTIAL_SUFFIX)

    async def export(self, release: Release, order: ExportOrder) -> Bundle:
        """Make the bundle of a release.

        1. collect   read which frames lie in the granted interval, and plan the movies
        2. verify    the grant is valid; every segment's root is the one in the ledger
        3. mux       copy the samples into movies, each checked against its record's hash
        4. hash      every file
        5. write     the manifest
        6. sign      it
        7. log       its hash, in the ledger: from here on the export is known
        8. prove     that it is logged; then the directory gets its name

        The directory is called `.partial` until the end. A failure leaves it so; the next attempt removes it.

        Raises:
            GrantOver, BundleExists: it may not be made.
            EvidenceAtRisk: what was released is not what was sealed and logged; see `collect`, `movies`, `proofs`.
            OSError: the staging volume refused.
        """
        grant = release.grant
        target, root = self.paths(grant.requisition, order.number)
        await asyncio.to_thread(_begin, root, target)

        # 1. collect
        plans = await asyncio.to_thread(collect, release)
        gaps = await self._gaps(grant)

        # 2. verify
        proven = await prove_all(self.ledger, _indices(grant, plans), self.log_public, release.demand)
        seats = check_grant(grant, proven, self.clock.utc_us())
        for plan in plans:
            for segment in plan.segments.values():
                check_segment(plan.camera, segment, proven[layout.seal_name(segment.segment)].leaf)

        # 3. mux
        movies = await asyncio.to_thread(_write_all_movies, release, plans, root)

        # 4. hash
        text = partial(
            readme,
            has_footage=bool(movies),
            whole=not release.unreadable,
            places=place_entries(grant),
            interval=Interval(grant.cameras, grant.from_utc_us, grant.to_utc_us),
            motion_jpeg=any(movie.part.codec.codec == JPEG for movie, _ in movies.values()),
        )
        await asyncio.to_thread(self._write_companions, root, grant, proven, text)
        files = await asyncio.to_thread(lambda: hash_files(root, files_below(root), release.demand))

        # 5. write
        document = manifest.encode(self._manifest(release, order, seats, files, plans, movies, gaps, proven))
        await asyncio.to_thread(create_file, root / layout.MANIFEST, document)

        # 6. sign
        signature = await asyncio.to_thread(self.signer.sign, document)
        await asyncio.to_thread(create_file, root / layout.SIGNATURE, signature)

        # 7. log
        digest = sha256(document).hexdigest()
        release.demand()
        index = await self._log(grant, order, target.name, digest, files)

        # 8. prove
        logged = await prove(self.ledger, index, self.log_public)
        finished = await asyncio.to_thread(_finish, root, target, files, logged)
        return Bundle(target, target.name, index, digest, tuple(finished))

    async def _gaps(self, grant: GrantFacts) -> list[GapEntry]:
        gaps: list[GapEntry] = []
        for camera in grant.cameras:
            scope = camera, grant.from_utc_us, grant.to_utc_us
            of_camera = [
                GapEntry(camera=camera, from_utc_us=gap.from_utc_us, to_utc_us=gap.to_utc_us, cause=gap.cause)
                for gap in await self.index.gaps(*scope)
            ]
            of_camera += [GapEntry(camera=camera, **asdict(each)) for each in await self.index.vanished(*scope)]
            gaps += sorted(of_camera, key=lambda gap: gap.from_utc_us)
        return gaps

    async def _log(
        self, grant: GrantFacts, order: ExportOrder, name: str, digest: str, files: Sequence[FileEntry]
    ) -> int:
        """Append the `export` entry; its index. Muxing may have taken hours: the grant must still be valid."""
        check_validity(grant, self.clock.utc_us())
        body = people.Export(
            grant=grant.grant,
            requisition=grant.requisition,
            bundle=name,
            manifest=digest,
            files=len(files),
            bytes=sum(file.size for file in files),
        )
        actor: Json = {"id": grant.opener, "role": OPENER_ROLE}
        entry: dict[str, Json] = {"t": body.t, "actor": actor, "act": order.act, "body": entries.body_as_json(body)}
        (stored,) = await self.ledger.append([entry])
        return stored.index

    def _manifest(
        self,
        release: Release,
        order: ExportOrder,
        seats: tuple[int, ...],
        files: Sequence[FileEntry],
        plans: Sequence[CameraPlan],
        movies: Mapping[str, tuple[Movie, CameraPlan]],
        gaps: Sequence[GapEntry],
        proven: Mapping[str, ProvenEntry],
    ) -> Manifest:
        grant = release.grant
        return Manifest(
            bundle=layout.bundle_name(grant.requisition, order.number),
            created_utc_us=self.clock.utc_us(),
            origin=self.origin,
            requisition=RequisitionPart(number=grant.requisition, facts=dict(order.facts)),
            grant=grant_part(grant, seats),
            items=tuple(item_of(*movies[file.path], file, gaps) for file in files if file.path in movies),
            unshown=unshown_segments(plans),
            gaps=tuple(gaps),
            places=place_entries(grant),
            unreadable=unreadable_entries(release),
            files=tuple(file for file in files if file.path not in movies),
            software=Software(name=PROGRAM, version=self.software),
            logs=(self._log_part(proven[layout.GRANT].checkpoint),),
        )

    def _log_part(self, checkpoint: Checkpoint) -> LogPart:
        public = base64.b64encode(self.log_public.public_bytes_raw()).decode()
        return LogPart(origin=checkpoint.origin, public=public, size=checkpoint.size, root=checkpoint.root.hex())

    def _write_companions(
        self, root: Path, grant: GrantFacts, proven: Mapping[str, ProvenEntry], text: Callable[[str, str], bytes]
    ) -> None:
        """Everything but movies, records and manifest: entries with their proofs, keys, the text for people."""
        for name, entry in proven.items():
            _write_entry(root, name, entry)
        pem = self.log_public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        create_file(root / layout.LOG_KEY, pem)
        create_file(root / layout.EXPORT_KEY, self.signer.public_pem)
        bundle = root.name.removesuffix(layout.PARTIAL_SUFFIX)
        create_file(root / layout.README, text(bundle, grant.requisition))


def _begin(root: Path, target: Path) -> None:
    if target.exists():
        raise BundleExists(bundle=target.name)
    if root.exists():
        remove_tree(root)
    for directory in (layout.VIDEO_DIRECTORY, layout.RECORDS_DIRECTORY, layout.KEYS_DIRECTORY):
        make_directory(root / directory)


def _indices(grant: GrantFacts, plans: Sequence[CameraPlan]) -> dict[str, int]:
    """Which entries a bundle proves, by the names of their files."""
    named = {layout.GRANT: grant.grant_index, layout.OPEN: grant.open_index}
    releases = {layout.release_name(number): index for number, index in enumerate(grant.release_indices, 1)}
    seals = {
        layout.seal_name(segment.segment): segment.seal_index for plan in plans for segment in plan.segments.values()
    }
    return {name: index for name, index in named.items() if index is not None} | releases | seals


def _write_all_movies(release: Release, plans: Sequence[CameraPlan], root: Path) -> dict[str, tuple[Movie, CameraPlan]]:
    movies: dict[str, tuple[Movie, CameraPlan]] = {}
    for plan in plans:
        made = write_movies(release, plan, root, first_number=len(movies) + 1)
        movies |= {movie.path: (movie, plan) for movie in made}
    return movies


def _write_entry(root: Path, name: str, entry: ProvenEntry) -> None:
    create_file(root / layout.entry_path(name), entry.leaf)
    create_file(root / layout.proof_path(name), entry.proof.encode())


def _finish(root: Path, target: Path, hashed: Sequence[FileEntry], logged: ProvenEntry) -> list[FileEntry]:
    _write_entry(root, layout.EXPORT, logged)
    files = [*hashed, *hash_files(root, sorted(layout.NOT_IN_MANIFEST - {layout.SUMS}))]
    create_file(root / layout.SUMS, sums(files))
    for directory in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        sync_directory(directory)
    rename_file(root, target)
    return [*files, *hash_files(target, [layout.SUMS])]
