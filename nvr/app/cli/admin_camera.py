"""Cameras: added, changed, moved, replaced, aimed, retired, listed."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nvr.app.cli.answers import write_answer, write_remedies
from nvr.app.cli.camera_check import check_lines, check_rows, has_failed
from nvr.app.cli.camera_url import (
    ChannelOption,
    HostOption,
    MakeOption,
    PortOption,
    TransportOption,
    UrlOption,
    url_from,
)
from nvr.app.cli.common import EXIT_REFUSED, JsonOption, command_elsewhere, new_app, secret
from nvr.app.cli.person import act_and_write, person_of, require
from nvr.app.cli.tables import camera_rows
from nvr.app.cli.times import parse_minutes
from nvr.base.errors import InvalidValue

camera = new_app("Cameras.")
command_elsewhere(
    camera, "import", "nvr.app.cli.camera_import", "Add the cameras of a list: CSV or XLSX.", "import", of_person=True
)

CameraArgument = Annotated[str, typer.Argument(metavar="CAMERA", help="Its id")]
UserOption = Annotated[str | None, typer.Option(help="The camera's user")]
CameraPasswordOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Its first line is the camera's password; else asked for")
]
PointOption = Annotated[str | None, typer.Option("--point", help="The point where it stands")]
DaysOption = Annotated[int | None, typer.Option(min=1, help="Shorter than the order's, never longer")]


def _password(user: str | None, file: Path | None) -> str | None:
    return None if user is None else secret("ask-camera-password", file)


@camera.command("add")
def camera_add(  # noqa: PLR0913, PLR0917 -- a parameter is an option
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CAMERA", help="Its id: a-z 0-9 _ . -")],
    url: UrlOption = None,
    make: MakeOption = None,
    host: HostOption = None,
    port: PortOption = None,
    channel: ChannelOption = None,
    transport: TransportOption = None,
    user: UserOption = None,
    camera_password_file: CameraPasswordOption = None,
    at: PointOption = None,
    retention_days: DaysOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Add a camera; recording begins within seconds.

    Example: nvr-admin --as admin camera add mairie-1 --make axis --host 10.0.0.7 --user viewer --point p12
    """
    person = person_of(context)
    answer = person.act(
        "camera.add",
        camera=name,
        url=require("--url", url_from(url, make, host, port, channel)),
        transport=transport,
        user=user,
        password=_password(user, camera_password_file),
        point=at,
        retention_days=retention_days,
    )
    write_answer(answer, as_json=as_json, zone=person.zone)


@camera.command("edit")
def camera_edit(  # noqa: PLR0913, PLR0917 -- a parameter is an option
    context: typer.Context,
    name: CameraArgument,
    url: UrlOption = None,
    make: MakeOption = None,
    host: HostOption = None,
    port: PortOption = None,
    channel: ChannelOption = None,
    transport: TransportOption = None,
    user: UserOption = None,
    camera_password_file: CameraPasswordOption = None,
    retention_days: DaysOption = None,
    *,
    no_login: Annotated[bool, typer.Option("--no-login", help="It asks for none any more")] = False,
    order_days: Annotated[bool, typer.Option("--order-days", help="Keep as long as the order says")] = False,
    as_json: JsonOption = False,
) -> None:
    """Change a camera's URL, login or retention; its recording begins anew with them.

    Example: nvr-admin --as admin camera edit mairie-1 --user viewer
    """
    act_and_write(
        context,
        "camera.edit",
        as_json=as_json,
        camera=name,
        url=url_from(url, make, host, port, channel),
        transport=transport,
        user=user,
        password=_password(user, camera_password_file),
        retention_days=retention_days,
        no_login=no_login or None,
        order_days=order_days or None,
    )


@camera.command("move")
def camera_move(
    context: typer.Context,
    name: CameraArgument,
    point: Annotated[str, typer.Option(help="The point where it stands from then on")],
    since: Annotated[str | None, typer.Option(help="If it moved earlier: when; marked as entered later")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is entered later, in words")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Place a camera at another point: a nomadic one, or one that was mounted elsewhere.

    Example: nvr-admin --as admin camera move mobile-2 --point p40 --since "2026-10-25 09:30" --reason "told on Monday"
    """
    person = person_of(context)
    since_utc_us = None if since is None else person.instant("--since", since)
    answer = person.act("camera.move", camera=name, point=point, since_utc_us=since_utc_us, reason=reason)
    write_answer(answer, as_json=as_json, zone=person.zone)


@camera.command("replace")
def camera_replace(  # noqa: PLR0913, PLR0917 -- a parameter is an option
    context: typer.Context,
    name: CameraArgument,
    by: Annotated[str, typer.Option(metavar="CAMERA", help="Id of the new device")],
    url: UrlOption = None,
    make: MakeOption = None,
    host: HostOption = None,
    port: PortOption = None,
    channel: ChannelOption = None,
    transport: TransportOption = None,
    user: UserOption = None,
    camera_password_file: CameraPasswordOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put a new device in a camera's place: the point stays, the old camera is retired, its footage is kept.

    Example: nvr-admin --as admin camera replace mairie-1 --by mairie-1b --make hanwha --host 10.0.0.11 --user viewer
    """
    act_and_write(
        context,
        "camera.replace",
        as_json=as_json,
        camera=name,
        by=by,
        url=require("--url", url_from(url, make, host, port, channel)),
        transport=transport,
        user=user,
        password=_password(user, camera_password_file),
    )


@camera.command("commission")
def camera_commission(
    context: typer.Context,
    name: CameraArgument,
    lasting: Annotated[str | None, typer.Option("--for", metavar="TIME", help="How long: 30m, 2h; 8h at most")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, in words")] = None,
    *,
    end: Annotated[bool, typer.Option("--end", help="Record it again, before the time is over")] = False,
    as_json: JsonOption = False,
) -> None:
    """Leave a camera alone while somebody aims it: nothing of it is recorded, and no picture is shown here.

    Look through the camera's own page or tool. It is in the ledger with your name, ends by itself, and afterwards the
    camera's usual picture is learnt anew.

    Example: nvr-admin --as admin camera commission mairie-1 --for 30m --reason "mast turned by the storm"
    """
    if end:
        if lasting is not None or reason is not None:
            raise InvalidValue(field="--end", value=lasting or reason or "", expected="--end alone")
        act_and_write(context, "camera.commission_end", as_json=as_json, camera=name)
        return
    minutes = parse_minutes("--for", require("--for", lasting))
    act_and_write(
        context,
        "camera.commission",
        as_json=as_json,
        camera=name,
        minutes=minutes,
        reason=require("--reason", reason),
    )


@camera.command("retire")
def camera_retire(context: typer.Context, name: CameraArgument, *, as_json: JsonOption = False) -> None:
    """Record a camera no more; its footage stays as long as the order says.

    Example: nvr-admin --as admin camera retire mairie-1
    """
    act_and_write(context, "camera.retire", as_json=as_json, camera=name)


@camera.command("test")
def camera_test(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[CAMERA]...", help="Their ids")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every camera that is not retired")] = False,
    seconds: Annotated[int | None, typer.Option(min=1, max=60, help="At most so long each; 12 unless told")] = None,
    as_json: JsonOption = False,
) -> None:
    """Connect to cameras from the server, and say what they send and what to mend; no picture is kept or looked at.

    It asks each camera for one session beside its recording, and says so where the camera gives up the recording for
    it. The exit code is 1 when a camera can not be recorded as the decree of 2007 asks.

    Example: nvr-admin --as admin camera test --all
    """
    if every == bool(names):
        raise InvalidValue(field="CAMERA", value=", ".join(names or ()), expected="ids of cameras, or --all")
    person = person_of(context)
    checks = person.act("camera.test", cameras=names or None, seconds=seconds)
    write_answer(checks if as_json else check_rows(checks), as_json=as_json, zone=person.zone)
    if not as_json:
        sys.stdout.writelines(f"{line}\n" for line in check_lines(checks))
    if has_failed(checks):
        raise typer.Exit(EXIT_REFUSED)


@camera.command("list")
def camera_list(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """All cameras with their state.

    Example: nvr-admin --as admin camera list
    """
    person = person_of(context)
    cameras = person.act("camera.list")
    write_answer(cameras if as_json else camera_rows(cameras), as_json=as_json, zone=person.zone)
    if not as_json:
        write_remedies(cameras)
