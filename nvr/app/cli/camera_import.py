"""`nvr-admin camera import`: a process of its own, so that no other command loads what reads workbooks."""

import sys
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from nvr.app.cli.answers import write_json
from nvr.app.cli.camera_decision import UntilOption, WithoutOrderOption, decision
from nvr.app.cli.camera_url import stream_lines
from nvr.app.cli.common import EXIT_REFUSED, ConfigOption, JsonOption, new_app, run
from nvr.app.cli.person import AsOption, PasswordFileOption, Person, require, signed_in
from nvr.app.fleet_file.columns import HEADINGS
from nvr.app.fleet_file.rows import CONNECTION, FleetList, fleet_list
from nvr.app.fleet_file.table import read_table
from nvr.app.fleet_file.text import heading_of, template_text
from nvr.app.messages import LANGUAGE, say

app = new_app("Add the cameras of a list.")


@app.callback()
def _with_commands() -> None:
    """Keep `import` a command with a name, as the program that becomes this one gives it."""


@app.command("import")
def camera_import(  # noqa: PLR0913 -- a parameter is an option
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="CSV (comma, semicolon, tab) or XLSX")] = None,
    config: ConfigOption = None,
    account: AsOption = None,
    password_file: PasswordFileOption = None,
    without_order: WithoutOrderOption = None,
    until: UntilOption = None,
    *,
    template: Annotated[bool, typer.Option("--template", help="Print an empty list with all its columns")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add the cameras of a list with their points: all of them, or none and every fault at once.

    A row has the RTSP URL, or make and IP address, or the IP address alone: that camera is asked for its main stream
    (ONVIF), on a dry run too.

    Their order is entered before (authorisation add); else a person decides for all of them, by --without-order.

    Headings may be French or English. A second time it changes nothing: cameras that are there as listed are passed
    over, cameras that differ are named and stay as they are. Try --dry-run first.

    Example: nvr-admin --as admin camera import cameras.xlsx --dry-run
    """
    if template:
        sys.stdout.write(template_text(LANGUAGE))
        return
    listed = fleet_list(read_table(require("FILE", file)))
    person = signed_in(config, account, password_file)
    answer = _ask(person, listed, dry_run=dry_run, **decision(person, without_order, until))
    if as_json:
        write_json(answer)
    else:
        sys.stdout.writelines(
            f"{line}\n" for line in report(answer, listed.headings, dry_run=dry_run, decided=without_order is not None)
        )
    if answer["faults"] or answer["differing"] or (answer["uncovered"] and without_order is None):
        raise typer.Exit(EXIT_REFUSED)


def _ask(person: Person, listed: FleetList, *, dry_run: bool, **decided: object) -> dict[str, Any]:
    """The answer of the act; where cells can not be read, with what it says of the others, and nothing entered."""
    own = [{"row": fault.row, "field": fault.field, "value": fault.value, "why": fault.why} for fault in listed.faults]
    answer: dict[str, Any] = person.act("camera.import", cameras=listed.rows, dry_run=dry_run or bool(own), **decided)
    told = {(fault["row"], "url" if fault["field"] in CONNECTION else fault["field"]) for fault in own}
    others = [fault for fault in answer["faults"] if (fault["row"], fault["field"]) not in told]
    return {**answer, "faults": sorted([*own, *others], key=lambda fault: fault["row"])}


def report(
    answer: Mapping[str, Any], headings: Mapping[str, str], *, dry_run: bool, decided: bool = False
) -> Iterable[str]:
    """A line for each faulty row and each camera that differs, then what was, or would be, done.

    `decided`: somebody answers for the cameras that no order covers.
    """
    for row, faults in groupby(answer["faults"], key=lambda fault: fault["row"]):
        yield say("import-row", row=row, faults="; ".join(_fault(fault, headings) for fault in faults))
    for camera, stream in answer.get("streams", {}).items():
        yield from stream_lines(camera, stream)
    for differing in answer["differing"]:
        columns = ", ".join(_heading(name, headings) for name in differing["fields"])
        yield say("import-differs", row=differing["row"], camera=differing["camera"], columns=columns)
    counts = {key: len(answer[key]) for key in ("added", "points", "unchanged", "differing")}
    rows = len({fault["row"] for fault in answer["faults"]})
    if uncovered := answer["uncovered"]:
        text = "import-decided" if decided else "import-uncovered"
        yield say(text, rows=len(uncovered), cameras=", ".join(uncovered))
    if rows:
        yield say("import-refused", rows=rows)
    elif decided or not uncovered:
        yield say("import-would" if dry_run else "import-done", **counts)


def _fault(fault: Mapping[str, Any], headings: Mapping[str, str]) -> str:
    why, name = fault["why"], fault["field"]
    if why.startswith("lookup-"):
        return say(why, host=fault["value"], offered=fault["expected"], cause="").replace("\n", " ")
    expected = say(f"import-expects-{name}") if why == "value" else say(f"import-why-{why}")
    value = fault["value"]
    shown = "" if value in {None, "", "(hidden)"} else f" {value!r}"
    return f"{_heading(name, headings)}{shown}: {expected}"


def _heading(name: str, headings: Mapping[str, str]) -> str:
    """The column as the file calls it, else as the template does."""
    return headings.get(name) or (heading_of(name, LANGUAGE) if name in HEADINGS else name)


def main() -> int:
    """The command, as another program becomes it."""
    return run(app, "nvr-admin camera")


if __name__ == "__main__":
    raise SystemExit(main())
