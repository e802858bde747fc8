"""A worker node: the token obtained or compared, then ``ray start --address``."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shim import token
from shim.cluster import remains
from shim.cluster.environment import node_environment
from shim.cluster.launch import Launch, await_started, begin, hand_over
from shim.cluster.plan import find_address
from shim.cluster.ports import JOIN_OFFSET
from shim.errors import ShimError, UsageError
from shim.files import make_private_folder
from shim.network import join_host, split_address
from shim.probe.answer import Verdict
from shim.state import DEFAULT_NAME, NodeState, Phase, load, node_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.cluster.request import Request
    from shim.join.record import JoinRecord
    from shim.process import Child
    from shim.secret import Secret


@dataclass(frozen=True)
class Door:
    """Where a head is: its GCS, and the join service beside it."""

    host: str
    gcs: int
    join: int

    @property
    def address(self) -> str:
        """The address of the GCS."""
        return join_host(self.host, self.gcs)


@dataclass(frozen=True)
class WorkerPlan:
    """A worker, decided."""

    folder: Path
    request: Request
    door: Door
    token_path: Path
    arguments: tuple[str, ...]
    known: NodeState | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Joined:
    """The token that a node has for a cluster, and how it came by it."""

    token: token.Token
    record: JoinRecord | None


@dataclass(frozen=True)
class StartedWorker:
    """A worker that runs."""

    state: NodeState
    token: token.Token
    seconds: dict[str, float]
    child: Child


def find_door(address: str, join_port: int | None) -> Door:
    """Read ``--address``.

    Raises:
        UsageError: It is no ``host:port``.
    """
    try:
        host, gcs = split_address(address)
    except ValueError:
        raise UsageError(
            f"--address={address} is not HOST:PORT.",
            fix="Write the head's host and its --port: --address=HOST:6379",
        ) from None
    join = join_port or gcs + JOIN_OFFSET
    if join > 65535:
        raise UsageError(
            f"The join port would be {join} (GCS port + {JOIN_OFFSET}); the highest is 65535.",
            fix="Give the head's with --join-port.",
        )
    return Door(host, gcs, join)


def plan_worker(request: Request, known: NodeState | None) -> WorkerPlan:
    """Decide about a worker; nothing is written or started."""
    folder = node_folder(request.choices.name, "worker", request.environ, request.home)
    door = find_door(request.command.values["address"], request.choices.join_port)
    named = request.choices.name != DEFAULT_NAME
    path = folder / "auth_token" if named else _default_place(request, folder)
    return WorkerPlan(folder, request, door, path, request.command.ray_args, known)


def _default_place(request: Request, folder: Path) -> Path:
    found = token.find(request.environ, request.home)
    if found is None:
        return token.default_path(request.home)
    return folder / "auth_token" if found.source.kind == "environment" else Path(found.source.where)


def start_worker(plan: WorkerPlan, say: Callable[[str], None]) -> StartedWorker:
    """Get the token, see that the head takes it, start Ray.

    Raises:
        ShimError: Each way in which this fails has its own words. What was started has been ended.
    """
    make_private_folder(plan.folder)
    begun = time.monotonic()
    joined = obtain_token(plan, say)
    seconds = {"join": time.monotonic() - begun}
    state = _first_record(plan, joined).save()
    launch = worker_launch(plan)
    try:
        say(f"Ray {plan.request.ray.version}: starting a worker of {plan.door.address} (about 10 seconds).")
        child, process = begin(launch)
        state = state.with_member("ray", process).save()
        hand_over(child, None)
        await_started(child, launch, say)
        seconds["ray"] = time.monotonic() - begun - seconds["join"]
        state = replace(state, phase=Phase.RUNNING).save()
        if not remains.raylets(state):
            raise ShimError("The worker's raylet ended.", fix=f"See {launch.log} and Ray's session folder.")
    except BaseException:
        with contextlib.suppress(OSError):
            say("Something failed: ending what was started.")
        remains.clear(plan.folder, load(plan.folder))
        replace(state, phase=Phase.STOPPED, members={}).save()
        raise
    return StartedWorker(state, joined.token, seconds, child)


def worker_launch(plan: WorkerPlan) -> Launch:
    """Return how `ray start` is run."""
    environment = node_environment(plan.request.environ, plan.token_path, plan.folder)
    return Launch(plan.request.ray, plan.arguments, environment, plan.folder / "ray.log")


def _first_record(plan: WorkerPlan, joined: Joined) -> NodeState:
    request = plan.request
    address, _ = find_address(request, plan.door.host if plan.door.host[0].isdigit() else "8.8.8.8")
    cluster_id = joined.record.cluster_id if joined.record else (plan.known.cluster_id if plan.known else "")
    return NodeState(
        folder=plan.folder,
        name=request.choices.name,
        role="worker",
        cluster_id=cluster_id,
        started_at=int(time.time()),
        address=address,
        head=plan.door.address,
        request=request.summary(),
        facts={
            "ray": str(request.ray.version),
            "ray_program": str(request.ray.program),
            "token_path": str(plan.token_path),
        },
    )


def obtain_token(plan: WorkerPlan, say: Callable[[str], None]) -> Joined:
    """Return a token that the head takes: the one that is here, else one fetched by joining.

    Raises:
        ShimError: There is none and no password; or head and node have different ones, and which.
    """
    found = _local_token(plan)
    if found is None:
        return _join(plan, say)
    await_head(plan.door, plan.request.choices.join_timeout, say)
    _compare(plan, found)
    if plan.token_path.parent == plan.folder:
        token.save(plan.token_path, found.secret, replace=True)
    elif changed := token.tighten(plan.token_path):
        say(changed)
    return Joined(found, None)


def _local_token(plan: WorkerPlan) -> token.Token | None:
    if plan.request.choices.name != DEFAULT_NAME:
        return token.load(plan.token_path, "cluster")
    return token.find(plan.request.environ, plan.request.home)


def _join(plan: WorkerPlan, say: Callable[[str], None]) -> Joined:
    if plan.request.password is None:
        raise ShimError(
            f"This node has no token for the cluster at {plan.door.address}, and no Redis password to ask for one.",
            fix=f"Add --redis-password=…, or copy the token: scp {plan.door.host}:.ray/auth_token {plan.token_path}",
        )
    record = fetch_record(plan.door, plan.request.password, plan.request.choices.join_timeout, say)
    refuse_other_ray(record, plan.request)
    token.save(plan.token_path, record.token)
    say(f"Joined {plan.door.address}: the token ({record.fingerprint}) is in {plan.token_path}.")
    saved = token.Source("cluster" if plan.token_path.parent == plan.folder else "default", str(plan.token_path))
    return Joined(token.Token(record.token, saved), record)


def fetch_record(door: Door, password: Secret, wait: float, say: Callable[[str], None]) -> JoinRecord:
    """Ask the join service, for up to ``wait`` seconds while the head is not there yet.

    Raises:
        ShimError: Each way in which it fails has its own words; also when the record is of another cluster.
    """
    from shim.join.client import fetch

    record = fetch(
        door.host,
        door.join,
        password,
        timeout=max(1.0, min(5.0, wait)),
        gcs_port=door.gcs,
        wait=wait,
        progress=say,
    )
    if record.gcs_port != door.gcs:
        raise ShimError(
            f"The join service at {join_host(door.host, door.join)} belongs to the cluster on port {record.gcs_port}, "
            f"not to the one on port {door.gcs}.",
            fix=f"Use --address={join_host(door.host, record.gcs_port)}, or name the right --join-port.",
        )
    return record


def refuse_other_ray(record: JoinRecord, request: Request) -> None:
    """Refuse a Ray that differs from the head's, before Ray does so in many more words.

    Raises:
        ShimError: Names both versions.
    """
    if record.ray_version != str(request.ray.version):
        raise ShimError(
            f"The head runs Ray {record.ray_version}, and {request.ray.program} is Ray {request.ray.version}.",
            fix=f"{request.ray.python} -m pip install 'ray[default]=={record.ray_version}', or --ray-bin.",
        )


def await_head(door: Door, wait: float, say: Callable[[str], None]) -> None:
    """Wait until the GCS takes connections: Slurm starts workers before the head.

    Raises:
        ShimError: It did not come in time.
    """
    from shim.probe.port import is_open

    deadline, told = time.monotonic() + wait, False
    while (seen := is_open(door.host, door.gcs)) is not Verdict.OPEN:
        if time.monotonic() > deadline:
            what = "does not answer: a firewall, or a wrong address?" if seen is Verdict.SILENT else "is not there."
            raise ShimError(
                f"After {wait:.0f} seconds, the head at {door.address} {what}",
                fix="Check the address and that the head is started; wait longer with --join-timeout SECONDS.",
            )
        if not told:
            say(f"Waiting for the head at {door.address}.")
            told = True
        time.sleep(0.3)


def _compare(plan: WorkerPlan, found: token.Token) -> None:
    """See that the head takes this token and no other; say which side is wrong when it does not.

    Raises:
        ShimError: With both fingerprints where the head's can be had.
    """
    from shim.probe import grpc

    door, here = plan.door, f"{token.fingerprint(found.secret)}, from {found.source.where}"
    stranger = grpc.gcs(door.host, door.gcs, None)
    if stranger.verdict is Verdict.OPEN:
        raise ShimError(
            f"The head at {door.address} asks for no token: anyone may run code there.",
            fix="Start it again with shim start --head (or with RAY_AUTH_MODE=token).",
        )
    answer = grpc.gcs(door.host, door.gcs, found.secret)
    if answer.verdict is Verdict.OPEN:
        return
    if answer.verdict is not Verdict.REFUSED:
        raise ShimError(
            f"The GCS at {door.address} does not answer as one: {answer.detail}.",
            fix="Check --address: host and GCS port of the head.",
        )
    if plan.request.password is None:
        raise ShimError(
            f"The head at {door.address} refuses this node's token ({here}).",
            fix="Compare with `shim token show --fingerprint` on the head; copy the right one here, or add "
            "--redis-password=… and --name NAME, which keeps the head's token beside this one.",
        )
    record = fetch_record(door, plan.request.password, 0, lambda _line: None)
    raise ShimError(
        f"This node's token is not the head's: here {here}; the head's is {record.fingerprint}.",
        fix=f"If the one here belongs to another cluster, add --name NAME; if to none, mv {found.source.where}"
        f" {found.source.where}.old and try again.",
    )
