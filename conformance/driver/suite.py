"""Runs one suite in one language: a server with fresh data, then the validator against it."""

import json
import shutil
import time
from dataclasses import dataclass, field

from driver import processes, tools
from driver.server import REGION, Server, client_environment, path_for

LANGUAGES = ("rust", "python", "typescript")
SUITES = (
    "step",
    "wait",
    "child",
    "callback",
    "invoke",
    "wait_for_condition",
    "wait_for_callback",
    "parallel",
    "map",
    "plugin",
)
# Cases of our own, beside AWS's; not in Rust, whose SDK the tests of the server use all the time.
BEYOND = "beyond"
BEYOND_LANGUAGES = ("python", "typescript")

# Cases of one suite at a time. Most of a case is waiting.
WORKERS = 8
RUNS = tools.TARGET / "conformance" / "runs"
# What a client of a suite prints.
LOG = "validator.log"
# The validator puts this before the name that it is given.
STACK = "conformance-tests-"


@dataclass
class Outcome:
    """What became of a suite."""

    language: str
    suite: str
    results: list = field(default_factory=list)
    seconds: float = 0
    # Why there are no results.
    problem: str | None = None

    def with_status(self, *statuses):
        return [result for result in self.results if result["status"] in statuses]

    @property
    def directory(self):
        return RUNS / f"{self.language}-{self.suite}"

    @property
    def failures(self):
        """Every case has to pass or to be declared, with a reason."""
        declared = [r for r in self.with_status("NOT_IMPLEMENTED") if r["reason"]]
        passed = self.with_status("PASSED")
        return [result for result in self.results if result not in passed and result not in declared]

    @property
    def counts(self):
        """Cases that have passed, have failed and are not implemented."""
        return (
            len(self.with_status("PASSED")),
            len(self.failures),
            len(self.with_status("NOT_IMPLEMENTED")),
        )

    @property
    def failed(self):
        return bool(self.problem or self.failures or not self.results)


def run(program, language, suite, keep):
    """Runs a suite and returns its outcome. Data of a run without failures is removed unless it is to be kept."""
    outcome = Outcome(language, suite)
    begun = time.monotonic()
    directory = outcome.directory
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        if suite == BEYOND:
            outcome.results = go_beyond(program, language, directory)
        else:
            outcome.results = validate(program, language, suite, directory)
    except (processes.Failed, OSError, ValueError) as error:
        outcome.problem = str(error)
    outcome.seconds = time.monotonic() - begun
    if not keep and not outcome.failed:
        shutil.rmtree(directory / "data", ignore_errors=True)
    return outcome


def validate(program, language, suite, directory):
    """The validator's results, for a suite of AWS's."""
    stack = f"{STACK}{suite.replace('_', '-')}"
    template = tools.HERE / language / "templates" / f"{suite}.yaml"
    with Server(program, template, stack, directory, path_for(language)) as server:
        return client(server, directory, "report", *validator(template, language, suite, directory, stack))


def go_beyond(program, language, directory):
    """The results of our own cases. For the last two, the server ends in one way and another, and is started again."""
    stack = f"{STACK}{BEYOND}"
    beyond = tools.HERE / BEYOND
    template = beyond / "templates" / f"{language}.yaml"
    server = Server(program, template, stack, directory, path_for(language))
    restart = (beyond / "restart.py", "--stack", stack, "--state", directory / "restart.json", "--how")
    with server:
        results = client(server, directory, "report", beyond / "main.py", "--stack", stack)
        call(server, directory, *restart, "killed", "begin")
        server.kill()
    with server:
        results += client(server, directory, "killed-report", *restart, "killed", "finish")
        call(server, directory, *restart, "stopped", "begin")
    with server:
        return results + client(server, directory, "stopped-report", *restart, "stopped", "finish")


def client(server, directory, name, *command):
    """Runs a Python program against the server and returns the results in its report."""
    report = directory / f"{name}.json"
    call(server, directory, *command, "--report-file", report.with_suffix(""))
    if not report.is_file():
        log = (directory / LOG).read_text(encoding="utf-8", errors="replace")
        raise processes.Failed(f"no {report.name}:\n{log}")
    return json.loads(report.read_text(encoding="utf-8"))["results"]


def call(server, directory, *command):
    with (directory / LOG).open("ab") as log:
        processes.run(
            [tools.VALIDATOR / "bin" / "python", *command],
            log=log,
            cwd=directory,
            env=client_environment(server.url),
        )


def validator(template, language, suite, directory, stack):
    """The validator's command line."""
    command = [tools.HERE / "driver" / "validator.py", "--template", template, "--suite", suite]
    command += ["--language", language, "--region", REGION, "--max-workers", WORKERS, "--no-cleanup"]
    command += ["--name", stack.removeprefix(STACK), "--history-dir", directory / "histories"]
    return command + ["--report", "json", "console", "--fail-on", "failed+uncovered"]
