"""`LISEZMOI.txt`: what a bundle is, and how to check it by hand. French first; no personal data."""

from collections.abc import Sequence
from typing import Final

from access.export.manifest import PlaceEntry
from access.export.whereabouts import Interval, whereabouts

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

_TEXT: Final = """\
{bundle}

(English below)

CE QUE C'EST

Ce dossier répond à la réquisition {requisition}. Il contient les images de vidéoprotection remises, et de quoi
prouver qu'elles sont celles que le système a enregistrées et scellées, sans modification.

  video/              les images, une vidéo MP4 par caméra et par session, non réencodées, sans son ;
                      lisibles avec tout lecteur courant (VLC par exemple)
  video/….ptz.json    à côté d'une vidéo de dôme : où la caméra disait regarder, à quel instant ; angles en
                      millièmes de degré dans le repère du dôme, zoom en millièmes de sa course ; ce que le dôme
                      déclarait, scellé avec les images, et non une mesure du système ; les quelques secondes
                      qui bordent la période peuvent y figurer
  manifest.json       le manifeste : caméras, périodes, fichiers, interruptions, autorisation d'ouverture
  manifest.sig        la signature du manifeste
  manifest-sha256.txt les empreintes de tous les fichiers
  keys/               les clés publiques : export.pub (signature), log.pub (journal)
  proofs/             les écritures du journal et leurs preuves d'inscription ; l'écriture export contient
                      l'empreinte du manifeste, les écritures seal-… celle de chaque segment scellé
  proofs/records/     les clés et empreintes qui relient chaque image remise au journal

Les heures sont en UTC, en microsecondes depuis 1970 (champs *_utc_us). Les images qui précèdent ou suivent la
période demandée et dont le décodage a besoin sont dans les fichiers, masquées (liste de montage) ; le manifeste les
énumère. Tous les lecteurs ne tiennent pas compte de la liste de montage : VLC 3.0 montre celles qui précèdent. Les
images de la période qui ne se décodent pas, parce que celles dont elles dépendent n'ont jamais été enregistrées (début
d'une session), y sont aussi, masquées et énumérées (undecodable). Les interruptions de l'enregistrement sont dans le
manifeste (gaps), avec leur cause.
{nothing_fr}
OÙ SE TROUVAIENT LES CAMÉRAS

D'après le registre de la ville (manifeste : places). Ce qui est saisi après coup l'a été avec un motif, qui est au
registre ; le champ point de chaque vidéo est le lieu connu au moment de l'enregistrement.

{places_fr}

Copiez ce dossier sans rien y ajouter, et vérifiez les copies, non l'original.

VÉRIFIER À LA MAIN

Dans ce dossier, avec des outils courants :

{checks}
Résultats attendus : chaque ligne « OK » (ou « Réussi ») ; « Verified OK » ; deux empreintes, à comparer avec celles
que la ville a publiées ou remises par une autre voie (sans cette comparaison, le dossier ne prouve que sa propre
cohérence) ; « Signature Verified Successfully » ; « 1 ».

Vérification complète, y compris chaque image contre le journal, hors ligne :

  nvr verify {bundle}


WHAT THIS IS

This folder answers requisition {requisition}. It holds the footage handed over, and what proves that it is what the
system recorded and sealed, unchanged.

  video/              the footage, one MP4 per camera and session, not re-encoded, without sound;
                      any usual player shows it (VLC for example)
  video/....ptz.json  beside a movie of a dome: where the camera said that it looked, and when; angles in thousandths of
                      a degree in the dome's own frame, zoom in thousandths of its range; what the dome declared, sealed
                      with the footage, and not a measurement of the system; it may hold the few seconds beside the
                      period
  manifest.json       the manifest: cameras, times, files, gaps, the grant
  manifest.sig        its signature
  manifest-sha256.txt the hashes of all files
  keys/               the public keys: export.pub (signature), log.pub (ledger)
  proofs/             ledger entries and their proofs of inclusion; the export entry holds the manifest's hash,
                      the seal-... entries that of each sealed segment
  proofs/records/     the keys and hashes that tie each frame handed over to the ledger

Times are UTC, in microseconds since 1970 (*_utc_us). Frames before or after the period asked for, which decoding
needs, are in the files, hidden (edit list); the manifest lists them. Not every player minds the edit list: VLC 3.0
shows those before. Frames of the period that do not decode, since those they depend on were never recorded (the
beginning of a session), are hidden and listed too (undecodable). Interruptions of the recording are in the manifest
(gaps), with their cause.
{nothing_en}
WHERE THE CAMERAS STOOD

As the town's register has it (manifest: places). What was entered later was entered with a reason, which the register
holds; the field point of each movie is the place that was known when it was recorded.

{places_en}

Copy this folder without adding to it, and check copies, not the original.

CHECK BY HAND

In this folder, with usual tools:

{checks}
Expected: each line "OK"; "Verified OK"; two fingerprints, to be compared with those that the town published or gave
by another way (without that, the folder proves only that it agrees with itself); "Signature Verified Successfully";
"1".

The whole check, each frame against the ledger, offline:

  nvr verify {bundle}
"""

_NOTHING_FR: Final = """
AUCUNE IMAGE : pour la période et les caméras demandées, il n'existe pas d'enregistrement. Le manifeste en donne les
causes connues (gaps).
"""
_NOTHING_EN: Final = """
NO FOOTAGE: for the period and cameras asked for, no recording exists. The manifest gives the known causes (gaps).
"""


_MOTION_JPEG_FR: Final = """
MOTION JPEG : des vidéos de ce dossier (champ codec « mp4v.6C » du manifeste) sont des suites d'images JPEG, telles que
la caméra les a envoyées. VLC, mpv et ffmpeg les montrent ; les navigateurs ne les montrent pas, ni tous les lecteurs
livrés avec les ordinateurs.
"""
_MOTION_JPEG_EN: Final = """
MOTION JPEG: movies of this folder (codec "mp4v.6C" in the manifest) are rows of JPEG pictures, as the camera sent them.
VLC, mpv and ffmpeg show them; web browsers do not, nor does every player that comes with a computer.
"""
_NOT_WHOLE_FR: Final = """
INCOMPLET : des enregistrements existants n'ont pas pu être lus et ne sont pas dans ce dossier. Le manifeste les nomme
(unreadable : segment, caméra, période, numéros, cause).
"""
_NOT_WHOLE_EN: Final = """
NOT WHOLE: records that exist could not be read, and are not in this folder. The manifest names them (unreadable:
segment, camera, times, numbers, why).
"""


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
    french, english = ("", "") if has_footage else (_NOTHING_FR, _NOTHING_EN)
    if not whole:
        french, english = _NOT_WHOLE_FR, _NOT_WHOLE_EN
    if motion_jpeg:
        french, english = french + _MOTION_JPEG_FR, english + _MOTION_JPEG_EN
    text = _TEXT.format(
        bundle=bundle,
        requisition=requisition,
        checks=_CHECKS,
        nothing_fr=french,
        nothing_en=english,
        places_fr=whereabouts(places, interval, "fr"),
        places_en=whereabouts(places, interval, "en"),
    )
    return text.encode()
