"""Checks that the prompts of the training are those of the program, byte for byte.

    python -m reader.same_prompt --lens target/release/lens PICTURE...
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import options

from .prompt import Evidence, Line, prompt

QUESTION = "What does it say?"


def ran(lens: Path, home: str, *arguments: str) -> str:
    environment = {**os.environ, "LENS_HOME": home}
    command = [str(lens), "--quiet", "--offline", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def seen(lens: Path, home: str, picture: Path) -> Evidence:
    record = json.loads(ran(lens, home, "--json", "see", str(picture)))
    texts = {kind: tuple(item["text"] for item in record[kind]) for kind in ("tags", "attributes", "captions")}
    lines = tuple(Line(line["text"].replace('"', "'"), line.get("ink")) for line in record["ocr"])
    return Evidence(**texts, lines=lines)


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--lens", type=Path, default=options.ROOT / "target/release/lens", help="the program")
    flags.add_argument("pictures", type=Path, nargs="+")
    args = options.parse(flags)
    with tempfile.TemporaryDirectory() as home:
        for picture in args.pictures:
            mine = prompt(seen(args.lens.resolve(), home, picture), QUESTION)
            shown = ran(args.lens.resolve(), home, "ask", "--show-prompt", str(picture), QUESTION)
            if shown.removesuffix("\n") != mine:
                sys.exit(f"{picture}:\n{shown}\nis not\n{mine}")
    print(f"{len(args.pictures)} prompts agree")


if __name__ == "__main__":
    main()
