//! The memory limit of a function. Linux has no limit on the resident set of one
//! process, so it is measured again and again; the caller kills the process.

use std::future::pending;
use std::time::Duration;

/// How long a process may use more than its limit before it is noticed.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(5);

/// Waits until a process uses more than so many MB. Where the system does not
/// tell, as outside Linux, this waits for ever.
pub(super) async fn wait_for_memory_excess(pid: u32, megabytes: u32) {
    loop {
        match read_resident_kib(pid) {
            Some(used) if used > u64::from(megabytes) * 1024 => return,
            Some(_) => tokio::time::sleep(SAMPLE_INTERVAL).await,
            None => pending().await,
        }
    }
}

/// The resident set of a process, in KiB.
///
/// Source: [`proc_pid_status(5)`](https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
fn read_resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
