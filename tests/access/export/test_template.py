"""The template gives PyAV exactly the configuration that was sealed."""

import io

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.export.template import CodecUnknown, sample_entry_type, template_movie
from storage.records import CodecConfig
from tests.access.footage import codec_of, encode


def test_stream_of_the_template_has_the_sealed_configuration() -> None:
    codec = codec_of(encode(1)[0])
    with av.open(io.BytesIO(template_movie(codec)), "r", format="mp4") as template:
        (stream,) = template.streams.video
        assert len(template.streams) == 1
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.extradata == codec.extradata
        assert (stream.codec_context.width, stream.codec_context.height) == (160, 90)


@given(st.binary(max_size=200), st.integers(0, 65535), st.integers(0, 65535))
def test_any_configuration_and_size_makes_a_template(extradata: bytes, width: int, height: int) -> None:
    assert extradata in template_movie(CodecConfig("avc1.42c00b", extradata, width, height))


@pytest.mark.parametrize("codec", ["", "mjpg", "mp4a.40.2", "avc3.42c00b", "mp4v", "mp4v.20.9"])
def test_codec_without_sample_entry_is_refused(codec: str) -> None:
    with pytest.raises(CodecUnknown):
        template_movie(CodecConfig(codec, b"", 1, 1))


def test_pictures_that_are_whole_in_themselves_have_no_configuration() -> None:
    with av.open(io.BytesIO(template_movie(CodecConfig("mp4v.6C", b"", 160, 90))), "r", format="mp4") as template:
        context = template.streams.video[0].codec_context
        assert (context.name, context.extradata, context.width) == ("mjpeg", None, 160)


def test_high_efficiency_codec_has_its_own_entry() -> None:
    assert sample_entry_type("hvc1.1.6.L93.B0") == b"hvc1"
    assert b"hvcC" in template_movie(CodecConfig("hvc1.1.6.L93.B0", b"", 1, 1))
