"""Programs that judge files of deploy/: in CI a missing one fails, else the test is skipped with the reason."""

import os
import shutil
import subprocess

import pytest


def judged(*command: str, package: str) -> "subprocess.CompletedProcess[str]":
    """Run a program that stands in a Debian package."""
    if shutil.which(command[0]) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{command[0]} is missing; install {package}")
        pytest.skip(f"{command[0]} is missing; install {package}")
    return subprocess.run(command, capture_output=True, text=True, check=False)
