"""Object stores: moto's S3 server and our stand-in for Azure, both spoken to by the real client libraries on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from ingest.transport.codes import Code
from tests.support.azure_server import ACCOUNT, CONTAINER, TOKEN, AzureServer, azure_server
from tests.transport.conftest import BASE, BOOKINGS, Place, manifest

BUCKET = "partnership-incoming"
FILES = {
    "outbox/2025-26-Q1/training.csv": BOOKINGS,
    "outbox/training.csv.part": BOOKINGS[:40],
    "elsewhere/training.csv": BOOKINGS,
}


@pytest.fixture(scope="module")
def s3() -> Iterator[tuple[str, Any]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="eu-west-2", aws_access_key_id="k", aws_secret_access_key="s"
    )
    try:
        yield endpoint, client
    finally:
        server.stop()


def s3_source(place: Place, endpoint: str, **more: Any) -> dict[str, Any]:
    return {
        **BASE, "name": "office_s3", "kind": "s3", "bucket": BUCKET, "path": "outbox", "complete": "rename",
        "key_id": "AKIAINVENTED", "secret_file": str(place.secret("an-invented-secret", "s3_secret")),
        "endpoint": endpoint, "region": "eu-west-2", "timeout_seconds": 5, **more,
    }  # fmt: skip


def test_s3(place: Place, s3: tuple[str, Any]) -> None:
    endpoint, client = s3
    place.declare(s3_source(place, endpoint))
    assert place.one().problems == {Code.NOT_FOUND: 1}  # no bucket
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    assert (place.one().taken, place.one().problems) == (0, {})  # a bucket in which nothing lies yet
    for name, body in FILES.items():
        client.put_object(Bucket=BUCKET, Key=name, Body=body)
    found = place.one()
    assert (found.taken, found.waiting, found.problems) == (1, 1, {})
    assert place.rows() == 3
    assert place.one().already == 1
    client.put_object(
        Bucket=BUCKET, Key="outbox/2025-26-Q1/training.csv", Body=BOOKINGS.replace(b"B1", b"B9")
    )
    assert place.one().taken == 1
    place.declare(s3_source(place, "http://127.0.0.1:9", name="dead"))
    assert place.one().problems == {Code.UNREACHABLE: 1}


def test_s3_with_a_manifest(place: Place, s3: tuple[str, Any]) -> None:
    endpoint, client = s3
    client.create_bucket(Bucket="sets", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    files = {"d2_a.csv": b"x\n1\n", "d3_a.csv": b"y\n2\n"}
    place.declare(
        s3_source(place, endpoint, bucket="sets", complete="manifest", path="",
                  extract="published/dfe_child_protection", submitter="dfe")
    )  # fmt: skip
    client.put_object(Bucket="sets", Key="2025/_manifest.json", Body=manifest(files))
    client.put_object(Bucket="sets", Key="2025/d2_a.csv", Body=files["d2_a.csv"])
    assert place.one().problems == {Code.INCOMPLETE: 1}
    client.put_object(Bucket="sets", Key="2025/d3_a.csv", Body=files["d3_a.csv"])
    assert place.one().taken == 1
    assert len(place.landed()) == 3


@pytest.fixture
def azure() -> Iterator[AzureServer]:
    with azure_server(FILES) as server:
        yield server


def azure_source(place: Place, server: AzureServer, **more: Any) -> dict[str, Any]:
    return {
        **BASE, "name": "office_azure", "kind": "azure", "account": ACCOUNT, "container": CONTAINER,
        "path": "outbox", "complete": "rename", "endpoint": server.endpoint,
        "secret_file": str(place.secret("?" + TOKEN, "azure_token")), "timeout_seconds": 5, **more,
    }  # fmt: skip


def test_azure_by_its_own_client(place: Place, azure: AzureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is not asked: what it says there would be another account."""
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING", "BlobEndpoint=http://127.0.0.1:9/other;SharedAccessSignature=x"
    )
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "eA==")
    place.declare(azure_source(place, azure))
    found = place.one()
    assert (found.taken, found.waiting, found.problems) == (1, 1, {})
    assert place.rows() == 3 and place.one().already == 1
    azure.blobs["outbox/2025-26-Q1/training.csv"] = BOOKINGS.replace(b"B1", b"B9")
    assert place.one().taken == 1
    assert azure.methods <= {"GET", "HEAD"}  # nothing is changed at the source


@pytest.mark.parametrize(
    ("change", "code"),
    [({"container": "nowhere"}, Code.NOT_FOUND), ({"token": "sv=1&sig=wrong"}, Code.LOGIN)],
)
def test_azure_refusals(place: Place, azure: AzureServer, change: dict[str, str], code: Code) -> None:
    place.declare(azure_source(place, azure, **{k: v for k, v in change.items() if k != "token"}))
    if "token" in change:
        place.secret(change["token"], "azure_token")
    found = place.one()
    assert found.problems == {code: 1}
    assert not any("sig" in line for line in found.says())
