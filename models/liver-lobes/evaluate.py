"""Measures liver-lobes.onnx on phantoms it has not seen, and writes the figures into model.json. See README.md."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
from network import LABELS, SCOPES, WINDOW
from phantoms import Phantoms, scope_of
from scipy import ndimage

HERE = Path(__file__).parent
THRESHOLD = 0.5
"""Of the scope's probability."""


class Model:
    """The ONNX file behind the normalisation of the card."""

    def __init__(self, file: Path) -> None:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])

    def __call__(self, hu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """HU [k,j,i] at 3 mm, LPS -> labels [k,j,i] and probabilities of the scope."""
        low, high = WINDOW
        ct = np.clip((hu.astype(np.float32) - low) / (high - low), 0, 1)[None, None]
        block = body(hu)
        logits, scope = self.session.run(None, {"ct": ct[0, 0][block][None, None]})
        labels = np.zeros(hu.shape, np.uint8)
        labels[block] = logits[0].argmax(0)
        return labels, scope[0]


def cleaned(labels: np.ndarray) -> np.ndarray:
    """Each lobe its largest piece, as the pipeline's operator `postprocess` leaves it."""
    kept = labels.copy()
    for lobe in (1, 2):
        kept[(labels == lobe) & ~largest(labels == lobe)] = 0
    return kept


def largest(mask: np.ndarray) -> np.ndarray:
    pieces, count = ndimage.label(mask)
    if count == 0:
        return mask
    return pieces == 1 + np.argmax(ndimage.sum_labels(mask, pieces, range(1, count + 1)))


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    return float(2 * np.count_nonzero(found & truth) / max(1, np.count_nonzero(found) + np.count_nonzero(truth)))


def body(hu: np.ndarray, margin: int = 3) -> tuple[slice, ...]:
    """The block of what is above -400 HU with a margin, as the operator `preprocess` cuts it."""
    spans = []
    for axis in range(3):
        there = np.flatnonzero((hu > -400).any(tuple(other for other in range(3) if other != axis)))
        spans.append(slice(max(0, there[0] - margin), there[-1] + 1 + margin) if len(there) else slice(None))
    return tuple(spans)


def baseline(hu: np.ndarray, truth: np.ndarray) -> list[float]:
    """Dice of lobes and vessels by the best that thresholds can do: those of the truth's own mean, and its largest piece.

    The lobes share one intensity: the piece is cut in the middle of its width.
    """
    lobes = (truth == 1) | (truth == 2)
    mean, spread = hu[lobes].mean(), hu[lobes].std()
    piece = largest(np.abs(hu - mean) < 2 * spread)
    middle = np.median(np.nonzero(piece)[2])
    right = np.arange(hu.shape[2])[None, None] < middle
    vessels = largest(np.abs(hu - hu[truth == 3].mean()) < 2 * hu[truth == 3].std())
    return [dice(piece & ~right, truth == 1), dice(piece & right, truth == 2), dice(vessels, truth == 3)]


def figures(model: Model, data: Phantoms) -> dict:
    """Everything the card says of held-out phantoms."""
    truth_of = data.truth.numpy()
    rows: list[dict] = []
    scopes = np.zeros((len(SCOPES), len(SCOPES)), int)
    accepted = [0, 0, 0]
    for row, record in enumerate(data.records):
        hu = data.hu[row].astype(np.float32)
        labels, scope = model(hu)
        wanted = scope_of(record)
        scopes[wanted, int(scope.argmax())] += 1
        accepted[wanted] += bool(scope[0] >= THRESHOLD)
        if record["region"] != "abdomen":
            continue
        truth, found = truth_of[data.tissue[row]], cleaned(labels)
        ml = [(int((found == n).sum()) * 0.027, int((truth == n).sum()) * 0.027) for n in (1, 2, 3)]
        rows.append({
            "phase": record["phase"],
            "dice": [dice(found == n, truth == n) for n in (1, 2, 3)],
            "liver": dice(found > 0, truth > 0),
            "ml": ml,
            "baseline": baseline(hu, truth),
        })
    portal = [row for row in rows if row["phase"] == "portal-venous"]
    return {
        "portalVenous": {"count": len(portal), "dice": dices(portal), "wholeLiverDice": mean(row["liver"] for row in portal), "volume": volumes(portal), "thresholdDice": table([row["baseline"] for row in portal])},
        "otherPhases": {"count": len(rows) - len(portal), "lobesDice": [mean(row["dice"][n] for row in rows if row["phase"] != "portal-venous") for n in (0, 1)]},
        "scope": {
            "accepted": {name: f"{accepted[n]} of {int(scopes[n].sum())}" for n, name in enumerate(SCOPES)},
            "confusion": {name: dict(zip(SCOPES, map(int, scopes[n]), strict=True)) for n, name in enumerate(SCOPES)},
        },
    }


def dices(rows: list[dict]) -> dict:
    scores = np.array([row["dice"] for row in rows])
    return {name: {"mean": round(float(s.mean()), 3), "median": round(float(np.median(s)), 3), "least": round(float(s.min()), 3)} for name, s in zip(LABELS[1:], scores.T, strict=True)}


def volumes(rows: list[dict]) -> dict:
    """Found against true mL: mean error (bias) and mean absolute error, in percent."""
    said = {}
    for n, name in enumerate(LABELS[1:]):
        errors = np.array([100 * (row["ml"][n][0] - row["ml"][n][1]) / max(row["ml"][n][1], 1e-3) for row in rows])
        said[name] = {"biasPercent": round(float(errors.mean()), 1), "absolutePercent": round(float(np.abs(errors).mean()), 1)}
    return said


def table(scores: list[list[float]]) -> dict:
    return {name: round(float(s), 3) for name, s in zip(LABELS[1:], np.array(scores).mean(0), strict=True)}


def mean(values) -> float:
    return round(float(np.mean(list(values))), 3)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, nargs="+", required=True, help="folders of `phantoms/main.ts abdomen-ct --raw` kept out of training")
    arguments.add_argument("--model", type=Path, default=HERE / "liver-lobes.onnx")
    arguments.add_argument("--real", type=Path, help="what measure.ts said of real CT, as JSON")
    arguments.add_argument("--card", type=Path, help="write the figures and the model's sha256 into this card")
    options = arguments.parse_args()
    model = Model(options.model)
    result = {"phantoms": figures(model, Phantoms(options.data))}
    if options.real:
        result["real"] = json.loads(options.real.read_text())
    print(json.dumps(result, indent=2))
    if options.card:
        card = json.loads(options.card.read_text())
        card["sha256"] = hashlib.sha256(options.model.read_bytes()).hexdigest()
        card["heldOut"].update(result)
        options.card.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
