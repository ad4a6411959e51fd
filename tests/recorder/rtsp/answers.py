"""The answers of real cameras, read where they lie."""

from pathlib import Path

ANSWERS = (
    "anjvision_describe",
    "bad_rtptime",
    "bunny_describe",
    "bunny_play",
    "bunny_setup",
    "dahua_describe_h264_aac_onvif",
    "dahua_describe_h265_pcma",
    "dahua_options",
    "dahua_play",
    "dahua_setup",
    "foscam_describe",
    "hikvision_describe",
    "hikvision_play",
    "hikvision_setup",
    "hikvision_setup_ssrc_space",
    "ipcam_describe",
    "reolink_describe",
    "reolink_play",
    "reolink_setup",
    "reolink_teardown",
)


def read_answer(shared_data: Path, name: str) -> bytes:
    return (shared_data / "rtsp" / f"{name}.txt").read_bytes()
