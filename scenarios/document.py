"""Scenario documents: read, laid over their parents, validated strictly, frozen.

A document is TOML: ``title`` and ``description`` (``{en, zh}``), ``extends``, ``start`` (a date
and time with its offset), ``duration_h``, ``seed``, ``[assumptions.NAME]`` and one table per
system. Nothing is accepted that no field declares, and every problem names its file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, BaseModel, Field, ValidationError, create_model

from scenarios import layers, library, trees
from scenarios.layers import COMMAND_LINE
from scenarios.problems import Path as KeyPath
from scenarios.problems import dotted, problems
from sim.kernel.errors import InputError, InputErrors
from sim.kernel.schema import Frozen


class HasSpec(Protocol):
    """The one thing a document needs of a system: the model of its section."""

    @property
    def Spec(self) -> type[Frozen]: ...


class Words(Frozen):
    """A text in both languages."""

    en: Annotated[str, Field(min_length=1)]
    zh: Annotated[str, Field(min_length=1)]


class Assumption(Frozen):
    """A figure nobody published or measured, or where one comes from.

    ``tag``: P published, S sourced, K common knowledge, X measured by us, A assumed.
    """

    value: float | str
    unit: str = ""
    tag: Literal["P", "S", "K", "X", "A"]
    source: str = ""


class Header(Frozen):
    """What every document holds beside the systems' sections."""

    title: Words
    description: Words | None = None
    start: AwareDatetime
    duration_h: Annotated[float, Field(gt=0, le=100_000)]
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    assumptions: dict[str, Assumption] = {}
    assumptions_file: Annotated[str, Field(min_length=1)] | None = None
    published_file: Annotated[str, Field(min_length=1)] | None = None


@dataclass(frozen=True)
class Scenario:
    """A validated scenario; nothing in it changes any more.

    Attributes
    ----------
    name
        The library name, or the file's name without ``.toml``.
    title, description
        By language, ``{"en": ..., "zh": ...}``; the description may be empty.
    start
        Zone-aware calendar time of second 0.
    sections
        The validated spec of every system that takes part, by the system's name.
    folder
        Relative paths in `sections` start here.
    assumptions, assumptions_file
        Those the document states itself, by name, and the table of more of them that it names;
        `scenarios.assumptions.assumptions_of` gives both.
    published_file
        A table of published figures to set beside the results; see `scenarios.published`.
    """

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    start: datetime
    duration_h: float
    seed: int
    sections: Mapping[str, Frozen]
    folder: Path
    assumptions: Mapping[str, Assumption] = field(default_factory=dict)
    assumptions_file: str | None = None
    published_file: str | None = None
    origins: Mapping[KeyPath, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def duration_s(self) -> float:
        return self.duration_h * 3600.0

    def source_of(self, path: str) -> str | None:
        """Return the file that set the value at a dotted `path`; none if it is a default.

        ``--set`` stands for the command line.
        """
        keys = trees.keys(path)
        # Lists are set as a whole, so their items have the list's origin.
        whole = next((i for i, key in enumerate(keys) if isinstance(key, int)), len(keys))
        return self.origins.get(keys[:whole])

    def with_value(self, section: str, key: str, value: object) -> Scenario:
        """Return a copy in which one key of a system's section has another value, validated."""
        spec = self.sections[section]
        data = json.loads(spec.model_dump_json()) | {key: value}
        checked = _validate(type(spec), data, lambda _: COMMAND_LINE)
        origins = {**self.origins, (section, key): COMMAND_LINE}
        return replace(
            self, sections=MappingProxyType({**self.sections, section: checked}), origins=origins
        )

    def parameters(self) -> dict[str, Any]:
        """Return every value that can change a result, by dotted path, defaults included.

        Paths to files are absolute, so that two scenarios in different folders compare by what
        they read.
        """
        header = {
            "start": self.start.isoformat(), "duration_h": self.duration_h, "seed": self.seed,
        }  # fmt: skip
        sections = {
            name: trees.map_paths(
                json.loads(spec.model_dump_json()), lambda p: (self.folder / p).resolve().as_posix()
            )
            for name, spec in self.sections.items()
        }
        return dict(trees.leaves(header | sections))

    def to_json(self) -> str:
        """Return the resolved document as JSON, enough for `from_json` to rebuild it anywhere the
        files it reads are at hand."""
        return json.dumps(
            {
                "name": self.name,
                "title": dict(self.title),
                "description": dict(self.description),
                "start": self.start.isoformat(),
                "duration_h": self.duration_h,
                "seed": self.seed,
                "folder": self.folder.as_posix(),
                "assumptions": {k: v.model_dump() for k, v in self.assumptions.items()},
                "assumptions_file": self.assumptions_file,
                "published_file": self.published_file,
                "sections": {k: json.loads(v.model_dump_json()) for k, v in self.sections.items()},
            },
            ensure_ascii=False,
            allow_nan=False,
        )


# --- loading -------------------------------------------------------------------------------


def load(
    name_or_path: str | Path,
    overrides: Sequence[str] = (),
    *,
    systems: Mapping[str, HasSpec] | None = None,
) -> Scenario:
    """Load a scenario by library name or path, with ``path=value`` `overrides` on top.

    Parameters
    ----------
    overrides
        As after ``--set``: ``"drainage.rain.return_period_years=50"``; TOML values.
    systems
        The systems a document may have sections for; those of `sim.kernel.registry` if none.

    Raises
    ------
    InputError, InputErrors
        With file, path, value, what was expected and a hint for each thing that is wrong.
    """
    path = library.find(name_or_path, Path.cwd())
    chain = layers.chain(path, library.find)
    if overrides:
        chain.append(layers.overrides_layer(overrides))
    folder = path.resolve().parent
    merged = layers.merge(chain, folder)
    known = _systems() if systems is None else systems
    document = _validate(
        _document_model(known), merged.data, lambda at: merged.origin(at) or str(path)
    )
    sections = {name: spec for name in known if (spec := getattr(document, name)) is not None}
    if not sections:
        raise InputError(
            "no system takes part", where="(document)", file=path,
            expected=f"a table for at least one of: {', '.join(sorted(known))}",
        )  # fmt: skip
    for where, text in trees.paths(merged.data):
        if any(ord(character) < 32 for character in text):
            raise InputError(
                "not a path", where=dotted(where), value=text, file=merged.origin(where),
                expected="a path without control characters",
            )  # fmt: skip
    return _scenario(path.stem, document, sections, folder, merged.origins)


def from_json(text: str, *, systems: Mapping[str, HasSpec] | None = None) -> Scenario:
    """Rebuild a scenario from `Scenario.to_json`."""
    data = json.loads(text)
    known = _systems() if systems is None else systems
    missing = sorted(set(data["sections"]) - set(known))
    if missing:
        raise InputError(
            "unknown system", where="sections", value=missing[0],
            expected=f"one of {', '.join(sorted(known))}",
            hint="the run was made by another version of CityClock",
        )  # fmt: skip
    keys = ("title", "start", "duration_h", "seed", "assumptions")
    tree = {key: data[key] for key in keys} | data["sections"]
    optional = ("description", "assumptions_file", "published_file")
    tree |= {key: data[key] for key in optional if data[key]}
    document = _validate(_document_model(known), tree, lambda _: "stored document", check=False)
    sections = {name: getattr(document, name) for name in known if name in data["sections"]}
    return _scenario(data["name"], document, sections, Path(data["folder"]), {})


def _scenario(
    name: str,
    document: Any,
    sections: dict[str, Frozen],
    folder: Path,
    origins: Mapping[KeyPath, str],
) -> Scenario:
    description = document.description
    return Scenario(
        name=name,
        title=MappingProxyType(document.title.model_dump()),
        description=MappingProxyType(description.model_dump() if description else {}),
        start=document.start,
        duration_h=document.duration_h,
        seed=document.seed,
        sections=MappingProxyType(sections),
        folder=folder,
        assumptions=MappingProxyType(dict(document.assumptions)),
        assumptions_file=document.assumptions_file,
        published_file=document.published_file,
        origins=MappingProxyType(dict(origins)),
    )


def _systems() -> Mapping[str, HasSpec]:
    from sim.kernel.registry import systems

    return systems()


def _document_model(systems: Mapping[str, HasSpec]) -> type[Header]:
    sections: dict[str, Any] = {
        name: (system.Spec | None, None) for name, system in systems.items()
    }
    return create_model("Document", __base__=Header, **sections)


def _validate(model: type[Any], data: Any, file_of: Any, *, check: bool = True) -> Any:
    """Validate plain data strictly.

    JSON is the way in, because in pydantic's strict mode Python lists are no tuples while JSON
    arrays are; booleans for numbers, text for numbers and non-finite numbers stay refused. What
    JSON cannot tell apart (a date-time and a text that looks like one) is checked afterwards.
    """
    try:
        found = model.model_validate_json(json.dumps(data, default=_as_text))
    except ValidationError as error:
        errors = problems(error, data, model, file_of)
        raise (errors[0] if len(errors) == 1 else InputErrors(errors)) from error
    if check:
        for at, raw in _times_confused(data, found):
            is_text = isinstance(raw, str)
            raise InputError(
                "not valid", where=dotted(at), value=raw if is_text else raw.isoformat(),
                file=file_of(at),
                expected="a date and time, without quotes" if is_text else "text in quotes",
            )  # fmt: skip
    return found


def _as_text(value: object) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a document")


def _times_confused(raw: Any, checked: Any, at: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    times = (datetime, date, time)
    if isinstance(raw, dict):
        for key, value in raw.items():
            inside = (
                getattr(checked, key, None) if isinstance(checked, BaseModel)
                else checked.get(key) if isinstance(checked, Mapping) else None
            )  # fmt: skip
            yield from _times_confused(value, inside, (*at, key))
    elif isinstance(raw, list) and isinstance(checked, (tuple, list)):
        for index, (value, inside) in enumerate(zip(raw, checked, strict=False)):
            yield from _times_confused(value, inside, (*at, index))
    elif (isinstance(raw, str) and isinstance(checked, times)) or (
        isinstance(raw, times) and isinstance(checked, str)
    ):
        yield at, raw
