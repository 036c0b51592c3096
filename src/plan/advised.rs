//! What AWS's own advisers say beside what the rules find, and where the two differ.

use super::{Inputs, Plan, Step};
use crate::{
    facts::{Facts, Resource},
    inventory::{Advice, Advised, Lookup, short_id},
    note::{Notes, Remark},
    rules::{Aspect, Evidence, Finding, Signal, Target},
    sku::{Service, What},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Adds to a finding what AWS's advisers say of its resource; of several members that have the same target, of the first that they know.
pub(super) fn add(inputs: &Inputs<'_>, finding: &mut Finding) {
    if !inputs.inventory.has_advice() {
        return;
    }
    let members = finding.target.members().iter().map(|id| inputs.facts.resource(*id));
    let said = members.map(|member| (member, advice_on(inputs, member))).find(|(_, advice)| !advice.is_empty());
    let Some((resource, advice)) = said else { return };
    let alone = matches!(finding.target, Target::Resource(_));
    let differs = alone && finding.aspect == Aspect::Existence && differs(inputs, resource, &advice);
    // What a rule has said already is not said twice.
    let told: Vec<String> = finding.evidence.iter().map(|one| one.name.clone()).collect();
    for Advice { adviser, verdict, proposal, monthly_saving } in
        advice.into_iter().filter(|one| !told.contains(&one.adviser.to_owned()))
    {
        let said = proposal.map_or_else(|| verdict.clone(), |to| format!("{verdict}: {to}"));
        finding.evidence.push(evidence(adviser, Value::String(said), None));
        if let Some((value, currency)) = monthly_saving {
            let value = Value::from((value * 1e6).round() / 1e6);
            finding.evidence.push(evidence(&format!("{adviser}_saving"), value, Some(format!("{currency}/month"))));
        }
    }
    if differs {
        let said = Value::String("does not call it idle".into());
        finding.evidence.push(evidence("compute_optimizer_differs", said, None));
    }
}

fn evidence(name: &str, value: Value, unit: Option<String>) -> Evidence {
    Evidence { name: name.to_owned(), value, unit, source: Signal::Adviser }
}

fn advice_on(inputs: &Inputs<'_>, resource: &Resource) -> Vec<Advice> {
    inputs.inventory.advice(advised(inputs.facts, resource))
}

/// The resource as advice is looked for: names of different services may be the same.
fn advised<'a>(facts: &Facts, resource: &'a Resource) -> Advised<'a> {
    let service = facts.billed_of(resource).find_map(|billed| service(&facts.class(billed.class).what));
    Advised { account: &resource.account, region: &resource.region, service, id: &resource.id }
}

/// The service of what a line measures, as ARNs name it.
fn service(what: &What) -> Option<&'static str> {
    Some(match what {
        What::Instance(instance) | What::UnusedCapacity(instance) => match instance.service {
            Service::Ec2 => "ec2",
            // ARNs of DocumentDB and Neptune are those of RDS.
            Service::Rds | Service::DocumentDb | Service::Neptune => "rds",
            Service::ElastiCache => "elasticache",
            Service::OpenSearch => "es",
            Service::MemoryDb => "memorydb",
            Service::Redshift => "redshift",
            Service::SageMakerEndpoint | Service::SageMakerOther => "sagemaker",
        },
        What::Volume(_) | What::VolumeIops(_) | What::VolumeThroughput(_) | What::Snapshot | What::NatHours => "ec2",
        What::BalancerHours(_) | What::BalancerWork(_) => "elasticloadbalancing",
        What::LambdaCompute(_) | What::LambdaProvisioned(_) | What::LambdaRequests => "lambda",
        What::Fargate(_) => "ecs",
        What::TableCapacity(_) | What::TableRequests(_) | What::TableStorage => "dynamodb",
        _ => return None,
    })
}

/// Whether Compute Optimizer knows a resource and, asked for all that is idle in its account and region, did not name it.
fn differs(inputs: &Inputs<'_>, resource: &Resource, advice: &[Advice]) -> bool {
    let idle = inputs.inventory.called_idle(advised(inputs.facts, resource));
    let known = advice.iter().any(|one| one.adviser == "compute_optimizer");
    known && matches!(idle, Lookup::Absent) && !advice.iter().any(Advice::is_idle)
}

/// Remarks on where advisers and rules do not agree.
pub(super) fn remarks(plan: &Plan<'_>, inputs: &Inputs<'_>, notes: &mut Notes) {
    let all = || plan.steps.iter().chain(&plan.previews);
    let differ = |step: &&Step| step.finding.evidence.iter().any(|one| one.name == "compute_optimizer_differs");
    let names: Vec<&str> = all().filter(differ).map(|step| step.finding.target.identity(inputs.facts).2).collect();
    if let Some(first) = names.iter().min() {
        notes.add(Remark::AdviserDiffers { count: names.len(), example: (*first).to_owned() });
    }
    if inputs.inventory.idle_advice.is_empty() && inputs.inventory.hub_advice.is_empty() {
        return;
    }
    let found: BTreeSet<_> = all()
        .chain(plan.rejected.iter().chain(&plan.suppressed).map(|left| &left.step))
        .flat_map(|step| step.finding.target.members())
        .map(|id| place(inputs.facts.resource(*id)))
        .collect();
    let billed = inputs.facts.named_resources().map(|(_, resource)| resource);
    let idle = |resource: &&Resource| advice_on(inputs, resource).iter().any(Advice::is_idle);
    let alone: BTreeSet<&str> =
        billed.filter(|resource| !found.contains(&place(resource))).filter(idle).map(|one| short_id(&one.id)).collect();
    if let Some(first) = alone.first() {
        notes.add(Remark::AdviserAlone { count: alone.len(), example: (*first).to_owned() });
    }
}

fn place(resource: &Resource) -> (&str, &str, &str) {
    (&resource.account, &resource.region, short_id(&resource.id))
}
