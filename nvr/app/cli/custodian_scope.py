"""What a custodian is asked to open, in the values of the grant that was proven. Pure."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from nvr.base.units import US_PER_SECOND
from storage.ledger.entries import decode
from storage.vault.verification import VerifiedGrant

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def scope_fields(verified: VerifiedGrant, zone: tzinfo | None = None) -> dict[str, object]:
    """The fields of the text `grant-scope`: of the grant's entry and of the verified records, nothing else.

    Instants are local time with its offset, of this machine unless `zone` says otherwise.
    """
    grant, entry = verified.grant, decode(verified.file.grant.entry)
    return {
        "grant": grant.grant,
        "requisition": grant.requisition,
        "cameras": ", ".join(grant.cameras),
        "from_local": _local(grant.from_utc_us, zone),
        "to_local": _local(grant.to_utc_us, zone),
        "length": _length(grant.to_utc_us - grant.from_utc_us),
        "records": sum(len(seqs) for seqs in verified.records.values()),
        "segments": len(verified.records),
        "opener": grant.opener,
        "requested_by": grant.requested_by,
        "validated_by": entry.actor.id,
        "validated_local": _local(entry.ts_utc_us, zone),
        "checked": _printable(verified.checked or "-"),
        "valid_until_local": _local(grant.valid_until_utc_us, zone),
    }


def _local(utc_us: int, zone: tzinfo | None) -> str:
    return (_EPOCH + timedelta(microseconds=utc_us)).astimezone(zone).isoformat(" ", "seconds")


def _length(us: int) -> str:
    minutes, seconds = divmod(-(-us // US_PER_SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))]
    return " ".join(part for part in parts if not part.startswith("0 ")) or "0 s"


def _printable(text: str) -> str:
    """Without what could move the cursor and write over the lines above."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
