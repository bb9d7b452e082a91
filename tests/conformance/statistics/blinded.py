"""Bias and limits of agreement between the sources of blinded reads, from the table of volumes that the web exports.

python blinded.py VOLUMES.csv SOURCE...: the sources in the order of the evaluation.
Prints one JSON object: the name of a statistic -> its numbers.
"""

import itertools
import json
import sys

import pandas as pd
from limits import limits_by_patient

rows = pd.read_csv(sys.argv[1], dtype={"study_instance_uid": str, "patient": str})
found = {}
for structure, own in rows.groupby("structure"):
    wide = own.pivot(index=["study_instance_uid", "patient"], columns="source", values="ml").reset_index()
    for first, second in itertools.combinations(sys.argv[2:], 2):
        pairs = wide.assign(d=wide[second] - wide[first]).dropna(subset="d")
        name = f"{structure} {first} {second}"
        found[f"counts {name}"] = [len(pairs), pairs["patient"].nunique()]
        found.update({f"{word} {name}": numbers for word, numbers in limits_by_patient(pairs).items()})

print(json.dumps({name: [float(value) for value in values] for name, values in found.items()}))
