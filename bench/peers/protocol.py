"""How a peer talks to bench/measure.ts, and the task that it is sent.

The first line on standard input is the task (bench/task.ts). The peer answers {"firstSeconds", "versions", "variant"?}
once it has run for the first time. Each further line asks for a turn, {"seconds", "repeats"}, and is answered by
{"seconds": [of each run], "check": [...]}.
"""
import json
import sys
import time

import numpy as np


def send(answer):
    print(json.dumps(answer), flush=True)


def read():
    line = sys.stdin.readline()
    return json.loads(line) if line else None


def serve(prepare, versions):
    """prepare(task) gives run and check; run() is timed and its value handed to check(value), which is not."""
    request = read()
    start = time.perf_counter()
    prepared = prepare(request)
    run, check = prepared[:2]
    value = run()
    first = {"firstSeconds": time.perf_counter() - start, "versions": versions}
    send(first if len(prepared) == 2 else {**first, "variant": prepared[2]})
    while (turn := read()) is not None:
        seconds = []
        end = time.perf_counter() + turn["seconds"]
        while not seconds or (len(seconds) < turn["repeats"] and time.perf_counter() < end):
            start = time.perf_counter()
            value = run()
            seconds.append(time.perf_counter() - start)
        send({"seconds": seconds, "check": [float(v) for v in check(value)]})


class Task:
    def __init__(self, task):
        self.kind = task["kind"]
        self.n = task["numQubits"]
        self.gates = [(g["name"], g["qubits"], g["angles"]) for g in task["gates"]]
        self.num_preparing = task["numPreparing"]
        self.batch, self.num_inputs, self.num_weights = task["batch"], task["numInputs"], task["numWeights"]
        self.inputs = np.array(task["inputs"], float).reshape(self.batch, self.num_inputs)
        self.weights = np.array(task["weights"], float)
        self.observables = [[(c, [tuple(letter) for letter in letters]) for c, letters in o] for o in task["observables"]]
        self.cotangents = np.array(task["cotangents"], float).reshape(-1, len(self.observables))

    def angle(self, spec, inputs, weights):
        """An angle's value: inputs [B, D] of any array library give [B], weights alone a scalar."""
        value = spec["offset"]
        for coefficient, column in spec["terms"]:
            source = inputs[:, column] if column < self.num_inputs else weights[column - self.num_inputs]
            value = value + (source if coefficient == 1 else coefficient * source)
        return value

    def constants(self, specs):
        if any(spec["terms"] for spec in specs):
            raise ValueError("A state's angles are numbers.")
        return [spec["offset"] for spec in specs]


def gradient_check(outputs, cotangents, weights, inputs=None):
    """As gradientCheck in bench/gradient.ts; inputs is None where there are none."""

    def mixed(values):
        values = np.asarray(values, float).ravel()
        return np.cos(np.arange(values.size)) @ values

    check = [np.sum(np.asarray(outputs, float) * cotangents), np.sum(weights), mixed(weights)]
    return check if inputs is None or np.size(inputs) == 0 else [*check, mixed(inputs)]


def expectation(state, letters):
    """<P> of a state vector whose qubit 0 is least significant, for letters [(qubit, letter)]."""
    n = state.size.bit_length() - 1
    view = state.reshape((2,) * n)
    image = view
    for qubit, letter in letters:
        axis = n - 1 - qubit
        zero, one = (np.take(image, [bit], axis) for bit in (0, 1))
        parts = {"X": (one, zero), "Y": (-1j * one, 1j * zero), "Z": (zero, -one)}[letter]
        image = np.concatenate(parts, axis)
    return np.vdot(view, image).real
