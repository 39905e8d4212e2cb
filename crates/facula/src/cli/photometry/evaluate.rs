// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula photometry evaluate`.

use clap::Args;
use facula::RequestError;
use facula::photometry::{Integral, LightAngles, PublishedModel, SphereAlbedos};
use facula::scatter::read_law;
use serde_json::{Value, json};

use super::super::json_text;
use super::super::table::Table;

const HELP: &str = "Examples:
  facula photometry evaluate --model ceres-hg -i 30 -e 0 -p 30
  facula photometry evaluate --model law.toml -i 0 30 60 -e 0 -p 0 30 60
      Several angles; one value alone holds for all
  facula photometry evaluate --model vesta-hg --sphere
      Geometric albedo, phase integral and spherical albedo

A law file is what `facula photometry fit -o` writes, or the bare law: disk = \"lommel-seeliger\",
phase = { hg = { slope = 0.12 } } and normal_albedo = 0.09.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct EvaluateArgs {
    /// Published law (see `facula photometry models`) or law file.
    #[arg(long, value_name = "NAME|FILE.toml")]
    model: String,
    /// Incidence angles, degrees.
    #[arg(short, long = "incidence", value_name = "DEG", num_args = 1.., allow_negative_numbers = true)]
    incidence_deg: Vec<f64>,
    /// Emission angles, degrees.
    #[arg(short, long = "emission", value_name = "DEG", num_args = 1.., allow_negative_numbers = true)]
    emission_deg: Vec<f64>,
    /// Phase angles, degrees.
    #[arg(short, long = "phase", value_name = "DEG", num_args = 1.., allow_negative_numbers = true)]
    phase_deg: Vec<f64>,
    /// Albedos of a sphere with the law.
    #[arg(long)]
    sphere: bool,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Angles in degrees with their I/F.
struct Row {
    angles_deg: [f64; 3],
    iof: f64,
}

pub(super) fn run(args: &EvaluateArgs) -> Result<String, RequestError> {
    let law = read_law(&args.model)?;
    let rows: Vec<Row> = angles(args)?
        .into_iter()
        .map(|angles_deg| {
            let [incidence_deg, emission_deg, phase_deg] = angles_deg;
            let light = LightAngles::from_degrees(incidence_deg, emission_deg, phase_deg);
            Row { angles_deg, iof: law.model.iof(light) }
        })
        .collect();
    let sphere = args.sphere.then(|| law.model.sphere_albedos());
    Ok(if args.json { json_text(&as_json(&law, &rows, sphere)) } else { told(&law, &rows, sphere) })
}

/// Angles side by side; a value alone holds for all.
fn angles(args: &EvaluateArgs) -> Result<Vec<[f64; 3]>, RequestError> {
    let lists = [
        ("incidence (degrees, 0 to 180)", &args.incidence_deg),
        ("emission (degrees, 0 to 180)", &args.emission_deg),
        ("phase (degrees, 0 to 180)", &args.phase_deg),
    ];
    let count = lists.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
    if count == 0 {
        let told = RequestError::argument("angles (give -i, -e and -p, or --sphere)", "none");
        return if args.sphere { Ok(Vec::new()) } else { Err(told) };
    }
    for (name, list) in lists {
        if let Some(bad) = list.iter().find(|angle| !(0.0..=180.0).contains(*angle)) {
            return Err(RequestError::argument(name, &bad.to_string()));
        }
        if list.len() != 1 && list.len() != count {
            let given = format!("{} values where another angle has {count}", list.len());
            return Err(RequestError::argument(name, &given));
        }
    }
    let at = |k: usize| lists.map(|(_, list)| if list.len() == 1 { list[0] } else { list[k] });
    Ok((0..count).map(at).collect())
}

fn told(law: &PublishedModel, rows: &[Row], sphere: Option<SphereAlbedos>) -> String {
    let mut text =
        format!("{}: {}; I/F at zero angles {:.6}\n", law.name, law.variant, law.model.normal_iof());
    if !rows.is_empty() {
        let headings = ["incidence deg", "emission deg", "phase deg", "I/F", "I/F per normal albedo"];
        let mut table = Table::new(&headings, 0);
        for row in rows {
            let mut cells: Vec<String> = row.angles_deg.iter().map(|angle| format!("{angle}")).collect();
            cells.push(format!("{:.8}", row.iof));
            cells.push(format!("{:.6}", row.iof / law.model.normal_iof()));
            table.line(cells);
        }
        text += &table.text();
    }
    if let Some(SphereAlbedos { geometric, phase_integral, spherical }) = sphere {
        let mut table = Table::new(&["of a sphere", "value", "error of the integral"], 1);
        let named = [
            ("geometric albedo", geometric),
            ("phase integral", phase_integral),
            ("spherical albedo", spherical),
        ];
        for (name, Integral { value, sigma }) in named {
            table.line(vec![name.into(), format!("{value:.6}"), format!("{sigma:.0e}")]);
        }
        text += &table.text();
    }
    text
}

fn as_json(law: &PublishedModel, rows: &[Row], sphere: Option<SphereAlbedos>) -> Value {
    let row = |row: &Row| {
        let [incidence_deg, emission_deg, phase_deg] = row.angles_deg;
        json!({ "incidence_deg": incidence_deg, "emission_deg": emission_deg, "phase_deg": phase_deg, "iof": row.iof })
    };
    let number = |found: Integral| json!({ "value": found.value, "error": found.sigma });
    let sphere = sphere.map(|found| {
        json!({
            "geometric_albedo": number(found.geometric),
            "phase_integral": number(found.phase_integral),
            "spherical_albedo": number(found.spherical),
        })
    });
    json!({
        "law": law,
        "normal_iof": law.model.normal_iof(),
        "iof": rows.iter().map(row).collect::<Vec<_>>(),
        "sphere": sphere,
    })
}
