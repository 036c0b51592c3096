//! The commitment waterfall: AWS's worked examples, and what holds for any market.

use crate::market::{Hour, Market, edits, market};
use curtail::{
    parallel::with_threads,
    waterfall::{Capacity, Change, Delta, Effect, Hours, PoolId, Totals, Trace, Tried, Waterfall},
};
use proptest::prelude::*;

fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
}

fn all_near(values: &[f64], expected: &[f64]) {
    assert_eq!(values.len(), expected.len());
    values.iter().zip(expected).for_each(|(value, expected)| near(*value, *expected));
}

// EC2 User Guide, "How Reserved Instance discounts are applied" (docs.aws.amazon.com/AWSEC2/latest/UserGuide/apply_ri.html):
// Linux, default tenancy. Weights are normalisation units: large 4, xlarge 8, 2xlarge 16.

#[test]
fn zonal_and_regional_reservations_of_one_account() {
    let hour = Hour::default()
        .uses("m3.large 1a", 4.0, 0.133)
        .uses("m4.xlarge 1b", 2.0, 0.2)
        .uses("c4.xlarge 1c", 1.0, 0.199)
        .commits(4.0, &[("m3.large 1a", 1.0)])
        .commits(16.0, &[("m4.xlarge 1b", 8.0)])
        .commits(4.0, &[("c4.xlarge 1c", 8.0)])
        .price();
    all_near(&[hour.left("m3.large 1a"), hour.left("m4.xlarge 1b"), hour.left("c4.xlarge 1c")], &[0.0, 0.0, 0.5]);
    all_near(&hour.used(), &[4.0, 16.0, 4.0]);
}

#[test]
fn a_regional_reservation_takes_the_smallest_size_first() {
    let hour = Hour::default()
        .uses("m3.large 1b", 2.0, 0.133)
        .uses("m3.xlarge 1a", 2.0, 0.266)
        .commits(16.0, &[("m3.large 1b", 4.0), ("m3.xlarge 1a", 8.0)])
        .price();
    all_near(&[hour.left("m3.large 1b"), hour.left("m3.xlarge 1a")], &[0.0, 1.0]);
}

#[test]
fn the_owner_comes_before_the_organisation() {
    let hour = Hour::default()
        .uses("A m4.xlarge", 2.0, 0.2)
        .uses("A m4.2xlarge", 1.0, 0.4)
        .uses("A c4.xlarge", 2.0, 0.199)
        .uses("A c4.2xlarge", 1.0, 0.398)
        .uses("B m4.xlarge", 2.0, 0.2)
        .commits(32.0, &[("A m4.xlarge", 8.0), ("A m4.2xlarge", 16.0)])
        .commits(16.0, &[("A c4.xlarge", 8.0), ("A c4.2xlarge", 16.0)])
        .pours(0, &[("A m4.xlarge", 8.0), ("B m4.xlarge", 8.0), ("A m4.2xlarge", 16.0)])
        .pours(1, &[("A c4.xlarge", 8.0), ("A c4.2xlarge", 16.0)])
        .price();
    let left =
        ["A m4.xlarge", "A m4.2xlarge", "A c4.xlarge", "A c4.2xlarge", "B m4.xlarge"].map(|pool| hour.left(pool));
    all_near(&left, &[0.0, 0.0, 0.0, 1.0, 2.0]);
    all_near(&hour.used(), &[32.0, 16.0]);
}

#[test]
fn a_zonal_reservation_of_another_account_comes_before_a_regional_one_of_its_own() {
    let hour = Hour::default()
        .uses("A m4.xlarge 1a", 1.0, 0.2)
        .uses("B m4.xlarge 1b", 1.0, 0.2)
        .commits(1.0, &[("A m4.xlarge 1a", 1.0)])
        .commits(8.0, &[("A m4.xlarge 1a", 8.0)])
        .pours(1, &[("A m4.xlarge 1a", 8.0), ("B m4.xlarge 1b", 8.0)])
        .price();
    all_near(&[hour.left("A m4.xlarge 1a"), hour.left("B m4.xlarge 1b")], &[0.0, 0.0]);
    all_near(&hour.used(), &[1.0, 8.0]);
    // Who pays for what: the third step is the regional reservation's, once for its owner, then for all.
    let covered: Vec<(usize, u32, u32, i128)> =
        hour.waterfall.covered().iter().map(|c| (c.step, c.capacity.0, c.pool.0, c.units)).collect();
    assert_eq!(covered, [(0, 0, 0, 1_000_000_000), (2, 1, 1, 1_000_000_000)]);
}

// Savings Plans User Guide, "Understanding how Savings Plans apply" (docs.aws.amazon.com/savingsplans/latest/userguide/sp-applying.html):
// the usage of one hour, and what several purchases make of it.

const COMPUTE: [(&str, f64); 6] = [
    ("r5.4xlarge", 0.7),         // 30 %
    ("Fargate GB", 0.003),       // 25 %
    ("Fargate vCPU", 0.03),      // 25 %, at a higher rate
    ("m5.24xlarge", 8.2),        // 18 %
    ("Lambda GB-s", 0.00001275), // 15 %
    ("Lambda requests", 0.2),    // 0 %
];

fn usage() -> Hour {
    Hour::default()
        .uses("r5.4xlarge", 4.0, 1.0)
        .uses("m5.24xlarge", 1.0, 10.0)
        .uses("Fargate GB", 1600.0, 0.004)
        .uses("Fargate vCPU", 400.0, 0.04)
        .uses("Lambda GB-s", 1_500_000.0, 0.000015)
        .uses("Lambda requests", 1.0, 0.2) // million
}

#[test]
fn without_a_plan_everything_is_on_demand() {
    near(usage().price().on_demand(), 59.10);
}

#[test]
fn a_compute_plan_of_50_covers_everything() {
    let hour = usage().commits(50.0, &COMPUTE).price();
    all_near(&hour.used(), &[47.125]);
    near(hour.on_demand(), 0.0);
}

#[test]
fn a_compute_plan_of_2_covers_a_part_of_the_highest_discount() {
    let hour = usage().commits(2.0, &COMPUTE).price();
    assert!((hour.left("r5.4xlarge") - (4.0 - 2.857)).abs() < 0.0005);
    assert!((hour.on_demand() - 56.243).abs() < 0.0005);
    // 2.857142857 units at .70: what is less than a billionth of a unit is not used.
    near(hour.used()[0], 2.0);
}

#[test]
fn a_compute_plan_of_19_60_ends_exactly_between_two_pools() {
    let hour = usage().commits(19.6, &COMPUTE).price();
    all_near(&[hour.left("r5.4xlarge"), hour.left("Fargate GB"), hour.left("Fargate vCPU")], &[0.0; 3]);
    all_near(&hour.used(), &[2.8 + 4.8 + 12.0]);
    near(hour.on_demand(), 32.70);
}

#[test]
fn reservations_come_before_plans() {
    let hour = usage().commits(2.0, &[("r5.4xlarge", 1.0)]).commits(18.2, &COMPUTE).price();
    all_near(&hour.used(), &[2.0, 1.4 + 4.8 + 12.0]);
    near(hour.on_demand(), 32.70);
}

#[test]
fn instance_plans_come_before_compute_plans() {
    let hour = usage().commits(3.0, &[("r5.4xlarge", 0.6)]).commits(16.8, &COMPUTE).price();
    all_near(&hour.used(), &[2.4, 4.8 + 12.0]);
    near(hour.on_demand(), 32.70);
}

#[test]
fn the_rows_of_a_covered_hour() {
    // An instance for a whole hour and one for half: SP rate .0026, on-demand .0052; the negation takes back 1.5 hours, .0078.
    let running = Hour::default().uses("t3.nano", 1.5, 0.0052);
    near(running.price().on_demand(), 0.0078);
    let hour = running.commits(1.0, &[("t3.nano", 0.0026)]).price();
    all_near(&hour.used(), &[0.0026 + 0.0013]);
    near(hour.on_demand(), 0.0);
}

#[test]
fn three_plans_take_turns_owner_first() {
    // Worked by hand. A owns an EC2 Instance plan of 1.00 and a Compute plan of 2.00, B a Compute plan of 1.00.
    // A's instance plan: 1.20 of A's own m5 would be needed, 1.00 is there: 1.00 / .60 = 1 2/3 of 2 instances.
    // A's Compute plan: A's third of an m5 at .70 = .2333, A's Fargate 40 x .03 = 1.20, .5667 left.
    // B's Compute plan: B's m5 .70, then .30 = 10 of B's 20 vCPU. Shared: A's .5667 takes the other 10 for .30; .2667 dies.
    let hour = Hour::default()
        .uses("A m5", 2.0, 1.0)
        .uses("A vCPU", 40.0, 0.04)
        .uses("B m5", 1.0, 1.0)
        .uses("B vCPU", 20.0, 0.04)
        .uses("A m5 spot", 5.0, 0.3)
        .commits(1.0, &[("A m5", 0.6)])
        .pours(0, &[("A m5", 0.6), ("B m5", 0.6)])
        .commits(2.0, &[("A m5", 0.7), ("A vCPU", 0.03)])
        .commits(1.0, &[("B m5", 0.7), ("B vCPU", 0.03)])
        .pours(1, &[("A m5", 0.7), ("B m5", 0.7), ("A vCPU", 0.03), ("B vCPU", 0.03)])
        .pours(2, &[("A m5", 0.7), ("B m5", 0.7), ("A vCPU", 0.03), ("B vCPU", 0.03)])
        .price();
    let used = hour.used();
    assert!((used[0] - 1.0).abs() < 1e-8 && (used[1] - (0.7 / 3.0 + 1.2 + 0.3)).abs() < 1e-8, "{used:?}");
    near(used[2], 1.0);
    near(hour.on_demand(), 1.5); // Spot stays outside
}

#[test]
fn an_hour_without_anything_is_no_special_case() {
    let empty = Waterfall::new(curtail::waterfall::Demand::new(0, 0), &[], &[]);
    assert_eq!(empty.totals(), &Totals::default());
    assert_eq!(empty.peek(&[Change::Demand { pool: PoolId(3), hours: 0..5, per_hour: 1 }]), Effect::default());
}

/// So many more or fewer units of some pools, which a market knows by their numbers.
fn more(of: &[(u32, i64)]) -> Delta {
    let mut delta = Delta::new(1);
    of.iter().for_each(|(pool, units)| delta.demand(PoolId(*pool))[0] += units * 1_000_000_000);
    delta
}

fn left_by_try(waterfall: &Waterfall, of: &[(u32, i64)]) -> Vec<(u32, i128)> {
    let left = waterfall.tried(more(of)).left;
    assert_eq!(left, waterfall.peek_sum(more(of)).left);
    left.iter().map(|(pool, units)| (pool.0, units / 1_000_000_000)).collect()
}

#[test]
fn what_is_freed_covers_what_is_new() {
    // 10 cover a and b to the last unit; c, which nobody uses, is where the commitment ends. Of 2 less a and 3 more d, d gets 2.
    let hour = Hour::default()
        .uses("a", 5.0, 1.0)
        .uses("b", 5.0, 1.0)
        .uses("c", 0.0, 1.0)
        .uses("d", 0.0, 1.0)
        .commits(10.0, &[("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0)])
        .price();
    assert_eq!(left_by_try(&hour.waterfall, &[(0, -2), (3, 3)]), [(3, 1)]);
    assert_eq!(left_by_try(&hour.waterfall, &[(0, -2)]), []);
}

#[test]
fn what_is_freed_where_a_commitment_ends_does_not_cover_what_stands_before() {
    // The first commitment ends at c, of which it covers 1 of 5; the second covers the other 4. 3 more of a push out 2 of b, though 3
    // less of c are used.
    let hour = Hour::default()
        .uses("a", 0.0, 1.0)
        .uses("b", 9.0, 1.0)
        .uses("c", 5.0, 1.0)
        .commits(10.0, &[("a", 1.0), ("b", 1.0), ("c", 1.0)])
        .commits(5.0, &[("c", 1.0)])
        .price();
    assert_eq!(left_by_try(&hour.waterfall, &[(0, 3), (2, -3)]), [(1, 2)]);
}

#[test]
fn a_try_does_not_hold_beside_usage_that_it_would_cover() {
    // b is covered by both to the last unit. 2 less of a leave 2 of the second to c, once somebody uses it.
    let hour = Hour::default()
        .uses("a", 5.0, 1.0)
        .uses("b", 8.0, 1.0)
        .uses("c", 0.0, 1.0)
        .commits(10.0, &[("a", 1.0), ("b", 1.0)])
        .commits(3.0, &[("b", 1.0), ("c", 1.0)])
        .price();
    let mut waterfall = hour.waterfall;
    let mut other = waterfall.clone();
    let tried = waterfall.tried(more(&[(0, -2)]));
    assert_eq!(tried.left, []);
    let used = waterfall.tried(more(&[(2, 4)]));
    let trace = waterfall.carry_out(&used);
    assert!(!tried.stale(&trace).is_empty());
    // Nor where that is carried out on a copy of which nobody has asked anything.
    assert!(!tried.stale(&other.carry_out(&used)).is_empty());
    assert_eq!(left_by_try(&waterfall, &[(0, -2)]), [(2, -2)]);
}

/// A market, and edits of it.
fn edited() -> impl Strategy<Value = (Market, Vec<Vec<Change>>)> {
    market(4).prop_flat_map(|market| (Just(market.clone()), edits(&market)))
}

fn minus(after: &Totals, before: &Totals) -> Effect {
    let left = after.left.iter().zip(&before.left).zip(0u32..).map(|((a, b), at)| (PoolId(at), a - b));
    let used = after.used.iter().zip(&before.used).zip(0u32..);
    let used = used.map(|((a, b), at)| (curtail::waterfall::CapacityId(at), a - b));
    Effect { left: left.filter(|(_, d)| *d != 0).collect(), used: used.filter(|(_, d)| *d != 0).collect() }
}

/// An edit's changes of demand, summed by the hour.
fn usage_of(edit: &[Change], waterfall: &Waterfall) -> Delta {
    let mut delta = Delta::new(waterfall.demand().hours());
    for change in edit {
        if let Change::Demand { pool, hours, per_hour } = change {
            let row = delta.demand(*pool);
            let end = hours.end.min(row.len());
            row[hours.start.min(end)..end].iter_mut().for_each(|units| *units += per_hour);
        }
    }
    delta
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pricing_follows_the_rules(market in market(4)) {
        let priced = market.price();
        prop_assert_eq!(priced.totals(), &market.plainly());
        let hours = market.demand.hours();
        for (pool, total) in (0u32..).zip(&priced.totals().left) {
            let left: i128 = (0..hours).map(|hour| i128::from(priced.left_at(PoolId(pool), hour))).sum();
            prop_assert_eq!(left, *total);
        }
        for (capacity, total) in (0u32..).zip(&priced.totals().used) {
            let id = curtail::waterfall::CapacityId(capacity);
            prop_assert_eq!((0..hours).map(|hour| priced.used_at(id, hour)).sum::<i128>(), *total);
        }
        let mut covered = priced.totals().left.clone();
        priced.covered().iter().for_each(|c| covered[c.pool.0 as usize] += c.units);
        let demand: Vec<i128> = (0..market.demand.pools())
            .map(|pool| market.demand.of(PoolId(u32::try_from(pool).unwrap())).iter().map(|units| i128::from(*units)).sum())
            .collect();
        prop_assert_eq!(covered, demand, "covered and left are all there is");
    }

    #[test]
    fn peek_is_apply_is_from_scratch((market, edits) in edited()) {
        let (mut stacked, mut now) = (market.price(), market.clone());
        let mut sum = vec![0i128; market.demand.pools()];
        for edit in &edits {
            let before = stacked.totals().clone();
            let peeked = stacked.peek(edit);
            prop_assert_eq!(stacked.totals(), &before, "peek changes nothing");
            let applied = stacked.apply(edit);
            now = now.after(edit);
            prop_assert_eq!(&peeked, &applied);
            prop_assert_eq!(stacked.totals(), &now.plainly());
            prop_assert_eq!(&applied, &minus(stacked.totals(), &before));
            applied.left.iter().for_each(|(pool, left)| sum[pool.0 as usize] += left);
            for pool in 0..market.demand.pools() {
                let id = PoolId(u32::try_from(pool).unwrap());
                prop_assert_eq!(stacked.demand().of(id), now.demand.of(id));
            }
        }
        let first = market.price();
        for ((after, before), sum) in stacked.totals().left.iter().zip(&first.totals().left).zip(sum) {
            prop_assert_eq!(after - before, sum, "stacked effects add up");
        }
    }

    #[test]
    fn the_order_of_edits_does_not_matter((market, edits) in edited(), turn in 0usize..5) {
        // Less demand than there is and less capacity than nothing is cut off: only growth and what stays above 0 commutes.
        let grow = |edit: &Vec<Change>| edit.iter().map(|change| match change.clone() {
            Change::Demand { pool, hours, per_hour } => Change::Demand { pool, hours, per_hour: per_hour.abs() },
            Change::Capacity { capacity, hours, per_hour } => Change::Capacity { capacity, hours, per_hour: per_hour.abs() },
        }).collect::<Vec<_>>();
        let mut grown: Vec<Vec<Change>> = edits.iter().map(grow).collect();
        let mut all = market.price();
        let together = all.apply(&grown.concat());
        let back = |change: &Change| match change.clone() {
            Change::Demand { pool, hours, per_hour } => Change::Demand { pool, hours, per_hour: -per_hour },
            Change::Capacity { capacity, hours, per_hour } => Change::Capacity { capacity, hours, per_hour: -per_hour },
        };
        let mut one_by_one = market.price();
        let turn = turn % grown.len();
        grown.rotate_left(turn);
        for edit in &grown {
            one_by_one.apply(edit);
        }
        prop_assert_eq!(one_by_one.totals(), all.totals());
        prop_assert_eq!(minus(all.totals(), market.price().totals()), together);
        for edit in grown.iter().rev() {
            one_by_one.apply(&edit.iter().map(back).collect::<Vec<_>>());
        }
        let first = market.price();
        prop_assert_eq!(one_by_one.totals(), first.totals(), "and taken back, all is as it was");
    }

    #[test]
    fn a_try_holds_until_something_is_changed_that_it_looked_at((market, edits) in edited()) {
        let priced = market.price();
        for one in &edits {
            let usage = usage_of(one, &priced);
            let tried = priced.tried(usage.clone());
            prop_assert_eq!(&tried.left, &priced.peek_sum(usage.clone()).left);
            for other in &edits {
                let other = priced.tried(usage_of(other, &priced));
                let mut after = priced.clone();
                let trace = after.carry_out(&other);
                let now = after.peek_sum(usage.clone()).left;
                prop_assert_eq!(&after.tried(usage.clone()).left, &now);
                let stale = tried.stale(&trace);
                if stale.is_empty() {
                    prop_assert_eq!(&tried.left, &now);
                }
                let again = tried.clone().again(&after, &stale);
                prop_assert_eq!(&again.left, &now);
                let mut carried_out = after.clone();
                carried_out.carry_out(&again);
                after.apply_sum(usage.clone());
                prop_assert_eq!(carried_out.totals(), after.totals());
                // All margins are where they would be: everything else is walked alike.
                for edit in &edits {
                    prop_assert_eq!(carried_out.peek(edit), after.peek(edit));
                }
            }
        }
    }

    #[test]
    fn a_try_of_before_several_edits_is_made_again_in_the_hours_that_they_touched((market, edits) in edited()) {
        let before = market.price();
        let (mut after, mut since) = (before.clone(), Trace::default());
        // Tries on each of the waterfalls in between, with the hours that were touched since.
        let mut known: Vec<(Delta, Tried, Hours)> = Vec::new();
        for one in &edits {
            let usage = usage_of(one, &before);
            let tried = before.tried(usage.clone());
            let now = after.peek_sum(usage.clone());
            for stale in [tried.stale(&since), tried.stale(&Trace::of_anything()), tried.stale(&Trace::between(&before, &after))] {
                // What this asks for is not known to the waterfall itself then.
                let again = tried.clone().again(&after.clone(), &stale);
                prop_assert_eq!(&again.left, &now.left);
                // And again, in no hour: it knows what it was led by.
                prop_assert_eq!(&again.again(&after, &Hours::default()).left, &now.left);
            }
            let stale = tried.stale(&since);
            let again = tried.again(&after, &stale);
            let trace = after.carry_out(&again);
            since.join(&trace);
            known.push((usage, again, Hours::default()));
            for (usage, tried, stale) in &mut known {
                stale.unite(&tried.stale(&trace));
                prop_assert_eq!(&tried.clone().again(&after, stale).left, &after.peek_sum(usage.clone()).left);
            }
        }
    }

    #[test]
    fn an_edit_walked_through_by_several_is_the_edit_carried_out((market, edits) in edited(), threads in 0usize..4) {
        let (mut followed, mut applied) = (market.price(), market.price());
        for edit in &edits {
            let walked = with_threads(threads, || followed.walked(Delta::of(&followed, edit))).unwrap();
            prop_assert_eq!(&walked.effect, &applied.apply(edit));
            followed.follow(walked);
            prop_assert_eq!(followed.totals(), applied.totals());
            for edit in &edits {
                prop_assert_eq!(followed.peek(edit), applied.peek(edit));
                let usage = usage_of(edit, &applied);
                prop_assert_eq!(followed.tried(usage.clone()).left, applied.tried(usage).left);
            }
        }
    }

    #[test]
    fn more_demand_or_less_capacity_never_lowers_what_is_left((market, edits) in edited()) {
        let priced = market.price();
        for edit in &edits {
            let worse = edit.iter().map(|change| match change.clone() {
                Change::Demand { pool, hours, per_hour } => Change::Demand { pool, hours, per_hour: per_hour.abs() },
                Change::Capacity { capacity, hours, per_hour } => {
                    Change::Capacity { capacity, hours, per_hour: -per_hour.abs() }
                }
            }).collect::<Vec<_>>();
            prop_assert!(priced.peek(&worse).left.iter().all(|(_, left)| *left > 0));
        }
    }

    #[test]
    fn capacities_of_nothing_change_nothing(market in market(3)) {
        let nothing = Capacity::Hourly(vec![0; market.demand.hours()]);
        let capacities = vec![nothing; market.capacities.len()];
        let priced = Waterfall::new(market.demand.clone(), &capacities, &market.steps);
        let without = Waterfall::new(market.demand.clone(), &[], &[]);
        prop_assert_eq!(&priced.totals().left, &without.totals().left);
        prop_assert!(priced.totals().used.iter().all(|used| *used == 0));
    }
}
