// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gets archive files: resumable, checksummed, polite download into a cache by content; an index of what an archive
//! holds; what a Dawn frame needs.
//!
//! In: addresses ([`Item`]) or a question ([`DawnQuery`]). Out: files in a folder, a cache that a second run finds
//! complete, and a [`Report`] in the order of the items. The clock is handed in ([`Clock`]); nothing here looks at it
//! otherwise.
//!
//! # Source
//! HTTP semantics, ranges and validators: RFC 9110. Index files: PDS Standards Reference 3.8, appendix A.20.

mod cache;
mod clock;
pub mod dawn;
mod digest;
mod download;
mod error;
mod gate;
mod http;
pub mod index;
mod place;

pub use cache::{Cache, ManifestEntry};
pub use clock::Clock;

pub use dawn::{DawnQuery, FetchPlan, Kernels, plan, run};
pub use digest::{Expected, from_hex, hex};
pub use download::{
    Download, DownloadOptions, Freshness, Item, ItemReport, Network, Outcome, Placement, Planned,
    ProxyChoice, Report, State, Trust,
};
pub use error::FetchError;
pub use index::{IndexQuery, Product, ProductIndex};
