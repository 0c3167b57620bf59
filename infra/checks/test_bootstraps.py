"""The bootstraps that CDK would upload, run: python3 -m unittest discover infra/checks

They are the files of `cdk.out`, deployed from the synthesized template to a local server, in processes of their own, as
Lambda would run them. Needs what `build.py` builds, and `target/debug/durable-orders` or the server that
DURABLE_ORDERS_SERVER names.
"""

import re
import tempfile
import unittest

from seed_orders import ORDERS, STOCK_AFTERWARDS, catalog_items
from server import Server

# The C library of Amazon Linux 2023.
GLIBC = (2, 34)
# A cold start fetches and reads all of it. Lambda takes 250 MB.
BOOTSTRAP_BYTES_MAX = 12_000_000


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
        for item in catalog_items():
            self.server.dynamodb("PutItem", {"TableName": "ProductCatalog", "Item": item})
        arns = {name: self.server.place(name, lines) for name, (lines, _) in ORDERS.items()}
        for name, arn in arns.items():
            self.assertIn(":function:ValidateOrder:1/", arn, "the alias leads to the published version")
            self.assertEqual(self.server.outcome(arn)["status"], ORDERS[name][1], name)
        scan = self.server.dynamodb("Scan", {"TableName": "ProductCatalog"})
        stock = {item["productId"]["S"]: item["stockLevel"]["N"] for item in scan["Items"]}
        self.assertEqual(stock, STOCK_AFTERWARDS)


if __name__ == "__main__":
    unittest.main()
