from pathlib import Path

from nvr.app.cli.admin_camera import _password


def test_passphrase_of_a_file_needs_no_user(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text("gr4ssh0pper\n")
    assert _password(None, path) == "gr4ssh0pper"
    assert _password("gate", path) == "gr4ssh0pper"


def test_nobody_is_asked_for_a_password_where_neither_user_nor_file_is_named() -> None:
    assert _password(None, None) is None
