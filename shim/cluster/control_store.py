"""The control store of one cluster: ours or the person's, seen alike from above."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shim.network import join_host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.cluster.plan import StorePlan
    from shim.process import Process
    from shim.store.conversation import Credential
    from shim.store.proof import Proof
    from shim.store.remote import RemoteUrl


@dataclass(frozen=True)
class ControlStore:
    """A store that Ray can use now; ``process`` is ours to end, None when the server is not ours."""

    address: str
    credential: Credential
    process: Process | None
    title: str
    reduced: tuple[str, ...] = ()
    variables: Mapping[str, str] | None = None

    def environment(self, namespace: str) -> dict[str, str]:
        """Return what ``ray start --head`` must have in its environment; the password is not in it."""
        return {
            **(self.variables or {}),
            "RAY_REDIS_ADDRESS": self.address,
            "RAY_external_storage_namespace": namespace,
        }


def seat(plan: StorePlan, store: ControlStore | None) -> tuple[dict[str, str], str]:
    """Return what Ray needs to find the store, in environment and user name; the password is not in it.

    For a store of ours that is known before it runs; for one of the person's, once `open_store` has made a user.
    """
    if store is not None:
        return store.environment(plan.namespace), store.credential.username
    if plan.local is None:
        return {}, ""
    from shim.store import local

    address = join_host(local.LOOPBACK, plan.local.port)
    return {"RAY_REDIS_ADDRESS": address, "RAY_external_storage_namespace": plan.namespace}, local.RAY


def open_store(plan: StorePlan, environ: Mapping[str, str]) -> ControlStore:
    """Start our server, or make a user on the person's.

    Raises:
        ShimError: It cannot be used; nothing of it is left running.
    """
    if plan.local is not None:
        from shim.store import local

        process, credential = local.start(plan.local)
        address = join_host(local.LOOPBACK, plan.local.port)
        return ControlStore(address, credential, process, f"{plan.local.binary} on {address}")
    from shim.store import remote
    from shim.store.acl import Profile

    url = remote_url(plan, environ)
    found = remote.prepare(url, namespace=plan.namespace, profile=Profile.TIGHT, environ=environ)
    return ControlStore(
        found.address, found.credential, None, f"yours at {found.address}", found.reduced, found.tls_env
    )


def remote_url(plan: StorePlan, environ: Mapping[str, str]) -> RemoteUrl:
    """Return where the person's store is, with their credential, wherever they gave it."""
    from shim.store import remote

    assert plan.url is not None  # noqa: S101 - a plan has one or the other
    url = remote.parse(plan.url.reveal(), environ)
    return replace(url, username=plan.username or url.username, password=plan.password or url.password)


def leave_remote(address: str, username: str, environ: Mapping[str, str]) -> bool:
    """Remove the user that a start made on the person's server, where their credential is at hand.

    It is in no file of ours: only ``SHIM_STORE_PASSWORD`` can bring it. Without it the user stays, and is
    of no use to anyone: its password died with the GCS, and the next start removes it.
    """
    from shim.secret import Secret
    from shim.store import remote
    from shim.store.conversation import Credential
    from shim.store.url import PASSWORD

    if PASSWORD not in environ:
        return False
    url = remote.parse(address, environ)
    return remote.release(url, Credential(username, Secret("")), environ=environ)


def prove(store: ControlStore, node_address: str) -> list[Proof]:
    """Try the store as a stranger, and as Ray's user where it has no business."""
    from shim.store import proof
    from shim.store.transport import context_for
    from shim.store.url import parse

    if store.process is not None:
        host, _, port = store.address.rpartition(":")
        return proof.prove(host, int(port), store.credential, node_address)
    from shim.store.remote_user import OWN

    url, own = parse(store.address), store.credential.username.startswith(OWN)
    tls = context_for(store.address, store.variables or {})
    return proof.prove(url.host, url.port, store.credential, None, tls=tls, own_user=own)
