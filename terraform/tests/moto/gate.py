"""Runs the real hook as the applied function: its settings, its role.

The binary gets the environment that Terraform gave to the function and the
keys of the function's role. Two things of the internet are missing: the load
balancer, which the sample application on loopback stands for, and AWS, which
the server stands for.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from moto.iam.access_control import IAMPolicy, PermissionResult

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample-app"
DEPLOYMENT = "d-ABCDEF123"

# What Lambda does in the function's name; everything else that a role allows
# has to be a call of the binary.
LAMBDAS_OWN = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "lambda:InvokeFunction",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}


def prove(stage):
    """Passing, failing, dead and cut off: the verdict that arrives each time."""
    told = stage.output()["greenlight"]
    gate, watchdog = told["hook_function_name"], told["watchdog_function_name"]
    group = f"arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:{told['codedeploy_application_name']}/{told['deployment_group_name']}"
    event = lambda execution: {"DeploymentId": DEPLOYMENT, "LifecycleEventHookExecutionId": execution}
    function = lambda name: f"arn:aws:lambda:eu-central-1:123456789012:function:{name}"

    with application() as port:
        invoke(stage, gate, event("green"), f"127.0.0.1:{port}")
    # Nobody listens there any more.
    invoke(stage, gate, event("broken"), f"127.0.0.1:{port}")
    record = {
        "version": "1.0",
        "timestamp": "2026-11-23T12:00:00.000Z",
        "requestContext": {"requestId": "1", "functionArn": f"{function(gate)}:$LATEST", "condition": "RetriesExhausted", "approximateInvokeCount": 1},
        "requestPayload": event("died"),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"},
    }
    invoke(stage, watchdog, record, None)

    verdicts = {name: thing for (kind, name), thing in stage.server.store.things.items() if kind == "verdict"}
    expected = {"green": "Succeeded", "broken": "Failed", "died": "Failed"}
    if verdicts != expected:
        sys.exit(f"expected the verdicts {expected}, found {verdicts}")

    for name in (gate, watchdog):
        role = stage.client("lambda").get_function_configuration(FunctionName=name)["Role"].rsplit("/", 1)[-1]
        policy = only_policy(stage, role)
        made = {action for who, action in stage.server.made if who == name}
        if not made:
            sys.exit(f"{name} made no call")
        for action in made:
            if IAMPolicy(policy).is_action_permitted(action, group) != PermissionResult.PERMITTED:
                sys.exit(f"{name} called {action}, which its role does not allow on {group}")
            other = group.rsplit("/", 1)[0] + "/another"
            if IAMPolicy(policy).is_action_permitted(action, other) == PermissionResult.PERMITTED:
                sys.exit(f"{name} may call {action} on another group")
        idle = allowed(policy) - made - LAMBDAS_OWN
        if idle:
            sys.exit(f"the role of {name} allows what nobody calls: {sorted(idle)}")


def only_policy(stage, role):
    iam = stage.client("iam")
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], "attached policies are not read here"
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])


def allowed(policy):
    actions = set()
    for statement in json.loads(policy)["Statement"]:
        if statement["Effect"] == "Allow":
            listed = statement["Action"]
            actions |= {listed} if isinstance(listed, str) else set(listed)
    return actions


class application:
    """The sample application on a port of its own."""

    def __enter__(self):
        scope = {"__name__": "sample"}
        exec((SAMPLE / "app.py").read_text(), scope)
        shop = type("Shop", (scope["Shop"],), {"log_message": lambda *_: None})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), shop)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self.http.server_port

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


def invoke(stage, name, event, load_balancer):
    """One invocation, as Lambda does it, of the function as it was applied."""
    applied = stage.client("lambda").get_function_configuration(FunctionName=name)
    keys = stage.client("sts").assume_role(RoleArn=applied["Role"], RoleSessionName=name)["Credentials"]
    stage.server.roles[keys["AccessKeyId"]] = name
    done = threading.Event()

    class Runtime(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        handed = False

        def do_GET(self):
            if Runtime.handed:
                time.sleep(60)
                return
            Runtime.handed = True
            body = json.dumps(event).encode()
            self.send_response(200)
            self.send_header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            self.send_header("lambda-runtime-deadline-ms", str(int((time.time() + applied["Timeout"]) * 1000)))
            self.send_header("lambda-runtime-invoked-function-arn", applied["FunctionArn"])
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()
            done.set()

        def log_message(self, *_):
            pass

    runtime = ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
    # The function is killed while it waits for more; that is no news.
    runtime.handle_error = lambda *_: None
    runtime.daemon_threads = True
    threading.Thread(target=runtime.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as package:
        # As the zip has it: the binary, and the check files beside it.
        shutil.copy2(os.environ["BOOTSTRAP"], f"{package}/bootstrap")
        shutil.copytree(SAMPLE / "smoke-tests", f"{package}/checks")
        environment = {
            **applied.get("Environment", {}).get("Variables", {}),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(applied["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "1",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
            "AWS_ENDPOINT_URL": stage.server.url,
            "LAMBDA_TASK_ROOT": package,
            "_HANDLER": "bootstrap",
        }
        if load_balancer:
            environment["SMOKE_CONNECT_TO"] = load_balancer
        process = subprocess.Popen([f"{package}/bootstrap"], cwd=package, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        answered = done.wait(60)
        process.kill()
        log = process.communicate()[0].decode()
    runtime.shutdown()
    runtime.server_close()
    if not answered:
        sys.exit(f"{name} did not answer:\n{log}")
    if os.environ.get("VERBOSE"):
        print(log)
