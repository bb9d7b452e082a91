"""Trains the liver network on phantoms. See README.md for the commands.

Resumable: everything is kept in `--state FILE` every few minutes, and the same command goes on where it stopped. It
ends after `--steps`, or earlier at the time `--until`, towards which the learning rate falls. Folders of data may
arrive while it runs.
"""

import argparse
import math
import time
from copy import deepcopy
from datetime import datetime, timezone
from pathlib import Path

import torch
from network import LABELS, SCOPES, LiverNetwork
from phantoms import IGNORED, Phantoms, example, windowed
from torch import Tensor
from torch.nn import functional

WEIGHTS = torch.tensor([1.0, 1.0, 1.0, 2.0])
"""Of the labels in the cross-entropy."""


def losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Weighted cross-entropy + 1 - soft Dice of the labels that there are."""
    target = labels.long()[None]
    known = (target != IGNORED)[:, None]
    loss = functional.cross_entropy(logits, target, WEIGHTS, ignore_index=IGNORED)
    parts = logits.softmax(1) * known
    truth = functional.one_hot(torch.where(known[:, 0], target, 0), len(LABELS)).movedim(-1, 1) * known
    common = (parts * truth).sum((0, 2, 3, 4))[1:]
    total = parts.sum((0, 2, 3, 4))[1:] + truth.sum((0, 2, 3, 4))[1:]
    there = truth.sum((0, 2, 3, 4))[1:] > 0
    if there.any():
        loss = loss + (1 - (2 * common + 1) / (total + 1))[there].mean()
    return loss


@torch.no_grad()
def follow(average: LiverNetwork, model: LiverNetwork, step: int) -> None:
    """Moves the running average of the weights towards the model."""
    part = min(0.99, (step + 1) / (step + 20))
    for kept, now in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(now, 1 - part)
        else:
            kept.copy_(now)


def groups(model: LiverNetwork) -> list[dict]:
    """The few layers at full resolution, which find the vessels, learn faster than the many below."""
    last = [parameter for part in (model.grow, model.local, model.labels) for parameter in part.parameters()]
    known = {id(parameter) for parameter in last}
    return [
        {"params": [parameter for parameter in model.parameters() if id(parameter) not in known], "pace": 1.0},
        {"params": last, "pace": 4.0},
    ]


@torch.no_grad()
def check(model: LiverNetwork, data: Phantoms) -> str:
    """Dice of the labels over the portal-venous volumes."""
    scores = []
    for row in range(len(data)):
        hu, tissue, scope = data.volume(row)
        if scope == SCOPES.index("portal-venous-abdomen"):
            found, truth = model(windowed(hu)[None, None])[0].argmax(0), data.truth[tissue]
            scores.append([dice(found == label, truth == label) for label in (1, 2, 3)])
    means = torch.tensor(scores).mean(0)
    return " ".join(f"{name} {float(mean):.3f}" for name, mean in zip(LABELS[1:], means, strict=True))


def dice(found: Tensor, truth: Tensor) -> float:
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()).clamp(min=1))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder whose train-* are folders of `phantoms/main.ts --raw`")
    arguments.add_argument("--check", type=Path, required=True, help="a further folder, to watch progress by")
    arguments.add_argument("--state", type=Path, required=True, help="where to keep what is needed to go on")
    arguments.add_argument("--steps", type=int, default=2400)
    arguments.add_argument("--until", type=datetime.fromisoformat, help="UTC time at which to have ended, whatever the steps")
    arguments.add_argument("--rate", type=float, default=2e-3)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    end = options.until.replace(tzinfo=timezone.utc).timestamp() if options.until else math.inf

    model = LiverNetwork()
    average = deepcopy(model)
    optimizer = torch.optim.AdamW(groups(model), weight_decay=0.01)
    step, used = 0, 0.0
    if options.state.exists():
        state = torch.load(options.state)
        for part, name in ((model, "model"), (average, "average"), (optimizer, "optimizer")):
            part.load_state_dict(state[name])
        step, used = state["step"], state["used"]
    held = data = Phantoms([options.check])

    def save() -> None:
        parts = {"model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save({**parts, "step": step, "used": used}, options.state)

    since, total, count = time.time(), 0.0, 0
    while step < options.steps and time.time() < end:
        if data is held or step % 50 == 0:
            data = Phantoms([folder for folder in sorted(options.data.glob("train-*")) if not folder.suffix])
        torch.manual_seed(options.seed * 100000 + step)
        began = time.time()
        gone = max(step / options.steps, used / (used + end - began))
        for settings in optimizer.param_groups:
            settings["lr"] = settings["pace"] * options.rate * min(1, (step + 1) / 60) * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(gone, 1))))
        ct, labels, _ = example(data, int(torch.randint(len(data), ())))
        if (labels == IGNORED).all():
            step += 1
            continue
        loss = losses(model(ct[None, None]), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 2)
        optimizer.step()
        follow(average, model, step)
        step, used = step + 1, used + time.time() - began
        total, count = total + loss.item(), count + 1
        if step % 25 == 0:
            save()
            print(f"step {step}: loss {total / count:.3f}, {(time.time() - since) / count:.2f} s each, {len(data)} volumes, {gone:.0%}", flush=True)
            since, total, count = time.time(), 0.0, 0
        if step % 200 == 0:
            print(f"  {check(average, held)}", flush=True)
            since = time.time()
    save()
    print(f"done after {step} steps: {check(average, held)}", flush=True)


if __name__ == "__main__":
    main()
