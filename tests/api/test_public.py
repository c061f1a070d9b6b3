"""The public port of plugins: nobody gets further than a manifest states, and a page is data in a template."""

import asyncio
import base64
import hashlib
import hmac
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xstock_node.api.public import make_public_app
from xstock_node.cli.serve import _listen_publicly
from xstock_node.config import PublicPortSettings
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.plugging import PluginRequest, disable, enable
from xstock_node.services.public_desk import Caller, Denied, PublicDesk, group_of
from xstock_node.testing.plugins import write_plugin
from xstock_node.testing.simnet import SimNet
from xstock_node.transport.sockets import Listener

CODE = """
import msgspec
from xstock_node.plugins import Field, Figure, Form, PageData, PublicAnswer, Table, hookimpl

class Settings(msgspec.Struct):
    word: str = "tents"

class Echo:
    settings = Settings
    def __init__(self, name): self.name = name
    async def answer(self, context, request):
        if request.query.get("do") == "raise": raise RuntimeError("a secret of ours")
        if request.query.get("do") == "html": return PublicAnswer(content_type="text/html", body=b"<script>")
        told = {"id": request.id, "size": len(request.body), "headers": sorted(request.headers)}
        return PublicAnswer(body=msgspec.json.encode(told))

class Shown:
    title, settings = "Shown", Settings
    def __init__(self, name): self.name = name
    async def show(self, context, ask):
        said = (ask.form or {}).get("who", "nobody")
        return PageData(
            title="<b>" + context.settings.word + "</b>", text=["said " + said],
            figures=[Figure(label="a<b", value="1", unit="pcs")],
            tables=[Table(title="t", headers=["x"], rows=[["<img src=x onerror=alert(1)>"]])],
            forms=[Form(fields=[Field(name="who", label="Who", kind="choice", options=["a", "b"], value="b")])],
            svg="<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        )

@hookimpl
def xstock_register(registry):
    for name in ("by-token", "by-hmac", "by-tls", "open"): registry.route(Echo(name))
    registry.page(Shown("shown"))
    registry.page(Shown("inner"))
"""
MANIFEST = 'api = 3\nmay = ["public-routes", "pages"]\n' + "".join(
    f'[[adapter]]\nkind = "route"\nname = "{name}"\nmethod = "POST"\npath = "in/{name}"\nauthentication = "{how}"\n'
    f"body = 1000\na_minute = {rate}\n"
    for name, how, rate in (
        ("by-token", "token", 600),
        ("by-hmac", "hmac", 600),
        ("by-tls", "mutual-tls", 600),
        ("open", "none", 60),
    )
)
MANIFEST += '[[adapter]]\nkind = "page"\nname = "shown"\npublic = true\n[[adapter]]\nkind = "page"\nname = "inner"\n'
KEY = base64.b64encode(b"k" * 32).decode()


class Port(NamedTuple):
    """The public port of a node, with TLS, and an office behind it."""

    url: str
    office: Office
    home: Path
    ask: Callable[..., Any]
    client: ssl.SSLContext


def identity(folder: Path, name: str) -> tuple[Path, str]:
    """A certificate that signs itself with its key in one file, and its SHA-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    path = folder / f"{name}.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path, hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[Port]:
    kept = list(sys.path)
    code, home = tmp_path / "code", tmp_path / "home"
    code.mkdir()
    (home / "plugins").mkdir(parents=True)
    net = SimNet(tmp_path, latency=0.001)
    node = await net.start("redcross.bg", [])
    point = write_plugin(code, "made-public", CODE, MANIFEST)
    office = Office(node, OfficeSettings(), PluginHost(["acme"], [point]), home)
    own, _ = identity(tmp_path, "localhost")
    known, mark = identity(tmp_path, "camera")
    settings = {
        "by-token": '[host]\ntoken_file = "token"\n',
        "by-hmac": '[host]\nsecret_file = "secret"\n',
        "by-tls": f'[host]\ncertificates = ["{mark}"]\n',
        "open": "",
        "shown": 'word = "blankets"',
        "inner": "",
    }
    for name, text in settings.items():
        (home / "plugins" / f"{name}.toml").write_text(text)
    for name, secret in (("token", "let me in\n"), ("secret", f"whsec_{KEY}\n")):
        (home / "plugins" / name).write_text(secret)
        (home / "plugins" / name).chmod(0o600)
    listener = Listener(make_public_app(office))
    settled = PublicPortSettings(port=0, tls_certificate=own.name, client_ca=known.name)
    number = await _listen_publicly(listener, settled, tmp_path)
    trusting = ssl.create_default_context(cafile=str(own))
    client = ssl.create_default_context(cafile=str(own))
    client.load_cert_chain(known)
    url = f"https://localhost:{number}/plugins/made-public/"

    async def ask(
        path: str, method: str = "POST", tls: ssl.SSLContext = trusting, **more: Any
    ) -> tuple[int, bytes, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url + path, ssl=tls, allow_redirects=False, **more) as answer,
        ):
            return answer.status, await answer.read(), answer.headers

    yield Port(url, office, home, ask, client)
    await listener.stop()
    await office.host.stop()
    await office.ways.close()
    await net.stop_all()
    sys.path[:] = kept


def signed(body: bytes, at: int, id_: str = "m1", key: bytes = b"k" * 32) -> dict[str, str]:
    mark = base64.b64encode(hmac.new(key, f"{id_}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"webhook-id": id_, "webhook-timestamp": str(at), "webhook-signature": f"v1,{mark}"}


async def raw(port: Port, path: str, header: bytes, length: int = 0) -> bytes:
    """The beginning of the answer to a request as it is written here."""
    number = int(port.url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("localhost", number, ssl=port.client)
    begin = f"POST /plugins/made-public/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
    writer.write(begin.encode(errors="surrogateescape") + header + b"\r\n\r\n")
    async with asyncio.timeout(10):
        found = await reader.read(600)
    writer.close()
    return found


async def test_a_file_that_is_missing_or_no_certificate_is_named(tmp_path: Path) -> None:
    own, _ = identity(tmp_path, "localhost")
    (tmp_path / "junk.pem").write_text("junk")
    for changed, named in (({"client_ca": "ca.pem"}, "ca.pem"), ({"tls_certificate": "junk.pem"}, "junk.pem")):
        settings = PublicPortSettings(**({"tls_certificate": own.name} | changed))
        with pytest.raises(Refusal) as refused:
            await _listen_publicly(None, settings, tmp_path)  # type: ignore[arg-type]
        assert str(tmp_path / named) in refused.value.came and refused.value.code == "bad-certificate"


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_who_has_a_network_of_addresses_is_one_caller(address: str, group: str) -> None:
    assert group_of(address) == group


async def test_a_token_lets_in_and_nothing_else_does(port: Port) -> None:
    right = {"Authorization": "Bearer let me in", "Cookie": "a=b"}
    status, body, _ = await port.ask("in/by-token", data=b"x" * 1000, headers=right)
    assert status == 200 and b'"size":1000' in body
    assert b"authorization" not in body and b"cookie" not in body
    for wrong in ({}, {"Authorization": "Bearer let me out"}, {"Authorization": "Bearer "}):
        assert (await port.ask("in/by-token", headers=wrong))[0] == 401
    (port.home / "plugins" / "token").chmod(0o644)
    assert (await port.ask("in/by-token", headers=right))[0] == 401
    (port.home / "plugins" / "token").unlink()
    assert (await port.ask("in/by-token", headers={"Authorization": "Bearer "}))[0] == 401


async def test_a_signature_counts_over_id_time_and_body_and_for_five_minutes(port: Port) -> None:
    now, body = port.office.node.clock.now(), b"[1]"
    status, answer, _ = await port.ask("in/by-hmac", data=body, headers=signed(body, now))
    assert status == 200 and b'"id":"m1"' in answer and b"webhook-signature" not in answer
    other = signed(body, now) | {"webhook-id": "m2"}
    for wrong in ({}, other, signed(body, now - 400), signed(body, now + 400), signed(body, now, key=b"z" * 32)):
        assert (await port.ask("in/by-hmac", data=body, headers=wrong))[0] == 401
    assert (await port.ask("in/by-hmac", data=b"[2]", headers=signed(body, now)))[0] == 401


async def test_only_a_certificate_that_is_listed_lets_in(port: Port) -> None:
    assert (await port.ask("in/by-tls"))[0] == 401
    assert (await port.ask("in/by-tls", tls=port.client))[0] == 200
    (port.home / "plugins" / "by-tls.toml").write_text('[host]\ncertificates = ["00"]\n')
    assert (await port.ask("in/by-tls", tls=port.client))[0] == 401


async def test_a_token_needs_its_word_and_bytes_that_are_no_text_are_no_token(port: Port) -> None:
    for wrong in (b"let me in", b"Basic let me in", b"Bearer \xff", b"Bearer"):
        assert (await raw(port, "in/by-token", b"Authorization: " + wrong)).startswith(b"HTTP/1.1 401")
    assert (await raw(port, "in/by-token", b"Authorization: bearer let me in")).startswith(b"HTTP/1.1 200")
    bad = b"webhook-id: \xff\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,\xff"
    assert (await raw(port, "in/by-hmac", bad)).startswith(b"HTTP/1.1 401")


async def test_bytes_that_are_no_text_are_refused_and_keep_out_nobody(port: Port) -> None:
    assert (await raw(port, "in/open", b"X-A: \xff")).startswith(b"HTTP/1.1 400")
    assert (await raw(port, "in/open?a=\udcff", b"X-A: 1"))[9:12] in (b"200", b"400")
    assert (await raw(port, "in/open?a=%ff", b"X-A: 1"))[9:12] in (b"200", b"400")
    assert (await port.ask("in/open"))[0] == 200
    assert port.office.host.plugins["made-public"].record("route", "open").errors == 0


async def test_a_stranger_s_errors_keep_out_nobody(port: Port) -> None:
    assert [(await port.ask("in/open?do=raise"))[0] for _ in range(3)] == [503] * 3
    assert (await port.ask("in/open"))[0] == 200


async def test_a_body_that_does_not_come_is_not_waited_for(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PLUGIN_PUBLIC_SECONDS", 0.2)
    assert (await raw(port, "in/by-token", b"X-A: 1", length=900)).startswith(b"HTTP/1.1 408")


async def test_one_address_holds_only_so_many_places_and_gives_them_back(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PLUGIN_PUBLIC_AN_ADDRESS", 1)
    monkeypatch.setattr(limits, "PLUGIN_PUBLIC_AT_ONCE", 2)
    desk = PublicDesk(port.office)
    for _ in range(3):
        with desk.let_in(Caller("a")):
            with pytest.raises(Denied, match="busy"), desk.let_in(Caller("a")):
                pass
            with desk.let_in(Caller("b")), pytest.raises(Denied, match="busy"), desk.let_in(Caller("c")):
                pass


async def test_whoever_looks_for_what_is_not_there_is_slowed_down(port: Port) -> None:
    found = [(await port.ask("in/closed"))[0] for _ in range(limits.PLUGIN_MISSES_BURST + 5)]
    assert found[0] == 404 and found[-1] == 429
    assert (await port.ask("in/by-tls", "GET"))[0] == 429
    assert (await port.ask("in/open"))[0] == 200


async def test_size_rate_method_and_address_are_held_to_what_the_manifest_states(port: Port) -> None:
    assert (await port.ask("in/open", data=b"x" * 1001))[0] == 413
    assert (await port.ask("in/open", "GET"))[0] == 405
    for path in ("in/closed", "in", "inner", "pages/inner", "in/open/more"):
        assert (await port.ask(path, "GET"))[0] == 404
    found = [(await port.ask("in/open"))[0] for _ in range(20)]
    assert found[0] == 200 and found[-1] == 429
    assert int((await port.ask("in/open"))[2]["Retry-After"]) >= 1


async def test_what_goes_wrong_inside_is_told_to_the_operator_and_not_to_the_caller(port: Port) -> None:
    status, body, _ = await port.ask("in/open?do=raise")
    assert status == 503 and b"secret" not in body
    assert "secret of ours" in port.office.host.plugins["made-public"].record("route", "open").last_error


async def test_a_route_gives_no_page_of_its_own_to_a_browser(port: Port) -> None:
    _, _, headers = await port.ask("in/open?do=html")
    assert headers["Content-Type"] == "application/octet-stream" and headers["X-Content-Type-Options"] == "nosniff"


async def test_a_page_is_escaped_and_its_picture_runs_no_script(port: Port) -> None:
    status, body, headers = await port.ask("pages/shown", "GET")
    text = body.decode()
    assert status == 200 and "&lt;b&gt;blankets&lt;/b&gt;" in text and "<img src=x" not in text
    assert "<script>" not in text and "default-src 'none'" in headers["Content-Security-Policy"]
    assert "<option selected>b</option>" in text and "said nobody" in text
    _, body, _ = await port.ask("pages/shown", data={"who": "a<"})
    assert b"said a&lt;" in body
    assert (await port.ask("pages/shown", data=b"\xff=&&&"))[0] == 400


async def test_switched_off_it_answers_no_more_and_switched_on_again_it_does(port: Port) -> None:
    assert (await port.ask("in/open"))[0] == 200
    await disable(port.office, OPERATOR, PluginRequest(name="made-public"))
    assert (await port.ask("in/open"))[0] == 404
    await enable(port.office, OPERATOR, PluginRequest(name="made-public"))
    assert (await port.ask("in/open"))[0] == 200
