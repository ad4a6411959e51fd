from pathlib import Path

import pytest

from config.model import CameraTls
from nvr.app.roles.camera_trust import camera_trust
from nvr.base.errors import ConfigError


def test_nothing_configured_trusts_what_the_system_trusts() -> None:
    trust = camera_trust(CameraTls())
    assert (trust.authority, trust.pins) == (None, {})


def test_pin_is_found_whatever_the_case_of_its_host() -> None:
    assert camera_trust(CameraTls(pins={"Cam.Ville": "AB" * 32})).pins == {"cam.ville": "ab" * 32}


@pytest.mark.parametrize(("content", "why"), [(None, "can not be read"), ("no certificate", "no certificate in PEM")])
def test_authority_that_can_not_be_used_is_named_with_its_field(tmp_path: Path, content: str | None, why: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=why) as caught:
        camera_trust(CameraTls(ca_file=file))
    assert (caught.value.fields["file"], caught.value.fields["key"]) == (str(file), "camera_tls.ca_file")
