"""What matters in a study: entries come in; the share of each axis in the differences of scores comes out.

Optuna's PED-ANOVA (Watanabe, Bansal and Hutter 2023): how much the values of the better trials differ from those of
all.
"""

import warnings

import optuna
from optuna.trial import TrialState

from runner.studies.study import Study

FEWEST = 8
"""Fewest trials from which anything can be said."""


def importances(study: Study) -> dict[str, float]:
    """The share of each axis, largest first; empty if there are too few trials or all scores are the same."""
    done = [trial for trial in study.trials() if trial.state is TrialState.COMPLETE]
    names = {name for trial in done for name in trial.params}
    if len(done) < FEWEST or not names or len({trial.value for trial in done}) == 1:
        return {}
    quiet = optuna.create_study(direction="maximize")
    quiet.add_trials(done)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return dict(optuna.importance.get_param_importances(quiet))
        except (ValueError, RuntimeError):
            return {}
