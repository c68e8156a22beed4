//! The scheduler: lets the node look at the clock when something is due. What is due stands in
//! the store, so nothing is missed by a restart, a sleep or a step of the clock.

use crate::account::Origin;
use crate::app::App;
use crate::door::at_desk;
use crate::engine::Engine;
use crate::metrics::Metrics;
use comity_node::{Ask, Done};
use comity_store::Change;
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
        if matches!(next, Ok(Ok(_))) {
            metrics.looked_s.set(engine.clock.now().as_second());
        }
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

/// What is done once in a while: accounts that nobody used for long are disabled, sessions and
/// replies that are over are dropped.
pub async fn clean(app: Arc<App>) {
    let mut clock = tokio::time::interval(CLEAN_EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let disabled = at_desk(&app, Origin::Node, |desk| desk.disable_inactive()).await;
        if let Err(problem) = disabled {
            tracing::error!(code = problem.code, "unused accounts: {}", problem.detail);
        }
        let drop_ended = Ask::Keep(vec![Change::DropEnded(app.engine.clock.now())]);
        if let Err(fault) = app.engine.ask(drop_ended).await {
            tracing::error!(code = fault.code(), "what is over was not dropped: {fault}");
        }
    }
}

/// How often [`clean`] comes by.
const CLEAN_EVERY: Duration = Duration::from_secs(3600);
