"""The night in which the clocks change: a paper code, a phone, the console's own HTTPS name, and one who covers all."""

import base64
import datetime
import hashlib
import time
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.browser.browser import Browser, Tab
from tests.browser.federation import NEIGHBOURS, TENT, Federation, Spoken, federation
from tests.browser.jumping import JumpingNode, jump
from tests.browser.tools import tools
from tests.processes import NodeProcess, free_port
from tests.story.town_node import warn
from tests.story.two_nodes import run, signed, until_state
from xstock_node.domain.rights import Role
from xstock_node.services.ways import OfWhom

pytestmark = pytest.mark.heavy
NAME = "console.redcross.example"
AT = datetime.datetime(2027, 3, 28, 0, 58, 0, tzinfo=datetime.UTC)
NIGHT = int(AT.timestamp())
"""Two minutes before the clocks of the region go forward."""


def certificate(folder: Path) -> str:
    """A test certificate for the console's name; the hash of its key, by which the browser knows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=600))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "console.pem").write_bytes(made.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "console.key").write_bytes(secret)
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    spki = key.public_key().public_bytes(serialization.Encoding.DER, info)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def test_a_paper_code_in_the_night_the_clocks_change(tmp_path: Path) -> None:
    trust, port, say = certificate(tmp_path), free_port(), Spoken("en")
    jump(tmp_path, NIGHT - int(time.time()))
    settings = (
        f'[console]\nurl = "https://{NAME}:{port}"\nport = {port}\n'
        'tls_certificate = "../console.pem"\ntls_key = "../console.key"\n[alerts]\nareas = ["BG311"]'
    )
    hosts = {NAME: "127.0.0.1"}
    with federation(tmp_path, settings, make=JumpingNode) as found, Browser(tools(), hosts, [trust]) as browser:
        found.hire("ana", Role.DUTY_OFFICER)
        sheet = found.home.call("user.codes", OfWhom(name="ana"))
        warn(found.home, tmp_path, "NIGHT", "BG311", {"en-GB": "Flood on the Danube"}, sent=AT)
        tab = browser.tab(f"https://{NAME}:{port}", width=390, height=844, theme="dark", phone=True)
        # Only what the screen says leads on from here.
        tab.open("/")
        tab.click(role="link", name=say("I have a code on paper, or was given one"))
        tab.fill("Name", "ana")
        tab.fill("Code", sheet.codes[0].code)
        tab.click(role="button", name="Sign in")
        tab.open("/desk")
        tab.see("Flood on the Danube")
        tab.click(role="link", name=say("Ask for help about this"))
        tab.fill(say("People"), "500")
        tab.check(say("a roof"))
        tab.click(role="button", name=say("Work out what that needs"))
        tab.fill(say("Place"), "Vidin")
        jump(tmp_path, NIGHT + 180 - int(time.time()))  # the clock on the wall now says 04:01, not 03:01
        tab.click(role="button", name=say("Who could help?"))
        tab.see("29 Mar, 04:0")
        for _, _, title, _ in NEIGHBOURS.values():
            tab.check(title)
        jump(tmp_path, NIGHT + 125 - int(time.time()))  # and somebody sets the machine's clock back a little
        tab.click(role="button", name=say("Sign and send the request"))
        tab.at(r"/request\?id=")
        tab.see("04:0")
        (request,) = run(found.home, "request", "list")
        assert len(request["operations"]) == 3 and request["lines"][0]["item"] == TENT
        one_covers_all(found, tab, say, {one["supplier"]: one["case"] for one in request["operations"]})


def one_covers_all(found: Federation, tab: Tab, say: Spoken, cases: dict[str, str]) -> None:
    """All three hold tents; one is taken; the other two read that they may stand down, and their holds end."""
    until = str(NIGHT + 6 * 3600)
    before = {name: offered(node) for name, node in found.others.items()}
    for name, case in cases.items():
        until_state(found.others[name], case, "requested")
        words = ("--line", f"{TENT}=110", "--field", f"hold_until={until}", "--field", 'terms=["loan"]')
        signed(found.others[name], case, "offer", *words)
        until_state(found.home, case, "offered")
        assert offered(found.others[name]) == before[name] - 110, "what is held is not offered twice"
    tab.reload()
    tab.see("330")
    tab.click(role="link", name="Hrvatski Crveni križ")
    tab.at("/operation")
    tab.click(text=say("Accept"), exact=True)
    tab.choose(say("Terms"), say("loan"))
    tab.fill(say("Place"), "Vidin")
    tab.fill(say("Loan ends on"), "2027-06-30")
    tab.click(role="button", name=f"{say('Sign and send')}: {say('Accept')}")
    tab.at("done=op.step")
    until_state(found.home, cases["redcross.hr"], "confirmed")
    tab.open("/desk")
    tab.see(say("Covered: the others may be told"))
    tab.open("/requests")
    tab.click(css="table.rows a")
    tab.click(role="button", name=say("Stand down, thank you"))
    tab.see(say("The others were told that the need is covered, with thanks."))
    for name in ("redcross.rs", "redcross.mk"):
        shown = until_state(found.others[name], cases[name], "cancelled")
        assert shown["timeline"][-1]["fields"]["reason"] == "covered"
        assert offered(found.others[name]) == before[name], "the hold has ended"
    assert until_state(found.others["redcross.hr"], cases["redcross.hr"], "confirmed")


def offered(node: NodeProcess) -> Decimal:
    """How many tents a node's share rules let go now."""
    return sum((Decimal(one["quantity"]) for one in run(node, "stock", "preview")["offers"]), Decimal(0))
