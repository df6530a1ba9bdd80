//! A table as Parquet: typed columns with dictionaries, compressed by Snappy, in groups of rows of bounded size.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::{TableWriter, Unwritten};
use crate::history::{Cell, Column, ColumnType, Table};

/// Rows of a group, which are held until it is written: enough that readers skip what they need not read, some tens of
/// MB at most.
const GROUP: usize = 100_000;

pub(super) struct Rows<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Buffer>,
    rows: usize,
}

/// A column of the group that is being filled.
struct Buffer {
    column: &'static Column,
    values: Values,
    /// Of a column that may be null: 1 where a value is there, 0 where it is not.
    levels: Vec<i16>,
}

/// Values that are there.
enum Values {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
}

/// How Parquet spells the type of a column.
fn spelling(column: &Column) -> String {
    let (physical, logical) = match column.kind {
        ColumnType::Text => ("BYTE_ARRAY", " (STRING)"),
        ColumnType::Integer => ("INT64", ""),
        ColumnType::Number => ("DOUBLE", ""),
        ColumnType::Flag => ("BOOLEAN", ""),
        ColumnType::Time => ("INT64", " (TIMESTAMP(MILLIS,true))"),
    };
    let repetition = if column.nullable { "OPTIONAL" } else { "REQUIRED" };
    format!("{repetition} {physical} {}{logical};", column.name)
}

impl<W: Write + Send> Rows<W> {
    pub fn begin(table: &Table, out: W) -> Result<Self, Unwritten> {
        let columns: Vec<String> = table.columns().map(spelling).collect();
        let schema = parse_message_type(&format!("message {} {{ {} }}", table.name, columns.join(" ")))?;
        let properties = WriterProperties::builder()
            .set_created_by(format!("evalgate {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::SNAPPY)
            .build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { writer, columns: table.columns().map(Buffer::of).collect(), rows: 0 })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for buffer in &mut self.columns {
            if let Some(into) = group.next_column()? {
                buffer.write(into)?;
            }
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl<W: Write + Send> TableWriter for Rows<W> {
    fn push(&mut self, cells: &[Cell]) -> Result<(), Unwritten> {
        self.columns.iter_mut().zip(cells).try_for_each(|(column, cell)| column.push(cell))?;
        self.rows += 1;
        if self.rows == GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Unwritten> {
        self.write_group()?;
        self.writer.close()?;
        Ok(())
    }
}

impl Buffer {
    fn of(column: &'static Column) -> Self {
        let values = match column.kind {
            ColumnType::Text => Values::Text(Vec::new()),
            ColumnType::Integer | ColumnType::Time => Values::Integer(Vec::new()),
            ColumnType::Number => Values::Number(Vec::new()),
            ColumnType::Flag => Values::Flag(Vec::new()),
        };
        Self { column, values, levels: Vec::new() }
    }

    fn push(&mut self, cell: &Cell) -> Result<(), ParquetError> {
        if self.column.nullable {
            self.levels.push(i16::from(*cell != Cell::Null));
        }
        match (&mut self.values, *cell) {
            (_, Cell::Null) if self.column.nullable => {}
            (Values::Text(texts), Cell::Text(text)) => {
                // Most rows say what the row before said: that text is shared.
                let known = texts.last().filter(|last| last.data() == text.as_bytes()).cloned();
                texts.push(known.unwrap_or_else(|| ByteArray::from(text)));
            }
            (Values::Integer(integers), Cell::Integer(integer)) => integers.push(integer),
            (Values::Integer(integers), Cell::Time(time)) => integers.push(time.as_millisecond()),
            (Values::Number(numbers), Cell::Number(number)) => numbers.push(number),
            (Values::Flag(flags), Cell::Flag(flag)) => flags.push(flag),
            (_, other) => {
                return Err(ParquetError::General(format!("{other:?} in the column {}", self.column.name)));
            }
        }
        Ok(())
    }

    /// Writes what is held, and holds nothing afterwards.
    fn write(&mut self, into: SerializedColumnWriter) -> Result<(), ParquetError> {
        let levels = self.column.nullable.then_some(&self.levels[..]);
        match &mut self.values {
            Values::Text(texts) => put::<ByteArrayType>(into, texts, levels),
            Values::Integer(integers) => put::<Int64Type>(into, integers, levels),
            Values::Number(numbers) => put::<DoubleType>(into, numbers, levels),
            Values::Flag(flags) => put::<BoolType>(into, flags, levels),
        }?;
        self.levels.clear();
        Ok(())
    }
}

fn put<T: DataType>(
    mut into: SerializedColumnWriter,
    values: &mut Vec<T::T>,
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    into.typed::<T>().write_batch(values, levels, None)?;
    values.clear();
    into.close()
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    use super::*;
    use crate::history::TABLES;

    #[test]
    fn a_table_longer_than_a_group_is_read_back_row_by_row() {
        let table = &TABLES[2];
        let mut file = tempfile::tempfile().unwrap();
        let mut rows = Rows::begin(table, file.try_clone().unwrap()).unwrap();
        let row = |n: i64| -> Vec<Cell<'static>> {
            let cells = table.columns().map(|column| match (column.kind, column.nullable) {
                (_, true) => {
                    if n % 2 == 0 {
                        Cell::Null
                    } else {
                        Cell::Text("odd")
                    }
                }
                (ColumnType::Integer, _) => Cell::Integer(n),
                _ => Cell::Text("same"),
            });
            cells.collect()
        };
        let n = GROUP as i64 + 3;
        (0..n).for_each(|at| rows.push(&row(at)).unwrap());
        Box::new(rows).finish().unwrap();
        file.flush().unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        assert_eq!(reader.metadata().num_row_groups(), 2);
        let mut seen = 0;
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            assert_eq!(row.get_long(8).unwrap(), seen);
            assert_eq!(row.get_string(11).is_ok(), seen % 2 == 1);
            seen += 1;
        }
        assert_eq!(seen, n);
    }

    #[test]
    fn a_cell_that_is_not_what_its_column_says_is_an_error() {
        let mut rows = Rows::begin(&TABLES[2], Vec::new()).unwrap();
        let wrong = rows.push(&[Cell::Null]).unwrap_err().to_string();
        assert!(wrong.contains("project"), "{wrong}");
    }
}
