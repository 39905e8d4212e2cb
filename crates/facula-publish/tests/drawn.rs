// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is drawn where: pixels of finished figures are probed, so that a flipped sign, a swapped axis or a shifted
//! overlay fails a test. Layout facts used here: pages are 1600 px wide with margins of 48 px, and without a title and
//! a subtitle the figure begins 58 px from the top.
#![allow(clippy::unwrap_used)]

use facula_core::{LonLat, MapGrid, PixelPos, Raster};
use facula_publish::*;

const MARGIN: f64 = 48.0;
const TOP: f64 = 58.0;
const WHITE: [u8; 3] = [255, 255, 255];
const ORANGE: [u8; 3] = [230, 159, 0];
const SKY: [u8; 3] = [86, 180, 233];
const BLUE: [u8; 3] = [0, 114, 178];
const VERMILLION: [u8; 3] = [213, 94, 0];
const GREEN: [u8; 3] = [0, 158, 115];
/// Colours are compared to within this much per channel: half-transparent lines and antialiasing change them.
const COLOUR_TOLERANCE: i16 = 40;

/// A decoded figure.
struct Drawn {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Drawn {
    fn of(png: &Png) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png.bytes)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut rgb).unwrap();
        let (width, height) = (png.width as usize, png.height as usize);
        Self { width, height, rgb }
    }

    fn at(&self, x: f64, y: f64) -> [u8; 3] {
        let index = (y.floor() as usize * self.width + x.floor() as usize) * 3;
        self.rgb[index..index + 3].try_into().unwrap()
    }

    /// Every place with a colour.
    fn places(&self, colour: [u8; 3]) -> Vec<(f64, f64)> {
        let pixels = self.rgb.chunks(3).enumerate().filter(|(_, c)| like(c, colour));
        pixels.map(|(i, _)| ((i % self.width) as f64 + 0.5, (i / self.width) as f64 + 0.5)).collect()
    }

    /// Whether a colour occurs within two pixels of a place.
    fn near(&self, (x, y): (f64, f64), colour: [u8; 3]) -> bool {
        let steps = || (-2..=2).map(f64::from);
        steps().any(|dx| steps().any(|dy| like(&self.at(x + dx, y + dy), colour)))
    }
}

fn like(found: &[u8], wanted: [u8; 3]) -> bool {
    found.iter().zip(wanted).all(|(a, b)| (i16::from(*a) - i16::from(b)).abs() <= COLOUR_TOLERANCE)
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().sum::<f64>() / values.count().max(1) as f64
}

/// A whole dark frame of 64 px: 1504 / 64 = 23.5 page pixels each.
fn dark() -> Raster<f32> {
    Raster::filled(64, 64, 0.0)
}

const ZOOM: f64 = 23.5;

/// The page position of a pixel position of [`dark`].
fn on_page(x_px: f64, y_px: f64) -> (f64, f64) {
    (MARGIN + (x_px + 0.5) * ZOOM, TOP + (y_px + 0.5) * ZOOM)
}

#[test]
fn a_bright_pixel_of_a_frame_is_drawn_at_its_sample_and_line() {
    let mut image = dark();
    image.set(10, 20, 1.0);
    let drawn = Drawn::of(&annotated_frame(&FrameFigure::new(&image)).unwrap());
    let (x, y) = on_page(10.0, 20.0);
    assert!(drawn.at(x, y)[0] > 200);
    let (x, y) = on_page(20.0, 10.0);
    assert!(drawn.at(x, y)[0] < 20);
    let bright: Vec<_> = drawn.places(WHITE).into_iter().filter(|p| p.1 < 1500.0).collect();
    let (x, y) = on_page(10.0, 20.0);
    let centre = (mean(bright.iter().map(|p| p.0)), mean(bright.iter().map(|p| p.1)));
    assert!((centre.0 - x).abs() < 0.6 && (centre.1 - y).abs() < 0.6, "{centre:?} for {x} {y}");
}

#[test]
fn limb_points_lines_and_marks_lie_where_their_pixels_are() {
    let image = dark();
    let mut figure = FrameFigure::new(&image);
    figure.view = FrameView::Whole;
    figure.limb_model = vec![vec![PixelPos::new(5.0, 30.0), PixelPos::new(25.0, 30.0)]];
    let point = |x_px, use_in_fit| LimbPoint { at: PixelPos::new(x_px, 50.0), residual_px: 0.0, use_in_fit };
    figure.limb_points = vec![point(30.0, LimbUse::Used), point(40.0, LimbUse::Rejected)];
    figure.markers = vec![Marker { at: PixelPos::new(50.0, 12.0), label: "Oxo".into() }];
    let drawn = Drawn::of(&annotated_frame(&figure).unwrap());
    assert!(drawn.near(on_page(15.0, 30.0), ORANGE) && !drawn.near(on_page(35.0, 30.0), ORANGE));
    assert!(drawn.near(on_page(30.0, 50.0), SKY));
    assert!(drawn.near(on_page(40.0, 50.0), VERMILLION));
    let (x, y) = on_page(50.0, 12.0);
    for (dx, dy) in [(13.0, 0.0), (-13.0, 0.0), (0.0, 13.0), (0.0, -13.0)] {
        assert!(drawn.near((x + dx, y + dy), WHITE), "ring at {dx} {dy}");
    }
    let label = drawn.places(WHITE).into_iter().filter(|p| p.0 > x + 20.0 && (p.1 - y).abs() < 15.0);
    assert!(label.count() > 50, "label right of the ring");
}

#[test]
fn the_scale_bar_is_as_long_as_it_says() {
    let image = dark();
    let mut figure = FrameFigure::new(&image);
    figure.scale_m_px = 1000.0;
    let drawn = Drawn::of(&annotated_frame(&figure).unwrap());
    // A sixth of 64 px of 1 km is 10.7 km, so the bar is 10 km: 235 px.
    let y = TOP + 1504.0 - 36.0;
    let bar = drawn.places(WHITE).into_iter().filter(|p| (p.1 - y).abs() < 1.0);
    let (left, right) = bar.fold((f64::MAX, f64::MIN), |(l, r), p| (l.min(p.0), r.max(p.0)));
    assert!((right - left - 235.0).abs() < 8.0, "{left} {right}");
    let bare = Drawn::of(&annotated_frame(&FrameFigure::new(&image)).unwrap());
    assert!(bare.places(WHITE).is_empty());
}

#[test]
fn the_view_closes_in_on_the_body() {
    let mut image = Raster::filled(1024, 1024, 0.0);
    for line in 400..440 {
        image.as_mut_slice()[line * 1024 + 400..line * 1024 + 440].fill(1.0);
    }
    let whole = Drawn::of(&annotated_frame(&FrameFigure::new(&image)).unwrap());
    let mut figure = FrameFigure::new(&image);
    let corner = |x_px, y_px| PixelPos::new(x_px, y_px);
    figure.limb_model = vec![vec![corner(400.0, 400.0), corner(439.0, 400.0), corner(439.0, 439.0)]];
    let close = Drawn::of(&annotated_frame(&figure).unwrap());
    let lit = |drawn: &Drawn| drawn.rgb.chunks(3).filter(|c| c[0] > 150 && c[2] > 150).count();
    assert!(lit(&close) > 100 * lit(&whole), "{} {}", lit(&close), lit(&whole));
}

#[test]
fn pixels_without_data_differ_from_dark_ones() {
    let mut image = Raster::filled(4, 4, 0.0);
    image.set(3, 0, f32::NAN);
    image.set(0, 3, 1.0);
    let drawn = Drawn::of(&annotated_frame(&FrameFigure::new(&image)).unwrap());
    let cell = |sample: f64, line: f64| drawn.at(MARGIN + (sample + 0.5) * 376.0, TOP + (line + 0.5) * 376.0);
    assert_eq!(cell(3.0, 0.0), [36, 40, 47]);
    assert_eq!(cell(1.0, 1.0), [0, 0, 0]);
}

/// Left edge and size of a whole-body map on the page.
const MAP: (f64, f64, f64) = (112.0, 1440.0, 720.0);

#[test]
fn maps_have_north_up_and_east_right() {
    let values = Raster::from_vec(4, 2, vec![0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]).unwrap();
    let mut figure = MapFigure::new(&values, MapGrid::global(2), 470.0);
    figure.range = Some((0.0, 1.0));
    let drawn = Drawn::of(&map_figure(&figure).unwrap());
    for (cell, value) in values.as_slice().iter().enumerate() {
        // A little off the centre, where a line of the graticule is not.
        let x = MAP.0 + ((cell % 4) as f64 + 0.5) / 4.0 * MAP.1 + 7.0;
        let y = TOP + ((cell / 4) as f64 + 0.5) / 2.0 * MAP.2 + 7.0;
        let expected = f64::from(*value) * 255.0;
        // Interpolation between cell centres moves 7 px of 360: up to 0.01 of the range.
        assert!((f64::from(drawn.at(x, y)[0]) - expected).abs() < 4.0, "cell {cell}: {:?}", drawn.at(x, y));
    }
}

#[test]
fn the_colour_bar_runs_from_low_to_high_in_the_colours_of_the_map() {
    let values = Raster::from_vec(4, 2, vec![0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]).unwrap();
    let mut figure = MapFigure::new(&values, MapGrid::global(2), 470.0);
    (figure.range, figure.colours) = (Some((0.0, 1.0)), ColourMap::BlueYellow);
    let drawn = Drawn::of(&map_figure(&figure).unwrap());
    let y = TOP + MAP.2 + 40.0 + 22.0 + 11.0;
    assert!(like(&drawn.at(MAP.0 + 3.0, y), [0, 32, 77]), "{:?}", drawn.at(MAP.0 + 3.0, y));
    let right = MAP.0 + (MAP.1 * 0.36).round() - 4.0;
    assert!(like(&drawn.at(right, y), [255, 234, 70]), "{:?}", drawn.at(right, y));
    assert!(like(&drawn.at(MAP.0 + 20.0, TOP + 100.0), [0, 32, 77]));
    assert!(like(&drawn.at(MAP.0 + 20.0, TOP + 650.0), [255, 234, 70]));
}

#[test]
fn spots_lie_at_their_longitude_on_maps_that_begin_anywhere() {
    let values = Raster::filled(360, 180, 0.0);
    for west_deg in [0.0f64, -180.0, 100.0] {
        let grid = MapGrid { west_rad: west_deg.to_radians(), ..MapGrid::global(180) };
        let mut figure = MapFigure::new(&values, grid, 470.0);
        figure.markers = vec![MapMarker {
            place: LonLat::from_degrees(239.6, 19.7),
            name: String::new(),
            diameter_km: 60.0,
            contrast: 3.0,
        }];
        let drawn = Drawn::of(&map_figure(&figure).unwrap());
        let x = MAP.0 + (239.6 - west_deg).rem_euclid(360.0) * 4.0;
        let y = TOP + (90.0 - 19.7) * 4.0;
        let radius = 30.0 / (std::f64::consts::TAU * 470.0) * MAP.1;
        assert!(
            drawn.near((x + radius, y), ORANGE) && drawn.near((x, y - radius), ORANGE),
            "west {west_deg}"
        );
    }
}

#[test]
fn cells_without_data_are_hatched() {
    let mut values = Raster::filled(36, 18, 0.0);
    values.as_mut_slice()[..36 * 9].fill(f32::NAN);
    let drawn = Drawn::of(&map_figure(&MapFigure::new(&values, MapGrid::global(18), 470.0)).unwrap());
    let stripe = |y: f64| (0..24).map(|i| drawn.at(MAP.0 + 40.0 + f64::from(i), y)[0]).collect::<Vec<_>>();
    let hatched = stripe(TOP + 100.0);
    assert!(hatched.contains(&188) && hatched.contains(&229), "{hatched:?}");
    let solid = stripe(TOP + 600.0);
    assert!(solid.windows(2).all(|pair| pair[0] == pair[1]), "{solid:?}");
}

fn curve(points: Vec<CurvePoint>) -> LightCurvesFigure {
    let spot = SpotPanel {
        name: String::new(),
        place: LonLat::from_degrees(0.0, 0.0),
        ln_bayes: None,
        points,
        reflecting: vec![ModelPoint { abscissa: 0.0, iof: 0.0 }, ModelPoint { abscissa: 10.0, iof: 0.4 }],
        self_luminous: vec![ModelPoint { abscissa: 0.0, iof: 0.4 }, ModelPoint { abscissa: 10.0, iof: 0.4 }],
        night: vec![(0.0, 3.0)],
    };
    LightCurvesFigure {
        title: String::new(),
        subtitle: String::new(),
        caption: String::new(),
        axis: CurveAxis::IncidenceDeg,
        spots: vec![spot],
    }
}

#[test]
fn model_curves_rise_to_the_right_and_night_is_shaded() {
    let drawn = Drawn::of(&light_curves_figure(&curve(Vec::new())).unwrap());
    let plot = |p: &(f64, f64)| p.1 < 560.0;
    let blue: Vec<_> = drawn.places(BLUE).into_iter().filter(plot).collect();
    let (left, right) = (blue.iter().filter(|p| p.0 < 400.0), blue.iter().filter(|p| p.0 > 1200.0));
    assert!(mean(left.map(|p| p.1)) > mean(right.map(|p| p.1)) + 150.0);
    let red: Vec<_> = drawn.places(VERMILLION).into_iter().filter(plot).collect();
    let top = red.iter().map(|p| p.1).fold(f64::MAX, f64::min);
    assert!(red.iter().all(|p| p.1 - top < 6.0), "the self-luminous model is level");
    assert!(drawn.at(300.0, 300.0)[0] < 240 && drawn.at(1200.0, 300.0)[0] > 240);
}

#[test]
fn error_bars_reach_one_sigma_up_and_down() {
    let point = CurvePoint { abscissa: 5.0, iof: 0.2, sigma: 0.1 };
    let bare = Drawn::of(&light_curves_figure(&curve(vec![CurvePoint { sigma: 0.0, ..point }])).unwrap());
    let barred = Drawn::of(&light_curves_figure(&curve(vec![point])).unwrap());
    assert_eq!((bare.width, bare.height), (barred.width, barred.height));
    let differing = |p: &usize| bare.rgb[p * 3..p * 3 + 3] != barred.rgb[p * 3..p * 3 + 3];
    let lines: Vec<usize> = (0..bare.width * 560).filter(differing).map(|p| p / bare.width).collect();
    let (top, bottom) = (*lines.iter().min().unwrap(), *lines.iter().max().unwrap());
    // The axis runs from -0.02 to 0.42 over about 410 px, so two sigmas are 0.2 / 0.44 of it.
    let span = (bottom - top) as f64;
    assert!((150.0..230.0).contains(&span), "{span}");
}

#[test]
fn positive_limb_residuals_are_drawn_above_the_line() {
    let point = |i: i32| LimbResidual {
        position_angle_deg: f64::from(i),
        residual_px: if i < 180 { 0.5 } else { -0.5 },
        use_in_fit: LimbUse::Used,
    };
    let figure = LimbFigure { points: (0..360).step_by(5).map(point).collect(), ..LimbFigure::default() };
    let drawn = Drawn::of(&limb_residual_figure(&figure).unwrap());
    let blue: Vec<_> = drawn.places(BLUE).into_iter().filter(|p| p.0 < 1200.0 && p.1 < 620.0).collect();
    let left = mean(blue.iter().filter(|p| p.0 < 600.0).map(|p| p.1));
    let right = mean(blue.iter().filter(|p| p.0 > 760.0).map(|p| p.1));
    assert!(right - left > 300.0, "{left} {right}");
}

#[test]
fn reflecting_bars_go_right_and_luminous_ones_left() {
    let row = |label: &str, ln_bayes| VerdictRow { label: label.into(), ln_bayes };
    let figure = VerdictFigure {
        rows: vec![row("weak", 30.0), row("lamp", -100.0), row("strong", 1000.0)],
        ..VerdictFigure::default()
    };
    let drawn = Drawn::of(&verdict_figure(&figure).unwrap());
    let bars =
        |colour| drawn.places(colour).into_iter().filter(|p: &(f64, f64)| p.1 > 110.0).collect::<Vec<_>>();
    let (blue, red) = (bars(BLUE), bars(VERMILLION));
    let zero = blue.iter().map(|p| p.0).fold(f64::MAX, f64::min);
    assert!(red.iter().all(|p| p.0 < zero + 2.0));
    // The strongest stands first, so the upper bar is the longer one.
    let reach = |from: f64, to: f64| {
        blue.iter().filter(|p| (from..to).contains(&p.1)).map(|p| p.0).fold(f64::MIN, f64::max)
    };
    assert!(reach(110.0, 142.0) > reach(150.0, 186.0) + 100.0);
}

#[test]
fn too_bright_measurements_lie_above_the_line_of_equality() {
    let pair = |i: i32| RecoveryPair { truth: f64::from(i), measured: 1.4 * f64::from(i), sigma: 0.0 };
    let panel =
        RecoveryPanel { title: String::new(), unit: String::new(), pairs: (4..10).map(pair).collect() };
    let figure = RecoveryFigure { panels: vec![panel], ..RecoveryFigure::default() };
    let drawn = Drawn::of(&recovery_figure(&figure).unwrap());
    let green = drawn.places(GREEN);
    let blue = drawn.places(BLUE);
    assert!(!blue.is_empty());
    for (x, y) in blue {
        let line: Vec<_> = green.iter().filter(|p| (p.0 - x).abs() < 1.0).collect();
        assert!(line.iter().all(|p| p.1 > y), "a point at {x} {y} is not above the line");
    }
}

/// The colours of every frame of an animation.
fn unpack(bytes: &[u8]) -> Vec<Drawn> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let rgb = frame.buffer.chunks(4).flat_map(|c| [c[0], c[1], c[2]]).collect();
        let (width, height) = (usize::from(frame.width), usize::from(frame.height));
        frames.push(Drawn { width, height, rgb });
    }
    frames
}

#[test]
fn the_animation_keeps_brightness_and_marks_the_place() {
    let frame = |brightness: f32| AnimationFrame {
        image: Raster::from_vec(96, 96, (0..96 * 96).map(|i| brightness * (i % 96) as f32).collect())
            .unwrap(),
        caption: "2015-05-04T00:00:00 UTC".into(),
        marks: vec![AnimationMark::named(PixelPos::new(47.5, 23.5), "")],
    };
    let frames = unpack(&terminator_gif(&[frame(0.2), frame(1.0)], &AnimationOptions::default()).unwrap());
    let right = |drawn: &Drawn| drawn.at(440.0, 300.0)[0];
    assert!(right(&frames[1]) > right(&frames[0]) + 60, "one stretch for all frames");
    // 480 px for 96: the mark's centre is at 5 * 48, 5 * 24; its ring has 0.75 of the type size of 16.
    for drawn in &frames {
        assert!(drawn.near((240.0 + 12.0, 120.0), ORANGE) && drawn.near((240.0, 120.0 - 12.0), ORANGE));
        let text = drawn.places([240, 242, 245]).into_iter().filter(|p| p.1 > 480.0);
        assert!(text.count() > 100, "the caption is burnt in");
    }
}

#[test]
fn frames_of_another_shape_are_fitted_and_centred() {
    let frame = |width: usize, height: usize| AnimationFrame {
        image: Raster::filled(width, height, 1.0),
        caption: String::new(),
        marks: Vec::new(),
    };
    let mut first = frame(100, 100);
    first.image.set(0, 0, 0.0);
    let frames = unpack(&terminator_gif(&[first, frame(50, 100)], &AnimationOptions::default()).unwrap());
    let tall = &frames[1];
    assert_eq!((tall.width, tall.height), (480, 480));
    assert!(tall.at(60.0, 240.0)[0] < 30 && tall.at(420.0, 240.0)[0] < 30 && tall.at(240.0, 240.0)[0] > 150);
}
