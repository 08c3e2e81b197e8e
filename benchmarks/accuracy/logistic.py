"""Fits a logistic regression by Newton's method."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def fitted(features: Floats, labels: Floats, weights: Floats, *, ridge: float = 1.0) -> Floats:
    """The bias and one weight a feature; `ridge` pulls the standardised weights to nought."""
    mean, spread = features.mean(0), features.std(0) + 1e-9
    design = np.c_[np.ones(len(features)), (features - mean) / spread]
    penalty = ridge * np.eye(design.shape[1])
    penalty[0, 0] = 1e-6
    found = np.zeros(design.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        gradient = design.T @ (weights * (labels - chance)) - penalty @ found
        curvature = (design * (weights * chance * (1 - chance))[:, None]).T @ design + penalty
        found += np.linalg.solve(curvature, gradient)
    slopes = found[1:] / spread
    return np.concatenate([[found[0] - slopes @ mean], slopes])
