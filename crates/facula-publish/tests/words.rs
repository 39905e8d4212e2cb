// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is said and how much room it takes: the report's sections, odd sizes, long lists and long words.
#![allow(clippy::unwrap_used)]

use facula_core::{LonLat, MapGrid, PixelPos, Raster};
use facula_publish::*;
use proptest::prelude::*;

/// A paragraph nobody should write as a title.
const LONG: &str = "Bright spots of the dwarf planet Ceres, measured through the terminator in every frame of the approach \
                    and of the first science orbit, with everything that is known about them in one single line of text";

fn report() -> Report {
    let figure = ReportFigure {
        image: Media::Gif(b"GIF89a\xe0\x01\x17\x02".to_vec()),
        caption: "The spots cross the terminator.".into(),
        alt: "Ceres turning".into(),
    };
    let table = Table {
        title: "Spots".into(),
        columns: ["Name", "Latitude, °", "ln B"].map(String::from).to_vec(),
        rows: [["Oxo", "42.2", "\u{2212}3.1"], ["Haulani", "5.8", "–"]]
            .map(|r| r.map(String::from).to_vec())
            .to_vec(),
        note: "Planetocentric.".into(),
    };
    Report {
        title: "Ceres".into(),
        headline: "The spots reflect sunlight.".into(),
        facts: vec![Fact::new("Frames", "60 of 60")],
        verdict: Section { paragraphs: vec!["40 of 42 reflect.".into()], ..Section::default() },
        figures: vec![figure],
        tables: vec![table],
        recovery: Section { facts: vec![Fact::new("Found", "100 %")], ..Section::default() },
        limits: vec!["Ice and salt look alike in clear light.".into()],
        warnings: vec!["frame 17: 3 saturated pixels".into()],
        method: Section { facts: vec![Fact::new("Constants", "dawn_ceres_v06")], ..Section::default() },
        footer: "facula 0.1.0".into(),
    }
}

#[test]
fn sections_come_in_the_order_a_reader_asks() {
    let page = report_html(&report());
    let order = [
        "<h1>Ceres</h1>",
        "The spots reflect sunlight.",
        "Key numbers",
        "Verdict",
        "Figures",
        "Spots",
        "Recovery of the truth",
        "What this cannot decide",
        "Warnings",
        "How it was made",
        "facula 0.1.0",
    ];
    let places: Vec<usize> = order.iter().map(|text| page.find(text).expect(text)).collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
}

#[test]
fn flight_data_have_no_recovery_section() {
    let page = report_html(&Report { recovery: Section::default(), warnings: Vec::new(), ..report() });
    assert!(!page.contains("Recovery of the truth") && !page.contains("Warnings"));
}

#[test]
fn columns_of_numbers_are_set_flush_right_and_others_not() {
    let page = report_html(&report());
    assert!(page.contains("<th scope=\"col\" class=\"number\">Latitude, °</th>"));
    // A dash for a value that is missing does not turn a column of numbers into one of words.
    assert!(page.contains("<td class=\"number\">–</td>"));
    assert!(page.contains("<td>Oxo</td>"));
}

#[test]
fn images_carry_their_size_and_words_for_those_who_cannot_see_them() {
    let page = report_html(&report());
    assert!(page.contains(
        "<img alt=\"Ceres turning\" width=\"480\" height=\"535\" src=\"data:image/gif;base64,R0lG"
    ));
    assert!(page.contains("<figcaption>The spots cross the terminator.</figcaption>"));
    assert!(page.contains("lang=\"en\"") && page.contains("name=\"viewport\""));
}

#[test]
fn long_titles_are_shortened_and_long_captions_wrapped() {
    let image = Raster::filled(16, 16, 0.5);
    let height = |title: &str, caption: &str| {
        let mut figure = FrameFigure::new(&image);
        (figure.title, figure.caption) = (title.into(), caption.into());
        annotated_frame(&figure).unwrap().height
    };
    assert_eq!(height("Ceres", ""), height(LONG, ""), "a title has one line");
    let (one, many) = (height("", "Ceres."), height("", &LONG.repeat(4)));
    assert!(many > one + 100, "{one} {many}");
    assert!(height("", &"x".repeat(5000)) <= one + 40, "a single endless word has one line");
}

#[test]
fn pages_that_would_be_endless_are_refused_with_their_size() {
    let values = Raster::filled(1, 200, 0.0);
    let grid = MapGrid { width: 1, height: 200, west_rad: 0.0, north_rad: 0.1, step_rad: 0.001 };
    let error = map_figure(&MapFigure::new(&values, grid, 470.0)).unwrap_err();
    assert!(matches!(error, PublishError::Limit { .. }), "{error}");
    assert!(error.to_string().contains("64000000"), "{error}");
}

#[test]
fn narrow_and_tall_frames_fit_the_page() {
    for (width, height) in [(1, 1), (1, 3000), (3000, 1), (64, 1024)] {
        let image = Raster::filled(width, height, 0.5);
        let png = annotated_frame(&FrameFigure::new(&image)).unwrap();
        assert_eq!(png.width, 1600);
        assert!(png.height < 1800, "{width} x {height}: {}", png.height);
    }
}

fn spot(number: usize) -> SpotPanel {
    SpotPanel {
        name: format!("Spot {number}"),
        place: LonLat::from_degrees(239.6, 19.7),
        ln_bayes: Some(number as f64 * 10.0),
        points: vec![CurvePoint { abscissa: 1.0, iof: 0.1, sigma: 0.01 }],
        reflecting: Vec::new(),
        self_luminous: Vec::new(),
        night: Vec::new(),
    }
}

#[test]
fn panels_fill_rows_and_stop_at_six() {
    let height = |count: usize| {
        let figure = LightCurvesFigure {
            title: "Light curves".into(),
            subtitle: String::new(),
            caption: String::new(),
            axis: CurveAxis::HoursAfter { utc: "2015-05-04T00:00:00".into() },
            spots: (0..count).map(spot).collect(),
        };
        light_curves_figure(&figure).unwrap().height
    };
    assert_eq!(height(1), height(2));
    assert_eq!(height(3), height(4));
    assert_eq!(height(5), height(6));
    assert_eq!(height(6), height(60));
    assert!(height(3) > height(2));
}

#[test]
fn four_recovery_panels_take_two_rows() {
    let pair = RecoveryPair { truth: 1.0, measured: 1.01, sigma: 0.02 };
    let panel = |title: &str| RecoveryPanel { title: title.into(), unit: "I/F".into(), pairs: vec![pair; 3] };
    let height = |count: usize, errors: &[f64]| {
        let figure = RecoveryFigure {
            panels: ["Contrast", "Albedo", "Flux", "More"][..count].iter().map(|t| panel(t)).collect(),
            position_errors_px: errors.to_vec(),
            ..RecoveryFigure::default()
        };
        recovery_figure(&figure).unwrap().height
    };
    assert!(height(3, &[0.1]) > height(3, &[]) + 400);
    assert_eq!(height(4, &[]), height(3, &[]), "a fourth panel is not drawn");
    assert!(height(0, &[0.1, 0.3]) > 600);
}

#[test]
fn crowded_maps_leave_labels_out_and_tell_how_many() {
    let values = Raster::filled(36, 18, 0.5);
    let height = |count: usize| {
        let mut figure = MapFigure::new(&values, MapGrid::global(18), 470.0);
        figure.caption = LONG.into();
        figure.markers = (0..count)
            .map(|i| MapMarker {
                place: LonLat::from_degrees(200.0 + 0.01 * i as f64, 10.0),
                name: format!("A rather long name of spot {i}"),
                diameter_km: 10.0,
                contrast: 2.0,
            })
            .collect();
        map_figure(&figure).unwrap().height
    };
    // The sentence about the labels left out needs room.
    assert!(height(300) >= height(2));
}

#[test]
fn marks_outside_the_view_are_not_an_error() {
    let image = Raster::filled(32, 32, 0.5);
    let mut figure = FrameFigure::new(&image);
    let bare = annotated_frame(&figure).unwrap();
    figure.markers = [(-50.0, 3.0), (500.0, 500.0), (f64::NAN, 0.0)]
        .map(|(x_px, y_px)| Marker { at: PixelPos::new(x_px, y_px), label: "outside".into() })
        .to_vec();
    assert_eq!(annotated_frame(&figure).unwrap(), bare);
}

#[test]
fn the_stretch_follows_its_options() {
    let ramp: Vec<f32> = (0..64 * 64).map(|i| if i < 8 { 640.0 } else { (i % 64) as f32 }).collect();
    let image = Raster::from_vec(64, 64, ramp).unwrap();
    let bytes = |stretch: Stretch| {
        let figure = FrameFigure { stretch, ..FrameFigure::new(&image) };
        annotated_frame(&figure).unwrap().bytes
    };
    let usual = bytes(Stretch::default());
    for odd in [
        Stretch { gamma: 2.2, ..Stretch::default() },
        Stretch { gamma: 0.0, ..Stretch::default() },
        Stretch { low_percentile: f64::NAN, high_percentile: -5.0, ..Stretch::default() },
        Stretch { shoulder_fraction: 7.0, ..Stretch::default() },
    ] {
        assert!(bytes(odd) != usual, "{odd:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_words_give_a_page_without_foreign_markup(text in "\\PC{0,60}|[<>&\"'/a-z =\\x00-\\x1f]{0,60}") {
        let plain = report_html(&report());
        let mut odd = report();
        odd.title = text.clone();
        odd.headline = text.clone();
        odd.limits = vec![text.clone()];
        odd.tables[0].rows[0][0] = text.clone();
        odd.figures[0].alt = text.clone();
        odd.method.facts[0] = Fact::new(text.clone(), text);
        let page = report_html(&odd);
        let tags = |page: &str| page.matches('<').count();
        // An empty headline leaves its paragraph out; a word among numbers only changes a class.
        prop_assert!(tags(&page) <= tags(&plain) && tags(&page) + 2 >= tags(&plain));
        let clean = !page.contains(char::from(0)) && page.ends_with("</html>\n");
        prop_assert!(clean);
    }
}
