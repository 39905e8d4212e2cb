// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server that misbehaves in every way we thought of.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests look at files")]

mod common;

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use common::{Request, Server, TestClock, cut, noise, options, reply, serve};
use facula_core::{Collected, Silent};
use facula_fetch::{
    Download, DownloadOptions, Expected, FetchError, Freshness, Item, ItemReport, Network, Outcome, Report,
    State, Trust, from_hex,
};

const TAG: &str = "\"v1\"";
const LENGTH: usize = 300_000;

struct Bench {
    folder: tempfile::TempDir,
    clock: TestClock,
    options: DownloadOptions,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: TestClock::default(), options: options() }
    }

    fn run(&self, items: &[Item]) -> Report {
        let download =
            Download::open(&self.folder.path().join("cache"), self.options.clone(), &self.clock).unwrap();
        download.run(items, &self.folder.path().join("out"), &Silent).unwrap()
    }

    fn one(&self, item: &Item) -> ItemReport {
        self.run(std::slice::from_ref(item)).items.pop().unwrap()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join("out").join(name)).unwrap()
    }
}

fn error_of(report: &ItemReport) -> &FetchError {
    match &report.outcome {
        Outcome::Failed(error) => error,
        other => panic!("expected a failure, got {other:?}"),
    }
}

/// Fetches one file from a server that behaves so; must end with `content`.
fn comes(
    content: &[u8],
    handler: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static,
) -> (Bench, Server, ItemReport) {
    let (bench, server) = (Bench::new(), Server::start(handler));
    let report = bench.one(&Item::new(server.url("/f"), "f"));
    assert!(matches!(report.outcome, Outcome::Fetched { .. }), "{:?}", report.outcome);
    assert!(bench.bytes("f") == content, "other bytes");
    (bench, server, report)
}

/// Fetches one file from a server that behaves so; must fail.
fn fails(handler: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> (Bench, Server, FetchError) {
    fails_with(Expected::default(), handler)
}

fn fails_with(
    expected: Expected,
    handler: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static,
) -> (Bench, Server, FetchError) {
    let (bench, server) = (Bench::new(), Server::start(handler));
    let report = bench.one(&Item { expected, ..Item::new(server.url("/f"), "f") });
    assert!(!bench.folder.path().join("out/f").exists(), "nothing half may lie at the destination");
    let Outcome::Failed(error) = report.outcome else { panic!("{:?}", report.outcome) };
    (bench, server, error)
}

fn head(stream: &mut TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes());
}

#[test]
fn cuts_are_resumed_where_they_happened() {
    let content = noise(LENGTH, 1);
    let served = content.clone();
    let (_, server, _) =
        comes(&content, move |request, stream| match (request.before, request.first_byte()) {
            (0, _) => cut(stream, &served, 100_000, TAG),
            (1, Some(first)) => {
                let (total, last) = (served.len(), served.len() - 1);
                let range = format!("bytes {first}-{last}/{total}");
                let length = (total - first).to_string();
                let headers = [("Content-Range", range.as_str()), ("Content-Length", &length), ("ETag", TAG)];
                reply(stream, "206 Partial Content", &headers, &served[first..200_000]);
            }
            _ => serve(request, stream, &served, TAG),
        });
    let starts: Vec<_> = server.requests().iter().map(Request::first_byte).collect();
    assert_eq!(starts, [None, Some(100_000), Some(200_000)]);
}

#[test]
fn a_cut_without_ranges_starts_afresh() {
    let content = noise(LENGTH, 2);
    let served = content.clone();
    let length = LENGTH.to_string();
    let (_, server, _) = comes(&content, move |request, stream| {
        let sent = if request.before == 0 { 100_000 } else { LENGTH };
        reply(stream, "200 OK", &[("Content-Length", &length), ("ETag", TAG)], &served[..sent]);
    });
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_cut_without_a_validator_is_not_resumed() {
    let content = noise(LENGTH, 3);
    let served = content.clone();
    let length = LENGTH.to_string();
    let (_, server, _) = comes(&content, move |request, stream| {
        let sent = if request.before == 0 { 100_000 } else { LENGTH };
        reply(stream, "200 OK", &[("Content-Length", &length)], &served[..sent]);
    });
    assert!(server.requests().iter().all(|request| request.first_byte().is_none()));
}

#[test]
fn a_cut_in_chunked_content_is_noticed() {
    let content = noise(1000, 4);
    let served = content.clone();
    comes(&content, move |request, stream| {
        reply(stream, "200 OK", &[("Transfer-Encoding", "chunked")], b"");
        let _ = stream.write_all(b"3e8\r\n");
        let _ = stream.write_all(if request.before == 0 { &served[..500] } else { &served });
        if request.before > 0 {
            let _ = stream.write_all(b"\r\n0\r\n\r\n");
        }
    });
}

#[test]
fn a_server_that_always_cuts_is_given_up_and_says_where() {
    let content = noise(1000, 5);
    let (_, server, error) = fails(move |_, stream| cut(stream, &content, 10, TAG));
    assert!(error.to_string().contains("cut after 10"), "{error}");
    assert_eq!(server.requests().len() as u32, options().retries + 1);
}

#[test]
fn hanging_up_without_a_word_is_tried_again() {
    let content = noise(1000, 6);
    let served = content.clone();
    comes(&content, move |request, stream| {
        if request.before > 0 {
            serve(request, stream, &served, TAG);
        }
    });
}

#[test]
fn busy_servers_are_tried_again_with_growing_waits() {
    for status in ["500 Oops", "502 Bad Gateway", "503 Busy", "504 Slow", "408 Slow", "429 Too Many"] {
        let content = noise(1000, 7);
        let served = content.clone();
        let (bench, server, _) = comes(&content, move |request, stream| match request.before {
            0..=2 => reply(stream, status, &[("Content-Length", "4")], b"busy"),
            _ => serve(request, stream, &served, TAG),
        });
        assert_eq!(server.requests().len(), 4, "{status}");
        // 0.5 + 1 + 2 s, each spread by up to a half.
        let slept = bench.clock.slept();
        assert!(slept >= Duration::from_millis(3500) && slept <= Duration::from_millis(5250), "{slept:?}");
    }
}

#[test]
fn the_wait_a_server_asks_for_is_kept() {
    // The second is a date, a minute after the clock of the test.
    for (after, wait) in [("7", 7), ("Sun, 22 Nov 2026 21:01:00 GMT", 60)] {
        let content = noise(1000, 8);
        let served = content.clone();
        let (bench, _, _) = comes(&content, move |request, stream| match request.before {
            0 => reply(stream, "429 Too Many", &[("Retry-After", after), ("Content-Length", "0")], b""),
            _ => serve(request, stream, &served, TAG),
        });
        let slept = bench.clock.slept();
        assert!(
            slept >= Duration::from_secs(wait - 1) && slept <= Duration::from_secs(wait + 1),
            "{slept:?}"
        );
    }
}

#[test]
fn a_wait_beyond_patience_is_an_error() {
    let (_, server, error) = fails(|_, stream| {
        reply(stream, "503 Busy", &[("Retry-After", "86400"), ("Content-Length", "0")], b"")
    });
    assert_eq!(server.requests().len(), 1);
    assert!(error.to_string().contains("503"), "{error}");
}

#[test]
fn an_unknown_file_is_missing_and_not_asked_again() {
    for status in ["404 Not Found", "410 Gone"] {
        let (_, server, error) =
            fails(move |_, stream| reply(stream, status, &[("Content-Length", "0")], b""));
        assert!(matches!(error, FetchError::NoCoverage { .. }), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn forbidden_and_odd_answers_are_not_asked_again() {
    for status in ["401 Who", "403 No", "400 Bad", "418 Teapot", "204 Empty"] {
        let (_, server, error) = fails(move |_, stream| reply(stream, status, &[], b""));
        assert!(matches!(error, FetchError::Network { .. }), "{error}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[test]
fn the_next_address_is_tried_where_one_fails() {
    let content = noise(1000, 9);
    let served = content.clone();
    let server = Server::start(move |request, stream| match request.path.as_str() {
        "/mirror" => serve(request, stream, &served, TAG),
        _ => reply(stream, "404 Not Found", &[("Content-Length", "0")], b""),
    });
    let bench = Bench::new();
    let item = Item { urls: vec![server.url("/gone"), server.url("/mirror")], ..Item::new("", "f") };
    assert!(matches!(bench.one(&item).outcome, Outcome::Fetched { .. }));
    assert!(matches!(bench.one(&item).outcome, Outcome::Present));
    assert!(bench.bytes("f") == content && server.requests().len() == 2);
}

#[test]
fn a_length_other_than_promised_is_refused_before_the_content() {
    let content = noise(LENGTH, 10);
    let expected = Expected { size_bytes: Some(17), ..Expected::default() };
    let (_, server, error) =
        fails_with(expected, move |request, stream| serve(request, stream, &content, TAG));
    assert!(error.to_string().contains("300000 bytes are offered, 17 were promised"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn more_content_than_promised_is_refused_without_a_length() {
    let expected = Expected { size_bytes: Some(17), ..Expected::default() };
    let (_, _, error) = fails_with(expected, |_, stream| reply(stream, "200 OK", &[], &noise(5000, 11)));
    assert!(matches!(error, FetchError::Limit { limit: 17, .. }), "{error}");
}

#[test]
fn content_without_end_is_stopped_at_the_limit() {
    let server = Server::start(|_, stream| {
        reply(stream, "200 OK", &[], b"");
        while stream.write_all(&[0; 4096]).is_ok() {}
    });
    let mut bench = Bench::new();
    bench.options.longest_file_bytes = 1 << 20;
    let report = bench.one(&Item::new(server.url("/f"), "f"));
    assert!(matches!(error_of(&report), FetchError::Limit { .. }), "{:?}", report.outcome);
}

#[test]
fn a_length_beyond_the_limit_is_refused_at_once() {
    let (_, _, error) =
        fails(|_, stream| reply(stream, "200 OK", &[("Content-Length", "99999999999999")], b"abc"));
    assert!(matches!(error, FetchError::Limit { value: 99_999_999_999_999, .. }), "{error}");
}

#[test]
fn less_content_than_promised_without_a_length_is_refused() {
    let expected = Expected { size_bytes: Some(6000), ..Expected::default() };
    let (_, _, error) = fails_with(expected, |_, stream| reply(stream, "200 OK", &[], &noise(5000, 11)));
    assert!(error.to_string().contains("5000 bytes came, 6000 were promised"), "{error}");
}

#[test]
fn a_wrong_checksum_is_refused_and_nothing_is_kept() {
    for expected in [
        Expected { md5: Some([7; 16]), ..Expected::default() },
        Expected { sha256: Some([7; 32]), ..Expected::default() },
    ] {
        let content = noise(1000, 12);
        let (bench, _, error) =
            fails_with(expected, move |request, stream| serve(request, stream, &content, TAG));
        assert!(error.to_string().contains("was promised"), "{error}");
        let parts = std::fs::read_dir(bench.folder.path().join("cache/parts")).unwrap().count();
        assert_eq!(parts, 0);
    }
}

#[test]
fn a_right_checksum_is_accepted() {
    // `md5sum` and `sha256sum` of the 9 bytes "123456789".
    let md5 = from_hex("25f9e794323b453885f5181f1b624d0b");
    let sha256 = from_hex("15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
    assert!(md5.is_some() && sha256.is_some());
    let server = Server::start(|request, stream| serve(request, stream, b"123456789", TAG));
    let expected = Expected { size_bytes: Some(9), md5, sha256 };
    let report = Bench::new().one(&Item { expected, ..Item::new(server.url("/f"), "f") });
    assert_eq!(report.sha256, sha256, "{:?}", report.outcome);
}

#[test]
fn redirects_are_followed_and_circles_left() {
    let content = noise(1000, 13);
    let served = content.clone();
    comes(&content, move |request, stream| match request.path.as_str() {
        "/f" => reply(stream, "302 Found", &[("Location", "/a/b"), ("Content-Length", "0")], b""),
        "/a/b" => reply(stream, "308 Moved", &[("Location", "c"), ("Content-Length", "0")], b""),
        _ => serve(request, stream, &served, TAG),
    });
    let (_, server, error) =
        fails(|_, stream| reply(stream, "301 Moved", &[("Location", "/f"), ("Content-Length", "0")], b""));
    assert!(error.to_string().contains("redirected more than 5 times"), "{error}");
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn redirects_astray_are_refused() {
    for location in ["", "file:///etc/passwd", "ftp://a/b"] {
        let (_, _, error) = fails(move |_, stream| {
            reply(stream, "302 Found", &[("Location", location), ("Content-Length", "0")], b"");
        });
        assert!(error.to_string().contains("redirected to"), "{error}");
    }
}

#[test]
fn a_stall_is_a_cut_and_resumed() {
    let content = noise(LENGTH, 14);
    let served = content.clone();
    let (_, server, _) = comes(&content, move |request, stream| {
        if request.before == 0 {
            cut(stream, &served, 100_000, TAG);
            std::thread::sleep(Duration::from_millis(1500));
        } else {
            serve(request, stream, &served, TAG);
        }
    });
    assert_eq!(server.requests()[1].first_byte(), Some(100_000));
}

#[test]
fn a_drip_below_the_least_rate_is_left() {
    let server = Server::start(|_, stream| {
        reply(stream, "200 OK", &[("Content-Length", "100000")], b"");
        while stream.write_all(&[0]).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let mut bench = Bench::new();
    bench.options.slow_grace = Duration::from_millis(200);
    bench.options.retries = 1;
    let report = bench.one(&Item::new(server.url("/f"), "f"));
    assert!(error_of(&report).to_string().contains("slow: "), "{:?}", report.outcome);
}

#[test]
fn a_head_that_never_comes_times_out() {
    let server = Server::start(|_, _| std::thread::sleep(Duration::from_secs(3)));
    let mut bench = Bench::new();
    bench.options.retries = 1;
    bench.options.answer_timeout = Duration::from_millis(200);
    let report = bench.one(&Item::new(server.url("/f"), "f"));
    assert!(matches!(error_of(&report), FetchError::Network { .. }), "{:?}", report.outcome);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_file_that_changed_between_the_parts_comes_whole_and_new() {
    let (old, new) = (noise(LENGTH, 15), noise(LENGTH, 16));
    let served = new.clone();
    comes(&new, move |request, stream| match request.before {
        0 => cut(stream, &old, 100_000, TAG),
        _ => serve(request, stream, &served, "\"v2\""),
    });
}

#[test]
fn a_server_that_forgets_if_range_does_not_get_a_mixed_file() {
    let (old, new) = (noise(LENGTH, 17), noise(LENGTH, 18));
    let served = new.clone();
    comes(&new, move |request, stream| match request.first_byte() {
        _ if request.before == 0 => cut(stream, &old, 100_000, TAG),
        Some(first) => {
            let range = format!("bytes {first}-{}/{LENGTH}", LENGTH - 1);
            let headers = [("Content-Range", range.as_str()), ("ETag", "\"v2\"")];
            reply(stream, "206 Partial Content", &headers, &served[first..]);
        }
        None => serve(request, stream, &served, "\"v2\""),
    });
}

#[test]
fn a_wrong_or_missing_content_range_starts_afresh() {
    for range in ["bytes 5-299999/300000", "bytes 0-299999/300000", "nonsense", "bytes */*"] {
        let content = noise(LENGTH, 19);
        let served = content.clone();
        comes(&content, move |request, stream| match request.first_byte() {
            _ if request.before == 0 => cut(stream, &served, 100_000, TAG),
            Some(_) => reply(stream, "206 Partial Content", &[("Content-Range", range)], &served[5..]),
            None => serve(request, stream, &served, TAG),
        });
    }
}

#[test]
fn a_partial_answer_nobody_asked_for_is_not_taken_for_the_whole() {
    let content = noise(1000, 20);
    let (_, _, error) = fails(move |_, stream| {
        reply(stream, "206 Partial Content", &[("Content-Range", "bytes 0-9/1000")], &content[..10]);
    });
    assert!(matches!(error, FetchError::Network { .. }), "{error}");
}

#[test]
fn a_refused_rest_starts_afresh() {
    let content = noise(LENGTH, 21);
    let served = content.clone();
    comes(&content, move |request, stream| match request.first_byte() {
        _ if request.before == 0 => cut(stream, &served, 100_000, TAG),
        Some(_) => reply(stream, "416 No", &[("Content-Range", "bytes */300000")], b""),
        None => serve(request, stream, &served, TAG),
    });
}

#[test]
fn wrong_bytes_from_an_earlier_run_cost_one_more_try_and_no_wrong_file() {
    let (content, wrong) = (noise(LENGTH, 22), noise(LENGTH, 23));
    let sha256 = {
        let (bench, served) = (Bench::new(), content.clone());
        let server = Server::start(move |request, stream| serve(request, stream, &served, TAG));
        bench.one(&Item::new(server.url("/f"), "f")).sha256
    };
    let (served, bench) = (content.clone(), Bench::new());
    let server = Server::start(move |request, stream| match request.before {
        // Same tag, other bytes: a server that lies about its validator.
        0 => cut(stream, &wrong, 100_000, TAG),
        1..=5 => {}
        _ => serve(request, stream, &served, TAG),
    });
    let item =
        Item { expected: Expected { sha256, ..Expected::default() }, ..Item::new(server.url("/f"), "f") };
    assert!(matches!(bench.one(&item).outcome, Outcome::Failed(_)));
    assert!(matches!(bench.one(&item).outcome, Outcome::Fetched { resumed_bytes: 0 }));
    assert_eq!(server.requests()[6].first_byte(), Some(100_000), "the bytes of the first run were tried");
    assert!(server.requests().len() == 8 && bench.bytes("f") == content);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

#[test]
fn packed_content_is_unpacked_also_after_a_cut() {
    let content = noise(1000, 24).repeat(100);
    let packed = gzip(&content);
    let length = packed.len().to_string();
    let (_, server, _) = comes(&content, move |request, stream| {
        let sent = if request.before == 0 { packed.len() / 2 } else { packed.len() };
        let headers = [("Content-Encoding", "gzip"), ("Content-Length", length.as_str()), ("ETag", TAG)];
        reply(stream, "200 OK", &headers, &packed[..sent]);
    });
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.first_byte().is_none()));
    assert_eq!(requests[0].headers["accept-encoding"], "identity");
}

#[test]
fn a_packed_bomb_stops_at_the_limit() {
    let packed = gzip(&vec![0; 64 << 20]);
    let server =
        Server::start(move |_, stream| reply(stream, "200 OK", &[("Content-Encoding", "gzip")], &packed));
    let mut bench = Bench::new();
    bench.options.longest_file_bytes = 1 << 20;
    let report = bench.one(&Item::new(server.url("/f"), "f"));
    assert!(matches!(error_of(&report), FetchError::Limit { .. }), "{:?}", report.outcome);
}

#[test]
fn unknown_encodings_are_refused() {
    let (_, server, error) =
        fails(|_, stream| reply(stream, "200 OK", &[("Content-Encoding", "br")], b"abc"));
    assert!(error.to_string().contains("encoded as br"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_huge_head_is_refused() {
    let (_, server, error) = fails(|_, stream| {
        head(stream, "HTTP/1.1 200 OK\r\n");
        for k in 0..200_000 {
            head(stream, &format!("X-{k}: {}\r\n", "y".repeat(100)));
        }
        head(stream, "\r\nabc");
    });
    assert!(matches!(error, FetchError::Network { .. }), "{error}");
    assert!(server.requests().len() as u32 <= options().retries + 1);
}

#[test]
fn what_is_no_http_is_refused() {
    for text in [
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "\0\0\0\0",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
    ] {
        let (_, _, error) = fails(move |_, stream| head(stream, text));
        assert!(matches!(error, FetchError::Network { .. }), "{text:?}: {error}");
    }
}

#[test]
fn nobody_listening_is_an_error_that_says_so() {
    let bench = Bench::new();
    let report = bench.one(&Item::new("http://127.0.0.1:1/f", "f"));
    let text = error_of(&report).to_string();
    assert!(text.contains("no answer") && text.contains("run again"), "{text}");
}

#[test]
fn names_that_climb_never_reach_the_network() {
    let server = Server::start(|request, stream| serve(request, stream, b"evil", TAG));
    let bench = Bench::new();
    for name in ["../evil", "/tmp/evil", "a/../../evil", "a\\..\\evil", ""] {
        let report = bench.one(&Item::new(server.url("/f"), name));
        assert!(matches!(error_of(&report), FetchError::Argument { .. }), "{name}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn items_that_contradict_each_other_are_refused() {
    let bench = Bench::new();
    let download = Download::open(bench.folder.path(), options(), &bench.clock).unwrap();
    let item = Item::new("http://a/f", "f");
    let sized = Expected { size_bytes: Some(1), ..Expected::default() };
    let other = Item { expected: sized, destination: "g".into(), ..item.clone() };
    let nowhere = Item { urls: Vec::new(), ..item.clone() };
    for items in [vec![item.clone(), item.clone()], vec![item, other], vec![nowhere]] {
        let refused = download.run(&items, Path::new("out"), &Silent);
        assert!(matches!(refused, Err(FetchError::Argument { .. })));
    }
}

#[test]
fn a_second_run_fetches_nothing() {
    let server = Server::start(|request, stream| serve(request, stream, request.path.as_bytes(), TAG));
    let bench = Bench::new();
    let items: Vec<_> = (0..40).map(|k| Item::new(server.url(&format!("/{k}")), format!("d/{k}"))).collect();
    let first = bench.run(&items);
    assert!(first.items.iter().all(|item| matches!(item.outcome, Outcome::Fetched { .. })));
    assert_eq!((server.requests().len(), bench.bytes("d/7")), (40, b"/7".to_vec()));
    let second = bench.run(&items);
    assert!(second.items.iter().all(|item| matches!(item.outcome, Outcome::Present)));
    std::fs::remove_file(bench.folder.path().join("out/d/7")).unwrap();
    let third = bench.run(&items);
    assert!(matches!(third.items[7].outcome, Outcome::Cached) && third.fetched_bytes() == 0);
    assert_eq!(server.requests().len(), 40);
    assert_eq!(third.complete().unwrap().lines().len(), 40);
}

#[test]
fn the_report_does_not_depend_on_workers() {
    let lines = |workers: usize| {
        let server = Server::start(|request, stream| match request.path.as_str() {
            "/3" => reply(stream, "404 Not Found", &[("Content-Length", "0")], b""),
            path => serve(request, stream, path.as_bytes(), TAG),
        });
        let mut bench = Bench::new();
        bench.options.workers = workers;
        let items: Vec<_> =
            (0..20).map(|k| Item::new(server.url(&format!("/{k}")), format!("{k}"))).collect();
        let report = bench.run(&items);
        let root = bench.folder.path().display().to_string();
        report
            .lines()
            .iter()
            .map(|line| line.replace(&root, "").replace(&server.base, ""))
            .collect::<Vec<_>>()
    };
    let alone = lines(1);
    assert!(alone[3].contains("FAILED: the file (the server answered 404) is missing"), "{}", alone[3]);
    assert_eq!(alone, lines(8));
}

#[test]
fn a_changed_index_is_fetched_and_an_unchanged_one_is_not() {
    let server = Server::start(|request, stream| match request.before {
        0 | 1 => serve(request, stream, b"old", TAG),
        _ => serve(request, stream, b"newer", "\"v2\""),
    });
    let bench = Bench::new();
    let item = Item { freshness: Freshness::Ask, ..Item::new(server.url("/INDEX.TAB"), "INDEX.TAB") };
    assert!(matches!(bench.one(&item).outcome, Outcome::Fetched { .. }));
    assert!(matches!(bench.one(&item).outcome, Outcome::Unchanged));
    assert_eq!(bench.bytes("INDEX.TAB"), b"old");
    assert!(matches!(bench.one(&item).outcome, Outcome::Fetched { .. }));
    assert_eq!(bench.bytes("INDEX.TAB"), b"newer");
    assert_eq!(server.requests()[1].headers["if-none-match"], TAG);
}

#[test]
fn a_silent_server_leaves_the_cached_index_with_a_warning() {
    let server = Server::start(|request, stream| {
        if request.before == 0 {
            serve(request, stream, b"old", TAG);
        }
    });
    let bench = Bench::new();
    let item = Item { freshness: Freshness::Ask, ..Item::new(server.url("/INDEX.TAB"), "INDEX.TAB") };
    bench.one(&item);
    let collected = Collected::default();
    let download = Download::open(&bench.folder.path().join("cache"), options(), &bench.clock).unwrap();
    let report = download.run(&[item], &bench.folder.path().join("out"), &collected).unwrap();
    assert!(matches!(report.items[0].outcome, Outcome::Cached));
    assert!(collected.warnings()[0].message.contains("could not be asked"), "{:?}", collected.warnings());
}

#[test]
fn offline_says_what_is_missing_and_how_to_get_it() {
    let server = Server::start(|request, stream| serve(request, stream, b"abc", TAG));
    let mut bench = Bench::new();
    let items = [Item::new(server.url("/here"), "here"), Item::new(server.url("/gone"), "gone")];
    bench.one(&items[0]);
    std::fs::remove_file(bench.folder.path().join("out/here")).unwrap();
    bench.options.network = Network::Offline;
    let report = bench.run(&items);
    assert!(matches!(report.items[0].outcome, Outcome::Cached));
    let text = error_of(&report.items[1]).to_string();
    assert!(text.contains("gone is missing") && text.contains("run once with network"), "{text}");
    assert!(text.contains(&server.url("/gone")) && server.requests().len() == 1);
    assert!(report.complete().unwrap_err().to_string().contains("1 of 2 files"));
}

#[test]
fn a_dry_run_tells_without_touching_anything() {
    let served = noise(LENGTH, 25);
    let server = Server::start(move |request, stream| match request.path.as_str() {
        "/half" => cut(stream, &served, 100_000 * usize::from(request.before == 0), TAG),
        _ => serve(request, stream, b"abc", TAG),
    });
    let bench = Bench::new();
    let items: Vec<_> =
        ["here", "cached", "half", "gone"].map(|n| Item::new(server.url(&format!("/{n}")), n)).into();
    bench.run(&items[..3]);
    let (cache, out) = (bench.folder.path().join("cache"), bench.folder.path().join("out"));
    std::fs::remove_file(out.join("cached")).unwrap();
    let asked = server.requests().len();
    let download = Download::open(&cache, options(), &bench.clock).unwrap();
    let states: Vec<_> =
        download.plan(&items, &out).unwrap().iter().map(|p| (p.state, p.size_bytes)).collect();
    assert_eq!(states[0], (State::Present, Some(3)));
    assert_eq!(states[1], (State::Cached, Some(3)));
    assert!(matches!(states[2].0, State::Wanted { held_bytes } if held_bytes <= 100_000));
    assert_eq!(states[3], (State::Wanted { held_bytes: 0 }, None));
    assert!(server.requests().len() == asked && !out.join("cached").exists());
}

#[test]
fn damaged_cache_content_is_found_and_fetched_again() {
    let server = Server::start(|request, stream| serve(request, stream, b"abc", TAG));
    let mut bench = Bench::new();
    let item = Item::new(server.url("/f"), "f");
    let sha256 = bench.one(&item).sha256.unwrap();
    let cache = Download::open(&bench.folder.path().join("cache"), options(), &bench.clock).unwrap();
    let object = cache.cache().object(&sha256);
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, "abd").unwrap();
    std::fs::remove_file(bench.folder.path().join("out/f")).unwrap();
    bench.options.trust = Trust::Nothing;
    assert!(matches!(bench.one(&item).outcome, Outcome::Fetched { .. }));
    assert_eq!(bench.bytes("f"), b"abc");
}

#[test]
fn hosts_are_not_overrun() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|request, stream| {
        MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        NOW.fetch_sub(1, Ordering::SeqCst);
        serve(request, stream, b"abc", TAG);
    });
    let mut bench = Bench::new();
    bench.options.workers = 8;
    bench.options.in_flight_per_host = 2;
    bench.options.gap_per_host = Duration::from_secs(1);
    let items: Vec<_> = (0..12).map(|k| Item::new(server.url(&format!("/{k}")), format!("{k}"))).collect();
    bench.run(&items).complete().unwrap();
    assert!(MOST.load(Ordering::SeqCst) <= 2);
    // Twelve starts, eleven gaps; what really passed counts too.
    assert!(bench.clock.slept() >= Duration::from_secs(10), "{:?}", bench.clock.slept());
}

#[test]
fn two_runs_on_one_cache_do_not_spoil_each_other() {
    let content = noise(LENGTH, 26);
    let served = content.clone();
    let server = Server::start(move |request, stream| match request.before {
        0 => {
            cut(stream, &served, 100_000, TAG);
            std::thread::sleep(Duration::from_millis(100));
        }
        _ => serve(request, stream, &served, TAG),
    });
    let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let (folder, clock, item) = (folder.path(), &clock, Item::new(server.url("/f"), "f"));
            scope.spawn(move || {
                let download = Download::open(&folder.join("cache"), options(), clock).unwrap();
                download.run(&[item], &folder.join(name), &Silent).unwrap().complete().unwrap();
            });
        }
    });
    for name in ["a", "b", "c"] {
        assert!(std::fs::read(folder.path().join(name).join("f")).unwrap() == content, "{name}");
    }
}

#[test]
fn a_file_of_the_user_is_replaced_only_with_a_warning() {
    let server = Server::start(|request, stream| serve(request, stream, b"abc", TAG));
    let bench = Bench::new();
    let out = bench.folder.path().join("out");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join("f"), "of the user").unwrap();
    let collected = Collected::default();
    let download = Download::open(&bench.folder.path().join("cache"), options(), &bench.clock).unwrap();
    download.run(&[Item::new(server.url("/f"), "f")], &out, &collected).unwrap().complete().unwrap();
    assert_eq!(bench.bytes("f"), b"abc");
    assert!(collected.warnings()[0].message.contains("is replaced"), "{:?}", collected.warnings());
}

#[test]
fn a_file_that_came_by_other_means_is_recognised_by_its_checksum() {
    let mut bench = Bench::new();
    bench.options.network = Network::Offline;
    let out = bench.folder.path().join("out");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join("f"), "123456789").unwrap();
    // `md5sum` of the 9 bytes "123456789".
    let md5 = from_hex("25f9e794323b453885f5181f1b624d0b");
    let item =
        |md5| Item { expected: Expected { md5, ..Expected::default() }, ..Item::new("http://a/f", "f") };
    assert!(matches!(bench.one(&item(md5)).outcome, Outcome::Present));
    assert!(matches!(bench.one(&item(Some([1; 16]))).outcome, Outcome::Failed(_)));
    assert!(matches!(bench.one(&item(None)).outcome, Outcome::Failed(_)), "nothing vouches for it");
}
