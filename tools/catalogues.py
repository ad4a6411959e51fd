"""Compile the texts for people: `python -m tools.catalogues`; with `--write`, first bring the .po files in order.

The compiled files lie beside their sources, where gettext looks for them, and are not committed: the installation makes
them (tools/build_hook.py), and `make` does where a source is newer.
"""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("access", "config", "nvr", "recorder", "storage")
_NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Of creation, in each compiled file: the same source gives the same bytes."""


def sources(root: Path = ROOT) -> Iterator[Path]:
    """Every .po file of the packages below this folder."""
    for package in PACKAGES:
        yield from sorted(root.joinpath(package).glob("**/locale/*/LC_MESSAGES/*.po"))


def read(source: Path) -> Catalog:
    """The entries of a .po file; its language is that of its folder. Raises PoFileError where it can not be read."""
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parts[-3], domain=source.stem, abort_invalid=True)
    catalog.creation_date = _NO_DATE
    return catalog


def in_order(catalog: Catalog) -> str:
    """The .po file as it is committed: sorted and wrapped by Babel, under a header of three lines.

    Babel's own header names dates and its version, which would change without a change of the texts.
    """
    entries = BytesIO()
    write_po(entries, catalog, omit_header=True, sort_output=True, ignore_obsolete=True)
    header = [
        'msgid ""',
        'msgstr ""',
        f'"Language: {catalog.locale}\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        f'"Plural-Forms: {catalog.plural_forms}\\n"',
    ]
    return "\n".join([*header, "", entries.getvalue().decode()]).rstrip("\n") + "\n"


def compiled(catalog: Catalog) -> bytes:
    """The .mo file; beside each entry with plural forms, the name of the field that chooses (nvr/base/catalogue.py)."""
    for message in list(catalog):
        if not isinstance(message.id, str):
            counted, field = message.id
            context = "counted" if message.context is None else f"counted\x04{message.context}"
            catalog.add(counted, field, context=context)
    made = BytesIO()
    write_mo(made, catalog)
    return made.getvalue()


def compile_all(root: Path = ROOT) -> list[Path]:
    """Compile what is older than its source; the compiled files, all of them."""
    made = []
    for source in sources(root):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime_ns <= source.stat().st_mtime_ns:
            target.write_bytes(compiled(read(source)))
        made.append(target)
    return made


def main() -> None:
    """Compile, after rewriting the sources where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="sort and wrap the .po files as Babel does")
    if parser.parse_args().write:
        for source in sources():
            ordered = in_order(read(source))
            if ordered != source.read_text(encoding="utf-8"):
                source.write_text(ordered, encoding="utf-8")
    compile_all()


if __name__ == "__main__":
    main()
