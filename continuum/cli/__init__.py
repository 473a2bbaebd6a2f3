"""The command line: one module per command."""

from continuum.cli.main import main

__all__ = ["main"]
