import pytest

from nvr.sim.onvif.camera import Head, Preset
from nvr.sim.onvif.head import PAN_TILT_DEGREES, HeadState
from nvr.sim.onvif.words import PTZ, Asked, Fault, answer, asked

GATE = Preset("1", "gate", 0.5, -0.25, 0.1)


def ptz(operation: str, content: str = "") -> Asked:
    return asked(answer(f"<tptz:{operation}>{content}</tptz:{operation}>"))


def test_head_looks_where_it_was_sent_and_says_so() -> None:
    state = HeadState(Head(presets=(GATE,)))
    state.ptz(ptz("GotoPreset", "<tptz:PresetToken>1</tptz:PresetToken>"), "t")
    assert (state.pan, state.tilt, state.zoom) == (0.5, -0.25, 0.1)
    assert 'x="0.500000" y="-0.250000"' in state.ptz(ptz("GetStatus"), "t")
    state.ptz(ptz("AbsoluteMove", '<tt:PanTilt x="-1" y="1"/><tt:Zoom x="0.75"/>'), "t")
    assert (state.pan, state.tilt, state.zoom, state.polls) == (-1, 1, 0.75, 1)


def test_degrees_are_the_same_place() -> None:
    state = HeadState(Head(default_degrees=True))
    move = f'<tt:PanTilt x="90" y="-45" space="{PAN_TILT_DEGREES}"/>'
    state.ptz(ptz("AbsoluteMove", move), "t")
    assert (state.pan, state.tilt) == (0.5, 0)
    assert 'x="90.000000" y="-45.000000"' in state.ptz(ptz("GetStatus"), "t")
    assert PAN_TILT_DEGREES in state.ptz(ptz("GetNodes"), "t")
    assert PAN_TILT_DEGREES in state.ptz(ptz("GetConfigurations"), "t")


def test_dome_may_keep_position_and_movement_to_itself() -> None:
    silent = HeadState(Head(tells_position=False, tells_movement=False)).ptz(ptz("GetStatus"), "t")
    assert "Position" not in silent
    assert "MoveStatus" not in silent
    moving = HeadState(Head(), moving=True)
    assert "MOVING" in moving.ptz(ptz("GetStatus"), "t")


@pytest.mark.parametrize("operation", ["GotoPreset", "Reboot"])
def test_what_the_head_can_not_do_is_a_fault(operation: str) -> None:
    with pytest.raises(Fault):
        HeadState(Head(presets=(GATE,))).ptz(ptz(operation, "<tptz:PresetToken>9</tptz:PresetToken>"), "t")
    assert asked(answer(f"<tptz:{operation}/>")).namespace == PTZ
