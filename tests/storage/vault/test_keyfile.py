import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvr.base.jcs import canonical
from storage.vault import keyfile
from storage.vault.fields import DocumentInvalid
from storage.vault.hpke import KeyInvalid
from storage.vault.keyfile import CustodianKeys, PassphraseWrong, lock, public_part, unlock

KEYS = CustodianKeys.generate("Mme Petit")


@pytest.fixture
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file says its own cost; tests that open many files make cheap ones."""
    monkeypatch.setattr(keyfile, "_MEMORY_KIB", 8)
    monkeypatch.setattr(keyfile, "_PASSES", 1)


def test_key_file_opens_with_its_passphrase_at_full_cost() -> None:
    file = lock(KEYS, "correct cheval batterie agrafe")
    assert json.loads(file)["kdf"]["memory_kib"] == 65536
    assert unlock(file, "correct cheval batterie agrafe") == KEYS
    assert public_part(file) == KEYS.public


@pytest.mark.usefixtures("_cheap")
def test_wrong_passphrase_is_refused() -> None:
    with pytest.raises(PassphraseWrong):
        unlock(lock(KEYS, "un"), "deux")


@pytest.mark.usefixtures("_cheap")
def test_accent_typed_on_another_keyboard_opens_the_same_file() -> None:
    assert unlock(lock(KEYS, "\u00e9t\u00e9"), "e\u0301te\u0301") == KEYS


@pytest.mark.usefixtures("_cheap")
def test_file_shows_no_private_seed() -> None:
    file = lock(KEYS, "un")
    for seed in (KEYS.pair.seed, KEYS.sign_seed):
        assert seed not in file
        assert seed.hex().encode() not in file
        assert repr(seed) not in repr(KEYS)


@pytest.mark.usefixtures("_cheap")
def test_any_altered_byte_is_noticed() -> None:
    file = lock(KEYS, "un")

    @settings(max_examples=100)
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        altered = bytearray(file)
        at = data.draw(st.integers(0, len(file) - 1))
        altered[at] ^= data.draw(st.integers(1, 255))
        name = range(file.index(b'"name":"Mme'), file.index(b'"name":"Mme') + len('"name":"Mme Petit"'))
        try:
            opened = unlock(bytes(altered), "un")
        except (PassphraseWrong, DocumentInvalid, KeyInvalid):
            return
        assert at in name  # a label for people: nothing depends on it
        assert (opened.pair, opened.sign_seed) == (KEYS.pair, KEYS.sign_seed)

    check()


@pytest.mark.usefixtures("_cheap")
def test_public_keys_of_somebody_else_are_refused() -> None:
    body = json.loads(lock(KEYS, "un"))
    other = json.loads(lock(CustodianKeys.generate("autre"), "un"))
    with pytest.raises(DocumentInvalid):
        unlock(canonical(body | {"sign": other["sign"]}), "un")
    with pytest.raises(PassphraseWrong):
        unlock(canonical(body | {"public": other["public"], "kid": other["kid"]}), "un")


@pytest.mark.usefixtures("_cheap")
@pytest.mark.parametrize(
    "change", [{"memory_kib": 1 << 21}, {"passes": 1000}, {"lanes": 99}, {"name": "scrypt"}, {"salt": ""}]
)
def test_file_that_asks_for_an_unreasonable_effort_is_refused(change: dict[str, object]) -> None:
    body = json.loads(lock(KEYS, "un"))
    body["kdf"] |= change
    with pytest.raises(DocumentInvalid):
        unlock(canonical(body), "un")
