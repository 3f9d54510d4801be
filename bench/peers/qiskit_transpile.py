"""Qiskit's transpiler for a device, as a child process of bench/transpile.ts.

Reads one JSON object a line, {"qasm": OpenQASM 2, "level": n, "seeds": [...]}, and answers
{"counts": [...], "seconds": [...]}: two-qubit gates and wall time for each seed. The first answer holds the versions.
"""
import json
import sys
import time

import qiskit
import qiskit_ibm_runtime
from qiskit import qasm2, transpile
from qiskit_ibm_runtime import fake_provider

DEVICES = {"torino": "FakeTorino", "sherbrooke": "FakeSherbrooke", "fez": "FakeFez"}


def main():
    backend = getattr(fake_provider, DEVICES[sys.argv[1]])()
    versions = {
        "qiskit": qiskit.__version__,
        "qiskit-ibm-runtime": qiskit_ibm_runtime.__version__,
        "python": sys.version.split()[0],
    }
    # The first call builds what the backend keeps.
    warm = qiskit.QuantumCircuit(3)
    warm.cx(0, 1)
    warm.cx(1, 2)
    warm.cx(0, 2)
    transpile(warm, backend, optimization_level=3, seed_transpiler=0)
    print(json.dumps({"versions": versions}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        circuit = qasm2.loads(request["qasm"], custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
        counts, seconds = [], []
        for seed in request["seeds"]:
            start = time.perf_counter()
            compiled = transpile(circuit, backend, optimization_level=request["level"], seed_transpiler=seed)
            seconds.append(time.perf_counter() - start)
            counts.append(sum(1 for item in compiled.data if len(item.qubits) == 2 and item.operation.name != "barrier"))
        print(json.dumps({"counts": counts, "seconds": seconds}), flush=True)


main()
