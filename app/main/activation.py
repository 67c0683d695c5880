"""Listening sockets that a supervisor opened and hands over, as systemd does (sd_listen_fds(3)).

The supervisor keeps them open while the relay restarts: whoever connects meanwhile waits in their queue, and nobody is
refused.
"""

import os
import socket
from collections.abc import Mapping, MutableMapping
from typing import Final

from app.errors import ConfigurationError

__all__ = ["inherited_sockets"]

_FIRST: Final = 3
"""Descriptors are handed over from here on, after the three standard streams."""
_MOST: Final = 16
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_ADVICE: Final = "in the .socket unit, FileDescriptorName= says which setting a socket stands for"


def inherited_sockets(environment: MutableMapping[str, str], settings: tuple[str, ...]) -> Mapping[str, socket.socket]:
    """Take over the sockets that are handed to this process, by the setting that each stands for.

    The variables that announce them are removed, so that no child takes them for its own. A single socket without a
    setting's name stands for the first of ``settings``.

    Raises:
        ConfigurationError: What is handed over is no listening TCP socket, or stands for no setting.

    """
    told = {name: environment.pop(name, "") for name in _VARIABLES}
    if told["LISTEN_PID"] != str(os.getpid()) or not told["LISTEN_FDS"]:
        return {}
    if not told["LISTEN_FDS"].isdecimal() or int(told["LISTEN_FDS"]) > _MOST:
        raise ConfigurationError(f"LISTEN_FDS must be a small number of sockets, not {told['LISTEN_FDS']!r}")
    count = int(told["LISTEN_FDS"])
    names = told["LISTEN_FDNAMES"].split(":") if told["LISTEN_FDNAMES"] else []
    if count == 1 and not set(names) & set(settings):
        names = [settings[0]]
    found: dict[str, socket.socket] = {}
    for offset in range(count):
        name = names[offset] if offset < len(names) else ""
        if name not in settings or name in found:
            called = f"is called {name!r}" if name else "has no name"
            raise ConfigurationError(
                f"inherited socket {offset + 1} of {count} {called}; one of each of {', '.join(settings)} is taken: "
                f"{_ADVICE}"
            )
        found[name] = _taken(_FIRST + offset, name)
    return found


def _taken(descriptor: int, name: str) -> socket.socket:
    try:
        taken = socket.socket(fileno=descriptor)
        is_listening = bool(taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError as error:
        raise ConfigurationError(f"{name}: descriptor {descriptor} is no socket: {error.strerror}") from None
    is_tcp = taken.family in {socket.AF_INET, socket.AF_INET6} and taken.type == socket.SOCK_STREAM
    if not (is_tcp and is_listening):
        taken.detach()
        raise ConfigurationError(
            f"{name}: descriptor {descriptor} is no listening TCP socket; the .socket unit needs ListenStream= with a "
            "port, and Accept=no"
        )
    taken.set_inheritable(False)
    taken.settimeout(0)
    return taken
