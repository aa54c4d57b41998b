"""Hostile targets, however they are written."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.targets import address_fault, url_fault

OUTSIDE = ("93.184.215.14", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:2800:21f:cb07::1", "2a00:1450::1")
INSIDE = (
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "100.127.255.255", "::1", "fc00::1", "fdff::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:c0a8:101::1",
)  # fmt: skip
NEVER = (
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
    "100.100.100.200", "168.63.129.16", "::", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "2001:db8::1",
    "2001::1", "3fff::1", "5f00::1", "100::1", "fd00:ec2::254", "::ffff:169.254.169.254",
    "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "64:ff9b:1::1", "::127.0.0.1", "4000::1", "words",
)  # fmt: skip


def test_addresses_outside_may_be_connected_to() -> None:
    assert [a for a in OUTSIDE if address_fault(a, private=False)] == []


def test_addresses_inside_need_the_deployments_leave() -> None:
    assert [a for a in INSIDE if not address_fault(a, private=False)] == []
    assert [a for a in INSIDE if address_fault(a, private=True)] == []


def test_some_addresses_are_refused_whatever_is_allowed() -> None:
    assert [a for a in NEVER if not address_fault(a, private=False)] == []
    assert [a for a in NEVER if not address_fault(a, private=True)] == []


@given(st.ip_addresses(v=4))
def test_what_is_refused_is_refused_in_ipv6_clothes_too(address: IPv4Address) -> None:
    plain = address_fault(str(address), private=False)
    assert address_fault(f"::ffff:{address}", private=False) == plain
    assert address_fault(f"64:ff9b::{address}", private=False) == plain
    if not address.is_global:
        assert plain is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example.com/hooks", "https://crm.example.com", "https://crm.example.com:8443/a?b=c%20d",
        "https://93.184.215.14/", "https://[2606:2800:21f:cb07::1]/x", "https://a_b.example.com./",
        "https://xn--bcher-kva.example/",
    ],
)  # fmt: skip
def test_targets_outside(url: str) -> None:
    assert url_fault(url, private=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/",  # not encrypted
        "https://crm.example.com:22/", "https://crm.example.com:6379/", "https://crm.example.com:99999/",
        "https://crm.example.com:/x", "https://crm.example.com:0/",
        "https://127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/",
        "https://0177.0.0.1/", "https://017700000001/", "https://127.1/", "https://127.0.1/", "https://0/",
        "https://0x/", "https://127.0.0.1./", "https://127.0.0.01/", "https://example.com.0x7f/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1]/",
        "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[::]/", "https://[::127.0.0.1]/",
        "https://[127.0.0.1]/", "https://[vF.x]/", "https://[::1", "https://::1/",
        "https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://redis/",
        "https://metadata.google.internal/", "https://printer.local/", "https://nas.home.arpa/",
        "https://169.254.169.254/latest/meta-data/",
        "https://user@crm.example.com/", "https://crm.example.com@127.0.0.1/", "https://crm.example.com/#x@y",
        "https://crm.example.com#@127.0.0.1/", "https://crm.example.com\\@127.0.0.1/", "https:///x", "https://",
        "https://１２７.0.0.1/", "https://①②⑦.0.0.1/", "https://crm。example/", "https://bücher.example/",
        "https://crm.example.com/\r\nX: y", "https://crm.example.com/\n", "https://crm.example.com/ x",
        "https://crm.example.com/\x00", "https://crm..example/", "https://-a.example/",
        "ftp://crm.example.com/", "file:///etc/passwd", "gopher://crm.example.com/", "//crm.example.com/",
        "javascript:alert(1)", "", "https://crm.example.com/" + "x" * 2000,
    ],
)  # fmt: skip
def test_targets_that_are_refused(url: str) -> None:
    assert url_fault(url, private=False) is not None


def test_a_deployment_can_allow_its_own_network() -> None:
    for url in ("http://127.0.0.1:8080/x", "http://redis:80/", "http://localhost/", "https://[::1]:9/"):
        assert url_fault(url, private=True) is None
    for url in ("http://169.254.169.254/", "http://2130706433/", "http://0.0.0.0/", "ftp://localhost/"):
        assert url_fault(url, private=True) is not None
