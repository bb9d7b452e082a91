"""Measures brain-lesion.onnx on phantoms it has not seen, and writes the figures into model.json. See README.md."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from network import SCOPES
from phantoms import Phantoms, normalised, scope_of
from scipy import ndimage

HERE = Path(__file__).parent
VOXEL_ML = 0.008
ACCEPTED = 0.66
"""Probability of flair-brain from which an exam is in scope, as on the card."""
PROGRESSION = 0.4
"""Growth against the baseline from which the evaluation flags progression."""
THRESHOLDS = np.arange(1.0, 3.6, 0.2)
"""Of the z-scored image, for the baseline that looks at brightness alone."""


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    """1 where both are empty."""
    both = found.sum() + truth.sum()
    return float(2 * (found & truth).sum() / both) if both else 1.0


def largest(mask: np.ndarray) -> np.ndarray:
    labels, count = ndimage.label(mask)
    return labels == 1 + np.argmax(ndimage.sum_labels(mask, labels, range(1, count + 1))) if count else mask


def brightest(image: np.ndarray, inside: np.ndarray, truth: np.ndarray) -> list[float]:
    """Dice of the largest component above each threshold, of all that is `inside`."""
    return [dice(largest((image > threshold) & inside), truth) for threshold in THRESHOLDS]


def deep_inside(image: np.ndarray) -> np.ndarray:
    """What lies 18 mm or more below the skin: an image in which nothing of scalp and skull is left."""
    filled = ndimage.binary_fill_holes(ndimage.binary_opening(image > np.percentile(image, 99) * 0.12, iterations=2))
    return ndimage.binary_erosion(filled, iterations=9)


def figures(session: onnxruntime.InferenceSession, held: Phantoms, with_baseline: int) -> dict:
    exams, scopes, baseline = [], [], []
    for n in range(len(held)):
        image, truth, record = held.volume(n)
        prepared = normalised(image.float()).numpy()
        logits, scope = session.run(None, {"image": prepared[None, None]})
        scopes.append((record["kind"], scope[0]))
        if record["kind"] != "FLAIR":
            continue
        found, lesion = logits[0].argmax(0) == 1, (truth == 1).numpy()
        exams.append({"head": (held.items[n][0].filename, record["head"]), "ml": record["lesionMl"], "found": found.sum() * VOXEL_ML, "dice": dice(found, lesion)})
        if len(baseline) < with_baseline:
            everywhere = np.ones_like(lesion)
            baseline.append((brightest(prepared, everywhere, lesion), brightest(prepared, deep_inside(image.numpy()), lesion)))
    return {"lesions": lesions_of(exams), "rescans": rescans_of(exams), "scope": scope_figures(scopes), "baseline": baseline_of(baseline)}


def lesions_of(exams: list[dict]) -> dict:
    scores = np.array([exam["dice"] for exam in exams])
    errors = np.array([exam["found"] / exam["ml"] - 1 for exam in exams]) * 100
    ml = np.array([exam["ml"] for exam in exams])
    sizes = {"below 5 mL": ml < 5, "5 to 15 mL": (ml >= 5) & (ml < 15), "15 mL and more": ml >= 15}
    return {
        "exams": len(exams),
        "meanDice": rounded(scores.mean()),
        "medianDice": rounded(np.median(scores)),
        "lowestDice": rounded(scores.min()),
        "meanDiceBySize": {name: {"exams": int(rows.sum()), "dice": rounded(scores[rows].mean())} for name, rows in sizes.items() if rows.any()},
        "meanAbsoluteVolumeErrorPercent": rounded(np.abs(errors).mean(), 1),
        "medianAbsoluteVolumeErrorPercent": rounded(np.median(np.abs(errors)), 1),
        "meanVolumeErrorPercent": rounded(errors.mean(), 1),
    }


def rescans_of(exams: list[dict]) -> dict:
    """Two exams of one unchanged head: by how much the volumes differ, in percent of their mean."""
    pairs = {}
    for exam in exams:
        pairs.setdefault(exam["head"], []).append(exam["found"])
    found = np.array([pair for pair in pairs.values() if len(pair) == 2])
    first, second = found[:, 0], found[:, 1]
    differences = (second - first) / np.maximum((first + second) / 2, 1e-6) * 100
    bias, spread = differences.mean(), 1.96 * differences.std(ddof=1)
    grown = sum(int(b > (1 + PROGRESSION) * a) for a, b in np.concatenate([found, found[:, ::-1]]))
    return {
        "pairs": len(found),
        "limitsOfAgreementPercent": [rounded(bias - spread, 1), rounded(bias + spread, 1)],
        "rescansInBothOrders": 2 * len(found),
        "falseProgressionFlags": grown,
    }


def scope_figures(scopes: list[tuple[str, np.ndarray]]) -> dict:
    """How often the likeliest class is right, and what is accepted at the card's threshold."""
    right = sum(int(np.argmax(scores)) == scope_of(kind) for kind, scores in scopes)
    kinds = sorted({kind for kind, _ in scopes})
    accepted = {kind: [bool(scores[0] >= ACCEPTED) for own, scores in scopes if own == kind] for kind in kinds}
    return {
        "volumes": len(scopes),
        "accuracy": rounded(right / len(scopes)),
        "accepted": {kind: f"{sum(passed)} of {len(passed)}" for kind, passed in accepted.items()},
    }


def baseline_of(scores: list[tuple[list[float], list[float]]]) -> dict:
    """Of the one threshold that is best on these very exams."""
    head, brain = (np.array(part).mean(0) for part in zip(*scores, strict=True))
    return {"exams": len(scores), "meanDiceWholeHead": rounded(head.max()), "meanDiceWithoutScalp": rounded(brain.max())}


def rounded(value: float, digits: int = 3) -> float:
    return round(float(value), digits)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, nargs="+", required=True, help="folders of `phantoms/main.ts brain --raw --acquired`")
    arguments.add_argument("--others", type=Path, nargs="*", default=[], help="folders of `phantoms/main.ts brain --raw`, for the scope alone")
    arguments.add_argument("--model", type=Path, default=HERE / "brain-lesion.onnx")
    arguments.add_argument("--card", type=Path, help="into which the figures and the model's sha256 go")
    arguments.add_argument("--baseline", type=int, default=40, help="exams on which brightness alone is tried")
    arguments.add_argument("--threads", type=int, default=1)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(str(options.model), settings, providers=["CPUExecutionProvider"])
    seen = figures(session, Phantoms(options.data), options.baseline)
    if options.others:
        seen["scopeOfFurtherVolumes"] = further_scopes(session, Phantoms(options.others))
    print(json.dumps(seen, indent=2))
    if options.card:
        card = json.loads(options.card.read_text())
        card["sha256"] = hashlib.sha256(options.model.read_bytes()).hexdigest()
        card["heldOut"]["phantoms"] = seen
        options.card.write_text(json.dumps(card, indent=2) + "\n")


def further_scopes(session: onnxruntime.InferenceSession, data: Phantoms) -> dict:
    scopes = []
    for n in range(len(data)):
        image, _, record = data.volume(n)
        (scope,) = session.run(["scope"], {"image": normalised(image.float()).numpy()[None, None]})
        scopes.append((record["kind"], scope[0]))
    return scope_figures(scopes)


if __name__ == "__main__":
    main()
