"""LENS and its peers side by side: random weights, real shapes, alternating runs, one table.

    python -m reference.bench [--works clip,blip,t5,text] [--rounds 5] [--threads 2] [--peers torch,onnx]

Every round runs each contender once, so all of them meet the same noise. The table gives medians, the spread (least to
greatest) and the ratio of medians. Build first: cargo build --release -p lens-nn --example bench
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    CLIPConfig,
    CLIPModel,
    T5Config,
    T5ForConditionalGeneration,
)

BINARY = Path("target/release/examples/bench")


def clip_large():
    text = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, hidden_act="quick_gelu")
    vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, patch_size=14,
                  hidden_act="quick_gelu")
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=768))


def blip_large():
    text = dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, vocab_size=30524,
                encoder_hidden_size=1024)
    vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, image_size=384,
                  patch_size=16)
    return BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision))


def flan_t5_base():
    return T5ForConditionalGeneration(T5Config(
        vocab_size=32128, d_model=768, d_kv=64, d_ff=2048, num_layers=12, num_heads=12, feed_forward_proj="gated-gelu",
        tie_word_embeddings=False, decoder_start_token_id=0))


def image_work(model, dtype, batch):
    pixels = torch.randn(batch, 3, 224, 224, dtype=dtype)
    return lambda: model.get_image_features(pixels)


def text_work(model, dtype, batch):
    """Tags padded to the context, as open_clip's tokenizer does."""
    ids = torch.full((batch, 77), 49407)
    ids[:, 0] = 49406
    ids[:, 1:7] = torch.randint(1, 49000, (batch, 6))
    return lambda: model.get_text_features(ids)


def caption_work(model, dtype, batch):
    pixels = torch.randn(batch, 3, 384, 384, dtype=dtype)
    fixed = dict(pixel_values=pixels, max_length=30, min_length=30)
    prompt = torch.tensor([[30522, 1037, 3861, 1997, 102]] * batch)

    def run():
        model.generate(input_ids=prompt.clone(), do_sample=False, num_beams=5, **fixed)
        model.generate(input_ids=prompt.clone(), do_sample=True, top_k=50, num_return_sequences=10, **fixed)

    return run


def answer_work(model, dtype, batch):
    question = torch.randint(3, 32000, (batch, 400))
    return lambda: model.generate(input_ids=question, num_beams=5, length_penalty=-1.0, max_new_tokens=10,
                                  min_new_tokens=10, do_sample=False)


WORKS = {
    # name: (model, our family, torch work, batches)
    "clip": (clip_large, "clip", image_work, (1, 8)),
    "text": (clip_large, "text", text_work, (64,)),
    "blip": (blip_large, "blip", caption_work, (1,)),
    "t5": (flan_t5_base, "t5", answer_work, (1,)),
}


class Ours:
    """The bench example in one precision; one line in, one time out."""

    def __init__(self, family, checkpoint, precision, threads):
        command = [BINARY, family, checkpoint, precision, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"

    def seconds(self, batch):
        self.process.stdin.write(f"{batch}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Torch:
    """The reference in one type of number."""

    def __init__(self, model, dtype, make):
        self.model, self.dtype, self.make, self.works = model.to(dtype), dtype, make, {}

    def seconds(self, batch):
        if batch not in self.works:
            self.works[batch] = self.make(self.model, self.dtype, batch)
        start = time.perf_counter()
        self.works[batch]()
        return time.perf_counter() - start

    def close(self):
        self.model = self.works = None


def contenders(work, folder, threads, peers):
    build, family, make, _ = WORKS[work]
    torch.manual_seed(0)
    model = build().eval()
    checkpoint = Path(folder) / work
    checkpoint.mkdir()
    model.config.save_pretrained(checkpoint)
    state = {name: tensor.clone().contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, checkpoint / "model.safetensors")
    found = {f"lens {precision}": Ours(family, checkpoint, precision, threads) for precision in ("f32", "bf16", "int8")}
    if "torch" in peers:
        found["torch f32"] = Torch(model, torch.float32, make)
        found["torch bf16"] = Torch(build().eval(), torch.bfloat16, make)
    if "onnx" in peers and work == "clip":
        from .onnx_peer import OnnxRuntime

        found["onnx f32"] = OnnxRuntime(model, folder, threads, quantize=False)
        found["onnx int8"] = OnnxRuntime(model, folder, threads, quantize=True)
    return found


def measure(found, batch, rounds):
    times = {name: [] for name in found}
    for round_ in range(rounds + 1):
        for name, contender in found.items():
            seconds = contender.seconds(batch)
            if round_:  # the first is a warm-up
                times[name].append(seconds)
    return times


def report(work, batch, times):
    middle = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        against = {peer: middle[peer] / middle[name] for peer in middle if not peer.startswith("lens")}
        ratios = " ".join(f"{ratio:.2f}x {peer}" for peer, ratio in against.items()) if name.startswith("lens") else ""
        print(f"| {work} x{batch} | {name} | {middle[name]:.3f} | {min(values):.3f}-{max(values):.3f} | {ratios} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", default=",".join(WORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", default="torch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print("| work | contender | median s | spread s | faster than |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        for work in options.works.split(","):
            found = contenders(work, folder, options.threads, options.peers.split(","))
            for batch in WORKS[work][3]:
                report(work, batch, measure(found, batch, options.rounds))
            for contender in found.values():
                contender.close()


if __name__ == "__main__":
    main()
