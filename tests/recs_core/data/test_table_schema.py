import pyarrow as pa

from recs_core.data.table_schema import describe_table


def test_a_table_is_described_by_rows_types_nulls_and_range() -> None:
    table = pa.table(
        {
            "name": pa.array(["b", None, "a"]),
            "year": pa.array([1999, 2004, None], pa.int16()),
            "genres": pa.array([["x"], [], ["y", "z"]]),
            "unknown": pa.array([None, None, None], pa.float32()),
            "event": pa.array(["view", None, "buy"]).dictionary_encode(),
            "part": pa.array([None, None, None], pa.string()).dictionary_encode(),
        }
    )
    encoded = str(table.schema.field("event").type)
    assert describe_table(table, digest="abc") == {
        "rows": 3,
        "sha256": "abc",
        "columns": {
            "name": {"dtype": "string", "nulls": 1, "min": "a", "max": "b"},
            "year": {"dtype": "int16", "nulls": 1, "min": "1999", "max": "2004"},
            "genres": {"dtype": str(table.schema.field("genres").type), "nulls": 0},
            "unknown": {"dtype": "float", "nulls": 3},
            "event": {"dtype": encoded, "nulls": 1, "distinct": 2, "min": "buy", "max": "view"},
            "part": {"dtype": encoded, "nulls": 3, "distinct": 0},
        },
    }


def test_an_empty_table_has_no_range() -> None:
    described = describe_table(pa.table({"n": pa.array([], pa.int64())}), digest="")
    assert described["columns"] == {"n": {"dtype": "int64", "nulls": 0}}
