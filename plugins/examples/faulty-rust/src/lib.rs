//! `faulty`: a proxy that fails in the way its setting `how` names, for the tests of what failures do.

use assay_plugin_sdk::{Asking, Error, Measured, Proxy, Reading, Setting, Settings, export};

unsafe extern "C" {
    fn fesetround(mode: i32) -> i32;
    fn _exit(code: i32) -> !;
    fn quick_exit(code: i32) -> !;
    fn raise(signal: i32) -> i32;
}

/// For as long as somebody lets it.
fn hang() -> ! {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

/// Makes this thread round as it pleases the plugin.
fn round_upwards() {
    // SAFETY: a function of the C library.
    unsafe { fesetround(if cfg!(target_arch = "x86_64") { 0x800 } else { 0x40_0000 }) };
}

struct Faulty {
    how: String,
}

impl Proxy for Faulty {
    const NAME: &'static str = "faulty";
    const SUMMARY: &'static str = "fails in the way its settings say";
    const SETTINGS: &'static [Setting] = &[Setting::choice(
        "how",
        "panic|panic-in-ask|error|undefined|not-a-number|infinite|cotangent|not-asked|abort|exit|exit-0|exit-at-once|quick-exit|exit-on-a-thread|crash|refuse|print|round|draw|hang|hang-in-create|ask-and-hang|slow",
        "\"panic\"",
        "the way to fail",
    )];

    fn new(settings: &Settings) -> Result<Self, Error> {
        let how = settings.get("how").and_then(|how| how.as_str()).unwrap_or("panic").to_owned();
        if how == "round" {
            round_upwards();
        }
        if how == "hang-in-create" {
            hang();
        }
        if how == "refuse" { Err(Error::new("these settings contradict each other")) } else { Ok(Self { how }) }
    }

    fn ask(&self, _: usize, pass: &Asking<'_>) -> Result<(), Error> {
        match self.how.as_str() {
            "round" => round_upwards(),
            "panic-in-ask" => panic!("the ask is too much"),
            "cotangent" => pass.objective(pass.graph()?.output(), &[1.0, 2.0, 3.0]).map(drop)?,
            _ => {}
        }
        Ok(())
    }

    fn score(&self, passes: &[Measured<'_>]) -> Result<Reading, Error> {
        match self.how.as_str() {
            "round" => {
                round_upwards();
                // The host measures this itself.
                Ok(Reading::Value(passes[0].gram()?.entries.iter().sum()))
            }
            "panic" => {
                let nothing: Vec<f64> = Vec::new();
                Ok(Reading::Value(nothing[passes.len() + 6]))
            }
            "error" => Err(Error::new("the moon is in the wrong phase")),
            "undefined" => Ok(Reading::undefined("the network has no soul")),
            "not-a-number" => Ok(Reading::Value(f64::NAN)),
            "infinite" => Ok(Reading::Value(f64::INFINITY)),
            "not-asked" => passes[0].patterns().map(|patterns| Reading::Value(patterns.units as f64)),
            // Of some architectures only, to see that others keep their scores.
            "abort" if passes[0].parameter_count()? % 2 == 0 => std::process::abort(),
            "exit" => std::process::exit(7),
            "exit-0" => std::process::exit(0),
            // SAFETY: functions of the C library.
            "exit-at-once" => unsafe { _exit(0) },
            // SAFETY: as above.
            "quick-exit" => unsafe { quick_exit(0) },
            "exit-on-a-thread" => {
                std::thread::spawn(|| std::process::exit(0));
                hang()
            }
            "crash" => {
                const SIGSEGV: i32 = 11;
                // SAFETY: as above.
                unsafe { raise(SIGSEGV) };
                hang()
            }
            "draw" => passes[0].uniform("too many", 1 << 27).map(|numbers| Reading::Value(numbers[0])),
            "hang" => hang(),
            // Every question is answered at once; their number is what takes long.
            "ask-and-hang" => loop {
                passes[0].parameter_count()?;
                std::thread::sleep(std::time::Duration::from_millis(1));
            },
            "slow" => {
                std::thread::sleep(std::time::Duration::from_millis(900));
                Ok(Reading::Value(passes[0].parameter_count()? as f64))
            }
            "print" => {
                println!("what a plugin prints does no harm");
                Ok(Reading::Value(passes[0].output()?.iter().sum()))
            }
            _ => Ok(Reading::Value(passes[0].parameter_count()? as f64)),
        }
    }
}

export! { proxies: [Faulty] }
