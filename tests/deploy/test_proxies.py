"""Two nodes that reach each other through a proxy alone, by the samples of deploy/: with TLS, nginx, Caddy."""

import datetime
import ipaddress
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.processes import NodeProcess, agree, free_port, pause, xstock
from xstock_node.cli.init import Answers, create

ROOT = Path(__file__).parents[2]
PEER, CONSOLE = "localhost", "console.localhost"
"""The one name that every machine resolves stands for the name of the identity."""
OTHER = "127.0.0.1"
pytestmark = pytest.mark.heavy
Proxy = Callable[[Path, "Behind", "Behind"], list[str]]


class Behind(NodeProcess):
    """A node whose identity names the proxy; its own port is known to the proxy alone."""

    def __init__(self, folder: Path, name: str) -> None:
        self.home, self.name, self.port = folder / name, name, free_port()
        self.process, self._begins = None, 0
        self.outside, self.local = free_port(), free_port()
        url = f"https://{PEER}:{self.outside}"
        create(self.home, Answers(name=name, url=url, port=self.port, allow_private=True), int(time.time()))
        with (self.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[local_port]\nport = {self.local}\n[console]\nurl = "https://{CONSOLE}:{self.outside}"\n')


def authority(folder: Path) -> Path:
    """A certificate of a test authority's own for the names of the samples: it stands for both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, PEER)])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    names = [x509.DNSName(PEER), x509.DNSName(CONSOLE), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    return folder / "fullchain.pem"


def nginx(folder: Path, *nodes: Behind) -> list[str]:
    """nginx with the sample, once for each node, each on its own port."""
    sample, parts = (ROOT / "deploy" / "nginx" / "xstock-node.conf").read_text("utf-8"), []
    for number, node in enumerate(nodes):
        text = sample.replace("listen 443", f"listen 127.0.0.1:{node.outside}")
        text = text.replace("127.0.0.1:7440", f"127.0.0.1:{node.port}").replace(
            "127.0.0.1:7441", f"127.0.0.1:{node.local}"
        )
        for place in ("/etc/ssl/xstock-console", "/etc/ssl/xstock"):
            text = text.replace(place, str(folder))
        text = text.replace("console.example.org", CONSOLE).replace("xstock.example.org", PEER)
        for word in ("xstock_requests", "xstock_lines", "xstock_peers", "xstock_console", "shared:xstock"):
            text = text.replace(word, f"{word}{number}")
        (folder / f"site-{number}.conf").write_text(text, "utf-8")
        parts.append(f"include {folder}/site-{number}.conf;")
    return written(folder, parts)


def written(folder: Path, parts: list[str]) -> list[str]:
    """The command that runs nginx with these parts of its http block."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"daemon off; user root; pid {folder}/pid; error_log {folder}/error.log info; events {{}}\n"
    whole += f"http {{ access_log {folder}/access.log; {temporary}\n" + "\n".join(parts) + "\n}\n"
    (folder / "nginx.conf").write_text(whole, "utf-8")
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def gateway(folder: Path, *nodes: Behind) -> list[str]:
    """What gateway.md says of the caller's side, and a stand-in for two security servers: it takes the prefix, the name
    of the host and that of the program off, as X-Road's REST protocol has it, and refuses who names no member.
    """
    page = (ROOT / "deploy" / "gateway.md").read_text("utf-8")
    found = re.search(r"(location /xs/1/ \{.*?\n   \})", page, re.S)
    assert found is not None
    service, parts = "/r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/XSTOCK", []
    for node in nodes:
        server = free_port()
        caller = found[1].replace("https://security-server.example", f"http://127.0.0.1:{server}")
        tls = f"ssl_certificate {folder}/fullchain.pem; ssl_certificate_key {folder}/key.pem;"
        parts.append(f"server {{ listen 127.0.0.1:{node.outside} ssl; server_name {PEER}; {tls}\n{caller}\n}}")
        rest = 'proxy_set_header Host service; proxy_set_header User-Agent ""; client_max_body_size 8m;'
        named = 'if ($http_x_road_client = "") { return 400; }'
        inner = f"location {service}/ {{ {named} proxy_pass http://127.0.0.1:{node.port}/; {rest} }}"
        parts.append(f"server {{ listen 127.0.0.1:{server}; {inner} }}")
    return written(folder, parts)


def caddy(folder: Path, *nodes: Behind) -> list[str]:
    """Caddy with the sample's two sites, once for each node."""
    sample = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text("utf-8")
    options, rest = sample.split("\n}\n", 1)
    parts = [
        options.replace(
            "{\n\tservers", "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tservers", 1
        )
        + "\n}\n"
    ]
    for node in nodes:
        text = rest.replace("127.0.0.1:7440", f"127.0.0.1:{node.port}").replace(
            "127.0.0.1:7441", f"127.0.0.1:{node.local}"
        )
        log = f"\n\tlog {{\n\t\toutput file {folder}/access.log\n\t}}"
        tls = f" {{\n\ttls {folder}/fullchain.pem {folder}/key.pem{log}"
        for name, own in (("console.example.org", CONSOLE), ("xstock.example.org", PEER)):
            text = text.replace(f"{name} {{", f"{own}:{node.outside}{tls}")
        parts.append(text)
    (folder / "Caddyfile").write_text("".join(parts), "utf-8")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@contextmanager
def running(command: list[str], folder: Path, ports: list[int]) -> Iterator[None]:
    """A proxy that listens on its ports, and is ended."""
    if shutil.which(command[0]) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{command[0]} is missing")
        pytest.skip(f"{command[0]} is missing; install the package of that name")
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        for port in ports:
            _until_open(port, process, folder)
        yield
    finally:
        process.terminate()
        try:
            process.wait(3)  # Caddy waits for requests that are held by `Prefer: wait`
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_open(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert process.poll() is None, (folder / "proxy.log").read_text("utf-8", "replace")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            pause(0.05)
    raise AssertionError((folder / "proxy.log").read_text("utf-8", "replace"))


def said(node: Behind, trust: Path, text: str, body: bytes = b"", name: str = PEER) -> tuple[int, bytes]:
    """What the proxy answers to a raw request; the connection stays open behind a body that does not end."""
    context = ssl.create_default_context(cafile=str(trust))
    with (
        socket.create_connection(("127.0.0.1", node.outside), 10) as plain,
        context.wrap_socket(plain, server_hostname=name) as line,
    ):
        line.sendall(text.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        answer = b""
        while b"\r\n\r\n" not in answer and (more := line.recv(65536)):
            answer += more
    return int(answer.split(b" ", 2)[1]), answer


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Behind, Behind]]:
    """Two nodes that know each other, by addresses of the proxy that is to come."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority(tmp_path)))
    bg, hr = Behind(tmp_path, "redcross.bg"), Behind(tmp_path, "redcross.hr")
    bg.pin(hr)
    hr.pin(bg)
    yield bg, hr
    for node in (bg, hr):
        node.stop()


def gossip(folder: Path, bg: Behind, hr: Behind) -> None:
    """Each publishes, the other has it; all of it went through the proxy."""
    for node in (bg, hr):
        node.start()
    publish(bg, "tent")
    agree(bg, hr)
    began = time.monotonic()
    publish(hr, "blanket")  # who waits by `Prefer: wait` hears of it at once
    agree(bg, hr)
    told = time.monotonic() - began
    assert told < 10, told
    log = (folder / "access.log").read_text("utf-8")
    answered = [line for line in log.splitlines() if "/xs/1/gossip" in line and re.search(r"\b200\b", line)]
    assert len(answered) >= 2, log


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_nodes_gossip_through_the_proxy_of_the_sample(proxy: Proxy, tmp_path: Path, two: tuple[Behind, Behind]) -> None:
    with running(proxy(tmp_path, *two), tmp_path, [node.outside for node in two]):
        gossip(tmp_path, *two)
        only_what_is_meant(two[0], tmp_path / "fullchain.pem")
        if proxy is nginx:  # Caddy 2.6 at times keeps an answer back until the whole body came
            a_body_goes_through_as_it_comes(two[0], tmp_path / "fullchain.pem")


def test_nodes_gossip_through_what_the_page_of_gateways_says(tmp_path: Path, two: tuple[Behind, Behind]) -> None:
    with running(gateway(tmp_path, *two), tmp_path, [node.outside for node in two]):
        gossip(tmp_path, *two)
    log = (tmp_path / "access.log").read_text("utf-8")
    assert "POST /r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/XSTOCK/xs/1/gossip" in log


def publish(node: Behind, what: str) -> None:
    """One offer of a line kept by hand."""
    code = {"tent": "HSHETENTF16C", "blanket": "HSHEBLANWHT1"}[what]
    for words in (
        ["stock", "add", "--code", code, "--quantity", "40"],
        ["offer", "publish", "--release"],
    ):
        done = xstock(*words, "--json", home=node.home)
        assert done.returncode == 0, done.stdout + done.stderr


def only_what_is_meant(node: Behind, trust: Path) -> None:
    """By the peers' name the protocol alone; by the console's name the console alone, without health and figures."""
    peer, console = f"\nHost: {PEER}:{node.outside}", f"\nHost: {CONSOLE}:{node.outside}"
    assert said(node, trust, f"GET /.well-known/xstock HTTP/1.1{peer}")[0] == 200
    for path in ("/", "/api/1/status", "/desk", "/metrics", "/readyz"):
        assert said(node, trust, f"GET {path} HTTP/1.1{peer}")[0] == 404, path
    for path in ("/livez", "/readyz", "/metrics"):
        assert said(node, trust, f"GET {path} HTTP/1.1{console}", name=CONSOLE)[0] == 404, path
    status, answer = said(node, trust, f"GET /sign-in HTTP/1.1{console}", name=CONSOLE)
    assert status == 200 and b"Strict-Transport-Security" in answer, answer[:300]
    # Whoever brings the console's Host to the peers' name, or the other way round, gets neither.
    assert said(node, trust, f"GET /desk HTTP/1.1{console}x")[0] >= 400
    status, answer = said(node, trust, f"POST /xs/1/gossip HTTP/1.1{peer}\nContent-Length: 2", b"{}")
    assert (status == 401 and b"urn:xs1:unsigned" in answer) or b"problem+json" in answer


def a_body_goes_through_as_it_comes(node: Behind, trust: Path) -> None:
    """The node refuses an unsigned stream of 7 MiB after its first piece; one of more than 8 MiB stops at the proxy."""
    began = time.monotonic()
    head = f"POST /xs/1/push HTTP/1.1\nHost: {PEER}:{node.outside}\nContent-Type: application/octet-stream"
    status, _ = said(node, trust, f"{head}\nContent-Length: {7 << 20}", bytes(65536))
    assert status == 401 and time.monotonic() - began < 5
    assert said(node, trust, f"{head}\nContent-Length: {9 << 20}", bytes(65536))[0] == 413


def test_the_samples_are_read_without_a_complaint(tmp_path: Path) -> None:
    authority(tmp_path)
    node = Behind(tmp_path, "redcross.bg")
    for command, check in (
        (nginx(tmp_path, node), ["-t"]),
        (["caddy", "validate", "--adapter", "caddyfile", "--config", str(ROOT / "deploy/caddy/Caddyfile")], []),
    ):
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is missing; install the package of that name")
        environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "d"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
        done = subprocess.run([*command, *check], capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0 and "warn" not in done.stderr.lower(), done.stderr
