"""Scellé: a network video recorder whose footage is opened only against a judicial requisition."""

__version__ = "0.1.0"
