"""What a loss learns, moves on a schedule, and is called with besides two views: the module in a training loop."""

import copy
import io

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.module import ContrastiveLoss

N, D = 6, 5
BODY = "loss[i] = softplus(-(t * s[i] + b)) + sum_j(softplus(t * s[i,j] + b))\n"
LEARNED = f"""loss sigmoids {{
learn t = 2 in (0.5, 4)
learn b = -1 in (-inf, 3)
learn c = 1 in (0, inf)
param k = cosine(0.1, 0.5) in (0, inf)
{BODY.strip()} + c * k * d[i]^2
}}
"""


def of(pairs: str, space: str = "sphere") -> ContrastiveLoss:
    text = f"loss l {{\npairs {pairs}\nspace {space}\nlearn t = 2 in (0, inf)\nlearn b = -1\n{BODY}}}\n"
    return alphadsl.loads(text, compile=False)


def views(dtype: torch.dtype = torch.float32, seed: int = 0, samples: int = N) -> tuple[Tensor, Tensor]:
    z_VND = torch.randn(2, samples, D, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)
    return z_VND[0].requires_grad_(), z_VND[1].requires_grad_()


@pytest.mark.parametrize("rate", [1e-3, 1.0, 1e4, -1e4])
def test_a_learned_parameter_moves_and_stays_in_its_interval(rate: float) -> None:
    loss = alphadsl.loads(LEARNED, compile=False)
    before = loss.values
    optimizer = torch.optim.SGD(loss.parameters(), lr=abs(rate), maximize=rate < 0)
    for _ in range(3):
        optimizer.zero_grad()
        loss(*views()).backward()
        optimizer.step()
    assert all(loss.values[name] != before[name] for name in "tbc")
    assert 0.5 <= loss.values["t"] <= 4
    assert loss.values["b"] <= 3
    assert loss.values["c"] >= 0
    value = loss(*views())
    assert value.isfinite()
    assert alphadsl.loads(loss.text).spec == loss.spec or loss.values["t"] not in (0.5, 4)


def test_what_is_learned_is_saved_and_restored() -> None:
    loss = alphadsl.loads(LEARNED, compile=False)
    loss.set(t=3, b=0.5)
    file = io.BytesIO()
    torch.save(loss.state_dict(), file)
    file.seek(0)
    other = alphadsl.loads(LEARNED, compile=False)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert set(loss.state_dict()) == {"learned.t", "learned.b", "learned.c"}
    assert other.values == pytest.approx(loss.values, rel=1e-12)
    torch.testing.assert_close(other(*views()), loss(*views()))


def test_set_reaches_what_is_learned() -> None:
    loss = alphadsl.loads(LEARNED, compile=False)
    loss.set(t=3)
    assert loss.values["t"] == 3
    torch.testing.assert_close(loss(*views()), alphadsl.loads(LEARNED, compile=False, t=3.0)(*views()))
    with pytest.raises(alphadsl.InputError, match="t = 5 is not in"):
        loss.set(t=5)


@pytest.mark.parametrize(("name", "value"), [("t", 0.5), ("t", 4.0), ("b", 3.0), ("c", 0.0)])
def test_a_learned_parameter_is_not_set_to_an_end(name: str, value: float) -> None:
    """From there it could not move."""
    with pytest.raises(alphadsl.InputError):
        alphadsl.loads(LEARNED).set(**{name: value})
    with pytest.raises((alphadsl.SpecError, alphadsl.InputError)):
        alphadsl.loads(
            LEARNED.replace("(0.5, 4)", "[0.5, 4]").replace(", 3)", ", 3]").replace("(0, inf)", "[0, inf)"),
            **{name: value},
        )


def test_copies_learn_alone() -> None:
    loss = alphadsl.loads(LEARNED, compile=False)
    twin = copy.deepcopy(loss)
    twin.set(t=3)
    twin(*views()).backward()
    assert loss.values["t"] == 2
    assert all(each.grad is None for each in loss.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_other_dtypes_of_the_module_learn_too(dtype: torch.dtype) -> None:
    loss = alphadsl.loads(LEARNED, compile=False)
    expected = loss(*views())
    loss = loss.to(dtype)
    value = loss(*views())
    torch.testing.assert_close(value, expected, rtol=2e-2, atol=0)
    value.backward()
    for each in loss.parameters():
        assert each.grad is not None
        assert each.grad.dtype == each.dtype
    loss.set(t=3)
    assert loss.values["t"] == pytest.approx(3, rel=1e-2)


def test_a_frozen_parameter_stays() -> None:
    loss = alphadsl.loads(LEARNED, compile=False)
    loss.learned["t"].requires_grad_(False)
    z0_ND, z1_ND = views()
    loss(z0_ND, z1_ND).backward()
    assert loss.learned["t"].grad is None
    assert loss.learned["b"].grad is not None
    assert z0_ND.grad is not None


def test_what_is_learned_gets_a_gradient_from_frozen_embeddings() -> None:
    loss = alphadsl.loads(LEARNED, compile=False)
    loss(*(z_ND.detach() for z_ND in views())).backward()
    assert all(each.grad is not None and each.grad.isfinite() for each in loss.parameters())


@pytest.mark.parametrize(("progress", "expected"), [(0, 0.1), (0.5, 0.3), (1, 0.5)])
def test_schedules_move(progress: float, expected: float) -> None:
    loss = alphadsl.loads(LEARNED, compile=False)
    assert loss.at(progress) is loss
    assert loss.values["k"] == pytest.approx(expected)
    torch.testing.assert_close(loss(*views()), alphadsl.loads(LEARNED, compile=False, k=expected)(*views()))


@pytest.mark.parametrize("progress", [-0.1, 1.1, float("nan"), float("inf")])
def test_progress_outside_of_training_is_refused(progress: float) -> None:
    with pytest.raises(alphadsl.InputError, match="progress"):
        alphadsl.loads(LEARNED).at(progress)


def test_set_ends_a_schedule() -> None:
    loss = alphadsl.loads(LEARNED)
    loss.set(k=0.25)
    loss.at(1)
    assert loss.values["k"] == 0.25
    assert "param k = 0.25" in loss.text


@pytest.mark.parametrize(
    ("pairs", "further", "told"),
    [
        ("labels", {}, "labels, and none were given"),
        ("queue", {}, "queue, and none was given"),
        ("two_view", {"labels": torch.zeros(N, dtype=torch.long)}, "take no labels"),
        ("cross_view", {"queue": torch.zeros(3, D)}, "take no queue"),
        ("labels", {"labels": torch.zeros(N, dtype=torch.long), "queue": torch.zeros(3, D)}, "take no queue"),
        ("labels", {"labels": torch.zeros(N)}, "integers"),
        ("labels", {"labels": [0] * N}, "integers"),
        ("labels", {"labels": torch.zeros(N + 1, dtype=torch.long)}, "one for each sample"),
        ("labels", {"labels": torch.zeros(N, 1, dtype=torch.long)}, "one for each sample"),
        ("labels", {"labels": torch.zeros(N, dtype=torch.long, device="meta")}, "on meta"),
        ("queue", {"queue": torch.zeros(3, D + 1)}, "queue must be"),
        ("queue", {"queue": torch.zeros(3, D, device="meta")}, "on meta"),
        ("queue", {"queue": torch.zeros(3, D, dtype=torch.long)}, "floating-point"),
        ("queue", {"queue": torch.zeros(0, D)}, "shape"),
        ("queue", {"queue": "q"}, "not a str"),
    ],
)
def test_what_an_index_set_needs_is_asked_for(pairs: str, further: dict[str, Tensor], told: str) -> None:
    with pytest.raises(alphadsl.InputError, match=told):
        of(pairs)(*views(), **further)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.bool])
def test_labels_of_any_integers(dtype: torch.dtype) -> None:
    labels = torch.tensor([0, 1, 1, 0, 1, 0])
    torch.testing.assert_close(of("labels")(*views(), labels=labels.to(dtype)), of("labels")(*views(), labels=labels))


@pytest.mark.parametrize(
    ("pairs", "labels", "samples"),
    [("labels against other_classes", [1] * N, N), ("labels against other_classes", [1], 1), ("labels", [1], 1)],
)
def test_without_negatives_the_loss_is_0_and_says_so(pairs: str, labels: list[int], samples: int) -> None:
    loss, (z0_ND, z1_ND) = of(pairs), views(samples=samples)
    with pytest.warns(UserWarning, match="no negatives"):
        value = loss(z0_ND, z1_ND, labels=torch.tensor(labels))
    assert value.item() == 0
    value.backward()
    assert z0_ND.grad is not None
    assert not z0_ND.grad.any()


def test_one_class_against_all_others_is_a_loss() -> None:
    assert of("labels")(*views(), labels=torch.zeros(N, dtype=torch.long)) > 0


def test_a_queue_takes_no_gradient() -> None:
    queue_QD = torch.randn(4, D, requires_grad=True)
    with pytest.warns(UserWarning, match=r"pass queue.detach\(\)"):
        of("queue")(*views(), queue=queue_QD).backward()
    assert queue_QD.grad is None


@pytest.mark.parametrize("pairs", ["two_view", "queue", "labels"])
@pytest.mark.parametrize("space", ["sphere", "euclidean"])
def test_zero_rows_are_finite(pairs: str, space: str) -> None:
    z0_ND, z1_ND = (z_ND.detach().clone() for z_ND in views())
    z0_ND[0] = z1_ND[0] = z0_ND[1] = 0
    z0_ND.requires_grad_()
    further = {"labels": {"labels": torch.tensor([0, 0, 1, 1, 2, 2])}, "queue": {"queue": torch.zeros(3, D)}}.get(
        pairs, {}
    )
    for body in (BODY, "loss[i] = t * d[i] + b * s[i] + mean_j(d[i,j])\nalpha in reals\n"):
        text = f"loss l {{\npairs {pairs}\nspace {space}\nlearn t = 2 in (0, inf)\nlearn b = -1\n{body}}}\n"
        loss = alphadsl.loads(text, compile=False)
        loss(z0_ND, z1_ND, **further).backward()
        assert z0_ND.grad is not None
        assert z0_ND.grad.isfinite().all()
        assert all(each.grad.isfinite() for each in loss.parameters())


def test_two_encoders_meet_across_views() -> None:
    """As images and texts do: each encoder is moved, and swapping the two changes nothing."""
    images, texts = torch.nn.Linear(8, D), torch.nn.Linear(3, D)
    x_NI, y_NT = torch.randn(N, 8), torch.randn(N, 3)
    loss = of("cross_view")
    loss(images(x_NI), texts(y_NT)).backward()
    assert images.weight.grad is not None
    assert texts.weight.grad is not None
    torch.testing.assert_close(loss(images(x_NI), texts(y_NT)), loss(texts(y_NT), images(x_NI)))


@pytest.mark.parametrize("pairs", ["two_view", "cross_view", "queue", "labels", "labels against other_classes"])
@pytest.mark.parametrize("space", ["sphere", "euclidean"])
def test_training_lowers_the_loss(pairs: str, space: str) -> None:
    torch.manual_seed(0)
    encoder, loss = torch.nn.Linear(8, D), of(pairs, space)
    x_VNI, labels = torch.randn(N, 8) + 0.1 * torch.randn(2, N, 8), torch.tensor([0, 1, 2, 0, 1, 2])
    further = {"labels": labels} if "labels" in pairs else {"queue": torch.randn(7, D)} if pairs == "queue" else {}
    optimizer = torch.optim.AdamW([*encoder.parameters(), *loss.parameters()], lr=0.02, weight_decay=0.01)
    values = []
    for _ in range(40):
        optimizer.zero_grad()
        value = loss(encoder(x_VNI[0]), encoder(x_VNI[1]), **further)
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < 0.9 * values[0]
    assert loss.values["t"] != 2
