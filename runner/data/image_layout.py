"""Which images have which purpose: a tree of folders comes in; files by class, for training and for testing, come out.

A split is recognised by the name of its folder, in any case: train, training; test, testing; val, valid, validation,
dev, eval; unlabelled, unlabeled. Class folders may be inside splits, or splits inside class folders, and one folder
around everything is ignored. Without a test split, val is used, and without val every fifth image of a class. Images
outside class folders, or in a single one, have no labels. Refused: folders that may be classes or splits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from alphadsl.report.exceptions import InputError
from runner.data.folder_tree import Folder

TEST_EVERY = 5
TOLD_HELD_OUT = f"test images: every {TEST_EVERY}th of a class, held out"
HELP = "Put images in DIR/CLASS/, or in DIR/train/CLASS/ and DIR/test/CLASS/, and give --data-dir DIR."

ByClass = dict[str, list[Path]]


class Part(StrEnum):
    TRAIN = "train"
    TEST = "test"
    VALIDATION = "validation"
    UNLABELLED = "unlabelled"


PART_NAMES: Mapping[str, Part] = MappingProxyType(
    dict.fromkeys(("train", "training"), Part.TRAIN)
    | dict.fromkeys(("test", "testing"), Part.TEST)
    | dict.fromkeys(("val", "valid", "validation", "dev", "eval"), Part.VALIDATION)
    | dict.fromkeys(("unlabelled", "unlabeled"), Part.UNLABELLED)
)


@dataclass(frozen=True)
class Layout:
    """Files by class. Without labels `train` and `test` are both empty, and `unlabelled` has all images."""

    train: ByClass
    test: ByClass
    unlabelled: list[Path]
    notes: tuple[str, ...]
    """Decisions that were made, one per line."""


def part_of(folder: Folder) -> Part | None:
    """The split that the name of a folder stands for: `Training`, `train_set` and `TRAIN` are the same one."""
    name = folder.path.name.casefold()
    for ending in ("set", "_", "-", " "):
        name = name.removesuffix(ending)
    return PART_NAMES.get(name)


def read_layout(tree: Folder) -> Layout:
    """The layout of a tree that has images. Raises `InputError` for one that can be read in two ways."""
    root = _unwrap(tree)
    filled = [folder for folder in root.folders if folder.all_images()]
    parts = {folder.path.name: part for folder in filled if (part := part_of(folder))}
    unnamed = [folder for folder in filled if folder.path.name not in parts]
    if unnamed and all(_holds_parts_only(folder) for folder in unnamed) and not parts:
        return _from_classes_of_parts(unnamed)
    inner = next((inner for folder in unnamed for inner in folder.folders if part_of(inner)), None)
    if inner and inner.all_images():
        raise InputError(f"Some classes have splits, such as {inner.path}, and others beside it have none.", HELP)
    if set(parts.values()) <= {Part.UNLABELLED}:
        extra = [path for folder in filled if folder.path.name in parts for path in folder.all_images()]
        classes = Folder(root.path, root.images, tuple(f for f in root.folders if f.path.name not in parts))
        return _from_parts({Part.TRAIN: classes}, extra) if classes.folders or classes.images else _flat(root)
    if not unnamed:
        return _from_parts(*_one_folder_each(root, filled))
    if len(parts) == 1 and not next(folder for folder in filled if folder.path.name in parts).folders:
        return _from_parts({Part.TRAIN: root}, [])  # a class may be called train, or test
    raise InputError(
        f"It is not clear what {root.path} holds: {next(iter(parts))} is a split, {unnamed[0].path.name} is not.",
        f"Move one of them elsewhere. {HELP}",
    )


def _unwrap(tree: Folder) -> Folder:
    """The folder inside, as long as it is the only one and holds only folders, as in many unpacked archives."""
    match tree:
        case Folder(images=(), folders=(Folder(images=(), folders=(_, *_)) as only,)) if part_of(only) is None:
            return _unwrap(only)
        case _:
            return tree


def _holds_parts_only(folder: Folder) -> bool:
    return not folder.images and bool(folder.folders) and all(part_of(inner) for inner in folder.folders)


def _one_folder_each(root: Folder, folders: Sequence[Folder]) -> tuple[dict[Part, Folder], list[Path]]:
    """The folder of each split. Raises `InputError` if two stand for the same split or none is for training."""
    by_part: dict[Part, Folder] = {}
    for folder in folders:
        part = part_of(folder)
        assert part is not None
        if part in by_part:
            raise InputError(f"{by_part[part].path} and {folder.path} are both for {part}.", "Keep one of the two.")
        by_part[part] = folder
    extra = by_part.pop(Part.UNLABELLED).all_images() if Part.UNLABELLED in by_part else []
    if Part.TRAIN not in by_part:
        present = ", ".join(folder.path.name for folder in folders)
        raise InputError(f"The folder {root.path} has {present}, but nothing to train on.", HELP)
    return by_part, extra


def _from_classes_of_parts(classes: Sequence[Folder]) -> Layout:
    """Turn DIR/CLASS/train and DIR/CLASS/test into DIR/train/CLASS and DIR/test/CLASS."""
    parts: dict[Part, list[Folder]] = {}
    extra: list[Path] = []
    for label in classes:
        inner, unlabelled = _one_folder_each(label, label.folders)
        extra += unlabelled
        for part, folder in inner.items():
            parts.setdefault(part, []).append(Folder(label.path, (), (folder,)))
    root = classes[0].path.parent
    return _from_parts({part: Folder(root, (), tuple(labels)) for part, labels in parts.items()}, extra)


def _from_parts(parts: Mapping[Part, Folder], extra: list[Path]) -> Layout:
    train_root = parts[Part.TRAIN]
    notes: list[str] = []
    if len(train_root.folders) < 2:
        return _flat(train_root, extra, parts)
    train = _by_class(train_root, notes)
    chosen = next((part for part in (Part.TEST, Part.VALIDATION) if part in parts), None)
    if chosen and len(parts[chosen].folders) < 2:
        notes.append(f"left out: {len(parts[chosen].all_images()):,} images in {parts[chosen].path}, without labels")
        chosen = None
    if chosen is None:
        train, test = _hold_out(train)
        notes.append(TOLD_HELD_OUT)
    else:
        test = _by_class(parts[chosen], notes)
        _check_same_classes(train, test, parts[chosen].path)
        notes.append(f"test images: {parts[chosen].path}")
    if chosen is Part.TEST and Part.VALIDATION in parts:
        unused = parts[Part.VALIDATION]
        notes.append(
            f"left out: {len(unused.all_images()):,} images in {unused.path}, since there is a {Part.TEST} split"
        )
    return Layout(train, test, extra, tuple(notes))


def _flat(root: Folder, extra: Sequence[Path] = (), parts: Mapping[Part, Folder] = MappingProxyType({})) -> Layout:
    notes = ["no labels: the images are in fewer than two class folders, so nothing is probed"]
    notes += [
        f"left out: {len(folder.all_images()):,} images in {folder.path}, since the training images have no labels"
        for part, folder in parts.items()
        if part is not Part.TRAIN
    ]
    return Layout({}, {}, [*root.all_images(), *extra], tuple(notes))


def _by_class(root: Folder, notes: list[str]) -> ByClass:
    if root.images:
        notes.append(f"left out: {len(root.images):,} images in {root.path} that are in no class folder")
    for folder in root.folders:
        if not folder.all_images():
            raise InputError(f"The class folder {folder.path} has no images.", "Delete it, or put images into it.")
    return {folder.path.name: folder.all_images() for folder in root.folders}


def _check_same_classes(train: ByClass, test: ByClass, test_root: Path) -> None:
    unshared = sorted(train.keys() ^ test.keys())
    if unshared:
        raise InputError(
            f"The classes of {test_root} are not those of training: {unshared[0]} is in only one of them.",
            "Give both folders the same class folders.",
        )


def _hold_out(images: ByClass) -> tuple[ByClass, ByClass]:
    """Split off every fifth image of a class for testing: at least one, and never the only one."""
    for name, paths in images.items():
        if len(paths) < 2:
            raise InputError(f"The class {name} has one image; it needs one to train and one to test.", HELP)
    test = {name: paths[1::TEST_EVERY] for name, paths in images.items()}
    train = {
        name: [path for index, path in enumerate(paths) if index % TEST_EVERY != 1] for name, paths in images.items()
    }
    return train, test
