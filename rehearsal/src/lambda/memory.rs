//! The memory that a function may use: measured as the process's resident
//! set, and enforced by a kill, as on Lambda.

use std::future::pending;
use std::time::Duration;

/// How often it is measured.
const EVERY: Duration = Duration::from_millis(5);

/// Waits until a process uses more than this. Where the system does not say
/// how much it uses, that is never.
pub(super) async fn exceeded(pid: u32, megabytes: u32) {
    loop {
        match resident_kib(pid) {
            Some(used) if used > u64::from(megabytes) * 1024 => return,
            Some(_) => tokio::time::sleep(EVERY).await,
            None => pending().await,
        }
    }
}

/// Source: [`proc_pid_status(5)`](https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
