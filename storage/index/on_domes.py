"""When domes were not where they were to stand; where they looked no index knows."""

from sqlalchemy import Connection, or_, select

from nvr.base.ids import CameraId
from storage.index.rows import MoveRow
from storage.index.tables import MOVE


def moves(connection: Connection, camera: CameraId, from_utc_us: int, to_utc_us: int) -> list[MoveRow]:
    """The camera's moves that overlap [from, to), those that go on among them, by start."""
    query = (
        select(MOVE.c.from_utc_us, MOVE.c.to_utc_us, MOVE.c.why, MOVE.c.moves)
        .where(
            MOVE.c.camera == camera,
            MOVE.c.from_utc_us < to_utc_us,
            or_(MOVE.c.to_utc_us.is_(None), MOVE.c.to_utc_us > from_utc_us),
        )
        .order_by(MOVE.c.from_utc_us, MOVE.c.move)
    )
    return [MoveRow(*row) for row in connection.execute(query)]
