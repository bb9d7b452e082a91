"""Puts both trained networks into liver-lobes.onnx. See README.md for the commands."""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from network import Exported, LiverNetwork, ScopeNetwork

HERE = Path(__file__).parent


def export(model: LiverNetwork, scope: ScopeNetwork, file: Path) -> None:
    axes = {2: "depth", 3: "height", 4: "width"}
    torch.onnx.export(
        Exported(model, scope).eval(),
        (torch.zeros(1, 1, 40, 48, 56),),
        str(file),
        input_names=["ct"],
        output_names=["logits", "scope"],
        dynamic_axes={"ct": axes, "logits": axes},
        opset_version=17,
        dynamo=False,
    )
    halve(file)


def halve(file: Path) -> None:
    """Keeps large weights as 16-bit floats, which are made 32 bits again where the file is opened."""
    graph = onnx.load(file)
    casts = []
    for weights in graph.graph.initializer:
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype != np.float32 or values.size < 1000:
            continue
        name = weights.name
        weights.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    for cast in reversed(casts):
        graph.graph.node.insert(0, cast)
    onnx.checker.check_model(graph)
    onnx.save(graph, file)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--state", type=Path, required=True, help="that train.py kept")
    arguments.add_argument("--scope", type=Path, required=True, help="that train_scope.py kept")
    arguments.add_argument("--out", type=Path, default=HERE / "liver-lobes.onnx")
    options = arguments.parse_args()
    model, scope = LiverNetwork(), ScopeNetwork()
    model.load_state_dict(torch.load(options.state)["average"])
    scope.load_state_dict(torch.load(options.scope)["model"])
    export(model, scope, options.out)


if __name__ == "__main__":
    main()
