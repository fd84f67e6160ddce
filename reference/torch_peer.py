"""PyTorch with transformers and open_clip as a contender: `python -m reference.torch_peer WORK FOLDER f32|bf16 THREADS`.

Prints `ready` and the seconds of loading, then for each line on stdin (a batch) the seconds that the work took. The first
line is a warm-up by agreement.
"""

import sys
import time
from pathlib import Path

import torch
import transformers

from .bench_models import OPEN_CLIP, load

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


def images(models, dtype):
    (model,) = models

    def work(batch):
        pixels = torch.randn(batch, 3, 224, 224, dtype=dtype)
        return lambda: model.get_image_features(pixels)

    return work


def texts(models, dtype):
    """Tags padded to the context, as open_clip's tokenizer does, at most 128 in a batch."""
    (model,) = models

    def work(batch):
        ids = torch.full((batch, 77), 49407)
        ids[:, 0] = 49406
        ids[:, 1:7] = torch.randint(1, 49000, (batch, 6))
        return lambda: [model.get_text_features(some) for some in ids.split(128)]

    return work


def captions(models, dtype):
    """One beam-5 caption and ten samples, each call encoding the picture, as the released pipeline does."""
    (model,) = models

    def work(batch):
        pixels = torch.randn(batch, 3, 384, 384, dtype=dtype)
        fixed = dict(pixel_values=pixels, max_length=30, min_length=30)
        prompt = torch.tensor([[30522, 1037, 3861, 1997, 102]] * batch)

        def run():
            model.generate(input_ids=prompt.clone(), do_sample=False, num_beams=5, **fixed)
            model.generate(input_ids=prompt.clone(), do_sample=True, top_k=50, num_return_sequences=10, **fixed)

        return run

    return work


def answers(models, dtype):
    (model,) = models

    def work(batch):
        question = torch.randint(3, 32000, (batch, 400))
        return lambda: model.generate(input_ids=question, num_beams=5, length_penalty=-1.0, max_new_tokens=10,
                                      min_new_tokens=10, do_sample=False)

    return work


def vision(models, dtype):
    """Tags and attributes (each encoding the picture), then the captions."""
    clip, blip = models
    vocabularies = [torch.nn.functional.normalize(torch.randn(1024, n), dim=0).to(dtype) for n in (22131, 34760)]
    write_captions = captions([blip], dtype)

    def work(batch):
        pixels, caption = torch.randn(batch, 3, 224, 224, dtype=dtype), write_captions(batch)

        def run():
            for vocabulary in vocabularies:
                feature = clip.encode_image(pixels)
                (feature / feature.norm(dim=-1, keepdim=True) @ vocabulary).float().topk(5)
            caption()

        return run

    return work


WORKS = {
    # name: (models, work)
    "clip": (["clip-large"], images),
    "text": (["clip-large"], texts),
    "blip": (["blip-large"], captions),
    "t5": (["flan-t5-base"], answers),
    "vision": ([OPEN_CLIP, "blip-large"], vision),
}


def main() -> None:
    work, folder, dtype, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    names, make = WORKS[work]
    start = time.perf_counter()
    models = [load(Path(folder), name, DTYPES[dtype]) for name in names]
    print("ready", time.perf_counter() - start, flush=True)
    with torch.inference_mode():
        work, batches = make(models, DTYPES[dtype]), {}
        for line in sys.stdin:
            batch = int(line)
            run = batches.setdefault(batch, work(batch))
            start = time.perf_counter()
            run()
            print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
