// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many files: what is wanted, what is there already, and the run that gets the rest in parallel.

mod run;
mod transfer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cache::digest_file;
use crate::digest::{Digests, hex};
use crate::{Cache, Clock, Expected, FetchError, place};

/// A file that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Addresses of the same file, best first; the next is tried where one fails.
    pub urls: Vec<String>,
    /// Where it goes: relative to the folder of the run, with `/`.
    pub destination: String,
    /// What is known of it.
    pub expected: Expected,
    /// Whether an address may get new content.
    pub freshness: Freshness,
}

impl Item {
    /// A file at one address that never changes and of which nothing is known.
    pub fn new(url: impl Into<String>, destination: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            destination: destination.into(),
            expected: Expected::default(),
            freshness: Freshness::Fixed,
        }
    }
}

/// Whether what an address gives may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Freshness {
    /// Archived products: once here, never asked for again.
    #[default]
    Fixed,
    /// Index files: the server is asked whether it changed (ETag or date); when it cannot be reached the cached file
    /// is used, with a warning.
    Ask,
}

/// Whether the network may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Network {
    /// Yes.
    #[default]
    Online,
    /// No: what is not in the cache is reported as missing, with the way to get it.
    Offline,
}

/// How a file comes from the cache to its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Placement {
    /// As a hard link (read-only, no further space); as a copy where the file system refuses.
    #[default]
    Link,
    /// As a copy.
    Copy,
}

/// What is believed of files that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Their length.
    #[default]
    Length,
    /// Nothing: their checksum is computed again.
    Nothing,
}

/// The way to the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ProxyChoice {
    /// What the usual variables of the environment say.
    #[default]
    Environment,
    /// None.
    Direct,
    /// This address.
    Through(String),
}

/// How to fetch. Times are those of the clock handed in, but the four time-outs, which the sockets keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadOptions {
    /// Files under way at once, over all hosts.
    pub workers: usize,
    /// Requests in flight per host.
    pub in_flight_per_host: usize,
    /// Least time between the starts of two requests to a host.
    pub gap_per_host: Duration,
    /// Failures in a row, without progress, after which an address is given up.
    pub retries: u32,
    /// First wait after a failure; doubles each time.
    pub backoff: Duration,
    /// Longest wait, also when the server asks for more (then the address is given up).
    pub longest_wait: Duration,
    /// Longest chain of redirects.
    pub redirects: u32,
    /// For the name and the connection.
    pub connect_timeout: Duration,
    /// From the request to the head of the answer.
    pub answer_timeout: Duration,
    /// Between two pieces of content.
    pub stall_timeout: Duration,
    /// Content slower than this, bytes per second over [`Self::slow_grace`], counts as a failure.
    pub least_rate_bytes: u64,
    /// How long content may be slow.
    pub slow_grace: Duration,
    /// Longest file, bytes.
    pub longest_file_bytes: u64,
    /// What the server is told of the program.
    pub user_agent: String,
    /// Whether the network may be used.
    pub network: Network,
    /// Link or copy.
    pub placement: Placement,
    /// What is believed of files that are there.
    pub trust: Trust,
    /// The way to the network.
    pub proxy: ProxyChoice,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self {
            workers: 8,
            in_flight_per_host: 4,
            gap_per_host: Duration::from_millis(50),
            retries: 5,
            backoff: Duration::from_millis(500),
            longest_wait: Duration::from_secs(120),
            redirects: 5,
            connect_timeout: Duration::from_secs(20),
            answer_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
            least_rate_bytes: 1000,
            slow_grace: Duration::from_secs(30),
            longest_file_bytes: 16 << 30,
            user_agent: concat!("facula/", env!("CARGO_PKG_VERSION")).into(),
            network: Network::Online,
            placement: Placement::Link,
            trust: Trust::Length,
            proxy: ProxyChoice::Environment,
        }
    }
}

/// What a run would have to do for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Nothing: it is at its destination.
    Present,
    /// Link or copy it from the cache (and ask the server first where [`Freshness::Ask`]).
    Cached,
    /// Fetch it; `held_bytes` of it are here from a run that was cut.
    Wanted {
        /// Bytes that need not come again.
        held_bytes: u64,
    },
}

/// An item of a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The item.
    pub item: Item,
    /// What it needs.
    pub state: State,
    /// Its length, where known.
    pub size_bytes: Option<u64>,
}

/// How an item ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It was at its destination.
    Present,
    /// It came from the cache.
    Cached,
    /// The server said that the cached file is still the newest.
    Unchanged,
    /// It came over the network; `resumed_bytes` of it were here before.
    Fetched {
        /// Bytes that did not come again.
        resumed_bytes: u64,
    },
    /// It did not come.
    Failed(FetchError),
}

/// An item after a run.
#[derive(Debug)]
pub struct ItemReport {
    /// Its destination.
    pub path: PathBuf,
    /// Its first address.
    pub url: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Its checksum, unless it failed (or was found at its destination and believed).
    pub sha256: Option<[u8; 32]>,
    /// Its length, bytes; 0 when it failed.
    pub size_bytes: u64,
}

/// A run, in the order of its items.
#[derive(Debug, Default)]
pub struct Report {
    /// One entry per item.
    pub items: Vec<ItemReport>,
}

impl Report {
    /// Bytes that came over the network and stayed.
    pub fn fetched_bytes(&self) -> u64 {
        let of = |item: &ItemReport| match item.outcome {
            Outcome::Fetched { resumed_bytes } => item.size_bytes.saturating_sub(resumed_bytes),
            _ => 0,
        };
        self.items.iter().map(of).sum()
    }

    /// The items that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&ItemReport, &FetchError)> {
        self.items.iter().filter_map(|item| match &item.outcome {
            Outcome::Failed(error) => Some((item, error)),
            _ => None,
        })
    }

    /// The report itself if all items came.
    ///
    /// # Errors
    /// [`FetchError::Incomplete`] with the first failure and the number of all.
    pub fn complete(self) -> Result<Self, FetchError> {
        let first = self.failures().next().map(|(_, error)| error.to_string());
        match first {
            None => Ok(self),
            Some(first) => {
                let (failed, all) = (self.failures().count(), self.items.len());
                Err(FetchError::Incomplete { failed, all, first })
            }
        }
    }

    /// One line per item, the same for the same outcome.
    pub fn lines(&self) -> Vec<String> {
        let line = |item: &ItemReport| {
            let outcome = match &item.outcome {
                Outcome::Present => "present".to_string(),
                Outcome::Cached => "cached".to_string(),
                Outcome::Unchanged => "unchanged".to_string(),
                Outcome::Fetched { resumed_bytes: 0 } => "fetched".to_string(),
                Outcome::Fetched { resumed_bytes } => format!("fetched from byte {resumed_bytes} on"),
                Outcome::Failed(error) => format!("FAILED: {error}"),
            };
            let sha256 = item.sha256.map_or_else(|| "-".to_string(), |sha| hex(&sha));
            format!("{sha256} {} {} {outcome}", item.size_bytes, item.path.display())
        };
        self.items.iter().map(line).collect()
    }
}

/// Fetches files through a cache.
pub struct Download<'a> {
    pub(crate) cache: Cache,
    pub(crate) options: DownloadOptions,
    pub(crate) clock: &'a dyn Clock,
}

impl<'a> Download<'a> {
    /// Opens the cache in `cache_folder`.
    ///
    /// # Errors
    /// [`FetchError::Io`].
    pub fn open(
        cache_folder: &Path,
        options: DownloadOptions,
        clock: &'a dyn Clock,
    ) -> Result<Self, FetchError> {
        Ok(Self { cache: Cache::open(cache_folder)?, options, clock })
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// What [`Self::run`] would do, without network and without a change on disk.
    ///
    /// # Errors
    /// [`FetchError::Argument`] for items no run would accept, [`FetchError::Io`].
    pub fn plan(&self, items: &[Item], folder: &Path) -> Result<Vec<Planned>, FetchError> {
        run::check(items)?;
        items.iter().map(|item| self.planned(item, folder)).collect()
    }

    fn planned(&self, item: &Item, folder: &Path) -> Result<Planned, FetchError> {
        let path = place::below(folder, &item.destination)?;
        let held = self.held(item);
        let size_bytes = item.expected.size_bytes.or(held.map(|(_, size_bytes)| size_bytes));
        let state = if item.freshness == Freshness::Fixed && self.is_present(&path, item, held)? {
            State::Present
        } else if held.is_some() {
            State::Cached
        } else {
            State::Wanted { held_bytes: item.urls.first().map_or(0, |url| self.cache.part_bytes(url)) }
        };
        Ok(Planned { item: item.clone(), state, size_bytes })
    }

    /// Checksum and length of the cached content of an item.
    pub(crate) fn held(&self, item: &Item) -> Option<([u8; 32], u64)> {
        let expected = &item.expected;
        let by_content = || {
            let sha256 = expected.sha256?;
            Some((sha256, std::fs::metadata(self.cache.object(&sha256)).ok()?.len()))
        };
        let by_address = || {
            let entry = item.urls.iter().find_map(|url| self.cache.entry(url))?;
            Some((entry.digest()?, entry.size_bytes))
        };
        let fits = |(sha256, size_bytes): &([u8; 32], u64)| {
            expected.sha256.is_none_or(|wanted| wanted == *sha256)
                && expected.size_bytes.is_none_or(|wanted| wanted == *size_bytes)
        };
        by_content().filter(fits).or_else(|| by_address().filter(fits))
    }

    /// Whether the destination holds the item already.
    pub(crate) fn is_present(
        &self,
        path: &Path,
        item: &Item,
        held: Option<([u8; 32], u64)>,
    ) -> Result<bool, FetchError> {
        let Ok(data) = std::fs::metadata(path) else { return Ok(false) };
        let mut expected = item.expected;
        if let Some((sha256, size_bytes)) = held {
            expected.sha256 = Some(sha256);
            expected.size_bytes = Some(size_bytes);
        }
        let nothing_to_compare = expected.md5.is_none() && expected.sha256.is_none();
        if !data.is_file() || nothing_to_compare || expected.size_bytes.is_some_and(|size| size != data.len())
        {
            return Ok(false);
        }
        // Without an entry in the manifest nobody ever vouched for this file: its checksum is computed.
        if held.is_some() && self.options.trust == Trust::Length {
            return Ok(true);
        }
        let mut digests = Digests::new(&expected);
        digest_file(path, &mut digests)?;
        Ok(digests.verify(&expected, "").is_ok())
    }
}
