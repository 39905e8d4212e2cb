// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers questions to kernels, one JSON object a line: the program side of `crosscheck/check_kernels.py`.
//!
//! usage: `query KERNEL…`, questions on standard input, answers in the same order on standard output.
//!
//! A question: `{"kind":"state","target":-203,"observer":2000001,"et":4.8e8,"frame":"J2000","correction":"LT+S"}`;
//! an answer: `{"et":…,"state":[…],"light_time_s":…}` or `{"error":"…"}`. `et` in the answer is the epoch that
//! was used: the question's to the nanosecond.
#![allow(clippy::print_stdout)]

use std::io::{BufRead, Write};
use std::path::PathBuf;

use facula_core::{BodyFixed, Epoch, Icrf, epoch_from_et_s, et_s};
use facula_spice::{AttitudeLevel, Correction, Kernels, ShapeMesh, Source, SpiceError, StateIn};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let kernels = Kernels::load(&files)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let answer = answer(&kernels, &question).unwrap_or_else(|error| json!({"error": error.to_string()}));
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

/// Arguments of a question; a missing number counts as zero, a missing text as empty.
struct Question<'a>(&'a Value);

impl Question<'_> {
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn integer(&self, key: &str) -> i32 {
        self.0[key].as_i64().and_then(|n| i32::try_from(n).ok()).unwrap_or_default()
    }

    fn epoch(&self) -> Epoch {
        epoch_from_et_s(self.0["et"].as_f64().unwrap_or_default())
    }
}

fn answer(kernels: &Kernels, question: &Value) -> Result<Value, SpiceError> {
    let ask = Question(question);
    match ask.text("kind") {
        "state" => state(kernels, &ask),
        "rotation" => rotation(kernels, &ask),
        "rate" => rate(kernels, &ask),
        "et_of_clock" => {
            let epoch = kernels.epoch_of_clock(ask.integer("clock"), ask.text("text"))?;
            Ok(json!({"et": et_s(epoch)}))
        }
        "clock_at" => {
            let epoch = ask.epoch();
            Ok(json!({"et": et_s(epoch), "text": kernels.clock_at(ask.integer("clock"), epoch)?}))
        }
        "ticks" => Ok(json!({"ticks": kernels.ticks_of_clock(ask.integer("clock"), ask.text("text"))?})),
        "time" => Ok(json!({"et": et_s(facula_spice::parse_time(ask.text("text"))?)})),
        "shape" => Ok(shapes(kernels, ask.integer("body"))),
        "coverage" => coverage(kernels, &ask),
        "explain" => {
            let steps = kernels.explain_state(ask.integer("target"), ask.integer("observer"), ask.epoch())?;
            let one = |s: &Source| json!({"step": s.step, "file": s.file, "overridden": s.overridden});
            Ok(json!({"steps": steps.iter().map(one).collect::<Vec<_>>()}))
        }
        "constant" => {
            let name = ask.text("name");
            Ok(json!({"numbers": kernels.numbers(name), "texts": kernels.texts(name)}))
        }
        "body" => Ok(json!({
            "code": kernels.body_code(ask.text("name")), "name": kernels.body_name(ask.integer("code"))})),
        other => Ok(json!({"error": format!("no kind of question: {other:?}")})),
    }
}

fn state(kernels: &Kernels, ask: &Question<'_>) -> Result<Value, SpiceError> {
    let correction: Correction = ask.text("correction").parse()?;
    let (pair, epoch) = ((ask.integer("target"), ask.integer("observer")), ask.epoch());
    let frame = ask.text("frame");
    // ICRF goes the fast way of the pipeline, the other frames the general one.
    let (p, v, light_time_s) = if frame == "J2000" {
        let state = kernels.state(pair.0, pair.1, epoch, correction)?;
        (state.position_km.to_array(), state.velocity_km_s.to_array(), state.light_time_s)
    } else {
        let state: StateIn<BodyFixed> = kernels.state_in(frame, pair, epoch, correction)?;
        (state.position_km.to_array(), state.velocity_km_s.to_array(), state.light_time_s)
    };
    let state = [p, v].concat();
    Ok(json!({"et": et_s(epoch), "state": state, "light_time_s": light_time_s}))
}

fn rotation(kernels: &Kernels, ask: &Question<'_>) -> Result<Value, SpiceError> {
    let epoch = ask.epoch();
    let turn = kernels.rotation::<BodyFixed, Icrf>(ask.text("to"), ask.text("from"), epoch)?;
    Ok(json!({"et": et_s(epoch), "rows": turn.rows()}))
}

fn rate(kernels: &Kernels, ask: &Question<'_>) -> Result<Value, SpiceError> {
    let epoch = ask.epoch();
    let turn = kernels.rotation_rate::<BodyFixed, Icrf>(ask.text("to"), ask.text("from"), epoch)?;
    let spin = turn.angular_velocity_rad_s.to_array();
    Ok(json!({"et": et_s(epoch), "rows": turn.rotation.rows(), "spin": spin}))
}

fn shapes(kernels: &Kernels, body: i32) -> Value {
    let one = |mesh: &ShapeMesh<'_>| {
        json!({"surface": mesh.surface, "frame": mesh.frame, "span": mesh.coverage.map(et_s),
            "vertices_km": mesh.vertices_km, "plates": mesh.plates})
    };
    json!({"shapes": kernels.shape_meshes(body).iter().map(one).collect::<Vec<_>>()})
}

fn coverage(kernels: &Kernels, ask: &Question<'_>) -> Result<Value, SpiceError> {
    let id = ask.integer("id");
    let spans = match ask.text("of") {
        "body" => kernels.coverage_of_body(id),
        "structure" => kernels.coverage_of_structure(id, AttitudeLevel::Segment)?,
        "intervals" => kernels.coverage_of_structure(id, AttitudeLevel::Interval)?,
        "orientation" => kernels.coverage_of_orientation(id),
        _ => kernels.coverage_of_shape(id),
    };
    Ok(json!({"spans": spans.iter().map(|span| span.map(et_s)).collect::<Vec<_>>()}))
}
