"""A rehearsal as CodeDeploy, load balancer and application of what was applied.

The command `rehearsal serve` brings a TLS load balancer, the shop behind it,
and CodeDeploy's API with a deployment that waits for a verdict. It has names of
its own; `names` says what they are called here.
"""

import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from socketserver import StreamRequestHandler, ThreadingTCPServer
from pathlib import Path


class Rehearsal:
    """One stage; what it says of its deployment stands in `ready`."""

    def __init__(self, port, defect=None, tls=True):
        self.folder = tempfile.TemporaryDirectory()
        self.tls = tls
        # Its test listener speaks TLS only. Where the applied one does not, plain
        # HTTP goes to green itself.
        given, port = port, port if tls else 0
        file = Path(self.folder.name) / "ready.json"
        words = [os.environ["REHEARSAL"], "serve", "--test-port", str(port), "--ready-file", str(file), *(["--green-defect", defect] if defect else [])]
        self.told = Path(self.folder.name) / "told"
        self.process = subprocess.Popen(words, stdout=self.told.open("w"))
        while not file.exists():
            if self.process.poll() is not None:
                raise SystemExit(f"the rehearsal ended: {self.process.returncode}")
            time.sleep(0.05)
        self.file = file
        self.plain = None if tls else Plain(given, lambda: self.ready["green_url"])
        self.url = self.ready["codedeploy_url"]
        self.names = {}

    @property
    def ready(self):
        return json.loads(self.file.read_text())

    @property
    def deployment(self):
        return self.ready["event"]["DeploymentId"]

    def ask(self, operation, **given):
        """What CodeDeploy says here, under the rehearsal's own names."""
        scope = "Credential=A/20260101/eu-central-1/codedeploy/aws4_request, SignedHeaders=host, Signature=" + "0" * 64
        headers = {"x-amz-target": f"CodeDeploy_20141006.{operation}", "content-type": "application/x-amz-json-1.1", "authorization": f"AWS4-HMAC-SHA256 {scope}", "x-amz-date": "20260101T000000Z"}
        with urllib.request.urlopen(urllib.request.Request(self.url, json.dumps(given).encode(), headers), timeout=10) as said:
            return json.load(said)

    def stands_for(self, told, service_arn, colours):
        """Takes over the names of the applied stack; `colours` says which of
        its target groups is the rehearsal's blue, and which its green."""
        info = self.ask("GetDeployment", deploymentId=self.deployment)["deploymentInfo"]
        (target,) = self.ask("ListDeploymentTargets", deploymentId=self.deployment)["targetIds"]
        ecs = self.ask("GetDeploymentTarget", deploymentId=self.deployment, targetId=target)["deploymentTarget"]["ecsTarget"]
        pair = info["loadBalancerInfo"]["targetGroupPairInfoList"][0]
        self.names = {
            info["applicationName"]: told["codedeploy_application_name"],
            info["deploymentGroupName"]: told["deployment_group_name"],
            ecs["targetArn"]: service_arn,
            pair["prodTrafficRoute"]["listenerArns"][0]: told["production_listener_arn"],
            pair["testTrafficRoute"]["listenerArns"][0]: told["test_listener_arn"],
            **{group["name"]: told["target_groups"][colours[group["name"].rsplit("-", 1)[-1]]]["name"] for group in pair["targetGroups"]},
            target: f"{told['cluster_name']}:{told['service_name']}",
        }

    def verdicts(self):
        """What CodeDeploy was told, by deployment."""
        return {found[2]: found[1] for found in re.finditer(r"^verdict (\w+) for (\S+)$", self.told.read_text(), re.M)}

    def stop(self):
        if self.plain:
            self.plain.shutdown()
            self.plain.server_close()
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Plain(ThreadingTCPServer):
    """Hands connections at a port on to whatever a URL names."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, url):
        class HandOn(StreamRequestHandler):
            def handle(self):
                there = re.search(r":(\d+)$", url())
                with socket.create_connection(("127.0.0.1", int(there[1]))) as behind:
                    threading.Thread(target=copy, args=(self.connection, behind), daemon=True).start()
                    copy(behind, self.connection)

        super().__init__(("127.0.0.1", port), HandOn)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def copy(from_there, to_here):
    """Until one of them is closed."""
    try:
        while data := from_there.recv(65536):
            to_here.sendall(data)
        to_here.shutdown(socket.SHUT_WR)
    except OSError:
        pass
