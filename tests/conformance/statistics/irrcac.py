"""Fleiss' kappa of the answers in an export, with its interval, by irrCAC.

python irrcac.py EXPORT.csv: prints JSON: "question stage" -> [kappa, low, high].
"""

import json
import sys
import warnings

import pandas as pd
from irrCAC.raw import CAC

warnings.filterwarnings("ignore")
answers = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
answers = answers[(answers["counted"] == "yes") & answers["kind"].isin(["choice", "rating"])]
found = {}
for (question, stage), own in answers.groupby(["question", "stage"]):
    wide = own.pivot(index=["study_instance_uid", "subject"], columns="reader", values="value")
    if len(wide.columns) < 2:
        continue
    fleiss = CAC(wide.reset_index(drop=True), categories=sorted(set(own["value"])), digits=12).fleiss()["est"]
    found[f"{question} {stage}"] = [float(fleiss["coefficient_value"]), *map(float, fleiss["confidence_interval"])]
print(json.dumps(found))
