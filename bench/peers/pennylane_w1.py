"""W1 in PennyLane (default.qubit, jax jit), as a child process of bench/main.ts.

Reads one JSON object a line, {"repeats": r}, runs the step r times and answers {"seconds": [...], "check": ...}.
The first answer, before any request, holds the compile time and the versions.
"""
import json
import sys
import time

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402  (x64 must be set before arrays are made)
import numpy as np  # noqa: E402
import pennylane as qml  # noqa: E402


def lcg(seed, count):
    values, x = np.empty(count), seed
    for i in range(count):
        x = (1664525 * x + 1013904223) % 2**32
        values[i] = x / 2**32 * 6.283185307179586 - 3.141592653589793
    return values


def main():
    n, batch = int(sys.argv[1]), int(sys.argv[2])
    x = jnp.asarray(lcg(1, batch * n).reshape(batch, n))
    w = jnp.asarray(lcg(2, 9 * n).reshape(3, n, 3))
    c = jnp.asarray(lcg(3, batch * n).reshape(batch, n))
    device = qml.device("default.qubit", wires=n)

    @qml.qnode(device, interface="jax", diff_method="backprop")
    def circuit(inputs, weights):
        qml.AngleEmbedding(inputs, wires=range(n), rotation="Y")
        qml.StronglyEntanglingLayers(weights, wires=range(n))
        return [qml.expval(qml.PauliZ(i)) for i in range(n)]

    def loss(weights, inputs):
        outputs = jnp.stack(circuit(inputs, weights), axis=-1)
        return jnp.sum(outputs * c), outputs

    step = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))

    def run():
        return jax.block_until_ready(step(w, x))

    start = time.perf_counter()
    run()
    versions = {"pennylane": qml.__version__, "jax": jax.__version__, "python": sys.version.split()[0]}
    print(json.dumps({"compileSeconds": time.perf_counter() - start, "versions": versions}), flush=True)
    for line in sys.stdin:
        seconds = []
        for _ in range(json.loads(line)["repeats"]):
            start = time.perf_counter()
            (_, _), (gradient, _) = run()
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"seconds": seconds, "check": float(gradient.sum())}), flush=True)


main()
