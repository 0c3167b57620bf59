"""The bootstraps without this project's server: python3 -m unittest discover infra/checks

They process the orders of the pattern against AWS's own emulator of durable functions; `emulator.py` says how. Needs what
`build.py` builds, and the programs of `requirements/emulator.txt`.
"""

import collections
import tempfile
import unittest

from emulator import Emulator
from seed_orders import ORDERS, STOCK_AFTERWARDS, catalog_items, order
from server import Server

STEPS = ["validate-order", "authorize-payment", "allocate-inventory", "fulfill-order"]
# What each order gets to; an order without goods gives its payment back.
STEPS_OF = {
    "ORDER-001": STEPS,
    "ORDER-002": STEPS[:2],
    "ORDER-003": [*STEPS[:3], "void-payment"],
    "ORDER-004": STEPS[:1],
}


# What two histories of one order have in common; the rest is times, names of functions and what was chosen by the caller.
SAID_OF_STEPS = ["EventId", "EventType", "SubType", "Id", "Name"]


class TheEmulatorOfAws(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.emulator = Emulator(directory.name)
        cls.addClassCleanup(cls.emulator.close)

    def setUp(self):
        self.create_table("ProductCatalog")
        for item in catalog_items():
            self.emulator.dynamodb("PutItem", {"TableName": "ProductCatalog", "Item": item})

    def create_table(self, name):
        self.emulator.create_table(name)
        self.addCleanup(self.emulator.dynamodb, "DeleteTable", {"TableName": name})

    def start(self, name):
        return self.emulator.start_execution(name, order(name, ORDERS[name][0]))

    def stock(self):
        scan = self.emulator.dynamodb("Scan", {"TableName": "ProductCatalog"})
        return {item["productId"]["S"]: item["stockLevel"]["N"] for item in scan["Items"]}

    def steps(self, arn, event_type):
        return [event["Name"] for event in self.emulator.history(arn) if event["EventType"] == event_type]

    def test_takes_the_orders_of_the_pattern_to_their_ends(self):
        self.create_table("InventoryReservations")
        arns = {name: self.start(name) for name in ORDERS}
        for name, arn in arns.items():
            with self.subTest(name):
                self.assertEqual(self.emulator.outcome(arn)["status"], ORDERS[name][1])
                self.assertEqual(self.steps(arn, "StepStarted"), STEPS_OF[name])
                self.assertEqual(self.steps(arn, "StepSucceeded"), STEPS_OF[name])
        self.assertEqual(self.stock(), STOCK_AFTERWARDS)

    def test_suspends_a_step_that_fails_and_takes_its_stock_once(self):
        arn = self.start("ORDER-001")
        self.emulator.wait_for(lambda: self.steps(arn, "StepFailed"))
        self.create_table("InventoryReservations")
        self.assertEqual(self.emulator.outcome(arn)["status"], "completed")
        self.assertEqual(self.steps(arn, "StepSucceeded"), STEPS)
        self.assertEqual(set(self.steps(arn, "StepFailed")), {"allocate-inventory"})
        events = collections.Counter(event["EventType"] for event in self.emulator.history(arn))
        self.assertGreater(events["InvocationCompleted"], 1, "the function was left and invoked again")
        self.assertEqual(self.stock(), {**STOCK_AFTERWARDS, "KEYBOARD-001": "20"})

    def test_writes_the_history_that_this_server_writes(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        server = Server(directory.name)
        self.addCleanup(server.close)
        self.create_table("InventoryReservations")
        for item in catalog_items():
            server.dynamodb("PutItem", {"TableName": "ProductCatalog", "Item": item})
        for name, (lines, _) in ORDERS.items():
            with self.subTest(name):
                theirs, ours = self.start(name), server.place(name, lines)
                self.assertEqual(self.emulator.outcome(theirs)["status"], server.outcome(ours)["status"])
                self.assertEqual(*map(outline, (self.emulator.history(theirs), server.history(ours))))


def outline(events):
    """An execution's own events have the id and the name that its caller or the server gave it."""
    return [
        [event.get(member) for member in (SAID_OF_STEPS if "SubType" in event else SAID_OF_STEPS[:2])]
        for event in events
    ]


if __name__ == "__main__":
    unittest.main()
