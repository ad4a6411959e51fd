import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.rtsp.auth import Authenticator, Challenge, Credentials, next_nonce, parse_challenges
from recorder.rtsp.messages import Response, parse, request


def test_basic_is_that_of_the_standard() -> None:
    """RFC 7617 section 2."""
    challenge = parse_challenges(['Basic realm="WallyWorld"'])
    assert challenge is not None
    header = Authenticator(Credentials("Aladdin", "open sesame"), challenge).header("DESCRIBE", "rtsp://x")
    assert header == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5-sess", "e783283f46242139c486a698fec7211d"),
    ],
)
def test_digest_is_that_of_the_standard(algorithm: str, response: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 7616 section 3.9.1, whose example fixes the cnonce."""
    monkeypatch.setattr(
        "recorder.rtsp.auth.secrets.token_hex", lambda _: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )
    nonce, opaque = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
    asked = f'realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="{nonce}"'
    challenge = parse_challenges([f'Digest {asked}, opaque="{opaque}"'])
    assert challenge is not None
    header = Authenticator(Credentials("Mufasa", "Circle of Life"), challenge).header("GET", "/dir/index.html")
    assert f'response="{response}"' in header
    assert "nc=00000001" in header
    assert f'opaque="{opaque}"' in header
    assert "auth-int" not in header


def test_digest_without_qop_is_that_of_rfc_2617() -> None:
    challenge = parse_challenges(['Digest realm="cam", nonce="abc", stale="FALSE"'])
    assert challenge == Challenge(algorithm="MD5", realm="cam", nonce="abc")
    header = Authenticator(Credentials("u", "p"), challenge).header("DESCRIBE", "rtsp://x/")

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    assert f'response="{md5(md5("u:cam:p") + ":abc:" + md5("DESCRIBE:rtsp://x/"))}"' in header
    assert "qop" not in header
    assert "algorithm" not in header


@pytest.mark.parametrize(("algorithm", "name"), [("SHA-512-256", "sha512_256"), ("SHA-256", "sha256"), ("MD5", "md5")])
@pytest.mark.parametrize("session", [False, True])
@pytest.mark.parametrize("qop", [False, True])
def test_every_algorithm_is_that_of_the_standard(algorithm: str, name: str, *, session: bool, qop: bool) -> None:
    """RFC 7616 section 3.4: reckoned here from what the header says, as a camera does."""
    variant = "-sess" if session else ""
    offered = ', qop="auth"' if qop else ""
    challenge = parse_challenges([f'Digest realm="cam", nonce="n1", algorithm={algorithm}{variant}{offered}'])
    assert challenge is not None
    auth = Authenticator(Credentials("é", "p:ä"), challenge)

    def hashed(*parts: str) -> str:
        return hashlib.new(name, ":".join(parts).encode()).hexdigest()

    for nonce in ("n1", "n2"):
        given = dict(re.findall(r'(\w+)="?([^",]*)', auth.header("PLAY", "rtsp://x/").partition(" ")[2]))
        secret = hashed("é", "cam", "p:ä")
        if session:  # the key stays that of the first nonce
            secret = hashed(secret, "n1", given["cnonce"])
        middle = [nonce, *([given["nc"], given["cnonce"], "auth"] if qop else [])]
        assert given["response"] == hashed(secret, *middle, hashed("PLAY", "rtsp://x/"))
        assert given.get("algorithm", "MD5") == algorithm + variant
        assert given.get("nc", "00000001") == "00000001"
        auth.renew("n2")


@pytest.mark.parametrize(
    ("values", "nonce"),
    [
        (['nextnonce="abc", qop=auth, rspauth="x"'], "abc"),
        (["qop=auth, NextNonce = abc"], "abc"),
        (['rspauth="nextnonce=x"'], None),
        (['nextnonce=""'], None),
        ([], None),
    ],
)
def test_next_nonce_is_read_from_the_answer(values: list[str], nonce: str | None) -> None:
    assert next_nonce(values) == nonce


def test_nonce_count_grows_with_each_use() -> None:
    auth = Authenticator(Credentials("u", "p"), Challenge(algorithm="MD5", nonce="n", qop=True))
    assert ["nc=00000001" in auth.header("A", "b"), "nc=00000002" in auth.header("A", "b")] == [True, True]


@pytest.mark.parametrize(
    ("values", "algorithm"),
    [
        (['Basic realm="x"', 'Digest realm="x", nonce="n"'], "MD5"),
        (['Digest realm="x", nonce="n"', 'Digest realm="x", nonce="n", algorithm=SHA-256'], "SHA-256"),
        (['Digest realm="a, Basic b", nonce="n", algorithm="sha-256"'], "SHA-256"),
        (['digest REALM="x",NONCE="n",stale=true, Basic realm="x"'], "MD5"),
        (['Digest realm="x", nonce="n", algorithm=MD5-sess', 'Basic realm="x"'], "MD5-SESS"),
        (['Digest realm="x", nonce="n", algorithm=MD5-sess', 'Digest realm="x", nonce="n"'], "MD5"),
        (['Digest realm="x", nonce="n", algorithm=SHA-512-256, Digest realm="x", nonce="n"'], "SHA-512-256"),
        (['Digest realm="x", nonce="n", qop="auth-int"', "Basic"], ""),
    ],
)
def test_best_challenge_is_chosen(values: list[str], algorithm: str) -> None:
    challenge = parse_challenges(values)
    assert challenge is not None
    assert challenge.algorithm == algorithm


@pytest.mark.parametrize("values", [[], ["Negotiate"], ['Digest realm="x", nonce="n", algorithm=SHA-1']])
def test_unknown_challenges_are_none(values: list[str]) -> None:
    assert parse_challenges(values) is None


def test_quotes_in_realm_and_user_are_hashed_plain_and_sent_escaped() -> None:
    challenge = parse_challenges([r'Digest realm="a \"b\"", nonce="n"'])
    assert challenge is not None
    header = Authenticator(Credentials('u"v', "p"), challenge).header("A", "b")

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    assert r'username="u\"v", realm="a \"b\""' in header
    assert md5(md5('u"v:a "b":p') + ":n:" + md5("A:b")) in header


@pytest.mark.parametrize("realm", ["caméra".encode(), "caméra".encode("latin-1"), "摄像头".encode("gb18030")])
def test_realm_of_any_encoding_is_sent_back_and_hashed_as_it_came(realm: bytes) -> None:
    raw = b'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="' + realm + b'", nonce="n"\r\n\r\n'
    asked, _ = parse(raw, 0, len(raw))
    assert isinstance(asked, Response)
    challenge = parse_challenges(asked.headers.all("www-authenticate"))
    assert challenge is not None
    sent = request("A", "b", 1, [("Authorization", Authenticator(Credentials("u", "p"), challenge).header("A", "b"))])

    def md5(text: bytes) -> bytes:
        return hashlib.md5(text).hexdigest().encode()

    assert b'realm="' + realm + b'"' in sent
    assert md5(md5(b"u:" + realm + b":p") + b":n:" + md5(b"A:b")) in sent


def test_credentials_are_never_printed() -> None:
    assert "s3cret" not in f"{Credentials('admin', 's3cret')!r} {Credentials('admin', 's3cret')}"


@given(st.lists(st.text(max_size=120), max_size=3), st.text(max_size=20), st.text(max_size=20))
def test_any_challenge_raises_nothing(values: list[str], user: str, password: str) -> None:
    challenge = parse_challenges([*values, *(f"Digest {value}" for value in values)])
    if challenge is not None:
        Authenticator(Credentials(user, password), challenge).header("DESCRIBE", "rtsp://x/")
