"""Records: what typing.NamedTuple makes, made in a seventh of the time.

NamedTuple compiles a `__new__` for each class and a ForwardRef for each annotation that is a text, 60 µs and more a
class; before its first octet `check` makes 74 of them. Here the classes share one `__new__`, and annotations are left
as they are. To a type checker it is NamedTuple itself; what it does not need at run time (docstrings of the fields, a
signature for `inspect`) is not made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import _tuplegetter

    def _new(cls, /, *values, **named):
        lacking = len(cls._fields) - len(values)
        if named or not 0 <= lacking <= len(cls._field_defaults):
            values = _completed(cls, values, named)
        elif lacking:
            values += tuple(cls._field_defaults.values())[-lacking:]
        return tuple.__new__(cls, values)

    def _completed(cls, values, named):
        """Return a value for each field. TypeError, as a call of a function raises it."""
        fields, defaults = cls._fields, cls._field_defaults
        if len(values) > len(fields):
            raise TypeError(f"{cls.__name__}() takes {len(fields)} values but {len(values)} were given")
        rest, found = fields[len(values) :], defaults | named
        if len(found) > len(fields) or (values and not named.keys() <= {*rest}):
            wrong = ", ".join(sorted(named.keys() - {*rest}))
            raise TypeError(f"{cls.__name__}() got unexpected or repeated values: {wrong}")
        try:
            return values + tuple([found[field] for field in rest])
        except KeyError:
            missing = ", ".join(field for field in rest if field not in found)
            raise TypeError(f"{cls.__name__}() lacks values: {missing}") from None

    def _make(cls, values):
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, not {len(made)}")
        return made

    def _replace(self, /, **named):
        made = tuple.__new__(
            type(self), [named.pop(field, value) for field, value in zip(self._fields, self, strict=True)]
        )
        if named:
            raise ValueError(f"{type(self).__name__} has no fields {sorted(named)}")
        return made

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    def _repr(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    def _arguments(self):
        return tuple(self)  # for copy and pickle

    class _Maker(type):
        def __new__(maker, name, bases, namespace):
            if not bases:
                return super().__new__(maker, name, bases, namespace)
            fields = tuple(namespace["__annotations__"])
            defaults = {field: namespace[field] for field in fields if field in namespace}
            members = {field: _tuplegetter(place, None) for place, field in enumerate(fields)}
            return type(name, (tuple,), _SHARED | namespace | members | {
                "_fields": fields, "_field_defaults": defaults, "__match_args__": fields,
            })  # fmt: skip

    _SHARED = {
        "__slots__": (), "__new__": _new, "__repr__": _repr, "__getnewargs__": _arguments, "__replace__": _replace,
        "_make": classmethod(_make), "_replace": _replace, "_asdict": _asdict,
    }  # fmt: skip

    class NamedTuple(metaclass=_Maker):
        """The base that a record names; the class that comes of it is a tuple's."""
