"""This project's server, set up from the synthesized template with the bootstraps in processes of their own."""

import json
import os
import re
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

from seed_orders import order

INFRA = Path(__file__).resolve().parents[1]
ROOT = INFRA.parent
STACK = "LambdaDurableFunctionChainingCdkStack"
SERVER = Path(os.environ.get("DURABLE_ORDERS_SERVER", ROOT / "target/debug/durable-orders"))
PATIENCE_SECONDS = 60


class Server:
    """A server that was given the synthesized template."""

    def __init__(self, directory):
        out = Path(directory, "cdk.out")
        synth = ["node_modules/.bin/cdk", "synth", "--quiet", "--output", out]
        subprocess.run(synth, cwd=INFRA, check=True, capture_output=True)
        self.template = out / f"{STACK}.template.json"
        self.assets = sorted(out.glob("asset.*/bootstrap"))
        self.log = Path(directory, "server.log")
        command = [SERVER, "serve", "--listen", "127.0.0.1:0", "--data-dir", Path(directory, "data")]
        with self.log.open("wb") as log:
            arguments = ["--template", self.template]
            self.process = subprocess.Popen([*command, *arguments], stdout=log, stderr=log)
        self.address = self.wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+", self.log.read_text()))[0]
        self.wait_for(lambda: "ready in" in self.log.read_text())

    def close(self):
        self.process.terminate()
        self.process.wait()

    def wait_for(self, look):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(self.log.read_text())
            time.sleep(0.05)
        return found

    def call(self, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or b"null"), response.headers

    def dynamodb(self, operation, body):
        target = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        return self.call("/", body, **target)[0]

    def place(self, order_id, lines, function="ValidateOrder:live"):
        path = f"/2015-03-31/functions/{function}/invocations"
        _, headers = self.call(path, order(order_id, lines), **{"X-Amz-Invocation-Type": "Event"})
        return headers["X-Amz-Durable-Execution-Arn"]

    def outcome(self, arn):
        path = execution(arn)
        ended = self.wait_for(lambda: (it := self.call(path)[0])["Status"] != "RUNNING" and it)
        return json.loads(ended["Result"])

    def history(self, arn):
        return self.call(f"{execution(arn)}/history?MaxItems=1000")[0]["Events"]


def execution(arn):
    return f"/2025-12-01/durable-executions/{urllib.parse.quote(arn, safe='')}"
