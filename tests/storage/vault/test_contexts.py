"""The contexts as docs/design/keys.md writes them: one altered letter would lock every file that exists."""

from nvr.base.jcs import canonical
from storage.vault import contexts

HH = bytes.fromhex("ab" * 32)
HEX = "ab" * 32


def test_infos_are_those_of_the_page() -> None:
    assert canonical(contexts.machine_wrap(HH)) == f'{{"d":"scelle/key/machine/1","hh":"{HEX}"}}'.encode()
    assert canonical(contexts.share_wrap(HH, 3)) == f'{{"d":"scelle/key/share/1","hh":"{HEX}","seat":3}}'.encode()
    machine = canonical(contexts.grant_machine(HH, "k"))
    assert machine == f'{{"d":"scelle/grant/machine/1","grant":"{HEX}","kid":"k"}}'.encode()
    assert (
        canonical(contexts.answer_shares(HH, 2, "k", "t"))
        == f'{{"d":"scelle/answer/shares/1","grant":"{HEX}","kid":"k","seat":2,"to":"t"}}'.encode()
    )
    keys = canonical(contexts.answer_keys(HH, 2, "k"))
    assert keys == f'{{"d":"scelle/answer/keys/1","grant":"{HEX}","kid":"k","seat":2}}'.encode()
    assert canonical(contexts.answer_signed(HH)) == f'{{"answer":"{HEX}","d":"scelle/answer/sign/1"}}'.encode()
    assert canonical(contexts.set_signed(HH)) == f'{{"d":"scelle/set/1","set":"{HEX}"}}'.encode()
    assert canonical(contexts.key_file({}, "p")) == b'{"d":"scelle/key/file/1","kdf":{},"public":"p"}'


def test_share_hash_tells_segment_and_seat_apart() -> None:
    share = b"\x01" + bytes(32)
    hashes = {
        contexts.share_hash(HH, 1, share),
        contexts.share_hash(HH, 2, share),
        contexts.share_hash(bytes(32), 1, share),
        contexts.share_hash(HH, 1, b"\x02" + bytes(32)),
    }
    assert len(hashes) == 4
