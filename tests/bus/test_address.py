from __future__ import annotations

import pytest

from kanade_host.bus.address import BadAddress, check_publish, check_subscribe, normalised
from kanade_host.plugin.errors import InvalidKey


@pytest.mark.parametrize(
    "given, meant",
    [
        ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
        ("nats://broker", "nats://broker:4222"),
        ("broker", "nats://broker:4222"),
        ("broker:5222", "nats://broker:5222"),
        ("tls://broker", "tls://broker:4222"),
        ("ws://broker:80/path", "ws://broker:80/path"),
        ("wss://broker", "wss://broker:4222"),
        ("nats://user:secret@broker:1", "nats://broker:1"),
        ("nats://[::1]:4222", "nats://[::1]:4222"),
        (" nats://broker ", "nats://broker:4222"),
    ],
)
def test_addresses_of_the_contract(given: str, meant: str) -> None:
    assert normalised(given) == meant


@pytest.mark.parametrize(
    "given",
    ["", "nats://", "http://broker", "nats://a:1,nats://b:2", "a,b", "nats://broker:port", "nats://a b"],
)
def test_a_bad_address_names_itself(given: str) -> None:
    with pytest.raises(BadAddress, match="connect to NATS at "):
        normalised(given)


@pytest.mark.parametrize("subject", ["", "a b", "a\tb", "a\r\nPUB x", "caf\udce9", "a" * 3_001, "Ö" * 1_501])
def test_subjects_that_cannot_be_published_on(subject: str) -> None:
    with pytest.raises(InvalidKey, match=r"^invalid subject: invalid subject format$"):
        check_publish(subject)


@pytest.mark.parametrize("subject", ["", "a b", ".a", "a.", "a..b"])
def test_subjects_that_cannot_be_asked(subject: str) -> None:
    with pytest.raises(InvalidKey, match=r"^invalid subject: invalid subject format$"):
        check_subscribe(subject)


@pytest.mark.parametrize("subject", ["commands.pc.", "commands.group.a.*", "results.Ö", ".a", "a" * 3_000])
def test_subjects_that_upstream_publishes_on(subject: str) -> None:
    check_publish(subject)
