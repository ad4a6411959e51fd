"""What each entry of the ledger changes in the index. Applied in order, the same entries give the same index.

Every valid entry can be applied: an interval that ends before it begins is taken as empty, an unknown segment is
passed over. An entry that could not be applied would stop the keeper at every start.
"""

from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from storage.index.lives import Lives
from storage.index.stretches import Stretches
from storage.index.tables import (
    ALLOWANCE,
    AUTHORISATION,
    BOOT,
    CAMERA,
    DISCARDED,
    GAP,
    HOLD_SCOPE,
    MOVE,
    PROGRESS,
    SEGMENT,
    STATEMENT,
    SegmentState,
)
from storage.ledger import machine, people
from storage.ledger.entries import Entry
from storage.ledger.machine import Body


class Projection:
    """One transaction's worth of entries. Seals are gathered, and written together at the next other entry."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seals: list[dict[str, Any]] = []
        self._longest_us = 0
        self._stretches = Stretches(connection)
        self._lives = Lives(connection, self._stretches)
        self._latest_us = 0

    def apply(self, index: int, entry: Entry[Body]) -> None:
        """Apply one entry."""
        body = entry.body
        if isinstance(body, machine.Seal):
            self._gather(index, body)
            self._latest_us = entry.ts_utc_us
            return
        self.flush()
        if entry.act is None:
            self._told(index, entry)
        else:
            self._acted(index, entry)

    def _told(self, index: int, entry: Entry[Body]) -> None:
        """What the machine told."""
        match body := entry.body:
            case machine.Gap():
                self._gap(index, body, None if entry.spool is None else entry.spool.boot)
            case machine.Move():
                self._move(body)
            case machine.Boot() if entry.spool is not None:
                begun = {"shard": entry.spool.shard, "utc_us": body.utc_us, "stopped": False}
                self._put(BOOT, {"boot": entry.spool.boot}, begun)
            case machine.Stop() if entry.spool is not None:
                self._connection.execute(update(BOOT).where(BOOT.c.boot == entry.spool.boot).values(stopped=True))
            case machine.Expire():
                self._lives.doom(body.segs, body.reason, entry.ts_utc_us)
                if body.allowed is not None:
                    self._connection.execute(delete(ALLOWANCE).where(ALLOWANCE.c.camera == body.allowed))
            case machine.Expired():
                self._lives.destroyed(body.segs, entry.ts_utc_us)
            case machine.Statement() if body.part == 0:
                self._put(STATEMENT, {"day": body.day}, {"ledger_index": index, "parts": body.parts})
            case _:
                self._lived(body, entry.ts_utc_us)

    def _lived(self, body: Body, now_utc_us: int) -> None:
        """What became of a segment's files."""
        match body:
            case machine.Missing():
                self._lives.lost(body.seg, body.volume, now_utc_us, _words(body.why))
            case machine.Damaged():
                self._lives.damaged(body.seg, now_utc_us, None if body.why is None else _words(body.why))
            case machine.Copied():
                self._lives.copied(body.segs, body.volume, now_utc_us)
            case machine.Uncopied():
                self._lives.uncopied(body.segs, body.volume)
            case _:
                pass

    def _acted(self, index: int, entry: Entry[Body]) -> None:
        """What a person did."""
        match body := entry.body:
            case people.Hold():
                self._hold(index, body, entry.ts_utc_us)
            case people.Unhold():
                self._connection.execute(delete(HOLD_SCOPE).where(HOLD_SCOPE.c.hold == body.hold))
            case people.Allow():
                self._put(ALLOWANCE, {"camera": body.camera}, {"until_utc_us": body.until_utc_us})
            case people.Discard():
                self._put(DISCARDED, {"volume": body.volume}, {"utc_us": entry.ts_utc_us})
                self._lives.lost_with(body.volume, entry.ts_utc_us)
            case people.Camera():
                row = {"shard": body.shard, "retention_days": body.retention_days, "retired": body.retired}
                self._put(CAMERA, {"camera": body.camera}, row)
            case people.Authorisation():
                self._authorisation(body)
            case _:
                pass

    def finish(self) -> None:
        """Write what is gathered; at the end of the transaction, once."""
        self.flush()
        self._stretches.write()

    def flush(self) -> None:
        """Write the seals that were gathered. One that is known already is passed over: what came first counts.

        But a segment that was missing and is sealed anew as recovered, with the same root, is there again.
        """
        if not self._seals:
            return
        rows = {row["seg"]: row for row in reversed(self._seals)}
        self._seals = []
        known = select(SEGMENT.c.seg, SEGMENT.c.root).where(SEGMENT.c.seg.in_(list(rows)))
        for seg, root in self._connection.execute(known).all():
            again = rows.pop(seg)
            if again["recovered"] and again["root"] == root:
                self._lives.found(again, self._latest_us)
        if not rows:
            return
        self._connection.execute(insert(SEGMENT), list(reversed(rows.values())))
        for row in rows.values():
            self._stretches.add(row["camera"], row["start_utc_us"], row["end_utc_us"])
        longest = max(row["end_utc_us"] - row["start_utc_us"] for row in rows.values())
        if longest > self._longest_us:
            self._longest_us = longest
            self._connection.execute(update(PROGRESS).where(PROGRESS.c.longest_us < longest).values(longest_us=longest))
        self._meet_cameras({row["camera"]: row["shard"] for row in rows.values()})
        if any(row["continues"] for row in rows.values()):  # a hold that covers one covers what it continues
            self._lives.take_back(self._latest_us)

    def _gather(self, index: int, seal: machine.Seal) -> None:
        self._seals.append(
            {
                "seg": seal.seg,
                "camera": seal.camera,
                "volume": seal.volume,
                "shard": seal.shard,
                "run": seal.run,
                "start_utc_us": seal.start_utc_us,
                "end_utc_us": max(seal.start_utc_us, seal.end_utc_us),
                "clock_epoch": seal.clock_epoch,
                "records": seal.records,
                "file_bytes": seal.file_bytes,
                "lost_packets": seal.lost,
                "root": bytes.fromhex(seal.root),
                "point": seal.point,
                "placement": seal.placement,
                "authorisation": seal.authorisation,
                "recovered": seal.recovered,
                "ledger_index": index,
                "state": int(SegmentState.SEALED),
                "continues": seal.continues,
            }
        )

    def _meet_cameras(self, shards: dict[str, int]) -> None:
        known = set(self._connection.scalars(select(CAMERA.c.camera).where(CAMERA.c.camera.in_(list(shards)))))
        new = [
            {"camera": camera, "shard": shard, "retention_days": None, "retired": False}
            for camera, shard in shards.items()
            if camera not in known
        ]
        if new:
            self._connection.execute(insert(CAMERA), new)

    def _gap(self, index: int, gap: machine.Gap, boot: str | None) -> None:
        end = None if gap.to_utc_us is None else max(gap.from_utc_us, gap.to_utc_us)
        row = {
            "camera": gap.camera,
            "from_utc_us": gap.from_utc_us,
            "to_utc_us": end,
            "cause": gap.cause,
            "detail": None if gap.detail is None else _words(gap.detail),
            "boot": boot,
            "ledger_index": index,
        }
        self._put(GAP, {"gap": gap.gap}, row)

    def _move(self, move: machine.Move) -> None:
        end = None if move.to_utc_us is None else max(move.from_utc_us, move.to_utc_us)
        row = {
            "camera": move.camera,
            "from_utc_us": move.from_utc_us,
            "to_utc_us": end,
            "why": move.why,
            "moves": move.moves,
        }
        self._put(MOVE, {"move": move.move}, row)

    def _hold(self, index: int, body: people.Hold, now_utc_us: int) -> None:
        self._connection.execute(delete(HOLD_SCOPE).where(HOLD_SCOPE.c.hold == body.hold))
        scopes = [
            {
                "hold": body.hold,
                "camera": camera,
                "from_utc_us": body.from_utc_us,
                "to_utc_us": max(body.from_utc_us, body.to_utc_us),
                "until_utc_us": body.until_utc_us,
                "ledger_index": index,
            }
            for camera in dict.fromkeys(body.cameras)
        ]
        if scopes:
            self._connection.execute(insert(HOLD_SCOPE), scopes)
        self._lives.take_back(now_utc_us)

    def _authorisation(self, body: people.Authorisation) -> None:
        row = {
            "number": _words(body.number),
            "from_utc_us": body.from_utc_us,
            "to_utc_us": body.to_utc_us,
            "retention_days": body.retention_days,
            "minimum_days": body.minimum_days,
            "cameras": None if body.cameras is None else list(body.cameras),
        }
        self._put(AUTHORISATION, {"authorisation": body.authorisation}, row)

    def _put(self, table: Table, key: dict[str, Any], row: dict[str, Any]) -> None:
        """Insert the row, or change the one with this key."""
        where = [table.c[name] == value for name, value in key.items()]
        if self._connection.execute(update(table).where(*where).values(**row)).rowcount == 0:
            self._connection.execute(insert(table).values(**key, **row))


def _words(text: str) -> str:
    # PostgreSQL keeps no such character, and an entry that can not be applied would stop the keeper for good.
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
