"""Published recipes: a name comes in; the settings in its file in `recipes`, which names the source, come out.

Refused: a recipe with no effect, since each of its settings is given elsewhere.
"""

import tomllib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from alphadsl.report.exceptions import InputError
from runner.settings.config import RECIPES, ExperimentConfig

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class KnownRecipe:
    """The settings of a recipe by name, and its learning rate per 256 images if that grows with the batch."""

    settings: Mapping[str, object]
    lr_per_256: float | None = None

    def scale(self, config: ExperimentConfig, given: Container[str]) -> ExperimentConfig:
        """The configuration with the learning rate for its batch, unless one is given."""
        if self.lr_per_256 is None or "lr" in given:
            return config
        return config.model_copy(update={"lr": self.lr_per_256 * config.batch / 256})


def read_recipe(name: object) -> KnownRecipe:
    """The recipe of this name, or an empty one if there is none: the check of the settings reports that."""
    if name not in RECIPES:
        return KnownRecipe({})
    settings = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return KnownRecipe(lr_per_256=settings.pop("lr_per_256", None), settings=settings)


def check_recipe(name: object, recipe: KnownRecipe, elsewhere: Iterable[str]) -> None:
    """Refuse a recipe each of whose settings is given elsewhere, as in the record of a run."""
    names = {*recipe.settings, *(() if recipe.lr_per_256 is None else ("lr",))}
    if names and names <= {*elsewhere}:
        raise InputError(
            f"The recipe {name} has no effect, since --config gives all of its settings.",
            "Leave out --recipe, or --config.",
        )
