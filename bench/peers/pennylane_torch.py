"""W5 with PennyLane's default.qubit and PyTorch: backprop through the rows at once."""
import pennylane as qml
import torch

import pennylane_circuit
from training import serve_training


class Quantum(torch.nn.Module):
    def __init__(self, task):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(task.weights, dtype=torch.float32))
        observables = pennylane_circuit.observables(task)

        @qml.qnode(qml.device("default.qubit", wires=task.n), interface="torch", diff_method="backprop")
        def circuit(x, w):
            pennylane_circuit.apply(task, x, w)
            return [qml.expval(o) for o in observables]

        self.circuit = circuit

    def forward(self, x):
        return torch.stack(self.circuit(x, self.weight), dim=-1)


serve_training(Quantum, {"pennylane": qml.__version__})
