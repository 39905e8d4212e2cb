// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file over the network: attempts, waits, resumption, verification.

use std::io::Read;
use std::time::Duration;

use facula_core::format_utc;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::FetchError;
use crate::cache::{ManifestEntry, Part, Validator};
use crate::digest::hex;
use crate::download::run::Meter;
use crate::download::{Download, Freshness, Item, Outcome};
use crate::gate::Gate;
use crate::http::{self, Answer, Ask, NoAnswer};

/// Bytes read at once.
const PIECE_BYTES: usize = 256 << 10;
/// An attempt that brought this much was no failure in a row.
const PROGRESS_BYTES: u64 = 64 << 10;
/// Attempts on one address, whatever they bring.
const MOST_ATTEMPTS: u32 = 1000;
const AGAIN: &str = "run again: what came is kept";

/// What all transfers of a run share.
pub(crate) struct Transfer<'t, 'a> {
    pub(crate) download: &'t Download<'a>,
    pub(crate) agent: &'t Agent,
    pub(crate) gate: &'t Gate<'a>,
    pub(crate) meter: &'t Meter<'t>,
}

/// How an attempt ended well.
enum Done {
    Complete,
    Unchanged,
}

/// How an attempt ended badly.
enum Stop {
    /// Worth another attempt, after the wait the server asked for, if it did.
    Passing(FetchError, Option<Duration>),
    /// Start from the first byte, at once.
    Afresh(FetchError),
    Lasting(FetchError),
}

impl From<FetchError> for Stop {
    fn from(error: FetchError) -> Self {
        Self::Lasting(error)
    }
}

type Brought = (Outcome, [u8; 32], u64);

impl Transfer<'_, '_> {
    /// Tries the addresses of an item in turn; gives the first error when none works.
    pub(crate) fn fetch(&self, item: &Item, held: Option<([u8; 32], u64)>) -> Result<Brought, FetchError> {
        let mut first = None;
        for url in &item.urls {
            match self.fetch_from(url, item) {
                Ok(brought) => return Ok(brought),
                Err(error) => first = Some(first.unwrap_or(error)),
            }
        }
        let error = first.unwrap_or_else(|| FetchError::network("", "no address", "give one"));
        let Some((sha256, size_bytes)) = held.filter(|_| matches!(error, FetchError::Network { .. })) else {
            return Err(error);
        };
        let message = format!("could not be asked whether it changed: {error}");
        self.meter.warn(&item.urls[0], message, "the cached file is used; run again with a connection");
        Ok((Outcome::Cached, sha256, size_bytes))
    }

    fn fetch_from(&self, url: &str, item: &Item) -> Result<Brought, FetchError> {
        let cache = &self.download.cache;
        let mut part = cache.part(url, &item.expected)?;
        let entry = cache.entry(url).filter(|_| item.freshness == Freshness::Ask);
        let resumed_bytes = part.length_bytes();
        let mut second_try = false;
        loop {
            let before_bytes = part.length_bytes();
            if let Done::Unchanged = self.attempts(url, item, &mut part, entry.as_ref())? {
                part.discard();
                return self.unchanged(entry, url);
            }
            match part.verify(&item.expected) {
                Ok(sha256) => {
                    let resumed_bytes = if second_try { 0 } else { resumed_bytes.min(part.length_bytes()) };
                    return self.finish(url, part, sha256, resumed_bytes);
                }
                // Bytes of an earlier run may be to blame: once more from the start.
                Err(_) if !second_try && before_bytes > 0 => {
                    second_try = true;
                    part.restart()?;
                }
                Err(error) => {
                    part.discard();
                    return Err(error);
                }
            }
        }
    }

    fn unchanged(&self, entry: Option<ManifestEntry>, url: &str) -> Result<Brought, FetchError> {
        let lost = || FetchError::network(url, "said unchanged without being asked", "try another address");
        let entry = entry.ok_or_else(lost)?;
        let sha256 = entry.digest().ok_or_else(lost)?;
        self.meter.add(entry.size_bytes);
        let size_bytes = entry.size_bytes;
        let fetched_utc = format_utc(self.download.clock.utc());
        self.download.cache.record(ManifestEntry { fetched_utc, ..entry })?;
        Ok((Outcome::Unchanged, sha256, size_bytes))
    }

    fn finish(
        &self,
        url: &str,
        part: Part,
        sha256: [u8; 32],
        resumed_bytes: u64,
    ) -> Result<Brought, FetchError> {
        let (validator, size_bytes) = (part.validator().clone(), part.length_bytes());
        self.download.cache.adopt(part, &sha256)?;
        self.download.cache.record(ManifestEntry {
            url: url.into(),
            sha256: hex(&sha256),
            size_bytes,
            fetched_utc: format_utc(self.download.clock.utc()),
            etag: validator.etag,
            last_modified: validator.last_modified,
        })?;
        Ok((Outcome::Fetched { resumed_bytes }, sha256, size_bytes))
    }

    /// Attempts until the file is complete or there is no more hope.
    fn attempts(
        &self,
        url: &str,
        item: &Item,
        part: &mut Part,
        entry: Option<&ManifestEntry>,
    ) -> Result<Done, FetchError> {
        let options = &self.download.options;
        let mut failures = 0;
        for _ in 0..MOST_ATTEMPTS {
            let before_bytes = part.length_bytes();
            let (error, asked) = match self.attempt(url, item, part, entry) {
                Ok(done) => return Ok(done),
                Err(Stop::Lasting(error)) => return Err(error),
                Err(Stop::Afresh(error)) => {
                    part.restart()?;
                    (error, Some(Duration::ZERO))
                }
                Err(Stop::Passing(error, asked)) => (error, asked),
            };
            failures = if part.length_bytes() > before_bytes + PROGRESS_BYTES { 1 } else { failures + 1 };
            let wait = asked.unwrap_or_else(|| self.backoff(url, failures));
            if failures > options.retries || wait > options.longest_wait {
                return Err(error);
            }
            self.download.clock.sleep(wait);
        }
        Err(FetchError::network(url, format!("still not complete after {MOST_ATTEMPTS} attempts"), AGAIN))
    }

    /// Doubles with each failure; spread by up to a half by the address, so that files do not come back in step.
    fn backoff(&self, url: &str, failures: u32) -> Duration {
        let options = &self.download.options;
        let wait = options.backoff.saturating_mul(1 << failures.saturating_sub(1).min(20));
        let spread =
            url.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 256;
        wait.saturating_add(wait / 512 * spread).min(options.longest_wait)
    }

    fn attempt(
        &self,
        url: &str,
        item: &Item,
        part: &mut Part,
        entry: Option<&ManifestEntry>,
    ) -> Result<Done, Stop> {
        if part.length_bytes() > 0 && part.validator().total_bytes == Some(part.length_bytes()) {
            return Ok(Done::Complete);
        }
        let options = &self.download.options;
        let asked = Ask {
            url,
            from_bytes: part.length_bytes(),
            part: part.validator(),
            held: entry.map(|entry| (entry.etag.clone(), entry.last_modified.clone())),
        };
        let answer =
            http::ask(self.agent, self.gate, &asked, options.redirects).map_err(|none| match none {
                NoAnswer::Passing(error) => Stop::Passing(error, None),
                NoAnswer::Lasting(error) => Stop::Lasting(error),
            })?;
        let now = http::validator(&answer.response);
        match answer.response.status().as_u16() {
            200 => {
                self.promised(url, item, &now)?;
                part.begin(now)?;
                self.body(url, item, part, answer.response)
            }
            206 => {
                self.continued(url, part, &answer.response, &now)?;
                self.body(url, item, part, answer.response)
            }
            304 => Ok(Done::Unchanged),
            416 => Err(Stop::Afresh(FetchError::network(url, "refused the rest of the file", AGAIN))),
            code => Err(self.refused(url, code, &answer)),
        }
    }

    /// What the head promises against what the list promises and what is allowed.
    fn promised(&self, url: &str, item: &Item, now: &Validator) -> Result<(), FetchError> {
        let limit = self.download.options.longest_file_bytes;
        match (now.total_bytes, item.expected.size_bytes) {
            (Some(offered), _) if offered > limit => Err(FetchError::Limit {
                what: "length of the file in bytes",
                value: offered,
                limit,
                origin: url.into(),
            }),
            (Some(offered), Some(size_bytes)) if offered != size_bytes => {
                let what = format!("{offered} bytes are offered, {size_bytes} were promised");
                Err(FetchError::format(url, what, "the list or the server is out of date; refresh the index"))
            }
            (Some(offered), None) => {
                self.meter.expect(offered);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether a partial answer is the rest of what is here.
    fn continued(
        &self,
        url: &str,
        part: &Part,
        response: &Response<Body>,
        now: &Validator,
    ) -> Result<(), Stop> {
        let first = http::range(response).and_then(|(first, _)| first);
        let afresh = |what: String| Err(Stop::Afresh(FetchError::network(url, what, AGAIN)));
        if part.length_bytes() == 0 || first != Some(part.length_bytes()) {
            return afresh(format!(
                "{} bytes are here, the rest came from byte {first:?}",
                part.length_bytes()
            ));
        }
        if part.validator().contradicts(now) || http::encoding(response).is_some() {
            return afresh("the file changed while it was fetched".into());
        }
        Ok(())
    }

    fn refused(&self, url: &str, code: u16, answer: &Answer<'_, '_>) -> Stop {
        let what = format!("the server answered {code}");
        match code {
            408 | 425 | 429 | 500 | 502 | 503 | 504 => {
                let asked = http::retry_after(&answer.response, self.download.clock);
                if let Some(wait) = asked.filter(|wait| *wait <= self.download.options.longest_wait) {
                    self.gate.hold(&answer.host, wait);
                }
                Stop::Passing(FetchError::network(url, what, "the server is busy; try again later"), asked)
            }
            404 | 410 => Stop::Lasting(FetchError::NoCoverage {
                what: format!("the file ({what})"),
                hint: "correct the address, or look where the archive keeps it now".into(),
                url: url.into(),
            }),
            401 | 403 => Stop::Lasting(FetchError::network(
                url,
                what,
                "the server wants a permission Facula does not have",
            )),
            _ => Stop::Lasting(FetchError::network(url, what, "look at the address in a browser")),
        }
    }

    /// The content, into the part file.
    fn body(&self, url: &str, item: &Item, part: &mut Part, response: Response<Body>) -> Result<Done, Stop> {
        match http::encoding(&response).as_deref() {
            None => self.plain(url, item, part, response),
            Some("gzip" | "x-gzip") => self.zipped(url, item, part, response),
            Some(other) => {
                let what = format!("content comes encoded as {other}, which was not asked for");
                Err(Stop::Lasting(FetchError::network(url, what, "try another address")))
            }
        }
    }

    fn plain(&self, url: &str, item: &Item, part: &mut Part, response: Response<Body>) -> Result<Done, Stop> {
        let unlimited = response.into_body().into_with_config().limit(u64::MAX).reader();
        self.stream(url, item, part, unlimited)?;
        match part.validator().total_bytes {
            Some(total_bytes) if part.length_bytes() < total_bytes => {
                let what = format!("cut after {} of {total_bytes} bytes", part.length_bytes());
                Err(Stop::Passing(FetchError::network(url, what, AGAIN), None))
            }
            None if item.expected == crate::Expected::default() => {
                self.meter.warn(
                    url,
                    "the server told no length and no checksum is known",
                    "compare the file by eye",
                );
                Ok(Done::Complete)
            }
            _ => Ok(Done::Complete),
        }
    }

    /// Content that the server packed although it was asked not to. Cannot be resumed: ranges count packed bytes.
    fn zipped(
        &self,
        url: &str,
        item: &Item,
        part: &mut Part,
        response: Response<Body>,
    ) -> Result<Done, Stop> {
        let told = part.validator().clone();
        part.begin(Validator { total_bytes: None, etag: None, last_modified: None })?;
        let packed = response.into_body().into_with_config().limit(u64::MAX).reader();
        let unpacked = flate2::read::MultiGzDecoder::new(packed);
        match self.stream(url, item, part, unpacked) {
            Ok(()) => {
                // The validators are those of the file, whatever it was packed in: good for asking whether it changed.
                part.describe(Validator { total_bytes: None, ..told });
                Ok(Done::Complete)
            }
            Err(Stop::Passing(error, wait)) => {
                part.restart()?;
                Err(Stop::Passing(error, wait))
            }
            Err(stop) => Err(stop),
        }
    }

    fn stream(&self, url: &str, item: &Item, part: &mut Part, mut content: impl Read) -> Result<(), Stop> {
        let options = &self.download.options;
        let most =
            item.expected.size_bytes.unwrap_or(options.longest_file_bytes).min(options.longest_file_bytes);
        let (start, start_bytes) = (self.download.clock.elapsed(), part.length_bytes());
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let n = content.read(&mut piece).map_err(|cause| {
                let what = format!("cut after {} bytes: {cause}", part.length_bytes());
                Stop::Passing(FetchError::network(url, what, AGAIN), None)
            })?;
            if n == 0 {
                return Ok(());
            }
            if part.length_bytes() + n as u64 > most {
                let value = part.length_bytes() + n as u64;
                part.restart()?;
                let what = "length of the content in bytes";
                return Err(Stop::Lasting(FetchError::Limit {
                    what,
                    value,
                    limit: most,
                    origin: url.into(),
                }));
            }
            part.write(&piece[..n])?;
            self.meter.add(n as u64);
            let passed = self.download.clock.elapsed().saturating_sub(start);
            let came = (part.length_bytes() - start_bytes) as f64;
            if passed > options.slow_grace && came < options.least_rate_bytes as f64 * passed.as_secs_f64() {
                let what = format!("slow: {came} bytes in {} s", passed.as_secs());
                return Err(Stop::Passing(FetchError::network(url, what, AGAIN), None));
            }
        }
    }
}
