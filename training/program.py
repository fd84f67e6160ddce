"""The program itself, for measuring: `lens see` and `lens serve` with a home of their own."""

import base64
import contextlib
import json
import os
import subprocess
import urllib.request
from pathlib import Path

import numpy as np

MODULES = ("tags", "attributes", "captions", "ocr")


def only(module: str) -> str:
    """A configuration in which the other modules are off."""
    return "".join(f"[{other}]\nenabled = false\n" for other in MODULES if other != module)


class Program:
    def __init__(self, lens: Path, home: Path, config: str = ""):
        self.lens, self.environment = lens.resolve(), {**os.environ, "LENS_HOME": str(home)}
        home.mkdir(parents=True, exist_ok=True)
        (home / "config.toml").write_text(config)

    def see(self, pictures: list[Path]) -> list[dict]:
        """The evidence record of each picture."""
        command = [self.lens, "--quiet", "--json", "--offline", "see", *pictures]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=self.environment).stdout
        return [json.loads(line) for line in output.splitlines()]

    @contextlib.contextmanager
    def server(self):
        """The address of `lens serve`, for as long as it is needed."""
        command = [self.lens, "--quiet", "--offline", "serve", "--bind", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.environment) as process:
            try:
                yield process.stdout.readline().strip()
            finally:
                process.terminate()


def embeddings(address: str, inputs: list[str]) -> np.ndarray:
    """A unit row for each text or `data:` URI of a picture (64 pictures and 256 texts at most)."""
    body = json.dumps({"input": inputs, "encoding_format": "base64"}).encode()
    request = urllib.request.Request(f"{address}/v1/embeddings", body, {"content-type": "application/json"})
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with straight.open(request) as answer:
        rows = json.load(answer)["data"]
    return np.stack([np.frombuffer(base64.b64decode(row["embedding"]), "<f4") for row in rows])
