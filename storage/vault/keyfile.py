"""A custodian's key file: two private seeds under a passphrase (docs/design/keys.md "The key file"). No I/O."""

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from nvr.base.errors import Refused
from nvr.base.jcs import Json, canonical
from storage.vault.contexts import key_file
from storage.vault.fields import DocumentInvalid, Fields, to_base64
from storage.vault.hpke import SEED_BYTES, KeyPair, PublicKey
from storage.vault.seats import SeatKey

VERSION: Final = 1
TYPE: Final = "scelle-key"

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16
_MEMORY_KIB: Final = 64 << 10
_PASSES: Final = 3
_LANES: Final = 1
_MOST_MEMORY_KIB: Final = 1 << 20
_MOST_PASSES: Final = 16
_MOST_LANES: Final = 16


class PassphraseWrong(Refused):
    """The passphrase does not open the key file, or the file was altered: the two can not be told apart."""

    message_id = "passphrase-wrong"


@dataclass(frozen=True, slots=True)
class CustodianKeys:
    """A custodian's private keys: X-Wing for shares, Ed25519 for answers and sets."""

    name: str
    pair: KeyPair
    sign_seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str, *, random: Callable[[int], bytes] = os.urandom) -> "CustodianKeys":
        """Fresh keys from the kernel's random source."""
        return cls(name, KeyPair(random(SEED_BYTES)), random(SEED_BYTES))

    @property
    def sign(self) -> Ed25519PrivateKey:
        """The signing key."""
        return Ed25519PrivateKey.from_private_bytes(self.sign_seed)

    @property
    def public(self) -> SeatKey:
        """What goes into the custodian set."""
        return SeatKey(self.name, self.pair.public, self.sign.public_key().public_bytes_raw())


def lock(keys: CustodianKeys, passphrase: str, *, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """The key file's bytes. Takes about 0.2 s and 64 MiB, as every guess of the passphrase does."""
    kdf: dict[str, Json] = {
        "name": "argon2id",
        "memory_kib": _MEMORY_KIB,
        "passes": _PASSES,
        "lanes": _LANES,
        "salt": random(_SALT_BYTES).hex(),
    }
    nonce = random(_NONCE_BYTES)
    public = keys.public
    body: dict[str, Json] = {"v": VERSION, "t": TYPE, "kdf": kdf, "nonce": nonce.hex(), **_as_json(public)}
    key = _derive(passphrase, _Kdf.parse(Fields(kdf, "key file.kdf")))
    aad = canonical(key_file(kdf, public.public.text))
    body["ct"] = to_base64(AESGCM(key).encrypt(nonce, keys.pair.seed + keys.sign_seed, aad))
    return canonical(body)


def public_part(data: bytes) -> SeatKey:
    """What a key file says of itself without the passphrase.

    Raises:
        DocumentInvalid, KeyInvalid: not a key file of this version.
    """
    fields = _fields(data)
    key = SeatKey(fields.text("name"), PublicKey(fields.base64("public")), fields.base64("sign"))
    if fields.text("kid") != key.kid:
        raise DocumentInvalid(what="key file.kid")
    return key


def unlock(data: bytes, passphrase: str) -> CustodianKeys:
    """The private keys.

    Raises:
        PassphraseWrong: another passphrase, or an altered file.
        DocumentInvalid, KeyInvalid: not a key file of this version.
    """
    fields, public = _fields(data), public_part(data)
    kdf = fields.object("kdf")
    nonce = fields.hexadecimal("nonce", _NONCE_BYTES)
    key = _derive(passphrase, _Kdf.parse(kdf))
    aad = canonical(key_file(dict(kdf.value), public.public.text))
    try:
        seeds = AESGCM(key).decrypt(nonce, fields.base64("ct"), aad)
    except InvalidTag as error:
        raise PassphraseWrong(kid=public.kid) from error
    if len(seeds) != 2 * SEED_BYTES:
        raise DocumentInvalid(what="key file.ct")
    keys = CustodianKeys(public.name, KeyPair(seeds[:SEED_BYTES]), seeds[SEED_BYTES:])
    if keys.public != public:
        raise DocumentInvalid(what="key file: the public keys are not those of the private ones")
    return keys


@dataclass(frozen=True, slots=True)
class _Kdf:
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes

    @classmethod
    def parse(cls, fields: Fields) -> "_Kdf":
        fields.expect("name", "argon2id")
        kdf = cls(
            memory_kib=fields.number("memory_kib", at_least=8),
            passes=fields.number("passes", at_least=1),
            lanes=fields.number("lanes", at_least=1),
            salt=fields.hexadecimal("salt", _SALT_BYTES),
        )
        # A file from elsewhere must not make the tool take all memory of the machine.
        if kdf.memory_kib > _MOST_MEMORY_KIB or kdf.passes > _MOST_PASSES or kdf.lanes > _MOST_LANES:
            raise DocumentInvalid(what="key file.kdf")
        return kdf


def _derive(passphrase: str, kdf: _Kdf) -> bytes:
    # The same word typed on another keyboard may come with composed or decomposed accents.
    secret = unicodedata.normalize("NFKC", passphrase).encode()
    argon = Argon2id(
        salt=kdf.salt, length=_KEY_BYTES, iterations=kdf.passes, lanes=kdf.lanes, memory_cost=kdf.memory_kib
    )
    return argon.derive(secret)


def _fields(data: bytes) -> Fields:
    fields = Fields.parse(data, "key file")
    fields.expect("v", VERSION)
    fields.expect("t", TYPE)
    return fields


def _as_json(key: SeatKey) -> dict[str, Json]:
    sign = None if key.sign is None else to_base64(key.sign)
    return {"name": key.name, "kid": key.kid, "public": key.public.text, "sign": sign}
