"""Caseworks: unemployment-insurance support for employers (失业保险援企稳岗)."""

__version__ = "0.1.0"
