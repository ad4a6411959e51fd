"""Simulated cameras: an RTSP server of our own on loopback, for the demo, the tests and the benchmarks."""
