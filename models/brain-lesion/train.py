"""Trains the network that finds lesions on phantoms. See README.md for the commands.

Resumable: every round of steps is kept in `--state FILE`, and the same command goes on where it stopped. Folders of
phantoms that came meanwhile are taken up at the next round. It ends after `--steps`, or earlier at the time `--until`,
towards which the learning rate falls.
"""

import argparse
import math
import time
from copy import deepcopy
from datetime import datetime, timezone
from pathlib import Path

import torch
from evaluate import dice
from network import LesionNet, by_parts
from phantoms import Phantoms, normalised, sample
from torch import Tensor
from torch.nn import functional

ROUND = 100
"""Steps from one checkpoint to the next."""
BATCH = 4
BOX = (40, 48, 40)
WEIGHTS = torch.tensor([1.0, 2.0, 4.0])
"""Of a voxel in the cross entropy: background, lesion, as bright and none."""
MISTAKEN = 3.0
"""What is added to that of a voxel wholly mistaken for lesion."""


def loss_of(network: LesionNet, data: Phantoms) -> Tensor:
    """Of a batch of boxes cut out of FLAIR exams.

    Never of one box: for a batch of one PyTorch takes convolutions that are several times slower.
    """
    boxes = [sample(*data.volume(one_of(data.flair))[:2], BOX) for _ in range(BATCH)]
    images, truth = (torch.cat(parts) for parts in zip(*boxes, strict=True))
    return lesion_loss(network(images.contiguous(memory_format=torch.channels_last_3d)), truth)


def one_of(numbers: list[int]) -> int:
    return numbers[int(torch.randint(len(numbers), ()))]


def lesion_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy, in which what is as bright or mistaken counts more, and 1 - soft Dice, each box's for itself.

    So that small lesions, whose boxes have few voxels of them, count as much as large ones.
    """
    lesion = truth == 1
    entropy = functional.cross_entropy(logits, lesion.long(), reduction="none")
    probability = logits.softmax(1)[:, 1]
    weight = torch.maximum(WEIGHTS[truth], 1 + MISTAKEN * probability.detach() * ~lesion)
    common, found, there = (part.sum((1, 2, 3)) for part in (probability * lesion, probability, lesion))
    overlap = (2 * common + 20) / (found + there + 20)
    return (entropy * weight).sum() / weight.sum() + 1 - overlap.mean()


def check_of(network: LesionNet, check: Phantoms) -> str:
    """Lesion Dice of whole volumes."""
    scores = []
    with torch.no_grad():
        for n in check.flair:
            image, truth, _ = check.volume(n)
            prepared = normalised(image.float())[None, None].contiguous(memory_format=torch.channels_last_3d)
            scores.append(dice((by_parts(network, prepared).argmax(1)[0] == 1).numpy(), (truth == 1).numpy()))
    return f"dice {sum(scores) / len(scores):.3f} ({' '.join(f'{score:.2f}' for score in scores)})"


def rate_at(part: float, top: float) -> float:
    """A short rise, then half a cosine down."""
    return top * (part / 0.03 if part < 0.03 else 0.5 + 0.5 * math.cos(math.pi * (part - 0.03) / 0.97))


def follow(average: LesionNet, network: LesionNet, step: int) -> None:
    keep = min(0.995, (1 + step) / (10 + step))
    with torch.no_grad():
        for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder whose `train-*` are of `phantoms/main.ts brain --raw`")
    arguments.add_argument("--check", type=Path, required=True, help="a further set, to watch progress by")
    arguments.add_argument("--state", type=Path, required=True, help="where to keep what is needed to go on")
    arguments.add_argument("--steps", type=int, default=3600)
    arguments.add_argument("--until", type=datetime.fromisoformat, help="UTC time at which to have ended, whatever the steps")
    arguments.add_argument("--rate", type=float, default=2e-3)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=1)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    network = LesionNet().to(memory_format=torch.channels_last_3d)
    average = deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-4)
    begun, used = 0, 0.0
    end = options.until.replace(tzinfo=timezone.utc).timestamp() if options.until else math.inf
    if options.state.exists():
        state = torch.load(options.state)
        for part, name in ((network, "network"), (average, "average"), (optimizer, "optimizer")):
            part.load_state_dict(state[name])
        begun, used = state["step"], state["used"]

    check = Phantoms([options.check])
    for start in range(begun, options.steps, ROUND):
        if time.time() >= end:
            break
        data = Phantoms(list(options.data.glob("train-*")))
        torch.manual_seed(options.seed * 100_000 + start)
        total, since = 0.0, time.time()
        for step in range(start, start + ROUND):
            optimizer.zero_grad()
            loss = loss_of(network, data)
            loss.backward()
            total += loss.item()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2)
            now = time.time()
            gone = max(step / options.steps, (used + now - since) / (used + end - since))
            for settings in optimizer.param_groups:
                settings["lr"] = rate_at(min(gone, 1), options.rate)
            optimizer.step()
            follow(average, network, step)
        took = time.time() - since
        used += took
        parts = {"network": network, "average": average, "optimizer": optimizer}
        whole = {name: part.state_dict() for name, part in parts.items()} | {"step": start + ROUND, "used": used}
        torch.save(whole, options.state.with_suffix(".part"))
        options.state.with_suffix(".part").replace(options.state)
        print(f"step {start + ROUND}: loss {total / ROUND:.3f}, {took:.0f} s, {min(gone, 1):.0%}, {len(data)} volumes, {check_of(average, check)}", flush=True)


if __name__ == "__main__":
    main()
