import base64

import pytest

from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.document import document, text
from recorder.onvif.soap import DEVICE, answer_of, envelope, leaf, password_digest, username_token
from recorder.rtsp.auth import Credentials


def test_request_is_soap_with_everything_escaped() -> None:
    data = envelope(DEVICE, "SetHostname", leaf("Name", "<&>") + leaf("Other", "x", 'urn:"'))
    root = document(data, "x")
    assert text(root, "Body", "SetHostname", "Name") == "<&>"
    assert b'xmlns="http://www.onvif.org/ver10/device/wsdl"' in data


def test_password_digest_is_that_of_the_programmers_guide() -> None:
    """ONVIF Application Programmer's Guide 1.0, section 6.1.1.3."""
    digest = password_digest(base64.b64decode("LKqI6G/AikKCQrN0zqZFlg=="), "2010-09-16T07:50:45Z", "userpassword")
    assert base64.b64encode(digest) == b"tuOSpGlFlIXsozq4HFNeeGeFLEI="


def test_token_holds_what_its_digest_was_made_of_and_not_the_password() -> None:
    token = username_token(Credentials("us<er", "userpassword"), 1_284_623_445_250_000, b"nonce")
    root = document(envelope(DEVICE, "GetDeviceInformation", token=token), "x")
    path = ("Header", "Security", "UsernameToken")
    assert [text(root, *path, name) for name in ("Username", "Created")] == ["us<er", "2010-09-16T07:50:45.250Z"]
    assert base64.b64decode(text(root, *path, "Nonce")) == b"nonce"
    digest = password_digest(b"nonce", "2010-09-16T07:50:45.250Z", "userpassword")
    assert base64.b64decode(text(root, *path, "Password")) == digest
    assert "userpassword" not in token


def fault(inner: str) -> bytes:
    return f"<E><Body><Fault>{inner}</Fault></Body></E>".encode()


@pytest.mark.parametrize(
    ("inner", "cause", "status"),
    [
        (
            "<Code><Value>s:Sender</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code>",
            Cause.UNAUTHORIZED,
            None,
        ),
        ("<faultcode>wsse:FailedAuthentication</faultcode><faultstring>no</faultstring>", Cause.UNAUTHORIZED, None),
        (
            "<Code><Value>s:Sender</Value></Code><Reason><Text>Sender not Authorized</Text></Reason>",
            Cause.UNAUTHORIZED,
            None,
        ),
        (
            "<Code><Value>s:Receiver</Value><Subcode><Value>ter:ActionNotSupported</Value></Subcode></Code>",
            Cause.REJECTED,
            "ActionNotSupported",
        ),
        ("<Code><Value>admin:12345@host</Value></Code>", Cause.REJECTED, "fault"),
        ("", Cause.REJECTED, "fault"),
    ],
)
def test_fault_becomes_a_cause_and_its_words_are_not_repeated(inner: str, cause: Cause, status: str | None) -> None:
    with pytest.raises(CameraUnreachable) as failed:
        answer_of(document(fault(inner), "x"), "GetProfiles")
    assert (failed.value.cause, failed.value.fields.get("status")) == (cause, status)


@pytest.mark.parametrize("data", [b"<E/>", b"<E><Body/></E>", b"<E><Body><OtherResponse/></Body></E>"])
def test_answer_to_something_else_is_garbage(data: bytes) -> None:
    with pytest.raises(CameraUnreachable) as failed:
        answer_of(document(data, "x"), "GetProfiles")
    assert failed.value.cause is Cause.GARBAGE
