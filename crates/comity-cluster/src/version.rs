//! Every machine of a cluster must run the same comity: how each says which one it is.
//!
//! Calls to the scheduler carry `comity/VERSION` as user agent, and the scheduler refuses
//! others; a question carries the version too, and an executor refuses others.

use ballista_core::extension::EndpointOverrideFn;
use comity_model::Diagnostic;
use std::sync::Arc;
use tonic::transport::Endpoint;
use tonic::{Request, Status};

/// The start of a refusal, by which the other side knows it.
const REFUSED: &str = "comity-version";

/// A caller's name.
pub fn agent(version: &str) -> String {
    format!("comity/{version}")
}

/// Makes every call say who calls.
pub fn signed(version: &str) -> EndpointOverrideFn {
    let agent = agent(version);
    Arc::new(move |endpoint: Endpoint| Ok(endpoint.user_agent(agent.clone())?))
}

/// What the scheduler asks of every call.
pub fn guard(
    version: String,
) -> impl Fn(Request<()>) -> Result<Request<()>, Status> + Clone + Send + Sync + 'static {
    move |request| {
        let agent = request.metadata().get("user-agent").and_then(|v| v.to_str().ok());
        let caller = agent.and_then(|a| a.split(' ').next()).unwrap_or("no name");
        match caller.strip_prefix("comity/") {
            Some(theirs) if theirs == version => Ok(request),
            _ => Err(Status::failed_precondition(format!("{REFUSED}:{version}"))),
        }
    }
}

/// The finding that a refusal stands for.
pub fn refused(status: &Status, address: &str, mine: &str) -> Option<Diagnostic> {
    let theirs = status.message().strip_prefix(REFUSED)?.strip_prefix(':')?;
    Some(differs(&format!("the scheduler at {address}"), theirs, mine))
}

/// Two versions that may not work together.
pub fn differs(who: &str, theirs: &str, mine: &str) -> Diagnostic {
    Diagnostic::error(
        "cluster-version",
        format!(
            "a cluster of another version: {who} runs comity {theirs}, and this is comity {mine}"
        ),
    )
    .help("answers of two versions are not added up; run one comity on every machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(agent: Option<&'static str>) -> Result<Request<()>, Status> {
        let mut request = Request::new(());
        if let Some(agent) = agent {
            request.metadata_mut().insert("user-agent", agent.parse().unwrap());
        }
        guard("1.2.3".to_owned())(request)
    }

    #[test]
    fn only_callers_of_the_same_version_come_in() {
        assert!(call(Some("comity/1.2.3 tonic/0.14")).is_ok());
        for other in [None, Some("comity/1.2.30 tonic/0.14"), Some("tonic/0.14"), Some("comity/")] {
            let status = call(other).unwrap_err();
            let d = refused(&status, "host:1", "9.9.9").unwrap();
            assert!(d.message.contains("1.2.3") && d.message.contains("9.9.9"), "{}", d.message);
        }
        assert!(refused(&Status::internal("another thing"), "host:1", "9.9.9").is_none());
    }
}
