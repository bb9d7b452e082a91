"""Every statistic of a report, from the tables that the web exports, by statsmodels, scikit-learn, pingouin, SciPy and NumPy.

python peer.py FOLDER SCALES.json: FOLDER holds export.csv, cases.csv, reference.csv and volumes.csv of one evaluation;
SCALES.json says of each question which answers there are, in order: {"sure": {"kind": "rating", "values": ["1", ...]}}.
Prints one JSON object: the name of a statistic -> its numbers.
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd
import pingouin
import statsmodels.api as sm
from limits import limits_by_patient
from sklearn.metrics import cohen_kappa_score, confusion_matrix
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
pingouin.options["round.column.CI95"] = None

folder, scales = sys.argv[1], json.load(open(sys.argv[2]))
table = lambda name: pd.read_csv(f"{folder}/{name}.csv", dtype=str, keep_default_na=False)
answers, cases, reference, volumes = table("export"), table("cases"), table("reference"), table("volumes")
answers = answers[answers["counted"] == "yes"]
found = {}

# Numbers are compared by the intraclass correlation alone.
WEIGHTS = {"choice": [None], "rating": [None, "linear", "quadratic"], "number": []}


def agreement(question, stage, own):
    scale = scales[question]
    wide = own.pivot(index=["study_instance_uid", "subject"], columns="reader", values="value")
    readers = sorted(wide.columns)
    values = scale["values"] or sorted(set(own["value"]), key=float)
    for i, first in enumerate(readers):
        for second in readers[i + 1 :]:
            both = wide[[first, second]].dropna()
            counts = confusion_matrix(both[first], both[second], labels=values)
            name = f"{question} {stage} {first} {second}"
            for weights in WEIGHTS[scale["kind"]]:
                kappa = cohens_kappa(counts, wt=weights)
                other = cohen_kappa_score(both[first], both[second], labels=values, weights=weights)
                assert abs(kappa.kappa - other) < 1e-9
                found[f"kappa {name} {weights or 'none'}"] = [kappa.kappa, kappa.kappa_low, kappa.kappa_upp]
            if WEIGHTS[scale["kind"]]:
                found[f"alike {name}"] = [len(both), int((both[first] == both[second]).sum())]
    if scale["kind"] in ("rating", "number") and len(readers) > 1:
        complete = wide.dropna().astype(float)
        long = complete.reset_index().melt(id_vars=["study_instance_uid", "subject"], var_name="reader")
        icc = pingouin.intraclass_corr(long, targets="study_instance_uid", raters="reader", ratings="value").set_index("Type")
        for kind, name in [("ICC(A,1)", "agreement"), ("ICC(C,1)", "consistency")]:
            found[f"icc {name} {question} {stage}"] = [icc.loc[kind, "ICC"], *icc.loc[kind, "CI95"]]


def proportion(name, hits, patients):
    hits, cases = hits.astype(float), len(hits)
    if cases == 0:
        return
    share = hits.mean()
    found[f"wilson {name}"] = [share, *proportion_confint(hits.sum(), cases, method="wilson")]
    clusters = patients.nunique()
    if clusters < 2:
        return
    if 0 < share < 1:
        codes = pd.factorize(patients)[0]
        error = sm.OLS(hits.to_numpy(), np.ones(cases)).fit(cov_type="cluster", cov_kwds={"groups": codes}).bse[0]
        worth = min(cases, share * (1 - share) / error**2)
    else:
        worth = clusters
    found[f"clustered {name}"] = [share, *proportion_confint(share * worth, worth, method="wilson")]


def accuracy(name, rows, test):
    judged = rows[rows["reference"].isin(["positive", "negative"]) & rows[test].isin(["positive", "negative"])]
    is_true, says = judged["reference"] == "positive", judged[test] == "positive"
    patients = judged["patient"]
    proportion(f"sensitivity {name}", says[is_true], patients[is_true])
    proportion(f"specificity {name}", ~says[~is_true], patients[~is_true])
    proportion(f"ppv {name}", is_true[says], patients[says])
    proportion(f"npv {name}", ~is_true[~says], patients[~says])


def spread(name, values):
    if len(values) > 0:
        found[f"spread {name}"] = list(np.quantile(values, [0, 0.25, 0.5, 0.75, 1]))


for (question, stage), own in answers[answers["kind"] != "text"].groupby(["question", "stage"]):
    agreement(question, stage, own)

if len(reference) > 0:
    counts = pd.crosstab(reference["model_value"].replace("", "not found"), reference["reference_value"])
    for model in counts.index:
        for value in counts.columns:
            found[f"confusion reference {model} {value}"] = [int(counts.loc[model, value])]
    sign = lambda value: scales["reference"].get(value, "neither")
    accuracy("model all", reference, "model")
    for column, word in [("sex", "sex"), ("age_band", "age"), ("scanner", "scanner")]:
        for group, rows in reference.groupby(column):
            accuracy(f"model {word} {group or 'not given'}", rows, "model")
    read = answers[(answers["question"] == scales["reference"]["question"]) & (answers["reference"] != "")]
    read = read.assign(test=read["value"].map(sign))
    for (reader, stage), rows in read[read["stage"].isin(["unaided", "aided"])].groupby(["reader", "stage"]):
        accuracy(f"{reader} {stage}", rows, "test")
    asked = answers[answers["question"] == scales["reference"]["question"]]
    for (reader, stage), rows in asked.groupby(["reader", "stage"]):
        counts = pd.crosstab(rows["value"], rows["model_value"].replace("", "not found"))
        for value in counts.index:
            for model in counts.columns:
                found[f"confusion {reader} {stage} {value} {model}"] = [int(counts.loc[value, model])]

    both = asked[asked["stage"].isin(["unaided", "aided"]) & (asked["model_value"] != "")]
    keys = ["reader", "study_instance_uid", "subject"]
    twice = both.pivot(index=[*keys, "model_value", "reference"], columns="stage", values="value").dropna().reset_index()
    for reader, rows in twice.groupby("reader"):
        before, after, model, truth = rows["unaided"], rows["aided"], rows["model_value"], rows["reference"]
        changed, judged = before != after, truth.isin(["positive", "negative"])
        right_before, right_after = before.map(sign) == truth, after.map(sign) == truth
        counts = [~changed, changed & (after == model), changed & (before == model)]
        counts += [judged & ~right_before & right_after, judged & right_before & ~right_after]
        found[f"influence {reader}"] = [len(rows), *(int(one.sum()) for one in counts)]

at = lambda column: pd.to_datetime(cases[column].replace("", None), utc=True)
minutes = lambda start, end: ((at(end) - at(start)).dt.total_seconds() / 60).dropna()
spread("received-to-result", minutes("received_at", "result_at"))
spread("result-to-answer", minutes("result_at", "first_answer_at"))
spread("received-to-answer", minutes("received_at", "first_answer_at"))

entries = answers[(answers["entry_version"] == "1") & (answers["opened_at"] != "")].drop_duplicates("entry")
for (reader, stage), rows in entries.groupby(["reader", "stage"]):
    spread(f"active {reader} {stage}", rows["active_seconds"].astype(float) / 60)
    whole = pd.to_datetime(rows["created_at"], format="ISO8601") - pd.to_datetime(rows["opened_at"], format="ISO8601")
    spread(f"whole {reader} {stage}", whole.dt.total_seconds() / 60)

for (structure, source), rows in volumes.groupby(["structure", "source"]):
    name = f"{structure} {source}"
    pairs = rows.assign(d=rows["ml"].astype(float) - rows["model_ml"].astype(float))
    found.update({f"{word} {name}": numbers for word, numbers in limits_by_patient(pairs).items()})
    for column in ["dice", "surface_distance_95_mm", "minutes"]:
        spread(f"{column} {name}", rows[column][rows[column] != ""].astype(float))

print(json.dumps({name: [float(value) for value in values] for name, values in found.items()}))
