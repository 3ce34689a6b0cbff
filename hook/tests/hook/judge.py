"""AWS's own client judges requests: each comes in as it arrived, with the
operation and the arguments that it stands for. What botocore would have signed
must be what was signed, and what it would have sent what was sent.
"""

import hashlib
import json
import re
import sys
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

STYLE = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
# What boto3 asks for so that it can decode keys.
OF_BOTO3 = {"encoding-type"}
# What the SDK for Rust adds: the name of the operation, which S3 ignores.
OF_RUST = {"x-id"}


def expect(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, found {found!r}")


def arrived(head, body):
    """Method, path with its query, headers, body."""
    first, *lines = head.strip().split("\n")
    method, path, _ = first.strip().split(" ")
    return method, path, dict(line.strip().split(": ", 1) for line in lines), body.encode()


def judge_signature(service, method, path, headers, body):
    form = "AWS4-HMAC-SHA256 Credential=(.+), SignedHeaders=(.+), Signature=(.+)"
    scope, names, signature = re.fullmatch(form, headers["authorization"]).groups()
    key, _, region, signed_for, _ = scope.split("/")
    # S3 alone wants it; everywhere else the signature holds the sum.
    if service == "s3":
        expect(headers["x-amz-content-sha256"], hashlib.sha256(body).hexdigest(), "the sum of the body")
    signed = {name: headers[name] for name in names.split(";")}
    # A target or a token that is not signed could be another's.
    for name in {"host", "x-amz-date", "x-amz-target", "x-amz-security-token", "content-type"} & set(headers):
        expect(name in signed, True, f"`{name}` is signed")
    request = AWSRequest(method, f"http://{headers['host']}{path}", headers=signed, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    judge = auth(Credentials(key, "rehearsal", "rehearsal"), signed_for, region)
    expected = judge.signature(judge.string_to_sign(request, judge.canonical_request(request)), request)
    expect(signature, expected, f"the signature of {path}")
    return region, signed_for


def written(service, region, operation, arguments):
    """The request that AWS's own client would send."""
    client = boto3.client(service, region_name=region, endpoint_url="http://judge", aws_access_key_id="A", aws_secret_access_key="B", config=STYLE)
    made = []

    def keep(request, **_):
        made.append(request)
        raise InterruptedError

    client.meta.events.register("before-send", keep)
    try:
        getattr(client, operation)(**arguments)
    except InterruptedError:
        pass
    return made[0], client.meta.service_model.signing_name


def content(service, body, headers):
    if service == "sns":
        return parse_qs(body.decode(), keep_blank_values=True, strict_parsing=True)
    if service == "s3":
        return body
    return json.loads(body), headers["x-amz-target"], headers["content-type"]


def judge(service, operation, arguments, head, body):
    method, path, headers, body = arrived(head, body)
    region, signed_for = judge_signature(service, method, path, headers, body)
    expected, signing_name = written(service, region, operation, arguments)
    expect(signed_for, signing_name, "the service of the signature")
    theirs, ours = urlsplit(expected.url), urlsplit(path)
    expect(method, expected.method, "the method")
    expect(ours.path.rstrip("/"), theirs.path.rstrip("/"), "the path")
    query = {name: value for name, value in parse_qs(theirs.query).items() if name not in OF_BOTO3}
    found = {name: value for name, value in parse_qs(ours.query).items() if name not in OF_RUST}
    expect(found, query, "the query")
    sent = expected.body or b""
    sent = sent.read() if hasattr(sent, "read") else sent
    sent = sent.encode() if isinstance(sent, str) else sent
    lower = {name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in expected.headers.items()}
    expect(content(service, body, headers), content(service, sent, lower), "the body")
    if "content-type" in lower:
        # A form has one charset, and need not name it.
        expected = lower["content-type"].removesuffix("; charset=utf-8") if service == "sns" else lower["content-type"]
        expect(headers["content-type"], expected, "the type of the body")


for asked in json.load(sys.stdin):
    judge(**asked)
