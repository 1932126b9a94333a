"""A throw-away PostgreSQL on loopback: Debian's programs, a cluster in a temporary folder, run by an unprivileged account."""

from __future__ import annotations

import datetime as dt
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgresql
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

OWNER, OWNER_PASSWORD = "cluster_owner", "an-invented-owner-3Z"
READER, PASSWORD = "scp_reader", "an-invented ' \\ password-9K"


@dataclass
class PostgresServer:
    port: int
    certificate: Path  # its own issuer, for `localhost`

    def run(self, *statements: str) -> None:
        """Run statements as the owner of the cluster."""
        where = f"host=127.0.0.1 port={self.port} dbname=postgres user={OWNER} password={OWNER_PASSWORD} sslmode=disable"
        with postgresql.connect(where) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()


def programs() -> Path:
    """Where Debian puts initdb and pg_ctl. Says plainly what to do when they are missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise RuntimeError(
            "PostgreSQL is not installed: scripts/postgres installs it, or apt-get install postgresql"
        )
    return found[-1].parent


def self_signed(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate that is its own issuer, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    private.chmod(0o600)
    return certificate, private


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A new cluster with a reader's account; stopped and removed afterwards.

    Its folder lies outside pytest's own, which an unprivileged account may not enter.
    """
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="scp_postgres_"))
    password = folder / "owner"
    password.write_text(OWNER_PASSWORD)
    for path in (folder, password):
        os.chown(path, account.pw_uid, account.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def as_account(*command: str | Path) -> None:
        subprocess.run(
            [str(c) for c in command],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )

    data, here = folder / "data", programs()
    as_account(
        here / "initdb", "-D", data, "-U", OWNER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"
    )
    certificate, key = self_signed(folder)
    for path in (certificate, key):
        os.chown(path, account.pw_uid, account.pw_gid)
    options = (
        f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        f" -c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"
    )
    as_account(here / "pg_ctl", "-D", data, "-o", options, "-w", "-l", folder / "log", "start")
    try:
        server = PostgresServer(port, certificate)
        escaped = PASSWORD.replace("'", "''")
        server.run(f"create role {READER} login password '{escaped}'")
        yield server
    finally:
        as_account(here / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
