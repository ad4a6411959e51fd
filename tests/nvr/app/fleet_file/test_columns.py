import pytest

from nvr.app.fleet_file.columns import HEADINGS, KINDS, column_of, plain


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Caméra", "camera"),
        ("CAMERA", "camera"),
        ("Adresse IP", "host"),
        ("adresse_ip ", "host"),
        ("Adresse RTSP", "url"),
        ("Adresse", "address"),
        ("Mot de Passe", "password"),
        ("N°", "number"),
        ("Numero du point", "number"),
        ("Jours de conservation", "retention_days"),
        ("retention days", "retention_days"),
        ("Remarques", "note"),
        ("Type de caméra", "kind"),
        ("mot de pass", None),
        ("", None),
    ],
)
def test_heading_is_known_without_its_accents_and_case(heading: str, column: str | None) -> None:
    assert column_of(heading) == column


def test_no_heading_means_two_columns() -> None:
    names = [(plain(name), column) for column, names in HEADINGS.items() for name in names]
    assert len({name for name, _ in names if name}) == len({pair for pair in names if pair[0]})


@pytest.mark.parametrize(("word", "kind"), [("Dôme", "dome"), ("NOMADE", "nomadic"), ("Caméra fixe", "fixed")])
def test_kind_is_known_in_both_languages(word: str, kind: str) -> None:
    assert KINDS[plain(word)] == kind
