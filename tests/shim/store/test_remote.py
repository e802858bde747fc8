"""A store of yours: proven closed and fit, given a user of Ray's own, and left as it was."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import random
import socket
import ssl
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pytest

from shim.errors import ShimError
from shim.probe.resp import connect
from shim.secret import Secret
from shim.store import health, local, server
from shim.store.acl import ADMIN_RULES, Profile, ray_rules, user_line, without_channels
from shim.store.conversation import Credential, log_in, refusal, speak
from shim.store.proof import prove
from shim.store.remote import RemoteStore, prepare, release
from tests.shim.probe.peers import drips, listening, says, stays_silent
from tests.shim.store.conftest import PERSON, URL_PASSWORD

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shim.process import Process
    from shim.store.binary import Binary

Note: TypeAlias = "Callable[[Process], Process]"


@pytest.fixture
def yours(spec: server.ServerSpec, running: Note) -> server.ServerSpec:
    """A person's own server: one password, all rights, an append-only file."""
    spec = replace(spec, settings=(("appendonly", "yes"),))
    running(server.launch(spec))
    return spec


def url(port: int, user: str = "", scheme: str = "redis") -> str:
    return f"{scheme}://{user}:{URL_PASSWORD}@127.0.0.1:{port}"


def try_store(port: int, user: str = "", namespace: str = "ns1", scheme: str = "redis", **environ: str) -> RemoteStore:
    return prepare(url(port, user, scheme), namespace=namespace, profile=Profile.TIGHT, environ=environ)


def as_person(port: int, *command: str) -> object:
    with speak(port, PERSON) as session:
        return session.call(*command)


def test_ray_gets_a_user_of_its_own(yours: server.ServerSpec) -> None:
    store = try_store(yours.port)
    assert store.address == f"redis://127.0.0.1:{yours.port}"
    assert store.credential.username.startswith("shim-ray-ns1-")
    assert store.credential.password != PERSON.password
    assert store.reduced == ()
    assert [proof for proof in prove("127.0.0.1", yours.port, store.credential, None) if not proof.passed] == []
    assert health.check(store.address, store.credential).ok


def test_nothing_of_yours_is_changed(yours: server.ServerSpec) -> None:
    as_person(yours.port, "SET", "mine", "1")
    as_person(yours.port, "ACL", "SETUSER", "colleague", "on", ">x", "~*", "+@all")
    before = [as_person(yours.port, *what) for what in (("ACL", "LIST"), ("CONFIG", "GET", "*"), ("KEYS", "*"))]
    with speak(yours.port, PERSON) as session:
        store = try_store(yours.port)
        assert session.call("GET", "mine") == b"1"  # a session in use lives on
    users = as_person(yours.port, "ACL", "LIST")
    assert isinstance(users, list)
    kept = [user for user in users if store.credential.username.encode() not in user]
    assert [kept, as_person(yours.port, "CONFIG", "GET", "*"), as_person(yours.port, "KEYS", "*")] == before
    assert len(users) == len(kept) + 1


def test_release_removes_the_user_and_ends_its_sessions(yours: server.ServerSpec) -> None:
    before = as_person(yours.port, "ACL", "LIST")
    store = try_store(yours.port)
    with speak(store.address, store.credential) as session:
        assert release(url(yours.port), store.credential, environ={})
        with pytest.raises(ConnectionResetError):
            session.call("PING")
    assert as_person(yours.port, "ACL", "LIST") == before
    assert not release(url(yours.port), store.credential, environ={})


def test_release_leaves_other_users_alone(yours: server.ServerSpec) -> None:
    assert not release(url(yours.port), Credential("default", Secret("x")), environ={})
    assert not release("redis://:x@127.0.0.1:1", Credential("colleague", Secret("x")), environ={})
    assert as_person(yours.port, "PING") == "PONG"


def test_two_clusters_share_a_server_and_not_their_keys(yours: server.ServerSpec) -> None:
    first, second = try_store(yours.port, namespace="a"), try_store(yours.port, namespace="b")
    with speak(first.address, first.credential) as one, speak(second.address, second.credential) as two:
        assert one.call("HSET", "RAYa@KV", "x", "1") == 1
        assert refusal(two.call("HGET", "RAYa@KV", "x")).startswith("NOPERM")
        try_store(yours.port, namespace="c")
        assert one.call("PING") == two.call("PING") == "PONG"


def test_a_namespace_that_a_living_cluster_uses_is_refused(yours: server.ServerSpec) -> None:
    store = try_store(yours.port)
    with speak(store.address, store.credential) as session:
        with pytest.raises(ShimError, match="'ns1' is using the store"):
            try_store(yours.port)
        assert session.call("PING") == "PONG"


def test_the_user_of_a_start_that_is_over_is_replaced(yours: server.ServerSpec) -> None:
    first, second = try_store(yours.port), try_store(yours.port)
    users = as_person(yours.port, "ACL", "USERS")
    assert users == [b"default", second.credential.username.encode()]
    with connect("127.0.0.1", yours.port) as session:
        assert log_in(session, first.credential).startswith("WRONGPASS")


def test_where_no_user_may_be_made_yours_is_used_and_that_is_said(yours: server.ServerSpec) -> None:
    as_person(
        yours.port,
        "ACL",
        "SETUSER",
        "limited",
        "on",
        f">{PERSON.password.reveal()}",
        "~*",
        "+@all",
        "-@admin",
        "+info",
    )
    store = try_store(yours.port, "limited")
    assert store.credential == replace(PERSON, username="limited")
    assert [line for line in store.reduced if "may not (ACL SETUSER)" in line]
    assert as_person(yours.port, "ACL", "USERS") == [b"default", b"limited"]


def test_a_user_who_may_too_little_for_ray_is_found_before_ray_starts(yours: server.ServerSpec) -> None:
    as_person(
        yours.port,
        "ACL",
        "SETUSER",
        "poor",
        "on",
        f">{PERSON.password.reveal()}",
        "~*",
        "+ping",
        "+hset",
        "+hget",
    )
    with pytest.raises(ShimError, match="does not let this user ask for INFO, which Ray needs"):
        try_store(yours.port, "poor")


def test_a_user_that_is_made_for_exactly_ray_will_do(yours: server.ServerSpec, binary: Binary) -> None:
    rules = ray_rules("ns1", Profile.TIGHT, binary.at_least(7, 0))
    if not binary.at_least(6, 2):
        rules = tuple(without_channels(" ".join(rules)).split())
    as_person(yours.port, "ACL", "SETUSER", "theirs", "on", f">{PERSON.password.reveal()}", *rules)
    assert try_store(yours.port, "theirs").credential.username == "theirs"


def test_kuberays_profile_may_clean_up_its_own_namespace(yours: server.ServerSpec) -> None:
    store = prepare(url(yours.port), namespace="ns1", profile=Profile.KUBERAY, environ={})
    with speak(store.address, store.credential) as session:
        session.call("HSET", "RAYns1@KV", "a", "1")
        assert session.call("SCAN", "0") == [b"0", [b"RAYns1@KV"]]
        assert session.call("DEL", "RAYns1@KV") == 1
        assert refusal(session.call("DEL", "RAYns2@KV")).startswith("NOPERM")


def test_the_credential_may_come_from_the_environment(yours: server.ServerSpec) -> None:
    environ = {"SHIM_STORE_PASSWORD": PERSON.password.reveal(), "SHIM_STORE_USERNAME": "default"}
    assert prepare(f"redis://127.0.0.1:{yours.port}", namespace="n", profile=Profile.TIGHT, environ=environ)


def test_a_store_that_is_not_durable_is_said(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(replace(spec, settings=(("maxmemory", "50mb"), ("maxmemory-policy", "allkeys-lru")))))
    reduced = " ".join(try_store(spec.port).reduced)
    assert "append-only" in reduced
    assert "allkeys-lru" in reduced


# what is refused


def test_an_open_store_is_refused_though_it_takes_the_password(yours: server.ServerSpec) -> None:
    as_person(yours.port, "ACL", "SETUSER", "default", "nopass")
    with connect("127.0.0.1", yours.port) as session:
        assert session.call("AUTH", "default", PERSON.password.reveal()) == "OK"
    with pytest.raises(ShimError, match="is open: it lets anybody in"):
        try_store(yours.port)
    assert as_person(yours.port, "ACL", "USERS") == [b"default"]


def test_a_store_open_to_a_named_user_is_refused(yours: server.ServerSpec) -> None:
    as_person(yours.port, "ACL", "SETUSER", "someone", "on", "nopass", "~*", "+@all")
    with pytest.raises(ShimError, match="is open"):
        try_store(yours.port, "someone")


def test_a_store_that_also_takes_rays_old_default_is_refused(yours: server.ServerSpec) -> None:
    as_person(yours.port, "ACL", "SETUSER", "default", ">5241590000000000")
    with pytest.raises(ShimError, match="is open: it accepts the password everybody knows"):
        try_store(yours.port)


def test_rays_old_default_is_refused_without_asking_the_store() -> None:
    with pytest.raises(ShimError, match="old default"):
        prepare("redis://:5241590000000000@127.0.0.1:1", namespace="n", profile=Profile.TIGHT, environ={})


def test_no_password_is_refused_without_asking_the_store() -> None:
    with pytest.raises(ShimError, match="No password was given"):
        prepare("redis://127.0.0.1:1", namespace="n", profile=Profile.TIGHT, environ={})


def test_a_wrong_password_is_refused_at_once(yours: server.ServerSpec) -> None:
    began = time.monotonic()
    with pytest.raises(ShimError, match="refuses this user and password") as caught:
        prepare(f"redis://:wrong-one@127.0.0.1:{yours.port}", namespace="n", profile=Profile.TIGHT, environ={})
    assert time.monotonic() - began < 1
    assert "wrong-one" not in caught.value.what + caught.value.fix


def test_a_replica_is_refused_with_its_masters_address(yours: server.ServerSpec) -> None:
    as_person(yours.port, "REPLICAOF", "127.0.0.1", "7")
    with pytest.raises(ShimError, match=r"is a replica") as caught:
        try_store(yours.port)
    assert "127.0.0.1:7" in caught.value.fix


def test_a_full_store_is_refused_and_its_user_removed(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(replace(spec, settings=(("maxmemory", "100kb"),))))
    with pytest.raises(ShimError, match="is out of memory"):
        try_store(spec.port)
    assert as_person(spec.port, "ACL", "USERS") == [b"default"]


def cluster_port() -> int:
    """Return a free port whose cluster bus (port + 10000) is free as well, and below 65536."""
    while True:
        port = random.randrange(20000, 30000)
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + 10000))
            return port


def begin_shards(spec: server.ServerSpec, running: Note, count: int) -> list[int]:
    """Start a Redis Cluster of ``count`` masters; returns their ports."""
    ports = []
    for number in range(count):
        port = cluster_port()
        settings = (("cluster-enabled", "yes"), ("cluster-node-timeout", "2000"))
        folder = spec.folder.with_name(f"shard{number}")
        running(server.launch(replace(spec, folder=folder, port=port, settings=settings)))
        slots = range(16384 * number // count, 16384 * (number + 1) // count)
        as_person(port, "CLUSTER", "ADDSLOTS", *map(str, slots))
        as_person(port, "CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        ports.append(port)
    for port in ports[1:]:
        as_person(ports[0], "CLUSTER", "MEET", "127.0.0.1", str(port))
    for port in ports:
        with speak(port, PERSON) as session:
            while b"cluster_state:ok" not in session.call("CLUSTER", "INFO"):  # type: ignore[operator]
                pass
    return ports


def test_a_sharded_store_is_refused(spec: server.ServerSpec, running: Note) -> None:
    for port in begin_shards(spec, running, 2):
        with pytest.raises(ShimError, match="Redis Cluster with several shards"):
            try_store(port)


def test_a_cluster_of_one_shard_will_do(spec: server.ServerSpec, running: Note) -> None:
    (port,) = begin_shards(spec, running, 1)
    assert try_store(port).credential.username.startswith("shim-ray-")


def test_a_cluster_that_is_down_is_said(spec: server.ServerSpec, running: Note) -> None:
    port = cluster_port()
    running(server.launch(replace(spec, port=port, settings=(("cluster-enabled", "yes"),))))
    with pytest.raises(ShimError, match="Redis Cluster"):
        try_store(port)


def test_a_sentinel_is_refused_with_the_way_to_its_master(native: Binary, tmp_path: Path, free_port: int) -> None:
    (tmp_path / "sentinel.conf").write_text(
        f'port {free_port}\nbind 127.0.0.1\nrequirepass "{PERSON.password.reveal()}"\ndir "{tmp_path}"\n'
    )
    command = [str(native.path), str(tmp_path / "sentinel.conf"), "--sentinel"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        try:
            wait_for(free_port, child)
            with pytest.raises(ShimError, match="is a Sentinel") as caught:
                try_store(free_port)
        finally:
            child.kill()
    assert "get-master-addr-by-name" in caught.value.fix


def wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            connect("127.0.0.1", port).close()
        except ConnectionRefusedError:
            assert child.poll() is None
        else:
            return


def test_a_store_that_still_loads_is_said(spec: server.ServerSpec, running: Note) -> None:
    spec = replace(spec, settings=(("appendonly", "yes"), ("aof-use-rdb-preamble", "no")))
    server.halt(server.launch(spec))
    data = spec.folder / server.DATA
    (file,) = [*data.glob("appendonlydir/*.incr.aof"), *data.glob("appendonly.aof")]
    with file.open("ab") as rows:
        rows.writelines(b"*3\r\n$3\r\nSET\r\n$5\r\n%05d\r\n$1\r\nx\r\n" % number for number in range(50_000))
    slow = (*spec.settings, ("key-load-delay", "100"))  # microseconds; a directive that Redis keeps for tests
    running(server.launch(replace(spec, settings=slow)))
    found = health.check(spec.port, PERSON)
    assert (found.ok, "loads its data" in found.detail) == (False, True)
    with pytest.raises(ShimError, match="still loads its data"):
        try_store(spec.port)


@pytest.mark.parametrize(
    ("peer", "why"),
    [
        (says(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), "it speaks HTTP, not Redis"),
        (says(b"\x15\x03\x01\x00\x02\x02\x46"), "it speaks TLS, not Redis"),
        (says(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "it speaks SSH, not Redis"),
        (says(b""), "broke the connection off"),
        (says(b"-ERR max number of clients reached\r\n"), "no room for another client"),
        (
            says(b"-DENIED Redis is running in protected mode\r\n"),
            "protected mode: it has no password at all",
        ),
        (stays_silent, "does not answer in time"),
        (drips(b"+"), "does not answer in time"),
    ],
)
def test_what_is_no_store_is_refused_within_seconds(
    peer: Callable[[socket.socket, threading.Event], None], why: str
) -> None:
    began = time.monotonic()
    with listening(peer) as port, pytest.raises(ShimError, match=why):
        try_store(port)
    assert time.monotonic() - began < 5


def agrees(connection: socket.socket, over: threading.Event) -> None:
    """Say +OK to everything."""
    while connection.recv(65536):
        connection.sendall(b"+OK\r\n")


def pongs(connection: socket.socket, over: threading.Event) -> None:
    """Say +PONG to everything."""
    while connection.recv(65536):
        connection.sendall(b"+PONG\r\n")


def test_one_that_agrees_to_everything_is_no_redis() -> None:
    with listening(agrees) as port, pytest.raises(ShimError, match="is no Redis"):
        try_store(port)


def test_one_that_pongs_to_everything_is_open() -> None:
    with listening(pongs) as port, pytest.raises(ShimError, match="is open"):
        try_store(port)


def test_nothing_there_and_no_such_host_are_told_apart(free_port: int) -> None:
    with pytest.raises(ShimError, match="nothing listens there"):
        try_store(free_port)
    with pytest.raises(ShimError, match="nobody knows that host name"):
        prepare("redis://:x@no-such-host.invalid", namespace="n", profile=Profile.TIGHT, environ={})


def test_a_password_only_server_before_redis_6_is_used_as_it_is() -> None:
    """Redis 5 answers as this peer does (no binary of it is at hand): no users, no ACL command."""
    replies = {
        b"PING": b"-NOAUTH Authentication required.\r\n",
        b"INFO": b"$43\r\nredis_version:5.0.14\r\nrole:master\r\nloading:0\r\n",
        b"CLIENT": b"$0\r\n\r\n",
        b"HSET": b":1\r\n",
        b"HGET": b"$1\r\n1\r\n",
        b"HDEL": b":1\r\n",
        b"DEL": b":0\r\n",
    }

    def five(connection: socket.socket, over: threading.Event) -> None:
        while data := connection.recv(65536):
            words = data.split(b"\r\n")[2::2]
            if words[0] == b"AUTH":
                right = words[1:] == [PERSON.password.reveal().encode()]
                connection.sendall(b"+OK\r\n" if right else b"-ERR invalid password\r\n")
            else:
                connection.sendall(replies.get(words[0], b"-ERR unknown command `x`\r\n"))

    with listening(five) as port:
        store = try_store(port)
    assert store.credential == replace(PERSON, username="")
    assert [line for line in store.reduced if "no ACLs before Redis 6.0" in line]


# TLS


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA (ca.pem), a server's certificate for 127.0.0.1 and store.test, a client's, and another CA."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("papers")
    now = datetime.datetime.now(datetime.UTC)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def issue(
        subject: str, issuer: str, signer: ec.EllipticCurvePrivateKey | None, names: list[x509.GeneralName]
    ) -> ec.EllipticCurvePrivateKey:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(signer or key, hashes.SHA256())
        (folder / f"{subject}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{subject}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return key

    ca = issue("ca", "ca", None, [])
    issue("other", "other", None, [])
    issue("server", "ca", ca, [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    issue("named", "ca", ca, [x509.DNSName("store.test")])
    issue("client", "ca", ca, [])
    return folder


@pytest.fixture
def encrypted(native: Binary, papers: Path, tmp_path: Path, free_port: int) -> Iterator[Callable[..., int]]:
    """Start a server that speaks TLS only; returns its port."""
    if not native.tls:
        pytest.skip("this redis-server is built without TLS")
    started: list[Process] = []

    def begin(certificate: str = "server", clients: str = "no") -> int:
        from shim.process import look
        from shim.store.spec import lay_out, spawn_server

        spec = server.ServerSpec(
            tmp_path / "tls",
            native,
            ("127.0.0.1",),
            0,
            (user_line("default", PERSON.password, ADMIN_RULES),),
            (
                ("tls-port", str(free_port)),
                ("tls-cert-file", str(papers / f"{certificate}.pem")),
                ("tls-key-file", str(papers / f"{certificate}.key")),
                ("tls-ca-cert-file", str(papers / "ca.pem")),
                ("tls-auth-clients", clients),
            ),
        )
        child = spawn_server(spec, lay_out(spec))
        process = look(child.pid)
        assert process is not None
        started.append(process)
        wait_for(free_port, child)
        return free_port

    yield begin
    for process in started:
        server.halt(process)


def test_a_store_with_tls_is_used_and_ray_gets_what_it_needs_to_trust_it(
    encrypted: Callable[..., int], papers: Path
) -> None:
    port = encrypted()
    store = try_store(port, scheme="rediss", RAY_REDIS_CA_CERT=str(papers / "ca.pem"))
    assert store.address == f"rediss://127.0.0.1:{port}"
    assert store.tls_env == {"RAY_REDIS_CA_CERT": str(papers / "ca.pem")}
    assert health.check(store.address, store.credential, tls_env=store.tls_env).ok
    assert release(url(port, scheme="rediss"), store.credential, environ=store.tls_env)


@pytest.mark.parametrize("ca", ["other", None])
def test_a_certificate_of_an_unknown_ca_is_refused(encrypted: Callable[..., int], papers: Path, ca: str | None) -> None:
    environ = {"RAY_REDIS_CA_CERT": str(papers / f"{ca}.pem")} if ca else {}
    port = encrypted()
    with pytest.raises(ShimError, match="its certificate is not trusted") as caught:
        try_store(port, scheme="rediss", **environ)
    assert "RAY_REDIS_CA_CERT" in caught.value.fix


def test_a_certificate_of_another_name_is_refused_unless_that_name_is_expected(
    encrypted: Callable[..., int], papers: Path
) -> None:
    port, ca = encrypted("named"), str(papers / "ca.pem")
    with pytest.raises(ShimError, match="its certificate is not trusted"):
        try_store(port, scheme="rediss", RAY_REDIS_CA_CERT=ca)
    store = try_store(port, scheme="rediss", RAY_REDIS_CA_CERT=ca, RAY_REDIS_SERVER_NAME="store.test")
    assert store.tls_env["RAY_REDIS_SERVER_NAME"] == "store.test"


def test_a_store_that_wants_a_client_certificate_gets_it(encrypted: Callable[..., int], papers: Path) -> None:
    port, ca = encrypted(clients="yes"), str(papers / "ca.pem")
    with pytest.raises(ShimError, match="cannot be used"):
        try_store(port, scheme="rediss", RAY_REDIS_CA_CERT=ca)
    mine = {
        "RAY_REDIS_CLIENT_CERT": str(papers / "client.pem"),
        "RAY_REDIS_CLIENT_KEY": str(papers / "client.key"),
    }
    assert try_store(port, scheme="rediss", RAY_REDIS_CA_CERT=ca, **mine).tls_env.items() >= mine.items()


def test_tls_and_no_tls_are_told_apart(encrypted: Callable[..., int], papers: Path, store: local.LocalStore) -> None:
    port = encrypted()
    with pytest.raises(ShimError) as caught:
        try_store(port)
    assert "rediss://" in caught.value.fix
    with listening(says(b"-ERR unknown command\r\n")) as plain, pytest.raises(ShimError) as caught:
        try_store(plain, scheme="rediss", RAY_REDIS_CA_CERT=str(papers / "ca.pem"))
    assert "redis://" in caught.value.fix


def test_a_missing_or_useless_tls_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ShimError, match=r"RAY_REDIS_CA_CERT names .* does not exist"):
        try_store(1, scheme="rediss", RAY_REDIS_CA_CERT=str(tmp_path / "gone.pem"))
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ShimError, match="TLS files for the store cannot be used"):
        try_store(1, scheme="rediss", RAY_REDIS_CA_CERT=str(tmp_path / "empty.pem"))


def test_without_a_ca_of_ones_own_ray_is_handed_the_systems() -> None:
    from shim.store.transport import tls_context, tls_variables

    variables = tls_variables({})
    if "RAY_REDIS_CA_CERT" not in variables:
        pytest.skip("this system has no bundle of CAs")
    context = tls_context(variables)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 10
