"""An SFTP server on loopback, in a thread of its own: real host keys, real logins, one folder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "partner", "an-invented-password-7Q"


@dataclass
class SftpServer:
    port: int
    root: Path
    host_key: asyncssh.SSHKey
    logins: list[str]  # how each login was tried
    commands: list[str]  # what was asked for that changes something

    def known_hosts(self, path: Path, key: asyncssh.SSHKey | None = None) -> Path:
        """A known-hosts file that names this server with its own key, or with another."""
        line = (key or self.host_key).export_public_key().decode()
        path.write_text(f"[127.0.0.1]:{self.port} {line}")
        return path


def new_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@contextmanager
def sftp_server(root: Path, client_key: asyncssh.SSHKey, delay: float = 0.0) -> Iterator[SftpServer]:
    """Serve `root`. `delay` is waited for before each block, so that a test can kill a pull half-way."""
    logins: list[str] = []
    commands: list[str] = []

    class Login(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            logins.append("password")
            return (username, password) == (USER, PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: Any) -> bool:
            logins.append("key")
            return username == USER and key.public_data == client_key.public_data

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(root).encode())

        async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            if delay:
                await asyncio.sleep(delay)
            return super().read(file_obj, offset, size)  # type: ignore[return-value]

        def remove(self, path: bytes) -> None:
            commands.append("remove")

        def rename(self, oldpath: bytes, newpath: bytes) -> None:
            commands.append("rename")

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    key = new_key()

    async def start() -> Any:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Login, server_host_keys=[key], sftp_factory=Files, allow_scp=False
        )

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        yield SftpServer(acceptor.get_port(), root, key, logins, commands)
    finally:

        async def stop() -> None:
            acceptor.close()
            await acceptor.wait_closed()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
