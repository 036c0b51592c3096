//! Exact money and quantities: integers in a small unit, so that sums do not depend on their order.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub, SubAssign},
};

/// Units of an amount in one of the currency or of usage: ten billion lines, each rounded to the nearest, err by at most half a cent
/// in sum.
const UNITS: i128 = 1_000_000_000_000;
/// Digits behind the point.
const DIGITS: i32 = 12;

/// An amount of money, in 1e-12 of the bill's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub i128);

/// An amount of usage, in 1e-12 of the unit that the line states (hours, GB-months, requests).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(pub i128);

/// Why a number cannot be an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAmount {
    /// NaN or an infinity.
    #[error("a cost or an amount of usage cannot be NaN or infinite")]
    NotFinite,
    /// Beyond what fits.
    #[error("the number is too large to be an amount")]
    TooLarge,
    /// Text that is no number.
    #[error("the text is not a number")]
    NotANumber,
}

macro_rules! amount {
    ($name:ident) => {
        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// One unit.
            pub const ONE: Self = Self(UNITS);

            /// Exactly the double, rounded once to the unit, ties to even.
            ///
            /// # Errors
            /// When the double is not finite or too large.
            pub fn from_f64(value: f64) -> Result<Self, NotAnAmount> {
                scale_double(value, UNITS).map(Self)
            }

            /// Exactly the decimal that the text states, rounded once to the unit, ties to even; never through a double.
            ///
            /// # Errors
            /// When the text is no finite decimal number.
            pub fn parse(text: &str) -> Result<Self, NotAnAmount> {
                parse_decimal(text, DIGITS).map(Self)
            }

            /// A decimal of `unscaled` x 10^-`scale`.
            ///
            /// # Errors
            /// When it is too large.
            pub fn from_decimal(unscaled: i128, scale: i32) -> Result<Self, NotAnAmount> {
                scale_decimal(unscaled, DIGITS - scale).map(Self)
            }

            /// The nearest double, for ratios and for showing.
            #[must_use]
            #[expect(clippy::cast_precision_loss, reason = "showing and ratios need no more than a double holds")]
            pub fn to_f64(self) -> f64 {
                // Whole units and the rest apart: whole amounts come out whole.
                (self.0 / UNITS) as f64 + (self.0 % UNITS) as f64 / UNITS as f64
            }

            /// This amount times `numerator` / `denominator`, rounded ties to even; a zero denominator gives zero.
            #[must_use]
            pub fn ratio(self, numerator: i128, denominator: i128) -> Self {
                Self(mul_div(self.0, numerator, denominator))
            }

            /// This amount times a factor that is rounded to 1e-12 first.
            #[must_use]
            pub fn times(self, factor: f64) -> Self {
                scale_double(factor, UNITS).map_or(Self(0), |f| self.ratio(f, UNITS))
            }

            /// Whether it is nothing.
            #[must_use]
            pub fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, Add::add)
            }
        }
    };
}

amount!(Money);
amount!(Quantity);

impl Money {
    /// Rounded to 1e-6 of the currency, ties to even: the precision of reports.
    #[must_use]
    pub fn micros(self) -> i128 {
        div_even(self.0, UNITS / 1_000_000)
    }

    /// The amount that is `micros` millionths.
    #[must_use]
    pub fn from_micros(micros: i128) -> Self {
        Self(micros * (UNITS / 1_000_000))
    }
}

impl fmt::Display for Money {
    /// Two decimals with thousands separated: `1,234.50`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = div_even(self.0, UNITS / 100);
        let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
        let whole = (cents / 100).to_string();
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(out, "{sign}{grouped}.{:02}", cents % 100)
    }
}

/// A double near an integer: at most two roundings off. The compiler's own way from 128 bits, which is off by one, takes longer.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is about")]
pub(crate) fn about(value: i128) -> f64 {
    const LOW: f64 = 4_294_967_296.0;
    i64::try_from(value >> 32).map_or_else(|_| value as f64, |high| high as f64 * LOW + f64::from(value as u32))
}

/// `value` / `divisor` rounded to the nearest integer, ties to even; `divisor` > 0.
fn div_even(value: i128, divisor: i128) -> i128 {
    // One division: that of 128 bits is what costs.
    let mut quotient = value / divisor;
    let mut rest = value - quotient * divisor;
    if rest < 0 {
        (quotient, rest) = (quotient - 1, rest + divisor);
    }
    match rest.cmp(&(divisor - rest)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

/// `value` / 2^`bits` rounded to the nearest integer, ties to even; `value` >= 0, 0 < `bits` < 127.
fn shift_even(value: i128, bits: u32) -> i128 {
    let quotient = value >> bits;
    let rest = value & ((1i128 << bits) - 1);
    let half = 1i128 << (bits - 1);
    quotient + i128::from(rest > half || (rest == half && quotient & 1 == 1))
}

/// `value` x `numerator` / `denominator`, ties to even, in steps that stay inside 128 bits for amounts of a bill.
fn mul_div(value: i128, numerator: i128, denominator: i128) -> i128 {
    if denominator == 0 {
        return 0;
    }
    let sign = denominator.signum();
    let (numerator, denominator) = (numerator * sign, denominator * sign);
    if let Some(product) = value.checked_mul(numerator) {
        return div_even(product, denominator);
    }
    let common = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
    let (numerator, denominator) = (div_exact(numerator, common), div_exact(denominator, common));
    if let Some(product) = value.checked_mul(numerator) {
        return div_even(product, denominator);
    }
    // The product is wider than 128 bits: split value = whole x denominator + rest, then the factor likewise.
    let (whole, rest) = (value.div_euclid(denominator), value.rem_euclid(denominator));
    let (times, left) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let tail = rest.checked_mul(left).map_or_else(|| wide_div(rest, left, denominator), |p| div_even(p, denominator));
    whole.saturating_mul(numerator).saturating_add(rest.saturating_mul(times)).saturating_add(tail)
}

/// `a` x `b` / `c` by long division, bit by bit; 0 <= a, b < c.
fn wide_div(a: i128, b: i128, c: i128) -> i128 {
    let (a, b, c) = (a.unsigned_abs(), b.unsigned_abs(), c.unsigned_abs());
    let (mut quotient, mut rest) = (0u128, 0u128);
    for bit in (0..128).rev() {
        quotient <<= 1;
        rest <<= 1;
        if (b >> bit) & 1 == 1 {
            rest += a;
        }
        while rest >= c {
            rest -= c;
            quotient += 1;
        }
    }
    let up = rest * 2 > c || (rest * 2 == c && quotient & 1 == 1);
    i128::try_from(quotient + u128::from(up)).unwrap_or(i128::MAX)
}

fn div_exact(value: i128, by: u128) -> i128 {
    i128::try_from(by).map_or(0, |by| value / by)
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// An amount in 1e-12 that a double says, rounded ties to even; `None` if it is one of the few whose magnitude is not between 2^-40 and
/// 2^21, for which `scale_double` is made.
#[inline]
pub(crate) fn units_of_double(value: f64) -> Option<i64> {
    let bits = value.to_bits();
    // The double is mantissa x 2^-shift. The product below has at most 93 bits, so that at most 61 are left of it.
    let shift = 1075u64.wrapping_sub((bits >> 52) & 0x7ff);
    if !(32..=92).contains(&shift) {
        return if bits << 1 == 0 { Some(0) } else { None };
    }
    let scaled = u128::from(bits & ((1 << 52) - 1) | 1 << 52) * UNITS.unsigned_abs();
    let odd = (scaled >> shift) & 1;
    #[expect(clippy::cast_possible_truncation, reason = "at most 61 bits are left")]
    let magnitude = ((scaled + ((1 << (shift - 1)) - 1) + odd) >> shift) as i64;
    Some(if value.is_sign_negative() { -magnitude } else { magnitude })
}

/// A double times `units`, rounded ties to even. A double is mantissa x 2^exponent, so this is exact integer arithmetic.
fn scale_double(value: f64, units: i128) -> Result<i128, NotAnAmount> {
    if !value.is_finite() {
        return Err(NotAnAmount::NotFinite);
    }
    let bits = value.to_bits();
    let biased = i32::try_from((bits >> 52) & 0x7ff).unwrap_or_default();
    let fraction = i128::from(bits & ((1 << 52) - 1));
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | (1 << 52), biased - 1075) };
    let scaled = mantissa * units; // below 2^53 x 2^40
    let magnitude = if exponent >= 0 {
        if exponent > 33 {
            return if mantissa == 0 { Ok(0) } else { Err(NotAnAmount::TooLarge) };
        }
        scaled << exponent
    } else if exponent < -120 {
        0
    } else {
        shift_even(scaled, exponent.unsigned_abs())
    };
    within(if value.is_sign_negative() { -magnitude } else { magnitude })
}

/// `unscaled` x 10^`shift`, ties to even.
fn scale_decimal(unscaled: i128, shift: i32) -> Result<i128, NotAnAmount> {
    let power = 10i128.checked_pow(shift.unsigned_abs());
    match (shift >= 0, power) {
        (true, Some(power)) => unscaled.checked_mul(power).ok_or(NotAnAmount::TooLarge).and_then(within),
        (true, None) if unscaled != 0 => Err(NotAnAmount::TooLarge),
        (false, Some(power)) if power <= i128::MAX / 2 => within(div_even(unscaled, power)),
        _ => Ok(0),
    }
}

/// Amounts stay below 2^90 units (10^15 of the currency), so that 2^33 of them can be added without an overflow.
fn within(value: i128) -> Result<i128, NotAnAmount> {
    if value.unsigned_abs() < 1 << 90 { Ok(value) } else { Err(NotAnAmount::TooLarge) }
}

/// The decimal text (with optional sign, fraction and exponent) times 10^`digits`.
fn parse_decimal(text: &str, digits: i32) -> Result<i128, NotAnAmount> {
    let text = text.trim();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => {
            (&text[..at], text[at + 1..].trim_start_matches('+').parse::<i32>().map_err(|_| NotAnAmount::NotANumber)?)
        }
        None => (text, 0),
    };
    let (negative, body) = match mantissa.as_bytes().first() {
        Some(b'-') => (true, &mantissa[1..]),
        Some(b'+') => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    // Digits behind the 30th could only break an exact tie at the 12th.
    let (fraction, beyond) = fraction.split_at_checked(30).unwrap_or((fraction, ""));
    if whole.is_empty() && fraction.is_empty() {
        let word = text.to_ascii_lowercase();
        let odd = matches!(word.trim_start_matches(['-', '+']), "nan" | "inf" | "infinity");
        return Err(if odd { NotAnAmount::NotFinite } else { NotAnAmount::NotANumber });
    }
    let mut unscaled = 0i128;
    if !beyond.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotAnAmount::NotANumber);
    }
    for byte in whole.trim_start_matches('0').bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            let word = body.to_ascii_lowercase();
            let odd = matches!(word.as_str(), "nan" | "inf" | "infinity");
            return Err(if odd { NotAnAmount::NotFinite } else { NotAnAmount::NotANumber });
        }
        unscaled = unscaled
            .checked_mul(10)
            .and_then(|v| v.checked_add(i128::from(byte - b'0')))
            .ok_or(NotAnAmount::TooLarge)?;
    }
    let places = i32::try_from(fraction.len()).map_err(|_| NotAnAmount::TooLarge)?;
    let shift = digits.saturating_add(exponent).saturating_sub(places);
    let value = scale_decimal(unscaled, shift)?;
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn doubles_round_once_ties_to_even() {
        assert_eq!(Money::from_f64(0.1).unwrap(), Money(100_000_000_000));
        assert_eq!(Money::from_f64(-4064.4831).unwrap(), Money(-4_064_483_100_000_000));
        assert_eq!(Money::from_f64(2f64.powi(-13)).unwrap(), Money(122_070_312)); // 122070312.5 -> even
        assert_eq!(Money::from_f64(f64::NAN), Err(NotAnAmount::NotFinite));
        assert_eq!(Money::from_f64(1e300), Err(NotAnAmount::TooLarge));
        assert_eq!(Money::from_f64(5e-324).unwrap(), Money(0));
    }

    #[test]
    fn text_and_decimals_are_exact() {
        assert_eq!(Money::parse("0.0052000000").unwrap(), Money(5_200_000_000));
        assert_eq!(Money::parse("-1.5e-3").unwrap(), Money(-1_500_000_000));
        assert_eq!(Money::parse(".5").unwrap(), Money(500_000_000_000));
        assert_eq!(Money::from_decimal(12345, 2).unwrap(), Money(123_450_000_000_000));
        assert_eq!(Money::parse("1.0000000000005").unwrap(), Money(1_000_000_000_000));
        assert_eq!(Money::parse("1.0000000000015").unwrap(), Money(1_000_000_000_002));
        for (text, error) in [
            ("", NotAnAmount::NotANumber),
            ("1,5", NotAnAmount::NotANumber),
            ("NaN", NotAnAmount::NotFinite),
            ("-inf", NotAnAmount::NotFinite),
            ("1e99", NotAnAmount::TooLarge),
        ] {
            assert_eq!(Money::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn shows_cents_in_groups() {
        assert_eq!(Money::parse("1234567.895").unwrap().to_string(), "1,234,567.90");
        assert_eq!(Money::parse("-0.004").unwrap().to_string(), "0.00");
        assert_eq!(Money::parse("-999.5").unwrap().to_string(), "-999.50");
    }

    proptest! {
        #[test]
        fn a_double_is_the_decimal_that_it_prints(value in -1e9f64..1e9) {
            // A double has 53 bits: 20 decimals and the ninth digit before the point fit the parser's 38.
            prop_assert_eq!(Money::from_f64(value), Money::parse(&format!("{value:.24}")));
        }

        #[test]
        fn the_quick_way_gives_the_same(bits: u64, small in -3e6f64..3e6, halves in -1i32 << 24..1i32 << 24) {
            // 10^12 is 2^12 x 5^12: an odd number of 2^-13 lies in the middle between two units.
            for value in [f64::from_bits(bits), small, small * 1e-9, f64::from(halves) / 8192.0, f64::from(halves) / 65536.0] {
                if let Some(units) = units_of_double(value) {
                    prop_assert_eq!(Ok(i128::from(units)), scale_double(value, UNITS));
                }
            }
            prop_assert!(units_of_double(f64::from(halves) / 8192.0).is_some());
        }

        #[test]
        fn a_double_is_near(value in prop_oneof![-1i128 << 60..1i128 << 60, -1i128 << 90..1i128 << 90, any::<i128>()]) {
            #[expect(clippy::cast_precision_loss)]
            let nearest = value as f64;
            prop_assert!((about(value) - nearest).abs() <= nearest.abs() * 2.0 * f64::EPSILON);
        }

        #[test]
        fn ratios_match_wide_arithmetic(value in -1i128 << 80..1i128 << 80, n in 0i128..1 << 70, d in 1i128..1 << 70) {
            let exact = Money(value).ratio(n, d).0;
            let small = value.checked_mul(n).map(|p| div_even(p, d));
            if let Some(small) = small {
                prop_assert_eq!(exact, small);
            }
            #[expect(clippy::cast_precision_loss)]
            let rough = value as f64 * n as f64 / d as f64;
            #[expect(clippy::cast_precision_loss)]
            let got = exact as f64;
            prop_assert!((got - rough).abs() <= rough.abs() * 1e-9 + 2.0);
        }
    }
}
