"""JSON that comes back as what it was, and JSON for answers."""

import datetime as dt
import enum
import math
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doclife.core import json
from doclife.core.amount import Amount
from doclife.core.context import AttrDict
from doclife.core.errors import DataError

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(timezones=st.just(dt.UTC) | st.none(), allow_imaginary=False).map(lambda d: d.replace(fold=0)),
    st.times(),
    st.timedeltas(),
    st.binary(),
    st.uuids(),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.just("$type"), inner, max_size=4)
        | st.sets(scalars, max_size=4)
    ),
    max_leaves=20,
)


def shape(value):
    """The value with the type of everything in it, for `==` alone takes 1, 1.0 and True as equal."""
    if isinstance(value, dict):
        return ("dict", {key: shape(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return (type(value), [shape(item) for item in value])
    if isinstance(value, set):
        return (set, frozenset((type(item), item) for item in value))
    return (type(value), value)


@given(values)
def test_pack_and_unpack_give_back_value_and_types(value):
    assert shape(json.unpack(json.pack(value))) == shape(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("2.50"), '{"$type":"decimal","value":"2.50"}'),
        (Amount("2.50"), '{"$type":"amount","value":"2.50"}'),
        (dt.date(2026, 1, 31), '{"$type":"date","value":"2026-01-31"}'),
        (dt.datetime(2026, 1, 31, 9, 30), '{"$type":"datetime","value":"2026-01-31T09:30:00"}'),
        (dt.timedelta(days=999999, microseconds=1), '{"$type":"timedelta","value":[999999,0,1]}'),
        (b"\x00\xff", '{"$type":"bytes","value":"AP8="}'),
        (uuid.UUID(int=5), '{"$type":"uuid","value":"00000000-0000-0000-0000-000000000005"}'),
        ({"month": "2026-01", "rows": [1, 2.5, None]}, '{"month":"2026-01","rows":[1,2.5,null]}'),
        ({"$type": "mine"}, '{"$type":"dict","value":{"$type":"mine"}}'),
        (math.inf, '{"$type":"float","value":"inf"}'),
    ],
)
def test_how_values_travel(value, text):
    assert json.pack(value) == text
    assert shape(json.unpack(text)) == shape(value)
    assert json.unpack(text.encode()) == value


def test_nan_comes_back():
    assert math.isnan(json.unpack(json.pack([math.nan]))[0])


class Colour(str, enum.Enum):  # noqa: UP042  # whose str() is "Colour.RED"
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Float64(float):
    def __repr__(self) -> str:
        return f"np.float64({float(self)})"


@pytest.mark.parametrize(("value", "plain"), [(Colour.RED, "red"), (Level.HIGH, 3), (Float64(1.5), 1.5)])
def test_subclasses_of_plain_values_travel_as_the_plain_value(value, plain):
    result = json.unpack(json.pack({"value": value}))["value"]
    assert (type(result), result) == (type(plain), plain)


def test_an_attr_dict_travels_as_a_dict():
    assert json.unpack(json.pack(AttrDict(a=1))) == {"a": 1}


def test_what_cannot_travel_is_named_by_its_path():
    with pytest.raises(DataError, match=r"^args\.rows\[1\]\.x: a builtins\.object cannot be stored as JSON"):
        json.pack({"rows": [{}, {"x": object()}]}, "args")
    with pytest.raises(DataError, match=r"^\$\[0\]: the key 1 is not text"):
        json.pack([{1: 2}])
    with pytest.raises(DataError, match="surrogate"):
        json.pack("\ud800")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{bad", "not JSON"),
        ("", "not JSON"),
        ("1e400", "not JSON"),
        ('{"$type":"nope","value":1}', "unknown type tag 'nope'"),
        ('{"$type":"decimal","value":"x"}', "a decimal that cannot be read"),
        ('{"$type":"date"}', "a date that cannot be read"),
    ],
)
def test_what_cannot_be_read_is_a_data_error(text, message):
    with pytest.raises(DataError, match=message):
        json.unpack(text)


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


@pytest.fixture
def codecs(monkeypatch):
    """Lets a test register codecs of its own."""
    monkeypatch.setattr(json, "_by_tag", dict(json._by_tag))
    monkeypatch.setattr(json, "_by_type", list(json._by_type))


@pytest.mark.usefixtures("codecs")
def test_floors_above_register_their_types_and_the_last_one_is_tried_first():
    class Pixel(Point):
        pass

    json.register_codec("point", Point, lambda p: p.x, Point)
    assert json.pack(Pixel(4)) == '{"$type":"point","value":4}'
    json.register_codec("pixel", Pixel, lambda p: -p.x, lambda v: Pixel(-v))
    assert json.pack([Point(4), Pixel(4)]) == '[{"$type":"point","value":4},{"$type":"pixel","value":-4}]'
    assert type(json.unpack('{"$type":"pixel","value":-4}')) is Pixel


@pytest.mark.usefixtures("codecs")
def test_a_codec_may_refuse_with_a_data_error_that_gains_the_path():
    def refuse(point: Point) -> int:
        raise DataError("save it first")

    json.register_codec("point", Point, refuse, Point)
    with pytest.raises(DataError, match=r"^doc: save it first$"):
        json.pack(Point(1), "doc")


class Invoice:
    def as_dict(self):
        return {"net_total": Amount("2.50"), "rows": [{"qty": Decimal("3")}]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Amount("2.50"), "2.5"),
        (Amount("2.00"), "2"),
        (Decimal("1E+30"), "1e30"),
        (dt.datetime(2026, 1, 31, 9, 30), '"2026-01-31 09:30:00"'),
        (dt.date(2026, 1, 31), '"2026-01-31"'),
        (dt.time(9, 30), '"09:30:00"'),
        (dt.timedelta(hours=1, milliseconds=500), "3600.5"),
        ({1: {3}}, '{"1":[3]}'),
        (Invoice(), '{"net_total":2.5,"rows":[{"qty":3}]}'),
        ([Point], '["' + str(Point) + '"]'),
    ],
)
def test_answers_show_decimals_as_numbers_and_dates_as_text(value, text):
    assert json.dumps(value) == text


def test_answers_can_be_indented():
    assert json.dumps({"a": [1]}, indent=2) == '{\n  "a": [\n    1\n  ]\n}'


def test_loads_reads_plain_data():
    assert json.loads('{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}


@pytest.mark.parametrize("text", ["[", "[1,]", "[" * 100_000, "[\ud800", b"\xff"])
def test_loads_refuses_what_is_not_json(text):
    with pytest.raises(DataError, match="not JSON"):
        json.loads(text)
