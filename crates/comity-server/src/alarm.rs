//! The scheduler: lets the node look at the clock when something is due. What is due stands in
//! the store, so nothing is missed by a restart, a sleep or a step of the clock.

use crate::engine::Engine;
use crate::metrics::Metrics;
use comity_node::{Ask, Done};
use std::sync::Arc;
use std::time::Duration;

/// Longest time between two looks at the clock: after a step or a sleep of the machine, an alarm
/// comes at most this much late.
const LOOK: Duration = Duration::from_millis(500);

/// Runs until the node stops.
pub async fn run(engine: Engine, metrics: Arc<Metrics>) {
    let mut grown = engine.grown();
    loop {
        let next = engine.with(comity_node::Node::next_at).await;
        let due = match next {
            Ok(Ok(next)) => next.is_some_and(|at| at <= engine.clock.now()),
            Ok(Err(fault)) => {
                metrics.store_faults.inc();
                tracing::error!(code = fault.code(), "the scheduler cannot read: {fault}");
                false
            }
            Err(_) => return,
        };
        if due {
            match engine.ask(Ask::Tick).await {
                Ok(Done::Ticked { events, cases, .. }) => {
                    metrics.alarms.inc_by(events as u64);
                    // A case whose moment has come always has something; if none had, wait.
                    if events > 0 || cases == 0 {
                        continue;
                    }
                }
                Ok(_) => {}
                Err(fault) => {
                    metrics.store_faults.inc();
                    tracing::error!(code = fault.code(), "the scheduler failed: {fault}");
                }
            }
        }
        let _ = tokio::time::timeout(LOOK, grown.changed()).await;
    }
}
