//! Shows how far a run is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use assay_core::visible::visible;
use assay_run::Observer;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::interrupt::Interrupt;
use crate::output::tell;

/// Between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A bar.
    Bar,
    /// A line now and then.
    Lines,
    /// Not at all.
    Quiet,
}

impl Style {
    /// A bar if standard error is a terminal that nothing else writes to.
    #[must_use]
    pub fn choose(quiet: bool, logs_on_terminal: bool) -> Self {
        match (quiet, logs_on_terminal, std::io::stderr().is_terminal()) {
            (true, _, _) => Self::Quiet,
            (false, false, true) => Self::Bar,
            _ => Self::Lines,
        }
    }
}

/// The progress of one run, and whether the user asked to stop it.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    style: Style,
    unit: &'static str,
    last_line: Mutex<Instant>,
    interrupt: Interrupt,
}

impl Progress {
    /// Nothing done yet, and no idea how much of these units there is.
    #[must_use]
    pub fn start(style: Style, unit: &'static str, interrupt: Interrupt) -> Self {
        let target = if style == Style::Bar { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = format!("{{msg:20!}} [{{wide_bar}}] {{pos}}/{{len}} {unit} · {{per_sec}} · {{eta}} left");
        if let Ok(template) = ProgressStyle::with_template(&template) {
            bar.set_style(template.progress_chars("=> "));
        }
        Self { bar, style, unit, last_line: Mutex::new(Instant::now()), interrupt }
    }
}

impl Drop for Progress {
    /// Takes the bar away.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn phase(&self, phase: &str) {
        self.bar.set_message(visible(phase).into_owned());
    }

    fn expect(&self, more: usize) {
        self.bar.set_length(self.bar.position() + more as u64);
    }

    fn replay(&self, done: usize) {
        self.bar.set_position(self.bar.position() + done as u64);
        self.bar.reset_eta();
    }

    fn advance(&self, done: usize) {
        self.bar.inc(done as u64);
        if self.style != Style::Lines {
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= PAUSE {
            *last = Instant::now();
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let (rate, left) = (self.bar.per_sec(), HumanDuration(self.bar.eta()));
            tell!("{}: {done}/{all} {}, {rate:.2} a second, {left} left", self.bar.message(), self.unit);
        }
    }

    fn say(&self, line: &str) {
        match self.style {
            Style::Bar => self.bar.println(visible(line)),
            Style::Lines => tell!("{line}"),
            Style::Quiet => {}
        }
    }

    fn warn(&self, line: &str) {
        self.bar.suspend(|| tell!("{line}"));
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.is_asked()
    }
}
