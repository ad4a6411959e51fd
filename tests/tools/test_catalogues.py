"""What lies in the tree is in order; what `make` and the installation compile is what the sources say."""

import gettext
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from babel.messages.pofile import PoFileError

from tools.catalogues import ROOT, compile_all, compiled, in_order, read, sources

PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "b"
msgstr "deux"

msgid "a"
msgid_plural "a"
msgstr[0] "{count} image"
msgstr[1] "{count} images"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "access" / "locale" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "status.po").write_text(PO, encoding="utf-8")
    return folder / "status.po"


def test_compiled_texts_are_read_by_the_standard_library(source: Path) -> None:
    texts = gettext.GNUTranslations(BytesIO(compiled(read(source))))
    assert texts.gettext("b") == "deux"
    assert [texts.ngettext("a", "a", count) for count in (0, 1, 2)] == [
        "{count} image",
        "{count} image",
        "{count} images",
    ]


def test_compiled_texts_carry_no_date_of_the_day(source: Path) -> None:
    assert b"POT-Creation-Date: 2000-01-01 00:00" in compiled(read(source))


def test_order_is_by_id_and_settles(source: Path) -> None:
    ordered = in_order(read(source))
    assert ordered.index('msgid "a"') < ordered.index('msgid "b"')
    assert "nplurals=2; plural=(n > 1);" in ordered
    source.write_text(ordered, encoding="utf-8")
    assert in_order(read(source)) == ordered


def test_source_that_can_not_be_read_stops_the_build(source: Path) -> None:
    source.write_text(PO + 'mgsid "c"\nmsgstr "trois"\n', encoding="utf-8")
    with pytest.raises(PoFileError):
        compile_all(source.parents[4])


def test_only_what_is_older_than_its_source_is_compiled_again(source: Path) -> None:
    [made] = compile_all(source.parents[4])
    kept = made.stat().st_mtime_ns
    assert compile_all(source.parents[4]) == [made]
    assert made.stat().st_mtime_ns == kept
    source.write_text(PO.replace("deux", "trois"), encoding="utf-8")
    os.utime(source, ns=(kept + 1, kept + 1))
    compile_all(source.parents[4])
    assert b"trois" in made.read_bytes()


def test_every_catalogue_in_the_tree_is_compiled_as_its_source_says() -> None:
    for source in sources():
        made = source.with_suffix(".mo")
        assert made.exists(), f"{made} is missing: run python -m tools.catalogues"
        assert made.read_bytes() == compiled(read(source)), f"{made} is old: run python -m tools.catalogues"


@pytest.mark.parametrize(
    "source", list(sources()), ids=lambda source: "-".join((source.parts[-5], source.parts[-3], source.stem))
)
def test_every_catalogue_in_the_tree_is_in_order(source: Path) -> None:
    assert source.read_text(encoding="utf-8") == in_order(read(source)), "run python -m tools.catalogues --write"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What is committed or about to be, and nothing that was made from it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    clone = tmp_path / "clone"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/", "benchmarks/")):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    assert not list(clone.rglob("*.mo"))
    return clone


def build(clone: Path, target: str) -> ZipFile:
    out = clone.parent
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    subprocess.run(command, cwd=clone, check=True)
    [wheel] = out.glob("*.whl")
    return ZipFile(wheel)


def test_wheel_holds_the_compiled_texts_of_a_fresh_clone(clone: Path) -> None:
    expected = {str(source.with_suffix(".mo").relative_to(ROOT)) for source in sources()}
    assert expected
    with build(clone, "wheel") as wheel:
        assert expected <= set(wheel.namelist())
        assert not [name for name in wheel.namelist() if name.startswith("tools")]


def test_editable_installation_compiles_the_texts_where_they_lie(clone: Path) -> None:
    build(clone, "wheel:editable").close()
    assert {path.relative_to(clone) for path in clone.rglob("*.mo")} == {
        source.with_suffix(".mo").relative_to(ROOT) for source in sources()
    }
