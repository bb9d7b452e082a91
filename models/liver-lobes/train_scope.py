"""Trains the network that says what a scan is. See README.md for the commands: a minute or two."""

import argparse
from pathlib import Path

import torch
from network import SCOPES, ScopeNetwork
from phantoms import Phantoms, between, windowed
from torch import Tensor
from torch.nn import functional

VOXEL_ML = 0.216
"""Of a pooled voxel: 6 mm."""


class Pooled:
    """The volumes as the network sees them first, at 6 mm: CT [D,H,W] in 0..1, where liver is, scope class."""

    def __init__(self, data: Phantoms, model: ScopeNetwork) -> None:
        self.ct: list[Tensor] = []
        self.liver: list[Tensor] = []
        self.scope: list[int] = []
        for row in range(len(data)):
            hu, tissue, scope = data.volume(row)
            self.ct.append(model.pool(windowed(hu)[None])[0])
            self.liver.append(data.truth[tissue][::2, ::2, ::2] > 0)
            self.scope.append(scope)


def example(data: Pooled, row: int) -> tuple[Tensor, int]:
    """A varied crop and its class; -1 where too little liver is in it to say."""
    ct, liver, scope = data.ct[row], data.liver[row], data.scope[row]
    height = int(between(7, 24)) if torch.rand(()) < 0.35 else int(between(24, 44))
    cut = []
    for whole, part in zip(ct.shape, (height, int(between(36, 50)), int(between(44, 60))), strict=True):
        start = int(torch.randint(whole - min(whole, part) + 1, (1,)))
        cut.append(slice(start, start + part))
    ct, liver = ct[tuple(cut)], liver[tuple(cut)]
    other = SCOPES.index("other")
    if float(torch.rand(())) < 0.08:
        return unlike_ct(ct), other
    ml = float(liver.sum()) * VOXEL_ML
    if scope != other and ml < 250:
        scope = other if ml < 20 else -1
    ct = ct * between(0.95, 1.05) + float(torch.randn(())) * 0.02
    return (ct + torch.randn_like(ct) * between(0, 0.03)).clamp(0, 1), scope


def unlike_ct(ct: Tensor) -> Tensor:
    """Noise, or the same body with any grey for any HU, as in MR."""
    if float(torch.rand(())) < 0.4:
        return (torch.randn_like(ct) * between(0.05, 0.5) + between(0, 1)).clamp(0, 1)
    greys = torch.rand(8)
    greys[0] = 0
    place = ct * 6.999
    return torch.lerp(greys[place.long()], greys[place.long() + 1], place % 1)


@torch.no_grad()
def drawn(data: Pooled, model: ScopeNetwork, count: int) -> tuple[Tensor, Tensor]:
    """Features and classes of `count` examples."""
    rows, classes = [], []
    while len(rows) < count:
        ct, scope = example(data, int(torch.randint(len(data.ct), ())))
        if scope >= 0:
            rows.append(model.features(ct[None, None])[0])
            classes.append(scope)
    return torch.stack(rows), torch.tensor(classes)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder whose train-* are folders of `phantoms/main.ts abdomen-ct --raw`")
    arguments.add_argument("--check", type=Path, required=True, help="a further folder, to watch progress by")
    arguments.add_argument("--state", type=Path, required=True, help="where the network goes")
    arguments.add_argument("--examples", type=int, default=3000)
    arguments.add_argument("--steps", type=int, default=1500)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    model = ScopeNetwork()
    folders = [folder for folder in sorted(options.data.glob("train-*")) if not folder.suffix]
    features, classes = drawn(Pooled(Phantoms(folders), model), model, options.examples)
    held = Pooled(Phantoms([options.check]), model)
    model.middle.copy_(features.mean(0))
    model.spread.copy_(features.std(0) + 0.02)
    weights = len(classes) / (len(SCOPES) * torch.bincount(classes, minlength=len(SCOPES)).clamp(min=1))
    optimizer = torch.optim.AdamW(model.judge.parameters(), lr=3e-3, weight_decay=0.02)
    for step in range(1, options.steps + 1):
        rows = torch.randint(len(classes), (128,))
        loss = functional.cross_entropy(model.scores(features[rows]), classes[rows], weights, label_smoothing=0.02)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 300 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    model.eval()
    torch.save({"model": model.state_dict()}, options.state)
    with torch.no_grad():
        said = torch.stack([model.scores(model.features(ct[None, None])).argmax() for ct in held.ct])
    print(f"{int((said == torch.tensor(held.scope)).sum())} of {len(said)} right")


if __name__ == "__main__":
    main()
