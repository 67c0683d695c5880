"""The tree of settings, read off the model, so that every layer is checked against it before values are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from app.settings.names import Path

__all__ = ["Leaf", "Section", "Shape", "Table", "annotations_within", "bare", "leaf_at", "shape_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A setting: what stands here is a value.

    Args:
        field: Its declaration.
        is_secret: No message may repeat it.
        is_nullable: It has a "nothing", written ``null`` in the environment.
        is_list: A list, of which the environment may give a single item as it is.
        is_open: A table whose keys are a carrier's, not ours; the environment gives it as one object.
        items: The fields of a list's items, where they are tables.

    """

    field: FieldInfo
    is_secret: bool
    is_nullable: bool
    is_list: bool
    is_open: bool
    items: "Section | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table with fixed keys."""

    fields: Mapping[str, "Shape"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose keys are names of accounts, groups or carriers."""

    of: "Section | Leaf"


Shape = Leaf | Section | Table


def bare(annotation: object) -> Any:  # noqa: ANN401 - annotations have no type of their own
    """Strip metadata and the possibility of nothing from an annotation."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        some = [part for part in get_args(annotation) if part is not type(None)]
        return bare(some[0]) if len(some) == 1 else annotation
    return annotation


def annotations_within(annotation: object) -> Iterator[object]:
    """Yield an annotation and everything it is made of."""
    yield annotation
    for part in get_args(annotation):
        yield from annotations_within(part)


def shape_of(model: type[BaseModel]) -> Section:
    """Return the tree of a model's settings."""
    return Section(
        fields=MappingProxyType({name: _shape_of_field(field) for name, field in model.model_fields.items()})
    )


def _section(annotation: object) -> Section | None:
    inner = bare(annotation)
    is_model = isinstance(inner, type) and issubclass(inner, BaseModel)
    return shape_of(inner) if is_model else None


def _shape_of_field(field: FieldInfo) -> Shape:
    inner = bare(field.annotation)
    if get_origin(inner) is not Mapping:
        return _leaf(field, inner)
    values = get_args(inner)[1]
    if section := _section(values):
        return Table(of=section)
    leaf = _leaf(field, inner)
    return Table(of=leaf) if get_origin(bare(values)) is Mapping else leaf


def _leaf(field: FieldInfo, inner: object) -> Leaf:
    is_list = get_origin(inner) is tuple
    return Leaf(
        field=field,
        is_secret=SecretStr in set(annotations_within(field.annotation)),
        is_nullable=type(None) in get_args(field.annotation),
        is_list=is_list,
        is_open=get_origin(inner) is Mapping,
        items=_section(get_args(inner)[0]) if is_list else None,
    )


def leaf_at(shape: Shape, path: Path) -> tuple[Path, Leaf | None]:
    """Follow a path of the tree down to its setting; return where that ends and the setting, if it is one."""
    for depth, part in enumerate(path):
        if isinstance(shape, Leaf):
            return path[:depth], shape
        shape = shape.of if isinstance(shape, Table) else shape.fields[str(part)]
    return path, shape if isinstance(shape, Leaf) else None
