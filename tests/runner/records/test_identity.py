"""Runs know their identity: what is combined must agree, and what differs is reported."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from alphadsl.report.exceptions import InputError
from runner.data.splits import ImageData, Split
from runner.records import identity, opening
from runner.records.folder import RunFolder
from runner.records.identity import DataRecord, Environment, RunRecord, describe_data, differences
from runner.records.opening import IfExists, check_run, note_environment, open_run, restored
from runner.records.record import check_whose, is_probed, read_record
from runner.records.summary import read_groups
from runner.settings.config import AUTO, ExperimentConfig
from runner.settings.resolving import make_config
from runner.settings.views import decide_views
from runner.training.checkpoint import load_checkpoint
from tests.runner.losses import PlainInfoNCE
from tests.runner.runs import CONFIG, DATA, OTHER_DATA, make_run

CPU = torch.device("cpu")
SETTINGS = {
    "epochs": 3,
    "lr": 0.5,
    "batch": 64,
    "width": 8,
    "precision": "bf16",
    "loss_products": "fast",
    "probe_lr": 1.0,
    "select": "test",
}
OTHERS: Mapping[str, tuple[PlainInfoNCE, ExperimentConfig, DataRecord]] = {
    **{
        name: (PlainInfoNCE(), CONFIG.model_copy(update={name: value}), DATA)
        for name, value in {
            "epochs": 3,
            "lr": 0.5,
            "batch": 64,
            "width": 8,
            "precision": "bf16",
            "loss_products": "fast",
            "probe_lr": 1.0,
            "select": "test",
        }.items()
    },
    "data": (PlainInfoNCE(), CONFIG, OTHER_DATA),
    "tau": (PlainInfoNCE(tau=0.5), CONFIG, DATA),
}
ENVIRONMENTS = {"threads": 7, "torch": "2.0", "code": "0.0", "products": "medium", "device": "H100"}


def respelled() -> PlainInfoNCE:
    """Another loss under the same name with the same values."""
    loss = PlainInfoNCE()
    loss.text = "loss infonce { something else }\n"
    return loss


@pytest.mark.parametrize("name", OTHERS)
def test_what_makes_another_run_is_a_row_of_its_own_that_says_so(name: str, tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "a"), make_run(tmp_path / "b", *OTHERS[name])
    labels = [group.label for group in read_groups([first, second]).groups]
    assert len(set(labels)) == 2
    assert all(label.startswith(f"infonce ({name} ") for label in labels)


TOLD = {"tau": "another loss", "epochs": "cannot be extended"}


@pytest.mark.parametrize("name", OTHERS)
def test_another_run_is_not_resumed(name: str, tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    loss, config, data = OTHERS[name]
    with pytest.raises(InputError, match=TOLD.get(name, f"started with {name} = ")) as refusal:
        check_run(run.path, loss, config, IfExists.RESUME, data)
    assert "overwrite" not in refusal.value.help


@pytest.mark.parametrize("name", OTHERS)
def test_a_checkpoint_of_another_run_is_refused(name: str, tmp_path: Path) -> None:
    run, other = make_run(tmp_path / "a"), make_run(tmp_path / "b", *OTHERS[name])
    shutil.copy(other.checkpoint, run.checkpoint)
    told = "another loss" if name == "tau" else name
    with pytest.raises(InputError, match=rf"checkpoint\.pt is of another run: {told}"):
        check_whose(run, load_checkpoint(run.checkpoint, CPU).record)


def test_a_checkpoint_and_a_probe_of_a_run_of_the_same_settings_are_another_s(tmp_path: Path) -> None:
    run, other = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    shutil.copy(other.checkpoint, run.checkpoint)
    with pytest.raises(InputError, match="another run with the same settings"):
        check_whose(run, load_checkpoint(run.checkpoint, CPU).record)
    assert is_probed(run, 2)
    shutil.copy(other.probe, run.probe)
    assert not is_probed(run, 2)


def test_another_loss_of_the_same_name_is_another_row(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "a"), make_run(tmp_path / "b", respelled())]
    assert all("(spec " in group.label for group in read_groups(runs).groups)
    with pytest.raises(InputError, match="another loss"):
        check_run(runs[0].path, respelled(), CONFIG, IfExists.RESUME, DATA)


def test_losses_of_other_names_show_their_settings_too(tmp_path: Path) -> None:
    other = CONFIG.model_copy(update={"epochs": 3})
    runs = [make_run(tmp_path / "a"), make_run(tmp_path / "b", PlainInfoNCE(name="mine"), other)]
    assert [group.label for group in read_groups(runs).groups] == ["infonce (epochs 2)", "mine (epochs 3)"]


def test_a_run_that_was_probed_before_its_end_says_so(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "a"), make_run(tmp_path / "b", epoch=1)]
    assert [group.label for group in read_groups(runs).groups] == ["infonce (epochs 2)", "infonce (epochs 1 of 2)"]
    assert not is_probed(runs[1], 2)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_another_environment_is_said_and_written_down(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, straight = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    before = read_record(run)
    now = before.environments[0].model_copy(update={name: ENVIRONMENTS[name]})
    monkeypatch.setattr(opening, "current_environment", lambda config: now)
    note_environment(open_run(run.path, PlainInfoNCE(), CONFIG, IfExists.RESUME, DATA), CONFIG)
    assert f"{name} {getattr(before.environments[0], name)}, now {ENVIRONMENTS[name]}" in capsys.readouterr().err
    assert read_record(run).environments == (*before.environments, now)
    assert read_record(run).identity() == before.identity()
    labels = [group.label for group in read_groups([run, straight]).groups]
    assert labels[0].endswith(f" then {ENVIRONMENTS[name]})")


def test_what_was_decided_is_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity.torch, "get_num_threads", lambda: 64)
    decided = {"threads": 3, "precision": "bf16", "channels_last": True, "compile": False}
    run = make_run(tmp_path / "a", config=CONFIG.model_copy(update=decided))
    open_ = CONFIG.model_copy(update=dict.fromkeys(decided, AUTO))
    assert restored(run.path, open_, threads=False) == CONFIG.model_copy(update=decided)
    for name, said in {"threads": 5, "precision": "32", "channels_last": False, "compile": True}.items():
        assert getattr(restored(run.path, open_.model_copy(update={name: said}), threads=False), name) == said
    assert restored(run.path, open_.model_copy(update={"threads": 5}), threads=True).threads == 3
    assert restored(tmp_path / "none", open_, threads=True) == open_


def test_a_copy_is_no_other_seed(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    shutil.copytree(run.path, tmp_path / "copy")
    again = make_run(tmp_path / "b")
    seed = make_run(tmp_path / "c", config=CONFIG.model_copy(update={"seed": 1}))
    comparable = read_groups([run, RunFolder(tmp_path / "copy"), again, run, seed])
    assert [len(group.runs) for group in comparable.groups] == [2]
    assert [skipped.folder.path.name for skipped in comparable.skipped] == ["copy", "b"]
    assert all(f"It is {run.path} again" in skipped.reason.message for skipped in comparable.skipped)


def test_every_pixel_label_and_split_counts() -> None:
    images = torch.arange(6 * 3 * 4 * 4, dtype=torch.uint8).reshape(6, 3, 4, 4)
    labels = torch.tensor([0, 1, 0, 1, 0, 1])

    def data(x: torch.Tensor, y: torch.Tensor, cut: int, classes: tuple[str, ...] = ("a", "b")) -> ImageData:
        return ImageData(classes, x[:cut], Split(x[:cut], y[:cut]), Split(x[cut:], y[cut:]))

    pixel, label = images.clone(), labels.clone()
    pixel[5, 2, 3, 3] += 1
    label[5] = 0
    variants = [
        data(images, labels, 4),
        data(pixel, labels, 4),
        data(images, label, 4),
        data(images, labels, 3),
        data(images, labels, 4, ("a", "c")),
        data(images.flip(0), labels, 4),
    ]
    assert len({describe_data(variant).fingerprint for variant in variants}) == len(variants)
    assert describe_data(data(images.clone(), labels.clone(), 4)) == describe_data(variants[0])


def test_an_environment_says_what_decides_bits() -> None:
    assert set(Environment.model_fields) == {"code", "torch", "threads", "processes", "products", "device"}


EARLIER = """
{"loss": "infonce", "values": {"tau": 0.5}, "config": {"dataset": "digits", "data_dir": null, "image_size": 8,
"encoder": "resnet8", "width": 16, "projector_dim": 128, "batch": 256, "epochs": 60, "optimizer": "adamw", "lr": 0.01,
"weight_decay": 0.0001, "warmup_epochs": 2.0, "seed": 0, "precision": "32", "device": "cpu", "threads": null,
"compile": false, "probe_epochs": 200, "probe_batch": 128, "probe_lr": 0.003}, "run": "r", "spec": "s", "data": null,
"environments": []}
"""


def test_a_record_without_what_is_decided_now_is_still_the_same_run() -> None:
    record = RunRecord.model_validate_json(EARLIER)
    assert record.identity() == "f102e30036887adaa0e4280087d608ccb2b430016281a24558218728ea82fcde"
    assert "channels_last" not in record.settings()
    decided = record.config.model_copy(update={"channels_last": True})
    assert differences(record, record.model_copy(update={"config": decided})) == {}


@pytest.mark.parametrize(
    ("dataset", "size"), [("digits", 8), ("cifar10", 32), ("stl10", 96), ("folder", 32), ("hf", 64)]
)
def test_usual_views_make_no_other_run_and_others_do(dataset: str, size: int) -> None:
    """Records of earlier versions say nothing about views."""
    config = make_config(dataset, image_size=size)
    earlier, decided, other = (
        RunRecord(loss="infonce", values={}, config=it)
        for it in (config, decide_views(config), decide_views(config.model_copy(update={"blur": 0.25})))
    )
    assert earlier.identity() == decided.identity() != other.identity()
    assert differences(earlier, decided) == {}
    assert differences(decided, other) == {"blur": (decided.config.blur, 0.25)}
