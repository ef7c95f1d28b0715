"""pandas: tables are columns of arrays under names; files are really read, what cannot be read is numbers."""

import csv
import os

import numpy as np


class Series(type(_data("pandas"))):
    """One column, or one row."""

    def __new__(cls, values=(), index=None, dtype=None, name=None, *arguments, **options):
        if isinstance(values, dict):
            index, values = list(values), list(values.values())
        if isinstance(values, list) and len({isinstance(value, str_) for value in values}) > 1:
            values = np.array(values, dtype=object)
        values = np.atleast_1d(np.asarray(values))
        made = (values.astype(dtype) if dtype is not None else values).view(cls)
        made._path, made.name = "pandas", name
        made._labels = None if index is None else list(index)
        return made

    def __array_finalize__(self, other):
        self._path = "pandas"
        self.name, self._labels = getattr(other, "name", None), None

    @property
    def index(self):
        return Series(range(len(self)) if self._labels is None or len(self._labels) != len(self) else self._labels)

    @property
    def iloc(self):
        return self

    loc = at = iat = str = dt = cat = property(lambda self: self)
    values = array = property(lambda self: np.asarray(self))

    def __getitem__(self, key):
        if self._labels is not None and isinstance(key, (str_, int)) and key in self._labels:
            return np.ndarray.__getitem__(self, self._labels.index(key))
        if isinstance(key, str_):
            return self
        return np.ndarray.__getitem__(self, np.asarray(key) if isinstance(key, (list, Series)) else key)

    def __setitem__(self, key, value):
        if self._labels is not None and key in self._labels:
            key = self._labels.index(key)
        np.ndarray.__setitem__(self, key, value)

    def __iter__(self):
        return iter(np.asarray(self).tolist())

    def items(self):
        return list(zip(self.index, self))

    iteritems = items

    def tolist(self):
        return np.asarray(self).tolist()

    to_list = tolist

    def to_numpy(self, *arguments, **options):
        return np.asarray(self)

    def unique(self):
        return np.array(list(dict.fromkeys(self.tolist())))

    def nunique(self):
        return len(self.unique())

    def value_counts(self, *arguments, **options):
        names = self.unique()
        return Series([int((np.asarray(self) == name).sum()) for name in names], index=list(names))

    def apply(self, function, *arguments, **options):
        return Series([function(value) for value in self])

    def map(self, function, *arguments, **options):
        return self.apply(function if callable(function) else lambda value: function.get(value, 0))

    def head(self, count=5):
        return self[:count]

    def tail(self, count=5):
        return self[-count:]

    def isin(self, values):
        return Series(np.isin(np.asarray(self), list(values)))

    def isnull(self):
        return Series(np.zeros(len(self), bool))

    isna = isnull

    def notnull(self):
        return Series(np.ones(len(self), bool))

    notna = notnull

    def between(self, low, high):
        return Series((np.asarray(self) >= low) & (np.asarray(self) <= high))

    def median(self, *arguments, **options):
        return float(np.median(np.asarray(self)))

    def quantile(self, share=0.5, *arguments, **options):
        return np.quantile(np.asarray(self), share)

    def _same(self, *arguments, **options):
        return Series(np.array(self), name=self.name)

    fillna = dropna = reset_index = sort_values = sort_index = rename = replace = copy = drop_duplicates = shift = (
        diff
    ) = ffill = bfill = _same
    interpolate = lower = upper = strip = rank = cumsum = _same

    def to_frame(self, name=None):
        return DataFrame({name or self.name or 0: self})

    def sample(self, n=None, frac=None, *arguments, **options):
        return self[: n if n is not None else int(len(self) * (frac or 1))]

    def rolling(self, *arguments, **options):
        return self

    expanding = ewm = groupby = resample = rolling


str_ = str


class DataFrame:
    """A table."""

    def __init__(self, data=None, index=None, columns=None, *arguments, **options):
        if isinstance(data, DataFrame):
            data = dict(data._columns)
        if data is None:
            data = {name: [] for name in ([] if columns is None else columns)}
        if isinstance(data, dict):
            longest = max([len(value) for value in data.values() if np.ndim(value)] or [1])
            self._columns = {
                name: Series(value if np.ndim(value) else [value] * longest, name=name) for name, value in data.items()
            }
        else:
            rows = list(data)
            if rows and isinstance(rows[0], dict):
                names = list(rows[0])
                rows = [[row.get(name) for name in names] for row in rows]
            else:
                table = np.asarray(data)
                table = table.reshape(len(table), -1) if table.ndim != 2 else table
                rows, names = table, list(range(table.shape[1]))
            names = list(columns) if columns is not None else names
            self._columns = {
                name: Series([row[number] for row in rows], name=name) for number, name in enumerate(names)
            }
        self._labels = None if index is None else list(index)

    def __len__(self):
        return max([len(column) for column in self._columns.values()] or [0])

    def __getattr__(self, name):
        if name.startswith("__") or name == "_columns":
            raise AttributeError(name)
        if name in self._columns:
            return self._columns[name]
        return getattr(_data("pandas"), name)

    def __setattr__(self, name, value):
        if name == "columns":
            self.__dict__["_columns"] = dict(zip(list(value), self._columns.values()))
        elif name == "index":
            self.__dict__["_labels"] = list(value)
        elif "_columns" in self.__dict__ and name in self._columns:
            self[name] = value
        else:
            self.__dict__[name] = value

    @property
    def columns(self):
        return Series(list(self._columns))

    def keys(self):
        return self.columns

    @property
    def index(self):
        return Series(range(len(self)) if self._labels is None or len(self._labels) != len(self) else self._labels)

    @property
    def values(self):
        shortest = min([len(column) for column in self._columns.values()] or [0])
        return (
            np.stack([np.asarray(column)[:shortest] for column in self._columns.values()], -1)
            if self._columns
            else np.zeros((0, 0))
        )

    def to_numpy(self, dtype=None, *arguments, **options):
        return self.values if dtype is None else self.values.astype(dtype)

    as_matrix = to_numpy

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)

    @property
    def shape(self):
        return len(self), len(self._columns)

    @property
    def size(self):
        return len(self) * len(self._columns)

    ndim = 2
    empty = property(lambda self: not len(self))
    dtypes = property(
        lambda self: Series([str_(column.dtype) for column in self._columns.values()], index=list(self._columns))
    )
    T = property(lambda self: DataFrame(self.values.T))
    iloc = property(lambda self: _Places(self, False))
    loc = property(lambda self: _Places(self, True))
    ix, iat, at = loc, iloc, loc

    def _invented(self, name):
        """A column that the stand-in for a file does not have."""
        return Series(np.arange(len(self)) % 2 if len(self) else np.arange(64) % 2, name=name)

    def __getitem__(self, key):
        if isinstance(key, slice):
            return self._rows(key)
        if isinstance(key, DataFrame):
            return self
        if isinstance(key, (list, np.ndarray)):
            mask = np.asarray(key)
            if mask.dtype == bool:
                return self._rows(mask)
            return DataFrame({name: self[name] for name in (key.tolist() if isinstance(key, np.ndarray) else key)})
        if key not in self._columns:
            self._columns[key] = self._invented(key)
        return self._columns[key]

    def __setitem__(self, key, value):
        if isinstance(key, list):
            value = np.asarray(value)
            for number, name in enumerate(key):
                self[name] = value[..., number] if value.ndim > 1 else value
            return
        self._columns[key] = Series(value if np.ndim(value) else [value] * max(len(self), 1), name=key)

    def __delitem__(self, key):
        self._columns.pop(key, None)

    def __contains__(self, key):
        return key in self._columns

    def __iter__(self):
        return iter(list(self._columns))

    def _rows(self, which):
        which = np.asarray(which) if isinstance(which, (list, np.ndarray)) else which
        return DataFrame({name: np.asarray(column)[which] for name, column in self._columns.items()})

    def pop(self, name):
        column = self[name]
        del self[name]
        return column

    def drop(self, labels=None, axis=0, columns=None, index=None, inplace=False, **options):
        names = columns if columns is not None else labels if axis in (1, "columns") else ()
        names = [names] if isinstance(names, str_) else list(names)
        if inplace:
            for name in names:
                self._columns.pop(name, None)
            return None
        return DataFrame({name: column for name, column in self._columns.items() if name not in names})

    def rename(self, columns=None, inplace=False, **options):
        new = {
            (columns or {}).get(name, name) if isinstance(columns, dict) else name: column
            for name, column in self._columns.items()
        }
        if inplace:
            self._columns = new
            return None
        return DataFrame(new)

    def _same(self, *arguments, inplace=False, **options):
        return None if inplace else DataFrame(self)

    fillna = dropna = reset_index = set_index = sort_values = sort_index = replace = copy = drop_duplicates = (
        interpolate
    ) = ffill = bfill = _same
    shift = diff = round = infer_objects = convert_dtypes = query = merge = join = _same

    def astype(self, *arguments, **options):
        return DataFrame(
            {
                name: column.astype(arguments[0]) if not isinstance(arguments[0], dict) else column
                for name, column in self._columns.items()
            }
        )

    def head(self, count=5):
        return self._rows(slice(0, count))

    def tail(self, count=5):
        return self._rows(slice(-count, None))

    def sample(self, n=None, frac=None, *arguments, **options):
        return self._rows(slice(0, n if n is not None else int(len(self) * (frac or 1))))

    def iterrows(self):
        for number in range(len(self)):
            yield number, Series([column[number] for column in self._columns.values()], index=list(self._columns))

    def itertuples(self, *arguments, **options):
        import collections

        kind = collections.namedtuple("Row", ["Index"] + [str_(name) for name in self._columns], rename=True)
        for number in range(len(self)):
            yield kind(number, *[column[number] for column in self._columns.values()])

    def items(self):
        return list(self._columns.items())

    iteritems = items

    def apply(self, function, axis=0, *arguments, **options):
        if axis in (1, "columns"):
            return Series([function(row) for _, row in self.iterrows()])
        return DataFrame({name: function(column) for name, column in self._columns.items()})

    def applymap(self, function, *arguments, **options):
        return DataFrame({name: column.apply(function) for name, column in self._columns.items()})

    def groupby(self, by=None, *arguments, **options):
        return _Groups(self, by[0] if isinstance(by, list) else by)

    def to_dict(self, orient="dict", *arguments, **options):
        if orient == "records":
            return [dict(zip(self._columns, row)) for row in self.values.tolist()]
        return {
            name: column.tolist() if orient == "list" else dict(enumerate(column))
            for name, column in self._columns.items()
        }

    def isnull(self):
        return DataFrame({name: np.zeros(len(self), bool) for name in self._columns})

    isna = isnull

    def _nothing(self, *arguments, **options):
        return None

    to_csv = to_excel = to_json = to_pickle = to_hdf = info = plot = hist = _nothing

    def append(self, other, *arguments, **options):
        return concat([self, DataFrame([other]) if isinstance(other, dict) else other])


def _of_columns(function):
    def of_columns(self, *arguments, **options):
        return Series([function(np.asarray(column)) for column in self._columns.values()], index=list(self._columns))

    return of_columns


for _function in (np.mean, np.std, np.sum, np.max, np.min):
    setattr(DataFrame, _function.__name__, _of_columns(_function))
DataFrame.count = _of_columns(len)


class _Places:
    """`table.iloc[rows, columns]`."""

    def __init__(self, table, by_name):
        self.table, self.by_name = table, by_name

    def __getitem__(self, key):
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        names = list(self.table._columns)
        if isinstance(columns, str_):
            return self.table[columns] if isinstance(rows, slice) else self.table[columns][rows]
        if isinstance(columns, slice) and any(isinstance(end, str_) for end in (columns.start, columns.stop)):
            columns = slice(None)
        if isinstance(columns, (int, np.integer)):
            return np.ndarray.__getitem__(self.table._columns[names[columns]], rows)
        chosen = (
            columns
            if isinstance(columns, list) and columns and isinstance(columns[0], str_)
            else ([names[number] for number in columns] if isinstance(columns, (list, np.ndarray)) else names[columns])
        )
        if isinstance(rows, (int, np.integer)):
            return Series([self.table[name][rows] for name in chosen], index=chosen)
        return DataFrame(
            {
                name: np.asarray(self.table[name])[np.asarray(rows) if isinstance(rows, list) else rows]
                for name in chosen
            }
        )

    def __setitem__(self, key, value):
        rows, columns = key if isinstance(key, tuple) else (key, None)
        if isinstance(columns, str_) and not isinstance(rows, slice):
            self.table[columns]
            np.ndarray.__setitem__(self.table._columns[columns], np.asarray(rows), value)
        elif columns is None and isinstance(rows, (int, np.integer)) and np.ndim(value):
            for name, item in zip(self.table._columns, value):
                self.table._columns[name] = Series(list(self.table._columns[name]) + [item], name=name)


class _Groups:
    """`table.groupby(column)`."""

    def __init__(self, table, by):
        self.table, self.by = table, by

    def __iter__(self):
        column = np.asarray(self.table[self.by])
        for name in dict.fromkeys(column.tolist()):
            yield name, self.table._rows(column == name)

    def __len__(self):
        return len(list(iter(self)))

    def __getitem__(self, key):
        return self.table[key]

    def __getattr__(self, name):
        return lambda *arguments, **options: self.table

    @property
    def groups(self):
        return {name: list(range(len(part))) for name, part in self}


def read_csv(path=None, sep=",", header="infer", names=None, delimiter=None, usecols=None, nrows=None, **options):
    content = path.read() if hasattr(path, "read") else None
    if content is None:
        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            content = file.read()
    separator = delimiter or sep
    lines = [line for line in content.splitlines() if line.strip()]
    if separator in (None, "\\s+", r"\s+", " "):
        rows = [line.split() for line in lines]
    else:
        rows = list(csv.reader(lines, delimiter=separator))
    first = [str_(number) for number in range(len(rows[0]))] if rows else []
    if header == "infer" and names is None or header == 0:
        first, rows = (rows[0] if rows else []), rows[1:]
    first = list(names) if names is not None else first
    rows = rows[:nrows] if nrows else rows
    table = DataFrame(
        {
            name: _numbers([row[number] if number < len(row) else "0" for row in rows])
            for number, name in enumerate(first)
        }
    )
    return table[list(usecols)] if usecols is not None and all(isinstance(name, str_) for name in usecols) else table


read_table = read_csv


def _numbers(texts):
    try:
        found = np.array([float(text) for text in texts])
        return found.astype(int) if len(found) and (found == found.astype(int)).all() else found
    except ValueError:
        return np.array(texts, dtype=object)


def _invented(*arguments, **options):
    if arguments and isinstance(arguments[0], str_) and not os.path.exists(arguments[0]):
        raise FileNotFoundError(2, "No such file or directory", arguments[0])
    return DataFrame({name: np.random.rand(64) for name in "abcd"})


read_excel = read_pickle = read_hdf = read_parquet = read_json = read_sql = read_feather = _invented


def concat(parts, axis=0, *arguments, **options):
    parts = list(parts.values() if isinstance(parts, dict) else parts)
    if parts and isinstance(parts[0], Series):
        if axis in (1, "columns"):
            return DataFrame(
                {part.name if part.name is not None else number: part for number, part in enumerate(parts)}
            )
        return Series(np.concatenate([np.asarray(part) for part in parts]))
    parts = [part for part in parts if len(part._columns)]
    if axis in (1, "columns"):
        return DataFrame({name: column for part in parts for name, column in part._columns.items()})
    names = list(parts[0]._columns) if parts else []
    return DataFrame({name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in names})


def get_dummies(values, *arguments, **options):
    if isinstance(values, DataFrame):
        return values
    names = list(dict.fromkeys(np.asarray(values).tolist()))
    return DataFrame({name: (np.asarray(values) == name).astype(int) for name in names})


def to_datetime(values, *arguments, **options):
    return values


def to_numeric(values, *arguments, **options):
    return Series(_numbers([str_(value) for value in values]))


def isnull(values):
    return np.zeros(np.shape(values), bool) if np.ndim(values) else values is None


isna = isnull


def notnull(values):
    return np.logical_not(isnull(values))


notna = notnull


def unique(values):
    return Series(values).unique()


def factorize(values, *arguments, **options):
    names = list(dict.fromkeys(np.asarray(values).tolist()))
    return np.array([names.index(value) for value in np.asarray(values).tolist()]), np.array(names)


def date_range(start=None, end=None, periods=None, *arguments, **options):
    return Series(np.arange(periods or 64))


def set_option(*arguments, **options):
    return None


Index, NaT, NA = Series, None, None
