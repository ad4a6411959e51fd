"""Whatever a camera that was asked for its stream says, there are words for it."""

import pytest

from access.cameras.stream_lookup import REASONS, why
from nvr.base.catalogue import Language
from recorder.errors import Cause
from recorder.onvif.media import Reason
from tests.texts import catalogue


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_reason_has_its_text(language: Language, reason: Reason) -> None:
    message = f"lookup-{reason}" if reason in REASONS else f"stream-{reason}"
    assert message in catalogue(language)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_its_text_and_a_remedy(cause: Cause) -> None:
    assert catalogue("fr")[f"lookup-{why(cause.value, None)}"].todo


@pytest.mark.parametrize("found", ["test-onvif-unauthorized", "test-onvif-larger"])
def test_findings_have_their_texts(found: str) -> None:
    assert catalogue("en")[found].todo
