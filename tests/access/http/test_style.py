"""The style sheet stands alone."""

from access.http.style import STYLE


def test_style_fetches_nothing_and_can_not_end_its_element() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "<" not in STYLE
