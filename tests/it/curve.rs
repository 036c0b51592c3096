//! What one commitment saves by its amount: a worked example, and the exact optimum of random markets.

use crate::market::{Hour, Market, company, market_of, random, real, scaled};
use curtail::{
    parallel::with_threads,
    waterfall::{Amount, Capacity, CapacityId, Change, Curve, Grid, Rates, Waterfall},
};
use proptest::prelude::*;

/// USD per hour in 1e-21.
fn usd(value: f64) -> Amount {
    scaled(value, 12) * 1_000_000_000
}

const PLAN: Grid = Grid { step: 1_000_000_000_000_000_000, cost: 1_000_000_000_000_000_000, most: 5_000_000 };

#[test]
fn several_instruments_together_are_not_concave() {
    // 1 $ and 2 $ on demand; EC2 Instance discounts of 40 and 35 %, an existing Compute plan of 0.70 $/h at 30 and 2 %.
    let hour = Hour::default()
        .uses("a", 1.0, 1.0)
        .uses("b", 1.0, 2.0)
        .commits(0.0, &[("a", 0.6), ("b", 1.3)])
        .commits(0.7, &[("a", 0.7), ("b", 1.96)])
        .price();
    let curve = Curve::new(&hour.waterfall, CapacityId(0), &hour.rates);
    for (amount, saves) in [(0.3, 0.057), (0.6, 0.114), (0.9, 0.276), (1.2, 0.437)] {
        let saved = curve.saved(usd(amount)) / 1e21 - amount;
        assert!((saved - saves).abs() < 0.0005, "{amount} saves {saved}");
    }
    // The best covers both: what 0.70 leaves of b, 0.643 of it at 1.30, and a for 0.60. Then nothing is on demand.
    let (steps, gain) = curve.best(&PLAN);
    assert_eq!(steps, 1436);
    assert!((gain / 1e21 - (2.0 - 1.436)).abs() < 1e-9, "{gain}");
    // Where 0.114 is saved more than bought, but no more: 0.6 buys a, and frees 0.70 for a third of b at 2 % off.
    assert_eq!(curve.most_within(0.7143e21, &PLAN), 600);
}

#[test]
fn a_commitment_is_reached_left_alone_and_reached_again() {
    // The second step of the small plan waits behind c while a is bought, is freed for c when b is whole, and gives way again.
    let hour = Hour::default()
        .uses("c", 10.0, 0.7)
        .uses("a", 4.0, 0.1)
        .uses("b", 16.0, 0.5)
        .commits(0.0, &[("a", 0.1), ("b", 0.1), ("c", 0.1)])
        .commits(0.1, &[("b", 0.1)])
        .pours(1, &[("c", 0.1), ("a", 0.1)])
        .price();
    let curve = Curve::new(&hour.waterfall, CapacityId(0), &hour.rates);
    for (amount, left) in [(0.4, 7.0 + 7.5), (1.9, 7.0), (2.0, 6.3), (2.5, 2.8), (2.9, 0.0), (5.0, 0.0)] {
        let saved = curve.saved(usd(amount)) / 1e21;
        assert!((hour.on_demand() - saved - left).abs() < 1e-9, "{amount} saves {saved}");
    }
}

#[test]
fn the_best_amount_beats_a_thousand_at_random() {
    // 8 reservations, 8 instance plans, two of them and two of four compute plans not bought yet: each in turn is the one to buy.
    for buying in [10, 13, 16, 18] {
        let company = company(72, 8, [8, 8, 4], |n| ![10, 13, 16, 18].contains(&n));
        let waterfall = company.market.price();
        let capacity = CapacityId(buying);
        let curve = Curve::new(&waterfall, capacity, &company.rates);
        let (steps, gain) = curve.best(&PLAN);
        let exact = |steps: u32| {
            let per_hour = Amount::from(steps) * PLAN.step;
            let saved =
                -company.rates.change(&waterfall.peek(&[Change::Capacity { capacity, hours: 0..72, per_hour }]));
            saved - PLAN.cost_of(steps, 72)
        };
        let best = exact(steps);
        assert!(steps > 0 && best > 0, "{buying}: there is something to gain");
        assert!((best as f64 - gain).abs() < dust(gain));
        for n in 0..1000 {
            let other = u32::try_from(random(n, u64::from(steps) * 2)).unwrap();
            assert!(exact(other) <= best, "{buying}: {other} steps beat {steps}");
        }
    }
}

/// A market with what usage costs on demand, and the first capacity as the one to buy.
#[derive(Debug, Clone)]
struct Offer {
    market: Market,
    rates: Rates,
    grid: Grid,
}

/// On-demand rates that are not far from the weights, and a price below them.
fn offer(hours: usize) -> impl Strategy<Value = Offer> {
    (market_of(hours, real()), proptest::collection::vec(1i64..9, 7), 20i128..120, 1u32..150).prop_map(
        |(mut market, rates, percent, most)| {
            market.capacities[0] = Capacity::Constant(0);
            let rates = Rates(rates.iter().take(market.demand.pools()).map(|rate| rate * 100_000_000_000).collect());
            let step = 700_000_000_000_000_000_000;
            Offer { market, rates, grid: Grid { step, cost: step / 100 * percent, most } }
        },
    )
}

impl Offer {
    /// What buying so much more saves, by the integers, in 1e-21 USD.
    fn saves(&self, waterfall: &Waterfall, amount: Amount) -> i128 {
        let hours = 0..self.market.demand.hours();
        -self.rates.change(&waterfall.peek(&[Change::Capacity { capacity: CapacityId(0), hours, per_hour: amount }]))
    }
}

/// What flooring to a billionth of a unit can cost.
fn dust(value: f64) -> f64 {
    1e15 + value.abs() * 1e-9
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_curve_is_the_price(offer in offer(3), amounts in proptest::collection::vec(0i128..60_000_000_000_000_000_000_000, 8)) {
        let waterfall = offer.market.price();
        let curve = Curve::new(&waterfall, CapacityId(0), &offer.rates);
        for amount in amounts {
            let (swept, exact) = (curve.saved(amount), offer.saves(&waterfall, amount) as f64);
            prop_assert!((swept - exact).abs() < dust(exact), "{amount}: {swept} is not {exact}");
        }
    }

    #[test]
    fn the_best_amount_is_that_of_brute_force(offer in offer(3)) {
        let waterfall = offer.market.price();
        let hours = offer.market.demand.hours();
        let curve = Curve::new(&waterfall, CapacityId(0), &offer.rates);
        let (steps, gain) = curve.best(&offer.grid);
        let exact = |steps: u32| {
            offer.saves(&waterfall, Amount::from(steps) * offer.grid.step) - offer.grid.cost_of(steps, hours)
        };
        let best = (0..=offer.grid.most).map(exact).max().unwrap();
        prop_assert!((exact(steps) as f64 - gain).abs() < dust(gain));
        prop_assert!((best - exact(steps)) as f64 <= dust(gain), "{steps} gains {gain}, but {best} could be had");
    }

    #[test]
    fn up_to_a_limit_it_is_the_same(offer in offer(3), limit in 1i128..60, parts in proptest::collection::vec(0i128..=1000, 8)) {
        let (waterfall, limit) = (offer.market.price(), limit * 1_000_000_000_000_000_000_000);
        let whole = Curve::new(&waterfall, CapacityId(0), &offer.rates);
        let curve = Curve::up_to(&waterfall, CapacityId(0), &offer.rates, limit);
        for part in parts {
            let (some, all) = (curve.saved(limit * part / 1000), whole.saved(limit * part / 1000));
            prop_assert!((some - all).abs() <= dust(all), "{part}: {some} is not {all}");
        }
        prop_assert!((curve.saved(limit * 2) - curve.saved(limit)).abs() <= dust(curve.saved(limit)), "level behind the limit");
        prop_assert!(curve.first(&offer.grid).total_cmp(&whole.first(&offer.grid)).is_eq());
        let grid = Grid { most: u32::try_from(limit / offer.grid.step).unwrap().min(offer.grid.most), ..offer.grid };
        let ((_, some), (_, all)) = (curve.best(&grid), whole.best(&grid));
        prop_assert!((some - all).abs() <= dust(all));
    }
}

#[test]
fn threads_do_not_matter() {
    let company = company(100, 8, [8, 8, 4], |n| n % 3 == 0);
    let waterfall = company.market.price();
    for capacity in [1, 10, 16, 19].map(CapacityId) {
        let with = |threads| with_threads(threads, || Curve::new(&waterfall, capacity, &company.rates)).unwrap();
        let alone = with(1);
        assert!(alone.points() > 1);
        assert_eq!([with(2), with(7)], [alone.clone(), alone]);
    }
}
