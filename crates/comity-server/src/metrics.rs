//! Counters for Prometheus. None of them names a person, a case or an account.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// What a request is counted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The route as the table names it, never the path.
    pub route: &'static str,
    /// The method.
    pub method: &'static str,
    /// The status.
    pub status: u16,
}

/// The counters of a server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests.
    pub requests: Family<RequestLabels, Counter>,
    /// Time per request, seconds.
    pub seconds: Histogram,
    /// Messages sent to peers and receipted.
    pub sent: Counter,
    /// Attempts to send that did not get through.
    pub unsent: Counter,
    /// Messages taken from peers.
    pub received: Counter,
    /// Messages of peers that were refused.
    pub refused: Counter,
    /// Leaves in the ledger.
    pub leaves: Gauge,
    /// Alarms raised.
    pub alarms: Counter,
    /// When the scheduler last looked at the clock, by the node's clock: seconds since 1970; 0
    /// before the first look.
    pub looked_s: Gauge,
    /// Failures of the store.
    pub store_faults: Counter,
    /// Bookings that were imported.
    pub imported: Counter,
    /// Sheets of bookings that were refused.
    pub import_refused: Counter,
    /// Events that a webhook's receiver took.
    pub webhooks_told: Counter,
    /// Attempts to tell a receiver that did not get through.
    pub webhooks_failed: Counter,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("comity"),
            requests: Family::default(),
            seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            sent: Counter::default(),
            unsent: Counter::default(),
            received: Counter::default(),
            refused: Counter::default(),
            leaves: Gauge::default(),
            alarms: Counter::default(),
            looked_s: Gauge::default(),
            store_faults: Counter::default(),
            imported: Counter::default(),
            import_refused: Counter::default(),
            webhooks_told: Counter::default(),
            webhooks_failed: Counter::default(),
        };
        let Metrics { registry, requests, seconds, sent, unsent, received, .. } = &mut metrics;
        registry.register("requests", "Requests answered", requests.clone());
        registry.register("request_seconds", "Time to answer a request", seconds.clone());
        registry.register("messages_sent", "Messages that a peer receipted", sent.clone());
        registry.register("messages_unsent", "Attempts that did not get through", unsent.clone());
        registry.register("messages_received", "Messages taken from peers", received.clone());
        let Metrics { registry, refused, leaves, alarms, looked_s, store_faults, .. } =
            &mut metrics;
        registry.register("messages_refused", "Messages of peers refused", refused.clone());
        registry.register("ledger_leaves", "Leaves in the ledger", leaves.clone());
        registry.register("alarms", "Alarms raised by the clock", alarms.clone());
        let says = "When the scheduler last looked, seconds since 1970";
        registry.register("alarm_looked_seconds", says, looked_s.clone());
        registry.register("store_faults", "Failures of the store", store_faults.clone());
        let Metrics { registry, imported, import_refused, .. } = &mut metrics;
        registry.register("bookings_imported", "Bookings imported", imported.clone());
        registry.register("imports_refused", "Sheets of bookings refused", import_refused.clone());
        let Metrics { registry, webhooks_told, webhooks_failed, .. } = &mut metrics;
        registry.register("webhooks_told", "Events that receivers took", webhooks_told.clone());
        let says = "Attempts to tell receivers that did not get through";
        registry.register("webhooks_failed", says, webhooks_failed.clone());
        metrics
    }
}

impl Metrics {
    /// In Prometheus' text format (OpenMetrics).
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing into a text cannot fail.
        let _ = encode(&mut out, &self.registry);
        out
    }
}
