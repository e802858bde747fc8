"""Old drivers, unmodified, in the styles of Ray 0.8, 1.0, 1.9 and 2.0, run by `shim run` on a token cluster."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import real
from tests.e2e.cluster import Cluster, new_node, new_password
from tests.hosts.lab import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from tests.e2e.cluster import Node

    Finished: TypeAlias = subprocess.CompletedProcess[str]

pytestmark = [pytest.mark.ray, pytest.mark.root]

ROOT = Path(__file__).parents[2]
DRIVERS = Path(__file__).parent / "drivers"


@pytest.fixture(scope="module")
def cluster(hosts_possible: None, ray_bin: Path, shim_bin: Path) -> Iterator[Cluster]:
    """A cluster of their own: old drivers have the password in argv, and Ray keeps a driver's argv in its store."""
    with Network("10.79.0") as network:
        head, worker, driver, outsider = (
            new_node(network, name, shim_bin) for name in ("head", "worker", "driver", "outsider")
        )
        password = new_password()
        head.start_head("--dashboard-host=0.0.0.0", password=password)
        worker.start_worker(head, password=password)
        driver.shim("token", "fetch", "--address=head:6379", "--redis-password=-", stdin=password + "\n")
        yield Cluster(network, password, head, worker, driver, outsider, ())


def notes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what shim said, in order."""
    return [line.removeprefix("shim: ") for line in done.stderr.splitlines() if line.startswith("shim: ")]


def new_home(node: Node, name: str) -> Path:
    """Make a home without a token, on a host that has one in its own."""
    home = node.host.home / name
    home.mkdir(mode=0o700, exist_ok=True)
    return home


def until_client_server_lives(run: Callable[[], Finished]) -> Finished:
    """Run again when the head's process for a new client died between fork and exec, as it sometimes does in Ray 2.60.

    Its log is empty then; the proxy forks with gRPC threads running ("skipping fork() handlers").
    """
    for _ in range(4):
        done = run()
        if not any(sign in done.stderr for sign in ("Starting Ray client server failed", "ZombieProcess")):
            break
    return done


def test_driver_of_0_8_joins_with_the_password_it_was_given(cluster: Cluster) -> None:
    home = new_home(cluster.worker, "style-0-8")
    words = ("--redis-address", cluster.head.gcs, "--redis-password", cluster.password)
    done = cluster.worker.shim("run", str(DRIVERS / "style_0_8.py"), *words, env={"HOME": str(home)})
    assert "weights [6]" in done.stdout
    token = home / ".ray" / "auth_token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert token.read_text().strip() == cluster.token
    said = "\n".join(notes(done))
    assert "redis_address= became address=" in said
    assert "joined with the password of redis_password=" in said
    assert "any local user can read" in said
    assert cluster.password not in done.stdout + done.stderr
    assert cluster.token not in done.stdout + done.stderr


def test_driver_of_0_8_fails_without_the_shim(cluster: Cluster) -> None:
    """The proof is none if Ray takes these arguments anyway."""
    words = ("--redis-address", cluster.head.gcs, "--redis-password", cluster.password)
    done = cluster.worker.run(sys.executable, DRIVERS / "style_0_8.py", *words, check=False)
    assert done.returncode == 1
    assert "Unknown keyword argument(s)" in done.stderr


def test_driver_of_1_0_with_a_pool_and_spawned_processes(cluster: Cluster) -> None:
    done = cluster.worker.shim("run", "-u", str(DRIVERS / "style_1_0.py"), "{}")
    assert "squares [0, 1, 4, 9, 16]" in done.stdout
    assert "spawned ('__mp_main__', 16)" in done.stdout
    assert [note.partition("=")[0] for note in notes(done)] == ["_redis_password", "_redis_max_memory", "_lru_evict"]


def test_driver_of_1_9_goes_through_ray_client_from_another_host(cluster: Cluster) -> None:
    home = new_home(cluster.driver, "style-1-9")
    env = {"HOME": str(home), "RAY_REDIS_PASSWORD": cluster.password, "RAY_HEAD_SERVICE_HOST": "head"}
    done = until_client_server_lives(
        lambda: cluster.driver.shim("run", str(DRIVERS / "style_1_9.py"), env=env, check=False)
    )
    assert done.returncode == 0, done.stderr
    for line in ("hello connect", "counted [1, 2, 3]", "hello client", "hello init"):
        assert line in done.stdout
    assert (home / ".ray" / "auth_token").read_text().strip() == cluster.token


def test_driver_of_2_0_with_tune_and_trainables_that_call_init(cluster: Cluster, tmp_path: Path) -> None:
    found = subprocess.run([sys.executable, "-c", "import ray.tune"], capture_output=True)
    real.need(found.returncode == 0, "Ray Tune", "uv pip install 'ray[tune]'")
    done = cluster.worker.shim("run", str(DRIVERS / "style_2_0.py"), "some-old-password", timeout=400)
    assert "best {'x': 2}" in done.stdout


def test_function_that_calls_init_runs_in_a_worker_of_another_host(cluster: Cluster) -> None:
    code = f"""
import os, ray
ray.init("{cluster.head.gcs}", _redis_password="x")
@ray.remote(num_cpus=0.1)
def f():
    ray.init(redis_password="y", lru_evict=True, ignore_reinit_error=True)
    return ray.util.get_node_ip_address(), "SHIM_RUN" in os.environ
where = [n["NodeID"] for n in ray.nodes() if n["Alive"]]
strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
print(sorted(ray.get([f.options(scheduling_strategy=strategy(n, soft=False)).remote() for n in where])))
"""
    done = cluster.worker.shim("run", "-c", code)
    addresses = sorted([cluster.head.address, cluster.worker.address])
    assert str([(address, False) for address in addresses]) in done.stdout
    assert notes(done) == ["_redis_password= became RAY_AUTH_MODE=token (Ray 1.11.0 stopped checking it)"]


def test_persons_own_runtime_environment_and_setup_hook_are_left_alone(cluster: Cluster) -> None:
    code = f"""
import os, ray
def mine():
    os.environ["MINE"] = "ran"
env = {{"env_vars": {{"A": "1"}}, "worker_process_setup_hook": mine}}
ray.init(address="{cluster.head.gcs}", redis_password="x", runtime_env=env)
def f():
    ray.init(redis_password="y", ignore_reinit_error=True)
    return os.environ["MINE"], os.environ["A"]
print(ray.get(ray.remote(num_cpus=0.1)(f).remote()))
"""
    assert "('ran', '1')" in cluster.worker.shim("run", "-c", code).stdout


def test_wrong_password_is_a_join_error_with_the_scripts_own_line(cluster: Cluster) -> None:
    home = new_home(cluster.worker, "wrong")
    code = f"import ray\nray.init('{cluster.head.gcs}', _redis_password='not-the-password')"
    done = cluster.worker.shim("run", "-c", code, env={"HOME": str(home)}, check=False)
    assert done.returncode == 1
    assert 'File "<string>", line 2, in <module>' in done.stderr
    assert "JoinError" in done.stderr
    assert "not-the-password" not in done.stderr.partition("JoinError")[2]
    assert not (home / ".ray" / "auth_token").exists()


def test_driver_that_starts_its_own_ray_gets_a_closed_one(new_host: Callable[[str], Node]) -> None:
    node = new_host("alone")
    done = node.shim("run", str(DRIVERS / "local_1_0.py"))
    assert "worker ('token', False)" in done.stdout
    assert "token 0o600 0o700" in done.stdout
    assert "child token False" in done.stdout
    assert any("A fresh token" in note for note in notes(done))
    assert len(notes(done)) == len(set(notes(done))) == 7


def end_with(cluster: Cluster, number: signal.Signals, *program: str | Path) -> int:
    """Run a driver of the cluster until it waits, send the very process that was started a signal; its exit code."""
    code = f"""
import os, signal, ray
ray.init("{cluster.head.gcs}")
print("READY", flush=True)
signal.pause()
"""
    child = cluster.worker.host.popen(
        [*program, "-c", code],
        env={"RAY_AUTH_MODE": "token"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout
    assert any(line.startswith("READY") for line in child.stdout)
    child.send_signal(number)
    ended: int = child.wait(60)
    return ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_driver_as_they_end_it_without_shim(cluster: Cluster, number: signal.Signals) -> None:
    plain = end_with(cluster, number, sys.executable)
    assert end_with(cluster, number, cluster.worker.program, "run") == plain != 0


PROJECT = """
import compat, shim, ray
ray.init({address}log_to_driver=False, redis_password="x")

def f():
    import compat, shim
    from model import answer
    return compat.MINE, shim.MINE, answer()

print("NAMES", f(), ray.get(ray.remote(num_cpus=0.1)(f).remote()))
"""
NAMES = "NAMES ('their compat', 'their shim', 42) ('their compat', 'their shim', 42)"


def write_project(folder: Path, *, package: bool, address: str = "") -> Path:
    """Write a project that has both of our names, as modules or as packages."""
    folder.mkdir()
    for name in ("compat", "shim"):
        path = folder / name / "__init__.py" if package else folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"MINE = 'their {name}'\n")
    (folder / "model.py").write_text(
        "import compat, shim\ndef answer():\n    return 42 if shim.MINE and compat.MINE else 0\n"
    )
    (folder / "driver.py").write_text(PROJECT.format(address=f"'{address}', " if address else ""))
    return folder


@pytest.mark.parametrize("package", [False, True], ids=["modules", "packages"])
def test_names_of_a_project_are_its_own_in_driver_and_worker(cluster: Cluster, package: bool) -> None:
    folder = write_project(cluster.worker.host.home / f"names-{package}", package=package, address=cluster.head.gcs)
    assert NAMES in cluster.worker.shim("run", str(folder / "driver.py")).stdout


def test_names_of_a_project_are_its_own_in_the_working_dir_of_a_job(cluster: Cluster) -> None:
    folder = write_project(cluster.head.host.home / "names-job", package=False)
    # Ray puts the working directory on PYTHONPATH, with its shim.py: this is how the console script must start us.
    program = (sys.executable, str(ROOT / "ray_redis_shim.py"), "run")
    submit = ("job", "submit", "--working-dir", str(folder), "--", *program, "driver.py")
    done = cluster.head.ray(*submit, env={"RAY_AUTH_MODE": "token", "RAY_ADDRESS": "http://127.0.0.1:8265"})
    assert NAMES in done.stdout
