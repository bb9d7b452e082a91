"""Measures hip-fracture.onnx on phantoms it has not seen, and writes the figures into model.json. See README.md."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
from phantoms import Phantoms

HERE = Path(__file__).parent
CLASSES = ("fracture", "no-fracture", "hardware")
THRESHOLDS = {"objectness": 0.5, "nmsIou": 0.3, "scope": 0.5}
FOUND = 0.7
"""Intersection over union from which a box counts as the hip's."""


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    inner = width * height
    return inner / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inner)


def detect(session: onnxruntime.InferenceSession, image: np.ndarray) -> list[dict]:
    """The hips of one image [256,256] in 0..1, as the operator `infer-detection` reads them from the outputs."""
    boxes, objectness, classes, scope = session.run(None, {"image": image[None, None].astype(np.float32)})
    if scope[0] < THRESHOLDS["scope"]:
        return []
    kept: list[dict] = []
    for i in np.argsort(-objectness):
        if objectness[i] < THRESHOLDS["objectness"]:
            break
        if all(overlap(boxes[i], other["box"]) < THRESHOLDS["nmsIou"] for other in kept):
            kept.append({"box": boxes[i], "objectness": float(objectness[i]), "classes": classes[i]})
    return kept


def open_session(file: Path) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])


def predict_all(file: Path, data: Phantoms) -> list[list[dict]]:
    session = open_session(file)
    return [detect(session, image.numpy() / np.float32(255)) for image in data.images]


def figures(data: Phantoms, predictions: list[list[dict]]) -> dict:
    """Everything the card says of held-out phantoms."""
    confusion = {truth: dict.fromkeys((*CLASSES, "not found"), 0) for truth in CLASSES}
    by_finding: dict[str, list[int]] = {}
    images = {"hip": 0, "other": 0}
    invented = {"hip": 0, "other": 0}
    scores: list[tuple[float, bool]] = []
    by_kind: dict[str, list[int]] = {}
    for record, hips in zip(data.records, predictions, strict=True):
        group = "hip" if record["kind"] in ("hip", "child") else "other"
        images[group] += 1
        taken: set[int] = set()
        for truth in record["hips"]:
            matches = [(overlap(hip["box"], truth["box"]), i) for i, hip in enumerate(hips) if i not in taken]
            best, i = max(matches, default=(0.0, -1))
            verdict = "not found"
            if best >= FOUND:
                taken.add(i)
                verdict = CLASSES[int(np.argmax(hips[i]["classes"]))]
                if truth["class"] != "hardware":
                    scores.append((float(hips[i]["classes"][0]), truth["class"] == "fracture"))
            confusion[truth["class"]][verdict] += 1
            tally(by_finding, finding(truth), verdict == truth["class"])
        spare = [hip for i, hip in enumerate(hips) if i not in taken and not near(hip, record)]
        invented[group] += bool(spare)
        if group == "other":
            tally(by_kind, record["kind"], not hips)
    total = sum(sum(row.values()) for row in confusion.values())
    found = total - sum(row["not found"] for row in confusion.values())
    right = sum(confusion[name][name] for name in CLASSES)
    return {
        "hips": {
            "count": total,
            "found": part(found, total),
            "classRightOfFound": part(right, found),
            "foundAndClassRight": part(right, total),
        },
        "otherImages": {"count": images["other"], "withoutHip": part(images["other"] - invented["other"], images["other"])},
        "hipImages": {"count": images["hip"], "withInventedHip": part(invented["hip"], images["hip"])},
        "perClass": {name: per_class(confusion, name) for name in CLASSES},
        "fractureAuc": auc(scores),
        "confusion": confusion,
        "rightByFinding": {name: {"count": n, "right": part(k, n)} for name, (k, n) in sorted(by_finding.items())},
        "withoutHipByKind": {name: {"count": n, "right": part(k, n)} for name, (k, n) in sorted(by_kind.items())},
        "constantBoxFound": constant_box(data),
    }


def finding(truth: dict) -> str:
    if truth["class"] != "fracture":
        return truth.get("finding", truth["class"])
    severity = truth["severity"]
    degree = "subtle" if severity < 0.3 else "moderate" if severity < 0.65 else "gross"
    return f"{truth['finding']} fracture, {degree}"


def near(hip: dict, record: dict) -> bool:
    """Whether a box lies on a hip: a second box is an error of place, counted as not found, and no invented hip."""
    return any(overlap(hip["box"], truth["box"]) > 0.2 for truth in record["hips"] + record["partialHips"])


def tally(table: dict[str, list[int]], name: str, good: bool) -> None:
    row = table.setdefault(name, [0, 0])
    row[0] += good
    row[1] += 1


def per_class(confusion: dict[str, dict[str, int]], name: str) -> dict[str, float]:
    """Of the hips found: sensitivity, specificity and positive predictive value of one class."""
    hit = confusion[name][name]
    missed = sum(confusion[name][other] for other in CLASSES) - hit
    false = sum(confusion[other][name] for other in CLASSES if other != name)
    rest = sum(confusion[a][b] for a in CLASSES for b in CLASSES if a != name and b != name)
    return {"sensitivity": part(hit, hit + missed), "specificity": part(rest, rest + false), "precision": part(hit, hit + false)}


def auc(scores: list[tuple[float, bool]]) -> float:
    """Area under the curve of the fracture score, fractures against intact hips."""
    good = np.array([score for score, fracture in scores if not fracture])
    bad = np.array([score for score, fracture in scores if fracture])
    if not len(good) or not len(bad):
        return 0.0
    wins = (bad[:, None] > good[None]).mean() + 0.5 * (bad[:, None] == good[None]).mean()
    return round(float(wins), 4)


def constant_box(data: Phantoms) -> float:
    """How many hips the better of two mean boxes (of the hips in the left and right half) would find without looking."""
    boxes = np.array([hip["box"] for record in data.records for hip in record["hips"]])
    right = boxes[:, [0, 2]].mean(1) > 128
    means = [boxes[half].mean(0) for half in (right, ~right)]
    return part(sum(max(overlap(box, mean) for mean in means) >= FOUND for box in boxes), len(boxes))


def part(count: float, of: float) -> float:
    return round(float(count) / of, 4) if of else 0.0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, nargs="+", required=True, help="folders of `phantoms/main.ts --raw` kept out of training")
    arguments.add_argument("--model", type=Path, default=HERE / "hip-fracture.onnx")
    arguments.add_argument("--card", type=Path, help="write the figures and the model's sha256 into this card")
    options = arguments.parse_args()
    data = Phantoms(options.data)
    result = figures(data, predict_all(options.model, data))
    print(json.dumps(result, indent=2))
    if options.card:
        card = json.loads(options.card.read_text())
        card["sha256"] = hashlib.sha256(options.model.read_bytes()).hexdigest()
        card["thresholds"] = THRESHOLDS
        card["heldOut"]["phantoms"] = result
        options.card.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
