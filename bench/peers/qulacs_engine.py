"""qulacs: gradients by its own backprop, row by row; states with the best of its circuit optimisers; samples of a state."""
import math
import sys
import time

import numpy as np
import qulacs
from qulacs.circuit import QuantumCircuitOptimizer

from protocol import Task, gradient_check, serve

PAULI = {"X": 1, "Y": 2, "Z": 3}
AXES = {"rx": "X", "ry": "Y", "rz": "Z"}
PAIRS = {"rxx": "XX", "ryy": "YY", "rzz": "ZZ"}


def observable(n, terms):
    made = qulacs.Observable(n)
    for coefficient, letters in terms:
        made.add_operator(coefficient, " ".join(f"{letter} {qubit}" for qubit, letter in letters))
    return made


def rotations(name, qubits, angles):
    """A parametrised gate as rotations exp(-i t/2 P): (axes, qubits, index of its angle, factor of the angle)."""
    if name == "rot":
        return [("Z", qubits, 0, 1.0), ("Y", qubits, 1, 1.0), ("Z", qubits, 2, 1.0)]
    if name in AXES:
        return [(AXES[name], qubits, 0, 1.0)]
    if name in PAIRS:
        return [(PAIRS[name], qubits, 0, 1.0)]
    # Controlled rotations: exp(-i t/2 |1><1| P) = exp(-i t/4 P) exp(i t/4 Z P).
    axis = {"crx": "X", "cry": "Y", "crz": "Z"}[name]
    return [(axis, qubits[1:], 0, 0.5), ("Z" + axis, qubits, 0, -0.5)]


def add_fixed(circuit, name, qubits, values):
    """A gate with known angles; qulacs turns the other way, exp(+i t/2 P)."""
    if name == "cp":
        # There is no controlled phase, so a phase with a control.
        gate = qulacs.gate.to_matrix_gate(qulacs.gate.U1(qubits[1], values[0]))
        gate.add_control_qubit(qubits[0], 1)
        circuit.add_gate(gate)
    elif name in ("h", "x"):
        {"h": circuit.add_H_gate, "x": circuit.add_X_gate}[name](qubits[0])
    elif name in ("cx", "cz"):
        {"cx": circuit.add_CNOT_gate, "cz": circuit.add_CZ_gate}[name](*qubits)
    elif name == "p":
        circuit.add_U1_gate(qubits[0], values[0])
    else:
        for axes, on, index, factor in rotations(name, qubits, values):
            angle = -factor * values[index]
            if len(axes) == 1:
                {"X": circuit.add_RX_gate, "Y": circuit.add_RY_gate, "Z": circuit.add_RZ_gate}[axes](on[0], angle)
            else:
                circuit.add_multi_Pauli_rotation_gate(list(on), [PAULI[a] for a in axes], angle)


def add_parametric(circuit, axes, qubits):
    if len(axes) == 1:
        add = {"X": circuit.add_parametric_RX_gate, "Y": circuit.add_parametric_RY_gate, "Z": circuit.add_parametric_RZ_gate}
        add[axes](qubits[0], 0.0)
    else:
        circuit.add_parametric_multi_Pauli_rotation_gate(list(qubits), [PAULI[a] for a in axes], 0.0)


def prepare_gradient(task):
    circuit = qulacs.ParametricQuantumCircuit(task.n)
    offsets, rows = [], []
    for name, qubits, angles in task.gates:
        if not any(angle["terms"] for angle in angles):
            add_fixed(circuit, name, qubits, task.constants(angles))
            continue
        for axes, on, index, factor in rotations(name, qubits, angles):
            add_parametric(circuit, axes, on)
            offsets.append(-factor * angles[index]["offset"])
            row = np.zeros(task.num_inputs + task.num_weights)
            for coefficient, column in angles[index]["terms"]:
                row[column] -= factor * coefficient
            rows.append(row)
    offsets, slopes = np.array(offsets), np.array(rows)
    made = [observable(task.n, terms) for terms in task.observables]
    state = qulacs.QuantumState(task.n)
    changing = [int(k) for k in np.flatnonzero(slopes[:, : task.num_inputs].any(axis=1))]
    for k, value in enumerate(offsets + slopes @ np.concatenate([task.inputs[0], task.weights])):
        circuit.set_parameter(k, value)
    energy_only = task.num_inputs == 0 and len(made) == 1

    def run():
        outputs = np.empty((task.batch, len(made)))
        of_weights, of_inputs = np.zeros(task.num_weights), np.empty(task.inputs.shape)
        for b in range(task.batch):
            if changing:
                angles = offsets + slopes @ np.concatenate([task.inputs[b], task.weights])
                for k in changing:
                    circuit.set_parameter(k, angles[k])
            if energy_only:
                gradient = slopes.T @ np.array(circuit.backprop(made[0]))
            else:
                state.set_zero_state()
                circuit.update_quantum_state(state)
                outputs[b] = [o.get_expectation_value(state) for o in made]
                terms = [(w * c, p) for w, o in zip(task.cotangents[b], task.observables) for c, p in o]
                gradient = slopes.T @ np.array(circuit.backprop(observable(task.n, terms)))
            of_inputs[b] = gradient[: task.num_inputs]
            of_weights += gradient[task.num_inputs :]
        return outputs, of_weights, of_inputs

    def check(value):
        outputs, of_weights, of_inputs = value
        if energy_only:
            # Its backprop does not tell the energy, which is then not timed either.
            state.set_zero_state()
            circuit.update_quantum_state(state)
            outputs[0] = made[0].get_expectation_value(state)
        return gradient_check(outputs, task.cotangents, of_weights, of_inputs if task.num_inputs else None)

    return run, check


VARIANTS = {"as written": None, "optimize_light": -1, "fused to 2": 2, "fused to 3": 3, "fused to 4": 4}


def prepare_state(task):
    first, rest = qulacs.QuantumCircuit(task.n), qulacs.QuantumCircuit(task.n)
    for k, (name, qubits, angles) in enumerate(task.gates):
        add_fixed(first if k < task.num_preparing else rest, name, qubits, task.constants(angles))
    start, state = qulacs.QuantumState(task.n), qulacs.QuantumState(task.n)
    first.update_quantum_state(start)

    def runner(circuit):
        def run():
            state.set_zero_state() if task.num_preparing == 0 else state.load(start)
            circuit.update_quantum_state(state)
            return state

        return run

    best, variant, least = None, None, math.inf
    for name, block in VARIANTS.items():
        circuit = rest.copy()
        if block == -1:
            QuantumCircuitOptimizer().optimize_light(circuit)
        elif block is not None:
            QuantumCircuitOptimizer().optimize(circuit, block)
        begin = time.perf_counter()
        runner(circuit)()
        took = time.perf_counter() - begin
        if took < least:
            best, variant, least = circuit, name, took
    made = [observable(task.n, terms) for terms in task.observables]
    return runner(best), lambda found: [o.get_expectation_value(found) for o in made], variant


def prepare_sampling(task):
    run, _, _ = prepare_state(task)
    state, shots = run(), 100000

    def check(samples):
        samples = np.array(samples)
        return [np.mean(1 - 2 * (samples >> qubit & 1)) for qubit in (0, task.n - 1)]

    return lambda: state.sampling(shots), check


def prepare(request):
    task = Task(request)
    return {"gradient": prepare_gradient, "state": prepare_state, "sampling": prepare_sampling}[task.kind](task)


serve(prepare, {"qulacs": qulacs.__version__, "python": sys.version.split()[0]})
