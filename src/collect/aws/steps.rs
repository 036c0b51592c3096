//! Every listing: the file it fills, what it needs, and who fetches it.

use super::{
    autoscaling, computeoptimizer, costexplorer, dynamodb, ec2, elasticache, elb, lambda, logs, memorydb, opensearch,
    rds, redshift, sagemaker, savingsplans,
    site::{Fetch, Site},
};
use crate::inventory::Inventory;
use std::sync::Arc;

/// Where a listing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In every region of every account.
    Region,
    /// Once in every account.
    Account,
    /// Once, in the account that was begun with: it answers for all that it pays for.
    Payer,
}

/// How a listing is fetched.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    /// By itself.
    First(fn(Site) -> Fetch),
    /// Of what another listing of the same account and region tells: asked once that is there, and anew when it is another.
    After(&'static str, fn(Site, Arc<Inventory>) -> Fetch),
}

/// A listing.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// What `--services` calls it.
    pub(super) service: &'static str,
    /// The stem of its files.
    pub(super) file: &'static str,
    /// The actions it takes, as IAM calls them.
    pub(super) needs: &'static [&'static str],
    pub(super) place: Place,
    pub(super) ask: Ask,
}

/// The service that metrics go by.
pub(super) const METRICS: &str = "metrics";

const fn first(
    service: &'static str,
    file: &'static str,
    needs: &'static [&'static str],
    fetch: fn(Site) -> Fetch,
) -> Step {
    Step { service, file, needs, place: Place::Region, ask: Ask::First(fetch) }
}

const fn after(
    of: &'static str,
    service: &'static str,
    file: &'static str,
    needs: &'static [&'static str],
    fetch: fn(Site, Arc<Inventory>) -> Fetch,
) -> Step {
    Step { service, file, needs, place: Place::Region, ask: Ask::After(of, fetch) }
}

const fn at(place: Place, step: Step) -> Step {
    Step { place, ..step }
}

/// All listings; those of a region are fetched in this order.
#[rustfmt::skip]
pub(super) const STEPS: &[Step] = &[
    first("ec2", "ec2-describe-instances", &["ec2:DescribeInstances"], ec2::instances),
    first("ec2", "ec2-describe-volumes", &["ec2:DescribeVolumes"], ec2::volumes),
    first("ec2", "ec2-describe-addresses", &["ec2:DescribeAddresses"], ec2::addresses),
    first("ec2", "ec2-describe-nat-gateways", &["ec2:DescribeNatGateways"], ec2::nat_gateways),
    first("ec2", "ec2-describe-snapshots", &["ec2:DescribeSnapshots"], ec2::snapshots),
    first("ec2", "ec2-describe-images", &["ec2:DescribeImages"], ec2::images),
    first("ec2", "ec2-describe-vpc-endpoints", &["ec2:DescribeVpcEndpoints"], ec2::vpc_endpoints),
    first("ec2", "ec2-describe-capacity-reservations", &["ec2:DescribeCapacityReservations"], ec2::capacity_reservations),
    first("ec2", "ec2-describe-reserved-instances", &["ec2:DescribeReservedInstances"], ec2::reserved_instances),
    first("elb", "elbv2-describe-load-balancers", &["elasticloadbalancing:DescribeLoadBalancers"], elb::load_balancers),
    first("elb", "elbv2-describe-target-groups", &["elasticloadbalancing:DescribeTargetGroups"], elb::target_groups),
    first("elb", "elb-describe-load-balancers", &["elasticloadbalancing:DescribeLoadBalancers"], elb::classic_load_balancers),
    first("autoscaling", "autoscaling-describe-auto-scaling-groups", &["autoscaling:DescribeAutoScalingGroups"], autoscaling::groups),
    first("rds", "rds-describe-db-instances", &["rds:DescribeDBInstances"], rds::instances),
    first("rds", "rds-describe-reserved-db-instances", &["rds:DescribeReservedDBInstances"], rds::reserved),
    first("dynamodb", "dynamodb-describe-table", &["dynamodb:DescribeTable", "dynamodb:ListTables"], dynamodb::tables),
    first("elasticache", "elasticache-describe-cache-clusters", &["elasticache:DescribeCacheClusters"], elasticache::clusters),
    first("elasticache", "elasticache-describe-reserved-cache-nodes", &["elasticache:DescribeReservedCacheNodes"], elasticache::reserved),
    first("opensearch", "opensearch-describe-domains", &["es:DescribeDomains", "es:ListDomainNames"], opensearch::domains),
    first("opensearch", "opensearch-describe-reserved-instances", &["es:DescribeReservedInstances"], opensearch::reserved),
    first("redshift", "redshift-describe-reserved-nodes", &["redshift:DescribeReservedNodes"], redshift::reserved),
    first("memorydb", "memorydb-describe-reserved-nodes", &["memorydb:DescribeReservedNodes"], memorydb::reserved),
    first("lambda", "lambda-list-functions", &["lambda:ListFunctions"], lambda::functions),
    first("logs", "logs-describe-log-groups", &["logs:DescribeLogGroups"], logs::groups),
    first("sagemaker", "sagemaker-list-endpoints", &["sagemaker:ListEndpoints"], sagemaker::endpoints),
    first("compute-optimizer", "compute-optimizer-get-ec2-instance-recommendations", &["compute-optimizer:GetEC2InstanceRecommendations"], computeoptimizer::instances),
    first("compute-optimizer", "compute-optimizer-get-ebs-volume-recommendations", &["compute-optimizer:GetEBSVolumeRecommendations"], computeoptimizer::volumes),
    first("compute-optimizer", "compute-optimizer-get-rds-database-recommendations", &["compute-optimizer:GetRDSDatabaseRecommendations"], computeoptimizer::databases),
    first("compute-optimizer", "compute-optimizer-get-lambda-function-recommendations", &["compute-optimizer:GetLambdaFunctionRecommendations"], computeoptimizer::functions),
    first("compute-optimizer", "compute-optimizer-get-idle-recommendations", &["compute-optimizer:GetIdleRecommendations"], computeoptimizer::idle),
    after("elbv2-describe-target-groups", "elb", "elbv2-describe-target-health", &["elasticloadbalancing:DescribeTargetHealth"], elb::target_health),
    after("ec2-describe-instances", "ec2", "ec2-describe-reserved-instances-offerings", &["ec2:DescribeReservedInstancesOfferings"], ec2::reserved_offerings),
    after("rds-describe-db-instances", "rds", "rds-describe-reserved-db-instances-offerings", &["rds:DescribeReservedDBInstancesOfferings"], rds::offerings),
    after("elasticache-describe-cache-clusters", "elasticache", "elasticache-describe-reserved-cache-nodes-offerings", &["elasticache:DescribeReservedCacheNodesOfferings"], elasticache::offerings),
    after("opensearch-describe-domains", "opensearch", "opensearch-describe-reserved-instance-offerings", &["es:DescribeReservedInstanceOfferings"], opensearch::offerings),
    after("redshift-describe-reserved-nodes", "redshift", "redshift-describe-reserved-node-offerings", &["redshift:DescribeReservedNodeOfferings"], redshift::offerings),
    after("memorydb-describe-reserved-nodes", "memorydb", "memorydb-describe-reserved-nodes-offerings", &["memorydb:DescribeReservedNodesOfferings"], memorydb::offerings),
    at(Place::Account, first("savingsplans", "savingsplans-describe-savings-plans", &["savingsplans:DescribeSavingsPlans"], savingsplans::plans)),
    at(Place::Payer, first("cost-explorer", "ce-get-savings-plans-coverage", &["ce:GetSavingsPlansCoverage"], costexplorer::savings_plans_coverage)),
    at(Place::Payer, first("cost-explorer", "ce-get-savings-plans-utilization", &["ce:GetSavingsPlansUtilization"], costexplorer::savings_plans_utilization)),
    at(Place::Payer, first("cost-explorer", "ce-get-reservation-coverage", &["ce:GetReservationCoverage"], costexplorer::reservation_coverage)),
    at(Place::Payer, first("cost-explorer", "ce-get-reservation-utilization", &["ce:GetReservationUtilization"], costexplorer::reservation_utilization)),
    at(Place::Payer, first("cost-optimization-hub", "cost-optimization-hub-list-recommendations", &["cost-optimization-hub:ListRecommendations"], computeoptimizer::hub)),
];

/// What a step of metrics needs.
pub(super) const METRIC_NEEDS: &[&str] =
    &["cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "sagemaker:DescribeEndpoint"];

/// What a run needs besides its listings and `prices`.
#[cfg(test)]
const OTHER_NEEDS: &[&str] = &[
    "ec2:DescribeRegions",
    "organizations:ListAccounts",
    "pricing:GetProducts",
    "savingsplans:DescribeSavingsPlanRates",
    "savingsplans:DescribeSavingsPlansOfferingRates",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
];

/// Every name that `--services` knows.
pub(super) fn services() -> Vec<&'static str> {
    let mut names: Vec<&str> = STEPS.iter().map(|step| step.service).chain([METRICS]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::aws::figures::Figures;
    use std::collections::BTreeSet;

    #[test]
    fn steps_need_exactly_the_calls_that_may_be_made() {
        let needed: BTreeSet<&str> =
            STEPS.iter().flat_map(|step| step.needs).chain(METRIC_NEEDS).chain(OTHER_NEEDS).copied().collect();
        let figures = Figures::embedded().unwrap();
        let listed: BTreeSet<&str> = figures.calls.iter().map(|call| call.action.as_str()).collect();
        assert_eq!(needed, listed);
    }

    #[test]
    fn what_is_asked_of_a_listing_comes_with_it() {
        for step in STEPS {
            let Ask::After(of, _) = step.ask else { continue };
            let by_itself = |other: &&Step| other.file == of && matches!(other.ask, Ask::First(_));
            let other = STEPS.iter().find(by_itself).unwrap();
            assert_eq!((other.service, other.place), (step.service, step.place), "{}", step.file);
        }
    }

    /// A step whose files no rule could read would be fetched for nothing.
    #[test]
    fn the_inventory_knows_every_file() {
        let known: Vec<&str> = Inventory::TOKENS.iter().filter_map(|token| token.strip_prefix("inventory.")).collect();
        for step in STEPS {
            assert!(known.contains(&step.file), "{}", step.file);
        }
    }
}
