import pytest

from nvr.sim.onvif.words import DEVICE, Fault, MalformedSoap, answer, asked, fault

ENVELOPE = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'


def test_operation_is_read_with_its_namespace_and_texts() -> None:
    question = asked(ENVELOPE.format(f'<X xmlns="{DEVICE}"><A>1</A><B><C> 2 </C></B></X>').encode())
    assert (question.namespace, question.operation) == (DEVICE, "X")
    assert [question.text(name) for name in "ACZ"] == ["1", "2", ""]


@pytest.mark.parametrize("data", [b"", b"<a/>", ENVELOPE.format("").encode(), ENVELOPE.format("<a/><b/>").encode()])
def test_what_is_no_soap_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedSoap):
        asked(data)


def test_answers_and_faults_can_be_read_again() -> None:
    assert asked(answer("<tds:XResponse/>")).namespace == DEVICE
    assert b"ter:NoProfile" in fault(Fault("NoProfile", "There is none."))
    assert b"s:Receiver" in fault(Fault("Action", "Failed", sender=False))
