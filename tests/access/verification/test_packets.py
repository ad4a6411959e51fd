"""A picture that was not sealed is found, even when every file of the bundle was made to fit it."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from access.verification.bundle import verify_bundle
from tests.access.verification.bundles import change_json, copy_of, flip, sign_again


def found_in(bundle: Path) -> set[tuple[str, str]]:
    return {(one.id, one.file) for one in verify_bundle(bundle).findings}


def video_of(bundle: Path) -> Path:
    (path,) = (bundle / "video").iterdir()
    return path


def records_of_second(bundle: Path) -> Path:
    """The records of the second segment, of which the last is cut."""
    return max((bundle / "proofs" / "records").iterdir())


@pytest.mark.parametrize("at", [60, 5000, -4000])
def test_changed_picture_is_named(bundle: Path, at: int) -> None:
    flip(video_of(bundle), at)
    sign_again(bundle)
    assert ("samples-forged", f"video/{video_of(bundle).name}") in found_in(bundle)


RECORD = {
    "key": ("k", "0" * 64, "wrong-record-key"),
    "commitment": ("rkc", "0" * 64, "wrong-record-key"),
    "tag": ("tag", "0" * 32, "samples-forged"),
    "sizes": ("slices", None, "sample-size-differs"),
    "table": ("table", None, "samples-forged"),
    "head": ("head", "0" * 256, "segment-damaged"),
    "number": ("seq", 7, "record-malformed"),
    "count": ("packets", 3, "record-malformed"),
}


@pytest.mark.parametrize(("key", "value", "told"), RECORD.values(), ids=RECORD)
def test_changed_record_is_named(bundle: Path, key: str, value: object, told: str) -> None:
    path = records_of_second(bundle)

    def change(proof: dict[str, list[dict[str, object]]]) -> None:
        record = proof["records"][-1]
        match record[key]:
            case list() as slices:
                slices[0], slices[1] = slices[1], slices[0]
            case str() as table if value is None:
                record[key] = f"01{table[2:]}"
            case _:
                record[key] = value

    change_json(path, change)
    sign_again(bundle)
    assert told in {one for one, _ in found_in(bundle)}


def test_tag_of_a_whole_record_is_checked(bundle: Path) -> None:
    path = min((bundle / "proofs" / "records").iterdir())
    change_json(path, lambda proof: proof["records"][-1].update(tag="0" * 32))
    sign_again(bundle)
    assert ("tag-differs", f"proofs/records/{path.name}") in found_in(bundle)


def test_record_that_says_how_to_decode_must_be_there_and_sealed(bundle: Path) -> None:
    path = records_of_second(bundle)
    name = f"proofs/records/{path.name}"
    change_json(path, lambda proof: proof["records"][0].update(table="7b7d" * 20, slices=[40]))
    sign_again(bundle)
    assert "record-malformed" in {one for one, file in found_in(bundle) if file == name}
    change_json(path, lambda proof: proof["records"].pop(0))
    sign_again(bundle)
    assert ("init-missing", name) in found_in(bundle)


def test_movie_that_is_decoded_otherwise_is_named(bundle: Path) -> None:
    path = video_of(bundle)
    data = bytearray(path.read_bytes())
    data[data.index(b"avcC") + 12] ^= 1
    path.write_bytes(data)
    sign_again(bundle)
    assert ("decoder-differs", f"video/{path.name}") in found_in(bundle)


@pytest.mark.parametrize(
    "change",
    [{"inner": []}, {"commit": "0" * 64}, {"header": "{}"}],
    ids=["inner", "commit", "header"],
)
def test_segment_that_does_not_make_its_root_is_named(bundle: Path, change: dict[str, object]) -> None:
    path = records_of_second(bundle)
    change_json(path, lambda proof: proof.update(change))
    sign_again(bundle)
    found = {one for one, file in found_in(bundle) if file == f"proofs/records/{path.name}"}
    assert found & {"root-differs", "segment-damaged"}


def test_header_of_another_run_is_named(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["items"][0].update(run=f"{'0' * 12}7{'0' * 3}8{'0' * 15}"))
    assert "header-differs" in {one for one, _ in found_in(bundle)}


def test_records_that_are_no_records_are_named(bundle: Path) -> None:
    for content in (b"", b"[]", b'{"v":1}', b"\xff"):
        records_of_second(bundle).write_bytes(content)
        assert ("records-invalid", f"proofs/records/{records_of_second(bundle).name}") in found_in(bundle)


JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.sampled_from(["", "00", "zz", "0" * 32, "0" * 64, "f" * 256, "R-2026-000001"]),
    st.just([]),
    st.just({}),
)


def places(value: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where values stand in a JSON document."""
    match value:
        case dict():
            inside: Iterable[tuple[Any, Any]] = value.items()
        case list():
            inside = enumerate(value)
        case _:
            inside = ()
    for key, one in inside:
        yield (*at, key)
        yield from places(one, (*at, key))


@given(data=st.data())
def test_any_other_value_in_any_proof_is_found_and_never_a_fault_of_ours(
    good: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    bundle = copy_of(good, tmp_path_factory.mktemp("forged"))
    path = data.draw(st.sampled_from([*sorted((bundle / "proofs").rglob("*.json")), bundle / "manifest.json"]))
    document = json.loads(path.read_bytes())
    at = data.draw(st.sampled_from(list(places(document))))
    value = data.draw(JSON)

    def put(document: Any) -> None:  # noqa: ANN401 -- any JSON
        for key in at[:-1]:
            document = document[key]
        assume(document[at[-1]] != value or type(document[at[-1]]) is not type(value))
        document[at[-1]] = value

    if path.name == "manifest.json":
        sign_again(bundle, put)
    else:
        change_json(path, put)
        sign_again(bundle)
    report = verify_bundle(bundle)
    shutil.rmtree(bundle.parent)
    assert not report.ok
