"""The words of the status page, in French and in English, by id."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["fr", "en"]

FRENCH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "title": "État de l’enregistrement",
        "all-good": "Tout fonctionne.",
        "to-look-at": "À traiter",
        "cameras": "Caméras",
        "camera": "Caméra",
        "state": "État",
        "last": "Dernier enregistrement",
        "bitrate": "Débit",
        "gaps": "Interruptions ce jour",
        "no-gaps": "aucune",
        "volumes": "Disques",
        "volume": "Disque",
        "free": "Libre",
        "held": "Durée conservée",
        "days": "{value} j",
        "ledger": "Journal",
        "entries": "Écritures",
        "checkpoint": "Dernier point de contrôle",
        "at-size": "{value} écritures",
        "never": "jamais",
        "unknown-time": "inconnu",
        "since": "depuis {value}",
        "as-of": "Situation au {value}",
        "no-pictures": "Cette page ne montre aucune image : les images ne s’ouvrent que sur réquisition.",
        "no-cameras": "Aucune caméra n’est encore déclarée.",
        "other-language": "English",
        "not-found": "Cette page n’existe pas.",
        "no-answer": "Le système ne répond pas à la page d’état. L’enregistrement n’en dépend pas.",
        "recording": "enregistre",
        "connecting": "connexion en cours",
        "stalled": "connectée, rien n’est enregistré",
        "losses": "Paquets perdus",
        "dropped": "Refusés par le disque",
        "reconnects": "Reconnexions",
        "waiting": "en panne, nouvel essai prévu",
        "commissioning": "en réglage, rien n’est enregistré jusqu’au {value}",
        "picture-covered": "objectif couvert ?",
        "picture-moved": "caméra déplacée ou tournée ?",
        "picture-blurred": "image floue : objectif sale, mise au point ?",
        "picture-frozen": "image figée : redémarrer la caméra",
        "picture-dark": "image noire : éclairage, obturation ?",
        "pictures-not-judged": "L’état des images ne peut pas être jugé, l’enregistrement continue : {value}",
        "idle": "arrêtée",
        "unknown": "inconnu",
        "in-service": "en service",
        "out-of-service": "hors service",
        "low": "presque plein",
        "ledger-silent": "le journal ne répond pas",
        "ledger-unsigned": "aucun point de contrôle signé",
        "unreachable": "caméra injoignable : alimentation, réseau, adresse ?",
        "refused": "connexion refusée par la caméra : port, RTSP activé ?",
        "tls": "échec du chiffrement TLS : port RTSPS, micrologiciel ?",
        "timeout": "pas de réponse à temps : réseau, charge ?",
        "closed": "connexion fermée par la caméra",
        "no-secret": "mot de passe absent du fichier des secrets : le donner",
        "unauthorized": "utilisateur ou mot de passe refusé : les corriger, débloquer le compte",
        "not-found-stream": "flux inconnu de la caméra : corriger le chemin de l’adresse",
        "rejected": "demande rejetée par la caméra : réglages RTSP ?",
        "untrusted": "certificat non reconnu : renseigner camera_tls",
        "busy": "plus de session libre : déconnecter d’autres lecteurs",
        "redirected": "la caméra renvoie ailleurs : déclarer cette adresse",
        "garbage": "réponse incompréhensible : bon port ?",
        "no-video": "aucun flux vidéo : l’activer",
        "unsupported-codec": "format vidéo non pris en charge : régler sur H.264 ou H.265",
        "reordered": "flux vidéo en mode entrelacé de paquets : le désactiver dans la caméra",
        "unsupported-transport": "transport non pris en charge : activer RTP sur TCP",
        "no-pictures-arrive": "les images n’arrivent plus",
        "not-written": "les images n’atteignent pas le disque",
        "provisional-set": "Le jeu de dépositaires est provisoire : tenez la cérémonie des clés",
        "clock-unsynchronised": "L’horloge du serveur n’est pas synchronisée",
        "order-ends": "L’arrêté préfectoral expire : {value}",
        "witness-silent": "Le témoin du journal ne répond plus",
        "recorder-silent": "L’enregistreur {value} ne répond pas, ses caméras ne sont pas enregistrées",
        "key-place-lost": "Un emplacement des clés n’est plus accessible : {value}",
        "footage-not-recovered": "Des images laissées par un arrêt brutal ne peuvent pas être reprises : {value}",
        "footage-damaged": "Un fichier d’images est endommagé : {value}",
        "footage-torn": "Un fichier d’images repris est incomplet : {value}",
        "state-not-written": "Le disque de l’état n’est plus inscriptible, l’enregistrement continue : {value}",
        "state-not-read": "L’état d’un enregistreur est illisible, l’enregistrement continue : {value}",
        "files-not-taken": "Les nouveaux réglages ne peuvent pas être repris, les derniers restent : {value}",
        "spool-waits": "Des événements attendent d’être inscrits au journal : {value}",
    }
)

ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "title": "Recording status",
        "all-good": "Everything works.",
        "to-look-at": "To look at",
        "cameras": "Cameras",
        "camera": "Camera",
        "state": "State",
        "last": "Last record",
        "bitrate": "Bit rate",
        "gaps": "Gaps today",
        "no-gaps": "none",
        "volumes": "Disks",
        "volume": "Disk",
        "free": "Free",
        "held": "Kept",
        "days": "{value} d",
        "ledger": "Ledger",
        "entries": "Entries",
        "checkpoint": "Last checkpoint",
        "at-size": "{value} entries",
        "never": "never",
        "unknown-time": "unknown",
        "since": "since {value}",
        "as-of": "As of {value}",
        "no-pictures": "This page shows no picture: footage is opened against a requisition only.",
        "no-cameras": "No camera was added yet.",
        "other-language": "Français",
        "not-found": "There is no such page.",
        "no-answer": "The system does not answer the status page. Recording does not depend on it.",
        "recording": "recording",
        "connecting": "connecting",
        "stalled": "connected, nothing is recorded",
        "losses": "Packets lost",
        "dropped": "Refused by the disk",
        "reconnects": "Reconnections",
        "waiting": "failed, will try again",
        "commissioning": "being aimed, nothing is recorded until {value}",
        "picture-covered": "lens covered?",
        "picture-moved": "camera moved or turned?",
        "picture-blurred": "picture blurred: dirty lens, focus?",
        "picture-frozen": "picture frozen: restart the camera",
        "picture-dark": "picture dark: lighting, something before the lens?",
        "pictures-not-judged": "Pictures can not be judged, recording goes on: {value}",
        "idle": "stopped",
        "unknown": "unknown",
        "in-service": "in service",
        "out-of-service": "out of service",
        "low": "almost full",
        "ledger-silent": "the ledger does not answer",
        "ledger-unsigned": "no signed checkpoint",
        "unreachable": "camera can not be reached: power, network, address?",
        "refused": "camera refused the connection: port, RTSP switched on?",
        "tls": "TLS failed: RTSPS port, firmware?",
        "timeout": "no answer in time: network, load?",
        "closed": "camera closed the connection",
        "no-secret": "no password in the secrets file: give it",
        "unauthorized": "user or password refused: correct them, unlock the account",
        "not-found-stream": "camera knows no such stream: correct the address’s path",
        "rejected": "camera rejected the request: RTSP settings?",
        "untrusted": "certificate not trusted: set camera_tls",
        "busy": "no session left: disconnect other viewers",
        "redirected": "camera sends us elsewhere: register that address",
        "garbage": "answer makes no sense: right port?",
        "no-video": "no video stream: switch it on",
        "unsupported-codec": "video format not supported: set H.264 or H.265",
        "reordered": "video sent in interleaved packet mode: turn it off in the camera",
        "unsupported-transport": "transport not supported: switch on RTP over TCP",
        "no-pictures-arrive": "pictures stopped coming",
        "not-written": "pictures do not reach the disk",
        "provisional-set": "The custodian set is provisional: hold the key ceremony",
        "clock-unsynchronised": "The server's clock is not synchronised",
        "order-ends": "The prefect's order ends: {value}",
        "witness-silent": "The ledger's witness does not answer",
        "recorder-silent": "Recorder {value} does not answer, its cameras are not recorded",
        "key-place-lost": "A place of the keyring can not be reached: {value}",
        "footage-not-recovered": "Footage that a crash left can not be recovered: {value}",
        "footage-damaged": "A file of footage is damaged: {value}",
        "footage-torn": "A recovered file of footage is not whole: {value}",
        "state-not-written": "The disk of the state can not be written, recording goes on: {value}",
        "state-not-read": "The state of a recorder can not be read, recording goes on: {value}",
        "files-not-taken": "New settings can not be taken up, the last good ones stay: {value}",
        "spool-waits": "Events wait to be entered in the ledger: {value}",
    }
)

CATALOGUES: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType({"fr": FRENCH, "en": ENGLISH})

_CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {"not-found": "not-found-stream", "stalled": "no-pictures-arrive"},
)
"""Ids of causes whose word is another text's here."""


def cause_text(cause: str, texts: Mapping[str, str]) -> str:
    """What went wrong with a camera; a cause that has no text yet stands as its id."""
    return texts.get(_CAUSES.get(cause, cause), cause)


def language_of(wanted: str | None, accepted: str | None) -> Language:
    """The language asked for by `?lang=`, else the first of Accept-Language that there is, else French.

    RFC 9110 section 12.5.4; quality values are not weighed: browsers send their languages in order.
    """
    offers = [wanted or "", *(part.partition(";")[0].strip() for part in (accepted or "").split(","))]
    for offer in offers:
        match offer.lower().partition("-")[0]:
            case "fr":
                return "fr"
            case "en":
                return "en"
    return "fr"
