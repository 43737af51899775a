use super::*;

fn script() -> PathBuf {
    project::root().join("experiments/gpu-check/pack/run.sh")
}

#[test]
fn the_parts_of_the_script_end_within_eight_minutes() {
    let text = std::fs::read_to_string(script()).unwrap();
    let seconds = |line: &str| line.split_whitespace().last().and_then(|last| last.parse::<u64>().ok());
    let parts: Vec<u64> = text.lines().filter(|line| line.contains("part ") && !line.starts_with('#')).filter_map(seconds).collect();
    assert_eq!(parts.len(), 10, "{parts:?}");
    assert!(parts.iter().sum::<u64>() <= 8 * 60, "{parts:?}");
    assert!(text.contains("\nwhole=470\n"), "what is begun late has to end, too");
}
