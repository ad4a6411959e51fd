"""Whatever may happen to a file: a cut, a flip, bytes swapped, repeated, removed or added."""

from hypothesis import strategies as st


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes, changed; they may come out equal, when two swapped stretches are."""
    size = len(data)
    at = draw(st.integers(0, size - 1))
    length = draw(st.integers(1, size - at))
    match draw(st.sampled_from(["cut", "flip", "swap", "repeat", "remove", "add", "zero"])):
        case "cut":
            return data[:at]
        case "flip":
            return data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
        case "swap":
            middle = at + draw(st.integers(0, length))
            return data[:at] + data[middle : at + length] + data[at:middle] + data[at + length :]
        case "repeat":
            return data[: at + length] + data[at : at + length] + data[at + length :]
        case "remove":
            return data[:at] + data[at + length :]
        case "zero":  # blocks that never reached the disk
            return data[:at] + bytes(length) + data[at + length :]
    return data + draw(st.binary(min_size=1, max_size=200))
