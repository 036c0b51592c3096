//! EBS volumes and snapshots.

use super::What;

/// Storage of `AmazonEC2`.
pub(super) fn ebs(usage: &str) -> Option<What> {
    let rest = usage.strip_prefix("EBS:")?;
    let (head, volume) = rest.split_once('.').unwrap_or((rest, ""));
    // The usage type says `piops` for io1.
    let volume = match volume {
        "" => "standard",
        "piops" => "io1",
        other => other.split('.').next().unwrap_or(other),
    };
    match head {
        "VolumeUsage" => Some(What::Volume(volume.to_owned())),
        "VolumeP-IOPS" => Some(What::VolumeIops(volume.to_owned())),
        "VolumeP-Throughput" => Some(What::VolumeThroughput(volume.to_owned())),
        "SnapshotUsage" | "SnapshotArchiveStorage" => Some(What::Snapshot),
        _ => None,
    }
}
