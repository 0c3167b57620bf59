"""Runs AWS's validator on a server that has the template already.

Only the class that builds and deploys with the SAM CLI is replaced: `serve --template` has done both. Everything else
is the suite as AWS publishes it. Runs in the suite's own Python, with its arguments.
"""

import sys
import time

import boto3
from aws_durable_execution_conformance_tests import app
from aws_durable_execution_conformance_tests.sam import SamCliError
from botocore.exceptions import BotoCoreError, ClientError

DEPLOYED_SECONDS_MAX = 60


class LocalDeployer:
    """Has the interface of the suite's `Deployer`."""

    def __init__(self, template_path, build_dir=None, region=None):
        self.region = region

    def build(self):
        """Nothing to do: handlers are built before the server starts."""

    def deploy(self, stack_name, **_parameters):
        """Waits until the server has the stack."""
        client = boto3.client("cloudformation", region_name=self.region)
        deadline = time.monotonic() + DEPLOYED_SECONDS_MAX
        while True:
            try:
                client.describe_stacks(StackName=stack_name)
                return
            except (BotoCoreError, ClientError) as error:
                if time.monotonic() > deadline:
                    raise SamCliError("describe-stacks", 1, str(error)) from error
            time.sleep(0.2)


if __name__ == "__main__":
    app.Deployer = LocalDeployer
    app.run(sys.argv[1:])
