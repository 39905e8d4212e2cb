// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a user sees: one progress bar, warnings, the outcome; or JSON lines for machines.

use std::io::Write;
use std::sync::Mutex;

use facula::core::{Progress, Reporter, Warning};
use facula::{Outcome, SurveyError, SurveyReporter};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How much is told, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// A person, the essentials.
    Plain,
    /// A person, everything.
    Verbose,
    /// A machine.
    Json,
}

impl Detail {
    /// From the two flags; `--json` wins.
    pub(crate) fn of(json: bool, verbose: bool) -> Self {
        match (json, verbose) {
            (true, _) => Self::Json,
            (false, true) => Self::Verbose,
            (false, false) => Self::Plain,
        }
    }
}

/// Reports to the terminal and keeps the warnings.
pub(crate) struct Terminal {
    detail: Detail,
    bar: ProgressBar,
    stage: Mutex<String>,
    warnings: Mutex<Vec<Warning>>,
}

/// Warnings told one by one without `-v`.
const WARNINGS_SHOWN: usize = 5;

impl Terminal {
    pub(crate) fn new(detail: Detail) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg:>12} [{bar:32}] {pos}/{len}  {elapsed}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        if detail == Detail::Json {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { detail, bar, stage: Mutex::default(), warnings: Mutex::default() }
    }

    pub(crate) fn is_for_people(&self) -> bool {
        self.detail != Detail::Json
    }

    /// Takes the bar away and tells the warnings.
    pub(crate) fn close(&self) {
        self.bar.finish_and_clear();
        if self.detail != Detail::Json {
            self.tell(&self.warnings());
        }
    }

    /// The first warnings; all with `-v`.
    fn tell(&self, warnings: &[Warning]) {
        let shown = if self.detail == Detail::Verbose { usize::MAX } else { WARNINGS_SHOWN };
        warnings.iter().take(shown).for_each(tell);
        if warnings.len() > shown {
            complain(&format!("… and {} more warnings; -v tells all\n", warnings.len() - shown));
        }
    }

    /// Tells how the survey ended.
    pub(crate) fn finish(&self, outcome: &Outcome) {
        self.bar.finish_and_clear();
        if self.detail == Detail::Json {
            return say(&format!("{}\n", outcome_json(outcome)));
        }
        self.tell(&outcome.warnings);
        let mut text = String::new();
        if outcome.already_complete {
            text += "Nothing to do: this survey is complete.\n";
        }
        text += &format!("{}\n", outcome.headline);
        for line in &outcome.strongest {
            text += &format!("  {line}\n");
        }
        if self.detail == Detail::Verbose {
            let stages = outcome.timings_s.iter().filter(|(_, seconds)| *seconds >= 0.05);
            let stages: Vec<String> =
                stages.map(|(name, seconds)| format!("{name} {seconds:.1} s")).collect();
            text += &format!("Stages: {}\n", stages.join(", "));
        }
        if outcome.frames.1 > 0 {
            text += &format!("{} of {} frames used. ", outcome.frames.0, outcome.frames.1);
        }
        text += &format!("Open {}\n", outcome.out.join("report.html").display());
        say(&text);
    }

    /// Tells why it could not go on: `error:`, a blank line, `hint:`.
    pub(crate) fn fail(&self, error: &SurveyError) {
        self.bar.finish_and_clear();
        if self.detail == Detail::Json {
            let value = serde_json::json!({ "error": error.to_string(), "hint": error.hint() });
            return complain(&format!("{value}\n"));
        }
        if self.detail == Detail::Verbose {
            self.warnings().iter().for_each(tell);
        }
        complain(&format!("error: {error}\n\nhint: {}\n", error.hint()));
    }
}

fn outcome_json(outcome: &Outcome) -> serde_json::Value {
    serde_json::json!({
        "out": outcome.out,
        "headline": outcome.headline,
        "frames_used": outcome.frames.0,
        "frames_given": outcome.frames.1,
        "spots": outcome.spots,
        "strongest": outcome.strongest,
        "warnings": outcome.warnings,
        "already_complete": outcome.already_complete,
    })
}

impl Reporter for Terminal {
    fn warn(&self, warning: Warning) {
        if self.detail == Detail::Json {
            complain(&format!("{}\n", serde_json::json!({ "warning": warning })));
        }
        self.warnings.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(warning);
    }

    fn progress(&self, progress: Progress<'_>) {
        if self.detail == Detail::Json {
            let Progress { stage, done, total } = progress;
            return complain(&format!(
                "{}\n",
                serde_json::json!({ "stage": stage, "done": done, "total": total })
            ));
        }
        let mut stage = self.stage.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if *stage != progress.stage {
            *stage = progress.stage.to_string();
            self.bar.set_message(stage.clone());
            self.bar.set_length(progress.total as u64);
        }
        self.bar.set_position(progress.done as u64);
    }
}

impl SurveyReporter for Terminal {
    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.warnings.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        warnings.sort();
        warnings.dedup();
        warnings
    }
}

/// Writes to standard output; a closed pipe ends the words, not the program.
pub(crate) fn say(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// A warning for people.
fn tell(warning: &Warning) {
    let Warning { stage, subject, message, hint } = warning;
    complain(&format!("warning: {stage}: {subject}: {message}\n   hint: {hint}\n"));
}

/// Writes to standard error.
pub(crate) fn complain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
