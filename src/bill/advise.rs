//! What to buy of everything that is offered: all offers weighed together on the bill as it is.

use super::{
    Bill, Offering, Purchase, Tranche,
    buy::Offered,
    found::{Asked, Found, ROUGHLY, effort},
    holdings::Holding,
};
use crate::{
    commitments::{self, Candidate, Effort, WHOLE, ladder, limits, stacked},
    defaults::CommitmentFigures,
    facts::Cost,
    money::Money,
    parallel::shared_out,
    time::Day,
    waterfall::{Capacity, CapacityId, Rates, Setting, Totals, Waterfall},
};
use std::ops::Range;

/// A purchase that is advised, with what it rests on. Savings are net, over the period, on top of those advised before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Advised {
    /// What to buy.
    pub purchase: Purchase,
    /// What it saves.
    pub saving: Money,
    /// What the advice of the first part of the period would have saved in its last part; `None` where the period is too short.
    pub backtest: Option<Backtest>,
    /// What it saves if demand is lower and higher by the share that the figures name.
    pub sensitivity: [Money; 2],
    /// The share of the on-demand cost that it may cover which is covered, before it and with all that is advised.
    pub coverage: [f64; 2],
    /// The share of it that is used.
    pub utilization: f64,
    /// When to buy how much of it.
    pub tranches: Vec<Tranche>,
    /// Of the largest purchases: other terms of the same, and what is not advised but could cover some of the same usage; each at its own
    /// best amount (of large ones at about that) and alone, without anything else that is advised: what, and what it saves.
    pub alternatives: Vec<(Purchase, Money)>,
}

/// A purchase sized on one part of the period and priced on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backtest {
    /// Steps that the first part advised.
    pub steps: u32,
    /// What they saved in the last part.
    pub saving: Money,
    /// Hours of the last part.
    pub hours: usize,
}

/// An offer that is not weighed, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Declined {
    /// Its place among the offers.
    pub offer: usize,
    /// Why.
    pub why: String,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Advice {
    /// What to buy: the offer's place, and the advice.
    pub advised: Vec<(usize, Advised)>,
    /// What was not weighed.
    pub declined: Vec<Declined>,
    /// Whole weeks of demand that tranches rest on.
    pub weeks: usize,
}

/// Of an offer the same on other terms, at its best amount, and what that saves alone.
pub(super) type OtherTerms<'o> = (&'o Offering, Purchase, Money);

/// The market that offers are weighed on: the bill's waterfall with a place for each.
pub struct Market {
    /// Demand and all commitments; what is offered has a capacity of 0.
    pub waterfall: Waterfall,
    /// Net on-demand rates by pool, USD a unit.
    pub rates: Rates,
    pub(super) holdings: Vec<Holding>,
    /// The offers, in their order.
    pub candidates: Vec<Candidate>,
}

/// A market of which nothing is priced: to search in, and to price what is found in some of its hours at a time.
pub(super) struct Sketch {
    setting: Setting,
    rates: Rates,
    holdings: Vec<Holding>,
    candidates: Vec<Candidate>,
}

impl Bill<'_> {
    /// Weighs offers; those of one group (the same commitment on other terms) exclude each other. `others` are priced as alternatives.
    #[must_use]
    pub fn advise(
        &self,
        offers: &[Offering],
        others: &[Offering],
        figures: &CommitmentFigures,
        (today, as_of): (&Bill<'_>, Day),
    ) -> Advice {
        let mut advice = Advice::default();
        let mut open = Vec::new();
        for (at, falling) in shared_out(offers, |offer| self.falling(offer, figures)).into_iter().enumerate() {
            match falling {
                Some(why) => advice.declined.push(Declined { offer: at, why }),
                None => open.push(at),
            }
        }
        let most = figures.most_offers;
        let why = format!("not among the {most} offers for which most is paid on demand (`commitments.most_offers`)");
        let left_out = self.keep_largest(&mut open, offers, most).into_iter();
        advice.declined.extend(left_out.map(|offer| Declined { offer, why: why.clone() }));
        if open.is_empty() {
            return advice;
        }
        let wanted: Vec<&Offering> = open.iter().map(|at| &offers[*at]).collect();
        let found = self.found(&Asked { wanted: &wanted, others, today, figures, as_of });
        let Found { market, steps, gains, backtests, varied, losers, terms, mut ladder } = found;
        advice.weeks = ladder.weeks;
        let with = market.with(&steps);
        let bought: Vec<(usize, usize)> = open.into_iter().enumerate().filter(|(place, _)| steps[*place] > 0).collect();
        let coverage = shared_out(&bought, |(_, at)| market.coverage(self, &offers[*at], &with));
        for ((place, at), coverage) in bought.into_iter().zip(coverage) {
            let purchase = Purchase { offering: offers[at].clone(), steps: steps[place] };
            let advised = Advised {
                saving: money(gains[place]),
                backtest: backtests.as_ref().map(|tests| tests[place]),
                sensitivity: varied.each_ref().map(|gains| money(gains[place])),
                coverage,
                utilization: market.utilization(place, steps[place], &with),
                tranches: std::mem::take(&mut ladder.tranches[place]),
                alternatives: if losers.to.contains(&place) {
                    let other = terms.iter().filter(|(of, ..)| std::ptr::eq(*of, wanted[place]));
                    let other = other.map(|(_, purchase, gain)| (purchase.clone(), *gain));
                    let loser = |(at, steps, gain): (usize, u32, i128)| {
                        (Purchase { offering: wanted[at].clone(), steps }, money(gain))
                    };
                    other.chain(losers.of_purchase(place).map(loser)).collect()
                } else {
                    Vec::new()
                },
                purchase,
            };
            advice.advised.push((at, advised));
        }
        advice
    }

    /// Keeps the offers that most is paid on demand for, and tells the others: what a market of thousands of small ones would add is not
    /// worth its hours.
    fn keep_largest(&self, open: &mut Vec<usize>, offers: &[Offering], most: usize) -> Vec<usize> {
        if open.len() <= most {
            return Vec::new();
        }
        let cost = |at: &usize| self.rates_of(&offers[*at]).value(self.waterfall.totals());
        open.sort_by_cached_key(|at| (std::cmp::Reverse(cost(at)), *at));
        let mut left_out = open.split_off(most);
        open.sort_unstable();
        left_out.sort_unstable();
        left_out
    }

    /// A place in the waterfall for each offer.
    #[must_use]
    pub fn market(&self, offers: &[&Offering], figures: &CommitmentFigures) -> Market {
        self.sketch(offers, figures).priced()
    }

    /// The same, without prices.
    pub(super) fn sketch(&self, offers: &[&Offering], figures: &CommitmentFigures) -> Sketch {
        let Offered { setting, holdings, capacities } = self.offered(offers);
        let candidate = |(offer, capacity): (usize, CapacityId)| Candidate {
            capacity,
            grid: offers[offer].grid(figures.capital()),
            group: group(offers, offer),
        };
        let candidates = capacities.into_iter().enumerate().map(candidate).collect();
        Sketch { setting, rates: self.rates[1].clone(), holdings, candidates }
    }

    /// Other terms of what is bought, in its stead: by offer, each with its best amount and what that saves alone.
    pub(super) fn other_terms<'o>(
        &self,
        bought: impl Iterator<Item = &'o Offering>,
        others: &'o [Offering],
        figures: &CommitmentFigures,
    ) -> Vec<OtherTerms<'o>> {
        let same = |of: &Offering, other: &&Offering| {
            other.payer == of.payer
                && other.region == of.region
                && other.identity() == of.identity()
                && other.offer != of.offer
        };
        let pairs =
            bought.flat_map(|of| others.iter().filter(move |other| same(of, other)).map(move |other| (of, other)));
        let (bought, others): (Vec<&Offering>, Vec<&Offering>) = pairs.unzip();
        if others.is_empty() {
            return Vec::new();
        }
        let market = self.market(&others, figures);
        let places: Vec<usize> = (0..others.len()).collect();
        let alone = |((of, other), best): ((&'o Offering, &Offering), Option<(u32, i128)>)| {
            let (steps, gain) = best?;
            Some((of, Purchase { offering: other.clone(), steps }, money(gain)))
        };
        bought.into_iter().zip(others).zip(market.alone(&places, figures)).filter_map(alone).collect()
    }

    /// On-demand rates of what an offer may cover, 0 for everything else.
    fn rates_of(&self, offer: &Offering) -> Rates {
        let (holding, known) = (offer.holding(1), self.known().of_one());
        let rate = |(id, _)| if holding.weight(&known, id).is_some() { self.rates[1].0[id.0 as usize] } else { 0 };
        Rates(self.pools.numbered().map(rate).collect())
    }

    /// Why an offer should wait: the usage that it may cover falls.
    fn falling(&self, offer: &Offering, figures: &CommitmentFigures) -> Option<String> {
        const WEEK: usize = 168;
        let hours = self.waterfall.demand().hours();
        if hours < 2 * WEEK {
            return None;
        }
        let rates = self.rates_of(offer);
        let weeks: [Range<usize>; 2] = [0..WEEK, hours - WEEK..hours];
        let demand = ladder::demand(&self.waterfall, &rates, &weeks);
        let change = Cost { gross: money(demand[1]), net: money(demand[1] - demand[0]) };
        let share = change.net.to_f64() / money(demand[0]).to_f64() * 100.0;
        (share < -figures.falling_percent).then(|| {
            format!("usage that it would cover fell by {:.0} % from the first to the last week of the period", -share)
        })
    }
}

/// The group of offers that exclude each other: the same commitment on other terms.
fn group(offers: &[&Offering], at: usize) -> Option<u32> {
    let key = |offer: &Offering| (offer.payer.clone(), offer.region.clone(), offer.identity());
    let own = key(offers[at]);
    let first = offers.iter().position(|offer| key(offer) == own)?;
    let many = offers.iter().filter(|offer| key(offer) == own).count() > 1;
    many.then(|| u32::try_from(first).unwrap_or(u32::MAX))
}

impl Market {
    /// The best amounts, within what a target coverage or a risk lets one buy; `alike` is what is best of a demand that is much alike.
    #[must_use]
    pub fn best(&self, figures: &CommitmentFigures, effort: &Effort, alike: Option<&[u32]>) -> Vec<u32> {
        let places = 0..self.candidates.len();
        let candidates: Vec<Candidate> = places.map(|place| self.bounded(place, figures)).collect();
        commitments::best(&self.waterfall, &self.rates, &candidates, effort, alike)
    }

    /// The best amount of each of some alone within the same limits, and what it gains after its own cost; `None` where that is nothing.
    pub(super) fn alone(&self, places: &[usize], figures: &CommitmentFigures) -> Vec<Option<(u32, i128)>> {
        let candidates: Vec<Candidate> = places.iter().map(|place| self.bounded(*place, figures)).collect();
        let about = Effort { closest: ROUGHLY, ..effort(figures) };
        let all = commitments::best_of_each(&self.waterfall, &self.rates, &candidates, &about);
        all.into_iter().map(|(steps, gain)| (gain > 0).then_some((steps, gain))).collect()
    }

    fn bounded(&self, place: usize, figures: &CommitmentFigures) -> Candidate {
        let mut candidate = self.candidates[place].clone();
        if figures.risk_quantile > 0.0 {
            let most = limits::within_risk(&self.waterfall, &candidate, figures.risk_quantile);
            candidate.grid.most = candidate.grid.most.min(most);
        }
        if figures.target_coverage_percent > 0.0 {
            let target = figures.target_coverage_percent / 100.0;
            let most = limits::within_coverage(&self.waterfall, &self.rates, &candidate, target);
            candidate.grid.most = candidate.grid.most.min(most);
        }
        candidate
    }

    /// What so many steps of each gain net on top of those before, after their own cost, in 1e-21 USD over all hours.
    #[must_use]
    pub fn gains(&self, steps: &[u32]) -> Vec<i128> {
        stacked(&self.waterfall, &self.rates, &self.candidates, steps)
    }

    /// The sums over all hours with what is advised.
    fn with(&self, steps: &[u32]) -> Totals {
        let hours = self.waterfall.demand().hours();
        let all = self.candidates.iter().zip(steps);
        let changes: Vec<_> = all.map(|(candidate, steps)| candidate.buy(i64::from(*steps), 0..hours)).collect();
        self.waterfall.totals_after(&changes)
    }

    fn coverage(&self, bill: &Bill<'_>, offer: &Offering, with: &Totals) -> [f64; 2] {
        let rates = bill.rates_of(offer);
        let all = money(rates.value_of(self.waterfall.demand())).to_f64();
        [self.waterfall.totals(), with].map(|totals| 1.0 - money(rates.value(totals)).to_f64() / all)
    }

    /// The share of what so many steps of a candidate offer that is used.
    fn utilization(&self, place: usize, steps: u32, with: &Totals) -> f64 {
        let Candidate { capacity, grid, .. } = &self.candidates[place];
        let hours = i128::try_from(self.waterfall.demand().hours()).unwrap_or(i128::MAX);
        money(with.used[capacity.0 as usize]).to_f64() / money(grid.step * i128::from(steps) * hours).to_f64()
    }

    /// The market in some of its hours.
    pub(super) fn of_hours(&self, hours: Range<usize>) -> Sketch {
        self.sketch(self.waterfall.of_hours(std::slice::from_ref(&hours)))
    }

    /// The market with so many parts of ten thousand of its demand.
    pub(super) fn scaled(&self, parts: u32) -> Sketch {
        let capacities: Vec<Capacity> = self.holdings.iter().map(|holding| holding.capacity.clone()).collect();
        self.sketch(self.waterfall.with(self.waterfall.demand().scaled(parts, WHOLE), &capacities))
    }

    /// The market over other demand.
    pub(super) fn sketch(&self, setting: Setting) -> Sketch {
        let (rates, holdings, candidates) = (self.rates.clone(), self.holdings.clone(), self.candidates.clone());
        Sketch { setting, rates, holdings, candidates }
    }
}

impl Sketch {
    fn priced(self) -> Market {
        let Self { setting, rates, holdings, candidates } = self;
        Market { waterfall: setting.priced(), rates, holdings, candidates }
    }

    /// The best amounts, as [`Market::best`] finds them.
    pub(super) fn best(self, figures: &CommitmentFigures, effort: &Effort, alike: Option<&[u32]>) -> Vec<u32> {
        if is_bounded(figures) {
            return self.priced().best(figures, effort, alike);
        }
        commitments::best(&self.setting, &self.rates, &self.candidates, effort, alike)
    }

    /// What so many steps of each gain, as [`Market::gains`] tells.
    pub(super) fn gains(&self, steps: &[u32]) -> Vec<i128> {
        stacked(&self.setting, &self.rates, &self.candidates, steps)
    }
}

/// Whether a target coverage or a risk lets one buy less than what is best.
fn is_bounded(figures: &CommitmentFigures) -> bool {
    figures.risk_quantile > 0.0 || figures.target_coverage_percent > 0.0
}

/// The waterfall's 1e-21 as money.
pub(super) fn money(value: i128) -> Money {
    Money(value).ratio(1, 1_000_000_000)
}
