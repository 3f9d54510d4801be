#!/usr/bin/env python3
"""Loads compiled circuits in Qiskit and asks its runtime client whether the device would take them.

    node scripts/emit-compiled.ts FOLDER
    python3 scripts/check-compiled-with-qiskit.py FOLDER [--venv DIR]

A virtual environment with the packages below is made in scripts/.venv/compiled (or DIR) if there is none yet. A circuit
passes when it loads as OpenQASM 3 on physical qubits, qiskit_ibm_runtime's own check (is_isa_circuit) accepts it for the
same device, no gate stands where the calibration says that it fails (error 1), and, with at most 12 qubits in use, its
state or outcome probabilities are those of its source by Qiskit's simulation. The exit status is 1 when one fails.
"""

import argparse
import json
import sys
from pathlib import Path

from virtual_environment import enter_environment

REQUIREMENTS = ["qiskit==2.6.2", "qiskit-ibm-runtime==0.51.0", "qiskit-qasm3-import==0.6.0"]
DEVICES = {"torino": "FakeTorino", "sherbrooke": "FakeSherbrooke", "manila": "FakeManilaV2"}
MAX_COMPARED_QUBITS = 12
TOLERANCE = 1e-8


def load(path: Path, parameters: dict):
    from qiskit import qasm3

    circuit = qasm3.loads(path.read_text())
    return circuit.assign_parameters({name: value for name, value in parameters.items() if circuit.has_parameter(name)})


def on_device(circuit, device_qubits: int):
    """The importer makes a circuit as wide as its highest physical qubit; the rest of the device idles."""
    from qiskit import QuantumCircuit

    whole = QuantumCircuit(device_qubits, circuit.num_clbits)
    return whole.compose(circuit, qubits=range(circuit.num_qubits), clbits=range(circuit.num_clbits))


def broken_gates(circuit, target) -> list:
    broken = []
    for item in circuit.data:
        name = item.operation.name
        qubits = tuple(circuit.find_bit(qubit).index for qubit in item.qubits)
        properties = target[name].get(qubits) if name in target.operation_names and len(qubits) == 2 else None
        if properties is not None and properties.error is not None and properties.error >= 1:
            broken.append(f"{name} on {qubits}")
    return broken


def same_result(whole, source, layout: list, final: list):
    """Whether the states, or where the source measures the probabilities, agree; None where too many qubits are in use."""
    import numpy
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import Statevector

    active = sorted({whole.find_bit(q).index for item in whole.data for q in item.qubits} | set(layout))
    if len(active) > MAX_COMPARED_QUBITS:
        return None
    compact = QuantumCircuit(len(active))
    measured = {}
    for item in whole.data:
        qubits = [active.index(whole.find_bit(q).index) for q in item.qubits]
        if item.operation.name == "measure":
            measured[whole.find_bit(item.clbits[0]).index] = qubits[0]
        else:
            compact.append(item.operation, qubits)
    wanted_measured = {}
    plain = QuantumCircuit(source.num_qubits)
    for item in source.data:
        qubits = [source.find_bit(q).index for q in item.qubits]
        if item.operation.name == "measure":
            wanted_measured[source.find_bit(item.clbits[0]).index] = qubits[0]
        else:
            plain.append(item.operation, qubits)
    found, wanted = Statevector(compact), Statevector(plain)
    if wanted_measured:
        bits = sorted(wanted_measured)
        if sorted(measured) != bits:
            return False
        a = found.probabilities([measured[bit] for bit in bits])
        b = wanted.probabilities([wanted_measured[bit] for bit in bits])
        return bool(numpy.max(numpy.abs(a - b)) < TOLERANCE)
    places = [active.index(qubit) for qubit in final]
    rest = [i for i in range(len(active)) if i not in places]
    # Qubit q of the source is axis n-1-q of the reshaped state.
    tensor = found.data.reshape([2] * len(active))
    axes = [len(active) - 1 - place for place in reversed(places)]
    others = [len(active) - 1 - place for place in rest]
    state = tensor.transpose(others + axes).reshape(2 ** len(rest), -1)[0]
    return bool(abs(abs(numpy.vdot(wanted.data, state)) - 1) < TOLERANCE)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--venv", type=Path, default=Path(__file__).parent / ".venv" / "compiled")
    options = parser.parse_args()
    enter_environment(__file__, options.venv, REQUIREMENTS)
    from qiskit_ibm_runtime import fake_provider
    from qiskit_ibm_runtime.utils.utils import is_isa_circuit

    targets = {name: getattr(fake_provider, kind)().target for name, kind in DEVICES.items()}
    loaded = compared = failed = 0
    for path in sorted(options.folder.glob("*.qasm")):
        companion = json.loads(path.with_suffix(".json").read_text())
        target = targets[companion["device"]]
        try:
            circuit = load(path, companion["parameters"])
            whole = on_device(circuit, target.num_qubits)
            loaded += 1
            message = is_isa_circuit(whole, target) or "; ".join(broken_gates(whole, target))
            if not message:
                source = load(options.folder / companion["source"], companion["sourceParameters"])
                same = same_result(whole, source, companion["initialLayout"], companion["finalLayout"])
                compared += same is not None
                message = "" if same in (None, True) else "the result is another"
        except Exception as error:  # noqa: BLE001 (whatever it is, it is reported and counted)
            message = f"{type(error).__name__}: {error}"
        if message:
            failed += 1
            print(f"{path.name}: {message[:300]}")
    print(f"{loaded} loaded and checked for their devices, {compared} of them simulated, {failed} failed")
    return 1 if failed or loaded == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
