"""The kinds of values that a ledger entry may hold, each with the format that its JSON Schema states."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from nvr.base.units import MAX_PERSISTED_INT

MOST_TEXT: Final = 1000

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
"""An id that a person or a machine gave: camera, point, account, placement, authorisation, seat's role."""

Uuid7 = Annotated[str, Field(pattern=r"^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$")]
"""A UUIDv7 as this system writes it."""

RequisitionNumber = Annotated[str, Field(pattern=r"^R-[0-9]{4}-[0-9]{6}$")]

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal: of a file, a state, a root, or the commitment to a personal value."""

Public32 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
"""A public key of 32 bytes (Ed25519) in base64."""

Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=4096)]

Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]
"""An Ed25519 signature in base64."""

Text = Annotated[str, Field(max_length=MOST_TEXT)]
"""Words that name nobody."""

Whole = Annotated[int, Field(ge=-MAX_PERSISTED_INT, le=MAX_PERSISTED_INT)]
Count = Annotated[int, Field(ge=0, le=MAX_PERSISTED_INT)]
Instant = Annotated[int, Field(ge=0, le=MAX_PERSISTED_INT)]
"""UTC microseconds."""

Days = Annotated[int, Field(ge=0, le=31)]


class Part(BaseModel):
    """Any object within an entry: immutable, no unknown keys, no conversion of types."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
