"""A server of our own with one template, for one suite."""

import os
import re
import time

from driver import processes, tools

# The first start of a busy machine may take a while.
START_SECONDS_MAX = 120
REGION = "us-east-1"
ADDRESS = re.compile(r"^\s*address\s+(http://\S+)$", re.MULTILINE)


class Server:
    """Runs from `__enter__` to `__exit__`; `url` is where it listens."""

    def __init__(self, program, template, stack, directory, path=None):
        self.command = [program, "serve", "--template", template, "--stack-name", stack]
        self.command += ["--data-dir", directory / "data", "--listen", "127.0.0.1:0"]
        self.log = directory / "server.log"
        self.environment = environment(path)

    def __enter__(self):
        with self.log.open("ab") as log:
            begun = log.tell()
            self.process = processes.start(self.command, stdout=log, stderr=log, env=self.environment)
        try:
            self.url = self.wait_for_address(begun)
        except BaseException:
            processes.end(self.process)
            raise
        return self

    def __exit__(self, *_):
        processes.end(self.process)

    def kill(self):
        """Ends it as a crash of the machine would."""
        self.process.kill()
        processes.end(self.process)

    def wait_for_address(self, begun):
        """What it says of its address behind this place of its log."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            ended = self.process.poll()
            said = self.log.read_bytes()[begun:].decode(errors="replace")
            if found := ADDRESS.search(said):
                return found[1]
            if ended is not None:
                raise processes.Failed(f"the server ended with {ended}:\n{said}")
            time.sleep(0.05)
        raise processes.Failed(f"the server has not said its address within {START_SECONDS_MAX} s")


def environment(path=None):
    """The environment without anybody's AWS settings; `path` comes first on the PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    if path is not None:
        kept["PATH"] = f"{path}{os.pathsep}{kept['PATH']}"
    return kept


def client_environment(url):
    """The environment of an AWS client that speaks to the server and to nobody else."""
    return {
        **environment(),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "conformance",
        "AWS_SECRET_ACCESS_KEY": "conformance",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def path_for(language):
    """Where the interpreter of a language's handlers is, if it is not the machine's own."""
    return tools.PYTHON / "bin" if language == "python" else None
