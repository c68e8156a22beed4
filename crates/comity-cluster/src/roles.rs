//! The two roles of a cluster's machines: one scheduler, any number of executors.

use crate::decide;
use crate::job::MESSAGE_BYTES_MAX;
use crate::link::{reach, split};
use crate::logger::show_warnings;
use crate::version::{guard, signed};
use arrow_flight::flight_service_server::FlightServiceServer;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::flight_proxy_service::BallistaFlightProxyService;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_core::utils::default_session_builder;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::create_scheduler;
use comity_model::Diagnostic;
use datafusion::execution::FunctionRegistry;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;

/// An executor that was not heard of for this long is lost; its tasks go to others. A busy one
/// is heard of every five seconds.
const SILENT_SECONDS_MAX: u64 = 20;

/// How often lost executors are looked for.
const LOOK_SECONDS: u64 = 2;

/// Results are fetched when their wave is done; what is older is deleted.
const RESULTS_KEPT_SECONDS: u64 = 300;

/// Runs a scheduler until the process is ended. `listening` is told the address once calls
/// are taken.
///
/// # Errors
/// The address cannot be used.
pub fn scheduler(
    bind: &str,
    version: &str,
    listening: &mut dyn FnMut(SocketAddr),
) -> Result<(), Diagnostic> {
    show_warnings();
    let (host, port) = split(bind)?;
    runtime()?.block_on(async {
        let unusable = |e: &dyn std::fmt::Display| cannot(&format!("listen at {bind}"), e);
        let listener =
            tokio::net::TcpListener::bind((host.as_str(), port)).await.map_err(|e| unusable(&e))?;
        let address = listener.local_addr().map_err(|e| unusable(&e))?;
        let config = scheduler_config(address, version);
        let cluster = BallistaCluster::new_from_config(&config).await.map_err(|e| unusable(&e))?;
        let scheduler =
            create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config))
                .await
                .map_err(|e| unusable(&e))?;
        let scheduler = SchedulerGrpcServer::new(scheduler)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        let results =
            BallistaFlightProxyService::new(MESSAGE_BYTES_MAX, MESSAGE_BYTES_MAX, false, None);
        let results = FlightServiceServer::new(results)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        listening(address);
        Server::builder()
            .add_service(InterceptedService::new(scheduler, guard(version.to_owned())))
            .add_service(results)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), ended())
            .await
            .map_err(|e| unusable(&e))
    })
}

fn scheduler_config(address: SocketAddr, version: &str) -> SchedulerConfig {
    let decide = Arc::new(decide::udf(version));
    let session = move |config| {
        let mut state = default_session_builder(config)?;
        state.register_udf(Arc::clone(&decide))?;
        Ok(state)
    };
    SchedulerConfig {
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        external_host: address.ip().to_string(),
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        enable_embedded_flight_proxy: true,
        executor_timeout_seconds: SILENT_SECONDS_MAX,
        expire_dead_executor_interval_seconds: LOOK_SECONDS,
        no_executors_grace_period_seconds: 3 * SILENT_SECONDS_MAX,
        finished_job_data_clean_up_interval_seconds: RESULTS_KEPT_SECONDS,
        finished_job_state_clean_up_interval_seconds: RESULTS_KEPT_SECONDS,
        grpc_server_max_decoding_message_size: MESSAGE_BYTES_MAX as u32,
        grpc_server_max_encoding_message_size: MESSAGE_BYTES_MAX as u32,
        grpc_client_max_message_size: MESSAGE_BYTES_MAX as u32,
        override_session_builder: Some(Arc::new(session)),
        ..SchedulerConfig::default()
    }
}

/// How an executor is run.
#[derive(Debug, Clone)]
pub struct Executor {
    /// The scheduler, `HOST:PORT`.
    pub scheduler: String,
    /// Where results are fetched from, `HOST:PORT`; port 0 takes a free one. Without it a free
    /// port of the address that leads to the scheduler.
    pub bind: Option<String>,
    /// The name by which the scheduler reaches this machine, where it is not that address.
    pub advertise: Option<String>,
    /// The folder of results on their way; without it one of its own that is deleted.
    pub work_dir: Option<PathBuf>,
    /// Tasks at a time.
    pub slots: usize,
    /// How long it waits for a scheduler that does not answer yet.
    pub patience: Duration,
}

/// Runs an executor until the process is ended. `ready` is told once the scheduler has
/// answered.
///
/// # Errors
/// The scheduler does not answer or runs another version, or a port or folder cannot be used.
pub fn executor(role: &Executor, version: &str, ready: &mut dyn FnMut()) -> Result<(), Diagnostic> {
    show_warnings();
    let (scheduler_host, scheduler_port) = split(&role.scheduler)?;
    let runtime = runtime()?;
    runtime.block_on(patient(role, version))?;
    let here = address_towards(&role.scheduler)?;
    let (host, port) = match &role.bind {
        Some(bind) => split(bind)?,
        None => (here.clone(), 0),
    };
    let host = number_of(&host)?;
    let port = if port == 0 { free_port(&host)? } else { port };
    let advertise = role.advertise.clone().unwrap_or(here);
    // A folder of its own goes away with it.
    let mut own = None;
    let work_dir = if let Some(folder) = &role.work_dir {
        std::fs::create_dir_all(folder)
            .map_err(|e| cannot(&format!("use {}", folder.display()), &e))?;
        folder.clone()
    } else {
        let folder = tempfile::Builder::new().prefix("comity-executor-").tempdir();
        let folder = folder.map_err(|e| cannot("make a folder", &e))?;
        own.insert(folder).path().to_path_buf()
    };
    let mut functions = BallistaFunctionRegistry::default();
    functions.scalar_functions.insert(decide::NAME.to_owned(), Arc::new(decide::udf(version)));
    let config = ExecutorProcessConfig {
        bind_host: host,
        external_host: Some(advertise),
        port,
        scheduler_host,
        scheduler_port,
        vcores: role.slots,
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        work_dir: Some(work_dir.display().to_string()),
        grpc_max_decoding_message_size: MESSAGE_BYTES_MAX as u32,
        grpc_max_encoding_message_size: MESSAGE_BYTES_MAX as u32,
        // `decide` keeps a few megabytes; the pool of DataFusion's operators bounds nothing here.
        memory_pool_size: Some(0),
        override_function_registry: Some(Arc::new(functions)),
        override_create_grpc_client_endpoint: Some(signed(version)),
        ..ExecutorProcessConfig::default()
    };
    ready();
    let ran = runtime.block_on(start_executor_process(Arc::new(config)));
    drop(own);
    ran.map_err(|e| cannot("go on", &e))
}

/// Waits until the scheduler answers.
async fn patient(role: &Executor, version: &str) -> Result<(), Diagnostic> {
    let started = Instant::now();
    loop {
        match reach(&role.scheduler, version).await {
            Ok(_) => return Ok(()),
            Err(d) if d.code != "no-cluster" || started.elapsed() > role.patience => return Err(d),
            Err(_) => tokio::time::sleep(Duration::from_millis(300)).await,
        }
    }
}

/// The number of a host that may be a name.
fn number_of(host: &str) -> Result<String, Diagnostic> {
    let wrong = |e: &dyn std::fmt::Display| cannot(&format!("listen at {host}"), e);
    let found = (host, 0).to_socket_addrs().map_err(|e| wrong(&e))?.next();
    Ok(found.ok_or_else(|| wrong(&"no such host"))?.ip().to_string())
}

/// A port that nobody uses at this moment.
fn free_port(host: &str) -> Result<u16, Diagnostic> {
    let listener = TcpListener::bind((host, 0)).and_then(|l| l.local_addr());
    Ok(listener.map_err(|e| cannot(&format!("listen at {host}"), &e))?.port())
}

/// This machine's address on the way to another one; nothing is sent.
fn address_towards(other: &str) -> Result<String, Diagnostic> {
    let wrong = |e: std::io::Error| cannot(&format!("find the way to {other}"), &e);
    let to = other.to_socket_addrs().map_err(wrong)?.next();
    let to = to.ok_or_else(|| cannot(&format!("find {other}"), &"no such host"))?;
    let any = if to.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
    let socket = UdpSocket::bind(any).and_then(|s| s.connect(to).map(|()| s));
    Ok(socket.and_then(|s| s.local_addr()).map_err(wrong)?.ip().to_string())
}

fn runtime() -> Result<Runtime, Diagnostic> {
    Builder::new_multi_thread().enable_all().build().map_err(|e| cannot("start", &e))
}

/// Ends with an interrupt or the signal by which services are ended.
async fn ended() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    // Without a handler the system ends the process.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn cannot(what: &str, e: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("cluster-role", format!("this machine cannot {what}: {e}"))
        .help("choose another --bind address or --work-dir, or end what uses it")
}
