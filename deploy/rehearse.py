"""Follow the Dockerfile without Docker: each of its commands, in a fresh Debian in a folder.

    python deploy/rehearse.py FOLDER [--mount PATH ...]

Needs root and debootstrap. What the image would hold is in FOLDER afterwards, and the last line
printed starts the demo there. --mount makes a path of this machine seen at the same place inside,
such as a folder of packages that pip is told to use.
"""

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
BORROWED = ("/proc", "/dev")  # of this machine, as Docker does
# How this machine reaches the outside.
NETWORK = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")


def instructions(text: str) -> list[tuple[str, str]]:
    """The Dockerfile's instructions and their arguments."""
    whole = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", text))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in whole.splitlines())]


class Image:
    """A root file system that takes instructions."""

    def __init__(self, folder: Path, mounts: Sequence[str]) -> None:
        self.folder, self.mounts = folder, mounts
        self.user, self.workdir = "root", "/"
        self.variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.last = ""

    def follow(self, word: str, rest: str) -> None:
        """One instruction. What only tells Docker something is passed over."""
        if word == "FROM":
            suite = re.fullmatch(r"debian:(\w+)-slim", rest)
            assert suite, "only Debian can be made here"
            call("debootstrap", "--variant=minbase", suite[1], str(self.folder))
        elif word == "RUN":
            for path in filter(Path.exists, map(Path, NETWORK)):
                inside = self.folder / path.relative_to("/")
                inside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, inside)
            call(*self.command(rest))
        elif word == "USER":
            self.user = rest
        elif word == "WORKDIR":
            self.workdir = rest
        elif word in ("ENV", "ARG"):
            pairs = (part.partition("=") for part in shlex.split(rest))
            known = self.variables
            known |= {
                name: re.sub(r"\$(\w+)", lambda found: known[found[1]], value)
                for name, _, value in pairs
            }
        elif word == "COPY":
            self.copy(*rest.split()[:-1])
        elif word == "CMD":
            self.last = rest

    def command(self, text: str) -> list[str]:
        """What runs a line of shell inside. The mounts are its own and end with it."""
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        inside = [
            *("chroot", f"--userspec={self.user}", str(self.folder), "/usr/bin/env", "-i"),
            *("HOME=/tmp", *variables),
            *("sh", "-ec", f"cd {self.workdir} && {text}"),
        ]
        places = [(path, str(self.folder / path.lstrip("/"))) for path in self.mounts]
        mounts = [shlex.join(["mount", "--rbind", *place]) for place in places]
        lines = [*mounts, f"exec {shlex.join(inside)}"]
        return ["unshare", "--mount", "sh", "-ec", "; ".join(lines)]

    def copy(self, *words: str) -> None:
        """Files under version control, but those that .dockerignore leaves out.

        The words say which; an option among them may say whose they will be.
        """
        owner = [word for word in words if word.startswith("--chown=")]
        sources = [word for word in words if word not in owner]
        ignored = (ROOT / ".dockerignore").read_text().split()
        files = subprocess.check_output(["git", "ls-files", *sources], cwd=ROOT, text=True)
        target = self.folder / self.workdir.lstrip("/")
        for name in files.splitlines():
            if not any(fnmatch(name, each) or name.startswith(f"{each}/") for each in ignored):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target / name)
        for option in owner:
            whose = option.removeprefix("--chown=")
            call("chroot", str(self.folder), "chown", "-R", whose, self.workdir)


def call(*command: str) -> None:
    print("+", shlex.join(command), flush=True)
    subprocess.run(command, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a new folder, of 3 GB in the end")
    parser.add_argument("--mount", action="append", default=[], help="a path seen inside, too")
    args = parser.parse_args()
    folder = args.folder.absolute()
    image = Image(folder, [*BORROWED, *args.mount])
    first, *others = instructions((ROOT / "Dockerfile").read_text())
    try:
        image.follow(*first)
        for path in image.mounts:
            (folder / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for word, rest in others:
            image.follow(word, rest)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        print(f"The rehearsal ended: {error}", file=sys.stderr)
        return 1
    start = image.command(f"exec {shlex.join(json.loads(image.last))}")
    print(f"All of it worked. To start the demo:\n{shlex.join(start)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
