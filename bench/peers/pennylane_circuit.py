"""A task's circuit and observables in PennyLane."""
import pennylane as qml

GATES = {
    "h": qml.Hadamard,
    "x": qml.PauliX,
    "rx": qml.RX,
    "ry": qml.RY,
    "rz": qml.RZ,
    "p": qml.PhaseShift,
    "rot": qml.Rot,
    "cx": qml.CNOT,
    "cz": qml.CZ,
    "cp": qml.ControlledPhaseShift,
    "crx": qml.CRX,
    "cry": qml.CRY,
    "crz": qml.CRZ,
    "rxx": qml.IsingXX,
    "ryy": qml.IsingYY,
    "rzz": qml.IsingZZ,
}
PAULIS = {"X": qml.PauliX, "Y": qml.PauliY, "Z": qml.PauliZ}


def apply(task, inputs, weights):
    for name, qubits, angles in task.gates:
        GATES[name](*[task.angle(angle, inputs, weights) for angle in angles], wires=qubits)


def observables(task):
    made = []
    for terms in task.observables:
        words = [qml.prod(*[PAULIS[l](q) for q, l in letters]) if len(letters) > 1 else PAULIS[letters[0][1]](letters[0][0]) for _, letters in terms]
        single = len(terms) == 1 and terms[0][0] == 1
        made.append(words[0] if single else qml.Hamiltonian([c for c, _ in terms], words))
    return made
