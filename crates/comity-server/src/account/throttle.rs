//! Slowing down addresses that fail to sign in. Kept in memory: after a restart everybody starts
//! anew, and the lockout of accounts, which is kept in the store, goes on.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;

/// Failures of an address that cost it nothing.
const FREE: u32 = 5;

/// Longest wait.
const WAIT_SECONDS_MAX: i64 = 60;

/// After this long without a failure an address is forgotten.
const FORGET_AFTER: SignedDuration = SignedDuration::from_mins(15);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last_at: Timestamp,
}

/// Failures by address, for as many addresses as there is room for.
#[derive(Debug, Clone)]
pub struct Throttle {
    failures: HashMap<IpAddr, Failures>,
    addresses_max: usize,
}

impl Throttle {
    /// With room for so many addresses, at least one; each takes less than 100 bytes.
    pub fn new(addresses_max: usize) -> Throttle {
        Throttle { failures: HashMap::new(), addresses_max: addresses_max.max(1) }
    }

    /// How long an address must wait before it may try; zero if it may now. Where the clock went
    /// back, it waits from now on, and no longer than the longest wait.
    pub fn wait(&self, address: IpAddr, now: Timestamp) -> SignedDuration {
        let Some(failures) = self.failures.get(&network(address)) else {
            return SignedDuration::ZERO;
        };
        let since = now.duration_since(failures.last_at).max(SignedDuration::ZERO);
        if since >= FORGET_AFTER {
            return SignedDuration::ZERO;
        }
        (wait_after(failures.count) - since).max(SignedDuration::ZERO)
    }

    /// An address failed to sign in.
    pub fn failed(&mut self, address: IpAddr, now: Timestamp) {
        let address = network(address);
        if !self.failures.contains_key(&address) && self.failures.len() >= self.addresses_max {
            self.make_room(now);
        }
        let new = Failures { count: 0, last_at: now };
        let failures = self.failures.entry(address).or_insert(new);
        if now.duration_since(failures.last_at) >= FORGET_AFTER {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last_at = now;
    }

    /// Somebody signed in from an address: it failed by mistake. Half of its failures stay, so
    /// that an account of one's own does not wash away guesses at others.
    pub fn succeeded(&mut self, address: IpAddr) {
        let address = network(address);
        if let Some(failures) = self.failures.get_mut(&address) {
            failures.count /= 2;
            if failures.count == 0 {
                self.failures.remove(&address);
            }
        }
    }

    /// Number of addresses that are kept.
    pub fn len(&self) -> usize {
        self.failures.len()
    }

    /// True if none is kept.
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }

    /// Forgets what is long over; if that is nothing, the one with the fewest failures, the
    /// oldest of them: a flood of new addresses does not wash out one that failed often.
    fn make_room(&mut self, now: Timestamp) {
        self.failures.retain(|_, f| now.duration_since(f.last_at) < FORGET_AFTER);
        if self.failures.len() >= self.addresses_max {
            let least = self.failures.iter().min_by_key(|(_, f)| (f.count, f.last_at));
            if let Some(address) = least.map(|(address, _)| *address) {
                self.failures.remove(&address);
            }
        }
    }
}

fn wait_after(count: u32) -> SignedDuration {
    let Some(doublings) = count.checked_sub(FREE) else { return SignedDuration::ZERO };
    let seconds = 1_i64.checked_shl(doublings.min(16)).unwrap_or(WAIT_SECONDS_MAX);
    SignedDuration::from_secs(seconds.min(WAIT_SECONDS_MAX))
}

/// Whom an address stands for: an IPv6 network of 64 bits is one house.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::new(1_800_000_000 + second, 0).unwrap()
    }

    fn v4(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn after(failures: u32) -> Throttle {
        let mut throttle = Throttle::new(10);
        (0..failures).for_each(|_| throttle.failed(v4(1), at(0)));
        throttle
    }

    #[test]
    fn waits_double_after_five_failures_up_to_a_minute() {
        let seconds = |n| after(n).wait(v4(1), at(0)).as_secs();
        let all: Vec<i64> = (3..14).map(seconds).collect();
        assert_eq!(all, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(after(13).wait(v4(2), at(0)), SignedDuration::ZERO);
        assert_eq!(after(13).wait(v4(1), at(59)).as_secs(), 1);
        assert_eq!(after(13).wait(v4(1), at(60)), SignedDuration::ZERO);
        assert_eq!(after(u32::from(u16::MAX)).wait(v4(1), at(0)).as_secs(), 60);
    }

    #[test]
    fn a_clock_that_went_back_makes_nobody_wait_longer() {
        assert_eq!(after(13).wait(v4(1), at(-100_000)).as_secs(), 60);
    }

    #[test]
    fn a_quarter_of_an_hour_forgets() {
        let mut throttle = after(13);
        throttle.failed(v4(1), at(900));
        assert_eq!(throttle.wait(v4(1), at(900)), SignedDuration::ZERO);
    }

    #[test]
    fn one_house_is_one_address() {
        let mut throttle = Throttle::new(10);
        for host in 0..9 {
            throttle.failed(format!("2001:db8::{host}").parse().unwrap(), at(0));
        }
        assert!(throttle.wait("2001:db8::ffff".parse().unwrap(), at(0)) > SignedDuration::ZERO);
        assert!(throttle.wait("2001:db8:0:1::1".parse().unwrap(), at(0)).is_zero());
        for _ in 0..9 {
            throttle.failed(v4(7), at(0));
        }
        assert!(throttle.wait("::ffff:192.0.2.7".parse().unwrap(), at(0)) > SignedDuration::ZERO);
    }

    #[test]
    fn a_flood_of_addresses_washes_out_nobody_who_failed_often() {
        let mut throttle = after(13);
        for i in 0..1000_u32 {
            throttle.failed(IpAddr::from((0x0a00_0000 + i).to_be_bytes()), at(1));
        }
        assert_eq!(throttle.len(), 10);
        assert_eq!(throttle.wait(v4(1), at(1)).as_secs(), 59);
    }

    #[test]
    fn success_forgives_half() {
        let mut throttle = after(12);
        throttle.succeeded(v4(1));
        assert_eq!(throttle.wait(v4(1), at(0)).as_secs(), 2);
        (0..3).for_each(|_| throttle.succeeded(v4(1)));
        assert!(throttle.is_empty());
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_waits_are_too(
            room in 1..20_usize,
            steps in prop::collection::vec((any::<[u8; 4]>(), -5_000..5_000_i64, any::<bool>()), 0..300),
        ) {
            let mut throttle = Throttle::new(room);
            for (address, second, is_failure) in steps {
                let address = IpAddr::from(address);
                if is_failure {
                    throttle.failed(address, at(second));
                } else {
                    throttle.succeeded(address);
                }
                prop_assert!(throttle.len() <= room);
                let wait = throttle.wait(address, at(second));
                prop_assert!(!wait.is_negative() && wait.as_secs() <= WAIT_SECONDS_MAX);
            }
        }
    }
}
