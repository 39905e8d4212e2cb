// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time, handed in by the caller: libraries do not look at the clock, and tests want to turn it.

use std::time::Duration;

use facula_core::Epoch;

/// What a download needs to know of time. The command line gives the machine's clock, tests one of their own.
pub trait Clock: Send + Sync {
    /// Now, for the manifest and for `Retry-After` dates.
    fn utc(&self) -> Epoch;
    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;
    /// Waits.
    fn sleep(&self, duration: Duration);
}
