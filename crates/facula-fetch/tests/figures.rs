// SPDX-License-Identifier: MIT OR Apache-2.0
//! Figures of issue 4, measured: throughput on the loopback with SHA-256, search in an index of 100,000 products.
//! Ignored by default (they need an idle machine): `cargo test -p facula-fetch --test figures -- --ignored --nocapture`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests measure time and look at files")]

mod common;

use std::time::{Duration, Instant};

use common::{Server, TestClock, noise, options, serve};
use facula_core::{Silent, Unit, parse_utc};
use facula_fetch::{Download, Expected, IndexQuery, Item, Product, ProductIndex};

/// Issue 4.
const LEAST_MB_PER_S: f64 = 200.0;
/// Issue 4.
const LONGEST_SEARCH: Duration = Duration::from_millis(50);
const BYTES_PER_MB: f64 = 1e6;

#[test]
#[ignore = "measures time"]
fn loopback_with_sha256_reaches_its_rate() {
    let content = noise(64 << 20, 41);
    let length = content.len();
    let server = Server::start(move |request, stream| serve(request, stream, &content, "\"v1\""));
    for (name, md5) in [("SHA-256", None), ("SHA-256 + MD5", Some([0; 16]))] {
        let mut best = f64::INFINITY;
        for _ in 0..12 {
            let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
            let download = Download::open(folder.path(), options(), &clock).unwrap();
            let item = Item {
                expected: Expected { md5, ..Expected::default() },
                ..Item::new(server.url("/f"), "f")
            };
            let start = Instant::now();
            let report = download.run(&[item], &folder.path().join("out"), &Silent).unwrap();
            best = best.min(start.elapsed().as_secs_f64());
            assert!(md5.is_some() || report.complete().is_ok());
        }
        let rate = length as f64 / BYTES_PER_MB / best;
        println!("{name}: {rate:.0} MB/s");
        assert!(md5.is_some() || rate >= LEAST_MB_PER_S, "{rate:.0} MB/s");
    }
}

/// Time this thread had on a processor (the machine may be busy otherwise); wall time where the system does not tell.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let running = text.split_whitespace().next().and_then(|text| text.parse().ok()).map(Duration::from_nanos);
    running.unwrap_or_else(|| std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
}

#[test]
#[ignore = "measures time"]
fn a_hundred_thousand_products_are_searched_in_time() {
    let start = parse_utc("2015-04-24").unwrap();
    let product = |k: u32| Product {
        id: format!("{k:07}"),
        volume: "DWNCLFC2_1B".into(),
        path: format!("DATA/FITS/20151216_LAMO/CYCLE{}/FC21B{k:07}_15117005020F1I.LBL", k % 11),
        data_set: "DAWN-A-FC2-3-RDR-CERES-IMAGES-V1.0".into(),
        target: "CERES".into(),
        phase: if k.is_multiple_of(10) {
            "CERES SCIENCE RC3 (CSR)".into()
        } else {
            "CERES SCIENCE LAMO (CSL)".into()
        },
        filter: format!("F{}", k % 8 + 1),
        start: Some(start + f64::from(k) * Unit::Minute),
        stop: Some(start + f64::from(k) * Unit::Minute),
        exposure_s: Some(0.1),
        ..Product::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.parquet");
    ProductIndex { products: (0..100_000).map(product).collect(), source: String::new() }
        .write(&path)
        .unwrap();
    let query = IndexQuery {
        target: Some("ceres".into()),
        phase: Some("rc3".into()),
        filter: Some("F1".into()),
        ..IndexQuery::default()
    };
    let time = |query: &IndexQuery| {
        let mut best = Duration::MAX;
        let mut found = 0;
        for _ in 0..20 {
            let start = cpu_time();
            found = ProductIndex::search(&path, query).unwrap().len();
            best = best.min(cpu_time() - start);
        }
        (best, found)
    };
    let nothing = IndexQuery { filter: Some("F9".into()), ..query.clone() };
    println!("search without a hit: {:?}", time(&nothing).0);
    let (best, found) = time(&query);
    println!("search of 100,000 products (file opened each time, processor time): {best:?}, {found} found");
    let (all, _) = time(&IndexQuery::default());
    println!("all 100,000 read: {all:?}; file {} bytes", std::fs::metadata(&path).unwrap().len());
    assert_eq!(found, 2500);
    assert!(best <= LONGEST_SEARCH, "{best:?}");
}
