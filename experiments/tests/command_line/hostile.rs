//! Files and settings that are made to do harm: the program refuses each in words, in seconds and in little memory.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::scratch::{Said, Scratch, TINY};

/// What the program may address, in KiB. Of that, threads and the program itself have some hundred MiB.
const ADDRESSED: u32 = 1_500_000;

/// Where the machine is busy; alone, each of these takes a second or two.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the program with so little memory and time that what does harm is killed.
fn run(scratch: &Scratch, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let mut command = Command::new("sh");
    scratch.isolate(&mut command);
    command.arg("-c").arg(format!("ulimit -v {ADDRESSED} && exec \"$0\" \"$@\"")).arg(assert_cmd::cargo::cargo_bin!("assay"));
    command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Read beside each other, or a full pipe would hold the program up.
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        out.read_to_end(&mut text).map(|_| text).unwrap_or_default()
    });
    let errors = std::thread::spawn(move || {
        let mut text = Vec::new();
        err.read_to_end(&mut text).map(|_| text).unwrap_or_default()
    });
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begin.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("assay {arguments:?} did not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: status.code(), out: text(reader.join().unwrap()), err: text(errors.join().unwrap()) }
}

/// Runs the program, which must refuse in words that hold these. Messages are broken into lines, so spaces do not count.
fn refuses(scratch: &Scratch, arguments: &[&str], variables: &[(&str, &str)], says: &str) {
    let said = run(scratch, arguments, variables);
    let end: String = said.err.chars().take(2000).collect();
    let is_in = |text: &str, words: &str| {
        let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace() && *letter != '│').collect::<String>();
        letters(text).contains(&letters(words))
    };
    assert!(said.code == Some(1) && is_in(&said.err, says), "assay {arguments:?} ended with {:?}, not with `{says}`: {end}", said.code);
    assert!(!said.err.contains("panicked"), "assay {arguments:?}: {end}");
}

fn pipe(scratch: &Scratch, name: &str) {
    assert!(Command::new("mkfifo").arg(scratch.path().join(name)).status().unwrap().success());
}

const NO_FILE: &str = "it is a pipe or a device, not a file; write its content to a file first";
const NO_PIPE: &str = "it is a pipe or a device, not a file";

#[test]
fn settings_that_are_nested_without_end() {
    let scratch = Scratch::new();
    let run = |variables: &[(&str, &str)], says| refuses(&scratch, &["run", "tiny.toml"], variables, says);
    run(&[("ASSAY_SET_SEED", &"[".repeat(100_000))], "`seed`: must be a whole number");
    run(&[("ASSAY_SET_SEED", &"{a=".repeat(40_000))], "`seed`: must be a whole number");
    run(&[("ASSAY_SET_STRATEGY__EXCLUDE", &"[".repeat(100_000))], "`strategy.exclude`: must be");
    let name = format!("ASSAY_SET_A{}", "__A".repeat(40_000));
    run(&[(&name, "1")], "no such key");
    for (assignment, says) in [
        (format!("seed={}", "[".repeat(100_000)), "`seed`: must be a whole number"),
        (format!("seed={}", "{a=".repeat(40_000)), "`seed`: must be a whole number"),
        (format!("{}=1", vec!["a"; 60_000].join(".")), "write --set section.key=value"),
    ] {
        refuses(&scratch, &["run", "tiny.toml", "--set", &assignment], &[], says);
    }
    let (nested, parts) = ("lists and tables are nested more than 32 deep here", "a key has at most 32 parts");
    for (text, says) in [
        ("[".repeat(300_000), nested),
        (format!("a = {}", "[".repeat(300_000)), nested),
        (format!("a = {}", "{a=".repeat(300_000)), nested),
        (format!("{} = 1", vec!["a"; 300_000].join(".")), parts),
        (format!("[{}]", vec!["a"; 300_000].join(".")), parts),
        (format!("a = {}1{}", "[".repeat(40), "]".repeat(40)), nested),
    ] {
        scratch.write("deep.toml", format!("{TINY}{text}\n"));
        refuses(&scratch, &["run", "deep.toml"], &[], says);
        refuses(&scratch, &["run", "deep.toml"], &[], "deep.toml");
    }
}

#[test]
fn tens_of_thousands_of_keys_that_are_not_known() {
    let scratch = Scratch::new();
    let keys = |prefix: &str| (0..32_000).map(|key| format!("{prefix}{key} = {key}\n")).collect::<String>();
    scratch.write("keys.toml", format!("{}{TINY}", keys("key")));
    refuses(&scratch, &["run", "keys.toml"], &[], "`key7`: no such key");
    scratch.write("keys.toml", format!("{TINY}{}", keys("key")));
    refuses(&scratch, &["run", "keys.toml"], &[], "`strategy.key7`: no such setting");
    let sections: String = (0..32_000).map(|section| format!("[section{section}]\n")).collect();
    scratch.write("keys.toml", format!("{TINY}{sections}"));
    refuses(&scratch, &["run", "keys.toml"], &[], "`section7`: no such section");
    let proxies: String = (0..32_000).map(|proxy| format!("[proxies.proxy{proxy}]\n")).collect();
    scratch.write("keys.toml", format!("{TINY}{proxies}"));
    refuses(&scratch, &["run", "keys.toml"], &[], "there is no proxy `proxy7`");
    scratch.write("keys.toml", format!("{TINY}{} = 1\n", "k".repeat(3 << 20)));
    refuses(&scratch, &["run", "keys.toml"], &[], "no such setting");
    scratch.write("keys.toml", format!("{TINY}{}", "k = 1\n".repeat(1 << 20)));
    refuses(&scratch, &["run", "keys.toml"], &[], "it has more than 4 MiB; if that is right, set ASSAY_READ_LIMIT");
    let variables: Vec<(String, String)> = (0..20_000).map(|key| (format!("ASSAY_SET_KEY{key}"), "1".into())).collect();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    refuses(&scratch, &["run", "tiny.toml"], &variables, "`key0`: no such key");
}

#[test]
fn pipes_and_devices_in_the_place_of_files() {
    let scratch = Scratch::new();
    pipe(&scratch, "pipe");
    fs::create_dir_all(scratch.path().join("images/class")).unwrap();
    pipe(&scratch, "images/class/image.png");
    let cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    for file in ["pipe", "/dev/zero"] {
        refuses(&scratch, &["run", file], &[], NO_FILE);
        refuses(&scratch, &["list", "proxies", "--config", file], &[], NO_FILE);
        refuses(&scratch, &["benchmark", "import", "nas-bench-201", file], &[], NO_FILE);
        refuses(&scratch, &["export", cell, "--to", "pytorch", "--weights", file], &[], NO_FILE);
        refuses(&scratch, &["run", "tiny.toml"], &[("ASSAY_PLUGINS", file)], NO_FILE);
        refuses(&scratch, &["run", "tiny.toml", "--set", "plugins.isolate=true"], &[("ASSAY_PLUGINS", file)], NO_FILE);
        for dataset in ["records", "cifar10", "cifar100", "imagenet16-120"] {
            let path = format!("dataset.path={file}");
            refuses(&scratch, &["score", cell, "--proxy", "naswot", "--dataset", dataset, "--set", &path], &[], NO_FILE);
        }
    }
    let images = ["--dataset", "image-folder", "--set", "dataset.path=images", "--set", "proxies.naswot.batch=1"];
    refuses(&scratch, &[&["score", cell, "--proxy", "naswot"][..], &images].concat(), &[], NO_FILE);
    scratch.write("images.toml", TINY.replace("name = \"synthetic\"\nimages = 400", "name = \"image-folder\"\npath = \"images\""));
    refuses(&scratch, &["run", "images.toml", "--quiet"], &[], NO_FILE);
}

#[test]
fn pipes_in_the_place_of_what_a_run_left() {
    let scratch = Scratch::new();
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "run"]);
    let run = scratch.path().join("run");
    for (name, arguments) in [
        ("summary.json", ["show", "run"].as_slice()),
        ("checksums.txt", &["show", "run"]),
        ("trajectory.json", &["report", "run"]),
        ("space.json", &["report", "run"]),
    ] {
        let kept = scratch.path().join("kept");
        fs::rename(run.join(name), &kept).unwrap();
        pipe(&scratch, &format!("run/{name}"));
        refuses(&scratch, arguments, &[], NO_PIPE);
        fs::rename(&kept, run.join(name)).unwrap();
    }
    // Of a run that is not finished, so that there is something to resume.
    fs::remove_file(run.join("summary.json")).unwrap();
    for name in ["experiment.toml", "measurements.jsonl"] {
        let kept = scratch.path().join("kept");
        fs::rename(run.join(name), &kept).unwrap();
        pipe(&scratch, &format!("run/{name}"));
        refuses(&scratch, &["run", "--resume", "run"], &[], NO_PIPE);
        fs::rename(&kept, run.join(name)).unwrap();
    }
}

#[test]
fn pickles_that_copy_themselves() {
    let scratch = Scratch::new();
    // A dictionary that takes over its own entries, again and again, and a set made of a set made of a set.
    let updates = [&b"\x80\x02}q\x00(K\x00NK\x01Nu"[..], &b"h\x00b".repeat(60), b"."].concat();
    let sets =
        [&b"\x80\x02cbuiltins\nset\nq\x00]q\x01("[..], &b"K\x01".repeat(60_000), b"eh\x01\x85", &b"h\x00h\x01\x85R0".repeat(60_000), b"R."]
            .concat();
    for (name, pickle) in [("updates", updates), ("sets", sets)] {
        scratch.write("data.anb", &pickle);
        refuses(&scratch, &["benchmark", "import", "analog-nas-bench", "data.anb"], &[], "it has more values than saved data need");
        fs::create_dir_all(scratch.path().join(name)).unwrap();
        scratch.write(&format!("{name}/train"), &pickle);
        let path = format!("dataset.path={name}");
        let cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|";
        let arguments = ["score", cell, "--proxy", "naswot", "--dataset", "cifar100", "--set", &path];
        refuses(&scratch, &arguments, &[], "it has more values than saved data need");
    }
}

/// A gzip file that unpacks to this many MiB of zeros.
fn gzip_bomb(path: &Path, mebibytes: usize) {
    let packed = Command::new("sh").arg("-c").arg(format!("head -c {mebibytes}M /dev/zero | gzip")).output().unwrap();
    assert!(packed.status.success());
    fs::write(path, packed.stdout).unwrap();
}

#[test]
fn files_that_unpack_without_end() {
    let scratch = Scratch::new();
    gzip_bomb(&scratch.path().join("bomb.gz"), 300);
    for benchmark in ["nas-bench-201", "nas-bench-101", "nas-bench-macro", "darts-1000"] {
        refuses(&scratch, &["benchmark", "import", benchmark, "bomb.gz"], &[], "it unpacks to more than");
    }
    let cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    for dataset in ["cifar10", "cifar100"] {
        let arguments = ["score", cell, "--proxy", "naswot", "--dataset", dataset, "--set", "dataset.path=bomb.gz"];
        refuses(&scratch, &arguments, &[], "bomb.gz");
    }
}

/// The header of a member of a tar archive.
fn header(kind: u8, name: &str, size: u64) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[test]
fn archives_with_names_and_headers_without_end() {
    let scratch = Scratch::new();
    let cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    let score = ["score", cell, "--proxy", "naswot", "--dataset", "cifar10", "--set", "dataset.path=images.tar"];
    // What it says is there is a hole of the file: it takes no room.
    for (kind, name) in [(b'L', "././@LongLink"), (b'x', "pax"), (b'g', "pax")] {
        let path = scratch.path().join("images.tar");
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(&header(kind, name, 3 << 30)).unwrap();
        file.set_len(4 << 30).unwrap();
        refuses(&scratch, &score, &[], "images.tar");
    }
    let member = header(b'0', "data_batch_1.bin", 7 << 30);
    scratch.write("images.tar", &member);
    refuses(&scratch, &score, &[], "more than any file of this kind");
    // Ten thousand headers that each say a name.
    let name = [header(b'x', "pax", 512), b"500 path=".to_vec(), vec![b'a'; 490], b"\n".to_vec(), vec![0; 12]].concat();
    scratch.write("images.tar", name.repeat(10_000));
    refuses(&scratch, &score, &[], "images.tar");
}

#[test]
fn tables_that_claim_and_hold_too_much() {
    let scratch = Scratch::new();
    let import = |name: &str, says| refuses(&scratch, &["benchmark", "import", "nas-bench-201", name], &[], says);
    for footer in [1_u32 << 31, u32::MAX, i32::MAX as u32] {
        scratch.write("a.parquet", [b"PAR1", &[0; 40][..], &footer.to_le_bytes(), b"PAR1"].concat());
        import("a.parquet", "which are more than the whole file has");
    }
    scratch.write("a.parquet", [b"PAR1", &[0xff; 40][..], &40_u32.to_le_bytes(), b"PAR1"].concat());
    import("a.parquet", "the parquet file cannot be decoded");
    for columns in [3000, 1_000_000] {
        let names: String = (0..columns).map(|column| format!(",{column}")).collect();
        scratch.write("table.csv", format!("index,arch,test_cifar10{names}\n0,none,1{}\n", ",1".repeat(columns)));
        import("table.csv", "15624 are missing");
    }
    scratch.write("table.csv", format!("index,arch,test_cifar10\n{}", "\"".repeat(50 << 20)));
    import("table.csv", "table.csv");
    scratch.write("table.json", format!("{{\"00000000\": {}", "[".repeat(10 << 20)));
    refuses(&scratch, &["benchmark", "import", "nas-bench-macro", "table.json"], &[], "table.json");
}
