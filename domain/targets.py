"""Where webhooks may be sent to: not inside (server-side request forgery), whatever way the address is written.

The networks are those of IANA's special-purpose registries (RFC 6890 and its updates) that are not globally
reachable, written out because Python's `is_global` changes between patch releases; and the two public addresses that
clouds have made their metadata service's.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

URL_PATTERN: Final = r"^https?://([A-Za-z0-9._-]{1,253}|\[[A-Fa-f0-9:.]{2,45}\])(:[0-9]{1,5})?([/?][A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?$"
"""What a target looks like: no user, no fragment, ASCII."""
MAX_URL: Final = 2000
PORTS: Final = (443, 8443)
"""Of targets outside."""

_NEVER_4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "100.100.100.200/32", "168.63.129.16/32",  # metadata services of Alibaba Cloud and Azure
    )
)  # fmt: skip
_PRIVATE_4: Final = tuple(
    IPv4Network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
_GLOBAL_6: Final = IPv6Network("2000::/3")
_NEVER_6: Final = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "3fff::/20", "fd00:ec2::254/128")
)  # fmt: skip
_PRIVATE_6: Final = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_CARRIES_4: Final = (
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)
"""IPv6 networks whose addresses reach an IPv4 one, and how many bits stand behind it."""

_INSIDE_NAMES: Final = ("localhost", "local", "internal", "localdomain", "intranet", "lan", "home.arpa")


def address_fault(text: str, private: bool) -> str | None:
    """Why an address may not be connected to, None if it may.

    Args:
        text: IPv4 or IPv6, as the operating system writes them.
        private: whether the deployment allows loopback and private networks. Link-local, multicast and metadata
            addresses are refused all the same: nobody's receiver is there.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return "is no IP address"
    if isinstance(address, IPv6Address):
        for network, behind in _CARRIES_4:
            if _without_scope(address) in network:
                return _fault_4(IPv4Address(int(address) >> behind & 0xFFFF_FFFF), private)
        return _fault_6(_without_scope(address), private)
    return _fault_4(address, private)


def url_fault(url: str, private: bool) -> str | None:
    """Why a URL is no target, None if it is one; names are looked up only when a connection is made.

    Args:
        private: as above; then also plain HTTP, and every port.
    """
    if len(url) > MAX_URL or not re.fullmatch(URL_PATTERN, url):
        return "is no URL of a webhook: `https://host/path`, ASCII, without user and fragment"
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return "has a host or port that is none"
    if not host or port == 0:
        return "has a host or port that is none"
    if parts.scheme != "https" and not private:
        return "must begin with https://"
    if port is not None and port not in PORTS and not private:
        return f"may have the ports {' and '.join(map(str, PORTS))} only"
    return _host_fault(host, private)


def _host_fault(host: str, private: bool) -> str | None:
    if ":" in host:
        return address_fault(host, private)
    labels = host.rstrip(".").split(".")
    # as browsers and the C library read it, a host that ends in a number is an IPv4 address in some notation
    if re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", labels[-1]):
        if not re.fullmatch(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}", host):
            return "has an IPv4 address in a notation that hides it"
        return address_fault(host, private)
    if not all(re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", label) for label in labels):
        return "has a host or port that is none"
    name = ".".join(labels).lower()
    inside = len(labels) == 1 or any(name == n or name.endswith("." + n) for n in _INSIDE_NAMES)
    return "has a host that only exists inside" if inside and not private else None


def _fault_4(address: IPv4Address, private: bool) -> str | None:
    if any(address in network for network in _NEVER_4):
        return "is a link-local, multicast, reserved or metadata address"
    if not private and any(address in network for network in _PRIVATE_4):
        return "is an address inside"
    return None


def _fault_6(address: IPv6Address, private: bool) -> str | None:
    if any(address in network for network in _NEVER_6):
        return "is a link-local, multicast, reserved or metadata address"
    if any(address in network for network in _PRIVATE_6):
        return None if private else "is an address inside"
    return None if address in _GLOBAL_6 else "is a link-local, multicast, reserved or metadata address"


def _without_scope(address: IPv6Address) -> IPv6Address:
    return IPv6Address(int(address))
