"""What the operating system says of a failed call, in words."""

import errno
import os
from pathlib import Path

import pytest

from nvr.app.system_words import in_words
from tests.texts import catalogue


def refusal(tmp_path: Path) -> str:
    """What Python makes of a call that fails here and now."""
    with pytest.raises(OSError, match="gone") as refused:
        (tmp_path / "gone").read_bytes()
    return str(refused.value)


def test_failed_call_is_told_without_its_number_in_the_readers_language(tmp_path: Path) -> None:
    text = refusal(tmp_path)
    assert in_words(text, "en") == f"No such file or directory: '{tmp_path}/gone'"
    assert in_words(text, "fr") == f"fichier ou répertoire absent: '{tmp_path}/gone'"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT], ids=str)
def test_what_disks_do_has_french_words(number: int) -> None:
    text = str(OSError(number, os.strerror(number)))
    assert os.strerror(number) not in in_words(text, "fr")


def test_several_in_one_text_are_all_told() -> None:
    text = "; ".join(str(OSError(number, os.strerror(number))) for number in (errno.EIO, errno.EROFS))
    assert in_words(text, "fr") == "erreur d'entrée-sortie; système de fichiers en lecture seule"


def test_error_that_has_no_french_words_stays_as_it_is() -> None:
    text = str(OSError(errno.ELOOP, os.strerror(errno.ELOOP)))
    assert in_words(text, "fr") == os.strerror(errno.ELOOP)


@pytest.mark.parametrize("text", ["", "disk b is away", "[Errno] is no number", "[Errno 99999] never heard of"])
def test_text_that_holds_none_loses_nothing_of_what_it_says(text: str) -> None:
    assert in_words(text, "fr") == text.removeprefix("[Errno 99999] ")


def test_message_tells_its_values_so(tmp_path: Path) -> None:
    (line, *_) = catalogue("fr")["volume-lost"].lines({"path": "/srv/b", "what": refusal(tmp_path)})
    assert "fichier ou répertoire absent" in line
    assert "Errno" not in line
