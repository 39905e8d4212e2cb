// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time, ephemeris, rotation, terminator, camera and real-frame cases of the truth set, each by its id. Without the set a
//! test says that it is skipped.

use std::f64::consts::{FRAC_PI_2, TAU};

use facula_core::{
    BodyFixed, Ellipsoid, Epoch, Icrf, LonLat, PixelPos, Rotation, Unit, Vec3, epoch_from_et_s, et_s,
    parse_utc,
};
use facula_geometry::events::{
    Direction, ExtremeKind, Limit, Search, Window, find_crossings, find_extremes, find_windows, quantities,
};
use facula_geometry::{
    Camera, CameraFile, Distortion, Geodetic, LongitudeSense, Ray, Target, View, limb_ellipse,
    local_solar_time_h,
};
use facula_spice::{Correction, Kernels};
use serde_json::Value;

const CERES: i32 = 2000001;
const SUN: i32 = 10;
const EARTH: i32 = 399;
const AU_KM: f64 = 149_597_870.7;
/// Occator's centre in cases N01 and N03.
const OCCATOR: (f64, f64) = (239.33, 19.82);

fn case(test: &str, id: &str) -> Option<Value> {
    let case = facula_testkit::truth_case(id);
    if case.is_none() {
        facula_testkit::skip(test, "truth set not found");
    }
    case
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("number")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("list").iter().map(number).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// Cases print days and minutes without seconds.
fn utc(text: &str) -> Epoch {
    let full = if text.len() == 16 { format!("{text}:00") } else { text.to_string() };
    parse_utc(&full).expect("utc")
}

/// Ceres as the cases have it: dawn_ceres_v05.tpc, 482 x 482 x 446 km.
fn ceres() -> Target<'static> {
    let ellipsoid = Ellipsoid::new(482.0, 482.0, 446.0).expect("positive");
    Target { naif_id: CERES, frame: "IAU_CERES".to_string(), ellipsoid, shape: None }
}

/// The built-in ephemeris with rotation constants: degrees, degrees per day.
fn kernels_with(pole_deg: [f64; 2], w_deg: f64, w_deg_day: f64) -> Kernels {
    let mut kernels = Kernels::built_in();
    let [ra, dec] = pole_deg;
    let pck = format!(
        "\\begindata\nBODY2000001_POLE_RA = ( {ra} 0 0 )\nBODY2000001_POLE_DEC = ( {dec} 0 0 )\n\
         BODY2000001_PM = ( {w_deg} {w_deg_day} 0 )\n"
    );
    kernels.add_bytes("typed.tpc", pck.as_bytes()).expect("sound");
    kernels
}

/// dawn_ceres_v05.tpc.
fn v05() -> Kernels {
    kernels_with([291.418, 66.764], 170.65, 952.1532)
}

fn occator_km() -> Vec3<BodyFixed> {
    ceres().ellipsoid.surface_km(LonLat::from_degrees(OCCATOR.0, OCCATOR.1))
}

/// Incidence of the Sun at Occator, seen on Ceres itself.
fn incidence_rad(kernels: &Kernels, epoch: Epoch) -> f64 {
    let view = View { kernels, observer: SUN, epoch, correction: Correction::None };
    // The observer does not matter for the angle at the same time of the surface.
    quantities::incidence_rad(&view, &ceres(), occator_km()).expect("covered")
}

/// The Sun as seen from the centre (light time and aberration), which the cases use.
fn sun_direction_incidence_rad(kernels: &Kernels, epoch: Epoch) -> f64 {
    let sun_km = facula_geometry::sun_km(kernels, &ceres(), epoch).expect("covered");
    ceres().ellipsoid.normal(occator_km()).angle_rad(sun_km - occator_km())
}

#[test]
fn t01_t02_utc_to_ephemeris_time() {
    let Some(t01) = case("t01_t02_utc_to_ephemeris_time", "T01") else { return };
    let epoch = parse_utc(text(&t01["given"]["utc"])).expect("utc");
    assert!((et_s(epoch) - number(&t01["expect"]["et"])).abs() < number(&t01["tolerance"]["abs_s"]));
    let t02 = case("t02", "T02").expect("the set is there");
    let wanted = numbers(&t02["expect"]["delta_et_s"]);
    for (utc, delta_s) in t02["given"]["utc"].as_array().expect("list").iter().zip(wanted) {
        let epoch = parse_utc(text(utc)).expect("utc");
        let utc_s = (epoch.to_jde_utc_days() - 2_451_545.0) * 86_400.0;
        // A Julian date holds 4e-5 s.
        let tolerance_s = number(&t02["tolerance"]["abs_s"]) + 4e-5;
        assert!((et_s(epoch) - utc_s - delta_s).abs() < tolerance_s, "{utc} {}", et_s(epoch) - utc_s);
    }
}

#[test]
fn e05_osculating_elements_of_ceres() {
    let Some(case) = case("e05_osculating_elements_of_ceres", "E05") else { return };
    let epoch = parse_utc(text(&case["given"]["utc"])).expect("utc");
    let kernels = Kernels::built_in();
    let state = kernels.state(CERES, SUN, epoch, Correction::None).expect("covered");
    let ecliptic: Rotation<Icrf, Icrf> = kernels.rotation("ECLIPJ2000", "J2000", epoch).expect("known");
    let (r, v) = (ecliptic * state.position_km, ecliptic * state.velocity_km_s);
    let found = elements(r, v, number(&case["given"]["GM_sun"]));
    let tolerance = |key: &str| number(&case["tolerance"][key]);
    for (key, value, within) in [
        ("a_au", found.a_km / AU_KM, tolerance("a_au")),
        ("e", found.eccentricity, tolerance("e")),
        ("i", found.angles_deg[0], tolerance("angles_deg")),
        ("node", found.angles_deg[1], tolerance("angles_deg")),
        ("peri", found.angles_deg[2], tolerance("angles_deg")),
        ("M", found.angles_deg[3], tolerance("angles_deg")),
        ("q_au", found.a_km * (1.0 - found.eccentricity) / AU_KM, tolerance("a_au")),
    ] {
        assert!((value - number(&case["expect"][key])).abs() < within, "{key}: {value}");
    }
    let period_s = TAU * (found.a_km.powi(3) / number(&case["given"]["GM_sun"])).sqrt();
    let period_years = period_s / (365.25 * 86_400.0);
    // P is a to the power 3/2: 1.5 times the relative tolerance of a.
    assert!((period_years / number(&case["expect"]["P_yr"]) - 1.0).abs() < 1e-6, "{period_years}");
}

struct Elements {
    a_km: f64,
    eccentricity: f64,
    /// Inclination, node, argument of pericentre, mean anomaly.
    angles_deg: [f64; 4],
}

/// Osculating elements of an ellipse (Bate, Mueller, White, Fundamentals of Astrodynamics, section 2.4).
fn elements(r: Vec3<Icrf>, v: Vec3<Icrf>, gm: f64) -> Elements {
    let h = r.cross(v);
    let node = Vec3::new(-h.y, h.x, 0.0);
    let e = v.cross(h) * (1.0 / gm) - r * (1.0 / r.length());
    let (a_km, eccentricity) = (1.0 / (2.0 / r.length() - v.dot(v) / gm), e.length());
    let about_h = |from: Vec3<Icrf>, to: Vec3<Icrf>| {
        h.unit().expect("orbit").dot(from.cross(to)).atan2(from.dot(to)).rem_euclid(TAU)
    };
    let true_rad = about_h(e, r);
    let half = ((1.0 - eccentricity) / (1.0 + eccentricity)).sqrt() * (0.5 * true_rad).tan();
    let eccentric_rad = 2.0 * half.atan();
    let mean_rad = (eccentric_rad - eccentricity * eccentric_rad.sin()).rem_euclid(TAU);
    let angles_rad = [(h.z / h.length()).acos(), node.y.atan2(node.x), about_h(node, e), mean_rad];
    Elements { a_km, eccentricity, angles_deg: angles_rad.map(f64::to_degrees) }
}

#[test]
fn e12_phase_and_magnitude_of_ceres_from_the_earth() {
    let Some(case) = case("e12_phase_and_magnitude_of_ceres_from_the_earth", "E12") else { return };
    let kernels = Kernels::built_in();
    let epoch = parse_utc(text(&case["given"]["utc"])).expect("utc");
    let view = View { kernels: &kernels, observer: EARTH, epoch, correction: Correction::LightTimeStellar };
    let phase_rad = quantities::phase_rad(&view, CERES, SUN).expect("covered");
    let error_deg = phase_rad.to_degrees() - number(&case["expect"]["phase_deg"]);
    assert!(error_deg.abs() < number(&case["tolerance"]["abs_deg"]), "{error_deg}");
    // IAU H, G system (Bowell et al. 1989), H = 3.34, G = 0.12.
    let basis = |a: f64, b: f64| (-a * (0.5 * phase_rad).tan().powf(b)).exp();
    let dimming = 0.88 * basis(3.33, 0.63) + 0.12 * basis(1.87, 1.22);
    let distance_au = quantities::distance_km(&view, CERES).expect("covered") / AU_KM;
    let sun = kernels.state(SUN, CERES, epoch, Correction::LightTimeStellar).expect("covered");
    let magnitude =
        3.34 + 5.0 * (distance_au * sun.position_km.length() / AU_KM).log10() - 2.5 * dimming.log10();
    let error = magnitude - number(&case["expect"]["V"]);
    assert!(error.abs() < number(&case["tolerance"]["abs_mag"]), "{magnitude}");
}

#[test]
fn r01_the_prime_meridian_of_each_set_of_constants() {
    let Some(case) = case("r01_the_prime_meridian_of_each_set_of_constants", "R01") else { return };
    let epoch = epoch_from_et_s(number(&case["given"]["et"]));
    // Version history of dawn_ceres_v05.tpc and dawn_ceres_SPG20160107.tpc; v0.1 with 0 and its own rate.
    for (name, pole_deg, w_deg, w_deg_day) in [
        ("v0.1", [291.0, 59.0], 0.0, 951.5418502),
        ("v0.2", [291.82, 66.88], 353.7987, 952.055),
        ("v0.3/0.4", [291.41, 66.79], 170.9, 952.1532),
        ("v0.5", [291.418, 66.764], 170.65, 952.1532),
        ("SPG2016", [291.431, 66.761], 170.488, 952.15323),
    ] {
        let kernels = kernels_with(pole_deg, w_deg, w_deg_day);
        let rows = kernels.rotation::<BodyFixed, Icrf>("IAU_CERES", "J2000", epoch).expect("known").rows();
        // W is the angle from the ascending node of the equator on the ICRF's to the prime meridian.
        let pole = Vec3::<Icrf>::from_array(rows[2]);
        let node = Vec3::new(0.0, 0.0, 1.0).cross(pole).unit().expect("inclined");
        let prime = Vec3::from_array(rows[0]);
        let found_deg = pole.dot(node.cross(prime)).atan2(node.dot(prime)).to_degrees().rem_euclid(360.0);
        let wanted_deg = number(&case["expect"]["W_deg"][name]);
        let tolerance_deg = number(&case["tolerance"]["abs_deg"]);
        assert!((found_deg - wanted_deg).abs() < tolerance_deg, "{name}: {found_deg} {wanted_deg}");
    }
}

#[test]
fn r02_r03_sidereal_and_solar_day_of_ceres() {
    let Some(r02) = case("r02_r03_sidereal_and_solar_day_of_ceres", "R02") else { return };
    let kernels = v05();
    let rate_deg_day = kernels.numbers("BODY2000001_PM").expect("typed")[1];
    let sidereal_h = 24.0 * 360.0 / rate_deg_day;
    assert!((sidereal_h - number(&r02["expect"]["h"])).abs() < number(&r02["tolerance"]["abs_h"]));
    let r03 = case("r03", "R03").expect("the set is there");
    let tolerance_h = number(&r03["tolerance"]["abs_h"]);
    // The year of case E05, sidereal.
    let year_h = 4.604725602806826 * 365.25 * 24.0;
    let mean_h = 1.0 / (1.0 / sidereal_h - 1.0 / year_h);
    assert!((mean_h - number(&r03["expect"]["mean_h"])).abs() < tolerance_h, "{mean_h}");
    let window = Window::span(utc("2015-04-14T12:00"), utc("2015-04-15T12:00"));
    let target = ceres();
    let longitude_rad = OCCATOR.0.to_radians();
    let before_noon_h = |epoch| {
        let time_h = local_solar_time_h(&kernels, &target, epoch, longitude_rad)?;
        // Afternoons wrap to the far side of midnight: falling there, rising only at noon.
        Ok::<_, facula_geometry::GeometryError>(time_h - 12.0)
    };
    let search = Search::with_step_s(1800.0);
    let noons = find_crossings(&window, &search, Limit { value: 0.0 }, before_noon_h).expect("covered");
    let noons: Vec<_> = noons.iter().filter(|noon| noon.direction == Direction::Rising).collect();
    let actual_h = (noons[1].epoch - noons[0].epoch).to_seconds() / 3600.0;
    assert!((actual_h - number(&r03["expect"]["actual_h"])).abs() < tolerance_h, "{actual_h}");
}

#[test]
fn r10_planetographic_latitude_of_occator() {
    let Some(case) = case("r10_planetographic_latitude_of_occator", "R10") else { return };
    let place = LonLat::from_degrees(OCCATOR.0, number(&case["given"]["lat_c"]));
    let point_km = ceres().ellipsoid.surface_km(place);
    let found = Geodetic::of(point_km, &ceres().ellipsoid, LongitudeSense::West);
    let error_deg = found.latitude_rad.to_degrees() - number(&case["expect"]["lat_g"]);
    assert!(error_deg.abs() < number(&case["tolerance"]["abs_deg"]), "{error_deg}");
    assert!((found.longitude_rad.to_degrees() - (360.0 - OCCATOR.0)).abs() < 1e-9);
    assert!(found.altitude_km.abs() < 1e-9);
}

#[test]
fn n01_sunrises_and_sunsets_at_occator() {
    let Some(case) = case("n01_sunrises_and_sunsets_at_occator", "N01") else { return };
    let kernels = v05();
    let end = |key: &str| utc(text(&case["given"][key]));
    let window = Window::span(end("utc_from"), end("utc_to"));
    let search = Search::with_step_s(1800.0);
    let horizon = Limit { value: FRAC_PI_2 };
    let incidence = |epoch| Ok::<_, ()>(sun_direction_incidence_rad(&kernels, epoch));
    let found = find_crossings(&window, &search, horizon, incidence).expect("covered");
    let wanted = case["expect"]["events"].as_array().expect("list");
    assert_eq!(found.len(), wanted.len());
    for (crossing, event) in found.iter().zip(wanted) {
        let direction = if text(&event[1]) == "set" { Direction::Rising } else { Direction::Falling };
        let error_s = (crossing.epoch - parse_utc(text(&event[0])).expect("utc")).to_seconds();
        // The case allows 20 s; its times are printed in whole seconds.
        assert!(crossing.direction == direction && error_s.abs() < 2.0, "{event}: {error_s} s");
    }
}

#[test]
fn n03_daylight_and_noon_at_occator() {
    let Some(case) = case("n03_daylight_and_noon_at_occator", "N03") else { return };
    let kernels = v05();
    let start = parse_utc(text(&case["given"]["utc"])).expect("utc");
    let window = Window::span(start, start + 1.0 * Unit::Day);
    let search = Search::with_step_s(900.0);
    let day = find_windows(&window, &search, |epoch| {
        Ok::<_, ()>(sun_direction_incidence_rad(&kernels, epoch) < FRAC_PI_2)
    });
    let day = day.expect("covered");
    let whole = day.spans().iter().find(|span| span.start > start).expect("a day");
    let daylight_h = whole.duration_s() / 3600.0;
    assert!((daylight_h - number(&case["expect"]["daylight_h"])).abs() < number(&case["tolerance"]["abs_h"]));
    let incidence = |epoch| Ok::<_, ()>(incidence_rad(&kernels, epoch));
    let extremes = find_extremes(&window, &search, incidence).expect("covered");
    let noon = extremes.iter().find(|extreme| extreme.kind == ExtremeKind::Minimum).expect("a noon");
    let error_deg = noon.value.to_degrees() - number(&case["expect"]["min_incidence_deg"]);
    assert!(error_deg.abs() < number(&case["tolerance"]["abs_deg"]), "{error_deg}");
}

fn fc2() -> Camera {
    CameraFile::built_in("dawn_fc2").expect("built in").camera("F1").expect("F1")
}

#[test]
fn c_scale_the_pixel_scale_of_each_phase() {
    // Distances of the cases' names; OpNav1 and RC1 from case C05 and the captions (383,000 and 83,000 km).
    for (id, range_km) in [
        ("C-scale-OpNav1", 383_000.0),
        ("C-scale-RC1", 83_000.0),
        ("C-scale-OpNav7_22000", 22_000.0),
        ("C-scale-RC3_13600", 13_600.0),
        ("C-scale-Survey_4400", 4_400.0),
        ("C-scale-LAMO_385", 385.0),
    ] {
        let Some(case) = case("c_scale_the_pixel_scale_of_each_phase", id) else { return };
        let scale_m = range_km * 1000.0 * fc2().ifov_rad();
        let relative = scale_m / number(&case["expect"]["m_per_px"]) - 1.0;
        assert!(relative.abs() < number(&case["tolerance"]["rel"]), "{id}: {relative}");
    }
}

#[test]
fn c01_c02_field_of_view_and_pixels_of_the_framing_camera() {
    let Some(c01) = case("c01_c02_field_of_view_and_pixels_of_the_framing_camera", "C01") else { return };
    let camera = Camera { distortion: Distortion::None, ..fc2() };
    let sizes = [camera.width_px, camera.height_px];
    for (k, wanted_deg) in numbers(&c01["expect"]["deg"]).into_iter().enumerate() {
        let half_mm = 0.5 * sizes[k] as f64 * camera.pitch_mm[k];
        let full_deg = 2.0 * (half_mm / camera.focal_length_mm).atan().to_degrees();
        assert!((full_deg - wanted_deg).abs() < number(&c01["tolerance"]["abs_deg"]), "{full_deg}");
    }
    let c02 = case("c02", "C02").expect("the set is there");
    let pairs = c02["given"]["v"].as_array().expect("list").iter();
    for (look, at) in pairs.zip(c02["expect"]["SL"].as_array().expect("list")) {
        let found = fc2().pixel(Vec3::from_array(numbers(look).try_into().expect("three"))).expect("ahead");
        let (wanted, tolerance_px) = (numbers(at), number(&c02["tolerance"]["abs_px"]));
        assert!(
            (found.x_px - wanted[0]).abs() < tolerance_px && (found.y_px - wanted[1]).abs() < tolerance_px
        );
    }
}

/// The limb of Ceres in pixels: extent along samples and lines for an observer over a latitude looking at the centre,
/// lines growing southwards.
fn limb_extent_px(camera: &Camera, range_km: f64, latitude_deg: f64) -> [[f64; 2]; 2] {
    let observer_km = LonLat::from_degrees(0.0, latitude_deg).direction() * range_km;
    let ahead = (-observer_km).unit().expect("away");
    let east = Vec3::new(0.0, 1.0, 0.0);
    let south = ahead.cross(east);
    let rows = [east.to_array(), south.to_array(), ahead.to_array()];
    let camera_from_body: Rotation<facula_core::Camera, BodyFixed> = Rotation::from_rows(rows).expect("axes");
    let limb = limb_ellipse(&ceres().ellipsoid, observer_km).expect("outside");
    let mut extent = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
    for step in 0..200_000 {
        let point_km = limb.at(f64::from(step) * TAU / 200_000.0);
        let at = camera.pixel(camera_from_body * (point_km - observer_km)).expect("ahead");
        for (range, value) in extent.iter_mut().zip([at.x_px, at.y_px]) {
            *range = [range[0].min(value), range[1].max(value)];
        }
    }
    extent
}

#[test]
fn c05_apparent_disc_of_ceres_in_pixels() {
    let Some(case) = case("c05_apparent_disc_of_ceres_in_pixels", "C05") else { return };
    let camera = Camera { distortion: Distortion::None, ..fc2() };
    let wanted = numbers(&case["expect"]["px"]);
    for (range_km, wanted_px) in numbers(&case["given"]["km"]).into_iter().zip(wanted) {
        // The case has the disc from the centre line; seen from the equator its width is that of the equator.
        let [x, _] = limb_extent_px(&camera, range_km, 0.0);
        assert!((x[1] - x[0] - wanted_px).abs() < number(&case["tolerance"]["abs_px"]), "{range_km} {x:?}");
    }
}

#[test]
fn c06_the_limb_ellipse_in_pixels() {
    let Some(case) = case("c06_the_limb_ellipse_in_pixels", "C06") else { return };
    let pitch_mm = number(&case["given"]["pitch_mm"]);
    let camera = Camera {
        distortion: Distortion::None,
        focal_length_mm: number(&case["given"]["f_mm"]),
        pitch_mm: [pitch_mm; 2],
        principal_point_px: [0.0; 2],
        ..fc2()
    };
    let tolerance_px = number(&case["tolerance"]["abs_px"]);
    for (name, range_km, latitude_deg) in [
        ("22470 sublat=60", 22_470.0, 60.0),
        ("22470 sublat=0", 22_470.0, 0.0),
        ("14070 sublat=0", 14_070.0, 0.0),
        ("14070 sublat=45", 14_070.0, 45.0),
    ] {
        let extent = limb_extent_px(&camera, range_km, latitude_deg);
        let wanted = &case["expect"][name];
        let (center, axes) = (numbers(&wanted[0]), numbers(&wanted[1]));
        for k in 0..2 {
            let [low, high] = extent[k];
            // The case's second axis points north.
            let middle_px = if k == 0 { 0.5 * (low + high) } else { -0.5 * (low + high) };
            assert!((middle_px - center[k]).abs() < tolerance_px, "{name} centre {k}: {middle_px}");
            assert!((0.5 * (high - low) - axes[k]).abs() < tolerance_px, "{name} axis {k}");
        }
    }
}

#[test]
fn f10_where_the_boresight_of_a_flight_frame_meets_ceres() {
    let test = "f10_where_the_boresight_of_a_flight_frame_meets_ceres";
    let Some(case) = case(test, "F10") else { return };
    let files = facula_testkit::survey_kernels().expect("the set is there");
    let kernels = Kernels::load(&files).expect("sound kernels");
    // Case F03: mid exposure.
    let epoch = epoch_from_et_s(488002614.6229448);
    let view = View { kernels: &kernels, observer: -203, epoch, correction: Correction::LightTimeStellar };
    let ray = Ray { frame: "DAWN_FC2_FILTER_6".to_string(), direction: [0.0, 0.0, 1.0] };
    let seen = view.surface_intercept(&ceres(), &ray).expect("covered").expect("on Ceres");
    let light = view.illumination_at(&ceres(), seen.point_km).expect("covered");
    let place = LonLat::of(seen.point_km);
    let tolerance = |key: &str| number(&case["tolerance"][key]);
    for (key, value, within) in [
        ("lon_e", place.longitude_deg(), tolerance("lonlat_deg")),
        ("lat_c", place.latitude_deg(), tolerance("lonlat_deg")),
        ("slant_km", seen.range_km(), tolerance("km")),
        ("phase", light.phase_rad.to_degrees(), tolerance("angles_deg")),
        ("inc", light.incidence_rad.to_degrees(), tolerance("angles_deg")),
        ("emi", light.emission_rad.to_degrees(), tolerance("angles_deg")),
    ] {
        assert!((value - number(&case["expect"][key])).abs() < within, "{key}: {value}");
    }
}

#[test]
fn pixels_are_where_the_camera_says() {
    // The centre of the detector looks along the boresight: what F10 relies on.
    let look = fc2().look(PixelPos::new(511.5, 511.5));
    assert!((look.z - 1.0).abs() < 1e-12);
}
