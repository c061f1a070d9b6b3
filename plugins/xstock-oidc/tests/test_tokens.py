"""Which answers of a provider are proof, and which are not."""

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from oidc_house import CLIENT, EC_KEY, ISSUER, NOW, RSA_KEY, SECRET, STRANGERS_KEY, House, jwk, public_pem

from xstock_node.plugins import Declined, HttpAnswer, Unauthorised, Unavailable

MAC = urlsafe_b64encode(b"0" * 32).decode().rstrip("=")


async def test_the_browser_is_sent_with_what_binds_the_answer(house: House) -> None:
    asked = await house.begin("the-state")
    assert asked["state"] == "the-state" and asked["response_type"] == "code" and asked["client_id"] == CLIENT
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert not any(SECRET in text for text in asked.values())
    assert asked["nonce"] == (await house.begin())["nonce"]


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA_KEY, "RS256", "one"), (EC_KEY, "ES256", "two")], ids=["RS256", "ES256"]
)
async def test_a_token_that_holds_says_whose_account_it_is(house: House, key: Any, algorithm: str, kid: str) -> None:
    await house.sign(key=key, algorithm=algorithm, kid=kid, preferred_username="ana", email="other@example")
    account = await house.finish()
    assert (account.issuer, account.subject, account.name) == (ISSUER, "u-1", "ana")
    method, _, headers, body = next(one for one in house.asked if one[1].endswith("/token"))
    assert method == "POST" and headers["authorization"].startswith("Basic ") and b"code_verifier=" in body
    assert b"a+secret" not in body and b"a%20secret" not in body


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"iss": "https://other.example"}, "a token of https://login.example"),
        ({"aud": "another client"}, "another client"),
        ({"aud": [CLIENT, "another"]}, "meant for"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "another client"),
        ({"nonce": "of another question"}, "another"),
        ({"exp": NOW - 121}, "another time"),
        ({"iat": NOW + 121}, "another time"),
        ({"nbf": NOW + 121}, "another time"),
        ({"exp": "soon"}, "no time"),
        ({"exp": True}, "no time"),
        ({"drop": "exp"}, "no time"),
        ({"drop": "nonce"}, "another"),
        ({"sub": "x" * 256}, "subject"),
        ({"sub": ""}, "subject"),
    ],
)
async def test_a_token_for_somebody_else_or_another_time_is_none(
    house: House, change: dict[str, Any], why: str
) -> None:
    await house.sign(**change)
    with pytest.raises(Declined, match=why):
        await house.finish()


async def test_who_has_not_the_key_makes_no_token(house: House) -> None:
    await house.sign(key=STRANGERS_KEY)
    with pytest.raises(Declined, match="not"):
        await house.finish()
    await house.sign(key=STRANGERS_KEY, kid="three")
    with pytest.raises(Declined, match="another key"):
        await house.finish()


async def test_unsigned_tokens_and_secrets_that_both_know_are_refused(house: House) -> None:
    house.about["id_token_signing_alg_values_supported"] = ["RS256", "HS256", "none"]
    await house.sign(key=None, algorithm="none")
    with pytest.raises(Declined, match="signed by RS256"):
        await house.finish()
    await house.sign(key="a secret of tests" * 4, algorithm="HS256")
    with pytest.raises(Declined, match="signed by RS256"):
        await house.finish()
    await house.sign()
    assert house.token is not None
    head, rest, _ = house.token.split(".")
    forged = urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').decode().rstrip("=")
    house.token = f"{forged}.{rest}.{MAC}"
    assert public_pem(RSA_KEY) and head
    with pytest.raises(Declined, match="signed by RS256"):
        await house.finish()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "." * 5, "e30.e30.", "x" * 30_000])
async def test_what_is_no_token_is_refused(house: House, token: str) -> None:
    house.token = token
    with pytest.raises(Declined):
        await house.finish()


async def test_a_new_key_is_read_once_a_minute_and_an_old_one_forgotten(house: House) -> None:
    await house.sign()
    await house.finish()
    house.keys["keys"] = [jwk(STRANGERS_KEY, "new")]
    await house.sign(key=STRANGERS_KEY, kid="new")
    for _ in range(3):
        with pytest.raises(Declined, match="another key"):
            await house.finish()
    assert sum(url.endswith("/keys") for _, url, _, _ in house.asked) == 1
    house.now += 61
    assert (await house.finish()).subject == "u-1"
    await house.sign()
    house.now += 61
    with pytest.raises(Declined, match="another key"):
        await house.finish()


async def test_an_answer_of_another_provider_an_error_and_no_code_are_declined(house: House) -> None:
    await house.sign()
    for query, why in (
        ({"iss": "https://evil.example"}, "another"),
        ({"iss": ""}, "another"),
        ({"error": "access_denied", "error_description": "no"}, "access_denied no"),
        ({"code": ""}, "a code"),
    ):
        with pytest.raises(Declined, match=why):
            await house.finish(**query)
    assert not any(url.endswith("/token") for _, url, _, _ in house.asked)


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (HttpAnswer(status=401, body=b'{"error":"invalid_client"}'), Unauthorised),
        (HttpAnswer(status=400, body=b'{"error":"invalid_client"}'), Unauthorised),
        (HttpAnswer(status=400, body=b'{"error":"invalid_grant"}'), Declined),
        (HttpAnswer(status=503, body=b"<html>"), Unavailable),
        (HttpAnswer(status=200, body=b"[]"), Unavailable),
        (HttpAnswer(status=200, body=b"[" * 100_000), Unavailable),
        (HttpAnswer(status=200, body=b'{"id_token": 5}'), Unavailable),
        (HttpAnswer(status=200, body=b"{}"), Unavailable),
    ],
)
async def test_what_the_provider_answers_to_a_code(house: House, answer: HttpAnswer, raised: type[Exception]) -> None:
    house.answers["/token"] = answer
    with pytest.raises(raised):
        await house.finish()


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://login.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "https://user:secret@login.example/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_provider_that_says_something_unsafe_of_itself_is_not_used(
    house: House, change: dict[str, Any]
) -> None:
    house.about |= change
    with pytest.raises(Unavailable):
        await house.begin()


async def test_a_class_and_an_age_that_the_settings_want_are_asked_for_and_judged(tmp_path: Path) -> None:
    house = House(tmp_path, acr="urn:two", max_age=600)
    asked = await house.begin()
    assert (asked["acr_values"], asked["max_age"]) == ("urn:two", "600")
    for claims, why in (
        ({"acr": "urn:one", "auth_time": NOW}, "class"),
        ({"acr": "urn:two"}, "within 600"),
        ({"acr": "urn:two", "auth_time": NOW - 721}, "within 600"),
    ):
        await house.sign(**claims)
        with pytest.raises(Declined, match=why):
            await house.finish()
    await house.sign(acr="urn:two", auth_time=NOW - 600)
    assert (await house.finish()).subject == "u-1"


async def test_a_public_client_and_one_by_post_bring_no_header(tmp_path: Path) -> None:
    for settings, about in (
        ({"secret_file": ""}, {}),
        ({}, {"token_endpoint_auth_methods_supported": ["client_secret_post"]}),
    ):
        house = House(tmp_path, **settings)
        house.about |= about
        await house.sign()
        await house.finish()
        _, _, headers, body = next(one for one in house.asked if one[1].endswith("/token"))
        assert "authorization" not in headers and f"client_id={CLIENT}".encode() in body
        assert (b"client_secret=" in body) == bool(about)
