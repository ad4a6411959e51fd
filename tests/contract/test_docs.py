"""Links between documents lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.source import ROOT

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$", re.MULTILINE)
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def documents() -> list[Path]:
    """Every document of the project; folders with a leading dot are tools' own."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(path for path in found if not any(part.startswith(".") for part in path.parts))


def anchors(document: Path) -> Iterator[str]:
    """The names under which a document's headings can be linked to."""
    for match in HEADING.finditer(CODE.sub(lambda code: code[0].strip("`"), document.read_text())):
        yield re.sub(r"[^\w\- ]", "", match["text"].lower()).replace(" ", "-")


@pytest.mark.parametrize("document", documents(), ids=str)
def test_relative_links_lead_to_a_file_and_a_heading(document: Path) -> None:
    broken = []
    for match in LINK.finditer(CODE.sub("", (ROOT / document).read_text())):
        if OUTSIDE.match(match["target"]):
            continue
        file, _, anchor = match["target"].partition("#")
        target = (ROOT / document).parent / file if file else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(match["target"])
    assert not broken
