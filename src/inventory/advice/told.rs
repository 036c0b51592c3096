//! What AWS's advisers say of one resource.

use super::{Advice, Amount, IdleAdvice, SERVICES, Said, Told};
use crate::inventory::{Collected, Inventory, Lookup, arn::parts, short_id};

/// A resource that advice is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Advised<'a> {
    /// Its account.
    pub account: &'a str,
    /// Its region.
    pub region: &'a str,
    /// Its service, as ARNs name it, where that is known; the service of an ARN in `id` goes before it.
    pub service: Option<&'a str>,
    /// Its id or ARN.
    pub id: &'a str,
}

impl<'a> Advised<'a> {
    fn service(self) -> Option<&'a str> {
        parts(self.id).map(|parts| parts[2]).or(self.service)
    }

    /// What a listing by service and short id says. A resource whose service is not known has what only one service's says.
    fn of<T>(self, all: &Collected<T>) -> Lookup<'_, T> {
        let under = |service: &str| all.find(self.account, self.region, &format!("{service}:{}", short_id(self.id)));
        let told = |services: &[&str]| services.iter().filter_map(|service| under(service).present()).collect();
        let found: Vec<&T> = match self.service() {
            Some(service) => told(&[service, ""]),
            None => told(SERVICES),
        };
        match (found.as_slice(), self.service()) {
            ([one], _) | ([one, ..], Some(_)) => Lookup::Present(*one),
            ([], _) => under(""),
            _ => Lookup::NotCollected,
        }
    }
}

impl Inventory {
    /// Whether AWS's own advisers say anything of any resource.
    #[must_use]
    pub fn has_advice(&self) -> bool {
        let sizes = [self.instance_advice.is_empty(), self.volume_advice.is_empty(), self.database_advice.is_empty()];
        let others = [self.function_advice.is_empty(), self.idle_advice.is_empty(), self.hub_advice.is_empty()];
        sizes.into_iter().chain(others).any(|none| !none)
    }

    /// What AWS's own advisers say of a resource.
    #[must_use]
    pub fn advice(&self, of: Advised<'_>) -> Vec<Advice> {
        let mut all = self.sizes_advised(of);
        if let Some(idle) = self.called_idle(of).present() {
            let saving = idle.savings_opportunity.as_ref().map(|of| &of.estimated_monthly_savings);
            all.extend(Advice::new("compute_optimizer_idle", idle.finding.as_deref(), None, saving));
        }
        if let Some(hub) = of.of(&self.hub_advice).present() {
            let saving =
                hub.estimated_monthly_savings.map(|value| Amount { currency: hub.currency_code.clone(), value });
            let proposal = hub.recommended_resource_summary.clone();
            all.extend(Advice::new("cost_optimization_hub", hub.action_type.as_deref(), proposal, saving.as_ref()));
        }
        all
    }

    /// Whether Compute Optimizer calls a resource idle.
    #[must_use]
    pub fn called_idle(&self, of: Advised<'_>) -> Lookup<'_, IdleAdvice> {
        of.of(&self.idle_advice)
    }

    /// What Compute Optimizer says of a resource's size, with the present architecture and with Graviton.
    fn sizes_advised(&self, of: Advised<'_>) -> Vec<Advice> {
        let Advised { account, region, id, .. } = of;
        let arm = format!("{}@arm64", short_id(id));
        let mut all = Vec::new();
        for (adviser, id) in [("compute_optimizer", short_id(id)), ("compute_optimizer_arm64", &arm)] {
            let said = [
                ("ec2", self.instance_advice.get(account, region, id).map(Said::said)),
                ("ec2", self.volume_advice.get(account, region, id).map(Said::said)),
                ("rds", self.database_advice.get(account, region, id).map(Said::said)),
                ("lambda", self.function_advice.get(account, region, id).map(Said::said)),
            ];
            let fits = |service: &str| of.service().is_none_or(|own| own == service);
            let told: Vec<Told<'_>> =
                said.into_iter().filter(|(service, _)| fits(service)).filter_map(|(_, told)| told).collect();
            // Whose advice it is cannot be told when two services have the name and the resource's is not known.
            if let [told] = told.as_slice() {
                all.extend(Advice::new(adviser, told.finding, told.to.clone(), told.saving));
            }
        }
        all
    }
}
