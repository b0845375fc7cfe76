"""Views in batch: the runner's against kornia's of the same recipe, microseconds a view of 32 pixels.

pip install 'kornia>=0.7.3' && python benchmarks/views.py
"""

import torch
from kornia import augmentation

from alphadsl.bench.conditions import conditions
from alphadsl.bench.timing import medians
from runner.data.views import CIFAR, make_view

BATCH = 256


def kornia_views() -> torch.nn.Module:
    brightness, contrast, saturation, hue = CIFAR.jitter
    return torch.nn.Sequential(
        augmentation.RandomResizedCrop((32, 32), scale=CIFAR.area, ratio=CIFAR.aspect, cropping_mode="resample"),
        augmentation.RandomHorizontalFlip(CIFAR.flip),
        augmentation.ColorJitter(brightness, contrast, saturation, hue, p=CIFAR.jitter_chance),
        augmentation.RandomGrayscale(p=CIFAR.grey_chance),
    )


def main() -> None:
    images_BCHW = torch.randint(0, 256, (BATCH, 3, 32, 32), dtype=torch.uint8)
    generator, theirs = torch.Generator(), kornia_views()
    contenders = {
        "runner.data.views": lambda: make_view(images_BCHW, CIFAR, generator),
        "kornia": lambda: theirs(images_BCHW.float() / 255),
    }
    print(conditions())
    for name, seconds in medians(contenders, rounds=30).items():
        print(f"{name:16} {seconds / BATCH * 1e6:7.1f} microseconds a view")


if __name__ == "__main__":
    main()
