"""Simulated cameras' side of ONVIF: SOAP over HTTP, answers to WS-Discovery, a head that turns."""
