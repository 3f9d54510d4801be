"""A training step of a small network in PyTorch: the layers and first weights of bench/compute.ts, float32."""
import os

import torch
from torch import nn

from protocol import serve

torch.set_num_threads(int(os.environ["BENCH_THREADS"]))


class ChannelsLast(nn.Module):
    """Flattens images as [height, width, channels], as TensorFlow does."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x


def weights(layer, module, permutation):
    shape = {"dense": (-1, layer["outputShape"][-1])}.get(
        layer["kind"], (*layer.get("windowSize", ()), layer["inputShape"][-1], layer["outputShape"][-1])
    )
    with torch.no_grad():
        module.weight.copy_(torch.tensor(layer["kernel"]).reshape(shape).permute(permutation))
        module.bias.copy_(torch.tensor(layer["bias"]))
    return [module] + ([nn.ReLU()] if layer["activation"]["name"] == "relu" else [])


def modules(layer):
    kind = layer["kind"]
    if kind == "dense":
        return weights(layer, nn.Linear(layer["inputShape"][-1], layer["outputShape"][-1]), (1, 0))
    if kind == "conv2d":
        convolution = nn.Conv2d(layer["inputShape"][-1], layer["outputShape"][-1], layer["windowSize"], padding="same")
        return weights(layer, convolution, (3, 2, 0, 1))
    if kind == "maxPool2d":
        return [nn.MaxPool2d(layer["windowSize"], layer["strides"])]
    if kind == "flatten":
        return [ChannelsLast()]
    raise ValueError(f"No layer {kind}.")


def prepare(task):
    x = torch.tensor(task["x"]).reshape(task["batch"], *task["inputShape"])
    if x.dim() == 4:
        x = x.permute(0, 3, 1, 2).contiguous()
    y = torch.tensor(task["labels"]).long()
    cross_entropy = nn.CrossEntropyLoss()

    def trainer():
        # The cross-entropy takes logits, so the last softmax is part of it.
        model = nn.Sequential(*[module for layer in task["layers"] for module in modules(layer)])
        optimizer = torch.optim.Adam(model.parameters(), lr=task["learningRate"], eps=task["epsilon"])

        def step():
            optimizer.zero_grad()
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    compared = trainer()
    check = [compared() for _ in range(task["comparedSteps"])]
    return trainer(), lambda _: check


serve(prepare, {"torch": torch.__version__.split("+")[0]})
