"""The rows that stand at a path, one by one: of a run's release, a release, a folder of shards or one Parquet file."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from rocot.arrow import schema_of
from rocot.core.row import Row
from rocot.errors import StoreError
from rocot.release.columns import column_faults
from rocot.release.find import find
from rocot.release.shards import opened

BATCH_ROWS = 128
TOLD = 3
"""Problems that an error names."""


def rows_at(path: Path) -> Iterator[Row]:
    """Every row. Raises StoreError where anything cannot be read, or is no row."""
    found = find(path)
    if found.problems:
        told = "; ".join(f"{problem.where}: {problem.what}" for problem in found.problems[:TOLD])
        raise StoreError(f"rows cannot be read: {told}; `rocot validate` tells all")
    for file in found.files:
        try:
            with opened(file) as table:
                for fault in column_faults(table.schema_arrow, schema_of(Row)):
                    raise StoreError(f"{file}: holds no rows of this rocot ({fault}); export the run again")
                for batch in table.iter_batches(batch_size=BATCH_ROWS, columns=schema_of(Row).names):
                    for values in batch.to_pylist():
                        yield Row.model_validate(values)
        except ValidationError as error:
            raise StoreError(f"{file}: a row does not fit the schema; `rocot validate` tells which") from error
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise StoreError(f"{file}: is no whole Parquet file ({str(error)[:200]})") from error
