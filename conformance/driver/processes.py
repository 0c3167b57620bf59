"""Every process that a run starts, so that none outlives it.

Each gets a session of its own: Ctrl-C reaches `run.py` alone, which then ends the others in order.
"""

import os
import signal
import subprocess
import threading
from contextlib import suppress

# A server lets running invocations end, for 10 seconds at most.
END_SECONDS_MAX = 20


class Stopped(Exception):
    """The run is being ended."""


class Failed(Exception):
    """A command has failed; the text says which and why."""


_lock = threading.Lock()
_running = set()
_stopping = threading.Event()


def start(command, **options):
    """Starts a process that `end` or `end_all` will end."""
    with _lock:
        if _stopping.is_set():
            raise Stopped
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )
        _running.add(process)
        return process


def run(command, log=None, **options):
    """Runs a command to its end and returns its exit code; its output goes to the file `log`."""
    if log is not None:
        options.update(stdout=log, stderr=subprocess.STDOUT)
    process = start(command, **options)
    try:
        return process.wait()
    finally:
        end(process)


def must(command, **options):
    """Runs a command that has to succeed; its output is shown only if it does not."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    try:
        output, _ = process.communicate()
    finally:
        end(process)
    if process.returncode != 0:
        text = " ".join(str(part) for part in command)
        raise Failed(f"`{text}` ended with {process.returncode}:\n{output}")
    return output


def end(process):
    """Asks a process to end, and makes sure that it and what it has started have."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS_MAX)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with _lock:
        _running.discard(process)


def end_all():
    """Ends every process, and lets no other start."""
    _stopping.set()
    with _lock:
        running = list(_running)
    for process in running:
        if process.poll() is None:
            process.terminate()
    for process in running:
        end(process)
