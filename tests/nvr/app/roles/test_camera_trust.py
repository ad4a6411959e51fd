from pathlib import Path

import pytest

from config.load import load, parse
from config.model import CameraTls
from nvr.app.roles.camera_trust import camera_trust, renew_trust
from nvr.base.errors import ConfigError

CONFIGURATION = """
[system]
origin = "scelle.ville.example"
preset = "standard"
[[volume]]
name = "d1"
path = "/srv/d1"
[keyring]
places = ["/var/lib/scelle/keys", "/srv/keys"]
"""


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


def test_pin_that_was_entered_since_counts_and_a_file_that_is_wrong_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "scelle.toml"
    file.write_text(CONFIGURATION)
    settings = load(file, {})
    trust = camera_trust(settings.camera_tls)
    file.write_text(f'{CONFIGURATION}[camera_tls.pins]\n"cam" = "{"ab" * 32}"\n')
    renew_trust(trust, settings)
    assert trust.pins == {"cam": "ab" * 32}
    file.write_text(f'{CONFIGURATION}[camera_tls.pins]\n"cam" = "typed wrongly"\n')
    with pytest.raises(ConfigError):
        renew_trust(trust, settings)
    assert trust.pins == {"cam": "ab" * 32}


def test_settings_that_come_from_no_file_are_not_read_again() -> None:
    trust = camera_trust(CameraTls(pins={"cam": "ab" * 32}))
    renew_trust(trust, parse(CONFIGURATION, Path("scelle.toml")))
    assert trust.pins == {"cam": "ab" * 32}
