//! NAT gateways, addresses, VPC endpoints, load balancers.

use super::{Balancer, Texts, What};

/// Network of `AmazonEC2`.
pub(super) fn ec2(usage: &str) -> Option<What> {
    match usage {
        "NatGateway-Hours" => Some(What::NatHours),
        "NatGateway-Bytes" => Some(What::NatBytes),
        "ElasticIP:IdleAddress" => Some(What::AddressIdle),
        _ => None,
    }
}

/// Addresses and endpoints of `AmazonVPC`.
pub(super) fn vpc(usage: &str) -> Option<What> {
    match usage {
        "PublicIPv4:IdleAddress" => Some(What::AddressIdle),
        "PublicIPv4:InUseAddress" => Some(What::AddressInUse),
        "VpcEndpoint-Hours" => Some(What::EndpointHours),
        "VpcEndpoint-Bytes" => Some(What::EndpointBytes),
        _ => None,
    }
}

/// Load balancers of `AWSELB`, told apart by the operation.
pub(super) fn elb(texts: &Texts<'_>, usage: &str) -> Option<What> {
    let kind = match texts.operation.split_once(':').map_or("", |(_, kind)| kind) {
        "Application" => Balancer::Application,
        "Network" => Balancer::Network,
        "Gateway" => Balancer::Gateway,
        _ => Balancer::Classic,
    };
    match usage {
        "LoadBalancerUsage" => Some(What::BalancerHours(kind)),
        "LCUUsage" => Some(What::BalancerWork(kind)),
        "DataProcessing-Bytes" => Some(What::BalancerWork(Balancer::Classic)),
        _ => None,
    }
}
