#!/usr/bin/env python3
"""A function for the tests: it speaks to the Runtime API and does as MODE says.

The path of this file is the `bootstrap` of a test's function.
"""
import json
import os
import sys
import time
import urllib.request

RUNTIME = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
MODE = os.environ.get("MODE", "return")


def post(path, value):
    request = urllib.request.Request(RUNTIME + path, json.dumps(value).encode(), method="POST")
    urllib.request.urlopen(request).read()


def report(event, status):
    """The verdict, with a signature of the right shape."""
    body = {
        "deploymentId": event["DeploymentId"],
        "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
        "status": status,
    }
    scope = "AKIDREHEARSAL/20260101/eu-central-1/codedeploy/aws4_request"
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus",
        "x-amz-date": "20260101T000000Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=host, Signature=%s"
        % (scope, "0" * 64),
    }
    url = os.environ["AWS_ENDPOINT_URL"]
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)).read()


def handle(event, headers):
    if "requestPayload" in event:
        print("the watchdog reports", flush=True)
        report(event["requestPayload"], "Failed")
        return {"watchdog": True}
    if MODE == "environment":
        return dict(os.environ)
    if MODE == "headers":
        return {name.lower(): value for name, value in headers.items()}
    if MODE == "logs":
        print(json.dumps({"level": "INFO", "message": "on stdout"}), flush=True)
        print("on stderr", file=sys.stderr, flush=True)
    if MODE == "hang":
        print("about to hang", flush=True)
        time.sleep(3600)
    if MODE == "memory" and "a" in event:
        print(len(bytearray(os.urandom(1024)) * (256 * 1024)), flush=True)
        time.sleep(3600)
    if MODE == "die":
        os._exit(3)
    if MODE == "kill":
        os.kill(os.getpid(), 9)
    if MODE in ("Succeeded", "Failed"):
        print(json.dumps({"level": "INFO", "message": "the verdict is " + MODE}), flush=True)
        report(event, MODE)
    return {"pid": os.getpid(), "event": event}


if MODE == "exit at start":
    sys.exit(7)
if MODE == "init error":
    post("init/error", {"errorType": "Settings", "errorMessage": "no target"})
    sys.exit(1)

while True:
    with urllib.request.urlopen(RUNTIME + "invocation/next", timeout=3600) as answer:
        event = json.load(answer)
        headers = answer.headers
    identity = headers["Lambda-Runtime-Aws-Request-Id"]
    if MODE == "error":
        post("invocation/%s/error" % identity, {"errorType": "Oops", "errorMessage": "it broke"})
    else:
        post("invocation/%s/response" % identity, handle(event, headers))
