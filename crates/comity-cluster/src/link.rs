//! The way to the scheduler: addresses, and who answers there.

use crate::version::{refused, signed};
use ballista_core::serde::protobuf::GetJobStatusParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use comity_model::Diagnostic;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// `HOST:PORT` in its two halves.
///
/// # Errors
/// It is none.
pub fn split(address: &str) -> Result<(String, u16), Diagnostic> {
    let halves = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    halves.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?))).ok_or_else(|| {
        Diagnostic::error("bad-address", format!("`{address}` is no HOST:PORT"))
            .help("such as 127.0.0.1:50050")
    })
}

/// Connects, and asks something that has no effect to see who answers.
///
/// # Errors
/// Nobody answers, or another version does.
pub async fn reach(address: &str, version: &str) -> Result<Channel, Diagnostic> {
    split(address)?;
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map(|e| {
            e.connect_timeout(Duration::from_secs(5)).tcp_keepalive(Some(Duration::from_secs(30)))
        })
        .map_err(|e| unreachable(address, &e.to_string()))?;
    let endpoint = signed(version)(endpoint).map_err(|e| unreachable(address, &e.to_string()))?;
    let channel = endpoint.connect().await.map_err(|e| unreachable(address, &deepest(&e)))?;
    let mut scheduler = SchedulerGrpcClient::new(channel.clone());
    let look = GetJobStatusParams { job_id: String::new() };
    match scheduler.get_job_status(look).await {
        Ok(_) => Ok(channel),
        Err(e) => match refused(&e, address, version) {
            Some(d) => Err(d),
            // It knows no such job, as it should.
            None if e.code() == tonic::Code::Internal => Ok(channel),
            None => Err(unreachable(address, e.message())),
        },
    }
}

fn deepest(e: &dyn std::error::Error) -> String {
    e.source().map_or_else(|| e.to_string(), deepest)
}

/// Nobody answers.
pub fn unreachable(address: &str, why: &str) -> Diagnostic {
    Diagnostic::error("no-cluster", format!("no cluster answers at {address}: {why}")).help(
        format!("start one with `comity cluster scheduler --bind {address}`, or check the address"),
    )
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        assert_eq!(split("10.0.0.1:50050").unwrap(), ("10.0.0.1".to_owned(), 50050));
        for wrong in ["", "host", ":1", "host:", "host:port", "host:70000"] {
            assert_eq!(split(wrong).unwrap_err().code, "bad-address", "{wrong}");
        }
    }
}
