import base64

import httpx
import pytest

from nvr.sim.auth import Authenticator
from nvr.sim.camera import DigestAlgorithm, SimCamera
from nvr.sim.messages import Request

URI = "rtsp://127.0.0.1/cam1"


def _request(authorization: str = "", method: str = "DESCRIBE") -> Request:
    return Request(method, URI, {"authorization": authorization} if authorization else {})


def _digest_by_httpx(challenge: str, user: str, password: str, method: str = "DESCRIBE") -> str:
    flow = httpx.DigestAuth(user, password).auth_flow(httpx.Request(method, URI))
    asked = next(flow)
    answered = flow.send(httpx.Response(401, headers={"WWW-Authenticate": challenge}, request=asked))
    return str(answered.headers["Authorization"])


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_camera_without_authentication_lets_everybody_in() -> None:
    assert Authenticator(SimCamera("cam1")).accepts(_request())


@pytest.mark.parametrize(
    ("authorization", "accepted"),
    [
        (_basic("ville", "pa:ss é"), True),
        (_basic("ville", "wrong"), False),
        (_basic("other", "pa:ss é"), False),
        ("Basic ***", False),
        ("Digest username=ville", False),
        ("", False),
    ],
)
def test_basic_takes_the_right_credentials_only(authorization: str, *, accepted: bool) -> None:
    authenticator = Authenticator(SimCamera("cam1", auth="basic", user="ville", password="pa:ss é"))
    assert authenticator.challenge(_request()) == 'Basic realm="sim"'
    assert authenticator.accepts(_request(authorization)) is accepted


@pytest.mark.parametrize(
    ("algorithm", "qop_auth"),
    [("MD5", False), ("MD5", True), ("SHA-256", False), ("SHA-256", True), ("MD5-sess", True), ("SHA-256-sess", True)],
)
def test_digest_takes_what_a_stranger_computes_and_nothing_else(algorithm: DigestAlgorithm, *, qop_auth: bool) -> None:
    camera = SimCamera(
        "cam1", auth="digest", user="ville", password="secret", digest_algorithm=algorithm, qop_auth=qop_auth
    )
    authenticator = Authenticator(camera)
    challenge = authenticator.challenge(_request())
    right = _digest_by_httpx(challenge, "ville", "secret")
    assert authenticator.accepts(_request(right))
    assert not authenticator.accepts(_request(right, method="SETUP"))
    assert not authenticator.accepts(_request(_digest_by_httpx(challenge, "ville", "wrong")))
    assert not authenticator.accepts(_request(_digest_by_httpx(challenge, "other", "secret")))
    assert not authenticator.accepts(_request(_basic("ville", "secret")))
    assert not authenticator.accepts(_request())


def test_answer_to_an_old_nonce_is_refused_as_stale() -> None:
    authenticator = Authenticator(SimCamera("cam1", auth="digest", user="u", password="p"))
    old = _request(_digest_by_httpx(authenticator.challenge(_request()), "u", "p"))
    authenticator.renew_nonce()
    assert not authenticator.accepts(old)
    fresh = authenticator.challenge(old)
    assert fresh.endswith("stale=true")
    assert authenticator.accepts(_request(_digest_by_httpx(fresh, "u", "p")))


def test_wrong_password_is_not_called_stale() -> None:
    authenticator = Authenticator(SimCamera("cam1", auth="digest", user="u", password="p"))
    wrong = _request(_digest_by_httpx(authenticator.challenge(_request()), "u", "wrong"))
    assert "stale" not in authenticator.challenge(wrong)
