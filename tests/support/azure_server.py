"""A blob service that answers the requests that Azure's own client makes while it lists and reads: a stand-in, and ours.

No package carries a fake of Azure's storage, so this is the smallest server that the real client library accepts. It says
nothing about how Azure behaves beyond these answers.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNT, CONTAINER, TOKEN = "partnershipaccount", "incoming", "sv=2024-01-01&sig=an-invented-signature"


@dataclass
class AzureServer:
    endpoint: str
    blobs: dict[str, bytes]
    methods: set[str] = field(default_factory=set[str])


@contextmanager
def azure_server(blobs: Mapping[str, bytes]) -> Iterator[AzureServer]:
    """Serve blobs of one container on loopback, to whoever sends the token."""
    state = AzureServer("", dict(blobs))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            state.methods.add("PUT")
            self._send(405, b"")

        do_DELETE = do_PUT

        def _answer(self) -> None:
            state.methods.add(self.command)
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            if query.get("sig") != ["an-invented-signature"]:
                self._send(403, b"", {"x-ms-error-code": "AuthenticationFailed"})
                return
            parts = unquote(url.path).strip("/").split("/", 2)
            if parts[1:2] != [CONTAINER]:
                self._send(404, b"", {"x-ms-error-code": "ContainerNotFound"})
            elif len(parts) == 2 and query.get("comp") == ["list"]:
                self._send(200, _listing(state.blobs, query), {"Content-Type": "application/xml"})
            elif len(parts) == 2:
                self._send(200, b"", _facts(b""))
            elif parts[2] not in state.blobs:
                self._send(404, b"", {"x-ms-error-code": "BlobNotFound"})
            else:
                self._blob(state.blobs[parts[2]])

        def _blob(self, body: bytes) -> None:
            wanted = self.headers.get("x-ms-range") or self.headers.get("Range")
            facts = {**_facts(body), "x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes"}
            if wanted is None or self.command == "HEAD":
                self._send(200, body, facts)
                return
            first, last = wanted.removeprefix("bytes=").split("-")
            end = min(int(last or len(body) - 1), len(body) - 1)
            piece = body[int(first) : end + 1]
            self._send(206, piece, {**facts, "Content-Range": f"bytes {first}-{end}/{len(body)}"})

        def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.endpoint = f"http://127.0.0.1:{server.server_port}/{ACCOUNT}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _facts(body: bytes) -> dict[str, str]:
    return {
        "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
        "Last-Modified": formatdate(1_750_000_000, usegmt=True),
        "Content-Type": "application/octet-stream",
    }


def _listing(blobs: Mapping[str, bytes], query: Mapping[str, list[str]]) -> bytes:
    """One page of a listing, with folders where a delimiter is asked for."""
    prefix = query.get("prefix", [""])[0]
    delimiter = query.get("delimiter", [""])[0]
    entries: dict[str, str] = {}
    for name, body in sorted(blobs.items()):
        if not name.startswith(prefix):
            continue
        rest = name[len(prefix) :]
        if delimiter and delimiter in rest:
            folder = prefix + rest.split(delimiter)[0] + delimiter
            entries[folder] = f"<BlobPrefix><Name>{folder}</Name></BlobPrefix>"
            continue
        facts = _facts(body)
        etag = facts["ETag"].replace('"', "&quot;")
        entries[name] = (
            f"<Blob><Name>{name}</Name><Properties><Last-Modified>{facts['Last-Modified']}</Last-Modified>"
            f"<Etag>{etag}</Etag><Content-Length>{len(body)}</Content-Length>"
            f"<BlobType>BlockBlob</BlobType></Properties></Blob>"
        )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="{CONTAINER}">'
        f"<Prefix>{prefix}</Prefix><Blobs>{''.join(entries.values())}</Blobs><NextMarker/></EnumerationResults>"
    ).encode()
