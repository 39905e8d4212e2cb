// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server that does what a test tells it, well or badly, and a clock that tests can turn.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "shared by test files; tests measure time"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use facula_core::{Epoch, parse_utc};
use facula_fetch::{Clock, DownloadOptions, ProxyChoice};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Path with query.
    pub path: String,
    /// Headers, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// How many requests for this path came before.
    pub before: usize,
}

impl Request {
    /// First byte of `Range: bytes=N-`.
    pub fn first_byte(&self) -> Option<usize> {
        self.headers.get("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// A local server; the handler writes the answer, and the connection is closed after it.
pub struct Server {
    pub base: String,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(handler: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (seen, handler) = (Arc::clone(&log), Arc::new(handler));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, handler) = (Arc::clone(&seen), Arc::clone(&handler));
                std::thread::spawn(move || answer(stream, &seen, &*handler));
            }
        });
        Self { base, log }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, seen: &Mutex<Vec<Request>>, handler: &dyn Fn(&Request, &mut TcpStream)) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_string();
    let pairs = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_string()))
    });
    let mut request = Request { path, headers: pairs.collect(), before: 0 };
    {
        let mut seen = seen.lock().unwrap();
        request.before = seen.iter().filter(|other| other.path == request.path).count();
        seen.push(request.clone());
    }
    handler(&request, &mut stream);
    let _ = stream.flush();
}

/// Writes head and content; errors do not matter to a server that is hung up on.
pub fn reply(stream: &mut TcpStream, status: &str, headers: &[(&str, &str)], content: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
    let _ = stream.write_all(content);
}

/// A well-behaved answer: ranges under `If-Range`, `If-None-Match`, lengths.
pub fn serve(request: &Request, stream: &mut TcpStream, content: &[u8], etag: &str) {
    let total = content.len();
    if request.headers.get("if-none-match").is_some_and(|tag| tag == etag) {
        return reply(stream, "304 Not Modified", &[("ETag", etag)], b"");
    }
    let wanted =
        request.first_byte().filter(|_| request.headers.get("if-range").is_some_and(|tag| tag == etag));
    match wanted {
        Some(first) if first >= total => {
            reply(
                stream,
                "416 Range Not Satisfiable",
                &[("Content-Range", &format!("bytes */{total}"))],
                b"",
            );
        }
        Some(first) => {
            let range = format!("bytes {first}-{}/{total}", total - 1);
            let length = (total - first).to_string();
            let headers = [("Content-Range", range.as_str()), ("Content-Length", &length), ("ETag", etag)];
            reply(stream, "206 Partial Content", &headers, &content[first..]);
        }
        None => {
            let length = total.to_string();
            reply(stream, "200 OK", &[("Content-Length", &length), ("ETag", etag)], content);
        }
    }
}

/// Promises all of `content` and hangs up after `sent` bytes.
pub fn cut(stream: &mut TcpStream, content: &[u8], sent: usize, etag: &str) {
    let length = content.len().to_string();
    reply(stream, "200 OK", &[("Content-Length", &length), ("ETag", etag)], &content[..sent]);
}

/// Bytes that differ everywhere.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Real time plus all that was slept: sleeping takes no time and is noted.
pub struct TestClock {
    start: Instant,
    slept: Mutex<Vec<Duration>>,
}

impl Default for TestClock {
    fn default() -> Self {
        Self { start: Instant::now(), slept: Mutex::default() }
    }
}

impl TestClock {
    pub fn slept(&self) -> Duration {
        self.slept.lock().unwrap().iter().sum()
    }
}

impl Clock for TestClock {
    fn utc(&self) -> Epoch {
        parse_utc("2026-11-22T21:00:00").unwrap()
    }
    fn elapsed(&self) -> Duration {
        self.start.elapsed() + self.slept()
    }
    fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }
}

/// Options for a server on this machine: no proxy, short time-outs.
pub fn options() -> DownloadOptions {
    DownloadOptions {
        proxy: ProxyChoice::Direct,
        stall_timeout: Duration::from_millis(400),
        answer_timeout: Duration::from_secs(2),
        gap_per_host: Duration::ZERO,
        ..DownloadOptions::default()
    }
}
