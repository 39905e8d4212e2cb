// SPDX-License-Identifier: MIT OR Apache-2.0
//! One request: where it goes after redirects, and what the head of the answer says, as values.

use std::time::Duration;

use facula_core::{Epoch, parse_utc};
use ureq::http::{HeaderMap, Response, header};
use ureq::{Agent, Body};

use crate::cache::Validator;
use crate::download::{DownloadOptions, ProxyChoice};
use crate::gate::{Gate, Pass};
use crate::{Clock, FetchError};

/// Longest head of an answer, bytes.
const LONGEST_HEAD_BYTES: usize = 64 << 10;
/// What ureq may hold of an answer, bytes.
const INPUT_BUFFER_BYTES: usize = 256 << 10;

pub(crate) fn agent(options: &DownloadOptions) -> Result<Agent, FetchError> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(options.connect_timeout))
        .timeout_connect(Some(options.connect_timeout))
        .timeout_recv_response(Some(options.answer_timeout))
        .timeout_per_read(Some(options.stall_timeout))
        .max_response_header_size(LONGEST_HEAD_BYTES)
        .input_buffer_size(INPUT_BUFFER_BYTES)
        .user_agent(options.user_agent.as_str())
        .accept_encoding("identity");
    let config = match &options.proxy {
        ProxyChoice::Environment => config,
        ProxyChoice::Direct => config.proxy(None),
        ProxyChoice::Through(url) => {
            config.proxy(Some(ureq::Proxy::new(url).map_err(|_| FetchError::Argument {
                name: "proxy",
                value: url.clone(),
                reason: "an address such as http://host:3128",
            })?))
        }
    };
    Ok(config.build().into())
}

/// What is asked for.
pub(crate) struct Ask<'a> {
    pub(crate) url: &'a str,
    /// First byte wanted, and the validator under which the bytes before it were got.
    pub(crate) from_bytes: u64,
    pub(crate) part: &'a Validator,
    /// What is in the cache; only a newer file is wanted.
    pub(crate) held: Option<(Option<String>, Option<String>)>,
}

/// An answer that is no redirect, the host that gave it, and the place in its queue.
pub(crate) struct Answer<'g, 'a> {
    pub(crate) response: Response<Body>,
    pub(crate) host: String,
    pub(crate) _pass: Pass<'g, 'a>,
}

/// Why there is no answer.
pub(crate) enum NoAnswer {
    /// May go away: no connection, a time-out, a cut.
    Passing(FetchError),
    /// Will not.
    Lasting(FetchError),
}

/// Asks, following redirects.
pub(crate) fn ask<'g, 'a>(
    agent: &Agent,
    gate: &'g Gate<'a>,
    ask: &Ask<'_>,
    most_redirects: u32,
) -> Result<Answer<'g, 'a>, NoAnswer> {
    let mut url = ask.url.to_string();
    for _ in 0..=most_redirects {
        let host = host(&url).map_err(NoAnswer::Lasting)?;
        let pass = gate.enter(&host);
        let response = call(agent, &url, ask)?;
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(Answer { response, host, _pass: pass });
        }
        let location = text(response.headers(), header::LOCATION).unwrap_or_default();
        url = redirected(&url, &location).map_err(NoAnswer::Lasting)?;
    }
    let what = format!("redirected more than {most_redirects} times");
    Err(NoAnswer::Lasting(FetchError::network(
        ask.url,
        what,
        "the server sends in circles; try another address",
    )))
}

fn call(agent: &Agent, url: &str, ask: &Ask<'_>) -> Result<Response<Body>, NoAnswer> {
    let mut request = agent.get(url);
    if ask.from_bytes > 0
        && let Some(if_range) = ask.part.if_range()
    {
        request = request.header("Range", format!("bytes={}-", ask.from_bytes)).header("If-Range", if_range);
    } else if let Some((etag, last_modified)) = &ask.held {
        if let Some(etag) = etag {
            request = request.header("If-None-Match", etag);
        } else if let Some(last_modified) = last_modified {
            request = request.header("If-Modified-Since", last_modified);
        }
    }
    request.call().map_err(|error| no_answer(url, &error))
}

fn no_answer(url: &str, error: &ureq::Error) -> NoAnswer {
    use ureq::Error::{BadUri, ConnectionFailed, HostNotFound, Io, Protocol, Timeout};
    let what = format!("no answer: {error}");
    match error {
        Io(_) | Timeout(_) | ConnectionFailed | HostNotFound | Protocol(_) => NoAnswer::Passing(
            FetchError::network(url, what, "look at the connection, then run again: what came is kept"),
        ),
        BadUri(_) => NoAnswer::Lasting(FetchError::network(url, what, "correct the address")),
        _ => NoAnswer::Lasting(FetchError::network(
            url,
            what,
            "the server breaks the rules; try another address",
        )),
    }
}

/// Scheme and authority, in small letters.
fn split(url: &str) -> Option<(&str, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?.to_lowercase();
    (matches!(scheme, "http" | "https") && !authority.is_empty()).then_some((scheme, authority))
}

fn host(url: &str) -> Result<String, FetchError> {
    let bad = || FetchError::Argument {
        name: "url",
        value: url.chars().take(200).collect(),
        reason: "an address that begins with http:// or https://",
    };
    split(url).map(|(_, authority)| authority).ok_or_else(bad)
}

/// Where a redirect leads; never from https to http.
fn redirected(from: &str, location: &str) -> Result<String, FetchError> {
    const HINT: &str = "the server sends astray; try another address";
    let (scheme, authority) =
        split(from).ok_or_else(|| FetchError::network(from, "no address", "correct the address"))?;
    let to = if location.contains("://") {
        location.to_string()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.is_empty() {
        return Err(FetchError::network(from, "redirected to nowhere", HINT));
    } else {
        let folder =
            from.split(['?', '#']).next().and_then(|path| path.rsplit_once('/')).map_or(from, |f| f.0);
        format!("{folder}/{location}")
    };
    match split(&to) {
        Some(("http", _)) if scheme == "https" => {
            Err(FetchError::network(from, format!("redirected from https to {to}"), HINT))
        }
        Some(_) => Ok(to),
        None => Err(FetchError::network(from, format!("redirected to {to}"), HINT)),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_string())
}

/// What the head says of the file.
pub(crate) fn validator(response: &Response<Body>) -> Validator {
    let headers = response.headers();
    let total_bytes = match response.status().as_u16() {
        206 | 416 => range(response).and_then(|(_, total)| total),
        _ => text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
    };
    Validator {
        etag: text(headers, header::ETAG),
        last_modified: text(headers, header::LAST_MODIFIED),
        total_bytes,
    }
}

/// First byte (for `bytes 5-9/10`) and length of the whole file from `Content-Range`.
pub(crate) fn range(response: &Response<Body>) -> Option<(Option<u64>, Option<u64>)> {
    let text = text(response.headers(), header::CONTENT_RANGE)?;
    let (range, total) = text.strip_prefix("bytes")?.trim().split_once('/')?;
    let first = range.split_once('-').and_then(|(first, _)| first.trim().parse().ok());
    Some((first, total.trim().parse().ok()))
}

/// Encoding of the content, in small letters, unless it is plain.
pub(crate) fn encoding(response: &Response<Body>) -> Option<String> {
    let encoding = text(response.headers(), header::CONTENT_ENCODING)?.to_lowercase();
    (!encoding.is_empty() && encoding != "identity").then_some(encoding)
}

/// How long the server wants to be left alone: seconds or a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(response: &Response<Body>, clock: &dyn Clock) -> Option<Duration> {
    let text = text(response.headers(), header::RETRY_AFTER)?;
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let wait_s = (http_date(&text)? - clock.utc()).to_seconds();
    Some(Duration::try_from_secs_f64(wait_s.max(0.0)).unwrap_or_default())
}

/// `Wed, 21 Oct 2015 07:28:00 GMT`.
fn http_date(text: &str) -> Option<Epoch> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = words[..] else { return None };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    parse_utc(&format!("{year}-{month:02}-{day:0>2}T{time}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_resolved_and_never_leave_https() {
        // Reference resolution examples in the manner of RFC 3986, section 5.4.1.
        let from = "http://a/b/c/d?q";
        let good = [
            ("g", "http://a/b/c/g"),
            ("/g", "http://a/g"),
            ("//g/x", "http://g/x"),
            ("https://z/", "https://z/"),
        ];
        for (location, to) in good {
            assert_eq!(redirected(from, location).unwrap(), to);
        }
        for bad in ["", "ftp://a/b", "file:///etc/passwd", "http://"] {
            assert!(redirected(from, bad).is_err(), "{bad}");
        }
        assert!(
            redirected("https://a/b", "http://a/b").unwrap_err().to_string().contains("from https to http")
        );
        assert_eq!(redirected("https://a/b", "/c").unwrap(), "https://a/c");
    }

    #[test]
    fn addresses_of_other_kinds_are_refused() {
        for bad in ["", "a/b", "ftp://a/b", "http://", "file:///a"] {
            assert!(host(bad).is_err(), "{bad}");
        }
        assert_eq!(host("https://Naif.jpl.nasa.gov:443/pub").unwrap(), "naif.jpl.nasa.gov:443");
    }

    #[test]
    fn dates_of_http_are_understood() {
        // Example of RFC 9110, section 5.6.7.
        let epoch = http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(facula_core::format_utc(epoch), "1994-11-06T08:49:37.000");
        for bad in ["", "Sun, 06 Foo 1994 08:49:37 GMT", "1994-11-06", "a b c d e GMT"] {
            assert!(http_date(bad).is_none(), "{bad}");
        }
    }
}
