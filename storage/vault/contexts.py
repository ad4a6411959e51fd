"""Every context of the vault, in one place: the `info` of each wrap, and what is hashed or signed. Pure.

docs/design/keys.md "Primitives". A context is a JCS object with a domain label `d`; bytes stand in hex.
"""

from nvr.base.jcs import Json, digest


def machine_wrap(hh: bytes) -> Json:
    """Info of the machine part's wrap."""
    return {"d": "scelle/key/machine/1", "hh": hh.hex()}


def share_wrap(hh: bytes, seat: int) -> Json:
    """Info of a share's wrap: the same for a seat's holder, deputy and envelope."""
    return {"d": "scelle/key/share/1", "hh": hh.hex(), "seat": seat}


def share_hash(hh: bytes, seat: int, share: bytes) -> bytes:
    """`sh`, by which a bad share is told, and whose it is."""
    return digest({"d": "scelle/key/sharehash/1", "hh": hh.hex(), "seat": seat, "share": share.hex()})


def key_file(kdf: Json, public: str) -> Json:
    """Associated data of a custodian's key file."""
    return {"d": "scelle/key/file/1", "kdf": kdf, "public": public}


def set_signed(set_hash: bytes) -> Json:
    """What members sign of a custodian set."""
    return {"d": "scelle/set/1", "set": set_hash.hex()}


def grant_machine(grant: bytes, kid: str) -> Json:
    """Info of the machine parts that are handed to one key of a seat."""
    return {"d": "scelle/grant/machine/1", "grant": grant.hex(), "kid": kid}


def answer_shares(grant: bytes, seat: int, kid: str, to: str) -> Json:
    """Info of the shares that the key `kid` of a seat passes on to another seat's key, `to`."""
    return {"d": "scelle/answer/shares/1", "grant": grant.hex(), "kid": kid, "seat": seat, "to": to}


def answer_keys(grant: bytes, seat: int, kid: str) -> Json:
    """Info of the record keys that the key `kid` of a seat sends to the grant's release key."""
    return {"d": "scelle/answer/keys/1", "grant": grant.hex(), "kid": kid, "seat": seat}


def answer_signed(answer: bytes) -> Json:
    """What a custodian signs of an answer: its hash without the signature."""
    return {"d": "scelle/answer/sign/1", "answer": answer.hex()}
