from pathlib import Path

import pytest

from tools.shape import FILE_LIMIT, FUNCTION_LIMIT, main, percentile

ASSIGNMENT = "x = 1\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("p", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "p" / "small.py").write_text(ASSIGNMENT * 2)
    return tmp_path


def _function(lines: int) -> str:
    return "def f():\n" + f"    {ASSIGNMENT}" * (lines - 1)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.9, 9), (1.0, 10), (0.0, 1)])
def test_percentile_is_a_value_that_occurs(share: float, expected: int) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == expected


def test_empty_tree_has_a_shape(tmp_path: Path) -> None:
    assert main(tmp_path, ["p"]) == 0


@pytest.mark.parametrize("folder", ["p", "tests"])
def test_file_past_the_limit_fails_in_code_and_tests(project: Path, folder: str) -> None:
    file = project / folder / "big.py"
    file.write_text(ASSIGNMENT * FILE_LIMIT)
    assert main(project, ["p"]) == 0
    file.write_text(ASSIGNMENT * (FILE_LIMIT + 1))
    assert main(project, ["p"]) == 1


def test_function_past_the_limit_fails_in_code(project: Path) -> None:
    file = project / "p" / "big.py"
    file.write_text(_function(FUNCTION_LIMIT))
    assert main(project, ["p"]) == 0
    file.write_text(_function(FUNCTION_LIMIT + 1))
    assert main(project, ["p"]) == 1


def test_long_function_of_a_test_is_a_table_of_cases(project: Path) -> None:
    (project / "tests" / "test_big.py").write_text(_function(FUNCTION_LIMIT + 1))
    assert main(project, ["p"]) == 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("def f():\n    import p.small\n", "p.small is imported inside a function"),
        ("import p.b\n", "import cycle: "),
    ],
)
def test_hidden_import_and_cycle_fail(project: Path, capsys: pytest.CaptureFixture[str], text: str, fault: str) -> None:
    (project / "p" / "a.py").write_text(text)
    (project / "p" / "b.py").write_text("import p.a\n")
    assert main(project, ["p"]) == 1
    assert fault in capsys.readouterr().err


def test_target_missed_is_said_and_does_not_fail(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "p" / "long.py").write_text(_function(FUNCTION_LIMIT))
    assert main(project, ["p"]) == 0
    assert "over target: function p90 of 80 lines, target 35" in capsys.readouterr().out
