"""Write the JSON Schema of every entry type into docs/design/ledger/: `python -m tools.ledger_schemas`."""

import json
from pathlib import Path
from typing import Final

from storage.ledger.entries import BODIES, json_schema

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "design" / "ledger"


def texts() -> dict[str, str]:
    """File name and text of every schema, as the models say now."""
    return {
        f"{t}.schema.json": json.dumps(json_schema(body), indent=2, ensure_ascii=False) + "\n"
        for t, body in BODIES.items()
    }


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
