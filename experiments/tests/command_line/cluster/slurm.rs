//! A real Slurm of one node, which a test starts and ends: its own key, its own ports, its own folder.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The programs, which Debian has in the packages `slurmctld`, `slurmd`, `slurm-client` and `munge`.
const PROGRAMS: [&str; 6] = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol"];

/// A machine has one of them at a time: daemons of two take each other's jobs for their own.
static ONE: Mutex<()> = Mutex::new(());

/// Daemons that end with it.
pub(super) struct Slurm {
    folder: TempDir,
    node: String,
    _one: MutexGuard<'static, ()>,
}

impl Slurm {
    /// Starts it; or says why it cannot be.
    pub(super) fn start() -> Result<Self, String> {
        let missing: Vec<&str> = PROGRAMS.into_iter().filter(|program| find(program).is_none()).collect();
        if !missing.is_empty() {
            return Err(format!("{} not installed (slurmctld, slurmd, slurm-client and munge of Debian)", missing.join(", ")));
        }
        let user = said("id", &["-un"]);
        if user != "root" {
            return Err(format!("slurmd starts jobs for root alone here, and this is {user}"));
        }
        let folder = tempfile::tempdir().unwrap();
        // Munge wants a socket that all can reach.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let slurm = Self { folder, node: said("hostname", &["-s"]), _one: ONE.lock().unwrap_or_else(PoisonError::into_inner) };
        let at = |name: &str| slurm.at(name).display().to_string();
        for name in ["state", "spool", "log"] {
            fs::create_dir(slurm.at(name)).unwrap();
        }
        fs::write(slurm.at("munge.key"), rand::random::<[u8; 1024 / 8]>().repeat(8)).unwrap();
        fs::set_permissions(slurm.at("munge.key"), fs::Permissions::from_mode(0o400)).unwrap();
        slurm.write_configuration(&user);
        let of = |option: &str, name: &str| format!("--{option}={}", at(name));
        let munge = [
            "--force".into(),
            of("key-file", "munge.key"),
            of("socket", "munge.socket"),
            of("pid-file", "munged.pid"),
            of("log-file", "log/munged.log"),
            of("seed-file", "munge.seed"),
        ];
        for (daemon, arguments) in [("munged", &munge[..]), ("slurmctld", &[]), ("slurmd", &[])] {
            let output = slurm.command(find(daemon).unwrap()).args(arguments).output().unwrap();
            assert!(output.status.success(), "{daemon}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let start = Instant::now();
        while slurm.said("sinfo", &["--noheader", "--format=%T"]) != "idle" {
            if start.elapsed() > Duration::from_secs(60) {
                return Err(format!("its node does not come up: {}", fs::read_to_string(slurm.at("log/d.log")).unwrap_or_default()));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(slurm)
    }

    fn write_configuration(&self, user: &str) {
        // Both at once, so that they differ.
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap()).map(|port| port.local_addr().unwrap().port());
        let ([controller, daemon], node, folder) = (ports, &self.node, self.folder.path().display());
        let text = format!(
            "ClusterName=test
SlurmctldHost={node}(127.0.0.1)
AuthType=auth/munge
# A requeued job waits until the credentials of the one before it expire: two minutes, if nothing is said; under 5 s it is not taken.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/log/ctld.log
SlurmdLogFile={folder}/log/d.log
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/d.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=0
KillWait=10
# What becomes possible with time is looked for every minute, if nothing is said.
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmctldPort={controller}
SlurmdPort={daemon}
NodeName={node} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes={node} Default=YES MaxTime=INFINITE State=UP
"
        );
        fs::write(self.at("slurm.conf"), text).unwrap();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.configuration());
        command
    }

    /// What tells programs which Slurm is meant.
    pub(super) fn configuration(&self) -> PathBuf {
        self.at("slurm.conf")
    }

    /// Runs one of its commands, which must succeed.
    pub(super) fn said(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Sets its node's state: `down`, `resume`.
    pub(super) fn set_node(&self, state: &str) {
        let [node, state] = [format!("NodeName={}", self.node), format!("State={state}")];
        self.said("scontrol", &["update", &node, &state, "Reason=test"]);
    }

    /// Waits until something is so; what its queue holds is told where it does not come to be.
    pub(super) fn wait_until(&self, what: &str, seconds: u64, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(seconds), "waited {seconds} s until {what}; in the queue:\n{}", self.queue());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What is in its queue: job, element and state, a line each.
    pub(super) fn queue(&self) -> String {
        self.said("squeue", &["--array", "--noheader", "--format=%F_%K %T %r"])
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        // Nothing of it outlives the test, however that ends.
        drop(self.command("scancel").args(["--me", "--signal=KILL"]).stderr(Stdio::null()).status());
        drop(self.command("scancel").arg("--me").stderr(Stdio::null()).status());
        for name in ["d.pid", "ctld.pid", "munged.pid"] {
            end(&self.at(name));
        }
    }
}

/// Ends the process of a file of its number, and waits until it is gone.
fn end(file: &Path) {
    let Ok(pid) = fs::read_to_string(file) else { return };
    let process = PathBuf::from("/proc").join(pid.trim());
    for signal in ["-TERM", "-KILL"] {
        drop(Command::new("kill").args([signal, pid.trim()]).stderr(Stdio::null()).status());
        let start = Instant::now();
        while process.exists() && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Daemons are where the path of a user does not look.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}
