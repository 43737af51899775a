"""Tables are lent without a copy, and shown."""

import assay
import pytest
from assay import _native


def table(rows=3):
    numbers = [0.1 + 0.2, None, -1e-300] * rows
    texts = ["a", None, "a text of more than twelve bytes, <b>&"] * rows
    return assay.Table(
        _native.Table([("number", "number", numbers), ("count", "count", [0, None, 2**64 - 1] * rows), ("text", "text", texts)])
    )


def test_values_come_back_to_the_last_bit():
    made = table(1)
    assert (made.columns, len(made)) == (["number", "count", "text"], 3)
    assert made.to_dict() == {
        "number": [0.1 + 0.2, None, -1e-300],
        "count": [0, None, 2**64 - 1],
        "text": ["a", None, "a text of more than twelve bytes, <b>&"],
    }
    with pytest.raises(KeyError, match="there is no column `nombre`; columns are number, count, text"):
        made["nombre"]


def test_polars_and_pyarrow_read_the_same_memory():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    made = table(1000)
    arrow, again = made.to_arrow(), pyarrow.table(made)
    frame = made.to_polars()
    assert arrow.to_pydict() == made.to_dict() == frame.to_dict(as_series=False)
    for name in ("number", "count"):
        (chunk,) = arrow.column(name).chunks
        (other,) = again.column(name).chunks
        address = chunk.buffers()[1].address
        assert address == other.buffers()[1].address, name
        assert address == frame[name].to_arrow().buffers()[1].address, name
    (texts,), (others,) = arrow.column("text").chunks, again.column("text").chunks
    assert [buffer.address for buffer in texts.buffers() if buffer] == [buffer.address for buffer in others.buffers() if buffer]
    # The memory lives as long as its last reader.
    del made
    assert arrow.column("number")[0].as_py() == 0.1 + 0.2
    assert polars.DataFrame(arrow).equals(frame)


def test_pandas_has_the_same_values():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    made = table(2)
    frame = made.to_pandas()
    assert list(frame.columns) == made.columns and frame["text"].isna().sum() == 2
    assert [None if pandas.isna(value) else value for value in frame["number"]] == made["number"]


def test_a_reader_that_does_not_know_views_gets_large_strings():
    pyarrow = pytest.importorskip("pyarrow")
    made = table(2)
    assert pyarrow.table(made).schema.field("text").type == pyarrow.string_view()
    wanted = pyarrow.schema([("number", pyarrow.float64()), ("count", pyarrow.uint64()), ("text", pyarrow.large_string())])
    read = pyarrow.RecordBatchReader.from_stream(made, schema=wanted).read_all()
    assert read.schema.field("text").type == pyarrow.large_string() and read.to_pydict() == made.to_dict()


def test_a_table_is_shown_with_what_is_missing_and_how_much_more_there_is():
    shown = table(10)
    html = shown._repr_html_()
    assert "&lt;b&gt;&amp;" in html and "<b>" not in html and "–" in html and "… 10 more rows" in html
    assert repr(table(1)).splitlines()[:2] == ["number   count                 text", "0.3      0                     a"]


def test_columns_have_one_length_and_values_of_their_sort():
    with pytest.raises(ValueError, match="column `b` has 1 of 2 rows"):
        _native.Table([("a", "count", [1, 2]), ("b", "count", [1])])
    with pytest.raises(ValueError, match="a column is text, count or number, not date"):
        _native.Table([("a", "date", [1])])
    with pytest.raises(TypeError):
        _native.Table([("a", "text", [1])])
    with pytest.raises(OverflowError):
        _native.Table([("a", "count", [-1])])
