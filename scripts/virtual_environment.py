"""Runs a script inside a virtual environment of its own, made on first use."""

import os
import subprocess
import sys
from pathlib import Path


def enter_environment(script: str, folder: Path, requirements: list) -> None:
    """Returns inside the environment; outside of it runs the script again there, with the same arguments, and exits."""
    if "LEPTON_IN_VENV" in os.environ:
        return
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    ready = folder / "lepton-ready"
    if not ready.exists() or ready.read_text() != "\n".join(requirements):
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *requirements], check=True)
        ready.write_text("\n".join(requirements))
    arguments = [str(python), script, *sys.argv[1:]]
    sys.exit(subprocess.run(arguments, env={**os.environ, "LEPTON_IN_VENV": "1"}).returncode)
