"""What can go wrong, as exceptions for the caller."""

from __future__ import annotations


class ServerFailed(RuntimeError):
    """No server could be started or found; the message holds what the server said."""


class UpstreamUnavailable(RuntimeError):
    """The upstream server cannot be used, and `setup` was told not to fall back to a local one."""
