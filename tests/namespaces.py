"""Mounts that one process sees and nobody else: they end with it."""

import shlex
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import pytest

__all__ = ["bind", "mounted", "mounting", "read_only"]


@cache
def mounting() -> tuple[str, ...] | None:
    """Return what runs a command so that it may mount; None where that is not allowed."""
    for command in (("unshare", "--mount"), ("unshare", "--map-root-user", "--mount")):
        try:
            if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return command
        except OSError:
            return None
    return None


def bind(source: Path, target: Path) -> list[Sequence[str]]:
    """Show one file or folder in the place of another."""
    return [("mount", "--bind", str(source), str(target))]


def read_only(folder: Path) -> list[Sequence[str]]:
    """Let a folder be read only."""
    return [*bind(folder, folder), ("mount", "-o", "remount,bind,ro", str(folder))]


def mounted(mounts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return what runs a command with mounts of its own; fail where they are not allowed."""
    if (command := mounting()) is None:
        pytest.fail(
            "this machine lets nobody mount for a process of his own: unshare --mount needs root, or unprivileged user "
            "namespaces (sysctl kernel.unprivileged_userns_clone, or --cap-add=SYS_ADMIN in a container)"
        )
    script = " && ".join([*(shlex.join(mount) for mount in mounts), 'exec "$@"'])
    return (*command, "bash", "-c", script, "bash")
