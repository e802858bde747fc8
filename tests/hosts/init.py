"""Pid 1 of a host: gives it a name and files of its own, then takes in orphans until the test lets go.

Runs as ``python init.py NAME [SOURCE TARGET]...`` in fresh mount, UTS and pid namespaces (`tests.hosts.lab`).
Its standard input is a pipe that the test holds: when the test ends, however it ends, so does the host, and
the kernel kills all that ran on it (pid_namespaces(7)). Few imports: it starts for every host.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys

MS_BIND, MS_REC, MS_SLAVE = 0x1000, 0x4000, 0x80000  # sys/mount.h

STDIN = 0


def mount(source: str, target: str, kind: str = "", flags: int = 0) -> None:
    """Attach a file system, or another file, at a path."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)


def main() -> None:
    """Set the host up, say so, and wait for the end."""
    name, *files = sys.argv[1:]
    socket.sethostname(name)
    mount("none", "/", flags=MS_REC | MS_SLAVE)  # what is mounted from here on stays on this host
    mount("proc", "/proc", "proc")
    for source, target in zip(files[::2], files[1::2], strict=True):
        mount(source, target, flags=MS_BIND)
    wake_up, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    os.write(1, b"ready\n")
    while STDIN not in select.select([STDIN, wake_up], [], [])[0]:
        os.read(wake_up, 1024)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


if __name__ == "__main__":
    main()
