"""The bootstraps that CDK would upload, run: python3 -m unittest discover infra/checks

They are the files of `cdk.out`, deployed from the synthesized template to a local server, in processes of their own, as
Lambda would run them. Needs what `build.py` builds, and `target/debug/durable-orders` or the server that
DURABLE_ORDERS_SERVER names.
"""

import json
import os
import re
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

INFRA = Path(__file__).resolve().parents[1]
ROOT = INFRA.parent
STACK = "LambdaDurableFunctionChainingCdkStack"
SERVER = Path(os.environ.get("DURABLE_ORDERS_SERVER", ROOT / "target/debug/durable-orders"))
# The C library of Amazon Linux 2023.
GLIBC = (2, 34)
# Unpacked, Lambda takes 250 MB; a cold start reads all of it.
BOOTSTRAP_BYTES_MAX = 25_000_000
PATIENCE_SECONDS = 60

PRODUCTS = [
    ("LAPTOP-001", "Gaming Laptop", "1299.99", "50", "WAREHOUSE-A"),
    ("MOUSE-001", "Wireless Mouse", "29.99", "200", "WAREHOUSE-A"),
    ("KEYBOARD-001", "Mechanical Keyboard", "149.99", "20", "WAREHOUSE-B"),
]
# The orders of AWS's pattern, and what becomes of them.
ORDERS = {
    "ORDER-001": ([("LAPTOP-001", 1), ("MOUSE-001", 2)], "completed"),
    "ORDER-002": ([("LAPTOP-001", 10)], "payment_declined"),
    "ORDER-003": ([("KEYBOARD-001", 60)], "inventory_unavailable"),
    "ORDER-004": ([], "rejected"),
}


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
        order = {
            "orderId": order_id,
            "customerId": "CUST-001",
            "items": [{"productId": product, "quantity": quantity} for product, quantity in lines],
            "shippingAddress": "123 Main St, Seattle, WA 98101",
            "billingAddress": "123 Main St, Seattle, WA 98101",
            "paymentMethod": {"type": "credit", "cardNumber": 4532123456789012, "cardBrand": "Visa"},
        }
        path = f"/2015-03-31/functions/{function}/invocations"
        _, headers = self.call(path, order, **{"X-Amz-Invocation-Type": "Event"})
        return headers["X-Amz-Durable-Execution-Arn"]

    def outcome(self, arn):
        path = f"/2025-12-01/durable-executions/{arn.replace('/', '%2F').replace('$', '%24')}"
        ended = self.wait_for(lambda: (it := self.call(path)[0])["Status"] != "RUNNING" and it)
        return json.loads(ended["Result"])


class TheBootstraps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.server = Server(directory.name)
        cls.addClassCleanup(cls.server.close)

    def test_ask_for_no_newer_c_library_than_lambda_has(self):
        self.assertEqual(len(self.server.assets), 4)
        for bootstrap in self.server.assets:
            versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", bootstrap.read_bytes())
            self.assertTrue(versions, bootstrap)
            self.assertLessEqual(max((int(major), int(minor)) for major, minor in versions), GLIBC, bootstrap)

    def test_are_small(self):
        for bootstrap in self.server.assets:
            self.assertLess(bootstrap.stat().st_size, BOOTSTRAP_BYTES_MAX, bootstrap)

    def test_process_the_orders_of_the_pattern(self):
        for product, name, price, stock, warehouse in PRODUCTS:
            item = {
                "productId": {"S": product},
                "name": {"S": name},
                "price": {"N": price},
                "stockLevel": {"N": stock},
                "warehouseLocation": {"S": warehouse},
            }
            self.server.dynamodb("PutItem", {"TableName": "ProductCatalog", "Item": item})
        arns = {order: self.server.place(order, lines) for order, (lines, _) in ORDERS.items()}
        for order, arn in arns.items():
            self.assertIn(":function:ValidateOrder:1/", arn, "the alias leads to the published version")
            self.assertEqual(self.server.outcome(arn)["status"], ORDERS[order][1], order)
        scan = self.server.dynamodb("Scan", {"TableName": "ProductCatalog"})
        stock = {item["productId"]["S"]: item["stockLevel"]["N"] for item in scan["Items"]}
        self.assertEqual(stock, {"LAPTOP-001": "49", "MOUSE-001": "198", "KEYBOARD-001": "20"})


if __name__ == "__main__":
    unittest.main()
