"""qiskit-aer's state vector with its gate fusion, timed by Aer itself.

The whole state is saved: with a single value to save, Aer cuts the circuit to that value's light cone, which is another and
much smaller job. That all qubits were simulated is asserted.
"""
import os
import sys
import time

import numpy as np
import qiskit
import qiskit_aer
from qiskit import QuantumCircuit

from protocol import Task, expectation, read, send

NAMES = {"h": "h", "x": "x", "rx": "rx", "ry": "ry", "rz": "rz", "p": "p", "cx": "cx", "cz": "cz", "cp": "cp"}
NAMES |= {name: name for name in ("crx", "cry", "crz", "rxx", "ryy", "rzz")}


def build(task):
    circuit = QuantumCircuit(task.n)
    for name, qubits, angles in task.gates:
        values = task.constants(angles)
        if name == "rot":
            circuit.rz(values[0], qubits[0])
            circuit.ry(values[1], qubits[0])
            circuit.rz(values[2], qubits[0])
        else:
            getattr(circuit, NAMES[name])(*values, *qubits)
    circuit.save_statevector()
    return circuit


def main():
    start = time.perf_counter()
    task = Task(read())
    circuit = build(task)
    simulator = qiskit_aer.AerSimulator(
        method="statevector",
        max_parallel_threads=int(os.environ["BENCH_THREADS"]),
        statevector_parallel_threshold=10,
        fusion_enable=True,
    )

    def run():
        result = simulator.run(circuit, shots=1).result()
        simulated = result.results[0].metadata["num_qubits"]
        if simulated != task.n:
            raise RuntimeError(f"Aer simulated {simulated} of {task.n} qubits.")
        return result

    run()
    versions = {"qiskit": qiskit.__version__, "qiskit-aer": qiskit_aer.__version__, "python": sys.version.split()[0]}
    send({"firstSeconds": time.perf_counter() - start, "versions": versions})
    while (turn := read()) is not None:
        seconds = []
        end = time.perf_counter() + turn["seconds"]
        while not seconds or (len(seconds) < turn["repeats"] and time.perf_counter() < end):
            result = run()
            seconds.append(result.results[0].time_taken)
        state = np.asarray(result.get_statevector())
        check = [sum(c * expectation(state, letters) for c, letters in terms) for terms in task.observables]
        send({"seconds": seconds, "check": [float(v) for v in check]})


main()
