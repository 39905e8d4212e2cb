// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers questions of geometry from kernels: `observe KERNEL…` reads one JSON question a line and prints one JSON answer
//! a line. `crosscheck/check_observation.py` puts the same questions to CSPICE.

use std::io::{BufRead, Write};

use facula_core::{BodyFixed, Epoch, LonLat, Vec3, epoch_from_et_s, et_s};
use facula_geometry::events::{Limit, Search, Window, find_below, find_windows, quantities};
use facula_geometry::{
    CutPlanes, Geodetic, LongitudeSense, Overlap, Ray, SeenPoint, SubPoint, Target, Terminator, View,
    local_solar_time_h, nearest_point, solar_longitude_rad,
};
use facula_spice::{Correction, Kernels};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let files: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    let kernels = Kernels::load(&files)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let answer =
            answer(&kernels, &question).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn answer(kernels: &Kernels, q: &Value) -> Result<Value, Error> {
    let view = View {
        kernels,
        observer: id(q, "observer"),
        epoch: epoch(number(q, "et")),
        correction: correction(q["abcorr"].as_str().unwrap_or("NONE"))?,
    };
    let target = |key: &str| {
        let frame = q[format!("{key}_frame")].as_str().unwrap_or_default();
        Target::from_kernels(kernels, id(q, key), frame)
    };
    match q["op"].as_str().unwrap_or_default() {
        "subpnt" => Ok(point(&view.sub_observer(&target("target")?, kind(q))?)),
        "subslr" => Ok(point(&view.sub_solar(&target("target")?, kind(q))?)),
        "sincpt" => {
            let ray = Ray {
                frame: q["dref"].as_str().unwrap_or_default().to_string(),
                direction: vector::<BodyFixed>(q, "dvec").to_array(),
            };
            Ok(view.surface_intercept(&target("target")?, &ray)?.map_or(Value::Null, |seen| point(&seen)))
        }
        "ilumin" => {
            let light = view.illumination_at(&target("target")?, vector(q, "point"))?;
            let angles = [light.phase_rad, light.incidence_rad, light.emission_rad];
            Ok(json!({ "angles": angles, "epoch": et_s(light.epoch) }))
        }
        "limb" => list(&view.limb(&target("target")?, &planes(q))?),
        "edterm" => {
            let edge = if q["edge"] == "UMBRAL" { Terminator::Umbral } else { Terminator::Penumbral };
            list(&view.terminator(&target("target")?, &planes(q), edge)?)
        }
        "nearpt" => {
            let near = nearest_point(&target("target")?.ellipsoid, vector(q, "point"));
            Ok(json!({ "point": near.point_km.to_array(), "altitude": near.altitude_km }))
        }
        "recpgr" => {
            let sense = LongitudeSense::planetographic(kernels, id(q, "target"))?;
            let place = Geodetic::of(vector(q, "point"), &target("target")?.ellipsoid, sense);
            Ok(json!([place.longitude_rad, place.latitude_rad, place.altitude_km]))
        }
        "et2lst" => Ok(json!(local_solar_time_h(kernels, &target("target")?, view.epoch, number(q, "lon"))?)),
        "lspcn" => Ok(json!(solar_longitude_rad(kernels, &target("target")?, view.epoch, view.correction)?)),
        "phaseq" => Ok(json!(quantities::phase_rad(&view, id(q, "target"), 10)?)),
        "occult" => {
            let (front, back) = (target("front")?, target("back")?);
            let code = match (view.occultation(&front, &back)?, view.occultation(&back, &front)?) {
                (Overlap::Full, _) => 3,
                (Overlap::Annular, _) => 2,
                (Overlap::Partial, _) => 1,
                (_, Overlap::Partial) => -1,
                (_, Overlap::Annular) => -2,
                (_, Overlap::Full) => -3,
                _ => 0,
            };
            Ok(json!(code))
        }
        "windows" => windows(&view, q, &target),
        other => Err(format!("unknown question {other}").into()),
    }
}

fn windows<'a>(
    view: &View<'_>,
    q: &Value,
    target: &dyn Fn(&str) -> Result<Target<'a>, facula_geometry::GeometryError>,
) -> Result<Value, Error> {
    let span = Window::span(epoch(number(q, "start")), epoch(number(q, "end")));
    let search = Search::with_step_s(number(q, "step"));
    let at = |epoch: Epoch| View { epoch, ..*view };
    let limit = Limit { value: number(q, "limit") };
    let found = match q["what"].as_str().unwrap_or_default() {
        "occultation" => {
            let (front, back) = (target("front")?, target("back")?);
            let wanted = q["kind"].as_str().unwrap_or("ANY").to_string();
            find_windows(&span, &search, |epoch| {
                let overlap = at(epoch).occultation(&front, &back)?;
                Ok::<_, facula_geometry::GeometryError>(match wanted.as_str() {
                    "FULL" => overlap == Overlap::Full,
                    "ANNULAR" => overlap == Overlap::Annular,
                    "PARTIAL" => overlap == Overlap::Partial,
                    _ => overlap != Overlap::Apart,
                })
            })?
        }
        "incidence" => {
            let (body, place) = (target("target")?, vector(q, "point"));
            find_below(&span, &search, limit, |e| quantities::incidence_rad(&at(e), &body, place))?
        }
        "distance" => {
            find_below(&span, &search, limit, |e| quantities::distance_km(&at(e), id(q, "target")))?
        }
        "phase" => find_below(&span, &search, limit, |e| quantities::phase_rad(&at(e), id(q, "target"), 10))?,
        "separation" => find_below(&span, &search, limit, |e| {
            quantities::separation_rad(&at(e), id(q, "front"), id(q, "back"))
        })?,
        "latitude" => {
            let body = target("target")?;
            find_below(&span, &search, limit, |e| {
                Ok::<_, facula_geometry::GeometryError>(
                    quantities::sub_observer_place(&at(e), &body, SubPoint::Near)?.latitude_rad,
                )
            })?
        }
        other => return Err(format!("unknown search {other}").into()),
    };
    let ends: Vec<[f64; 2]> = found.spans().iter().map(|s| [et_s(s.start), et_s(s.end)]).collect();
    Ok(json!(ends))
}

fn planes(q: &Value) -> CutPlanes {
    CutPlanes { reference: vector(q, "reference"), count: id(q, "count").unsigned_abs() }
}

fn list(points_km: &[Vec3<BodyFixed>]) -> Result<Value, Error> {
    Ok(json!(points_km.iter().map(|p| p.to_array()).collect::<Vec<_>>()))
}

fn point(seen: &SeenPoint) -> Value {
    let place = LonLat::of(seen.point_km);
    json!({
        "point": seen.point_km.to_array(),
        "epoch": et_s(seen.epoch),
        "srfvec": seen.from_observer_km.to_array(),
        "lonlat": [place.longitude_rad, place.latitude_rad],
    })
}

fn kind(q: &Value) -> SubPoint {
    if q["kind"] == "INTERCEPT" { SubPoint::Intercept } else { SubPoint::Near }
}

fn correction(text: &str) -> Result<Correction, Error> {
    Ok(match text {
        "NONE" => Correction::None,
        "LT" => Correction::LightTime,
        "LT+S" => Correction::LightTimeStellar,
        "CN" => Correction::Converged,
        "CN+S" => Correction::ConvergedStellar,
        other => return Err(format!("unknown correction {other}").into()),
    })
}

/// The epoch whose ephemeris time is this very double.
fn epoch(time_s: f64) -> Epoch {
    let near = epoch_from_et_s(time_s);
    near + (time_s - et_s(near)) * facula_core::Unit::Second
}

fn id(q: &Value, key: &str) -> i32 {
    q[key].as_i64().and_then(|value| i32::try_from(value).ok()).unwrap_or(0)
}

fn number(q: &Value, key: &str) -> f64 {
    q[key].as_f64().unwrap_or(0.0)
}

fn vector<F>(q: &Value, key: &str) -> Vec3<F> {
    Vec3::from_array(std::array::from_fn(|k| q[key][k].as_f64().unwrap_or(0.0)))
}
