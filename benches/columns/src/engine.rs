//! The hand-written loop as a function of DataFusion, on one thread: what a query engine
//! around it costs, and how it reads Parquet.

use crate::hand::Hand;
use crate::{Counts, Failure, data};
use arrow_array::builder::BooleanBuilder;
use arrow_array::{RecordBatch, cast::AsArray, types::Int64Type};
use arrow_schema::{DataType, Field, Schema};
use cpu_time::ProcessTime;
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast,
    ident, lit,
};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionConfig, SessionContext};
use std::sync::Arc;

/// The function: every column in, true where the person may be held.
#[derive(Debug, PartialEq, Eq, Hash)]
struct MayHold(Signature);

impl ScalarUDFImpl for MayHold {
    fn name(&self) -> &str {
        "may_hold"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let fields: Vec<Field> = args.arg_fields.iter().map(|f| f.as_ref().clone()).collect();
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let mut out = BooleanBuilder::with_capacity(batch.num_rows());
        Hand::new().decide(&batch, |may| out.append_value(may));
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

fn counted(frame: DataFrame) -> Result<DataFrame> {
    let columns: Vec<Expr> =
        frame.schema().fields().iter().map(|f| ident(f.name().as_str())).collect();
    let signature = Signature::any(columns.len(), Volatility::Immutable);
    let may = ScalarUDF::from(MayHold(signature)).call(columns);
    let may = frame.select(vec![cast(may, DataType::Int64).alias("may")])?;
    may.aggregate(vec![], vec![sum(ident("may")), count(lit(ScalarValue::Int8(Some(1))))])
}

/// The fastest of some rounds over a table in memory, or over a file.
///
/// # Errors
/// The engine's.
pub fn best(rounds: usize, from: From<'_>) -> std::result::Result<(f64, Counts), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let config = SessionConfig::new().with_target_partitions(1).with_batch_size(data::BATCH_ROWS);
    let context = SessionContext::new_with_config(config);
    let (mut seconds, mut counts) = (f64::MAX, Counts::default());
    for _ in 0..rounds {
        let start = ProcessTime::now();
        let batches = runtime.block_on(async {
            let frame = match &from {
                From::Memory(table) => context.read_table(Arc::clone(table) as _)?,
                From::Parquet(file) => {
                    context.read_parquet(*file, ParquetReadOptions::default()).await?
                }
            };
            counted(frame)?.collect().await
        })?;
        seconds = seconds.min(start.elapsed().as_secs_f64());
        let of = |column: usize| batches[0].column(column).as_primitive::<Int64Type>().value(0);
        counts = Counts([of(0) as u64, (of(1) - of(0)) as u64, 0]);
    }
    Ok((seconds, counts))
}

/// Where the rows come from.
pub enum From<'a> {
    /// Batches that are held.
    Memory(Arc<MemTable>),
    /// A file.
    Parquet(&'a str),
}

/// A table of batches.
///
/// # Errors
/// The engine's.
pub fn memory(batches: Vec<RecordBatch>) -> std::result::Result<From<'static>, Failure> {
    let schema = batches.first().ok_or("no rows")?.schema();
    Ok(From::Memory(Arc::new(MemTable::try_new(schema, vec![batches])?)))
}
