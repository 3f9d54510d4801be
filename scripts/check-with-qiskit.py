#!/usr/bin/env python3
"""Loads every OpenQASM text of a folder in Qiskit and compares what it means, up to a global phase.

    node scripts/emit-qasm.ts FOLDER
    python3 scripts/check-with-qiskit.py FOLDER [--venv DIR]

A virtual environment with qiskit 2.6.2 and qiskit-qasm3-import 0.6.0 is made in scripts/.venv (or DIR) if there is none
yet. NAME.json beside NAME.qasm gives the version, values for the inputs, and a unitary, a state vector or an original
OpenQASM 2 text to compare with. The last line says how many texts were loaded and compared; the exit status is 1 when
one failed.
"""

import argparse
import json
import sys
from pathlib import Path

from virtual_environment import enter_environment

REQUIREMENTS = ["qiskit==2.6.2", "qiskit-qasm3-import==0.6.0"]
TOLERANCE = 1e-8
MAX_COMPARED_QUBITS = 8


def complex_array(numbers):
    import numpy

    return numpy.asarray(numbers, dtype=float).view(complex)


def distance(found, wanted) -> float:
    """The largest difference of two arrays once their global phases agree."""
    import numpy

    overlap = numpy.vdot(wanted, found)
    phase = overlap / abs(overlap) if abs(overlap) > 1e-12 else 1
    return float(numpy.max(numpy.abs(found - phase * wanted)))


def load(text: str, version: int):
    from qiskit import qasm2, qasm3

    if version == 3:
        return qasm3.loads(text)
    return qasm2.loads(
        text,
        custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
        custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
    )


def without_final_measurements(circuit):
    """Measurements, barriers and classical bits removed, or None where the circuit is not unitary before them."""
    out = circuit.copy_empty_like()
    measured = set()
    for instruction in circuit.data:
        if instruction.operation.name == "measure":
            measured.update(instruction.qubits)
        elif instruction.operation.name == "barrier":
            continue
        elif instruction.clbits or instruction.operation.name in ("reset", "if_else") or measured & set(instruction.qubits):
            return None
        else:
            out.append(instruction)
    out.remove_final_measurements()
    return out


def check(path: Path) -> bool:
    """Loads one text; True when it could be compared too. Raises on any difference."""
    from qiskit.quantum_info import Operator, Statevector

    companion = json.loads(path.with_suffix(".json").read_text())
    circuit = load(path.read_text(), companion["version"])
    if circuit.num_qubits != companion["numQubits"]:
        raise ValueError(f"{circuit.num_qubits} qubits instead of {companion['numQubits']}")
    values = companion.get("parameters", {})
    names = {parameter.name for parameter in circuit.parameters}
    if names - values.keys():
        raise ValueError(f"unknown parameters {sorted(names - values.keys())}")
    circuit = circuit.assign_parameters({name: values[name] for name in names})
    if "unitary" in companion:
        size = 2**circuit.num_qubits
        error = distance(Operator(circuit).data, complex_array(companion["unitary"]).reshape(size, size))
    elif "statevector" in companion:
        error = distance(Statevector(circuit).data, complex_array(companion["statevector"]))
    elif "original" in companion and circuit.num_qubits <= MAX_COMPARED_QUBITS:
        ours, theirs = (without_final_measurements(c) for c in (circuit, load(companion["original"], 2)))
        if ours is None or theirs is None:
            return False
        error = distance(Operator(ours).data, Operator(theirs).data)
    else:
        return False
    if error > TOLERANCE:
        raise ValueError(f"differs by {error}")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks OpenQASM texts with Qiskit.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--venv", type=Path, default=Path(__file__).parent / ".venv")
    arguments = parser.parse_args()
    enter_environment(__file__, arguments.venv, REQUIREMENTS)
    loaded = compared = failed = 0
    for path in sorted(arguments.folder.glob("*.qasm")):
        try:
            compared += check(path)
            loaded += 1
        except Exception as error:  # every failure is a finding, whatever its class
            failed += 1
            print(f"FAILED {path.name}: {type(error).__name__}: {str(error)[:300]}")
    print(f"{loaded} loaded, {compared} of them compared, {failed} failed")
    return 1 if failed or loaded == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
