// SPDX-License-Identifier: MIT OR Apache-2.0
//! The products as a user gets them: they decode, are the same bytes twice and under any number of threads, hold no
//! outside reference, and hostile words stay words.
#![allow(clippy::unwrap_used)]

use facula_core::{LonLat, MapGrid, PixelPos, Raster};
use facula_publish::*;
use proptest::prelude::*;

const HOSTILE: &str = "</text><script src=\"http://evil.example/x.js\">&amp;'\u{0}\u{7}漢字";

/// A lit sphere with a bright spot, 0.02 to 0.3 in I/F.
fn sphere(size: usize, sun: f32) -> Raster<f32> {
    let at = |i: usize| 2.2 * (i as f32 + 0.5) / size as f32 - 1.1;
    let value = |i: usize| {
        let (x, y) = (at(i % size), at(i / size));
        let rest = 1.0 - x * x - y * y;
        let lit = x * sun.sin() + rest.max(0.0).sqrt() * sun.cos();
        let albedo = if (x - 0.2).hypot(y + 0.3) < 0.03 { 0.3 } else { 0.05 };
        if rest > 0.0 { albedo * lit.max(0.0) } else { 0.0 }
    };
    Raster::from_vec(size, size, (0..size * size).map(value).collect()).unwrap()
}

fn frame(image: &Raster<f32>) -> FrameFigure<'_> {
    let circle = |i: i32| {
        let angle = f64::from(i) / 20.0 * std::f64::consts::PI;
        PixelPos::new(63.5 + 58.0 * angle.cos(), 63.5 + 58.0 * angle.sin())
    };
    let limb: Vec<PixelPos> = (0..=40).map(circle).collect();
    let point = |p: &PixelPos| LimbPoint { at: *p, residual_px: 0.1, use_in_fit: LimbUse::Used };
    FrameFigure {
        title: HOSTILE.into(),
        subtitle: HOSTILE.into(),
        caption: HOSTILE.into(),
        scale_m_px: 1270.0,
        limb_points: limb.iter().map(point).collect(),
        limb_model: vec![limb.clone()],
        graticule: vec![vec![PixelPos::new(f64::NAN, 1.0), PixelPos::new(1e300, -1e300)], limb],
        markers: vec![Marker { at: PixelPos::new(75.0, 46.0), label: HOSTILE.into() }],
        ..FrameFigure::new(image)
    }
}

fn map(values: &Raster<f32>) -> MapFigure<'_> {
    let marker = |longitude_deg: f64| MapMarker {
        place: LonLat::from_degrees(longitude_deg, 19.7),
        name: HOSTILE.into(),
        diameter_km: 14.0,
        contrast: longitude_deg / 100.0,
    };
    MapFigure {
        quantity: HOSTILE.into(),
        markers: (0..12).map(|i| marker(f64::from(i) * 30.0)).collect(),
        ..MapFigure::new(values, MapGrid::global(60), 470.0)
    }
}

fn animation(count: usize, size: usize) -> Vec<AnimationFrame> {
    let one = |i: usize| AnimationFrame {
        image: sphere(size, i as f32 / count as f32 * 3.0 - 1.5),
        caption: format!("frame {i} {HOSTILE}"),
        marks: vec![AnimationMark::named(PixelPos::new(0.59 * size as f64, 0.36 * size as f64), "Spot 5")],
    };
    (0..count).map(one).collect()
}

fn report() -> Report {
    let image = sphere(128, 0.5);
    let figure = ReportFigure {
        image: Media::Png(annotated_frame(&frame(&image)).unwrap().bytes),
        caption: HOSTILE.into(),
        alt: HOSTILE.into(),
    };
    let section = Section {
        paragraphs: vec![HOSTILE.into()],
        facts: vec![Fact::new(HOSTILE, HOSTILE)],
        figures: vec![figure.clone()],
    };
    let table = Table {
        title: HOSTILE.into(),
        columns: vec![HOSTILE.into(), "n".into()],
        rows: vec![vec![HOSTILE.into(), "1.5 ± 0.2".into()]; 70],
        note: HOSTILE.into(),
    };
    Report {
        title: HOSTILE.into(),
        headline: HOSTILE.into(),
        facts: vec![Fact::new(HOSTILE, HOSTILE)],
        verdict: section.clone(),
        figures: vec![figure],
        tables: vec![table],
        recovery: section.clone(),
        limits: vec![HOSTILE.into()],
        warnings: vec![HOSTILE.into(); 20],
        method: section,
        footer: HOSTILE.into(),
    }
}

/// The bytes of one product of each kind.
fn products() -> Vec<Vec<u8>> {
    let (image, values) = (sphere(128, 0.5), sphere(120, 0.2));
    let values = Raster::from_vec(120, 60, values.as_slice()[..7200].to_vec()).unwrap();
    vec![
        annotated_frame(&frame(&image)).unwrap().bytes,
        map_figure(&map(&values)).unwrap().bytes,
        terminator_gif(&animation(4, 96), &AnimationOptions::default()).unwrap(),
        // Two groups of frames between key frames.
        terminator_mp4(&animation(26, 64), &AnimationOptions { width_px: 96, ..AnimationOptions::default() })
            .unwrap(),
        report_html(&report()).into_bytes(),
    ]
}

/// The decoded samples of a PNG.
fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut samples).unwrap();
    samples
}

#[test]
fn products_are_the_same_bytes_under_any_number_of_threads() {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let once = pool(1).install(products);
    assert_eq!(once, pool(1).install(products));
    assert_eq!(once, pool(3).install(products));
}

#[test]
fn frames_decode_and_show_a_gradation_not_a_white_disc() {
    let image = sphere(128, 0.5);
    let png = annotated_frame(&FrameFigure::new(&image)).unwrap();
    let samples = decode(&png.bytes);
    assert_eq!(samples.len(), png.width as usize * png.height as usize * 3);
    let saturated = samples.iter().filter(|v| **v == 255).count();
    let middle = samples.iter().filter(|v| (60..230).contains(*v)).count();
    assert!(saturated * 50 < samples.len() && middle * 4 > samples.len(), "{saturated} {middle}");
}

#[test]
fn the_animation_decodes_with_its_frames_and_delay_and_loops() {
    let options = AnimationOptions { delay_ms: 320, ..AnimationOptions::default() };
    let bytes = terminator_gif(&animation(7, 120), &options).unwrap();
    let mut decoder = gif::DecodeOptions::new().read_info(bytes.as_slice()).unwrap();
    let mut count = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!(frame.delay, 32);
        assert_eq!(u32::from(frame.width), options.width_px);
        count += 1;
    }
    assert_eq!(count, 7);
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
}

#[test]
fn twenty_four_frames_of_480_pixels_stay_within_three_megabytes() {
    let frames: Vec<AnimationFrame> = animation(24, 480);
    let bytes = terminator_gif(&frames, &AnimationOptions::default()).unwrap();
    assert!(bytes.len() <= 3_000_000, "{}", bytes.len());
}

#[test]
fn a_budget_no_animation_can_meet_is_an_error_that_names_it() {
    let options = AnimationOptions { max_bytes: 1000, ..AnimationOptions::default() };
    let error = terminator_gif(&animation(3, 96), &options).unwrap_err();
    assert!(matches!(error, PublishError::Limit { limit: 1000, .. }), "{error}");
}

#[test]
fn impossible_animations_are_refused() {
    let refused =
        |frames: &[AnimationFrame], options: AnimationOptions| terminator_gif(frames, &options).unwrap_err();
    assert!(matches!(refused(&[], AnimationOptions::default()), PublishError::Argument { .. }));
    let mut hollow = animation(2, 32);
    hollow[1].image = Raster::filled(0, 5, 0.0);
    assert!(matches!(refused(&hollow, AnimationOptions::default()), PublishError::Argument { .. }));
    let wide = AnimationOptions { width_px: 100_000, ..AnimationOptions::default() };
    assert!(matches!(refused(&animation(1, 32), wide), PublishError::Limit { .. }));
    let mut dark = animation(2, 32);
    dark[0].image = Raster::filled(32, 32, f32::NAN);
    dark[1].image = Raster::filled(8, 64, f32::INFINITY);
    assert!(terminator_gif(&dark, &AnimationOptions::default()).is_ok());
}

/// Opening and closing tags in order; elements without an end tag aside.
fn check_balance(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("every tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap();
        match tag {
            _ if ["!DOCTYPE", "meta", "img"].contains(&name) => {}
            closing if closing.starts_with('/') => assert_eq!(open.pop(), Some(name), "closing {name}"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn the_report_is_balanced_and_self_contained() {
    let page = report_html(&report());
    check_balance(&page);
    check_balance(&report_html(&Report::default()));
    for outside in
        ["src=\"http", "href=", "url(", "@import", "<script", "<link", "<iframe", "onerror=", "\u{0}"]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("&lt;script src=&quot;http://evil.example"));
    assert_eq!(page.matches("<img alt=\"").count(), page.matches("src=\"data:image/").count());
    assert!(
        page.contains("70 rows")
            && page.contains("prefers-color-scheme: dark")
            && page.contains("@media print")
    );
}

#[test]
fn a_figure_is_written_whole_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verdict.png");
    let figure = VerdictFigure {
        rows: vec![VerdictRow { label: HOSTILE.into(), ln_bayes: 3.0 }],
        ..VerdictFigure::default()
    };
    verdict_figure(&figure).unwrap().write(&path).unwrap();
    decode(&std::fs::read(&path).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_real_frame_of_vesta_is_drawn_without_saturation() {
    let name = "a_real_frame_of_vesta_is_drawn_without_saturation";
    let file =
        facula_testkit::data_folder().map(|f| f.join("vesta-approach/FC21A0002962_11198033947F1H.png"));
    let Some(bytes) = file.and_then(|path| std::fs::read(path).ok()) else {
        facula_testkit::skip(name, "no flight data");
        return;
    };
    let samples = decode(&bytes);
    let channels = samples.len() / (1024 * 1024);
    let values = samples.chunks(channels).map(|pixel| f32::from(pixel[0]) / 255.0).collect();
    let image = Raster::from_vec(1024, 1024, values).unwrap();
    let drawn = decode(&annotated_frame(&FrameFigure::new(&image)).unwrap().bytes);
    let body = drawn.iter().filter(|v| **v > 40).count();
    let saturated = drawn.iter().filter(|v| **v > 250).count();
    assert!(saturated * 100 < body, "{saturated} of {body} samples near white");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn no_value_makes_a_figure_panic(values in proptest::collection::vec(proptest::num::f32::ANY, 36),
                                     scale in proptest::num::f64::ANY, x in proptest::num::f64::ANY) {
        let image = Raster::from_vec(6, 6, values.clone()).unwrap();
        let mut figure = frame(&image);
        figure.scale_m_px = scale;
        figure.markers[0].at = PixelPos::new(x, scale);
        figure.limb_model[0][0] = PixelPos::new(scale, x);
        figure.limb_points[0] = LimbPoint { at: PixelPos::new(x, x), residual_px: scale, use_in_fit: LimbUse::Rejected };
        prop_assert!(annotated_frame(&figure).is_ok());
        let pair = |v: &f32| RecoveryPair { truth: f64::from(*v), measured: scale, sigma: x };
        let panel = RecoveryPanel { title: "t".into(), unit: "u".into(), pairs: values.iter().map(pair).collect() };
        let recovery = RecoveryFigure { panels: vec![panel], position_errors_px: vec![scale, x], ..Default::default() };
        prop_assert!(recovery_figure(&recovery).is_ok());
        let spot = SpotPanel {
            name: "s".into(),
            place: LonLat { longitude_rad: x, latitude_rad: scale },
            ln_bayes: Some(x),
            points: values.iter().map(|v| CurvePoint { abscissa: f64::from(*v), iof: scale, sigma: x }).collect(),
            reflecting: values.iter().map(|v| ModelPoint { abscissa: f64::from(*v), iof: scale }).collect(),
            self_luminous: Vec::new(),
            night: vec![(x, scale)],
        };
        let curves = LightCurvesFigure {
            title: String::new(), subtitle: String::new(), caption: String::new(),
            axis: CurveAxis::IncidenceDeg, spots: vec![spot],
        };
        prop_assert!(light_curves_figure(&curves).is_ok());
        let verdict = VerdictFigure {
            rows: vec![VerdictRow { label: "a".into(), ln_bayes: x }, VerdictRow { label: "b".into(), ln_bayes: scale }],
            decisive_ln_bayes: f64::from(values[0]),
            ..Default::default()
        };
        prop_assert!(verdict_figure(&verdict).is_ok());
        let residual = |v: &f32| LimbResidual { position_angle_deg: x, residual_px: f64::from(*v), use_in_fit: LimbUse::Used };
        let _ = limb_residual_figure(&LimbFigure { points: values.iter().map(residual).collect(), ..Default::default() });
        let mut map = map(&image);
        map.grid = MapGrid { width: 6, height: 6, west_rad: x.clamp(-10.0, 10.0), north_rad: 1.0, step_rad: 0.1 };
        map.range = Some((x, scale));
        map.markers[0].diameter_km = scale;
        map.markers[1].contrast = x;
        prop_assert!(map_figure(&map).is_ok());
    }
}
