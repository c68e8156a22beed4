//! One job of the scheduler: the plan, waiting for it, and its results.

use crate::decide;
use crate::link::{split, unreachable};
use crate::version::refused;
use crate::wire::{Answer, Ask, Counted};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use ballista_core::client::BallistaClient;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::execute_query_result::Result as Submitted;
use ballista_core::serde::protobuf::job_status::Status as JobStatus;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, ExecuteQueryParams, GetJobStatusParams, PartitionLocation,
};
use ballista_core::version::insert_version_header;
use comity_model::Diagnostic;
use datafusion::common::ScalarValue;
use datafusion::config::ConfigOptions;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::DataFusionError;
use datafusion::physical_expr::ScalarFunctionExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::TryStreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tonic::transport::Channel;

/// Between two looks at a job.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// After this long somebody who waits would like to hear why.
const SILENCE: Duration = Duration::from_secs(30);

/// Most bytes of one message.
pub const MESSAGE_BYTES_MAX: usize = 256 << 20;

/// A scheduler that has answered.
pub struct Link {
    /// Its address, `HOST:PORT`.
    pub address: String,
    /// The version of both sides.
    pub version: String,
    /// The connection.
    pub channel: Channel,
}

/// What ends a run early.
pub struct Stop<'a> {
    /// Set by whoever waits for it.
    pub canceled: &'a AtomicBool,
    /// Set when another job of the run failed.
    pub failed: AtomicBool,
}

impl Stop<'_> {
    fn is_set(&self) -> bool {
        self.canceled.load(Ordering::Relaxed) || self.failed.load(Ordering::Relaxed)
    }
}

/// Why a job brought nothing.
pub enum Fault {
    /// Asked again it may work.
    Lost(String),
    /// It would be the same again.
    Final(Diagnostic),
}

impl From<Diagnostic> for Fault {
    fn from(d: Diagnostic) -> Fault {
        Fault::Final(d)
    }
}

impl Link {
    /// Asks about the parts of some tasks; the answers in any order.
    ///
    /// # Errors
    /// A part cannot be decided, results were lost, or the run was canceled.
    pub async fn job(
        &self,
        question: &[u8],
        tasks: &[Vec<Ask>],
        stop: &Stop<'_>,
    ) -> Result<Vec<Counted>, Fault> {
        if stop.is_set() {
            return Err(canceled().into());
        }
        let plan = plan(question, tasks, &self.version).map_err(|e| failed(e.to_string()))?;
        let mut scheduler = SchedulerGrpcClient::new(self.channel.clone())
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        let job = self.submit(&mut scheduler, plan).await?;
        let places = self.finished(&mut scheduler, &job, stop).await?;
        let mut out = Vec::new();
        for place in places {
            let batches = self.fetch(place).await.map_err(Fault::Lost)?;
            for answer in batches.iter().flat_map(|b| b.column(0).as_binary::<i32>()).flatten() {
                let answer: Answer = serde_json::from_slice(answer)
                    .map_err(|e| failed(format!("an answer cannot be read: {e}")))?;
                out.push(answer.map_err(Diagnostic::from)?);
            }
        }
        Ok(out)
    }

    async fn submit(
        &self,
        scheduler: &mut SchedulerGrpcClient<Channel>,
        plan: Vec<u8>,
    ) -> Result<String, Fault> {
        let mut request = tonic::Request::new(ExecuteQueryParams {
            query: Some(Query::PhysicalPlan(plan)),
            settings: Vec::new(),
            session_id: unique(),
            operation_id: unique(),
        });
        insert_version_header(request.metadata_mut());
        let answer = scheduler.execute_query(request).await.map_err(|e| self.status(&e))?;
        match answer.into_inner().result {
            Some(Submitted::Success(s)) => Ok(s.job_id),
            Some(Submitted::Failure(f)) => Err(failed(format!("{f:?}")).into()),
            None => Err(failed("the scheduler says nothing".to_owned()).into()),
        }
    }

    /// Waits until a job is done; says where its results lie.
    async fn finished(
        &self,
        scheduler: &mut SchedulerGrpcClient<Channel>,
        job: &str,
        stop: &Stop<'_>,
    ) -> Result<Vec<PartitionLocation>, Fault> {
        let mut patience = SILENCE;
        let started = Instant::now();
        loop {
            if started.elapsed() > patience {
                patience = Duration::MAX;
                log::warn!(
                    "nothing has come back for {} seconds; executors are started with `comity cluster executor --scheduler {}`",
                    SILENCE.as_secs(),
                    self.address
                );
            }
            if stop.is_set() {
                // The result of a canceled run is not used, whether or not this is heard.
                let _ = scheduler.cancel_job(CancelJobParams { job_id: job.to_owned() }).await;
                return Err(canceled().into());
            }
            let look = GetJobStatusParams { job_id: job.to_owned() };
            let answer = scheduler.get_job_status(look).await.map_err(|e| self.status(&e))?;
            match answer.into_inner().status.and_then(|s| s.status) {
                Some(JobStatus::Successful(s)) => return Ok(s.partition_location),
                Some(JobStatus::Failed(f)) => return Err(failed(f.error).into()),
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    /// Reads one result, which the scheduler passes on from the executor that has it.
    async fn fetch(&self, place: PartitionLocation) -> Result<Vec<RecordBatch>, String> {
        let layout = place.layout();
        let (Some(executor), Some(id)) = (place.executor_meta, place.partition_id) else {
            return Err("the scheduler does not say where a result lies".to_owned());
        };
        let (host, port) = split(&self.address).map_err(|d| d.message)?;
        let client =
            BallistaClient::try_new(&host, port, MESSAGE_BYTES_MAX, false, None, 3, 500, 0, 0);
        let mut client = client.await.map_err(|e| e.to_string())?;
        let (file, at) = (place.file_id, executor.port as u16);
        let stream = client
            .fetch_partition_proxied(
                &executor.id,
                &id.into(),
                file,
                layout,
                &executor.host,
                at,
                true,
            )
            .await
            .map_err(|e| e.to_string())?;
        stream.try_collect().await.map_err(|e: DataFusionError| e.to_string())
    }

    fn status(&self, e: &tonic::Status) -> Diagnostic {
        refused(e, &self.address, &self.version)
            .unwrap_or_else(|| unreachable(&self.address, e.message()))
    }
}

fn canceled() -> Diagnostic {
    Diagnostic::error("canceled", "the run was canceled")
        .help("with --out, the same command with --resume goes on where it stopped")
}

/// The cluster gave up.
pub fn failed(why: String) -> Diagnostic {
    Diagnostic::error("cluster-failed", format!("the cluster gave up: {why}"))
        .help("its scheduler and executors say more on their standard error; with --out, --resume goes on where it stopped")
}

/// A name that nobody else has.
pub fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    format!("comity-{now:x}-{:x}-{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The plan: `decide(question, part)` over the parts, a partition for every task and a batch
/// for every part.
fn plan(question: &[u8], tasks: &[Vec<Ask>], version: &str) -> Result<Vec<u8>, DataFusionError> {
    let schema = Arc::new(Schema::new(vec![Field::new("part", DataType::Utf8, false)]));
    let batch = |ask: &Ask| {
        let text = serde_json::to_string(ask).map_err(|e| DataFusionError::External(e.into()))?;
        let column: ArrayRef = Arc::new(StringArray::from(vec![text]));
        Ok(RecordBatch::try_new(Arc::clone(&schema), vec![column])?)
    };
    let partitions = tasks
        .iter()
        .map(|t| t.iter().map(batch).collect())
        .collect::<Result<Vec<Vec<_>>, DataFusionError>>()?;
    let parts = MemorySourceConfig::try_new_exec(&partitions, Arc::clone(&schema), None)?;
    let arguments: Vec<Arc<dyn PhysicalExpr>> = vec![
        Arc::new(Literal::new(ScalarValue::Binary(Some(question.to_vec())))),
        Arc::new(Column::new("part", 0)),
    ];
    let function = Arc::new(decide::udf(version));
    let options = Arc::new(ConfigOptions::default());
    let call = ScalarFunctionExpr::try_new(function, arguments, &schema, options)?;
    let call: Arc<dyn PhysicalExpr> = Arc::new(call);
    let plan: Arc<dyn ExecutionPlan> =
        Arc::new(ProjectionExec::try_new([(call, "counted".to_owned())], parts)?);
    let codec = SessionConfig::new_with_ballista().ballista_physical_extension_codec();
    let node = PhysicalPlanNode::try_from_physical_plan(plan, codec.as_ref())?;
    let mut bytes = Vec::new();
    node.try_encode(&mut bytes)?;
    Ok(bytes)
}
