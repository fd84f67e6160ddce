"""LENS and its peers side by side: random weights, published sizes, alternating runs, one table.

    cargo build --release -p lens-nn --example bench
    cargo build --release --manifest-path reference/candle_peer/Cargo.toml
    python -m reference.bench prepare            # checkpoints of 9 GB and their packed layers below target/bench
    python -m reference.bench prepare clip-8     # or what some rows need, here 2 GB
    python -m reference.bench run clip-1 t5      # measures rows, each into target/bench/results/ROW.json
    python -m reference.bench start clip bf16    # loading: the first start and the second
    python -m reference.bench first-tag bf16     # from the start of the process to the first tag, five times
    python -m reference.bench table              # prints what was measured so far

Every contender is a process of its own. Each round runs each of them once, so that all meet the same noise. The table gives
medians, the spread (least to greatest), the greatest resident memory and the ratios of medians.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
CANDLE = Path(os.environ.get("CANDLE_TARGET_DIR", "reference/candle_peer/target")) / "release/candle-peer"
CHECKPOINTS = {"clip": ["clip-large"], "text": ["clip-large"], "tags": ["clip-large"], "blip": ["blip-large"], "t5": ["flan-t5-base"],
               "vision": ["ViT-H-14", "blip-large"]}
LENS = {kind: ("lens", kind) for kind in ("f32", "bf16", "int8")}
TORCH = [("torch", "f32"), ("torch", "bf16")]
TOWER_PEERS = [("onnx", "f32"), ("onnx", "int8"), ("candle", "f32")]
ROWS = {
    # name: (what it is, work, batch, contenders)
    "clip-1": ("CLIP ViT-L/14, 1 picture", "clip", 1, [*LENS.values(), *TORCH, *TOWER_PEERS]),
    "clip-8": ("CLIP ViT-L/14, 8 pictures", "clip", 8, [*LENS.values(), *TORCH, *TOWER_PEERS]),
    "blip": ("BLIP-large, beam-5 caption and 10 samples of 30 tokens", "blip", 1, [*LENS.values(), *TORCH]),
    "t5": ("Flan-T5-base, 400 tokens in, 10 out, beam 5", "t5", 1, [*LENS.values(), *TORCH]),
    "vision": ("Vision stage: ViT-H/14, two vocabularies, BLIP-large", "vision", 1, [LENS["bf16"], LENS["int8"], *TORCH]),
    "text": ("CLIP ViT-L/14, 128 tags", "text", 128, [*LENS.values(), *TORCH]),
    "tags": ("CLIP ViT-L/14, 22,131 tags", "text", 22131, [LENS["bf16"], TORCH[1]]),
}
# PyTorch takes the tags 128 at a time, each padded to 77 tokens: a part is timed, and the whole reckoned from it.
PARTS = {("tags", "torch"): 1024}
# A first round warms up; of thousands of texts it takes no more than this.
WARM_UP = 128


class Contender:
    """A process that loads its models, prints `ready SECONDS`, and answers a batch with the seconds it took."""

    def __init__(self, command: list, threads: int):
        environment = os.environ | {"RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        start = time.perf_counter()
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)
        answer = self.process.stdout.readline().split()
        assert answer[:1] == ["ready"], f"{command} did not start"
        self.started = time.perf_counter() - start
        self.loaded = float(answer[1])

    def seconds(self, batch: int) -> float:
        self.process.stdin.write(f"{batch}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def peak_bytes(self) -> int:
        """The greatest resident memory so far, pages of mapped files included."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def command(folder: Path, work: str, kind: tuple[str, str], threads: int) -> list:
    program, precision = kind
    if program == "lens":
        models = [folder / name for name in CHECKPOINTS[work]]
        return [TARGET / "release/examples/bench", work, precision, threads, folder / "packed" / precision, *models]
    if program == "candle":
        return [CANDLE, folder / "clip-large/model.safetensors"]
    if program == "onnx":
        return [sys.executable, "-m", "reference.onnx_peer", folder, precision, threads]
    return [sys.executable, "-m", "reference.torch_peer", work, folder, precision, threads]


def measure(options: argparse.Namespace, row: str) -> dict:
    about, work, batch, kinds = ROWS[row]
    kinds = [kind for kind in kinds if kind[0] in options.programs.split(",")]
    with ExitStack() as stack:
        started = {}
        for kind in kinds:
            process = Contender(command(options.folder, work, kind, options.threads), options.threads)
            started[" ".join(kind)] = stack.enter_context(process)
        times = {name: [] for name in started}
        for round_ in range(options.rounds + 1):
            for name, contender in started.items():
                part = min(batch, PARTS.get((row, name.split()[0]), batch))
                seconds = contender.seconds(part if round_ else min(part, WARM_UP))
                if round_:
                    times[name].append(seconds * batch / part)
        found = {
            name: {"seconds": times[name], "peak_bytes": contender.peak_bytes(), "loaded": contender.loaded,
                   "started": contender.started}
            for name, contender in started.items()
        }
    return {"about": about, "threads": options.threads, "date": time.strftime("%Y-%m-%d"), "contenders": found}


def first_start(options: argparse.Namespace, work: str, precision: str) -> dict:
    """Loading without packed layers, and with those that the first start left; one run of the work each."""
    folder = options.folder
    packed = folder / "packed" / "first"
    shutil.rmtree(packed, ignore_errors=True)
    found = {}
    for name in ("first start", "second start"):
        given = command(folder, work, ("lens", precision), options.threads)
        given[4] = packed
        with Contender(given, options.threads) as contender:
            contender.seconds(1)
            found[f"lens {precision}, {name}"] = {"seconds": [contender.loaded], "peak_bytes": contender.peak_bytes()}
    shutil.rmtree(packed)
    for kind in TORCH:
        with Contender(command(folder, work, kind, options.threads), options.threads) as contender:
            contender.seconds(1)
            found[" ".join(kind)] = {"seconds": [contender.loaded], "peak_bytes": contender.peak_bytes()}
    return {"about": f"Loading of {' and '.join(CHECKPOINTS[work])}", "threads": options.threads,
            "date": time.strftime("%Y-%m-%d"), "contenders": found}


def first_tag(options: argparse.Namespace, precision: str) -> dict:
    """From the start of the process to the five best of 22,131 tags for a picture, layers packed and in the page cache."""
    given = command(options.folder, "tags", ("lens", precision), options.threads)
    times, peak = [], 0
    for round_ in range(options.rounds + 1):
        start = time.perf_counter()
        with Contender(given, options.threads) as contender:
            contender.seconds(1)
            seconds, peak = time.perf_counter() - start, contender.peak_bytes()
        if round_:  # the first reads the files, and packs what is not packed yet
            times.append(seconds)
    return {"about": "Start of the process to the first tag, packed CLIP ViT-L/14", "threads": options.threads,
            "date": time.strftime("%Y-%m-%d"), "contenders": {f"lens {precision}": {"seconds": times, "peak_bytes": peak}}}


def print_row(found: dict) -> None:
    middle = {name: statistics.median(one["seconds"]) for name, one in found["contenders"].items()}
    for name, one in found["contenders"].items():
        peers = [peer for peer in middle if not peer.startswith("lens")] if name.startswith("lens") else []
        ratios = ", ".join(f"{middle[peer] / middle[name]:.2f}x {peer}" for peer in peers)
        spread = f"{min(one['seconds']):.3f} to {max(one['seconds']):.3f}"
        print(f"| {found['about']} | {name} | {middle[name]:.3f} | {spread} | {one['peak_bytes'] / 1e9:.2f} | {ratios} |")


def save(options: argparse.Namespace, name: str, found: dict) -> None:
    results = options.folder / "results"
    results.mkdir(exist_ok=True)
    (results / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    print_row(found)


def prepare(folder: Path, rows: list[str]) -> None:
    """What the rows need: checkpoints, the ONNX files, packed layers."""
    from .bench_models import prepare as write
    from .onnx_peer import export

    folder.mkdir(parents=True, exist_ok=True)
    needs = [(work, kind) for _, work, _, kinds in (ROWS[row] for row in rows) for kind in kinds]
    for name in sorted({name for work, _ in needs for name in CHECKPOINTS[work]}):
        print(name, flush=True)
        write(folder, name)
    if any(program == "onnx" for _, (program, _) in needs):
        export(folder)
    for work, precision in sorted({(work, precision) for work, (program, precision) in needs if program == "lens"}):
        with Contender(command(folder, work, ("lens", precision), 0), 0):
            print(f"packed for {work} in {precision}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["prepare", "run", "start", "first-tag", "table"])
    parser.add_argument("rows", nargs="*", help=f"of prepare and run: {', '.join(ROWS)}; of start: WORK PRECISION; of first-tag: PRECISION")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--programs", default="lens,torch,onnx,candle", help="which contenders")
    parser.add_argument("--folder", type=Path, default=TARGET / "bench")
    options = parser.parse_args()
    if options.command == "prepare":
        prepare(options.folder, options.rows or list(ROWS))
    elif options.command == "run":
        for row in options.rows or ROWS:
            save(options, row, measure(options, row))
    elif options.command == "start":
        work, precision = options.rows
        save(options, f"start-{work}-{precision}", first_start(options, work, precision))
    elif options.command == "first-tag":
        (precision,) = options.rows
        save(options, f"first-tag-{precision}", first_tag(options, precision))
    else:
        print("| work | contender | median s | spread s | peak GB | faster than |\n|---|---|---:|---:|---:|---|")
        for file in sorted((options.folder / "results").glob("*.json")):
            print_row(json.loads(file.read_text()))


if __name__ == "__main__":
    main()
