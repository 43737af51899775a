//! How many images a second networks learn from.

use miette::miette;
use serde_json::Value;

use super::columns::{lines, measured_by, table};

/// The networks, as the keys name them and as people read them.
const SUBJECTS: [(&str, &str); 4] = [
    ("train_nb201_b64", "NAS-Bench-201, all 3×3, batch 64"),
    ("train_nb201_b256", "NAS-Bench-201, all 3×3, batch 256"),
    ("train_darts_b64", "DARTS V2, 8 cells, 16 channels, batch 64"),
    ("train_small", "DARTS V2, 3 cells, 8 channels, batch 32"),
];

/// The table of what the measuring program printed. PyTorch's columns are empty where it is not installed.
///
/// # Errors
/// If a figure is missing that is always there.
pub(super) fn render(values: &Value) -> miette::Result<String> {
    let header = ["images a second", "1 thread", "2 threads", "gain", "burn-flex", "PyTorch, 1", "PyTorch, 2", "against both"];
    let mut table = table(header);
    for (key, name) in SUBJECTS {
        let optional = |figure: &str| values[format!("{key}_images_per_s_{figure}")].as_f64();
        let figure =
            |figure: &str| optional(figure).ok_or_else(|| miette!("the measuring program printed no `{key}_images_per_s_{figure}`"));
        let (one, two, slow) = (figure("1t")?, figure("2t")?, figure("burn_flex")?);
        let (theirs, on_two) = (optional("pytorch_1t"), optional("pytorch_2t"));
        let rate = |rate: Option<f64>| rate.map_or_else(String::new, |rate| format!("{rate:.0}"));
        let mut against = vec![format!("{:.1} × burn-flex", one / slow)];
        against.extend(theirs.map(|theirs| format!("{:.2} × PyTorch", one / theirs)));
        against.extend(on_two.map(|theirs| format!("{:.2} × on two", two / theirs)));
        let gain = format!("{:.2} ×", two / one);
        table.add_row([
            name.into(),
            rate(Some(one)),
            rate(Some(two)),
            gain,
            rate(Some(slow)),
            rate(theirs),
            rate(on_two),
            against.join(", "),
        ]);
    }
    Ok(format!("{}\n\nshortest step of all rounds, {}; SGD with Nesterov's momentum, 3×32×32 images", lines(table, 6), measured_by(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_stand_beside_those_of_others_and_a_missing_one_is_an_error() {
        let mut values = serde_json::json!({ "engine": "cpu-test", "pytorch": "1.13" });
        for (key, _) in SUBJECTS {
            values[format!("{key}_images_per_s_1t")] = 100.0.into();
            values[format!("{key}_images_per_s_2t")] = 180.0.into();
            values[format!("{key}_images_per_s_burn_flex")] = 10.0.into();
        }
        values["train_small_images_per_s_pytorch_1t"] = 80.0.into();
        values["train_small_images_per_s_pytorch_2t"] = 120.0.into();
        let rendered = render(&values).unwrap();
        let last = rendered.lines().nth(4).unwrap();
        assert!(last.contains("1.80 ×") && last.contains("10.0 × burn-flex, 1.25 × PyTorch, 1.50 × on two"), "{rendered}");
        values["train_nb201_b64_images_per_s_2t"] = Value::Null;
        assert!(render(&values).unwrap_err().to_string().contains("train_nb201_b64_images_per_s_2t"));
    }
}
