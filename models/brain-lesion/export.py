"""Makes brain-lesion.onnx of what train.py and train_scope.py left. See README.md."""

import argparse
import math
from pathlib import Path

import torch
from network import Exported, LesionNet, ScopeNet

HERE = Path(__file__).parent
AXES = {2: "depth", 3: "height", 4: "width"}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--state", type=Path, required=True, help="of train.py")
    arguments.add_argument("--scope", type=Path, required=True, help="of train_scope.py")
    arguments.add_argument("--out", type=Path, default=HERE / "brain-lesion.onnx")
    arguments.add_argument("--above", type=float, default=0.5, help="probability from which a voxel is lesion, chosen on the check set")
    options = arguments.parse_args()
    lesion, scope = LesionNet(), ScopeNet()
    lesion.load_state_dict(torch.load(options.state)["average"])
    scope.load_state_dict(torch.load(options.scope))
    with torch.no_grad():
        lesion.last[-1].bias[1] -= math.log(options.above / (1 - options.above))
    torch.onnx.export(
        Exported(lesion, scope).eval(),
        (torch.zeros(1, 1, 48, 56, 40),),
        str(options.out),
        input_names=["image"],
        output_names=["logits", "scope"],
        dynamic_axes={"image": AXES, "logits": AXES},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
