// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hostile files of every kind: cut, absurd, nested without end, pointing out of their folder. Each test prints how many
//! files it tried.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // the clock tells whether a refusal was fast

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use facula_archive::{ArchiveError, ImageOptions, Limits, convert, describe, read_image};
use facula_core::Silent;

/// Longest time a small hostile file may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// A sound file and what lies beside it.
struct Sound {
    name: &'static str,
    bytes: Vec<u8>,
    beside: Vec<(&'static str, Vec<u8>)>,
    /// Bytes at the end of the file that the image does not need: a table of the cube; the whole ENVI header, where
    /// every line that is cut off has a default or is a shorter number.
    spare: usize,
}

fn write(folder: &Path, sound: &Sound) -> PathBuf {
    for (name, bytes) in &sound.beside {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let path = folder.join(sound.name);
    std::fs::write(&path, &sound.bytes).unwrap();
    path
}

const PDS3: &str = "PDS_VERSION_ID = PDS3\nRECORD_TYPE = UNDEFINED\n^IMAGE = 301 <BYTES>\nOBJECT = IMAGE\nLINES = 2\n\
    LINE_SAMPLES = 3\nSAMPLE_TYPE = MSB_UNSIGNED_INTEGER\nSAMPLE_BITS = 16\nEND_OBJECT\nEND\n";

const CUBE: &str = "Object = IsisCube\nObject = Core\nStartByte = 601\nFormat = Tile\nTileSamples = 2\nTileLines = 2\n\
    Group = Dimensions\nSamples = 3\nLines = 2\nBands = 1\nEnd_Group\nGroup = Pixels\nType = SignedWord\n\
    ByteOrder = Lsb\nEnd_Group\nEnd_Object\nEnd_Object\nObject = Table\nName = T\nStartByte = 617\nBytes = 8\nRecords = 1\n\
    Group = Field\nName = X\nType = Double\nSize = 1\nEnd_Group\nEnd_Object\nEnd\n";

const VICAR: &str = "LBLSIZE=100 FORMAT='BYTE' TYPE='IMAGE' ORG='BSQ' NL=2 NS=3 NB=1";

const PDS4: &str = "<?xml version=\"1.0\"?><Product_Observational><File_Area_Observational><File><file_name>a.dat</file_name>\
    </File><Array_2D_Image><offset unit=\"byte\">0</offset><Element_Array><data_type>UnsignedMSB2</data_type></Element_Array>\
    <Axis_Array><axis_name>Line</axis_name><elements>2</elements><sequence_number>1</sequence_number></Axis_Array>\
    <Axis_Array><axis_name>Sample</axis_name><elements>3</elements><sequence_number>2</sequence_number></Axis_Array>\
    </Array_2D_Image></File_Area_Observational></Product_Observational>";

const ENVI: &str = "ENVI\nsamples = 3\nlines = 2\nbands = 1\ndata type = 12\nbyte order = 1\n";

fn padded(text: &str, length: usize, data: &[u8]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    assert!(bytes.len() <= length);
    bytes.resize(length, b' ');
    bytes.extend(data);
    bytes
}

/// A FITS file of cards and data.
fn fits(cards: &[&str], data: &[u8]) -> Vec<u8> {
    let cards: String = cards.iter().chain(&["END"]).map(|card| format!("{card:<80}")).collect();
    let mut bytes = padded(&cards, 2880, data);
    bytes.resize(5760, 0);
    bytes
}

/// A TIFF of tags with one whole number each, then data.
fn tiff(tags: &[(u16, u32)], data: &[u8]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((tags.len() as u16).to_le_bytes());
    for (tag, value) in tags {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(4u16.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(data);
    bytes
}

const CARDS: [&str; 5] = ["SIMPLE  = T", "BITPIX  = 16", "NAXIS   = 2", "NAXIS1  = 3", "NAXIS2  = 2"];

fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[1, 2, 3, 4, 5, 6]).unwrap();
    writer.finish().unwrap();
    bytes
}

/// One sound file of each kind.
fn all() -> Vec<Sound> {
    let data = [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6];
    let tags = [(256, 3), (257, 2), (258, 8), (273, 86), (279, 6), (278, 2)];
    vec![
        Sound { name: "a.img", bytes: padded(PDS3, 300, &data), beside: vec![], spare: 0 },
        Sound { name: "a.xml", bytes: PDS4.into(), beside: vec![("a.dat", data.to_vec())], spare: 0 },
        Sound { name: "a.fit", bytes: fits(&CARDS, &data), beside: vec![], spare: 0 },
        Sound { name: "a.vic", bytes: padded(VICAR, 100, &data[..6]), beside: vec![], spare: 0 },
        Sound {
            name: "a.hdr",
            bytes: ENVI.into(),
            beside: vec![("a.img", data.to_vec())],
            spare: ENVI.len(),
        },
        Sound { name: "a.cub", bytes: padded(CUBE, 600, &[1; 24]), beside: vec![], spare: 8 },
        Sound { name: "a.tif", bytes: tiff(&tags, &data[..6]), beside: vec![], spare: 0 },
        Sound { name: "a.png", bytes: png(), beside: vec![], spare: 0 },
    ]
}

fn read(path: &Path) -> Result<(), ArchiveError> {
    read_image(path, &ImageOptions::default(), &Silent).map(|_| ())
}

#[test]
fn every_cut_of_every_kind_is_an_error_and_every_sound_file_is_read() {
    let mut tried = 0;
    for sound in all() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &sound);
        read(&path).unwrap();
        for length in 0..sound.bytes.len() - sound.spare {
            std::fs::write(&path, &sound.bytes[..length]).unwrap();
            assert!(read(&path).is_err(), "{} cut at {length}", sound.name);
            let _ = describe(&path, &Limits::default());
            tried += 1;
        }
        for (name, bytes) in &sound.beside {
            write(folder.path(), &sound);
            for length in 0..bytes.len() {
                std::fs::write(folder.path().join(name), &bytes[..length]).unwrap();
                assert!(read(&path).is_err(), "{name} cut at {length}");
                tried += 1;
            }
        }
    }
    println!("{tried} cut files tried");
}

#[test]
fn bytes_changed_anywhere_never_panic() {
    let mut tried = 0;
    for sound in all() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &sound);
        for at in 0..sound.bytes.len().min(700) {
            for byte in [0, b'9', 0xff] {
                let mut bytes = sound.bytes.clone();
                bytes[at] = byte;
                std::fs::write(&path, &bytes).unwrap();
                let limits = Limits { max_pixels: 1 << 20, ..Limits::default() };
                let _ = read_image(&path, &ImageOptions { limits, ..Default::default() }, &Silent);
                tried += 1;
            }
        }
    }
    println!("{tried} changed files tried");
}

/// Small files that claim sizes beyond any file; none may be believed, and none may take memory for it.
#[test]
fn absurd_sizes_are_refused_fast_before_memory_is_taken() {
    // The largest image the default limits allow, and one beyond them.
    let sizes =
        [("16384", "16384"), ("1000000000", "1000000000"), ("4294967295", "4294967295"), ("1", "268435456")];
    let mut tried = 0;
    for (samples, lines) in sizes {
        let number = |text: &str| text.parse::<u64>().unwrap() as u32;
        let (ns, nl) = (format!("NAXIS1  = {samples}"), format!("NAXIS2  = {lines}"));
        let cards = ["SIMPLE  = T", "BITPIX  = 16", "NAXIS   = 2", &ns, &nl];
        let text = |sound: &str, from: [&str; 2], to: [&str; 2]| {
            assert!(sound.contains(from[0]) && sound.contains(from[1]), "{from:?}");
            sound.replace(from[0], to[0]).replace(from[1], to[1])
        };
        let file = |name, bytes, beside| Sound { name, bytes, beside, spare: 0 };
        let pds3 = text(
            PDS3,
            ["LINE_SAMPLES = 3", "\nLINES = 2"],
            [&format!("LINE_SAMPLES = {samples}"), &format!("\nLINES = {lines}")],
        );
        let pds4 = text(
            PDS4,
            ["<elements>3<", "<elements>2<"],
            [&format!("<elements>{samples}<"), &format!("<elements>{lines}<")],
        );
        let cube = text(
            CUBE,
            ["Samples = 3", "Lines = 2\nB"],
            [&format!("Samples = {samples}"), &format!("Lines = {lines}\nB")],
        );
        let vicar = text(VICAR, ["NS=3", "NL=2"], [&format!("NS={samples}"), &format!("NL={lines}")]);
        let envi = text(
            ENVI,
            ["samples = 3", "lines = 2"],
            [&format!("samples = {samples}"), &format!("lines = {lines}")],
        );
        let mut files = vec![
            file("a.img", padded(&pds3, 300, &[0; 12]), vec![]),
            file("a.xml", pds4.into_bytes(), vec![("a.dat", vec![0; 12])]),
            file("a.fit", fits(&cards, &[0; 12]), vec![]),
            file("a.vic", padded(&vicar, 110, &[0; 6]), vec![]),
            file("a.hdr", envi.into_bytes(), vec![("a.img", vec![0; 12])]),
            file("a.cub", padded(&cube, 640, &[0; 24]), vec![]),
        ];
        for packing in [1, 5, 8, 32_773] {
            let tags = [
                (256, number(samples)),
                (257, number(lines)),
                (258, 8),
                (259, packing),
                (273, 98),
                (279, 6),
                (278, u32::MAX),
            ];
            files.push(file("a.tif", tiff(&tags, &[0; 6]), vec![]));
            let tiles = [
                (256, number(samples)),
                (257, number(lines)),
                (259, packing),
                (258, 8),
                (322, 16),
                (323, 16),
                (324, 110),
                (325, 6),
            ];
            files.push(file("a.tif", tiff(&tiles, &[0; 6]), vec![]));
        }
        let mut png = png();
        png[16..20].copy_from_slice(&number(samples).to_be_bytes());
        png[20..24].copy_from_slice(&number(lines).to_be_bytes());
        files.push(file("a.png", png, vec![]));
        for sound in files {
            let folder = tempfile::tempdir().unwrap();
            let path = write(folder.path(), &sound);
            let (start, before) = (Instant::now(), resident_kb());
            assert!(read(&path).is_err(), "{} of {samples} x {lines}", sound.name);
            let _ = describe(&path, &Limits::default());
            assert!(
                start.elapsed() < PATIENCE,
                "{} of {samples} x {lines}: {:?}",
                sound.name,
                start.elapsed()
            );
            let grown_kb = resident_kb().saturating_sub(before);
            assert!(grown_kb < 64_000, "{} of {samples} x {lines}: {grown_kb} kB more", sound.name);
            tried += 1;
        }
    }
    println!("{tried} absurd sizes tried");
}

/// Memory of this process, kB; 0 where the system does not tell.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn nesting_without_end_and_entities_are_refused() {
    let many = 200_000;
    let laughs: String =
        (1..30).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let files = [
        ("a.lbl", format!("PDS_VERSION_ID = PDS3\n{}", "GROUP = A\n".repeat(many))),
        ("b.lbl", format!("PDS_VERSION_ID = PDS3\n{}", "OBJECT = IMAGE\n".repeat(many))),
        ("c.lbl", format!("PDS_VERSION_ID = PDS3\nA = {}", "(".repeat(many))),
        ("d.lbl", format!("PDS_VERSION_ID = PDS3\nA = {}", "{".repeat(many))),
        ("e.cub", format!("Object = IsisCube\n{}", "Group = A\n".repeat(many))),
        ("f.xml", format!("<?xml version=\"1.0\"?>{}", "<a>".repeat(many))),
        ("g.xml", format!("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY l0 \"lol\">{laughs}]><a>&l29;</a>")),
        (
            "h.xml",
            "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>"
                .into(),
        ),
        ("i.xml", "<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"http://127.0.0.1/a.dtd\"><a/>".into()),
        ("j.xml", "<?xml version=\"1.0\"?><a>&undefined;</a>".into()),
    ];
    for (name, text) in &files {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let start = Instant::now();
        let error = describe(&path, &Limits::default()).unwrap_err();
        assert!(matches!(error, ArchiveError::Format { .. }), "{name}: {error}");
        assert!(start.elapsed() < PATIENCE, "{name}: {:?}", start.elapsed());
    }
    println!("{} bombs tried", files.len());
}

/// Labels that name their data, with the place of the name.
fn naming(name: &str) -> Vec<Sound> {
    let pds3 = PDS3.replace("301 <BYTES>", &format!("\"{name}\""));
    let core = CUBE.replace("StartByte = 601", &format!("StartByte = 1\n^Core = \"{name}\""));
    let file =
        |label, bytes: String| Sound { name: label, bytes: bytes.into_bytes(), beside: vec![], spare: 0 };
    vec![file("a.lbl", pds3), file("a.xml", PDS4.replace("a.dat", name)), file("b.lbl", core)]
}

#[test]
fn labels_that_climb_out_of_their_folder_are_refused() {
    let names = [
        "../secret.dat",
        "..",
        "x/../../secret.dat",
        "./../secret.dat",
        "/etc/passwd",
        "..\\secret.dat",
        "x\\secret.dat",
        "C:\\secret.dat",
        "C:secret.dat",
        "\\\\host\\share\\secret.dat",
        "file:///etc/passwd",
        "secret.dat\0.img",
    ];
    let mut tried = 0;
    for name in names {
        for sound in naming(name) {
            let outer = tempfile::tempdir().unwrap();
            std::fs::write(outer.path().join("secret.dat"), [0; 1000]).unwrap();
            let folder = outer.path().join("inner");
            std::fs::create_dir_all(folder.join("x")).unwrap();
            let path = write(&folder, &sound);
            let error = read(&path).unwrap_err();
            assert!(matches!(error, ArchiveError::Format { .. }), "{name} in {}: {error}", sound.name);
            let out = folder.join("out.fits");
            assert!(convert(&path, &out, &ImageOptions::default(), &Silent).is_err() && !out.exists());
            tried += 1;
        }
    }
    println!("{tried} labels that climb tried");
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_folder_of_a_label_are_refused() {
    let outer = tempfile::tempdir().unwrap();
    std::fs::write(outer.path().join("secret.dat"), [0; 1000]).unwrap();
    let folder = outer.path().join("inner");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("real.dat"), [0; 1000]).unwrap();
    std::os::unix::fs::symlink(outer.path().join("secret.dat"), folder.join("link.dat")).unwrap();
    std::os::unix::fs::symlink(outer.path(), folder.join("up")).unwrap();
    std::os::unix::fs::symlink("real.dat", folder.join("within.dat")).unwrap();
    let mut tried = 0;
    for name in ["link.dat", "up/secret.dat", "LINK.DAT"] {
        for sound in naming(name) {
            let error = read(&write(&folder, &sound)).unwrap_err();
            assert!(matches!(error, ArchiveError::Format { .. }), "{name} in {}: {error}", sound.name);
            tried += 1;
        }
    }
    for sound in naming("within.dat") {
        read(&write(&folder, &sound)).unwrap();
    }
    println!("{tried} labels with links tried");
}
