"""Errors of an S3-compatible server, as errors of ours that say what to do. No I/O.

What a retry may heal is `StoreUnavailable`: an outage, an overload, a network. The rest is `StoreRefused`: a bucket,
keys, a right, a region or a clock that an operator has to set.
"""

from collections.abc import Mapping
from typing import Any

from seriatim.errors import StoreRefused, StoreUnavailable
from seriatim.recordings.store_place import Bucket

RIGHTS = "s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject"
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile"
SERVER_ERROR = 500  #: HTTP status from which on the server is at fault

#: error codes of S3's API, and of servers that answer alike: what was found, and what to do
ADVICE: Mapping[str, str] = {
    "NoSuchBucket": "there is no such bucket; create it, or fix SERIATIM_STORE_DIR",
    "InvalidBucketName": "that is no name of a bucket; fix SERIATIM_STORE_DIR",
    "InvalidAccessKeyId": f"the access key is unknown there; check {KEYS}",
    "SignatureDoesNotMatch": f"the secret key is not that of the access key; check {KEYS}",
    "AccessDenied": f"access denied; allow these keys {RIGHTS}",
    "AllAccessDisabled": f"access denied; allow these keys {RIGHTS}",
    "AccountProblem": "the account is closed or unpaid; ask the server's operator",
    "ExpiredToken": "the session token has expired; renew the credentials",
    "InvalidToken": f"the session token is invalid; check AWS_SESSION_TOKEN beside {KEYS}",
    "RequestTimeTooSkewed": "this machine's clock differs too much from the server's; set it, as by NTP",
    "PermanentRedirect": "the bucket is in another region{region}; set AWS_REGION, or region= in SERIATIM_STORE_DIR",
    "QuotaExceeded": "the bucket's quota is used up; raise it, or set SERIATIM_RECORDING_LIMIT_GB",
}
SAME_AS: Mapping[str, str] = {
    "AuthorizationHeaderMalformed": "PermanentRedirect", "IllegalLocationConstraintException": "PermanentRedirect",
    "301": "PermanentRedirect", "403": "AccessDenied", "Forbidden": "AccessDenied",
    "TokenRefreshRequired": "ExpiredToken",
    "RequestExpired": "RequestTimeTooSkewed", "XMinioStorageFull": "QuotaExceeded",
    "XMinioAdminBucketQuotaExceeded": "QuotaExceeded",
}  # fmt: skip
#: codes of what passes by itself, whatever the HTTP status is
PASSING = {
    "SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "InternalError", "ServiceUnavailable",
    "OperationAborted", "ConditionalRequestConflict", "BadDigest", "IncompleteBody",
}  # fmt: skip
#: exceptions of botocore, by name, behind which there is a network or a server that may come back
NETWORK = {
    "EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError", "HTTPClientError",
    "ProxyConnectionError", "ResponseStreamingError", "IncompleteReadError", "CredentialRetrievalError",
}  # fmt: skip
CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "ConfigParseError", "ConfigNotFound"}


def code_of(response: Mapping[str, Any]) -> str:
    """The error code of an answer, in the form that the tables have."""
    code = str(response.get("Error", {}).get("Code", ""))
    return SAME_AS.get(code, code)


def error_of_answer(bucket: Bucket, response: Mapping[str, Any]) -> StoreRefused | StoreUnavailable:
    """The error for an answer that refuses a request; `response` as botocore's ClientError has it."""
    code, found = code_of(response), response.get("Error", {})
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in ADVICE:
        region = found.get("Region") or _header(response, "x-amz-bucket-region")
        return StoreRefused(f"{bucket}: {ADVICE[code].format(region=f', {region}' if region else '')}")
    reason = " ".join(filter(None, (code or str(status), str(found.get("Message", ""))[:200])))
    if code in PASSING or status >= SERVER_ERROR:
        return StoreUnavailable(f"{bucket}: the server refused a request: {reason}")
    return StoreRefused(f"{bucket}: the server refused a request: {reason}; check SERIATIM_STORE_DIR and the bucket")


def error_of_failure(bucket: Bucket, error: Exception) -> StoreRefused | StoreUnavailable:
    """The error for a request without an answer; `error` is a BotoCoreError."""
    kinds = {cls.__name__ for cls in type(error).__mro__}
    reason = " ".join(str(error).split())[:300]
    if kinds & NETWORK:
        return StoreUnavailable(f"{bucket}: no answer: {reason}")
    if kinds & CREDENTIALS:
        return StoreRefused(f"{bucket}: no credentials: {reason}; set {KEYS}")
    return StoreRefused(f"{bucket}: {reason}; check SERIATIM_STORE_DIR and AWS's settings")


def _header(response: Mapping[str, Any], name: str) -> str:
    return str(response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(name, ""))
