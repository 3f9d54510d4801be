"""W1 as an expert would write it in jax by hand: one jit, vmap over the rows, one gather for each ring of CX.

Only the sizes and the values are taken from the task; the circuit is W1's.
"""
import sys

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402  (x64 must be set before arrays are made)
import numpy as np  # noqa: E402

from protocol import Task, gradient_check, serve  # noqa: E402


def rings(n, layers):
    """For each layer the source index of every amplitude after its CX gates; qubit 0 is the leftmost axis."""
    found = []
    for layer in range(layers):
        source = np.arange(2**n)
        reach = layer % (n - 1) + 1
        for control in reversed(range(n)):
            bit = source >> (n - 1 - control) & 1
            source = source ^ bit << (n - 1 - (control + reach) % n)
        found.append(jnp.asarray(source))
    return found


def prepare(request):
    task = Task(request)
    n, layers = task.n, task.num_weights // (3 * task.n)
    inputs, cotangents = jnp.asarray(task.inputs), jnp.asarray(task.cotangents)
    weights = jnp.asarray(task.weights.reshape(layers, n, 3))
    sources = rings(n, layers)
    index = np.arange(2**n)
    signs = jnp.asarray(np.stack([1.0 - 2.0 * (index >> (n - 1 - q) & 1) for q in range(n)], axis=1))

    def matrices(w):
        a, b, g = w[..., 0], w[..., 1], w[..., 2]
        plus, minus = jnp.exp(0.5j * (a + g)), jnp.exp(0.5j * (a - g))
        cos, sin = jnp.cos(b / 2), jnp.sin(b / 2)
        rows = [jnp.conj(plus) * cos, -minus * sin, jnp.conj(minus) * sin, plus * cos]
        return jnp.stack(rows, axis=-1).reshape(*w.shape[:-1], 2, 2)

    def values(x, w):
        gates = matrices(w)
        state = jnp.ones(1, complex)
        for q in range(n):
            state = jnp.kron(state, jnp.stack([jnp.cos(x[q] / 2), jnp.sin(x[q] / 2)]))
        for layer in range(layers):
            for q in range(n):
                state = jnp.einsum("ab,xby->xay", gates[layer, q], state.reshape(2**q, 2, -1)).reshape(-1)
            state = state[sources[layer]]
        return (state.real**2 + state.imag**2) @ signs

    def loss(w, x):
        outputs = jax.vmap(values, (0, None))(x, w)
        return jnp.sum(outputs * cotangents), outputs

    step = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))

    def check(value):
        (_, outputs), (of_weights, of_inputs) = value
        return gradient_check(outputs, task.cotangents, of_weights, of_inputs)

    return lambda: jax.block_until_ready(step(weights, inputs)), check


serve(prepare, {"jax": jax.__version__, "python": sys.version.split()[0]})
