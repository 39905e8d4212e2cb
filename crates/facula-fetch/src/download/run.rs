// SPDX-License-Identifier: MIT OR Apache-2.0
//! The run: items to jobs (one per set of addresses), jobs to workers, results back in the order of the items.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use facula_core::{Progress, Reporter, Warning};

use crate::cache::digest_file;
use crate::digest::Digests;
use crate::download::transfer::Transfer;
use crate::download::{Download, Freshness, Item, ItemReport, Network, Outcome, Placement, Report, Trust};
use crate::gate::Gate;
use crate::{Expected, FetchError, http, place};

/// Name of the stage in progress and warnings.
pub(crate) const STAGE: &str = "fetch";

/// Bytes done and to do, over all items, told to the reporter.
pub(crate) struct Meter<'a> {
    done_bytes: AtomicU64,
    total_bytes: AtomicU64,
    reporter: &'a dyn Reporter,
}

impl Meter<'_> {
    pub(crate) fn expect(&self, bytes: u64) {
        self.total_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, bytes: u64) {
        let done = self.done_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let total = self.total_bytes.load(Ordering::Relaxed).max(done);
        let clip = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        self.reporter.progress(Progress { stage: STAGE, done: clip(done), total: clip(total) });
    }

    pub(crate) fn warn(&self, subject: &str, message: impl Into<String>, hint: &str) {
        self.reporter.warn(Warning {
            stage: STAGE.into(),
            subject: subject.into(),
            message: message.into(),
            hint: hint.into(),
        });
    }
}

/// Refuses what cannot be run: no address, a destination twice, an address with two different contents.
pub(crate) fn check(items: &[Item]) -> Result<(), FetchError> {
    let mut destinations = BTreeSet::new();
    let mut contents: BTreeMap<&str, (&Expected, &[String])> = BTreeMap::new();
    for item in items {
        let refuse = |name, value: &str, reason| {
            Err(FetchError::Argument { name, value: value.chars().take(200).collect(), reason })
        };
        if item.urls.is_empty() {
            return refuse("urls", &item.destination, "an item needs an address");
        }
        if !destinations.insert(&item.destination) {
            return refuse("destination", &item.destination, "one file per destination");
        }
        for url in &item.urls {
            let content = (&item.expected, item.urls.as_slice());
            if *contents.entry(url).or_insert(content) != content {
                return refuse("url", url, "items with the same address must expect the same content");
            }
        }
    }
    Ok(())
}

impl Download<'_> {
    /// Fetches `items` into `folder`. What fails is in the report; the rest comes all the same.
    ///
    /// # Errors
    /// [`FetchError::Argument`] for items that contradict each other, [`FetchError::Io`] when nothing can be written.
    pub fn run(&self, items: &[Item], folder: &Path, reporter: &dyn Reporter) -> Result<Report, FetchError> {
        check(items)?;
        let agent = http::agent(&self.options)?;
        let gate = Gate::new(self.clock, self.options.in_flight_per_host, self.options.gap_per_host);
        let meter = Meter { done_bytes: 0.into(), total_bytes: 0.into(), reporter };
        meter.expect(items.iter().filter_map(|item| item.expected.size_bytes).sum());
        let transfer = Transfer { download: self, agent: &agent, gate: &gate, meter: &meter };
        let mut jobs: BTreeMap<&[String], Vec<usize>> = BTreeMap::new();
        for (k, item) in items.iter().enumerate() {
            jobs.entry(&item.urls).or_default().push(k);
        }
        // First come, first served: in the order of the list.
        let mut jobs: Vec<Vec<usize>> = jobs.into_values().collect();
        jobs.sort();
        let done = self.work(&jobs, |k| self.one(&items[k], folder, &transfer));
        let mut reports: Vec<_> = done.into_iter().flatten().collect();
        reports.sort_by_key(|(k, _)| *k);
        Ok(Report { items: reports.into_iter().map(|(_, report)| report).collect() })
    }

    /// Does the jobs with as many workers as the options say.
    fn work(
        &self,
        jobs: &[Vec<usize>],
        one: impl Fn(usize) -> ItemReport + Sync,
    ) -> Vec<Vec<(usize, ItemReport)>> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..self.options.workers.clamp(1, jobs.len().max(1)) {
                scope.spawn(|| {
                    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let reports: Vec<_> = job.iter().map(|k| (*k, one(*k))).collect();
                        done.lock().unwrap_or_else(PoisonError::into_inner).push(reports);
                    }
                });
            }
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, item: &Item, folder: &Path, transfer: &Transfer<'_, '_>) -> ItemReport {
        let failed = |path: PathBuf, error| ItemReport {
            path,
            url: item.urls[0].clone(),
            outcome: Outcome::Failed(error),
            sha256: None,
            size_bytes: 0,
        };
        let path = match place::below(folder, &item.destination) {
            Ok(path) => path,
            Err(error) => return failed(folder.to_path_buf(), error),
        };
        match self.bring(item, folder, &path, transfer) {
            Ok((outcome, sha256, size_bytes)) => {
                ItemReport { path, url: item.urls[0].clone(), outcome, sha256, size_bytes }
            }
            Err(error) => failed(path, error),
        }
    }

    fn bring(
        &self,
        item: &Item,
        folder: &Path,
        path: &Path,
        transfer: &Transfer<'_, '_>,
    ) -> Result<(Outcome, Option<[u8; 32]>, u64), FetchError> {
        let held = self.sound(item, transfer.meter)?;
        let fixed = item.freshness == Freshness::Fixed;
        if fixed && self.is_present(path, item, held)? {
            let size_bytes = std::fs::metadata(path).map_or(0, |data| data.len());
            transfer.meter.add(size_bytes);
            return Ok((Outcome::Present, held.map(|(sha256, _)| sha256), size_bytes));
        }
        let (outcome, sha256, size_bytes) = match held {
            Some((sha256, size_bytes)) if fixed || self.options.network == Network::Offline => {
                transfer.meter.add(size_bytes);
                (Outcome::Cached, sha256, size_bytes)
            }
            None if self.options.network == Network::Offline => return Err(offline(item)),
            held => transfer.fetch(item, held)?,
        };
        self.put(item, (folder, path), &sha256, transfer.meter)?;
        Ok((outcome, Some(sha256), size_bytes))
    }

    /// The cached content, read again where lengths are not believed; damaged content is dropped with a warning.
    fn sound(&self, item: &Item, meter: &Meter<'_>) -> Result<Option<([u8; 32], u64)>, FetchError> {
        let Some((sha256, size_bytes)) = self.held(item) else { return Ok(None) };
        if self.options.trust == Trust::Length {
            return Ok(Some((sha256, size_bytes)));
        }
        let object = self.cache.object(&sha256);
        let expected = Expected { sha256: Some(sha256), ..item.expected };
        let mut digests = Digests::new(&expected);
        digest_file(&object, &mut digests)?;
        if digests.verify(&expected, "").is_ok() {
            return Ok(Some((sha256, size_bytes)));
        }
        std::fs::remove_file(&object).map_err(FetchError::io("remove the damaged file", &object))?;
        let subject = object.display().to_string();
        meter.warn(
            &subject,
            "the cached content no longer has its checksum",
            "it is fetched again; check the disk",
        );
        Ok(None)
    }

    fn put(
        &self,
        item: &Item,
        (folder, path): (&Path, &Path),
        sha256: &[u8; 32],
        meter: &Meter<'_>,
    ) -> Result<(), FetchError> {
        let object = self.cache.object(sha256);
        let held = std::fs::metadata(&object).map_err(FetchError::io("find the cached file", &object))?;
        if self.is_present(path, item, Some((*sha256, held.len())))? && item.freshness == Freshness::Fixed {
            return Ok(());
        }
        if path.exists() && item.freshness == Freshness::Fixed {
            let subject = path.display().to_string();
            meter.warn(&subject, "a different file was there and is replaced", "keep own files elsewhere");
        }
        place::prepare(folder, path)?;
        place::put(&object, path, self.options.placement == Placement::Copy)
    }
}

fn offline(item: &Item) -> FetchError {
    let size = item.expected.size_bytes.map_or(String::new(), |bytes| format!(" ({bytes} bytes)"));
    FetchError::NoCoverage {
        what: format!("{}{size}", item.destination),
        hint: "run once with network, or put the file at its destination: get it from the address by other means".into(),
        url: item.urls.join(" "),
    }
}
