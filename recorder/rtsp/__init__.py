"""An RTSP 1.0 client over TCP (RFC 2326), for video only: pure parts, and one asyncio protocol."""
