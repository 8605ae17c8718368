//! Parquet: the columns of the CSV with types, one row group, uncompressed.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use crate::experiment::run_document::RunDocument;
use crate::render::export::columns::{Cells, Column, columns};

/// The content of a Parquet file; where it comes from stands in its key-value metadata.
pub fn parquet(run: &RunDocument) -> Result<Vec<u8>, ParquetError> {
    let columns = columns(run);
    let fields: Result<Vec<_>, _> = columns.iter().map(field).collect();
    let schema = Type::group_type_builder("checkpoints")
        .with_fields(fields?)
        .build()?;
    let origin = [
        ("ckptsim.version", run.version.clone()),
        ("ckptsim.scenario", run.scenario.clone()),
        ("ckptsim.scenario_sha256", run.scenario_sha256.clone()),
        ("ckptsim.seed", run.result.seed.to_string()),
        ("ckptsim.digest", run.result.digest.clone()),
    ];
    let origin = origin.map(|(key, value)| KeyValue::new(key.to_owned(), value));
    let properties = WriterProperties::builder()
        .set_created_by(format!("ckptsim {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(origin.to_vec()))
        .build();
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for column in &columns {
        let mut writer = group
            .next_column()?
            .expect("the schema has a field for every column");
        write(&mut writer, &column.cells)?;
        writer.close()?;
    }
    group.close()?;
    file.into_inner()
}

fn field(column: &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match column.cells {
        Cells::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Cells::Whole(_) => (Physical::INT64, None),
        Cells::Decimal(_) => (Physical::DOUBLE, None),
        Cells::Flag(_) => (Physical::BOOLEAN, None),
    };
    let field = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()?;
    Ok(Arc::new(field))
}

/// Values without gaps, and for every row whether it has one (definition level 1) or not (0).
fn write(writer: &mut SerializedColumnWriter<'_>, cells: &Cells) -> Result<usize, ParquetError> {
    fn levels<T>(cells: &[Option<T>]) -> Vec<i16> {
        cells.iter().map(|cell| i16::from(cell.is_some())).collect()
    }
    match cells {
        Cells::Text(cells) => {
            let values: Vec<ByteArray> =
                cells.iter().flatten().map(|s| s.as_str().into()).collect();
            let writer = writer.typed::<ByteArrayType>();
            writer.write_batch(&values, Some(&levels(cells)), None)
        }
        Cells::Whole(cells) => {
            let values: Vec<i64> = cells.iter().flatten().map(|n| n.cast_signed()).collect();
            let writer = writer.typed::<Int64Type>();
            writer.write_batch(&values, Some(&levels(cells)), None)
        }
        Cells::Decimal(cells) => {
            let values: Vec<f64> = cells.iter().flatten().copied().collect();
            let writer = writer.typed::<DoubleType>();
            writer.write_batch(&values, Some(&levels(cells)), None)
        }
        Cells::Flag(cells) => {
            let values: Vec<bool> = cells.iter().flatten().copied().collect();
            let writer = writer.typed::<BoolType>();
            writer.write_batch(&values, Some(&levels(cells)), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::export::sample;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn a_reader_finds_every_column_and_every_gap() {
        let run = sample::run();
        // A temporary file, because the crate reads from files without further types.
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &parquet(&run).unwrap()).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let expected = columns(&run);
        let schema = reader.metadata().file_metadata().schema();
        let names: Vec<&str> = schema
            .get_fields()
            .iter()
            .map(|field| field.name())
            .collect();
        assert_eq!(
            names,
            expected
                .iter()
                .map(|column| column.name)
                .collect::<Vec<_>>()
        );
        let rows: Vec<String> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().to_string())
            .collect();
        assert_eq!(rows.len(), expected[0].cells.count());
        insta::assert_snapshot!(rows[0]);
        assert!(rows.iter().any(|row| row.contains("start_delay_ms: null")));
    }
}
