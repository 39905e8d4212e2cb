// SPDX-License-Identifier: MIT OR Apache-2.0
//! The whole way for Dawn: index, question, plan, frames, the kernels their labels name, on a small copy of the
//! archive's layout served locally.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests look at files")]

mod common;

use std::net::TcpStream;

use common::{Request, Server, TestClock, options, reply, serve};
use facula_core::{Collected, Silent, parse_utc};
use facula_fetch::dawn::{Archive, Level};
use facula_fetch::{DawnQuery, Download, FetchError, Kernels, Network, Outcome, State, plan, run};

const VOLUME: &str = "DWNCAFC2_1B";
/// Index label in the manner of DWNC6FC1_1A/INDEX/INDEX.LBL: the same columns at the same bytes.
const COLUMNS: [(&str, usize, usize); 7] = [
    ("DATA_SET_ID", 2, 34),
    ("FILE_SPECIFICATION_NAME", 39, 64),
    ("PRODUCT_ID", 106, 10),
    ("VOLUME_ID", 119, 11),
    ("PRODUCT_CREATION_TIME", 132, 23),
    ("START_TIME", 156, 21),
    ("STOP_TIME", 178, 21),
];

fn index_label(rows: usize) -> String {
    let column = |(name, start, bytes): &(&str, usize, usize)| {
        format!(
            "OBJECT = COLUMN\n NAME = {name}\n START_BYTE = {start}\n BYTES = {bytes}\nEND_OBJECT = COLUMN\n"
        )
    };
    let columns: String = COLUMNS.iter().map(column).collect();
    format!(
        "PDS_VERSION_ID = PDS3\n^HEADER = (\"INDEX.TAB\", 1)\n^INDEX_TABLE = (\"INDEX.TAB\", 2)\n\
         OBJECT = INDEX_TABLE\n DESCRIPTION = \"INDEX.TAB lists = all\n files\"\n ROW_BYTES = 200\n ROWS = {rows}\n\
         {columns}END_OBJECT = INDEX_TABLE\nEND\n"
    )
}

const FRAMES: [&str; 4] = [
    "DATA/FITS/20150424_RC3/20150426_HIGH_PHASE_SOUTH_003/FC21B0035300_15117005020F1I",
    "DATA/FITS/20150424_RC3/20150430_HIGH_PHASE_NORTH_003/FC21B0036302_15120102002F1I",
    "DATA/FITS/20150424_RC3/20150430_HIGH_PHASE_NORTH_003/FC21B0036303_15120102102F5I",
    "DATA/FITS/20150401_APPROACH/FC21B0034000_15100102002F1I",
];

fn index_table(frames: &[&str]) -> String {
    let mut table = "DATA_SET_ID,FILE,\u{20}\r\n".to_string();
    for frame in frames {
        let path = format!("{frame}.LBL");
        let path = path
            .replace("20150426_HIGH_PHASE_SOUTH_003", "S3")
            .replace("20150430_HIGH_PHASE_NORTH_003", "N3");
        let id = &frame[frame.len() - 21..frame.len() - 15];
        table += &format!(
            "\"{:<34}\",\"{path:<64}\",\"{id:<10}\",\"{VOLUME:<11}\",{:<23},{:<21},{:<21}\r\n",
            "DAWN-A-FC2-3-RDR-CERES-IMAGES-V1.0", "2016-04-04T11:44:52.000", "N/A", "N/A"
        );
    }
    table
}

const LABEL: &str =
    "PDS_VERSION_ID = PDS3\nSPICE_FILE_NAME = (\n \"lsk\\naif0011.tls\"\n , \"ik\\dawn_fc_v10.mk\"\n)\nEND\n";

fn archive_of(server: &Server) -> Archive {
    let built_in = Archive::built_in();
    Archive {
        base_url: server.url("/fc"),
        kernel_urls: vec![server.url("/mission/{kind}/{name}")],
        generic_urls: [("lsk".to_string(), vec![server.url("/generic/{name}")])].into(),
        ..built_in
    }
}

/// A volume that is reissued with one frame fewer when its index was asked for `editions` times.
fn archive_server(frames: usize) -> Server {
    let label = index_label(frames);
    let table = index_table(&FRAMES[..frames]);
    Server::start(move |request: &Request, stream: &mut TcpStream| {
        let path = request.path.as_str();
        let tag = format!("\"{frames}\"");
        if path.ends_with("INDEX.LBL") {
            serve(request, stream, label.as_bytes(), &tag);
        } else if path.ends_with("INDEX.TAB") {
            serve(request, stream, table.as_bytes(), &tag);
        } else if path.ends_with(".LBL") {
            serve(request, stream, LABEL.as_bytes(), &tag);
        } else if path.ends_with(".FIT")
            || path == "/generic/naif0011.tls"
            || path == "/mission/ik/dawn_fc_v10.ti"
        {
            serve(request, stream, path.as_bytes(), &tag);
        } else {
            reply(stream, "404 Not Found", &[("Content-Length", "0")], b"");
        }
    })
}

fn query() -> DawnQuery {
    DawnQuery {
        target: "ceres".into(),
        phase: "rc3".into(),
        filter: Some("F1".into()),
        kernels: Kernels::Needed,
        ..DawnQuery::default()
    }
}

#[test]
fn a_question_becomes_frames_and_kernels_and_a_second_time_nothing() {
    let (server, clock, folder) = (archive_server(4), TestClock::default(), tempfile::tempdir().unwrap());
    let archive = archive_of(&server);
    let open = || Download::open(&folder.path().join("cache"), options(), &clock).unwrap();
    let out = folder.path().join("dawn");
    let warnings = Collected::default();
    let planned = plan(&query(), &archive, &open(), (&out, &warnings)).unwrap();
    assert_eq!((planned.volume.as_str(), planned.products.len(), planned.wanted()), (VOLUME, 2, 4));
    assert_eq!(planned.wanted_bytes(), (0, 4));
    assert!(warnings.warnings()[0].message.contains("is assumed"), "{:?}", warnings.warnings());
    assert_eq!(
        planned.products[0].start,
        parse_utc("2015-04-27T00:50:20"),
        "from the name, the index says N/A"
    );
    let asked = server.requests().len();
    assert_eq!(asked, 2, "a plan fetches the index and nothing else");

    let report = run(&planned, &open(), &Silent).unwrap().complete().unwrap();
    assert_eq!(report.items.len(), 6);
    for file in ["kernels/lsk/naif0011.tls", "kernels/ik/dawn_fc_v10.ti"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let stac: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("DWNCAFC2_1B.stac.json")).unwrap()).unwrap();
    assert_eq!(stac["features"].as_array().unwrap().len(), 2);

    let asked = server.requests().len();
    let again = plan(&query(), &archive, &open(), (&out, &Silent)).unwrap();
    assert!(again.files.iter().all(|file| file.state == State::Present) && again.wanted() == 0);
    let report = run(&again, &open(), &Silent).unwrap();
    assert!(report.items.iter().all(|item| matches!(item.outcome, Outcome::Present)), "{:?}", report.lines());
    let new: Vec<_> = server.requests()[asked..].to_vec();
    assert_eq!(new.len(), 2, "only the index is asked about");
    assert!(new.iter().all(|request| request.headers.contains_key("if-none-match")));
}

#[test]
fn a_changed_index_gives_a_new_answer_and_an_old_one_serves_offline() {
    let (clock, folder) = (TestClock::default(), tempfile::tempdir().unwrap());
    let out = folder.path().join("dawn");
    let four = archive_server(4);
    let archive = archive_of(&four);
    let all = DawnQuery { filter: None, ..query() };
    let mut offline = options();
    offline.network = Network::Offline;
    let cache = folder.path().join("cache");
    let nothing = Download::open(&cache, offline.clone(), &clock).unwrap();
    let error = plan(&all, &archive, &nothing, (&out, &Silent)).unwrap_err().to_string();
    assert!(error.contains("INDEX.LBL is missing") && error.contains("run once with network"), "{error}");

    let online = Download::open(&cache, options(), &clock).unwrap();
    assert_eq!(plan(&all, &archive, &online, (&out, &Silent)).unwrap().products.len(), 3);
    let kept = Download::open(&cache, offline, &clock).unwrap();
    assert_eq!(plan(&all, &archive, &kept, (&out, &Silent)).unwrap().products.len(), 3);
    // The archive moves to another address and lists one frame fewer.
    let three = archive_server(2);
    assert_eq!(plan(&all, &archive_of(&three), &online, (&out, &Silent)).unwrap().products.len(), 2);
}

#[test]
fn questions_without_an_answer_say_why() {
    let (server, clock, folder) = (archive_server(4), TestClock::default(), tempfile::tempdir().unwrap());
    let archive = archive_of(&server);
    let download = Download::open(&folder.path().join("cache"), options(), &clock).unwrap();
    let ask = |query: &DawnQuery| plan(query, &archive, &download, (folder.path(), &Silent));
    let none = DawnQuery { filter: Some("F9".into()), ..query() };
    assert!(matches!(ask(&none), Err(FetchError::NoCoverage { .. })));
    let unknown = DawnQuery { phase: "rc9".into(), ..query() };
    assert!(matches!(ask(&unknown), Err(FetchError::Argument { name: "phase", .. })));
    let few = DawnQuery { most_frames: Some(1), ..query() };
    assert_eq!(ask(&few).unwrap().products.len(), 1);
    let time = Some((parse_utc("2015-04-30").unwrap(), parse_utc("2015-05-01").unwrap()));
    assert_eq!(ask(&DawnQuery { time, ..query() }).unwrap().products[0].id, "036302");
    assert_eq!(ask(&DawnQuery { level: Level::Raw, ..query() }).unwrap().volume, "DWNCAFC2_1A");
}
