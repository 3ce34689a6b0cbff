"""AWS's own client judges a signature: the head of a request comes in, and
what botocore would have signed must be what was signed."""

import re
import sys

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

first, *lines = sys.stdin.read().strip().split("\n")
method, path, _ = first.split(" ")
headers = dict(line.strip().split(": ", 1) for line in lines)
scope, names, signature = re.fullmatch("AWS4-HMAC-SHA256 Credential=(.+), SignedHeaders=(.+), Signature=(.+)", headers["authorization"]).groups()
key, _, region, service, _ = scope.split("/")

signed = {name: headers[name] for name in names.split(";")}
request = AWSRequest(method, f"http://{headers['host']}{path}", headers=signed)
request.context["timestamp"] = headers["x-amz-date"]
judge = S3SigV4Auth(Credentials(key, "rehearsal", "rehearsal"), service, region)
expected = judge.signature(judge.string_to_sign(request, judge.canonical_request(request)), request)
sys.exit(None if signature == expected else f"{path}: expected {expected}, found {signature}")
