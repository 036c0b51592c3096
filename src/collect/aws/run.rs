//! A run: every account and region at once up to a bound, listings first, then the metrics of what they list.

use super::{
    accounts::{Account, Asked},
    failure::{Failure, Kind},
    figures::Figures,
    ledger::{Counted, Ledger, Missed},
    manifest::Manifest,
    metrics::{self, Stretch},
    site::{Site, Written},
    state::{self, State},
    steps::{self, Ask, METRICS, Place, STEPS, Step},
};
use crate::{
    collect::{Options, Outcome},
    error::{Error, Result, did_you_mean},
    inventory::{Inventory, files::is_region},
    money::Money,
};
use aws_config::{Region, SdkConfig};
use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use std::{cell::RefCell, collections::BTreeMap, fs, sync::Arc};

/// What a run goes by.
struct Run<'a> {
    options: &'a Options,
    ledger: Arc<Ledger>,
    /// When it began, in seconds since the epoch.
    now: i64,
    lookback: i64,
    bar: ProgressBar,
}

/// A folder being filled.
struct Scope {
    site: Site,
    /// Where in its account it is: a region, or what lies in none.
    place: Vec<Place>,
    state: RefCell<State>,
}

/// Fetches everything that was asked for.
pub(in crate::collect) fn run(options: &Options, tell: &mut dyn FnMut(&str)) -> Result<Outcome> {
    let figures = Figures::embedded()?;
    let (lookback, budget) = limits(options, &figures)?;
    check_services(&options.services)?;
    check_regions(&options.regions)?;
    fs::create_dir_all(&options.out)
        .map_err(|error| Error::file(options.out.display(), format!("cannot be made: {error}")))?;
    let bar = ProgressBar::new(0).with_style(style());
    let now = jiff::Timestamp::now().as_second();
    let run = Run { options, ledger: Arc::new(Ledger::new(figures, budget)), now, lookback, bar };
    let manifest = Manifest::begun(now, lookback, budget);
    manifest.write(&options.out)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(format!("the run cannot begin: {error}")))?;
    let ended = runtime.block_on(run.collect(manifest, tell));
    run.bar.finish_and_clear();
    let counted = run.ledger.counted();
    ended?.ended(jiff::Timestamp::now().as_second(), &counted).write(&options.out)?;
    summary(&counted, options, tell);
    let whole = counted.broken.is_empty();
    Ok(if whole { Outcome::Whole } else { Outcome::Incomplete })
}

/// Days of metrics and dollars of paid calls.
fn limits(options: &Options, figures: &Figures) -> Result<(i64, Money)> {
    let lookback = options.lookback.unwrap_or(figures.lookback_days);
    if !(1..=455).contains(&lookback) {
        let help = "CloudWatch keeps values of an hour for 455 days";
        return Err(Error::new(format!("--lookback {lookback}: not 1 to 455 days")).help(help));
    }
    let budget = options.budget.unwrap_or(figures.budget);
    let wrong = || Error::new(format!("--budget {budget}: not an amount of 0 or more"));
    let amount = Money::from_f64(budget).map_err(|_| wrong())?;
    if budget < 0.0 { Err(wrong()) } else { Ok((lookback, amount)) }
}

fn check_services(asked: &[String]) -> Result<()> {
    let known = steps::services();
    let Some(wrong) = asked.iter().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let help = did_you_mean(wrong, known.iter().copied()).unwrap_or_else(|| format!("one of {}", known.join(", ")));
    Err(Error::new(format!("--services {wrong}: no such service")).help(help))
}

fn check_regions(asked: &[String]) -> Result<()> {
    let known = |name: &String| name == "all" || is_region(name) && name != "global";
    match asked.iter().find(|name| !known(name)) {
        Some(wrong) => {
            Err(Error::new(format!("--regions {wrong}: not the name of a region, such as us-east-1, nor all")))
        }
        None => Ok(()),
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Run<'_> {
    async fn collect(&self, mut manifest: Manifest, tell: &mut dyn FnMut(&str)) -> Result<Manifest> {
        let accounts = Asked { options: self.options, ledger: &self.ledger }.accounts().await?;
        manifest.accounts = accounts.iter().map(|account| account.id.clone()).collect();
        manifest.regions = accounts.iter().flat_map(|account| account.regions.clone()).collect();
        manifest.regions.sort();
        manifest.regions.dedup();
        manifest.write(&self.options.out)?;
        let scopes = self.scopes(&accounts)?;
        scopes.iter().try_for_each(|scope| scope.state.borrow_mut().mend(&scope.site.folder, tell))?;
        self.tell_before(&scopes, tell);
        let steps = scopes.iter().map(|scope| self.steps(scope).count() as u64).sum();
        self.bar.set_length(steps);
        let at_once = self.ledger.figures.scopes_at_once;
        let listings = stream::iter(&scopes).map(|scope| self.listings(scope)).buffer_unordered(at_once);
        listings.collect::<Vec<()>>().await;
        if self.wants(METRICS) && !self.ledger.is_expired() {
            self.metrics(&scopes, tell).await;
        }
        Ok(manifest)
    }

    fn wants(&self, service: &str) -> bool {
        self.options.services.is_empty() || self.options.services.iter().any(|name| name == service)
    }

    /// The listings that belong in a folder.
    fn steps<'s>(&'s self, scope: &'s Scope) -> impl Iterator<Item = &'static Step> + 's {
        STEPS.iter().filter(|step| scope.place.contains(&step.place) && self.wants(step.service))
    }

    /// The folders to fill, each with what is known of it.
    fn scopes(&self, accounts: &[Account]) -> Result<Vec<Scope>> {
        let mut scopes = Vec::new();
        for (at, account) in accounts.iter().enumerate() {
            let global = if at == 0 { vec![Place::Account, Place::Payer] } else { vec![Place::Account] };
            scopes.push(self.scope(account, "global", account.config.clone(), global)?);
            for region in &account.regions {
                let config = account.config.to_builder().region(Region::new(region.clone())).build();
                scopes.push(self.scope(account, region, config, vec![Place::Region])?);
            }
        }
        Ok(scopes)
    }

    fn scope(&self, account: &Account, region: &str, config: SdkConfig, place: Vec<Place>) -> Result<Scope> {
        let folder = self.options.out.join(&account.id).join(region);
        fs::create_dir_all(&folder)
            .map_err(|error| Error::file(folder.display(), format!("cannot be made: {error}")))?;
        let state = RefCell::new(State::read(&folder));
        let (account, region) = (account.id.clone(), region.to_owned());
        Ok(Scope { site: Site { account, region, folder, config, ledger: self.ledger.clone() }, place, state })
    }

    fn tell_before(&self, scopes: &[Scope], tell: &mut dyn FnMut(&str)) {
        let paid: Vec<&Step> = scopes
            .iter()
            .flat_map(|scope| self.steps(scope).filter(|step| !self.is_fresh(scope, step.file, "")))
            .filter(|step| step.needs.iter().any(|action| !self.ledger.price(action, 0).is_zero()))
            .collect();
        let least: Money = paid.iter().flat_map(|step| step.needs).map(|action| self.ledger.price(action, 0)).sum();
        let budget = self.ledger.budget;
        if !paid.is_empty() {
            tell(&format!(
                "Cost Explorer will be asked at least {} time(s), for {} USD; the budget is {} USD",
                paid.len(),
                exact(least),
                exact(budget)
            ));
        }
    }

    fn is_fresh(&self, scope: &Scope, step: &str, asked: &str) -> bool {
        let since = self.now - self.ledger.figures.fresh_hours * 3600;
        scope.state.borrow().is_fresh(&scope.site.folder, step, asked, since)
    }

    /// Fetches the listings of a folder.
    async fn listings(&self, scope: &Scope) {
        let at_once = self.ledger.figures.listings_at_once;
        let by_themselves = self.steps(scope).filter_map(|step| match step.ask {
            Ask::First(fetch) => Some((step, fetch)),
            Ask::After(..) => None,
        });
        let fetched = by_themselves.map(|(step, fetch)| self.step(scope, step, "", move || fetch(scope.site.clone())));
        stream::iter(fetched).buffer_unordered(at_once).collect::<Vec<()>>().await;
        let later = self.steps(scope).filter_map(|step| match step.ask {
            Ask::After(of, fetch) => Some((step, of, fetch)),
            Ask::First(_) => None,
        });
        let later: Vec<_> = later.collect();
        if later.is_empty() {
            return;
        }
        let known = Arc::new(self.known(scope));
        let fetched = later.into_iter().map(|(step, of, fetch)| {
            let known = known.clone();
            async move {
                let of = scope.state.borrow().fetched(of);
                if let Some(at) = of {
                    self.step(scope, step, &at.to_string(), move || fetch(scope.site.clone(), known)).await;
                } else {
                    // That the listing itself is missing is said already; nothing follows from it.
                    self.clear(scope, step.file, step.file);
                    self.bar.inc(1);
                }
            }
        });
        stream::iter(fetched).buffer_unordered(at_once).collect::<Vec<()>>().await;
    }

    fn missed(&self, scope: &Scope, what: &str, failure: &Failure) {
        self.ledger.missed(&scope.site.account, &scope.site.region, what, failure);
    }

    /// Takes away what a listing left before: old files must not pass for new ones.
    fn clear(&self, scope: &Scope, step: &str, what: &str) {
        let cleared = scope.state.borrow_mut().clear(&scope.site.folder, step);
        if let Err(error) = cleared {
            self.missed(scope, what, &Failure::broken(error));
        }
    }

    /// Notes that a listing cannot be had now.
    fn lost(&self, scope: &Scope, step: &str, what: &str, failure: &Failure) {
        self.clear(scope, step, what);
        self.missed(scope, what, failure);
    }

    /// What the folder's files say. A file of ours that cannot be read is missing, and fetched again by the next run.
    fn known(&self, scope: &Scope) -> Inventory {
        let (known, damaged) = match state::inventory(&scope.site.folder) {
            Ok(read) => read,
            Err(error) => {
                self.missed(scope, "the folder itself", &Failure::broken(error));
                return Inventory::default();
            }
        };
        for (file, why) in damaged {
            let owner = scope.state.borrow().owner(&file);
            if let Some(step) = owner {
                self.lost(scope, &step, &step, &Failure::broken(format_args!("{file} is damaged: {why}")));
            }
        }
        known
    }

    async fn step(&self, scope: &Scope, step: &Step, asked: &str, fetch: impl FnOnce() -> super::site::Fetch) {
        self.bar.set_message(format!("{} {} {}", scope.site.account, scope.site.region, step.file));
        let may_lack = self.ledger.figures.not_everywhere.iter().any(|name| name == step.service);
        let fetch = || async move {
            match fetch().await {
                Err(failure) if failure.kind == Kind::NoHost && may_lack => {
                    Err(Failure::new(Kind::Absent, "the region has no such service"))
                }
                fetched => fetched,
            }
        };
        self.fill(scope, step.file, &format!("{} ({})", step.file, step.needs.join(", ")), asked, fetch).await;
        self.bar.inc(1);
    }

    /// Fills the files of a listing unless they are fresh; when it fails, old ones are taken away.
    async fn fill<F: Future<Output = Result<Vec<Written>, Failure>>>(
        &self,
        scope: &Scope,
        step: &str,
        what: &str,
        asked: &str,
        fetch: impl FnOnce() -> F,
    ) {
        let site = &scope.site;
        if self.is_fresh(scope, step, asked) {
            return self.ledger.done(true);
        }
        let fetched = if self.ledger.is_expired() {
            Err(Failure::new(Kind::Expired, "the credentials have expired"))
        } else {
            fetch().await
        };
        let kept = fetched.and_then(|files| scope.state.borrow_mut().fill(site, step, asked, self.now, &files));
        match kept {
            Ok(()) => self.ledger.done(false),
            Err(failure) => self.lost(scope, step, what, &failure),
        }
    }

    /// Fetches the metrics of what is listed, kind by kind.
    async fn metrics(&self, scopes: &[Scope], tell: &mut dyn FnMut(&str)) {
        let of_regions = scopes.iter().filter(|scope| scope.place.contains(&Place::Region));
        let plans = of_regions.map(|scope| async move {
            let (kinds, failures) = metrics::kinds(&scope.site, &self.known(scope)).await;
            for (name, failure) in failures {
                self.lost(scope, &name, &of_metrics(&name), &failure);
            }
            let fresh = |kind: &metrics::Kind| self.is_fresh(scope, &kind.name, &kind.asked(self.lookback));
            let (fresh, due): (Vec<_>, Vec<_>) = kinds.into_iter().partition(fresh);
            fresh.iter().for_each(|_| self.ledger.done(true));
            (scope, due)
        });
        let plans: Vec<_> = stream::iter(plans).buffered(self.ledger.figures.scopes_at_once).collect().await;
        let wanted: usize = plans.iter().flat_map(|(_, kinds)| kinds).map(|kind| kind.wanted.len()).sum();
        if wanted > 0 {
            let (price, left) = (self.ledger.price(metrics::ACTION, wanted), self.ledger.budget - self.ledger.spent());
            tell(&format!(
                "CloudWatch will be asked for {wanted} metric(s), for {} USD; {} USD of the budget are left",
                exact(price),
                exact(left)
            ));
        }
        self.bar.inc_length(plans.iter().map(|(_, kinds)| kinds.len() as u64).sum());
        let stretch = Stretch::before(self.now, self.lookback);
        let fetched = plans.iter().map(|(scope, kinds)| async {
            let all = kinds.iter().map(|kind| async {
                let site = scope.site.clone();
                let what = of_metrics(&kind.name);
                let fetch = || -> super::site::Fetch {
                    let (site, kind) = (site.clone(), kind.clone());
                    Box::pin(async move { metrics::fetch(&site, &kind, stretch).await })
                };
                self.fill(scope, &kind.name, &what, &kind.asked(self.lookback), fetch).await;
                self.bar.inc(1);
            });
            stream::iter(all).buffer_unordered(self.ledger.figures.listings_at_once).collect::<Vec<()>>().await;
        });
        stream::iter(fetched).buffer_unordered(self.ledger.figures.scopes_at_once).collect::<Vec<()>>().await;
    }
}

/// Metrics of a kind, with what they need.
fn of_metrics(kind: &str) -> String {
    format!("metrics of {kind} ({})", steps::METRIC_NEEDS.join(", "))
}

/// Dollars to a hundredth of a cent: what 10 metrics cost.
fn exact(amount: Money) -> String {
    format!("{:.4}", amount.to_f64())
}

/// What a run came to.
fn summary(counted: &Counted, options: &Options, tell: &mut dyn FnMut(&str)) {
    let calls: u64 = counted.calls.values().sum();
    let Counted { fetched, fresh, spent, .. } = counted;
    tell(&format!(
        "{}: {fetched} listing(s) fetched, {fresh} still fresh; {calls} call(s), about {} USD",
        options.out.display(),
        exact(*spent)
    ));
    for (words, missed) in [
        ("denied", &counted.denied),
        ("not available", &counted.absent),
        ("left out to stay within the budget", &counted.unpaid),
        ("failed", &counted.broken),
    ] {
        told(words, missed, tell);
    }
    if counted.expired {
        tell(
            "error: the credentials have expired: sign in again and repeat the command; what is fresh is not fetched again",
        );
    } else if !counted.broken.is_empty() {
        tell("error: the collection is not complete: repeat the command; what is fresh is not fetched again");
    }
}

/// A line for each thing that was missed, with the places counted.
fn told(words: &str, missed: &[Missed], tell: &mut dyn FnMut(&str)) {
    let mut places: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for one in missed {
        places.entry((&one.what, &one.why)).or_default().push(format!("{} {}", one.account, one.region));
    }
    for ((what, why), places) in places {
        let more = if places.len() > 1 { format!(" and {} more", places.len() - 1) } else { String::new() };
        tell(&format!("{words}: {what}: {why} in {}{more}", places.first().map_or("", String::as_str).trim()));
    }
}
