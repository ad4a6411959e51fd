"""What every section of the configuration is: frozen, unknown keys refused."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Section(BaseModel):
    """One table of the file."""

    # What stands in the file may be a secret in the wrong place: no error quotes it.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("the path must be absolute: it begins with /")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
