//! How fast networks of other tools go forward and back, beside PyTorch.

use miette::miette;
use serde_json::Value;

use super::columns::{lines, measured_by, table};

/// The networks, as the keys name them and as people read them.
const SUBJECTS: [(&str, &str); 2] = [("resnet18", "ResNet-18"), ("mobilenet_v2", "MobileNetV2")];

/// The table of what the measuring program printed. PyTorch's columns are empty where it is not installed.
///
/// # Errors
/// If a figure is missing that is always there.
pub(super) fn render(values: &Value) -> miette::Result<String> {
    let header = ["forward plus backward", "seconds", "burn-flex", "PyTorch", "times as fast as burn-flex", "as PyTorch"];
    let mut table = table(header);
    for (key, name) in SUBJECTS {
        let optional = |figure: &str| values[format!("{key}_{figure}")].as_f64();
        let figure = |figure: &str| optional(figure).ok_or_else(|| miette!("the measuring program printed no `{key}_{figure}`"));
        let (own, flex) = (figure("fwd_bwd_s")?, figure("burn_flex_fwd_bwd_s")?);
        let theirs = optional("pytorch_fwd_bwd_s");
        let seconds = |seconds: Option<f64>| seconds.map_or_else(String::new, |seconds| format!("{seconds:.4}"));
        let ratio = |other: Option<f64>| other.map_or_else(String::new, |other| format!("{:.2}", other / own));
        table.add_row([name.to_owned(), seconds(Some(own)), seconds(Some(flex)), seconds(theirs), ratio(Some(flex)), ratio(theirs)]);
    }
    Ok(format!(
        "{}\n\nshortest of all rounds on one thread, a batch of 64 images 3×32×32, cross-entropy over 1000 classes, gradients of all \
         parameters; {}",
        lines(table, 5),
        measured_by(values)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_stand_beside_those_of_others_and_a_missing_one_is_an_error() {
        let mut values = serde_json::json!({ "engine": "cpu-test", "pytorch": "2.15" });
        for (key, _) in SUBJECTS {
            values[format!("{key}_fwd_bwd_s")] = 0.2.into();
            values[format!("{key}_burn_flex_fwd_bwd_s")] = 0.5.into();
        }
        values["resnet18_pytorch_fwd_bwd_s"] = 0.1.into();
        let rendered = render(&values).unwrap();
        let rows: Vec<Vec<&str>> = rendered.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["ResNet-18", "0.2000", "0.5000", "0.1000", "2.50", "0.50"], "{rendered}");
        assert_eq!(rows[2], ["MobileNetV2", "0.2000", "0.5000", "2.50"], "{rendered}");
        values["mobilenet_v2_fwd_bwd_s"] = Value::Null;
        assert!(render(&values).unwrap_err().to_string().contains("mobilenet_v2_fwd_bwd_s"));
    }
}
