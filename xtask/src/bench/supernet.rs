//! How many images a second a supernet runs, step by step as searches that share weights run it.

use miette::miette;
use serde_json::Value;

use super::columns::{lines, measured_by, table};

/// The steps, as the keys name them and as people read them.
const SUBJECTS: [(&str, &str); 6] = [
    ("supernet_c16_n5_path", "single path, C=16, N=5"),
    ("supernet_c16_n5_gdas", "pass of GDAS, C=16, N=5"),
    ("supernet_c16_n5_mixture", "full mixture, C=16, N=5"),
    ("supernet_c16_n1_path", "single path, C=16, N=1"),
    ("supernet_c16_n1_gdas", "pass of GDAS, C=16, N=1"),
    ("supernet_c16_n1_mixture", "full mixture, C=16, N=1"),
];

/// The table of what the measuring program printed. PyTorch's columns are empty where it is not installed, and memory where the system
/// does not tell it.
///
/// # Errors
/// If a figure is missing that is always there.
pub(super) fn render(values: &Value) -> miette::Result<String> {
    let header = ["images a second", "1 thread", "2 threads", "gain", "PyTorch, 1", "PyTorch, 2", "against both", "MiB", "PyTorch's"];
    let mut table = table(header);
    for (key, name) in SUBJECTS {
        let optional = |figure: &str| values[format!("{key}_{figure}")].as_f64();
        let figure = |figure: &str| optional(figure).ok_or_else(|| miette!("the measuring program printed no `{key}_{figure}`"));
        let (one, two) = (figure("images_per_s_1t")?, figure("images_per_s_2t")?);
        let theirs = ["images_per_s_pytorch_1t", "images_per_s_pytorch_2t"].map(optional);
        let whole = |number: Option<f64>| number.map_or_else(String::new, |number| format!("{number:.0}"));
        let against = [one, two].into_iter().zip(theirs).filter_map(|(own, theirs)| Some(format!("{:.2} ×", own / theirs?)));
        table.add_row([
            name.to_owned(),
            whole(Some(one)),
            whole(Some(two)),
            format!("{:.2} ×", two / one),
            whole(theirs[0]),
            whole(theirs[1]),
            against.collect::<Vec<_>>().join(", "),
            whole(optional("memory_mib")),
            whole(optional("memory_mib_pytorch")),
        ]);
    }
    Ok(format!(
        "{}\n\nNAS-Bench-201, batches of 64 images 3×32×32, {}. Shortest step of all rounds; of a single path and of \
         GDAS the mean over 8 architectures that take turns.\nA single path is a whole weight step; the others are forward and back. MiB: \
         what steps hold on 2 threads beyond the weights.",
        lines(table, 8),
        measured_by(values)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_stand_beside_those_of_pytorch_and_a_missing_one_is_an_error() {
        let mut values = serde_json::json!({ "engine": "cpu-test", "pytorch": "1.13" });
        for (key, _) in SUBJECTS {
            values[format!("{key}_images_per_s_1t")] = 100.0.into();
            values[format!("{key}_images_per_s_2t")] = 180.0.into();
        }
        values["supernet_c16_n5_path_images_per_s_pytorch_1t"] = 80.0.into();
        values["supernet_c16_n5_path_images_per_s_pytorch_2t"] = 120.0.into();
        values["supernet_c16_n5_path_memory_mib"] = 75.4.into();
        let rendered = render(&values).unwrap();
        let first = rendered.lines().nth(1).unwrap();
        assert!(first.contains("1.80 ×") && first.contains("1.25 ×, 1.50 ×") && first.ends_with("75"), "{rendered}");
        values["supernet_c16_n1_gdas_images_per_s_2t"] = Value::Null;
        assert!(render(&values).unwrap_err().to_string().contains("supernet_c16_n1_gdas_images_per_s_2t"));
    }
}
