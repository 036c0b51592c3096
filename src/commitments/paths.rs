//! Demand to come: weeks drawn again from those that were seen (a block bootstrap of whole weeks, so that days and nights, working
//! days and weekends stay together). Seeded: the same every run. There is no trend in it, and nothing that was never seen.
//!
//! Künsch 1989, "The jackknife and the bootstrap for general stationary observations" (blocks); Steele, Lea and Flood 2014,
//! "Fast splittable pseudorandom number generators" (splitmix64).

use std::ops::Range;

/// Hours in a week.
pub const WEEK: usize = 168;

/// The whole weeks of a number of hours, the newest last; hours before the first whole week are left out.
#[must_use]
pub fn weeks(hours: usize) -> Vec<Range<usize>> {
    let first = hours % WEEK;
    (0..hours / WEEK).map(|week| first + week * WEEK..first + (week + 1) * WEEK).collect()
}

/// `count` paths of `length` weeks each, a week told by its number among the `seen`; none if none was seen.
#[must_use]
pub fn paths(seen: usize, length: usize, count: usize, seed: u64) -> Vec<Vec<usize>> {
    if seen == 0 {
        return Vec::new();
    }
    let mut random = SplitMix(seed);
    (0..count).map(|_| (0..length).map(|_| random.below(seen)).collect()).collect()
}

/// A small generator of random numbers.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`: the high half of the product, as even as 2^64 is to `end`.
    fn below(&mut self, end: usize) -> usize {
        let product = u128::from(self.next()) * end as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first numbers of seed 1234567, as its author's C code prints them (prng.di.unimi.it/splitmix64.c).
        let mut random = SplitMix(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn weeks_end_with_the_window() {
        assert_eq!(weeks(400), [64..232, 232..400]);
        assert!(weeks(167).is_empty());
    }

    #[test]
    fn paths_are_the_same_every_time_and_take_every_week_alike() {
        let all = paths(4, 52, 200, 7);
        assert_eq!(all, paths(4, 52, 200, 7));
        assert_ne!(all, paths(4, 52, 200, 8));
        let mut counts = [0i32; 4];
        all.iter().flatten().for_each(|week| counts[*week] += 1);
        // 10,400 draws: 2,600 each, give or take four standard deviations of 44.
        assert!(counts.iter().all(|count| (count - 2600).abs() < 177), "{counts:?}");
        assert_eq!(paths(0, 52, 200, 7), Vec::<Vec<usize>>::new());
    }
}
