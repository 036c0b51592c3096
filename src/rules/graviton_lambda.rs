//! Lambda functions on x86.

use super::{
    Context, Finding, Rule, Target,
    graviton::{Meter, Trust, metered},
};
use crate::{instance::Architecture, inventory::lambda::Function, sku::What};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GravitonLambda {
    /// Runtimes that Lambda offers on x86 alone.
    x86_only_runtimes: Vec<String>,
    trust: Trust,
    meters: Vec<Meter>,
}

impl Rule for GravitonLambda {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let compute = |what: &What| matches!(what, What::LambdaCompute(_) | What::LambdaProvisioned(_));
        for (id, function, lines) in see.resources_with(compute) {
            let listed = see.inventory.functions.get(&function.account, &function.region, &function.id);
            // A function that ran on Graviton too in the period has moved already, unless it is listed as x86 today.
            let moved = match listed {
                Some(listed) => self.blocks(listed),
                None => lines.iter().any(|line| architecture(&line.class.what) == Some(Architecture::Arm)),
            };
            if moved {
                continue;
            }
            let lines = lines.into_iter().map(|line| (id, line)).collect();
            let finding = metered(see, &self.meters, &self.trust, Target::Resource(id), &lines, listed.is_some());
            out.extend(finding.map(|finding| with_package(finding, listed)));
        }
    }
}

impl GravitonLambda {
    fn blocks(&self, function: &Function) -> bool {
        function.architectures.iter().any(|name| name == "arm64")
            || function.runtime.as_ref().is_some_and(|runtime| self.x86_only_runtimes.contains(runtime))
    }
}

fn architecture(what: &What) -> Option<Architecture> {
    match what {
        What::LambdaCompute(architecture) | What::LambdaProvisioned(architecture) => Some(*architecture),
        _ => None,
    }
}

/// Adds what has to be built anew: an image or a runtime's package, and layers.
fn with_package(mut finding: Finding, listed: Option<&Function>) -> Finding {
    if let Some(function) = listed {
        let package = function.package_type.as_deref().map(|package| ("package", package));
        let runtime = function.runtime.as_deref().map(|runtime| ("runtime", runtime));
        for (name, value) in [package, runtime].into_iter().flatten() {
            finding.current = finding.current.with(name, value);
        }
        finding.current = finding.current.with("layers", function.layers.len());
    }
    finding
}
