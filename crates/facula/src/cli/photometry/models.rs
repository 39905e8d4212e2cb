// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula photometry models`.

use clap::Args;
use facula::photometry::{PublishedModel, SurfaceModel, published_models};
use facula::scatter::{disk_laws, parameter_unit, phase_laws, start_law};
use serde_json::{Value, json};

use super::super::json_text;
use super::super::table::Table;
use super::with_sigma;

const HELP: &str = "Examples:
  facula photometry models
  facula photometry models --json
      For machines: each value with its sigma and source

Values whose source begins with ASSUMED were published nowhere we could read.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ModelsArgs {
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &ModelsArgs) -> String {
    if args.json {
        return json_text(&json!({
            "published": published_models(),
            "disk_functions": disk_laws().iter().map(|law| as_json(law.name, law.about, law.held)).collect::<Vec<_>>(),
            "phase_functions": phase_laws().iter().map(|law| as_json(law.name, law.about, law.held)).collect::<Vec<_>>(),
        }));
    }
    let mut text = String::from("PUBLISHED LAWS (for --model)\n");
    published_models().iter().for_each(|set| text += &published(set));
    text += "\nDISK FUNCTIONS (for --disk)\n";
    text += &laws(disk_laws().iter().map(|law| (law.name, law.about, law.held)));
    text += "\nPHASE FUNCTIONS (for --phase)\n";
    text += &laws(phase_laws().iter().map(|law| (law.name, law.about, law.held)));
    text += "\nParameters in brackets are held at their start unless --free names them. Laws but Hapke's, rolo and\n\
             polynomial have normal_albedo too.\n";
    text
}

fn published(set: &PublishedModel) -> String {
    let mut text = format!(
        "\n{}: {} at {} nm, geometric albedo {} +- {} ({})\n  {}\n",
        set.name,
        set.body,
        set.wavelength_nm,
        set.geometric_albedo,
        set.geometric_albedo_sigma,
        set.geometric_albedo_source,
        set.variant
    );
    let mut table = Table::new(&["  parameter", "value", "sigma", "unit", "source"], 5);
    for (parameter, value) in set.model.parameters().iter().zip(&set.values) {
        let [number, sigma] = with_sigma(parameter.value, value.sigma);
        let name = format!("  {}", parameter.name);
        table.line(vec![name, number, sigma, parameter_unit(parameter.name).into(), value.source.clone()]);
    }
    text += &table.text();
    text
}

/// Names of the parameters of a law by its name.
fn parameters(name: &str) -> Vec<&'static str> {
    let of = |model: SurfaceModel| model.parameters().iter().map(|p| p.name).collect::<Vec<_>>();
    let start = start_law(name, Some("constant")).or_else(|_| start_law("lambert", Some(name)));
    let names = start.map(|start| of(start.model)).unwrap_or_default();
    names.into_iter().filter(|name| *name != "normal_albedo").collect()
}

fn laws<'a>(laws: impl Iterator<Item = (&'a str, &'a str, &'a [&'a str])>) -> String {
    let mut table = Table::new(&["name", "law", "parameters"], 3);
    for (name, about, held) in laws {
        let word = |parameter: &str| {
            if held.contains(&parameter) { format!("[{parameter}]") } else { parameter.to_string() }
        };
        let words: Vec<_> = parameters(name).into_iter().map(word).collect();
        table.line(vec![name.into(), about.into(), words.join(" ")]);
    }
    table.text()
}

fn as_json(name: &str, about: &str, held: &[&str]) -> Value {
    let parameter =
        |name: &str| json!({ "name": name, "unit": parameter_unit(name), "held": held.contains(&name) });
    let parameters: Vec<Value> = parameters(name).into_iter().map(parameter).collect();
    json!({ "name": name, "law": about, "parameters": parameters })
}
