"""Bias and limits of agreement where patients have several exams, by statsmodels and SciPy."""

import numpy as np
import pandas as pd
import scipy.stats
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm


def spread_of_differences(pairs):
    """Mean and standard deviation of a difference, between and within patients."""
    d, sizes = pairs["d"], pairs.groupby("patient").size()
    patients, count = len(sizes), len(d)
    if patients == count:
        return d.mean(), d.std(ddof=1)
    between, within = anova_lm(smf.ols("d ~ C(patient)", pairs).fit())["mean_sq"]
    size = (count - (sizes**2).sum() / count) / (patients - 1)
    return d.mean(), np.sqrt(max(0, (between - within) / size) + within)


def limits_by_patient(pairs):
    patients, count = pairs["patient"].unique(), len(pairs)
    bias, deviation = spread_of_differences(pairs)
    z, t = scipy.stats.norm.ppf(0.975), scipy.stats.t.ppf(0.975, len(patients) - 1)
    if len(patients) == count:
        error = deviation * np.sqrt(1 / count + z**2 / (2 * (count - 1)))
        errors = {"lower": error, "upper": error}
        interval = scipy.stats.t.interval(0.95, count - 1, loc=bias, scale=deviation / np.sqrt(count))
    else:
        clusters = {"groups": pd.factorize(pairs["patient"])[0]}
        fit = smf.ols("d ~ 1", pairs).fit(cov_type="cluster", cov_kwds=clusters, use_t=True)
        interval = fit.conf_int().loc["Intercept"]
        left = [spread_of_differences(pairs[pairs["patient"] != one]) for one in patients]
        jackknife = lambda others: np.sqrt((len(others) - 1) * np.var(others))
        errors = {word: jackknife([b + sign * z * s for b, s in left]) for word, sign in [("lower", -1), ("upper", 1)]}
    limits = {"lower": bias - z * deviation, "upper": bias + z * deviation}
    return {
        "bias": [bias, *interval],
        **{word: [limit, limit - t * errors[word], limit + t * errors[word]] for word, limit in limits.items()},
    }
