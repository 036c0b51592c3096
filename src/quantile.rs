//! Quantiles, as they are told everywhere.

/// Where the nearest rank of a share (0 to 1) stands among so many sorted values: the first that this share of them is not above; `None` of
/// none. What lies off a whole rank by less than arithmetic errs counts as on it.
#[must_use]
pub fn rank(count: usize, share: f64) -> Option<usize> {
    #[expect(clippy::cast_precision_loss, reason = "far fewer values than a double counts")]
    let rank = (share.clamp(0.0, 1.0) * count as f64 - 1e-9).ceil().max(1.0) as usize;
    count.checked_sub(1).map(|last| (rank - 1).min(last))
}

/// The value at the nearest rank of a share, whatever order they come in.
#[must_use]
pub fn nearest(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    rank(values.len(), share).and_then(|at| values.get(at).copied())
}

/// A quantile of sorted values, between two of them in proportion.
#[must_use]
pub fn between(sorted: &[f64], share: f64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "far fewer values than a double counts")]
    let at = share.clamp(0.0, 1.0) * (sorted.len().checked_sub(1)?) as f64;
    let (low, high) = (*sorted.get(at.floor() as usize)?, *sorted.get(at.ceil() as usize)?);
    Some(low + (high - low) * (at - at.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        assert_eq!([0.0, 0.1, 0.11, 0.5, 1.0].map(|share| rank(10, share)), [0, 0, 1, 4, 9].map(Some));
        // 99.5 % of 200 are 199, though .995 x 200 may come out a little above.
        assert_eq!((rank(200, 0.995), rank(336, 99.5 / 100.0), rank(0, 0.5)), (Some(198), Some(334), None));
        assert_eq!(nearest(vec![3.0, 1.0, 2.0, 4.0], 0.5), Some(2.0));
    }

    #[test]
    fn between_two_values_a_quantile_goes_by_proportion() {
        assert_eq!([0.0, 0.5, 0.75, 1.0].map(|share| between(&[1.0, 2.0, 4.0], share)), [1.0, 2.0, 3.0, 4.0].map(Some));
        assert_eq!((between(&[], 0.5), between(&[7.0], 0.9)), (None, Some(7.0)));
    }
}
