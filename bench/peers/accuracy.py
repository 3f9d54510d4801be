"""The digits model trained to a stated test accuracy with PennyLane and PyTorch; see bench/accuracy.ts.

The task comes as one line and is answered once. Only training steps are timed.
"""
import sys
import time

import pennylane as qml
import torch

import pennylane_circuit
from protocol import Task, read, send
from training import Model

DEVICES = {"backprop": "default.qubit", "adjoint": "lightning.qubit"}


class Row:
    """One row of inputs, for a task's angles, which ask for columns of a batch."""

    def __init__(self, values):
        self.values = values

    def __getitem__(self, place):
        return self.values[place[1]]


class Quantum(torch.nn.Module):
    def __init__(self, task, method):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(task.weights, dtype=torch.float32))
        observables = pennylane_circuit.observables(task)
        self.device = qml.device(DEVICES[method], wires=task.n)

        @qml.qnode(self.device, interface="torch", diff_method=method)
        def circuit(x, w):
            pennylane_circuit.apply(task, x, w)
            return [qml.expval(o) for o in observables]

        self.circuit = circuit

    def forward(self, x):
        return torch.stack(self.circuit(x, self.weight), dim=-1)


def main(method):
    request = read()
    task, given = Task(request), request["training"]
    x, test_x = (torch.tensor(given[name]).reshape(-1, given["numFeatures"]) for name in ("features", "testFeatures"))
    y, test_y = (torch.tensor(given[name]).long() for name in ("labels", "testLabels"))
    loss_of = torch.nn.CrossEntropyLoss()

    def trainer():
        model = Model(given["dense"], Quantum(task, method))
        optimizer = torch.optim.Adam(model.parameters(), lr=given["learningRate"], eps=given["epsilon"])

        def step(rows):
            optimizer.zero_grad()
            loss = loss_of(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            return loss.item()

        return model, step

    def executions():
        """Circuits of one step, a row of a batch counted as one, by PennyLane's own tracker."""
        model, step = trainer()
        with qml.Tracker(model.quantum.device) as tracker:
            step(given["order"][0])
        return tracker.totals["executions"]

    def shift_executions():
        """As on hardware, by parameter shift, which PennyLane cannot do for a batch with gradients of its inputs: one row, times the batch."""
        device = qml.device("default.qubit", wires=task.n)
        observables = pennylane_circuit.observables(task)

        @qml.qnode(device, interface="torch", diff_method="parameter-shift")
        def circuit(row, w):
            pennylane_circuit.apply(task, Row(row), w)
            return [qml.expval(o) for o in observables]

        row = torch.zeros(task.num_inputs, requires_grad=True)
        w = torch.tensor(task.weights, requires_grad=True)
        with qml.Tracker(device) as tracker:
            torch.stack(circuit(row, w)).sum().backward()
        return tracker.totals["executions"] * task.batch

    def accuracy(model):
        with torch.no_grad():
            return (model(test_x).argmax(-1) == test_y).double().mean().item()

    per_step = executions()
    model, step = trainer()
    seconds, cpu_seconds, reached, losses = 0.0, 0.0, None, []
    for number, rows in enumerate(given["order"], 1):
        start, cpu_start = time.perf_counter(), time.process_time()
        losses.append(step(rows))
        seconds += time.perf_counter() - start
        cpu_seconds += time.process_time() - cpu_start
        if number % given["every"] == 0:
            reached = accuracy(model)
            if reached >= given["target"]:
                break
    send({
        "steps": number,
        "seconds": seconds,
        "cpuSeconds": cpu_seconds,
        "accuracy": reached,
        "losses": losses[:3],
        "executionsPerStep": per_step,
        "shiftExecutionsPerStep": shift_executions(),
        "versions": {"pennylane": qml.__version__, "torch": torch.__version__.split("+")[0]},
    })


main(sys.argv[1])
