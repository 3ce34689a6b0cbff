"""The sample application: its Dockerfile to a linter, its check files to `smoke`,
against the application itself, run as its image runs it.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[1] / "examples" / "sample-app"
# What `make deploy` packs for releases without check files.
PACKED = SAMPLE.parents[1] / "checks"
SMOKE = os.environ["SMOKE"]


def run(*words, wanted=0, **more):
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode != wanted:
        sys.exit(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}")
    return done.stdout


def instruction(name):
    return re.findall(rf"^{name} (.+)$", (SAMPLE / "Dockerfile").read_text(), re.M)


def main():
    run("hadolint", SAMPLE / "Dockerfile")
    copied = {file for line in instruction("COPY") for file in line.split()[:-1]}
    assert all((SAMPLE / file).is_file() for file in copied), copied
    (command,) = instruction("CMD")
    words = eval(command)
    assert words[0] == "python" and set(words[1:]) <= copied, words
    assert instruction("EXPOSE") == ["8080"] and instruction("ARG") == ["VERSION=dev"]
    assert "APP_VERSION=$VERSION" in instruction("ENV")[0]

    run(SMOKE, "validate", SAMPLE / "smoke-tests")
    run(SMOKE, "validate", PACKED)
    # A version that has lost its catalogue passes its health check only; one
    # that breaks at its front page is found by any check.
    for checks, what, wrong, failed in (
        (SAMPLE / "smoke-tests", '"/catalogue"', '"/lost"', "the catalogue lists items with prices"),
        (PACKED, "answer(404", "answer(500", "the front page is no error of the server"),
    ):
        said = tried(words[1:], SAMPLE, checks, 0)
        assert "verdict: Succeeded" in said, said
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "app.py").write_text((SAMPLE / "app.py").read_text().replace(what, wrong))
            said = tried(words[1:], folder, checks, 1)
        assert failed in said and "verdict: Failed" in said, said
    print("the sample application: its Dockerfile has no finding; its check files and those of the package pass it, and fail a broken version")


def tried(words, folder, checks, wanted):
    """Check files against the application in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    application = subprocess.Popen([sys.executable, *words], cwd=folder, env={**os.environ, "PORT": str(port), "APP_VERSION": "0123abc"}, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        return run(SMOKE, "run", checks, "--target", f"http://127.0.0.1:{port}", wanted=wanted)
    finally:
        application.terminate()
        application.wait()


if __name__ == "__main__":
    main()
