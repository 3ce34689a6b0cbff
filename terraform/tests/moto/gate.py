"""Runs the real hook as the applied function: its settings, its role.

The binary gets the environment that Terraform gave to the function and the
keys of the function's role. A rehearsal stands for CodeDeploy, the load
balancer and the application; everything else that the hook asks is moto's.
Two settings differ from the applied ones, because the load balancer's name
leads elsewhere here: what is dialled, and the authority of its certificate. Its
name leads to this machine by a hosts file that only the gate has.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import deployment
import held
from rehearsal import Rehearsal

# What Lambda does in the function's name; everything else that a role allows
# has to be a call of the binary.
LAMBDAS_OWN = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
# What is noted where the application tells its version.
ADDRESSES = "the identity was asked at 1 address of "
# What is noted of a release that is deployed over itself.
SHARED = "is blue's as well, and proves nothing"
# The calls to CodeDeploy for which IAM knows a resource.
OF_THE_GROUP = {"codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus"}


def prove(stage, revision, app_spec):
    """Passing, failing and dead: the verdict that arrives each time."""
    told = stage.told
    gate, watchdog = told["hook_function_name"], told["watchdog_function_name"]
    # Where the application tells its version, it is asked at each address.
    identity = "SMOKE_IDENTITY" in settings(configuration(stage, gate))
    asked = [ADDRESSES] if identity else []
    with mailbox(stage, told["topic_arn"]) as letters:
        with rehearsed(stage, None) as rehearsal:
            deployed = green(stage, rehearsal, revision, app_spec, "green")
            log = invoke(stage, gate, rehearsal, rehearsal.ready["event"])
            expect(rehearsal.verdicts(), {deployed: "Succeeded"}, log)
            of_the_release(reported(stage, deployed, "Succeeded"), *asked)
            expect(letters(), [], "a topic that hears failures only")
            deployment.finish(stage, "green")
        # The next deployment goes into the other target group, and its version
        # has a defect that no health check shows.
        with rehearsed(stage, "orders-are-empty") as rehearsal:
            deployed = green(stage, rehearsal, revision, app_spec, "blue")
            log = invoke(stage, gate, rehearsal, rehearsal.ready["event"])
            expect(rehearsal.verdicts(), {deployed: "Failed"}, log)
            report = reported(stage, deployed, "Failed")
            # The same release once more: where the application tells its
            # version, blue tells the same.
            of_the_release(report, *asked, *([SHARED] if identity else []))
            (failed,) = [check for check in report["checks"] if check["outcome"] == "failed"]
            assert "$.orders[*]" in json.dumps(failed), failed
            (letter,) = letters()
            assert deployed in letter and "Failed" in letter, letter

            died = rehearsal.deployment
            invoke(stage, watchdog, rehearsal, record(gate, rehearsal.ready["event"]))
            expect(rehearsal.verdicts(), {deployed: "Failed", died: "Failed"}, "the watchdog")
    group = f"arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:{told['codedeploy_application_name']}/{told['deployment_group_name']}"
    dies_into(stage, gate, watchdog)
    for name in (gate, watchdog):
        applied = configuration(stage, name)
        stream = f"arn:aws:logs:eu-central-1:123456789012:log-group:{applied['LoggingConfig']['LogGroup']}:log-stream:1"
        expect(applied["LoggingConfig"]["LogGroup"], f"/aws/lambda/{name}", "where the function's log goes")
        held.note(stage, name, ("logs:CreateLogStream", stream, {}), ("logs:PutLogEvents", stream, {}))
        held.hold(stage, name, applied["Role"], dict.fromkeys(OF_THE_GROUP, group), LAMBDAS_OWN)


def dies_into(stage, gate, watchdog):
    """Lambda hands the event of a dead gate to the watchdog, once."""
    applied = stage.client("lambda").get_function_event_invoke_config(FunctionName=gate)
    expect((applied["MaximumRetryAttempts"], applied["DestinationConfig"]["OnFailure"]["Destination"].rsplit(":", 1)[-1]), (0, watchdog), "what becomes of a dead gate's event")
    held.note(stage, gate, ("lambda:InvokeFunction", applied["DestinationConfig"]["OnFailure"]["Destination"], {}))


def of_the_release(report, *notes):
    """Its own check files ran, not those of the package; and just this is noted."""
    places = {check["place"].split("://")[0] for check in report["checks"]}
    assert places == {"s3"}, report
    noted(report, *notes)


def noted(report, *notes):
    """Each note of a report has its text, and there is no other."""
    found = report.get("notes", [])
    assert len(found) == len(notes) and all(any(text in each for each in found) for text in notes), found


def prove_fallback(stage, revision, app_spec):
    """A release that brings no check files is judged by those of the package,
    and its report says so."""
    with rehearsed(stage, None) as rehearsal:
        deployed = green(stage, rehearsal, revision, app_spec, "blue")
        log = invoke(stage, stage.told["hook_function_name"], rehearsal, rehearsal.ready["event"])
        expect(rehearsal.verdicts(), {deployed: "Succeeded"}, log)
        report = reported(stage, deployed, "Succeeded")
    noted(report, "there are no check files at `s3://", ADDRESSES, SHARED)
    assert any("those in the package ran instead" in note for note in report["notes"]), report["notes"]
    (check,) = report["checks"]
    assert "/checks/any-service.yaml:" in check["place"], check


def expect(found, expected, why):
    if found != expected:
        sys.exit(f"expected {expected}, found {found}:\n{why}")


@contextlib.contextmanager
def rehearsed(stage, defect):
    (test,) = stage.client("elbv2").describe_listeners(ListenerArns=[stage.told["test_listener_arn"]])["Listeners"]
    rehearsal = Rehearsal(stage.test_port, defect, tls=test["Protocol"] == "HTTPS")
    try:
        stage.server.rehearsal = rehearsal
        yield rehearsal
    finally:
        stage.server.rehearsal = None
        rehearsal.stop()


def green(stage, rehearsal, revision, app_spec, colour):
    """CodeDeploy's work before the hook; the rehearsal's deployment is the one."""
    rehearsal.stands_for(stage.told, deployment.service(stage)["serviceArn"], {"green": colour, "blue": deployment.OTHER[colour]})
    deployment.start(stage, rehearsal.deployment, revision, app_spec, colour)
    return rehearsal.deployment


def reported(stage, deployment, verdict):
    """The reports of a deployment in their bucket; the JSON one is returned."""
    bucket, prefix = re.match(r"s3://([^/]+)/(.*)", stage.told["reports_url"]).groups()
    s3 = stage.client("s3")
    names = {each["Key"].removeprefix(f"{prefix}{deployment}/") for each in s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}{deployment}/").get("Contents", [])}
    expect(names & {"report.json", "junit.xml", "report.html"}, {"report.json", "junit.xml", "report.html"}, f"the reports of {deployment}: {names}")
    report = json.load(s3.get_object(Bucket=bucket, Key=f"{prefix}{deployment}/report.json")["Body"])
    expect(report["verdict"], verdict, "the report")
    return report


@contextlib.contextmanager
def mailbox(stage, topic):
    """What a topic tells its subscribers."""
    sqs, sns = stage.client("sqs"), stage.client("sns")
    queue = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    yield lambda: [each["Body"] for each in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])]
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


def record(gate, event):
    """What Lambda hands to the destination of a function that died."""
    return {
        "version": "1.0",
        "timestamp": "2026-11-23T12:00:00.000Z",
        "requestContext": {"requestId": "1", "functionArn": f"arn:aws:lambda:eu-central-1:123456789012:function:{gate}:$LATEST", "condition": "RetriesExhausted", "approximateInvokeCount": 1},
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"},
    }


def invoke(stage, name, rehearsal, event):
    """One invocation, as Lambda does it, of the function as it was applied."""
    applied = configuration(stage, name)
    keys = held.take(stage, applied["Role"], name)
    environment = settings(applied)
    if "SMOKE_TARGET" in environment:
        environment |= {"SMOKE_CONNECT_TO": "127.0.0.1", "SMOKE_CACERT": rehearsal.ready["ca_file"]}
        expect(environment["SMOKE_TARGET"].split(":")[0], "https" if rehearsal.tls else "http", "what the gate is told to speak")
    with runtime(applied, event) as (address, done), tempfile.TemporaryDirectory() as package:
        # The names of moto's load balancers lead to the rehearsal's.
        names = [each["DNSName"] for each in stage.client("elbv2").describe_load_balancers()["LoadBalancers"]]
        hosts, bootstrap = f"{package}/hosts", f"{package}/bootstrap"
        Path(hosts).write_text(f"{Path('/etc/hosts').read_text()}\n127.0.0.1 {' '.join(names)}\n")
        start = ["unshare", "--map-root-user", "--mount", "sh", "-c", f"mount --bind {hosts} /etc/hosts && exec {bootstrap}"]
        # As in the zip of `make deploy`.
        shutil.copy2(os.environ["BOOTSTRAP"], bootstrap)
        shutil.copytree(Path(os.environ["REPOSITORY"]) / "terraform" / "checks", f"{package}/checks")
        environment |= {
            "AWS_LAMBDA_RUNTIME_API": address,
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
        process = subprocess.Popen(start, cwd=package, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        answered = done.wait(applied["Timeout"])
        process.kill()
        log = process.communicate()[0].decode()
    if not answered:
        sys.exit(f"{name} did not answer:\n{log}")
    return log


def configuration(stage, name):
    """What Terraform applied of a function."""
    return stage.client("lambda").get_function_configuration(FunctionName=name)


def settings(applied):
    """The environment that Terraform gave to a function."""
    return applied.get("Environment", {}).get("Variables", {})


@contextlib.contextmanager
def runtime(applied, event):
    """Lambda's Runtime API for one event: its address, and when it was answered."""
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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
    # The function is killed while it waits for more; that is no news.
    server.handle_error = lambda *_: None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", done
    server.shutdown()
    server.server_close()
