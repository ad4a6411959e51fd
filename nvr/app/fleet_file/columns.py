"""The columns of a list of cameras, by their headings: French or English, accents, case and signs forgiven."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from storage.snapshot import CameraKind

_NO_WORD: Final = re.compile(r"[^a-z0-9]+")

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "camera": ("caméra", "camera", "nom", "nom de la caméra", "name", "camera name", "camera id", "id"),
        "make": ("marque", "make", "brand", "fabricant", "constructeur", "manufacturer"),
        "host": ("adresse IP", "host", "IP", "IP address", "hôte", "adresse réseau"),
        "port": ("port", "port RTSP", "RTSP port"),
        "channel": ("canal", "channel", "voie"),
        "url": ("adresse RTSP", "url", "URL RTSP", "RTSP URL", "RTSP", "flux", "stream"),
        "user": ("utilisateur", "user", "login", "username", "user name", "nom d'utilisateur"),
        "password": ("mot de passe", "password", "mdp"),
        "point": ("point", "point id", "id du point"),
        "number": ("numéro", "number", "n°", "no", "numéro du point", "numéro de point", "point number"),
        "address": ("adresse", "address", "adresse postale"),
        "streets": ("rues", "streets", "rues couvertes", "streets covered"),
        "view": ("vue", "view", "champ de vision", "field of view"),
        "district": ("quartier", "district", "secteur"),
        "lat_e7": ("latitude", "latitude", "lat"),
        "lon_e7": ("longitude", "longitude", "lon", "long", "lng"),
        "kind": ("type", "kind", "type de caméra", "camera type"),
        "ptz": ("PTZ", "ptz", "pilotage", "PTZ protocol"),
        "ptz_address": ("adresse PTZ", "ptz address", "adresse ONVIF", "ONVIF address"),
        "ptz_profile": ("profil PTZ", "ptz profile", "profil ONVIF", "ONVIF profile"),
        "ptz_expect": ("positions attendues", "expected presets", "préréglages attendus", "préréglages", "presets"),
        "retention_days": ("jours", "retention days", "conservation", "jours de conservation", "days", "retention"),
        "note": ("remarque", "note", "remarques", "notes", "commentaire", "comment", "observations"),
    }
)
"""Every name by which a column is known; the first is French, the second English, as the template has them."""


def plain(text: str) -> str:
    """Lower case without accents, signs as single spaces."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return _NO_WORD.sub(" ", bare.casefold()).strip()


_KINDS: Final[Mapping[CameraKind, tuple[str, ...]]] = MappingProxyType(
    {
        CameraKind.FIXED: ("fixe", "fixed", "caméra fixe"),
        CameraKind.DOME: ("dôme", "dome", "PTZ", "caméra dôme"),
        CameraKind.NOMADIC: ("nomade", "nomadic", "mobile", "caméra nomade"),
    }
)
KINDS: Final[Mapping[str, CameraKind]] = MappingProxyType(
    {plain(name): kind for kind, names in _KINDS.items() for name in names}
)
"""What lists call a kind of camera, without case and accents."""

_COLUMNS: Final = {plain(name): column for column, names in HEADINGS.items() for name in names}


def column_of(heading: str) -> str | None:
    """The column with this heading; None when nobody knows it."""
    return _COLUMNS.get(plain(heading))
