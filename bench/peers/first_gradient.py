"""W6 in PennyLane with jax, in a process of its own: `jit` compiles first, `eager` does not. Nothing is imported early."""
import json
import sys

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402  (x64 must be set before arrays are made)
import pennylane as qml  # noqa: E402

given = json.loads(sys.argv[2])
n, batch = given["numQubits"], given["batch"]
inputs = jnp.asarray(given["inputs"]).reshape(batch, n)
weights = jnp.asarray(given["weights"]).reshape(3, n, 3)
cotangents = jnp.asarray(given["cotangents"]).reshape(batch, n)


@qml.qnode(qml.device("default.qubit", wires=n), interface="jax", diff_method="backprop")
def circuit(x, w):
    qml.AngleEmbedding(x, wires=range(n), rotation="Y")
    qml.StronglyEntanglingLayers(w, wires=range(n))
    return [qml.expval(qml.PauliZ(i)) for i in range(n)]


def loss(w, x):
    return jnp.sum(jnp.stack(circuit(x, w), axis=-1) * cotangents)


gradient = jax.grad(loss, argnums=(0, 1))
if sys.argv[1] == "jit":
    gradient = jax.jit(gradient)
print(json.dumps([float(g.sum()) for g in gradient(weights, inputs)]), flush=True)
