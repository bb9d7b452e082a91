"""Trains the hip detector on phantoms and writes hip-fracture.onnx. See README.md for the commands.

Resumable: every epoch is kept in `--state FILE`, and the same command goes on where it stopped. Under `torchrun` each
process takes its part of every batch.
"""

import argparse
import math
import os
import time
from copy import deepcopy
from pathlib import Path

import torch
import torch.distributed as group
from evaluate import figures, predict_all
from network import SIZE, STRIDE, Exported, HipDetector, boxes_of, centres
from phantoms import Phantoms, vary
from torch import Tensor
from torch.nn import functional

HERE = Path(__file__).parent


def losses(cells: Tensor, scope: Tensor, boxes: Tensor, labels: Tensor) -> Tensor:
    """Sum of the losses of objectness, box (1 - GIoU), class and scope."""
    objectness, nearest, positive, ignored = targets(cells.shape[-1], boxes, labels)
    weight = torch.where(positive, 4.0, 1.0) * ~ignored
    logits = cells[:, 0]
    certain = torch.sigmoid(logits).detach()
    focus = (objectness - certain).abs() ** 1.5
    found = (functional.binary_cross_entropy_with_logits(logits, objectness, reduction="none") * weight * focus).sum()
    count = positive.sum().clamp(min=1)
    rows = positive.nonzero(as_tuple=True)
    chosen = nearest[rows]
    overlap = 1 - giou(boxes_of(cells)[rows], boxes[rows[0], chosen])
    kind = functional.cross_entropy(cells[:, 5:].permute(0, 2, 3, 1)[rows], labels[rows[0], chosen], label_smoothing=0.03)
    present = (labels >= 0).any(1)
    sure = present | (labels == -1).all(1)
    in_scope = (functional.binary_cross_entropy_with_logits(scope, present.float(), reduction="none") * sure).mean()
    return 2 * found / count + 2 * overlap.sum() / count + 1.5 * kind + 0.5 * in_scope


def targets(count: int, boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """For every cell: objectness wanted, index of the nearest hip, whether it must name it, whether it does not matter.

    The cells around a hip's centre name it; the ring around these, and all of a hip that is only partly seen, is left alone.
    """
    at = centres(count)[None, None]
    middle = ((boxes[..., :2] + boxes[..., 2:]) / 2)[:, :, None, None]
    away = ((at - middle).abs() / STRIDE).amax(-1)
    away = torch.where((labels >= 0)[:, :, None, None], away, torch.inf)
    distance, nearest = away.min(1)
    positive = distance <= 1.0
    inside = ((at > boxes[:, :, None, None, :2]) & (at < boxes[:, :, None, None, 2:])).all(-1)
    ignored = (distance <= 2.0) & ~positive | (inside & (labels == -2)[:, :, None, None]).any(1) & ~positive
    return positive.float(), nearest, positive, ignored


def giou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised intersection over union of boxes [n,4] with boxes [n,4] (Rezatofighi et al. 2019)."""
    area = lambda box: (box[:, 2] - box[:, 0]).clamp(min=0) * (box[:, 3] - box[:, 1]).clamp(min=0)  # noqa: E731
    inner = torch.cat([torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])], 1)
    outer = torch.cat([torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:])], 1)
    union = area(a) + area(b) - area(inner)
    return area(inner) / union.clamp(min=1e-6) - (area(outer) - union) / area(outer).clamp(min=1e-6)


@torch.no_grad()
def follow(average: HipDetector, model: HipDetector, step: int) -> None:
    """Moves the running average of the weights towards the model."""
    part = min(0.998, (step + 1) / (step + 20))
    for kept, now in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(now, 1 - part)
        else:
            kept.copy_(now)


def rate_at(part: float, highest: float) -> float:
    """The learning rate after a part (0 to 1) of the training: a short rise, then half a cosine down to nothing."""
    return highest * (part / 0.08 if part < 0.08 else 0.5 + 0.5 * math.cos(math.pi * (part - 0.08) / 0.92))


def share(model: HipDetector, processes: int) -> None:
    """Gives every process the mean of all processes' gradients."""
    flat = torch.cat([parameter.grad.reshape(-1) for parameter in model.parameters()])
    group.all_reduce(flat)
    parts = (flat / processes).split([parameter.numel() for parameter in model.parameters()])
    for parameter, part in zip(model.parameters(), parts, strict=True):
        parameter.grad.copy_(part.view_as(parameter))


def export(model: HipDetector, file: Path) -> None:
    torch.onnx.export(
        Exported(model).eval(),
        (torch.zeros(1, 1, SIZE, SIZE),),
        str(file),
        input_names=["image"],
        output_names=["boxes", "objectness", "classes", "scope"],
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, nargs="+", required=True, help="folders of `phantoms/main.ts --raw`")
    arguments.add_argument("--check", type=Path, required=True, help="a further folder, to watch progress by")
    arguments.add_argument("--state", type=Path, required=True, help="where to keep what is needed to go on")
    arguments.add_argument("--out", type=Path, default=HERE / "hip-fracture.onnx")
    arguments.add_argument("--epochs", type=int, default=10)
    arguments.add_argument("--batch", type=int, default=24)
    arguments.add_argument("--rate", type=float, default=2.5e-3)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=1)
    options = arguments.parse_args()
    process, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if processes > 1:
        group.init_process_group("gloo")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    data, check = Phantoms(options.data), Phantoms([options.check])
    model = HipDetector().to(memory_format=torch.channels_last)
    average = deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=0.02)
    begun = 0
    if options.state.exists():
        state = torch.load(options.state)
        for part, name in ((model, "model"), (average, "average"), (optimizer, "optimizer")):
            part.load_state_dict(state[name])
        begun = state["epoch"]

    steps = len(data) // options.batch
    for epoch in range(begun, options.epochs):
        order = torch.randperm(len(data), generator=torch.Generator().manual_seed(options.seed * 1000 + epoch))
        torch.manual_seed(options.seed * 1000 + epoch + process * 100)
        model.train()
        total, since = 0.0, time.monotonic()
        for step in range(steps):
            rows = order[step * options.batch : (step + 1) * options.batch][process::processes]
            images, boxes, labels = vary(*data.batch(rows))
            loss = losses(*model(images.contiguous(memory_format=torch.channels_last)), boxes, labels)
            optimizer.zero_grad()
            loss.backward()
            if processes > 1:
                share(model, processes)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
            for settings in optimizer.param_groups:
                settings["lr"] = rate_at((epoch * steps + step) / (options.epochs * steps), options.rate)
            optimizer.step()
            follow(average, model, epoch * steps + step)
            total += loss.item()
        if process > 0:
            continue
        took = time.monotonic() - since
        state = {"model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save({**state, "epoch": epoch + 1}, options.state)
        export(average, options.out)
        seen = figures(check, predict_all(options.out, check))
        print(f"epoch {epoch + 1}: loss {total / steps:.3f}, {took:.0f} s, {seen['hips']} {seen['otherImages']}", flush=True)


if __name__ == "__main__":
    main()
