//! Who is asked: the account of the credentials, that of a role, or all of an organisation, each in its regions.

use super::{
    ec2::{self, Regions},
    failure::Failure,
    ledger::Ledger,
    organizations,
    session::{self, Identity},
    site::Site,
};
use crate::{
    collect::Options,
    error::{Error, Result},
};
use aws_config::{Region, SdkConfig};
use futures_util::{StreamExt as _, stream};
use std::sync::Arc;

/// An account and how to ask it.
pub(super) struct Account {
    pub(super) id: String,
    pub(super) config: SdkConfig,
    pub(super) regions: Vec<String>,
}

/// What was asked for.
pub(super) struct Asked<'a> {
    pub(super) options: &'a Options,
    pub(super) ledger: &'a Arc<Ledger>,
}

impl Asked<'_> {
    /// The accounts, the caller's own first.
    ///
    /// # Errors
    /// When the caller cannot be told, its regions are not known, or the organisation cannot be listed. What one member refuses costs
    /// that member alone.
    pub(super) async fn accounts(&self) -> Result<Vec<Account>> {
        let base = session::base(self.options.profile.as_deref(), &self.ledger.figures).await;
        let site = session::nowhere(&base, self.ledger, "us-east-1");
        let identity = session::identity(&site).await;
        let identity =
            identity.map_err(|failure| session::refused("AWS does not say whose credentials these are", &failure))?;
        if let Some(role) = &self.options.role_arn {
            let taken = session::assume(&site, role).await;
            let config =
                taken.map_err(|failure| session::refused(&format!("the role {role} cannot be taken on"), &failure))?;
            let site = Site { config, ..site };
            let identity = session::identity(&site).await;
            let identity =
                identity.map_err(|failure| session::refused("AWS does not say whose role this is", &failure))?;
            return Ok(vec![self.own(&site, &identity).await?.0]);
        }
        let (own, regions) = self.own(&site, &identity).await?;
        let mut all = vec![own];
        if self.options.organization {
            self.members(&site, &identity, &regions, &mut all).await?;
        }
        Ok(all)
    }

    /// The account of the caller, and the regions that it tells of.
    async fn own(&self, site: &Site, identity: &Identity) -> Result<(Account, Regions)> {
        let regions = self.regions(&identity.account, &site.config, identity).await;
        let regions = regions
            .map_err(|failure| session::refused("the regions cannot be listed (ec2:DescribeRegions)", &failure))?;
        let regions = regions.ok_or_else(|| {
            let help = "name them: --regions us-east-1,eu-west-1, or all; or set AWS_REGION";
            Error::new("no region is set").help(help)
        })?;
        Ok((account(identity.account.clone(), &site.config, identity, regions.all.clone()), regions))
    }

    /// The other accounts of the organisation. One whose role cannot be taken on is missing, one that does not tell its regions is asked
    /// in those that every account has; both are said.
    async fn members(&self, site: &Site, identity: &Identity, own: &Regions, all: &mut Vec<Account>) -> Result<()> {
        let members = organizations::accounts(site).await;
        let members = members.map_err(|failure| session::refused("the organisation cannot be listed", &failure))?;
        let name = self.options.role_name.as_deref().unwrap_or(&self.ledger.figures.role_name);
        let others = members.into_iter().filter(|id| *id != identity.account);
        let taken = others.map(|id| async move {
            let taken = self.member(site, identity, &id, name, own).await;
            taken.inspect_err(|failure| self.ledger.missed(&id, "", "the whole account (sts:AssumeRole)", failure)).ok()
        });
        let taken: Vec<_> = stream::iter(taken).buffered(self.ledger.figures.scopes_at_once).collect().await;
        all.extend(taken.into_iter().flatten());
        Ok(())
    }

    async fn member(
        &self,
        site: &Site,
        identity: &Identity,
        id: &str,
        role: &str,
        own: &Regions,
    ) -> Result<Account, Failure> {
        let config = session::assume(site, &identity.role(id, role)).await?;
        let regions = match self.regions(id, &config, identity).await {
            Ok(regions) => regions.map_or_else(|| own.all.clone(), |regions| regions.all),
            Err(failure) => {
                let what =
                    "the regions of the account, so only those that every account has are asked (ec2:DescribeRegions)";
                self.ledger.missed(id, "", what, &failure);
                own.everywhere.clone()
            }
        };
        Ok(account(id.to_owned(), &config, identity, regions))
    }

    /// The regions that are asked for in an account; nothing when none are named or set.
    async fn regions(
        &self,
        account: &str,
        config: &SdkConfig,
        identity: &Identity,
    ) -> Result<Option<Regions>, Failure> {
        let asked = &self.options.regions;
        if asked.iter().any(|region| region == "all") {
            let config = config.to_builder().region(Region::new(identity.global_region())).build();
            let site = session::nowhere(&config, self.ledger, identity.global_region());
            return ec2::regions(&Site { account: account.to_owned(), ..site }).await.map(Some);
        }
        let own = || config.region().map(|region| vec![region.as_ref().to_owned()]);
        let mut all = if asked.is_empty() { own() } else { Some(asked.clone()) };
        if let Some(all) = &mut all {
            all.sort();
            all.dedup();
        }
        Ok(all.map(|all| Regions { everywhere: all.clone(), all }))
    }
}

/// An account that is asked, for what lies in no region, where that is answered.
fn account(id: String, config: &SdkConfig, identity: &Identity, regions: Vec<String>) -> Account {
    let global = Region::new(identity.global_region());
    Account { id, config: config.to_builder().region(global).build(), regions }
}
