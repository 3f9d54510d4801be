"""W5 with Qiskit Machine Learning: EstimatorQNN behind TorchConnector, exact values, gradients by parameter shift.

Of its gradients that are exact (parameter shift, linear combination) this is its own default; it has no reverse mode.
"""
from importlib.metadata import version

import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import ParamShiftEstimatorGradient
from qiskit_machine_learning.neural_networks import EstimatorQNN

from training import serve_training


def build(task, x, w):
    circuit = QuantumCircuit(task.n)

    def angle(spec):
        return spec["offset"] + sum(c * (x[k] if k < task.num_inputs else w[k - task.num_inputs]) for c, k in spec["terms"])

    for name, qubits, specs in task.gates:
        angles = [angle(spec) for spec in specs]
        if name == "rot":
            circuit.rz(angles[0], qubits[0])
            circuit.ry(angles[1], qubits[0])
            circuit.rz(angles[2], qubits[0])
        else:
            getattr(circuit, name)(*angles, *qubits)
    return circuit


class Quantum(torch.nn.Module):
    def __init__(self, task):
        super().__init__()
        x, w = ParameterVector("x", task.num_inputs), ParameterVector("w", task.num_weights)
        estimator = StatevectorEstimator(default_precision=0.0)
        network = EstimatorQNN(
            circuit=build(task, x, w),
            estimator=estimator,
            observables=[
                SparsePauliOp.from_sparse_list([("".join(l for _, l in p), [q for q, _ in p], c) for c, p in terms], task.n)
                for terms in task.observables
            ],
            input_params=list(x),
            weight_params=list(w),
            gradient=ParamShiftEstimatorGradient(estimator),
            input_gradients=True,
            default_precision=0.0,
        )
        self.connector = TorchConnector(network, initial_weights=task.weights)
        self.weight = self.connector.weight

    def forward(self, x):
        return self.connector(x)


names = ("qiskit", "qiskit-machine-learning")
serve_training(Quantum, {name: version(name) for name in names})
