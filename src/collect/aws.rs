//! Asking AWS: accounts, regions and services, within bounds and within the budget.

mod accounts;
mod autoscaling;
mod cbor;
mod computeoptimizer;
mod costexplorer;
mod discover;
mod dynamodb;
mod ec2;
mod elasticache;
mod elb;
mod failure;
mod figures;
mod lambda;
mod ledger;
mod logs;
mod manifest;
mod memorydb;
mod metrics;
mod opensearch;
mod organizations;
mod prices;
mod rds;
mod redshift;
mod run;
mod sagemaker;
mod savingsplans;
mod session;
mod site;
mod state;
mod steps;

pub(super) use prices::prices;
pub(super) use run::run;
