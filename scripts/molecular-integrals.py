"""Writes the integrals of examples/molecules and of the tests: python scripts/molecular-integrals.py

Needs pyscf (made with 2.14.0). Restricted Hartree-Fock in STO-3G with point-group symmetry; one JSON line a geometry with the
bond length in angstrom, the labels of the orbitals, energies in hartree, and the integrals over the molecular orbitals as an FCIDUMP text.
"""

import json
import math
import pathlib
import tempfile

from pyscf import ao2mo, fci, gto, scf, symm
from pyscf.tools import fcidump


def h2(r):
    return f"H 0 0 0; H 0 0 {r}"


def lih(r):
    return f"Li 0 0 0; H 0 0 {r}"


def h2o(r, angle=104.5):
    half = math.radians(angle / 2)
    return f"O 0 0 0; H 0 {r * math.sin(half)} {r * math.cos(half)}; H 0 {-r * math.sin(half)} {r * math.cos(half)}"


def solve(atoms, symmetry):
    mol = gto.M(atom=atoms, basis="sto-3g", symmetry=symmetry, verbose=0)
    mf = scf.RHF(mol)
    mf.conv_tol = 1e-12
    mf.kernel()
    assert mf.converged, atoms
    return mol, mf


def dump(mol, mf):
    orbitals = mf.mo_coeff
    one = orbitals.T @ mf.get_hcore() @ orbitals
    two = ao2mo.restore(8, ao2mo.kernel(mol, orbitals), orbitals.shape[1])
    with tempfile.NamedTemporaryFile(suffix=".fcidump") as file:
        fcidump.from_integrals(file.name, one, two, orbitals.shape[1], mol.nelectron, mol.energy_nuc(), tol=1e-12, float_format="%.13g")
        text = pathlib.Path(file.name).read_text()
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if "ORBSYM" not in line and "ISYM" not in line)


def labels(mol, mf):
    """1a1, 2a1, ...: the irreducible representation, counted by ascending orbital energy."""
    counts = {}
    found = []
    for name in symm.label_orb_symm(mol, mol.irrep_name, mol.symm_orb, mf.mo_coeff):
        counts[name] = counts.get(name, 0) + 1
        found.append(f"{counts[name]}{name.lower()}")
    return found


def full_ci(mol, mf):
    solver = fci.FCI(mf)
    solver.conv_tol = 1e-12
    return float(solver.kernel()[0])


def line(molecule, bond, atoms, symmetry):
    mol, mf = solve(atoms, symmetry)
    return {
        "molecule": molecule,
        "bond": bond,
        "hartreeFock": round(float(mf.e_tot), 10),
        "fullCi": round(full_ci(mol, mf), 10),
        "orbitals": labels(mol, mf),
        "fcidump": dump(mol, mf),
    }


def write(path, lines):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        for one in lines:
            print(json.dumps(one, separators=(",", ":")), file=file)


CURVES = [
    ("H2", h2, "D2h", [round(0.4 + 0.15 * i, 3) for i in range(15)]),
    ("LiH", lih, "C2v", [round(1.0 + 0.16 * i, 3) for i in range(17)]),
    ("H2O", h2o, "C2v", [round(0.75 + 0.125 * i, 3) for i in range(12)]),
]
# Geometries of test/fixtures/golden/hamiltonians.json.
GOLDEN = [
    ("h2_0.50", h2(0.5)),
    ("h2_0.735", h2(0.735)),
    ("h2_1.40", h2(1.4)),
    ("h2_2.20", h2(2.2)),
    ("lih_1.595_cas2_3", lih(1.595)),
    ("h2o_eq_cas4_4", "O 0 0 0.1173; H 0 0.7572 -0.4692; H 0 -0.7572 -0.4692"),
]

if __name__ == "__main__":
    root = pathlib.Path(__file__).parent.parent
    write(
        root / "examples/molecules/integrals.jsonl",
        (line(name, bond, atoms(bond), symmetry) for name, atoms, symmetry, bonds in CURVES for bond in bonds),
    )
    write(
        root / "test/fixtures/chemistry/integrals.jsonl",
        ({"id": id, "fcidump": dump(*solve(atoms, False))} for id, atoms in GOLDEN),
    )
