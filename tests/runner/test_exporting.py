"""An encoder as a file of its own: plain torch reads it, the same features come out, and what is damaged is refused."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

import alphadsl
from runner.exporting import WRITERS
from runner.network.models import Encoder
from tests.processes import run_command
from tests.runner.conftest import SMALL
from tests.runner.runs import make_run

QUICK = SMALL | {"batch": 256, "epochs": 0, "probe": False}
X_NCHW = torch.rand(3, 3, 8, 8)


def trained(folder: Path, **settings: object) -> alphadsl.Run:
    loss = alphadsl.load("infonce", compile=False)
    return alphadsl.train(loss, "digits", runs_dir=folder, **QUICK | settings)


@pytest.mark.parametrize("ending", WRITERS)
def test_a_file_becomes_the_encoder_again(ending: str, tmp_path: Path) -> None:
    run = trained(tmp_path)
    encoder = alphadsl.load_encoder(run.export(tmp_path / f"encoder{ending}"))
    assert not encoder.training
    assert torch.equal(encoder(X_NCHW), run.encoder(X_NCHW))


def test_plain_torch_reads_the_weights_and_what_they_are_of(tmp_path: Path) -> None:
    run = trained(tmp_path)
    stored = torch.load(run.export(tmp_path / "encoder.pt"), weights_only=True)
    told = stored["metadata"]
    assert (told["encoder"], told["width"], told["image_size"], told["features"]) == ("resnet8", 2, 8, 8)
    assert (told["loss"], told["epoch"], told["dataset"]) == ("infonce", 0, "digits")
    encoder = Encoder("resnet8", 2, 8).eval()
    encoder.load_state_dict(stored["state_dict"])
    assert torch.equal(encoder(X_NCHW), run.encoder(X_NCHW))
    tensors = safetensors.torch.load_file(run.export(tmp_path / "encoder.safetensors"))
    assert tensors.keys() == stored["state_dict"].keys()


def test_modules_of_others_have_their_own_names(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(192, 5))
    settings = {name: value for name, value in QUICK.items() if name != "width"}
    loss = alphadsl.load("infonce", compile=False)
    run = alphadsl.train(loss, "digits", encoder=module, runs_dir=tmp_path, **settings)
    path = run.export(tmp_path / "encoder.pt")
    state = torch.load(path, weights_only=True)["state_dict"]
    assert all(torch.equal(state[name], weight) for name, weight in module.state_dict().items())
    with pytest.raises(alphadsl.InputError, match="weights of Sequential, a module from the user's own code"):
        alphadsl.load_encoder(path)


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("fault", ["cut", "empty", "foreign", "absent"])
def test_a_file_that_is_damaged_or_foreign_is_one_line(fault: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"encoder{ending}"
    if fault != "absent":
        content = trained(tmp_path).export(path).read_bytes()
        path.write_bytes({"cut": content[:300], "empty": b"", "foreign": b"PK" + b"\0" * 500}[fault])
    with pytest.raises(alphadsl.InputError) as refusal:
        alphadsl.load_encoder(path)
    assert str(path) in refusal.value.message
    assert "\n" not in str(refusal.value)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    run = trained(tmp_path)
    with pytest.raises(alphadsl.InputError, match=r"ends in \.pt or \.safetensors"):
        run.export(tmp_path / "encoder.onnx")
    with pytest.raises(alphadsl.InputError, match=r"ends in \.pt or \.safetensors"):
        alphadsl.load_encoder(tmp_path / "encoder.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["absent", "no run", "no checkpoint", "damaged"])
def test_a_run_that_cannot_be_exported_is_one_line_and_no_file(fault: str, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "mine"
    match fault:
        case "no run":
            run.mkdir(parents=True)
        case "no checkpoint":
            make_run(run).checkpoint.unlink()
        case "damaged":
            make_run(run).checkpoint.write_bytes(b"PK")
    done = run_command("export", "mine", "-o", "encoder.pt", folder=tmp_path)
    assert done.returncode == 1
    assert "mine" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "encoder.pt").exists()
