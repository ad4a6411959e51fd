"""Which recorders there are: what `nvr run` starts by itself, and what is to be enabled under systemd."""

import asyncio
import sys
from collections import Counter
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import ConfigOption, JsonOption, new_app, run, settings_of
from nvr.app.index_port import RecorderStates
from nvr.app.shards import recorder_sockets
from storage.snapshot import load as load_snapshot

UNIT = "scelle-recorder@{shard}.service"

app = new_app()


@app.command()
def shards(
    config: ConfigOption = None,
    *,
    units: Annotated[bool, typer.Option("--units", help="Only the names of the systemd units, one a line.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Each recorder process with its cameras: `nvr run` starts them by itself, under systemd each is a unit.

    After cameras were added: systemctl enable --now $(nvr-admin shards --units)

    Example: nvr-admin shards
    """
    settings = settings_of(config)
    sockets = recorder_sockets(settings)
    if units:
        sys.stdout.writelines(f"{UNIT.format(shard=shard)}\n" for shard in sockets)
        return
    dealt = Counter(entry.shard for entry in load_snapshot(settings.paths.camera_snapshot).cameras)
    answers = asyncio.run(RecorderStates(lambda: sockets).by_shard())
    rows: list[dict[str, Any]] = [
        {
            "shard": shard,
            "unit": UNIT.format(shard=shard),
            "cameras": dealt[shard],
            "answers": answers[shard] is not None,
        }
        for shard in sockets
    ]
    write_answer(rows, as_json=as_json, zone=ZoneInfo(settings.system.timezone))


if __name__ == "__main__":
    raise SystemExit(run(app, "nvr-admin"))
