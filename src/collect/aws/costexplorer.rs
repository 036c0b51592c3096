//! Cost Explorer's view of commitments over the last complete month. Every request is paid, each attempt of it at the gate.

use super::{
    failure::Failure,
    site::{Capture, Fetch, Site, client, file},
};
use crate::time::Hour;
use aws_sdk_costexplorer::types::{DateInterval, Granularity};
use jiff::{Timestamp, ToSpan as _, civil::Date};

/// The last complete month, in UTC.
fn last_month(today: Date) -> Result<DateInterval, Failure> {
    let end = today.first_of_month();
    let start = end.checked_sub(1.month()).map_err(|error| Failure::broken(error.to_string()))?;
    let interval = DateInterval::builder().start(start.to_string()).end(end.to_string()).build();
    interval.map_err(|_| Failure::broken("no such month"))
}

fn today() -> Date {
    Hour::of_seconds(Timestamp::now().as_second()).day().civil()
}

pub(super) fn savings_plans_coverage(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let client = client!(site, aws_sdk_costexplorer, capture);
        let mut token = None;
        loop {
            let ask = client.get_savings_plans_coverage().time_period(last_month(today())?);
            let page = ask.granularity(Granularity::Monthly).set_next_token(token).send().await?;
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        Ok(vec![file("ce-get-savings-plans-coverage", &capture.document(&["SavingsPlansCoverages"])?)])
    })
}

pub(super) fn savings_plans_utilization(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let client = client!(site, aws_sdk_costexplorer, capture);
        let ask = client.get_savings_plans_utilization().time_period(last_month(today())?);
        ask.granularity(Granularity::Monthly).send().await?;
        let document = capture.document(&["SavingsPlansUtilizationsByTime"])?;
        Ok(vec![file("ce-get-savings-plans-utilization", &document)])
    })
}

pub(super) fn reservation_coverage(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let client = client!(site, aws_sdk_costexplorer, capture);
        let mut token = None;
        loop {
            let ask = client.get_reservation_coverage().time_period(last_month(today())?);
            let page = ask.granularity(Granularity::Monthly).set_next_page_token(token).send().await?;
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        Ok(vec![file("ce-get-reservation-coverage", &capture.document(&["CoveragesByTime"])?)])
    })
}

pub(super) fn reservation_utilization(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let client = client!(site, aws_sdk_costexplorer, capture);
        let mut token = None;
        loop {
            let ask = client.get_reservation_utilization().time_period(last_month(today())?);
            let page = ask.granularity(Granularity::Monthly).set_next_page_token(token).send().await?;
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        Ok(vec![file("ce-get-reservation-utilization", &capture.document(&["UtilizationsByTime"])?)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_complete_month() {
        let month = last_month(jiff::civil::date(2026, 1, 31)).unwrap();
        assert_eq!((month.start(), month.end()), ("2025-12-01", "2026-01-01"));
    }
}
