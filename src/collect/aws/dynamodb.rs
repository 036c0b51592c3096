//! DynamoDB tables: what AWS answers is what the CLI prints, a document a table.

use super::{
    failure::Failure,
    site::{Capture, Fetch, Site, client, file, stem},
};
use crate::inventory::dynamodb;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

pub(super) fn tables(site: Site) -> Fetch {
    Box::pin(async move {
        let names = client!(site, aws_sdk_dynamodb).list_tables().into_paginator().items().send();
        let names: Vec<String> = names.collect::<Result<_, _>>().await?;
        let ask = |name: String| {
            let (site, capture) = (site.clone(), Capture::default());
            async move {
                let asked = client!(site, aws_sdk_dynamodb, capture).describe_table().table_name(name).send().await;
                match asked {
                    Ok(_) => Ok(capture.documents()),
                    // It was deleted since it was listed.
                    Err(error) if error.as_service_error().is_some_and(|of| of.is_resource_not_found_exception()) => {
                        Ok(Vec::new())
                    }
                    Err(error) => Err(Failure::from(error)),
                }
            }
        };
        let tables: Vec<Vec<Value>> = stream::iter(names).map(ask).buffered(8).try_collect().await?;
        let tables: Vec<Value> = tables.into_iter().flatten().collect();
        // Without a table there is no document: the listing is a document a table.
        let stem = stem::<dynamodb::Table>();
        Ok(if tables.is_empty() { Vec::new() } else { vec![file(stem, &Value::Array(tables))] })
    })
}
