"""Runs the command of the first task, which answers the health check until the
pipeline has run: in a shell, with a web server in place of busybox's.
"""

import subprocess
import sys
import tempfile
import threading
import urllib.request
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import deployment

# What busybox's would be told.
HTTPD = """#!/bin/sh
echo "$@" > "$ASKED"
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """A line for each request would hide what matters."""


def task(stage):
    """The first task definition, as it was applied."""
    return stage.client("ecs").describe_task_definition(taskDefinition=deployment.service(stage)["taskDefinition"])["taskDefinition"]


def prove(stage, port, path):
    (container,) = task(stage)["containerDefinitions"]
    assert [each["containerPort"] for each in container["portMappings"]] == [port], container
    for group in stage.client("elbv2").describe_target_groups()["TargetGroups"]:
        assert group["HealthCheckPath"] == path, group
    with tempfile.TemporaryDirectory() as folder:
        root, asked, tool = (Path(folder) / name for name in ("srv", "asked", "httpd"))
        tool.write_text(HTTPD)
        tool.chmod(0o755)
        words = [str(root) if word == "/srv" else word for word in container["command"]]
        assert str(root) in words, container
        subprocess.run(words, check=True, env={"PATH": f"{folder}:/usr/bin:/bin", "ASKED": str(asked)})
        assert asked.read_text().split() == ["-f", "-p", str(port), "-h", str(root)], asked.read_text()
        server = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=10) as said:
            if said.status != 200 or said.url.endswith("/") != path.endswith("/"):
                sys.exit(f"the placeholder answers {said.status} at {said.url}")
        server.shutdown()
        server.server_close()
