"""Cameras: added, changed, moved, taken down, replaced, aimed, retired, listed."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nvr.app.cli.answers import write_answer, write_remedies
from nvr.app.cli.camera_check import check_lines, check_rows, has_failed
from nvr.app.cli.camera_decision import UntilOption, WithoutOrderOption, decision
from nvr.app.cli.camera_found import found_line, found_rows, write_new
from nvr.app.cli.camera_url import (
    ChannelOption,
    HostOption,
    MakeOption,
    PortOption,
    TransportOption,
    UrlOption,
    stream_from,
    stream_lines,
)
from nvr.app.cli.common import EXIT_REFUSED, JsonOption, command_elsewhere, new_app, secret
from nvr.app.cli.person import act_and_write, person_of, require
from nvr.app.cli.tables import camera_rows
from nvr.app.cli.times import parse_minutes
from nvr.base.errors import InvalidValue
from storage.snapshot import CameraKind

camera = new_app("Cameras.")
command_elsewhere(
    camera, "import", "nvr.app.cli.camera_import", "Add the cameras of a list: CSV or XLSX.", "import", of_person=True
)

CameraArgument = Annotated[str, typer.Argument(metavar="CAMERA", help="Its id")]
UserOption = Annotated[str | None, typer.Option(help="The camera's user; the stream id of srt://")]
CameraPasswordOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Its first line is the camera's password, or srt:// passphrase; else asked for"),
]
PointOption = Annotated[str | None, typer.Option("--point", help="The point where it stands")]
KindOption = Annotated[CameraKind | None, typer.Option(help="How it is mounted; fixed unless told")]
PtzOption = Annotated[str | None, typer.Option(metavar="onvif", help="Of a dome: ask it where it looks")]
PtzAddressOption = Annotated[str | None, typer.Option(help="Its ONVIF service, if not at its stream's host")]
PtzProfileOption = Annotated[str | None, typer.Option(help="Token of its ONVIF profile, if not the first")]
PtzExpectOption = Annotated[
    list[str] | None,
    typer.Option(metavar="PRESET", help="Where it may stand, once for each; * for any move. Else each move is told"),
]
DaysOption = Annotated[int | None, typer.Option(min=1, help="Shorter than the order's, never longer")]


def _password(user: str | None, file: Path | None) -> str | None:
    return None if user is None and file is None else secret("ask-camera-password", file)


def _act_on_stream(context: typer.Context, act: str, *, as_json: bool, **args: object) -> None:
    """Run an act that may ask the camera for its stream, and write its answer and what the camera said."""
    person = person_of(context)
    answer = person.act(act, **args)
    stream = None if as_json else answer.pop("stream", None)
    write_answer(answer, as_json=as_json, zone=person.zone)
    if stream is not None:
        sys.stdout.writelines(f"{line}\n" for line in stream_lines(answer["camera"], stream))


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
    kind: KindOption = None,
    ptz: PtzOption = None,
    ptz_address: PtzAddressOption = None,
    ptz_profile: PtzProfileOption = None,
    ptz_expect: PtzExpectOption = None,
    without_order: WithoutOrderOption = None,
    until: UntilOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Add a camera; recording begins within seconds.

    The order that covers it is entered before (authorisation add); else a person decides, by --without-order.
    With its host alone it is asked for its main stream by ONVIF, and the answer says which one was taken and why;
    where its ONVIF is off, say the make or the URL. --host HOST:PORT where ONVIF is not on port 80.

    Example: nvr-admin --as admin camera add mairie-1 --host 10.0.0.7 --user viewer --point p12
    """
    _act_on_stream(
        context,
        "camera.add",
        as_json=as_json,
        camera=name,
        **require("--url", stream_from(url, make, host, port, channel) or None),
        transport=transport,
        user=user,
        password=_password(user, camera_password_file),
        point=at,
        retention_days=retention_days,
        kind=kind,
        ptz=ptz,
        ptz_address=ptz_address,
        ptz_profile=ptz_profile,
        ptz_expect=ptz_expect or None,
        **decision(person_of(context), without_order, until),
    )


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
    kind: KindOption = None,
    ptz: PtzOption = None,
    ptz_address: PtzAddressOption = None,
    ptz_profile: PtzProfileOption = None,
    ptz_expect: PtzExpectOption = None,
    *,
    no_ptz: Annotated[bool, typer.Option("--no-ptz", help="It is not asked where it looks any more")] = False,
    no_login: Annotated[bool, typer.Option("--no-login", help="It asks for none any more")] = False,
    as_json: JsonOption = False,
) -> None:
    """Change a camera's URL, login, kind, or how a dome is asked; its recording begins anew with them.

    Example: nvr-admin --as admin camera edit mairie-1 --user viewer
    """
    _act_on_stream(
        context,
        "camera.edit",
        as_json=as_json,
        camera=name,
        **stream_from(url, make, host, port, channel),
        transport=transport,
        user=user,
        password=_password(user, camera_password_file),
        no_login=no_login or None,
        kind=kind,
        ptz=ptz,
        ptz_address=ptz_address,
        ptz_profile=ptz_profile,
        ptz_expect=ptz_expect or None,
        no_ptz=no_ptz or None,
    )


@camera.command("move")
def camera_move(
    context: typer.Context,
    name: CameraArgument,
    point: Annotated[str, typer.Option(help="The point where it stands from then on")],
    since: Annotated[str | None, typer.Option(help="If it moved earlier: when; marked as entered later")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is entered later, in words")] = None,
    without_order: WithoutOrderOption = None,
    until: UntilOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Place a camera at another point: a nomadic one, or one that was mounted elsewhere.

    Example: nvr-admin --as admin camera move mobile-2 --point p40 --since "2026-10-25 09:30" --reason "told on Monday"
    """
    person = person_of(context)
    act_and_write(
        context,
        "camera.move",
        as_json=as_json,
        camera=name,
        point=point,
        since_utc_us=None if since is None else person.instant("--since", since),
        reason=reason,
        **decision(person, without_order, until),
    )


@camera.command("absent")
def camera_absent(
    context: typer.Context,
    name: CameraArgument,
    reason: Annotated[str, typer.Option(help="Why, in words")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Enter that a camera was taken down: it stands nowhere, and its silence is no fault.

    Pictures that it sends all the same are recorded, and the status page says so.

    Example: nvr-admin --as admin camera absent mobile-2 --reason "battery, back on Thursday"
    """
    act_and_write(context, "camera.absent", as_json=as_json, camera=name, reason=reason)


@camera.command("present")
def camera_present(
    context: typer.Context,
    name: CameraArgument,
    point: Annotated[str | None, typer.Option(help="Where it stands now; else where it stood last")] = None,
    without_order: WithoutOrderOption = None,
    until: UntilOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """A camera is there again: it is tried at once; one that was entered as absent stands at its point from now on.

    Example: nvr-admin --as admin camera present mobile-2 --point p41
    """
    decided = decision(person_of(context), without_order, until)
    act_and_write(context, "camera.present", as_json=as_json, camera=name, point=point, **decided)


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
    without_order: WithoutOrderOption = None,
    until: UntilOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put a new device in a camera's place: the point stays, the old camera is retired, its footage is kept.

    A dome goes on being asked where it looks, at the new device's own address, with the same presets expected. An order
    that names its cameras has to name the new one first: authorisation edit.

    Example: nvr-admin --as admin camera replace mairie-1 --by mairie-1b --make hanwha --host 10.0.0.11 --user viewer
    """
    _act_on_stream(
        context,
        "camera.replace",
        as_json=as_json,
        camera=name,
        by=by,
        **require("--url", stream_from(url, make, host, port, channel) or None),
        transport=transport,
        user=user,
        password=_password(user, camera_password_file),
        **decision(person_of(context), without_order, until),
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


@camera.command("discover")
def camera_discover(
    context: typer.Context,
    networks: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS|NETWORK]...", help="10.0.0.7, 10.0.0.0/24; at most 1024")
    ] = None,
    interface: Annotated[str | None, typer.Option(help="Ask everybody on the network of this interface")] = None,
    seconds: Annotated[int | None, typer.Option(min=1, max=30, help="Wait so long for answers; 4 unless told")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the new ones for camera import")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Look for cameras on the network: address, make, model, serial number, and which of them are recorded.

    The server asks, without any password (ONVIF, WS-Discovery); only cameras that are recorded are asked with their
    own login, for what they tell no stranger. A camera whose ONVIF is off is not found.

    Example: nvr-admin --as admin camera discover 10.0.0.0/24 --csv new.csv
    """
    person = person_of(context)
    found = person.act("camera.discover", networks=networks or None, interface=interface, seconds=seconds)
    write_answer(found if as_json else found_rows(found), as_json=as_json, zone=person.zone)
    if csv is not None:
        write_new(csv, found)
    if not as_json:
        sys.stdout.write(found_line(found, csv) + "\n")


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
