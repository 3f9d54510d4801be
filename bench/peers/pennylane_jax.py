"""Values and gradients in PennyLane: default.qubit, one jax jit around value, gradient for weights and for inputs."""
import sys

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402  (x64 must be set before arrays are made)
import pennylane as qml  # noqa: E402

import pennylane_circuit  # noqa: E402
from protocol import Task, gradient_check, serve  # noqa: E402


def prepare(request):
    task = Task(request)
    inputs, weights, cotangents = (jnp.asarray(a) for a in (task.inputs, task.weights, task.cotangents))
    observables = pennylane_circuit.observables(task)

    @qml.qnode(qml.device("default.qubit", wires=task.n), interface="jax", diff_method="backprop")
    def circuit(x, w):
        pennylane_circuit.apply(task, x, w)
        return [qml.expval(o) for o in observables]

    def loss(w, x):
        outputs = jnp.stack(circuit(x, w), axis=-1)
        return jnp.sum(outputs * cotangents), outputs

    if task.num_inputs == 0:
        step = jax.jit(jax.value_and_grad(loss, has_aux=True))
    else:
        step = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))

    def run():
        return jax.block_until_ready(step(weights, inputs))

    def check(value):
        (_, outputs), gradients = value
        of_weights, of_inputs = (gradients, None) if task.num_inputs == 0 else gradients
        return gradient_check(outputs, task.cotangents, of_weights, of_inputs)

    return run, check


serve(prepare, {"pennylane": qml.__version__, "jax": jax.__version__, "python": sys.version.split()[0]})
