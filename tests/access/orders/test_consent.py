"""A change that destroys needs a yes; one that does not, none."""

import pytest

from access.orders.consent import Consent, WouldDestroy
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.keeping.previews import Effect

GOING = Effect(CameraId("gare-1"), 30, 15, 3, 900, UtcUs(100), UtcUs(900))
MORE = Effect(CameraId("parc-1"), 30, 15, 2, 600, UtcUs(50), UtcUs(700))
STAYING = Effect(CameraId("rue-1"), 30, 15, 0, 0, None, None)


def test_all_that_would_go_is_named_and_nothing_else() -> None:
    with pytest.raises(WouldDestroy) as refusal:
        Consent(dry_run=False, accepted=False).demand([GOING, STAYING, MORE])
    assert refusal.value.fields == {"segments": 5, "cameras": "gare-1, parc-1", "from_utc_us": 50, "to_utc_us": 900}


def test_what_is_accepted_or_destroys_nothing_passes() -> None:
    Consent(dry_run=False, accepted=True).demand([GOING])
    Consent(dry_run=False, accepted=False).demand([STAYING])
