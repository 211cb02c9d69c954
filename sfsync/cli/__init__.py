"""The verbs, a module each. The only room that prints and exits."""

from sfsync.cli.app import main

__all__ = ["main"]
