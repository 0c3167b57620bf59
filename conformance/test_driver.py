"""Tests of the driver: what it counts as a failure, installs again and ends.

Run: python3 -m unittest discover --start-directory conformance
"""

import os
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from driver import processes, report, suite, tools


def result(status, reason=None, name="1-1", errors=()):
    return {"id": name, "status": status, "reason": reason, "errors": list(errors), "description": "a case"}


class OutcomeTest(unittest.TestCase):
    def test_a_case_that_passed_or_is_declared_with_a_reason_is_no_failure(self):
        outcome = suite.Outcome(
            "rust", "step", [result("PASSED"), result("NOT_IMPLEMENTED", "the SDK has no such thing")]
        )
        self.assertEqual(outcome.failures, [])
        self.assertEqual(outcome.counts, (1, 0, 1))
        self.assertFalse(outcome.failed)

    def test_every_other_status_is_a_failure(self):
        for other in (
            result("FAILED"),
            result("OPTIONAL_FAILED"),
            result("UNCOVERED"),
            result("NOT_IMPLEMENTED", ""),
        ):
            outcome = suite.Outcome("rust", "step", [result("PASSED"), other])
            self.assertEqual(outcome.failures, [other])
            self.assertTrue(outcome.failed)

    def test_a_suite_without_results_has_failed(self):
        self.assertTrue(suite.Outcome("rust", "step").failed)
        self.assertTrue(suite.Outcome("rust", "step", [result("PASSED")], problem="the server ended").failed)

    def test_the_report_names_each_failure_with_its_errors(self):
        outcomes = [
            suite.Outcome("python", "wait", [result("FAILED", name="2-3", errors=["expected 2, got 1"])]),
            suite.Outcome("python", "map", problem="no report"),
        ]
        text = "\n".join([*report.table(outcomes), *report.details(outcomes)])
        for expected in (
            "python 2-3 FAILED: a case",
            "expected 2, got 1",
            "python map did not run",
            "no report",
        ):
            self.assertIn(expected, text)
        self.assertRegex(text, r"python +all +0 +1 +0")


class InstallationTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.home = Path(directory.name, "home")

    def install(self, stamp, text="installed"):
        """Returns whether there was something to do."""
        with tools.Installation(self.home, stamp) as installation:
            if not installation.done:
                self.home.mkdir()
                (self.home / "file").write_text(text, encoding="utf-8")
            return not installation.done

    def test_it_stays_until_its_list_changes(self):
        self.assertTrue(self.install("one"))
        self.assertFalse(self.install("one"))
        self.assertTrue(self.install("two", "again"))
        self.assertEqual((self.home / "file").read_text(encoding="utf-8"), "again")

    def test_one_that_failed_is_made_again(self):
        with self.assertRaises(processes.Failed), tools.Installation(self.home, "one"):
            self.home.mkdir()
            raise processes.Failed("no network")
        self.assertTrue(self.install("one"))


class ProcessesTest(unittest.TestCase):
    def test_a_process_that_does_not_want_to_end_is_ended_with_its_children(self):
        script = (
            "import signal, subprocess, sys, time\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print(subprocess.Popen(['sleep', '600']).pid, flush=True)\n"
            "time.sleep(600)\n"
        )
        process = processes.start([sys.executable, "-c", script], stdout=processes.subprocess.PIPE, text=True)
        with process.stdout:
            child = int(process.stdout.readline())
        with mock.patch.object(processes, "END_SECONDS_MAX", 0.1):
            processes.end(process)
        self.assertLess(process.returncode, 0)
        self.assertTrue(ended(child))

    def test_a_command_that_fails_is_named_with_its_output(self):
        with self.assertRaisesRegex(processes.Failed, "(?s)exit 3.*ended with 3.*no such luck"):
            processes.must(["sh", "-c", "echo no such luck; exit 3"])


def ended(pid, seconds_max=30):
    """Whether a process is gone, or a zombie that nobody has waited for."""
    stat = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if stat.is_file() and stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


if __name__ == "__main__":
    unittest.main()
