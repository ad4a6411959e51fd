"""Lines of keys, against files that people write."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lines import KeyPath, key_lines, line_of

KEY = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
BODY = st.dictionaries(KEY, st.integers(0, 9), max_size=4)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("a = 1", ("a",), 1),
        ("# a = 0\n\na = 1", ("a",), 3),
        ("[ s ]  # about\n  a=1", ("s", "a"), 2),
        ("[s.t]\na = 1", ("s", "t", "a"), 2),
        ("[s]\nt.a = 1", ("s", "t", "a"), 2),
        ('["s"]\n"a b" = 1', ("s", "a b"), 2),
        ("['s']\n'a' = 1", ("s", "a"), 2),
        ("[[v]]\na = 1\n[[v]]\na = 2", ("v", 1, "a"), 4),
        ("[[v]]\na = 1\n[[v]]\nb = 2", ("v", 1, "a"), 3),
        ("[s]\na = [1, 2]", ("s", "a", 1), 2),
        ("[s]\na = 1", ("s", "absent"), 1),
        ("x = 1\n[s]\na = 1", ("t",), 1),
    ],
)
def test_line_of_a_key_or_of_the_nearest_thing_around_it(text: str, key: KeyPath, line: int) -> None:
    assert tomllib.loads(text)
    assert line_of(key_lines(text), key) == line


@given(sections=st.dictionaries(KEY, BODY, max_size=4), repeated=st.lists(BODY, max_size=4))
def test_every_key_stands_in_the_line_that_is_told(
    sections: dict[str, dict[str, int]], repeated: list[dict[str, int]]
) -> None:
    written: list[tuple[KeyPath, str]] = []
    for name, body in sections.items():
        written.append(((f"s_{name}",), f"[s_{name}]"))
        written += [((f"s_{name}", key), f"{key} = {value}") for key, value in body.items()]
    for number, body in enumerate(repeated):
        written.append((("v", number), "[[v]]"))
        written += [(("v", number, key), f"{key} = {value}") for key, value in body.items()]
    text = "\n".join(line for _, line in written)
    lines = key_lines(text)
    assert tomllib.loads(text) is not None
    assert [lines[key] for key, _ in written] == list(range(1, len(written) + 1))
