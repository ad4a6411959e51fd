"""Notes, checkpoints and proof files: the vector of golang.org/x/mod/sumdb/note, and every way to spoil one."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.note import (
    Checkpoint,
    NoteInvalid,
    ProofFile,
    build_proof,
    key_id,
    open_checkpoint,
    open_note,
    parse_proof,
    sign_checkpoint,
    sign_note,
    verify_proof,
)
from storage.merkle import ProofInvalid, leaf_hash, node_hash

VECTOR_NAME = "PeterNeumann"
VECTOR_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
VECTOR_PUBLIC = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
VECTOR_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
VECTOR_NOTE = (
    VECTOR_TEXT
    + "\n\u2014 PeterNeumann "
    + "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
CHECKPOINT = Checkpoint(origin="ville.example/scelle/1", size=2, root=node_hash(leaf_hash(b"a"), leaf_hash(b"b")))


def test_vector_is_signed_to_the_byte_and_opened() -> None:
    signer = Ed25519PrivateKey.from_private_bytes(VECTOR_SEED)
    public = Ed25519PublicKey.from_public_bytes(VECTOR_PUBLIC)
    assert key_id(VECTOR_NAME, public).hex() == "c74f20a3"
    assert sign_note(VECTOR_TEXT, VECTOR_NAME, signer) == VECTOR_NOTE
    assert open_note(VECTOR_NOTE, VECTOR_NAME, public) == VECTOR_TEXT


def test_line_of_a_witness_is_left_alone() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY)
    witness = sign_note(note.split("\n\n")[0] + "\n", "witness.example", OTHER_KEY).split("\n\n")[1]
    assert open_checkpoint(note + witness, KEY.public_key()) == CHECKPOINT


def test_checkpoint_is_three_lines_under_its_origin() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY)
    root = base64.b64encode(CHECKPOINT.root).decode()
    assert note.startswith(f"ville.example/scelle/1\n2\n{root}\n\n\u2014 ville.example/scelle/1 ")
    assert open_checkpoint(note, KEY.public_key()) == CHECKPOINT


def test_checkpoint_of_another_key_is_refused() -> None:
    with pytest.raises(NoteInvalid):
        open_checkpoint(sign_checkpoint(CHECKPOINT, OTHER_KEY), KEY.public_key())


def test_signature_of_a_known_key_that_does_not_fit_is_refused() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY)
    with pytest.raises(NoteInvalid):
        open_checkpoint(note.replace("\n2\n", "\n3\n"), KEY.public_key())


@given(st.data())
def test_no_changed_note_opens(data: st.DataObject) -> None:
    note = sign_checkpoint(CHECKPOINT, KEY)
    at = data.draw(st.integers(min_value=0, max_value=len(note) - 1))
    character = data.draw(st.characters(codec="utf-8"))
    changed = note[:at] + character + note[at + 1 :]
    if changed != note:
        with pytest.raises(NoteInvalid):
            open_checkpoint(changed, KEY.public_key())


@given(st.text(max_size=200))
def test_any_text_is_refused_by_one_error(text: str) -> None:
    for read in (parse_proof, lambda note: open_checkpoint(note, KEY.public_key())):
        with pytest.raises(NoteInvalid):
            read(text)


@pytest.mark.parametrize(
    "text",
    [
        "o.example\n02\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o.example\n\u0662\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o.example\n2\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "o.example\n2\n!!!\n",
        "o.example\n2\n",
    ],
)
def test_signed_note_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        open_checkpoint(sign_note(text, "o.example", KEY), KEY.public_key())


@pytest.mark.parametrize(("text", "name"), [("no newline", "a"), ("text\n", ""), ("text\n", "a b"), ("text\n", "a+b")])
def test_what_is_no_note_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        sign_note(text, name, KEY)


def test_proof_file_is_read_back_and_shows_its_entry() -> None:
    proof = ProofFile(index=1, path=(leaf_hash(b"a"),), checkpoint=sign_checkpoint(CHECKPOINT, KEY))
    text = build_proof(proof)
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    assert parse_proof(text) == proof
    assert parse_proof(text.replace("index", "extra YQ==\nindex", 1)) == proof
    assert verify_proof(b"b", parse_proof(text), KEY.public_key()) == CHECKPOINT
    with pytest.raises(ProofInvalid):
        verify_proof(b"a", proof, KEY.public_key())


def test_proof_of_a_log_with_one_entry_has_no_path() -> None:
    only = Checkpoint(origin="o.example", size=1, root=leaf_hash(b"a"))
    proof = ProofFile(index=0, path=(), checkpoint=sign_checkpoint(only, KEY))
    assert verify_proof(b"a", parse_proof(build_proof(proof)), KEY.public_key()) == only
