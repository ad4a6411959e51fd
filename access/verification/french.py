"""What a verification says, in French."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FRENCH: Final[Mapping[str, str]] = MappingProxyType(
    {
        # the whole
        "good": "CONFORME : tous les contrôles sont satisfaits.",
        "bad": "NON CONFORME : voir ce qui est marqué ci-dessous.",
        "note": "Remarque ",
        "mark-good": "[ ok ]",
        "mark-bad": "[FAUX]",
        "mark-not-run": "[ ?? ]",
        # steps of a bundle
        "files": "Les fichiers sont ceux que liste le manifeste",
        "signature": "Le manifeste est signé",
        "checkpoints": "Les points de contrôle du journal sont signés",
        "inclusion": "Les écritures sont au journal et concordent avec le manifeste",
        "scope": "Rien d'autre que ce qui a été autorisé, et aucun son",
        "packets": "Chaque image est celle qui a été scellée et journalisée",
        "times": "Ce qui est hors de la période est énuméré et masqué",
        "complete": "Rien de ce qui a été libéré ne manque",
        "sums": "La liste des empreintes est exacte",
        # steps of a segment and of a ledger
        "header": "L'en-tête est entier",
        "records": "Les enregistrements sont entiers et donnent la racine",
        "origin": "Le journal se nomme et nomme sa clé",
        "tree": "Les écritures et l'arbre sont ce qui a été haché",
        "order": "Chaque écriture figure une fois, dans l'ordre",
        "continued": "Ce que des restaurations ont coupé est déclaré",
        # steps of a keyring file
        "keyring-head": "Le fichier est celui d'un trousseau",
        "key-records": "Les fiches de clés sont entières, les effacements complets",
        # what can not be known
        "not-pinned": "La clé d'export n'a pas été comparée à une empreinte publiée : le dossier concorde avec "
        "lui-même, sans plus.",
        "log-not-pinned": "La clé du journal n'a pas été comparée à une empreinte publiée.",
        "nothing-released": "Le dossier ne nomme aucune libération : seul le journal montre qu'il n'y en a pas eu.",
        "segments-unreadable": "Le manifeste dit illisibles des segments, ou de leurs enregistrements : leur contenu "
        "n'est pas dans le dossier.",
        "places-entered-late": "Un lieu au moins a été saisi après coup : il est ce que quelqu'un en a dit plus tard. "
        "Le manifeste (places) dit lequel, le journal de la ville dit qui et quand.",
        "segment-not-opened": "Sans les clés, nul ne sait si les images s'ouvrent.",
        "segment-root-not-compared": "Comparez la racine avec l'écriture seal du segment au journal.",
        "segment-not-closed": "Le fichier vient d'un arrêt brutal : ce qui suit son dernier enregistrement entier ne "
        "compte pas.",
        "keyring-not-opened": "Sans les dépositaires, nul ne sait si une part scellée s'ouvre.",
        "ledger-rewritten-whole": "Qui détient la clé du journal a pu en écrire un autre : comparez avec un point de "
        "contrôle que quelqu'un a conservé.",
        "ledger-was-restored": "Le journal a été coupé par une restauration, et quelqu'un l'a déclaré : l'étape 5 "
        "dit combien d'écritures ont été gardées, et par qui. Ce qui a suivi est perdu ; un point de contrôle au-delà "
        "de ce qui est déclaré parle contre lui.",
        # what is wrong with files
        "file-missing": "est absent",
        "file-extra": "n'appartient pas au dossier",
        "file-changed": "n'est pas ce que liste le manifeste",
        "file-unreadable": "ne peut pas être lu : {why}",
        "file-too-large": "est plus grand que tout fichier de ce genre",
        "not-a-file": "n'est pas un fichier ordinaire",
        "sum-differs": "n'est pas ce que liste manifest-sha256.txt",
        "sum-wrong": "a une ligne fausse pour {of}",
        "sum-extra": "liste des fichiers absents",
        "manifest-invalid": "n'est pas un manifeste : {why}",
        "records-invalid": "n'est pas une liste d'enregistrements",
        # with keys, signatures, entries
        "key-unusable": "n'est pas une clé utilisable",
        "other-key": "n'est pas la clé attendue ({expected})",
        "log-key-differs": "n'est pas la clé que nomme le manifeste",
        "signature-invalid": "ne correspond pas à {of} et keys/export.pub",
        "note-invalid": "n'est pas un point de contrôle signé : {why}",
        "proof-invalid": "ne prouve rien : {why}",
        "other-checkpoint": "mène à un autre point de contrôle (taille {size}) que le manifeste",
        "not-in-ledger": "n'est pas au journal selon {proof} : {why}",
        "entry-invalid": "ne contient pas d'écriture d'un genre connu : {why}",
        "entry-differs": "ne dit pas ce que dit le manifeste",
        # with what was granted
        "camera-not-granted": "montre la caméra {camera}, qui n'a pas été autorisée",
        "not-one-video": "contient d'autres pistes qu'une seule de vidéo : {tracks}",
        "out-of-order": "nomme des écritures qui sont dans le mauvais ordre",
        "not-released": "nomme le segment {segment}, qu'aucune libération de l'autorisation ne nomme",
        "not-opened": "ne nomme aucune libération ou aucune ouverture",
        "grant-over": "est postérieur à la validité de l'autorisation",
        "outside-grant": "ne montre rien de la période autorisée",
        "record-not-granted": "contient l'enregistrement {seq} du segment {segment}, qui n'a pas été autorisé",
        "record-unused": "divulgue la clé de l'enregistrement {seq}, dont aucune vidéo ne contient les images",
        "position-not-granted": "divulgue la position de l'enregistrement {seq}, qui n'est pas de la période autorisée",
        # with what is absent
        "segment-left-out": "ne dit rien du segment {segment}, qui a été libéré",
        "release-left-out": "dit que {opened} segments ont été ouverts : plus que n'en nomment les libérations jointes",
        "record-left-out": "n'a pas l'enregistrement {seq}, qui est dans la période autorisée",
        "frames-left-out": "retient des images de l'enregistrement {seq} qui sont dans la période autorisée",
        # with pictures
        "record-malformed": "a pour l'enregistrement {seq} des valeurs qui ne concordent pas",
        "samples-differ": "n'a pas les {expected} images de ses enregistrements",
        "sample-size-differs": "a des images d'une autre taille que l'enregistrement {seq} du segment {segment}",
        "samples-forged": "contient des images qui ne sont pas celles scellées dans l'enregistrement {seq} du segment "
        "{segment}",
        "tag-differs": "a un code d'authentification faux pour l'enregistrement {seq}",
        "wrong-record-key": "a une clé à laquelle l'enregistrement {seq} ne s'engage pas",
        "root-differs": "ne donne pas la racine que nomme le manifeste",
        "seal-differs": "n'est pas du segment que {entry} a scellé",
        "header-differs": "a l'en-tête d'une autre caméra, session ou d'un autre segment",
        "init-missing": "n'a pas l'enregistrement qui dit comment décoder",
        "init-forged": "a un enregistrement initial qui n'a pas été scellé",
        "record-forged": "a un enregistrement qui ne dit rien : {what}",
        "decoder-differs": "se décode autrement que ce qui a été scellé",
        "codec-unknown": "nomme un codec inconnu ici : {codec}",
        "box-damaged": "n'est pas une vidéo telle que ce système l'écrit : {box}, {why}",
        "segment-damaged": "est endommagé à l'octet {offset} : {what}",
        "segment-torn": "finit par {torn_bytes} octets, à partir de l'octet {offset}, qui ne sont pas un "
        "enregistrement entier : un arrêt brutal les a laissés, ou quelqu'un les a changés. L'écriture seal du segment "
        "au journal dit combien d'enregistrements il y avait",
        # with key records
        "keyring-damaged": "n'est pas un fichier de trousseau entier : {what}",
        "slot-torn": "a un emplacement {slot} qu'un arrêt brutal a interrompu, ou que quelqu'un a changé",
        "tombstone-unclean": "a plus qu'un effacement à l'emplacement {slot}, du segment {segment}",
        "key-record-damaged": "a une fiche de clés endommagée à l'emplacement {slot}, du segment {segment}",
        # with positions
        "positions-missing": "manque : des positions ont été scellées avec cette vidéo",
        "positions-differ": "ne dit pas ce qui a été scellé",
        "positions-of-no-movie": "n'est d'aucune vidéo pour laquelle des positions ont été scellées",
        # with times and edits
        "times-differ": "a d'autres instants que ceux qui ont été scellés",
        "hidden": "masque l'image {sample}, qui est dans la période",
        "shown-outside": "montre l'image {sample}, qui est hors de la période",
        "hidden-list-differs": "masque d'autres images que celles que liste le manifeste",
        "undecodable-list-differs": "a d'autres images indécodables que celles que liste le manifeste",
        "needless-samples": "contient des images après la dernière de la période",
        "item-times-differ": "commence ou finit à d'autres instants que ne le dit le manifeste",
        # with a ledger
        "log-entry-missing": "ne commence pas par une écriture qui nomme le journal",
        "ledger-damaged": "n'est pas ce qui a été signé : {why}",
        "checkpoint-differs": "a un point de contrôle de taille {size} qui n'est pas de son arbre",
        "entry-misplaced": "recommence à l'écriture {index}",
        "entry-repeated": "répète un acte ou saute un événement avant l'écriture {index}",
        "continue-misplaced": "déclare à l'écriture {index} avoir été coupé ailleurs, ou une autre racine",
        "continue-unsigned": "cite à l'écriture {index} un point de contrôle que ce journal n'a pas signé, ou pas plus "
        "récent",
        "entry-out-of-order": "a l'écriture {index} ({type}) sans ce qu'il faut avant elle",
    }
)
