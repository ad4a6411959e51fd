from nvr.base.errors import ConfigError, InvalidValue, NvrError, Refused


def test_refused_value_names_its_field_and_what_would_be_right() -> None:
    error = InvalidValue(field="to", value="yesterday", expected="an instant after `from`")
    assert isinstance(error, Refused)
    assert str(error) == "invalid-value: field=to, value=yesterday, expected=an instant after `from`"


def test_configuration_error_names_file_line_and_key() -> None:
    error = ConfigError(file="scelle.toml", line=3, key="recorder.shardz", why="unknown key")
    assert dict(error.fields) == {
        "file": "scelle.toml",
        "line": 3,
        "key": "recorder.shardz",
        "why": "unknown key",
    }


def test_message_id_of_an_instance_wins_over_that_of_its_class() -> None:
    assert NvrError("something").message_id == "something"
    assert NvrError().message_id == "error"
