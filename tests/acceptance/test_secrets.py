"""A camera's password that is known is looked for in everything that a running system writes and says."""

import json
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from nvr.app.demo.processes import DemoFailed
from tests.acceptance.conftest import Town
from tests.canary import forms

pytestmark = pytest.mark.timeout(300)

USER, PASSWORD = "kanarienvogel", "c4nary:%40é/\\\"'#?&=@ ."
NEEDLES = tuple(text.encode() for text in {USER, "c4nary", *forms(USER, PASSWORD)})


def _told(content: bytes) -> bool:
    return any(needle in content for needle in NEEDLES)


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and _told(path.read_bytes())}


def _processes() -> list[str]:
    """The programs that carry it where `ps` shows it."""
    seen = []
    for process in psutil.Process().children(recursive=True):
        shown = "\0".join([*process.cmdline(), *process.environ().values()])
        if _told(shown.encode()):
            seen.append(process.name())
    return seen


def test_password_stands_in_the_secrets_file_and_nowhere_else(town: Town) -> None:
    stage = town.stage
    password = stage.folder / "passwords" / "camera"
    password.touch(mode=0o600)
    password.write_text(f"{PASSWORD}\n")
    add = ("admin", *stage.as_person("admin"), "camera", "add")
    with pytest.raises(DemoFailed) as refused:
        stage.processes.run(*add, "leaky", "--url", f"rtsp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:1/live")
    assert "url" in str(refused.value.fields["why"])
    assert not _told(str(refused.value.fields["why"]).encode())
    login = ("--user", USER, "--camera-password-file", str(password))
    stage.processes.run(*add, "dead", "--url", "rtsp://127.0.0.1:1/live", *login)
    stage.until("the camera is told as dead", lambda: stage.cameras().get("dead", {}).get("cause") == "refused")
    told = [
        stage.processes.answer("admin", *stage.as_person("admin"), "camera", "list"),
        stage.processes.answer("nvr", "status", "--config", str(stage.config)),
    ]
    assert not _told(json.dumps(told, ensure_ascii=False).encode())
    assert _processes() == []
    assert _files(stage.folder) == {town.settings.paths.secrets, password}
