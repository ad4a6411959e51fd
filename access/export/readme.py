"""`LISEZMOI.txt`: what a bundle is, and how to check it by hand. French first; no personal data."""

from collections.abc import Sequence
from typing import Final

from access.export.manifest import PlaceEntry
from access.export.whereabouts import BUNDLE, Interval, whereabouts
from nvr.base.catalogue import LANGUAGES, Language

_CHECKS: Final = """\
  sha256sum -c manifest-sha256.txt

  openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \\
    -verify keys/export.pub -signature manifest.sig manifest.json

  openssl pkey -pubin -in keys/export.pub -outform DER | sha256sum
  openssl pkey -pubin -in keys/log.pub -outform DER | sha256sum

  D=$(mktemp -d)
  sed '1,/^$/d' proofs/export.tlog-proof > "$D/note"
  sed '/^$/,$d' "$D/note" > "$D/body"
  grep '^— ' "$D/note" | head -n 1 | cut -d' ' -f3 | base64 -d | tail -c +5 > "$D/sig"
  openssl pkeyutl -verify -pubin -inkey keys/log.pub -rawin -in "$D/body" -sigfile "$D/sig"

  grep -c "$(sha256sum manifest.json | cut -d' ' -f1)" proofs/export.json
"""

_HEAD: Final = "{bundle}\n\n(English below)\n\n"


def readme(
    bundle: str,
    requisition: str,
    *,
    has_footage: bool,
    whole: bool,
    places: Sequence[PlaceEntry],
    interval: Interval,
    motion_jpeg: bool = False,
) -> bytes:
    """The text, in UTF-8; `whole` is False when something that was released could not be read.

    `motion_jpeg`: some movie is of JPEG pictures, and needs a player that shows them.
    """
    # What could not be read exists: then the text must not say that nothing does.
    notes = ["readme-not-whole"] if not whole else [] if has_footage else ["readme-nothing"]
    if motion_jpeg:
        notes.append("readme-motion-jpeg")
    parts = (
        _part(language, bundle, requisition, notes, whereabouts(places, interval, language)) for language in LANGUAGES
    )
    return (_HEAD.format(bundle=bundle) + "\n\n".join(parts)).encode()


def _part(language: Language, bundle: str, requisition: str, notes: Sequence[str], places: str) -> str:
    return BUNDLE.text(
        language,
        "readme",
        bundle=bundle,
        requisition=requisition,
        checks=_CHECKS,
        notes="".join(BUNDLE.text(language, note) for note in notes),
        places=places,
    )
