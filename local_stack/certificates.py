"""Certificates for servers on this machine, signed by an authority that lives as long as its folder.

For tests and trials: a deployment has an authority of its own (docs/operations.md says how to make one).
"""

import datetime as dt
import ipaddress
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local_stack.ports import HOST

_LIFE: Final = dt.timedelta(days=30)
_EARLIER: Final = dt.timedelta(hours=1)
"""Clocks differ."""


class Certificates(NamedTuple):
    """PEM files."""

    ca: Path
    certificate: Path
    """Of the servers, for `HOST` and ``localhost``."""
    key: Path
    """Its key, PKCS #8, not encrypted, for its owner only."""
    both: Path
    """Key and certificate in one, as Kafka wants its key store."""


def make(folder: Path, now: dt.datetime) -> Certificates:
    """Certificates in `folder`: those that are there, else new ones.

    Args:
        now: with a zone; they hold for 30 days from then.
    """
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key", folder / "kafka.pem")
    if all(path.exists() for path in made):
        return made
    folder.mkdir(parents=True, exist_ok=True)
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = _name("Ebbwatch test authority"), _name("localhost")
    root = (
        _builder(subject=issuer, issuer=issuer, key=authority, now=now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(authority, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))]
    server = (
        _builder(subject=subject, issuer=issuer, key=key, now=now)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False
        )
        .sign(authority, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = server.public_bytes(serialization.Encoding.PEM)
    for path, content in (
        (made.ca, root.public_bytes(serialization.Encoding.PEM)),
        (made.certificate, public),
        (made.key, secret),
        (made.both, secret + public),
    ):
        path.touch(mode=0o600)
        path.write_bytes(content)
    return made


def _builder(
    *, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
