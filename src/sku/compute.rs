//! EC2 instances, Lambda, Fargate, SageMaker.

use super::{Fargate, Instance, Purchase, Service, Texts, What, instance_type};
use crate::instance::Architecture;

/// Instances and capacity reservations of `AmazonEC2`.
pub(super) fn ec2(texts: &Texts<'_>, usage: &str) -> Option<What> {
    let (head, behind) = usage.split_once(':').unwrap_or((usage, ""));
    let purchase = match head {
        "BoxUsage" => Purchase::Shared,
        "SpotUsage" => Purchase::Spot,
        "DedicatedUsage" => Purchase::Dedicated,
        "HostBoxUsage" => Purchase::Host,
        "UnusedBox" => return server(texts, behind, Purchase::Shared).map(What::UnusedCapacity),
        "UnusedDed" => return server(texts, behind, Purchase::Dedicated).map(What::UnusedCapacity),
        "Reservation" | "DedicatedRes" => return instance_type(texts, behind).map(What::ReservedCapacity),
        _ => return None,
    };
    server(texts, behind, purchase).map(What::Instance)
}

/// An instance of EC2; the operation tells its system.
pub(super) fn server(texts: &Texts<'_>, behind: &str, purchase: Purchase) -> Option<Instance> {
    let kind = instance_type(texts, behind)?;
    let software = system(texts.operation).to_owned();
    Some(Instance { service: Service::Ec2, kind, purchase, software, copies: 1, io_optimized: false })
}

/// The system that the code behind `RunInstances` stands for; an unknown code stands for itself.
/// Source: EC2 User Guide, "AMI billing information fields", November 2026.
fn system(operation: &str) -> &str {
    match operation.strip_prefix("RunInstances").map(|code| code.trim_start_matches(':')) {
        Some("") => "Linux",
        Some("0002") => "Windows",
        Some("0010") => "RHEL",
        Some("000g") => "SUSE",
        Some("0006") => "Windows + SQL Standard",
        Some("0102") => "Windows + SQL Enterprise",
        Some("0202") => "Windows + SQL Web",
        Some("0004") => "Linux + SQL Standard",
        Some("0100") => "Linux + SQL Enterprise",
        Some("0200") => "Linux + SQL Web",
        Some("00g0") => "RHEL BYOL",
        Some("1010") => "RHEL HA",
        Some("0014") => "RHEL + SQL Standard",
        Some("0110") => "RHEL + SQL Enterprise",
        Some("0210") => "RHEL + SQL Web",
        Some("1014") => "RHEL HA + SQL Standard",
        Some("1110") => "RHEL HA + SQL Enterprise",
        Some("0g00") => "Ubuntu Pro",
        Some("0800") => "Windows BYOL",
        _ => operation,
    }
}

/// Compute and requests of `AWSLambda`.
pub(super) fn lambda(usage: &str) -> Option<What> {
    let (usage, architecture) =
        usage.strip_suffix("-ARM").map_or((usage, Architecture::X86), |usage| (usage, Architecture::Arm));
    match usage {
        "Lambda-GB-Second" => Some(What::LambdaCompute(architecture)),
        "Lambda-Provisioned-Concurrency" | "Lambda-Provisioned-GB-Second" => {
            Some(What::LambdaProvisioned(architecture))
        }
        "Request" | "Lambda-Requests" => Some(What::LambdaRequests),
        _ => None,
    }
}

/// Tasks and pods on Fargate.
pub(super) fn fargate(usage: &str) -> Option<What> {
    let rest = usage.strip_prefix("Fargate-").or_else(|| usage.strip_prefix("SpotUsage-Fargate-"))?;
    let spot = usage.starts_with("Spot");
    let windows = rest.starts_with("Windows-");
    let rest = rest.strip_prefix("Windows-").unwrap_or(rest);
    let (rest, architecture) =
        rest.strip_prefix("ARM-").map_or((rest, Architecture::X86), |rest| (rest, Architecture::Arm));
    let cpu = match rest.split(':').next()? {
        "vCPU-Hours" => true,
        "GB-Hours" => false,
        _ => return None,
    };
    Some(What::Fargate(Fargate { cpu, architecture, windows, spot }))
}

/// Instances of `AmazonSageMaker`.
pub(super) fn sagemaker(texts: &Texts<'_>, usage: &str) -> Option<What> {
    let (head, behind) = usage.split_once(':')?;
    let service = if head == "Host" { Service::SageMakerEndpoint } else { Service::SageMakerOther };
    let kind = instance_type(texts, behind)?;
    let purchase = if head.contains("Spot") { Purchase::Spot } else { Purchase::Shared };
    let software = String::new();
    Some(What::Instance(Instance { service, kind, purchase, software, copies: 1, io_optimized: false }))
}
