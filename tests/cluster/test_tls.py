"""A broker behind TLS must prove who it is, before it hears a password."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sfsync.cluster import post
from sfsync.cluster.post import Post
from sfsync.errors import SfsyncError
from sfsync.records import Batch


@pytest.fixture
def impostor(tmp_path):
    """A server whose certificate nobody has signed; what it hears after the handshake."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "impostor")]),
        dt.datetime.now(dt.UTC),
    )
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = tmp_path / "impostor.pem"
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    heard: list[bytes] = []

    def listen() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            with accepted:
                try:
                    with context.wrap_socket(accepted, server_side=True) as inside:
                        heard.append(inside.recv(100))
                except OSError:
                    heard.append(b"")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
def test_an_impostor_never_hears_the_password(impostor, scheme):
    pytest.importorskip({"rediss": "redis", "amqps": "pika"}[scheme])
    port, heard = impostor
    office = Post(post.connect({"BROKER_URL": f"{scheme}://sfsync:CANARY@127.0.0.1:{port}/0"}), "here")
    with pytest.raises(SfsyncError, match="BROKER_URL: The broker"):
        office.send("main", Batch(id="a" * 32, failures={}))
    assert heard
    assert set(heard) == {b""}
