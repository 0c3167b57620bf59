"""Measures how the bootstraps start: python3 infra/checks/cold_start.py [--runs 200]

The time from starting a process to its first request for an invocation, over a socket of this machine, beside the time to run
`true` from start to end, in turns. On Lambda the machine, the network and the code's way there come on top; the ratio tells
what is the program's. Needs what `build.py` builds.
"""

import argparse
import os
import socket
import statistics
import subprocess
import time
from pathlib import Path

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"
FUNCTIONS = ["validate_order", "authorize_payment", "allocate_inventory", "fulfill_order"]
REFERENCE = "true"
NEXT = b"GET /2018-06-01/runtime/invocation/next "
# The first runs fill the system's cache of files.
WARM_UP_RUNS = 5
# A request's head is far smaller.
HEAD_BYTES_MAX = 16_384
PATIENCE_SECONDS = 30
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "function",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
    "AWS_LAMBDA_LOG_STREAM_NAME": "local",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", choices=["x86_64", "arm64"], default="x86_64")
    parser.add_argument("--runs", type=int, default=200)
    arguments = parser.parse_args()
    bootstraps = {name: ARTIFACTS / arguments.architecture / name / "bootstrap" for name in FUNCTIONS}
    times = measure(bootstraps, arguments.runs)
    print("| | MB | p50 ms | p99 ms | p50 to `true` |\n|---|---:|---:|---:|---:|")
    reference = statistics.median(times[REFERENCE])
    for name, bootstrap in bootstraps.items():
        print(row(f"`{name}`", f"{bootstrap.stat().st_size / 1_000_000:.1f}", times[name], reference))
    print(row(f"`{REFERENCE}`, start to end", "", times[REFERENCE], reference))


def measure(bootstraps, runs):
    """Seconds by name, in turns, so that a busy moment is everybody's."""
    times = {name: [] for name in [*bootstraps, REFERENCE]}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        api = f"127.0.0.1:{listener.getsockname()[1]}"
        for run in range(-WARM_UP_RUNS, runs):
            for name, bootstrap in bootstraps.items():
                seconds = until_next(bootstrap, listener, {**ENVIRONMENT, "AWS_LAMBDA_RUNTIME_API": api})
                times[name].extend([seconds] if run >= 0 else [])
            seconds = until_end([REFERENCE])
            times[REFERENCE].extend([seconds] if run >= 0 else [])
    return times


def until_next(bootstrap, listener, environment):
    begun = time.perf_counter()
    process = subprocess.Popen([bootstrap], env=environment, stdout=subprocess.DEVNULL)
    try:
        connection, _ = listener.accept()
        with connection:
            head = read_head(connection)
            seconds = time.perf_counter() - begun
            # Before the connection: it would complain of its end.
            process.kill()
    finally:
        process.kill()
        process.wait()
    if not head.startswith(NEXT):
        raise SystemExit(f"error: {bootstrap} asked for {head[:200]!r}")
    return seconds


def read_head(connection):
    connection.settimeout(PATIENCE_SECONDS)
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES_MAX:
        received = connection.recv(HEAD_BYTES_MAX)
        if not received:
            break
        head += received
    return head


def until_end(command):
    begun = time.perf_counter()
    subprocess.run(command, check=True, env={"PATH": os.environ["PATH"]})
    return time.perf_counter() - begun


def row(name, megabytes, seconds, reference):
    p50 = statistics.median(seconds)
    p99 = statistics.quantiles(seconds, n=100)[98]
    return f"| {name} | {megabytes} | {p50 * 1000:.1f} | {p99 * 1000:.1f} | {p50 / reference:.1f} |"


if __name__ == "__main__":
    main()
