//! The accounts of an organisation.

use super::{
    failure::Failure,
    site::{Site, client},
};
use aws_sdk_organizations::types::AccountState;

/// The accounts that are active, sorted.
pub(super) async fn accounts(site: &Site) -> Result<Vec<String>, Failure> {
    let all = client!(site, aws_sdk_organizations).list_accounts().into_paginator().send();
    let pages: Vec<_> = all.collect::<Result<_, _>>().await?;
    let all = pages.into_iter().flat_map(|page| page.accounts.unwrap_or_default());
    let active = all.filter(|account| account.state.as_ref().is_none_or(|state| *state == AccountState::Active));
    let mut ids: Vec<String> = active.filter_map(|account| account.id).collect();
    ids.sort();
    Ok(ids)
}
