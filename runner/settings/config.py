"""The settings of one experiment, frozen: values come in; a checked model comes out. A value of the wrong kind or
out of range raises pydantic's error, which `resolving.py` turns into one line.

A setting is defined once, as a field of `ExperimentConfig`. The options of `train`, the names allowed in a file for
`--config` and the record of a run are all made from it.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from runner.settings.about import About, Group
from runner.settings.encoders import Ours, check_word
from runner.settings.loggers import parse_loggers
from runner.settings.often import parse_often

Dataset = Literal["digits", "cifar10", "cifar100", "stl10", "folder", "hf"]
OWN_IMAGES = "own"
"""The data set of images that Python code holds in memory. No command line can name it."""
Encoder = Ours | Annotated[str, AfterValidator(check_word)]
Predictor = Literal["none", "mlp"]
Optimizer = Literal["adamw", "sgd", "lars", "schedule-free-adamw", "schedule-free-sgd"]
Schedule = Literal["cosine", "constant", "authors"]
Recipe = Literal["none", "paper", "simclr", "fast"]
Auto = Literal["auto"]
Precision = Literal["auto", "bf16", "32"]
Products = Literal["exact", "fast"]
Part = Literal["validation", "test"]
TestSet = Literal["read", "sealed"]

AUTO: Auto = "auto"
"""Decided by the machine of the run. Records of earlier versions say this too, since they lack what was decided."""

SCHEDULE_FREE = ("schedule-free-adamw", "schedule-free-sgd")
"""Optimizers that average their own steps (Defazio et al. 2024) and so take no schedule."""

DATASETS: tuple[str, ...] = get_args(Dataset)
RECIPES: tuple[str, ...] = get_args(Recipe)[1:]

NO_SETTING = frozenset(
    {
        "seed",
        "data_dir",
        "threads",
        "device",
        "log_every",
        "save_every",
        "keep_last",
        "keep_every",
        "logger",
        "test_set",
        "recipe",
    }
)
"""Fields that do not make it another experiment: where the data are, what is saved on the way, whether the test set is
read, what the environment sets, and the name of a recipe, whose settings are fields themselves."""

UNSAID = "unsaid"
"""The type of an error that tells the user nothing when it comes with another."""

MOST = 10**9
"""More than any count can usefully be, and small enough for every library that receives one."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=MOST)]
Chance = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def check_own(dataset: str) -> str:
    """Accept a data set outside `DATASETS` only if it stands for images in memory."""
    if dataset != OWN_IMAGES:
        raise PydanticCustomError(UNSAID, "there is no such data set")
    return dataset


class ExperimentConfig(BaseModel):
    """Everything but the loss that decides the final weights of a run, and where its data are."""

    # Every command reads these fields for its options, and needs no validator for that.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    dataset: Annotated[Dataset | Annotated[str, AfterValidator(check_own)], About(Group.DATA, "The images.")] = "digits"
    data_dir: Annotated[Path | None, About(Group.DATA, "Folder of the data set; by default data/.")] = None
    image_size: Annotated[int, Field(ge=8, le=512), About(Group.DATA, "Pixels a side that images are resized to.")] = 32

    crop_area: Annotated[
        Auto | Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)],
        About(Group.VIEWS, "Smallest part of an image's area that is cropped for a view; auto: 0.2, digits 0.5."),
    ] = AUTO
    jitter: Annotated[
        Auto | Annotated[float, Field(ge=0, le=2.5, allow_inf_nan=False)],
        About(Group.VIEWS, "Strength of the changes of colour, s of SimCLR; auto: 0.5 up to 32 px, 1 above."),
    ] = AUTO
    grey: Annotated[Auto | Chance, About(Group.VIEWS, "Probability that a view is grey; auto: 0.2, digits 0.")] = AUTO
    blur: Annotated[
        Auto | Chance,
        About(Group.VIEWS, "Probability that a view is blurred; auto: 0 up to 32 px, 0.5 above, digits 0.2."),
    ] = AUTO

    encoder: Annotated[Encoder, About(Group.NETWORK, "Architecture of the encoder, or timm:NAME.")] = "resnet8"
    width: Annotated[
        int, Field(ge=1, le=512), About(Group.NETWORK, "Channels of the first stage; 64 is the usual ResNet.")
    ] = 16
    projector_dim: Annotated[int, Field(ge=2, le=8192), About(Group.NETWORK, "Width of the embeddings.")] = 128
    projector_hidden: Annotated[
        int,
        Field(ge=0, le=65536),
        About(Group.NETWORK, "Width of the projector's hidden layer; 0: that of the features or embeddings."),
    ] = 0
    projector_norm: Annotated[bool, About(Group.NETWORK, "Batch norm in the projector.")] = True
    predictor: Annotated[Predictor, About(Group.NETWORK, "Head that only the queries go through.")] = "none"
    stop_gradient: Annotated[bool, About(Group.NETWORK, "Let no gradient flow through the keys.")] = False
    momentum_encoder: Annotated[
        Auto | Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)],
        About(Group.NETWORK, "Decay of the averaged encoder that makes the keys; 0: none; auto: 0.99 with a queue."),
    ] = AUTO

    recipe: Annotated[
        Recipe,
        About(Group.TRAINING, "Published values for settings not given: the paper's script, SimCLR, or a fast one."),
    ] = "none"
    batch: Annotated[int, Field(ge=2, le=MOST), About(Group.TRAINING, "Images in a batch, each in two views.")] = 256
    queue: Annotated[
        Auto | Annotated[int, Field(ge=0, le=MOST)],
        About(Group.TRAINING, "Keys in the queue of a loss that takes one; auto: 4096, or half of the images."),
    ] = AUTO
    epochs: Annotated[int, Field(ge=0, le=MOST), About(Group.TRAINING, "Epochs of pretraining.")] = 5
    shuffle: Annotated[bool, About(Group.TRAINING, "Shuffle the images anew in each epoch.")] = True
    optimizer: Annotated[Optimizer, About(Group.TRAINING, "The optimizer.")] = "adamw"
    lr: Annotated[Positive, About(Group.TRAINING, "Learning rate after the warm-up.")] = 1e-2
    weight_decay: Annotated[NonNegative, About(Group.TRAINING, "Weight decay.")] = 1e-4
    schedule: Annotated[
        Schedule,
        About(Group.TRAINING, "Learning rate after the warm-up: down to zero, constant, or as in the paper's script."),
    ] = "cosine"
    warmup_epochs: Annotated[NonNegative, About(Group.TRAINING, "Epochs of linear warm-up.")] = 0.5
    momentum: Annotated[float, Field(ge=0, lt=1), About(Group.TRAINING, "Momentum; not used by adamw.")] = 0.9
    clip: Annotated[
        NonNegative, About(Group.TRAINING, "Norm to which longer gradients are clipped; 0: no clipping.")
    ] = 0.0
    ema: Annotated[
        float,
        Field(ge=0, lt=1, allow_inf_nan=False),
        About(
            Group.TRAINING, "Decay per step of an average of the weights, which is probed and exported; 0: no average."
        ),
    ] = 0.0
    seed: Annotated[int, Field(ge=0, lt=2**31), About(Group.TRAINING, "First seed.")] = 0

    precision: Annotated[Precision, About(Group.MACHINE, "Precision of the network; bf16 is autocast.")] = AUTO
    loss_products: Annotated[
        Products, About(Group.MACHINE, "Float32 matrix products of the loss; fast ones round more on some devices.")
    ] = "exact"
    device: Annotated[Literal["auto", "cpu", "cuda"], About(Group.MACHINE, "Device to compute on.")] = "auto"
    threads: Annotated[
        Auto | Count, About(Group.MACHINE, "Maximum number of CPU threads; small images gain nothing from several.")
    ] = AUTO
    channels_last: Annotated[
        Auto | bool, About(Group.MACHINE, "Channels-last layout in the encoder; auto: where it is correct and faster.")
    ] = AUTO
    cached_chunks: Annotated[
        Count, About(Group.MACHINE, "Number of chunks of a batch, embedded one by one if it does not fit in memory.")
    ] = 1
    compile: Annotated[Auto | bool, About(Group.MACHINE, "Compile the encoder; auto: on a GPU.")] = AUTO
    deterministic: Annotated[
        Auto | bool, About(Group.MACHINE, "Bit-identical results on a GPU too; auto: cuDNN's fastest kernels.")
    ] = AUTO
    log_every: Annotated[
        Auto | Count,
        About(
            Group.MACHINE, "Steps between readings of the loss, which wait for a GPU; auto: 1 on a CPU, 50 on a GPU."
        ),
    ] = AUTO
    save_every: Annotated[
        str,
        About(Group.MACHINE, "How often a checkpoint is written: 10min, 500steps, 1epoch, or several with commas."),
    ] = "1epoch,10min"
    keep_last: Annotated[Count, About(Group.MACHINE, "Number of latest checkpoints to keep.")] = 3
    keep_every: Annotated[
        int,
        Field(ge=0, le=MOST),
        About(Group.MACHINE, "Epochs between checkpoints that are kept for good; 0: none."),
    ] = 0
    logger: Annotated[
        str,
        About(Group.MACHINE, "Where measurements are shown: tensorboard, wandb, mlflow, several with commas, or none."),
    ] = "tensorboard"

    probe_epochs: Annotated[Count, About(Group.PROBE, "Epochs of the linear probe.")] = 50
    probe_batch: Annotated[Count, About(Group.PROBE, "Images in a batch of the linear probe.")] = 128
    probe_lr: Annotated[Positive, About(Group.PROBE, "Learning rate of the linear probe.")] = 3e-4
    """The paper's probe: Adam, 3e-4, weight decay 1e-3, 50 epochs of batches of 128."""
    select: Annotated[Part, About(Group.PROBE, "Images on which the best epoch of the probe is chosen.")] = "validation"
    test_set: Annotated[
        TestSet,
        About(Group.PROBE, "Whether the probe reads the test set; if sealed, it measures on validation images only."),
    ] = "read"

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: object, info: ValidationInfo) -> object:
        yes_or_no = ("channels_last", "compile", "deterministic", "stop_gradient", "shuffle", "projector_norm")
        if isinstance(value, bool) and info.field_name not in yes_or_no:
            raise ValueError("it takes neither true nor false")
        return value

    @field_validator("data_dir", mode="before")
    @classmethod
    def _nothing_is_no_folder(cls, value: object) -> object:
        """An empty string would mean the current folder."""
        if isinstance(value, str) and not value.strip():
            raise ValueError("it names no folder")
        return value

    @field_validator("save_every")
    @classmethod
    def _is_often(cls, value: str) -> str:
        parse_often(value)
        return value

    @field_validator("logger")
    @classmethod
    def _are_loggers(cls, value: str) -> str:
        parse_loggers(value)
        return value

    @field_validator("threads", mode="before")
    @classmethod
    def _no_threads_are_not_said(cls, value: object) -> object:
        """Earlier versions wrote null when the number of threads was not given."""
        return AUTO if value is None else value
