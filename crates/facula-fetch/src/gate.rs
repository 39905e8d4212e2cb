// SPDX-License-Identifier: MIT OR Apache-2.0
//! Politeness: so many requests in flight per host, so much time between their starts.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Clock;

/// Lets requests through, host by host.
pub(crate) struct Gate<'a> {
    clock: &'a dyn Clock,
    in_flight: usize,
    gap: Duration,
    hosts: Mutex<BTreeMap<String, Host>>,
    freed: Condvar,
}

#[derive(Default)]
struct Host {
    in_flight: usize,
    next_start: Duration,
}

/// A request under way; frees its place when dropped.
pub(crate) struct Pass<'g, 'a> {
    gate: &'g Gate<'a>,
    host: String,
}

impl<'a> Gate<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, in_flight: usize, gap: Duration) -> Self {
        Self { clock, in_flight: in_flight.max(1), gap, hosts: Mutex::default(), freed: Condvar::new() }
    }

    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place and for the gap to the request before.
    pub(crate) fn enter(&self, host: &str) -> Pass<'_, 'a> {
        let mut hosts = self.hosts();
        while hosts.get(host).is_some_and(|state| state.in_flight >= self.in_flight) {
            hosts = self.freed.wait(hosts).unwrap_or_else(PoisonError::into_inner);
        }
        let state = hosts.entry(host.to_string()).or_default();
        state.in_flight += 1;
        let now = self.clock.elapsed();
        let start = state.next_start.max(now);
        state.next_start = start + self.gap;
        drop(hosts);
        if start > now {
            self.clock.sleep(start - now);
        }
        Pass { gate: self, host: host.to_string() }
    }

    /// No request to this host starts before `wait` has gone by: the server asked for it.
    pub(crate) fn hold(&self, host: &str, wait: Duration) {
        let until = self.clock.elapsed() + wait;
        let mut hosts = self.hosts();
        let state = hosts.entry(host.to_string()).or_default();
        state.next_start = state.next_start.max(until);
    }
}

impl Drop for Pass<'_, '_> {
    fn drop(&mut self) {
        if let Some(state) = self.gate.hosts().get_mut(&self.host) {
            state.in_flight = state.in_flight.saturating_sub(1);
        }
        self.gate.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Epoch;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Time moves only when somebody sleeps.
    #[derive(Default)]
    struct Turned(Mutex<Duration>);

    impl Clock for Turned {
        fn utc(&self) -> Epoch {
            facula_core::parse_utc("2026-01-01").unwrap()
        }
        fn elapsed(&self) -> Duration {
            *self.0.lock().unwrap()
        }
        fn sleep(&self, duration: Duration) {
            *self.0.lock().unwrap() += duration;
        }
    }

    #[test]
    fn starts_keep_their_distance_per_host() {
        let clock = Turned::default();
        let gate = Gate::new(&clock, 4, Duration::from_millis(100));
        drop(gate.enter("a"));
        drop(gate.enter("b"));
        assert_eq!(clock.elapsed(), Duration::ZERO);
        drop(gate.enter("a"));
        assert_eq!(clock.elapsed(), Duration::from_millis(100));
        gate.hold("b", Duration::from_secs(5));
        drop(gate.enter("b"));
        assert_eq!(clock.elapsed(), Duration::from_millis(5100));
    }

    #[test]
    fn no_more_than_allowed_are_in_flight() {
        let clock = Turned::default();
        let gate = Gate::new(&clock, 2, Duration::ZERO);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _pass = gate.enter("a");
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }
}
