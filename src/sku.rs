//! What a line is about: product code, usage type and operation become a `What`, once per distinct class.
//! The same usage type means different things in different products, so each service has its own file.

mod compute;
mod cover;
mod data;
mod network;
pub mod offered;
mod storage;
mod terms;

pub use cover::{Cover, Coverage, PlanKind, ReservationKey, Reserved, Sizes, UNIT};
pub use terms::{Payment, Term};

use crate::instance::{Architecture, InstanceType};
use serde::Deserialize;

/// What a usage line measures, as far as rules care.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Hours of an instance of any service.
    Instance(Instance),
    /// Hours that a capacity reservation holds free, as the instance that could run in it: `UnusedBox`, `UnusedDed`.
    UnusedCapacity(Instance),
    /// Hours that a capacity reservation spans, used or not (rate 0): never add them to the two above.
    ReservedCapacity(InstanceType),
    /// GB-months of an EBS volume, by volume type (`gp2` ...; `standard` is magnetic).
    Volume(String),
    /// Provisioned IOPS-months of an EBS volume, by volume type.
    VolumeIops(String),
    /// Provisioned throughput of an EBS volume (GiBps-months).
    VolumeThroughput(String),
    /// GB-months of an EBS snapshot.
    Snapshot,
    /// Hours of a NAT gateway.
    NatHours,
    /// GB through a NAT gateway.
    NatBytes,
    /// Hours of a load balancer.
    BalancerHours(Balancer),
    /// Capacity units (or GB, for the classic one) that a load balancer worked.
    BalancerWork(Balancer),
    /// Hours of a public IPv4 address that nothing uses.
    AddressIdle,
    /// Hours of a public IPv4 address in use.
    AddressInUse,
    /// Hours of an interface VPC endpoint.
    EndpointHours,
    /// GB through an interface VPC endpoint.
    EndpointBytes,
    /// GB-seconds of Lambda, on demand.
    LambdaCompute(Architecture),
    /// GB-seconds of Lambda's provisioned concurrency, kept or run.
    LambdaProvisioned(Architecture),
    /// Requests of Lambda.
    LambdaRequests,
    /// vCPU-hours or GB-hours of Fargate.
    Fargate(Fargate),
    /// Capacity-unit-hours of a DynamoDB table.
    TableCapacity(TableUse),
    /// Request units of a DynamoDB table on demand.
    TableRequests(TableUse),
    /// GB-months of a DynamoDB table.
    TableStorage,
    /// The surcharge for an old database or Kubernetes version.
    ExtendedSupport,
    /// Hours that a reservation's fee pays for.
    Reserved(Instance),
    /// Capacity units of DynamoDB that a reservation's fee pays for: writes, else reads.
    ReservedTable(bool),
    /// Anything else.
    Other,
}

/// The service whose instance it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// EC2.
    Ec2,
    /// RDS and Aurora.
    Rds,
    /// ElastiCache.
    ElastiCache,
    /// OpenSearch Service.
    OpenSearch,
    /// MemoryDB.
    MemoryDb,
    /// Redshift.
    Redshift,
    /// DocumentDB.
    DocumentDb,
    /// Neptune.
    Neptune,
    /// SageMaker endpoints (`Host:`); its other instances are `SageMakerOther`.
    SageMakerEndpoint,
    /// SageMaker notebooks, training, processing.
    SageMakerOther,
}

/// How an instance-hour is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purchase {
    /// On shared hardware, at the on-demand rate unless a commitment covers it.
    Shared,
    /// On the Spot market.
    Spot,
    /// On hardware dedicated to the account.
    Dedicated,
    /// On a dedicated host, which is what is paid for.
    Host,
}

/// An instance-hour's kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    /// The service.
    pub service: Service,
    /// The type.
    pub kind: InstanceType,
    /// How it is bought.
    pub purchase: Purchase,
    /// The operating system of EC2 (`Linux`, `Windows` ...), the engine of a database (`PostgreSQL` ...), or empty.
    pub software: String,
    /// How many copies the rate pays for: 2 for Multi-AZ.
    pub copies: u8,
    /// Whether the rate pays for I/O too: Aurora I/O-Optimized.
    pub io_optimized: bool,
}

/// The kinds of load balancers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Balancer {
    /// Application.
    Application,
    /// Network.
    Network,
    /// Gateway.
    Gateway,
    /// Classic.
    Classic,
}

/// What of a Fargate task is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fargate {
    /// vCPU-hours, else GB-hours.
    pub cpu: bool,
    /// The architecture.
    pub architecture: Architecture,
    /// Whether it runs Windows.
    pub windows: bool,
    /// Whether it is Spot.
    pub spot: bool,
}

/// What a DynamoDB unit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableUse {
    /// Writes, else reads.
    pub write: bool,
    /// Replicated to another region.
    pub replicated: bool,
    /// Of the Standard-Infrequent-Access class.
    pub infrequent: bool,
}

/// The texts that tell what a line is.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    /// `line_item_product_code`.
    pub product: &'a str,
    /// `line_item_usage_type`.
    pub usage_type: &'a str,
    /// `line_item_operation`.
    pub operation: &'a str,
    /// `product_instance_type`, if any.
    pub instance_type: &'a str,
    /// `product_database_engine`, if any.
    pub engine: &'a str,
}

impl What {
    /// Tells what a line is; whatever is not known is `Other`.
    #[must_use]
    pub fn of(texts: Texts<'_>) -> Self {
        let usage = strip_region(texts.usage_type);
        let found = match texts.product {
            "AmazonEC2" => compute::ec2(&texts, usage).or_else(|| storage::ebs(usage)).or_else(|| network::ec2(usage)),
            "AmazonVPC" => network::vpc(usage),
            "AWSELB" => network::elb(&texts, usage),
            "AWSLambda" => compute::lambda(usage),
            "AmazonECS" | "AmazonEKS" => compute::fargate(usage),
            "AmazonSageMaker" => compute::sagemaker(&texts, usage),
            "AmazonDynamoDB" => data::dynamodb(usage),
            _ => data::database(&texts, usage),
        };
        found.unwrap_or(Self::Other)
    }

    /// What a reservation's fee line pays for; whatever is not known is `Other`.
    #[must_use]
    pub fn of_fee(texts: Texts<'_>) -> Self {
        let usage = strip_region(texts.usage_type);
        match usage.strip_prefix("HeavyUsage:dynamodb.") {
            Some("read") => Self::ReservedTable(false),
            Some("write") => Self::ReservedTable(true),
            _ => reserved(texts).map_or(Self::Other, Self::Reserved),
        }
    }

    /// Whether each resource's hours are kept: instances run whole hours, metered usage differs from hour to hour.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        matches!(self, Self::Instance(_) | Self::UnusedCapacity(_))
    }

    /// The instance, if the line measures instance-hours.
    #[must_use]
    pub fn instance(&self) -> Option<&Instance> {
        if let Self::Instance(instance) = self { Some(instance) } else { None }
    }
}

/// What a reservation's fee line reserves, an instance of it: `HeavyUsage:m5.large`; `None` where the line tells no instance type.
/// It says nothing of how many, nor whether they are bound to a zone.
#[must_use]
pub fn reserved(texts: Texts<'_>) -> Option<Instance> {
    let (head, behind) = strip_region(texts.usage_type).split_once(':')?;
    let dedicated = head.starts_with("Ded");
    if texts.product == "AmazonEC2" {
        return compute::server(&texts, behind, if dedicated { Purchase::Dedicated } else { Purchase::Shared });
    }
    let service = data::service(texts.product)?;
    let copies = if head.contains("Multi-AZ") || head.contains("MultiAZ") || head.contains("Mirror") { 2 } else { 1 };
    let (kind, software) = (instance_type(&texts, behind)?, data::software(service, &texts).to_owned());
    Some(Instance { service, kind, purchase: Purchase::Shared, software, copies, io_optimized: false })
}

/// The usage type without its region: `EUW2-`, `USE1-`, `EU-`, `USW2-LAX1-` (a local zone), `Global-`.
#[must_use]
pub fn strip_region(usage_type: &str) -> &str {
    let Some((code, rest)) = usage_type.split_once('-') else { return usage_type };
    if !is_region_code(code) {
        return usage_type;
    }
    match rest.split_once('-') {
        Some((zone, inner)) if is_zone_code(zone) => inner,
        _ => rest,
    }
}

/// Whether a usage type is the one named, or ends with it behind a hyphen, before which a region or zone stands.
#[must_use]
pub fn is_usage(usage_type: &str, usage: &str) -> bool {
    usage_type.strip_suffix(usage).is_some_and(|before| before.is_empty() || before.ends_with('-'))
}

fn is_region_code(code: &str) -> bool {
    const STARTS: [&str; 12] = ["US", "EU", "AP", "CA", "SA", "AF", "ME", "IL", "MX", "CN", "UG", "NZ"];
    let digits = code.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let letters = &code[..code.len() - digits.len()];
    code == "Global"
        || (letters.len() <= 3
            && STARTS.iter().any(|start| letters.starts_with(start))
            && (code == "EU" || (digits.len() == 1 && digits.bytes().all(|b| b.is_ascii_digit()))))
}

fn is_zone_code(code: &str) -> bool {
    code.len() == 4 && code[..3].bytes().all(|b| b.is_ascii_uppercase()) && code.as_bytes()[3].is_ascii_digit()
}

/// The instance type of a line: the product attribute, else what stands behind the colon.
fn instance_type(texts: &Texts<'_>, behind: &str) -> Option<InstanceType> {
    InstanceType::parse(texts.instance_type).or_else(|| InstanceType::parse(behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(product: &str, usage_type: &str, operation: &str) -> What {
        What::of(Texts { product, usage_type, operation, instance_type: "", engine: "" })
    }

    #[test]
    fn regions_are_stripped_and_nothing_else() {
        for (full, bare) in [
            ("EU-BoxUsage:m5.large", "BoxUsage:m5.large"),
            ("USE1-DataProcessing-Bytes", "DataProcessing-Bytes"),
            ("USW2-LAX1-BoxUsage:t3.micro", "BoxUsage:t3.micro"),
            ("APN1-NatGateway-Hours", "NatGateway-Hours"),
            ("NatGateway-Hours", "NatGateway-Hours"),
            ("TS-LoadBalancerUsage", "TS-LoadBalancerUsage"),
            ("IA-ReadRequestUnits", "IA-ReadRequestUnits"),
            ("Global-Bytes", "Bytes"),
            ("CAN1-VpcEndpoint-Hours", "VpcEndpoint-Hours"),
        ] {
            assert_eq!(strip_region(full), bare);
        }
    }

    #[test]
    fn usage_types_are_known_behind_a_region() {
        assert!(is_usage("USE1-ApiGatewayRequest", "ApiGatewayRequest") && is_usage("Request", "Request"));
        assert!(is_usage("EUC1-Requests-Tier1", "Requests-Tier1"));
        assert!(!is_usage("Requests-FIFO-Tier1-X", "Requests-Tier1") && !is_usage("ReplReads", "Reads"));
    }

    #[test]
    fn operations_tell_software() {
        let software = |operation| match what("AmazonEC2", "BoxUsage:m5.large", operation) {
            What::Instance(instance) => instance.software,
            other => format!("{other:?}"),
        };
        assert_eq!(software("RunInstances"), "Linux");
        assert_eq!(software("RunInstances:0002"), "Windows");
        assert_eq!(software("RunInstances:0202"), "Windows + SQL Web");
        assert_eq!(software("RunInstances:zzzz"), "RunInstances:zzzz");
        let rds = What::of(Texts {
            product: "AmazonRDS",
            usage_type: "EUW1-Multi-AZUsage:db.r5.2xl",
            operation: "CreateDBInstance:0014",
            instance_type: "",
            engine: "",
        });
        let Some(instance) = rds.instance() else { panic!("{rds:?}") };
        assert_eq!((instance.kind.to_string().as_str(), instance.copies), ("db.r5.2xlarge", 2));
        assert_eq!(instance.software, "PostgreSQL");
    }

    #[test]
    fn one_usage_type_means_what_its_product_says() {
        assert_eq!(what("AWSELB", "DataProcessing-Bytes", "LoadBalancing"), What::BalancerWork(Balancer::Classic));
        assert_eq!(what("AmazonS3", "DataProcessing-Bytes", ""), What::Other);
        assert_eq!(what("AWSELB", "TS-LoadBalancerUsage", "LoadBalancing:Application"), What::Other);
        let What::UnusedCapacity(free) = what("AmazonEC2", "UnusedDed:m5.large", "RunInstances:0002") else { panic!() };
        assert_eq!((free.kind.to_string().as_str(), free.purchase), ("m5.large", Purchase::Dedicated));
        assert_eq!(free.software, "Windows");
        assert_eq!(what("AWSLambda", "USE2-Lambda-GB-Second-ARM", ""), What::LambdaCompute(Architecture::Arm));
        assert_eq!(what("AmazonEC2", "EBS:VolumeUsage.gp2", "CreateVolume-Gp2"), What::Volume("gp2".into()));
        assert_eq!(what("AmazonEC2", "EBS:VolumeUsage", "CreateVolume"), What::Volume("standard".into()));
        assert_eq!(
            what("AmazonDynamoDB", "IA-WriteRequestUnits", "PayPerRequestThroughput"),
            What::TableRequests(TableUse { write: true, replicated: false, infrequent: true })
        );
    }
}
