"""The closed list of what can go wrong while fetching, each with its plain sentence.

Lives here: codes, sentences, and the mapping of every library's errors to a code.
Add here: another code (one line in CATALOGUE), or another library's way of saying one of them.
Must not live here: the text of a library's error. It may hold a user, a path, a query or a row, so it is read to choose a
code and then forgotten.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Mapping
from enum import StrEnum


class Code(StrEnum):
    """Every way in which fetching can fail. Codes are stable: schedules, logs and tests use them."""

    CONFIG = "PULL-CONFIG"
    NOT_INSTALLED = "PULL-NOT-INSTALLED"
    SECRET_MISSING = "PULL-SECRET-MISSING"  # noqa: S105 - a code
    SECRET_OPEN = "PULL-SECRET-OPEN"  # noqa: S105 - a code
    SECRET_FORM = "PULL-SECRET-FORM"  # noqa: S105 - a code
    HOST_KEY = "PULL-HOST-KEY"
    KNOWN_HOSTS = "PULL-KNOWN-HOSTS"
    CERTIFICATE = "PULL-CERTIFICATE"
    LOGIN = "PULL-LOGIN"
    UNREACHABLE = "PULL-UNREACHABLE"
    NOT_FOUND = "PULL-NOT-FOUND"
    NOT_ALLOWED = "PULL-NOT-ALLOWED"
    DISK_FULL = "PULL-DISK-FULL"
    BUSY = "PULL-BUSY"
    JOURNAL = "PULL-JOURNAL"
    TOO_LARGE = "PULL-TOO-LARGE"
    TOO_MANY = "PULL-TOO-MANY"
    NAME = "PULL-NAME"
    MANIFEST = "PULL-MANIFEST"
    INCOMPLETE = "PULL-INCOMPLETE"
    CHANGED = "PULL-CHANGED"
    LOOSE = "PULL-LOOSE"
    QUERY = "PULL-QUERY"
    QUERY_COLUMNS = "PULL-QUERY-COLUMNS"
    QUERY_WRITES = "PULL-QUERY-WRITES"
    QUERY_TIME = "PULL-QUERY-TIME"
    UNEXPECTED = "PULL-UNEXPECTED"


#: code -> (what is wrong, what to do).
CATALOGUE: Mapping[Code, tuple[str, str]] = {
    Code.CONFIG: ("The source is not declared correctly.", "Correct it in the transport file."),
    Code.NOT_INSTALLED: ("The library for this kind of source is not installed.", "Install the extra `transport`."),
    Code.SECRET_MISSING: ("The file with the secret is missing, or is not a plain file.", "Put the secret there."),
    Code.SECRET_OPEN: ("Others may read the file with the secret.", "Give it mode 0600 and this account as owner."),
    Code.SECRET_FORM: ("The file with the secret does not hold what this login needs.", "Put the secret there again."),
    Code.HOST_KEY: (
        "The server's host key is not the one in the known-hosts file. Nothing was sent to it.",
        "Ask its owner, by another way, for the key's fingerprint; add the key only if it agrees.",
    ),
    Code.KNOWN_HOSTS: ("The known-hosts file is missing.", "Write the server's key into it."),
    Code.CERTIFICATE: ("The server's certificate could not be verified.", "Check its name and the issuer's certificate."),
    Code.LOGIN: ("The server refused the login.", "Check user and secret with the server's owner."),
    Code.UNREACHABLE: ("The server could not be reached, or the connection broke.", "Try again; check host, port, firewall."),
    Code.NOT_FOUND: ("The folder, bucket, container or database is not there.", "Check the path."),
    Code.NOT_ALLOWED: ("The account may not list or read it.", "Ask for the right to list and read."),
    Code.DISK_FULL: ("There is no room left in landing.", "Make room; the next pull fetches the rest."),
    Code.BUSY: ("Another pull is going on.", "Wait for it."),
    Code.JOURNAL: ("The journal of this source cannot be read.", "Remove it: content that was taken in is recognised."),
    Code.TOO_LARGE: ("A delivery is larger than the limit.", "Ask for a smaller one, or raise the limit."),
    Code.TOO_MANY: ("There are more files than one pull may fetch.", "Nothing: the next pull goes on."),
    Code.NAME: ("A file or folder has a name that is not safe to store.", "Ask for letters, digits, space, - _ . ( )."),
    Code.MANIFEST: ("A manifest cannot be read, or does not say what its files are.", "Ask for it again."),
    Code.INCOMPLETE: ("A delivery is not complete: it is not what its manifest lists.", "Nothing while it is uploaded."),
    Code.CHANGED: ("A file changed while it was read.", "Nothing: the next pull fetches it."),
    Code.LOOSE: ("A file lies outside a delivery's folder.", "Ask for one folder for each delivery, renamed when complete."),
    Code.QUERY: ("The database cannot run the query.", "Run it by hand as this user."),
    Code.QUERY_COLUMNS: ("The query's columns are not the contract's.", "Name each column as in the specification."),
    Code.QUERY_WRITES: ("The query tries to change something.", "Use a query that only reads."),
    Code.QUERY_TIME: ("The query took longer than it may.", "Make it faster, or raise the limit."),
    Code.UNEXPECTED: ("Something failed that nobody foresaw.", "Look at the server's own log; report it."),
}  # fmt: skip

#: After one of these the rest of the source would fail as well.
ENDS_SOURCE = frozenset(
    {Code.LOGIN, Code.UNREACHABLE, Code.HOST_KEY, Code.CERTIFICATE, Code.DISK_FULL, Code.UNEXPECTED}
)


class PullError(Exception):
    """Fetching failed. Says the code's sentence and nothing else."""

    def __init__(self, code: Code) -> None:
        self.code = code
        super().__init__(f"{code.value}: {' '.join(CATALOGUE[code])}")


#: Names of library errors -> code; by name, so that no library is imported to ask. The most telling ones first.
_BY_NAME: tuple[tuple[Code, frozenset[str]], ...] = (
    (Code.HOST_KEY, frozenset({"HostKeyNotVerifiable"})),
    (Code.SECRET_FORM, frozenset({"KeyImportError", "KeyEncryptionError"})),
    (
        Code.CERTIFICATE,
        frozenset({"SSLError", "SSLCertVerificationError", "ClientConnectorCertificateError"}),
    ),
    (Code.LOGIN, frozenset({"PermissionDenied", "ClientAuthenticationError", "NoCredentialsError"})),
    (
        Code.NOT_FOUND,
        frozenset({"NoSuchBucket", "ResourceNotFoundError", "SFTPNoSuchFile", "SFTPNoSuchPath"}),
    ),
    (Code.NOT_ALLOWED, frozenset({"SFTPPermissionDenied"})),
    (
        Code.UNREACHABLE,
        frozenset(
            {
                "ConnectionLost",
                "DisconnectError",
                "SFTPConnectionLost",
                "SFTPNoConnection",
                "ChannelOpenError",
                "EndpointConnectionError",
                "ConnectTimeoutError",
                "ReadTimeoutError",
                "ServiceRequestError",
                "ServiceResponseError",
                "ClientConnectorError",
                "FSTimeoutError",
                "HTTPClientError",
            }
        ),
    ),
)

#: Error codes of S3 and Azure services -> code.
_SERVICE = {
    "InvalidAccessKeyId": Code.LOGIN,
    "SignatureDoesNotMatch": Code.LOGIN,
    "AuthenticationFailed": Code.LOGIN,
    "ExpiredToken": Code.LOGIN,
    "AccessDenied": Code.NOT_ALLOWED,
    "AuthorizationFailure": Code.NOT_ALLOWED,
    "AuthorizationPermissionMismatch": Code.NOT_ALLOWED,
    "NoSuchBucket": Code.NOT_FOUND,
    "ContainerNotFound": Code.NOT_FOUND,
    "404": Code.NOT_FOUND,
    "403": Code.LOGIN,
}

_DISK = {errno.ENOSPC, errno.EDQUOT}


def code_of(error: BaseException) -> Code:
    """The code of an error, from itself and from the errors that led to it."""
    chain = list(_chain(error))
    for one in chain:
        if isinstance(one, PullError):
            return one.code
        if isinstance(one, OSError) and one.errno in _DISK:
            return Code.DISK_FULL
    names = {t.__name__ for one in chain for t in type(one).__mro__}
    for code, known in _BY_NAME:
        if names & known:
            return code
    for one in chain:
        if (service := _service_code(one)) in _SERVICE:
            return _SERVICE[service]
    for one in chain:
        if isinstance(one, FileNotFoundError | NotADirectoryError):
            return Code.NOT_FOUND
        if isinstance(one, PermissionError):
            return Code.NOT_ALLOWED
        if isinstance(one, socket.gaierror | TimeoutError | ConnectionError):
            return Code.UNREACHABLE
        if isinstance(one, ImportError):
            return Code.NOT_INSTALLED
    return Code.UNEXPECTED


def _service_code(error: BaseException) -> str:
    response = getattr(error, "response", None)  # botocore's ClientError
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return str(getattr(error, "error_code", None) or "")  # azure-core's HttpResponseError


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        # What a defect of ours happened to follow says nothing about it; only libraries' errors are about what led to them.
        error = error.__cause__ or (error.__context__ if isinstance(error, OSError) else None)


#: PostgreSQL's own codes, by their start -> code.
_SQLSTATE = {
    "28": Code.LOGIN,
    "3D": Code.NOT_FOUND,
    "25006": Code.QUERY_WRITES,
    "42501": Code.NOT_ALLOWED,
    "57014": Code.QUERY_TIME,
    "57P": Code.UNREACHABLE,
    "08": Code.UNREACHABLE,
}

#: libpq gives no code while it connects; these words are in its messages, which are compared and never shown.
_LIBPQ = (
    ("authentication failed", Code.LOGIN),
    ("no pg_hba.conf entry", Code.LOGIN),
    ("no password supplied", Code.LOGIN),
    ("certificate", Code.CERTIFICATE),
    ("ssl", Code.CERTIFICATE),
    ("does not exist", Code.NOT_FOUND),
    ("failed to connect", Code.UNREACHABLE),
    ("server closed the connection", Code.UNREACHABLE),
)


def code_of_database(error: BaseException) -> Code:
    """The code of an error of a database."""
    found = code_of(error)
    if found is not Code.UNEXPECTED:
        return found
    state = str(getattr(error, "sqlstate", None) or "")
    if state:
        return next((code for start, code in _SQLSTATE.items() if state.startswith(start)), Code.QUERY)
    text = str(error).casefold()
    return next((code for words, code in _LIBPQ if words in text), Code.UNEXPECTED)
