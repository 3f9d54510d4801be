"""The training task of W5: the digits model around a quantum layer, in PyTorch, float32 as PyTorch's default."""
import os

import numpy as np
import torch

from protocol import Task, serve

torch.set_num_threads(int(os.environ["BENCH_THREADS"]))


class Model(torch.nn.Module):
    def __init__(self, dense, quantum):
        super().__init__()
        self.features, self.head = (self.linear(*layer) for layer in dense)
        self.quantum = quantum

    @staticmethod
    def linear(kernel, bias):
        layer = torch.nn.Linear(*kernel["shape"])
        with torch.no_grad():
            # TensorFlow.js has [inputs, units], row-major.
            layer.weight.copy_(torch.tensor(kernel["values"]).reshape(kernel["shape"]).T)
            layer.bias.copy_(torch.tensor(bias["values"]))
        return layer

    def forward(self, x):
        return self.head(self.quantum(self.features(x)).to(x.dtype))

    def gradients(self):
        """In the order of the Keras model, kernels as [inputs, units]."""
        features, quantum, head = self.features, self.quantum, self.head
        return [features.weight.grad.T, features.bias.grad, quantum.weight.grad, head.weight.grad.T, head.bias.grad]


def mixed(values):
    values = values.detach().double().numpy().ravel()
    return float(np.cos(np.arange(values.size)) @ values)


def serve_training(make_quantum, versions):
    """make_quantum(task) gives a module whose `weight` is the circuit's weights, for features [B, D] to values [B, K]."""

    def prepare(request):
        task, given = Task(request), request["training"]
        x = torch.tensor(given["features"]).reshape(task.batch, -1)
        y = torch.tensor(given["labels"]).long()
        cross_entropy = torch.nn.CrossEntropyLoss()

        def trainer():
            model = Model(given["dense"], make_quantum(task))
            optimizer = torch.optim.Adam(model.parameters(), lr=given["learningRate"], eps=given["epsilon"])

            def step():
                optimizer.zero_grad()
                loss = cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
                return loss.item()

            return model, step

        model, step = trainer()
        check = [step(), *(mixed(gradient) for gradient in model.gradients())]
        for _ in range(given["comparedSteps"]):
            last = step()
        check.append(last)
        return trainer()[1], lambda _: check

    serve(prepare, {**versions, "torch": torch.__version__.split("+")[0]})
