"""The town's figures, from a TOML file: what things cost, and which cameras are planned (docs/capacity.md)."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from config.section import Section

Euros = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
Watts = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
Years = Annotated[int, Field(strict=True, ge=1, le=30)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Mbit = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


class Status(StrEnum):
    """How far a phase has come. An installed one is among the cameras that are measured, and adds nothing."""

    STUDIED = "studied"
    FUNDED = "funded"
    AUTHORISED = "authorised"
    INSTALLED = "installed"


class Disk(Section):
    """`[disk]`: the disks that would be bought."""

    terabytes: Annotated[float, Field(ge=1, le=1000, allow_inf_nan=False)] = 8
    """As sold: 10^12 bytes each."""
    euros: Euros = 0
    watts: Watts = 7
    years: Years = 5
    spare: Annotated[int, Field(strict=True, ge=0, le=8)] = 1
    """So many may die, and what is left still keeps the order's days."""
    free_bays: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None


class Network(Section):
    """`[network]`: the way to the server, and the switches at which cameras end."""

    link_mbit: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = 1000
    switch_ports: Annotated[int, Field(strict=True, ge=1, le=1000)] = 8
    switch_euros: Euros = 0
    switch_watts: Watts = 15
    years: Years = 8


class Camera(Section):
    """`[camera]`: a camera with its pole, cable and work."""

    euros: Euros = 0
    watts: Watts = 12
    years: Years = 8
    mbit: Mbit | None = None
    """Without it, what the cameras bring that are recorded now, on average."""


class Running(Section):
    """`[running]`: what is paid each year."""

    euros_per_kwh: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 0
    server_watts: Watts = 150
    maintenance_percent: Percent = 0
    """Of what everything that runs would cost new, a year."""


class Phase(Section):
    """`[[phase]]`: cameras that are to come together."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    begins: date
    cameras: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    status: Status
    points: Annotated[tuple[Annotated[str, Field(max_length=20)], ...], Field(max_length=40)] = ()
    """The numbers that the prefect's order gives them, or will."""
    mbit: Mbit | None = None
    subsidy_percent: Percent = 0


class Prices(Section):
    """The whole file; what is left out costs nothing, and the report says that it is not counted."""

    margin_percent: Percent = 20
    """Rain, leaves and nights make pictures larger than those of the week that was measured."""
    disk: Disk = Disk()
    network: Network = Network()
    camera: Camera = Camera()
    running: Running = Running()
    phase: Annotated[tuple[Phase, ...], Field(max_length=8)] = ()
    """As many as two pages hold."""
