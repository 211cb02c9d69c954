"""A key pair for the login by JWT bearer: the private key stays here, the certificate goes to Salesforce."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sfsync.config import shown
from sfsync.errors import SetupError

KEY, CERTIFICATE = "key.pem", "certificate.pem"
LASTS = timedelta(days=730)
_BITS = 2048


def make(folder: Path, now: datetime) -> datetime:
    """Write both, and give the moment at which the certificate ends. Never overwrites. Raises SetupError."""
    for name in (KEY, CERTIFICATE):
        if (folder / name).exists():
            raise SetupError(
                "There is one already, and it is not overwritten.",
                where=shown(folder / name),
                remedy="Move both files away first; the new certificate must be uploaded anew.",
            )
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(folder / KEY, pem, 0o600)
    _write(folder / CERTIFICATE, _certificate(key, now).public_bytes(Encoding.PEM), 0o644)
    return now + LASTS


def _certificate(key: rsa.RSAPrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sfsync")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # a clock that is a little ahead must not make it invalid
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LASTS)
        .sign(key, hashes.SHA256())
    )


def _write(file: Path, content: bytes, mode: int) -> None:
    try:
        # exclusively, and readable for nobody else from the first moment on
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise SetupError(f"It cannot be written: {error.strerror}.", where=shown(file)) from None
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
