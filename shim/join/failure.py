"""Why a join failed, each reason with a remedy of its own."""

from __future__ import annotations

from dataclasses import dataclass

from shim.errors import ShimError
from shim.network import join_host


class JoinError(ShimError):
    """A join that cannot succeed by waiting."""


class NotYetError(JoinError):
    """The head is not there yet, or busy: worth another try for ``patience`` seconds."""

    def __init__(self, what: str, *, fix: str, patience: float = float("inf")) -> None:
        super().__init__(what, fix=fix)
        self.patience = patience


class WrongPasswordError(JoinError):
    """The join service answers and refuses: it is the password, not the network."""


@dataclass(frozen=True)
class Head:
    """Where a head is believed to be; both ports on the same host."""

    host: str
    join_port: int
    gcs_port: int

    @property
    def join(self) -> str:
        """Address of the join service."""
        return join_host(self.host, self.join_port)

    @property
    def gcs(self) -> str:
        """Address of the GCS."""
        return join_host(self.host, self.gcs_port)

    @property
    def copy(self) -> str:
        """Return the way that needs no join, as half a sentence."""
        return f"copy the token: scp {self.host}:.ray/auth_token ~/.ray/auth_token"

    def absent(self) -> NotYetError:
        """Say that neither port answers."""
        return NotYetError(
            f"No head answers at {self.host}: neither the GCS (port {self.gcs_port}) "
            f"nor the join service (port {self.join_port}).",
            fix="Check the address and that the head is started; wait longer with --join-timeout SECONDS.",
        )

    def unknown(self) -> NotYetError:
        """Say that the name does not resolve."""
        return NotYetError(
            f"The name {self.host} does not resolve.",
            fix=f"Check the spelling and the DNS (getent hosts {self.host}), or give the head's IP address.",
        )

    def broken(self, why: str) -> NotYetError:
        """Say that the conversation broke off, as with a tunnel or proxy before a head that is not there."""
        return NotYetError(
            f"The join service at {self.join} does not answer properly: {why}.",
            fix="Check that the head is up (there: shim status); a tunnel or a TLS server on that port?",
        )

    def missing(self) -> NotYetError:
        """Say that the door is open, with nothing behind it."""
        return NotYetError(
            f"The join service at {self.join} holds no join record.",
            fix="On the head, publish it again: shim join close && shim join open",
            patience=5,
        )

    def closed(self) -> JoinError:
        """Say that the GCS answers and the join port refuses."""
        return JoinError(
            f"The join is closed, or a firewall rejects it: the GCS answers at {self.gcs}, "
            f"but port {self.join_port} refuses connections.",
            fix=f"On the head: shim join open. Or {self.copy}",
        )

    def filtered(self) -> JoinError:
        """Say that the GCS answers and the join port is silent."""
        return JoinError(
            f"The GCS answers at {self.gcs}, but the join port {self.join_port} does not: a firewall?",
            fix=f"Let this node reach TCP port {self.join_port} of the head. Or {self.copy}",
        )

    def wrong_password(self) -> WrongPasswordError:
        """Say that a join service answered WRONGPASS."""
        return WrongPasswordError(
            f"The join service at {self.join} refuses this Redis password.",
            fix="Give the password that the head was started with (it is compared letter by letter).",
        )

    def stranger(self, why: str) -> JoinError:
        """Say that something else listens on the join port."""
        return JoinError(
            f"What listens at {self.join} is no join service: {why}.",
            fix="Check the address and --join-port (the GCS port + 10 by default), here and on the head.",
        )
