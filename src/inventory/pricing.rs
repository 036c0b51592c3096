//! The price list: what `aws pricing get-products` prints, and the price-list files that AWS publishes.

use super::{
    Found, Operation, Page, Scope,
    page::located,
    savingsplans::{Offering, OfferingRate},
};
use crate::{
    error::{Error, Result},
    sku::{Payment, Term},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A product with its prices in US dollars, one unit of usage each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Product {
    /// The SKU.
    pub sku: String,
    /// `AmazonEC2` ...
    pub service_code: String,
    /// The region's code, or empty.
    pub region: String,
    /// As in the bill.
    pub usage_type: String,
    /// As in the bill.
    pub operation: String,
    /// On demand, of the first tier.
    pub on_demand: Option<f64>,
    /// Reserved.
    pub reserved: Vec<ReservedPrice>,
}

/// The price of a reservation of a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReservedPrice {
    /// For how long.
    pub term: Term,
    /// When it is paid.
    pub payment: Payment,
    /// Whether it can be exchanged.
    pub convertible: bool,
    /// Paid at the start.
    pub upfront: f64,
    /// Paid each hour.
    pub hourly: f64,
}

impl ReservedPrice {
    /// What an hour costs over the whole term, the upfront part spread evenly.
    #[must_use]
    pub fn effective(&self) -> f64 {
        self.upfront / self.term.hours() + self.hourly
    }
}

/// An entry of `get-products`: the CLI prints JSON in a string; some tools unpack it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum Listing {
    /// JSON in a string.
    Text(String),
    /// JSON itself.
    Document(Box<Document>),
}

/// A product with its terms.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Document {
    product: Attributed,
    service_code: String,
    terms: Terms,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Attributed {
    sku: String,
    attributes: Attributes,
}

/// The attributes that tie a product to lines of the bill.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Attributes {
    servicecode: String,
    #[serde(rename = "regionCode")]
    region_code: String,
    usagetype: String,
    operation: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Terms {
    on_demand: BTreeMap<String, PricedTerm>,
    reserved: BTreeMap<String, PricedTerm>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PricedTerm {
    price_dimensions: BTreeMap<String, Dimension>,
    term_attributes: TermAttributes,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TermAttributes {
    lease_contract_length: String,
    offering_class: String,
    purchase_option: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Dimension {
    unit: String,
    begin_range: String,
    price_per_unit: BTreeMap<String, String>,
}

impl Dimension {
    fn usd(&self) -> Option<f64> {
        self.price_per_unit.get("USD")?.parse().ok().filter(|price: &f64| price.is_finite() && *price >= 0.0)
    }
}

impl PricedTerm {
    /// The price of the first tier.
    fn first(&self) -> Option<f64> {
        let first = |dimension: &&Dimension| ["", "0"].contains(&dimension.begin_range.as_str());
        self.price_dimensions.values().find(first).and_then(Dimension::usd)
    }

    fn reserved(&self) -> Option<ReservedPrice> {
        let sum = |upfront: bool| -> Option<f64> {
            self.price_dimensions.values().filter(|d| (d.unit == "Quantity") == upfront).map(Dimension::usd).sum()
        };
        let TermAttributes { lease_contract_length, offering_class, purchase_option } = &self.term_attributes;
        Some(ReservedPrice {
            term: Term::parse(lease_contract_length)?,
            payment: Payment::parse(purchase_option)?,
            convertible: offering_class == "convertible",
            upfront: sum(true)?,
            hourly: sum(false)?,
        })
    }
}

impl Product {
    fn of(product: Attributed, service: &str, terms: &Terms) -> Self {
        let Attributes { servicecode, region_code, usagetype, operation } = product.attributes;
        Self {
            sku: product.sku,
            service_code: if service.is_empty() { servicecode } else { service.to_owned() },
            region: region_code,
            usage_type: usagetype,
            operation,
            on_demand: terms.on_demand.values().find_map(PricedTerm::first),
            reserved: terms.reserved.values().filter_map(PricedTerm::reserved).collect(),
        }
    }
}

impl Operation for Product {
    type Entry = Listing;
    const TOKEN: &'static str = "inventory.pricing-get-products";
    const KEY: &'static str = "PriceList";
    const ID: &'static str = "product.sku";
    const WHOLE: bool = false;

    /// Text is looked into when it is unpacked.
    fn is_named(entry: &Listing) -> bool {
        match entry {
            Listing::Text(_) => true,
            Listing::Document(document) => !document.product.sku.is_empty(),
        }
    }

    fn unpack(entries: Vec<Listing>, _: Option<&str>) -> Result<Vec<Found<Self>>> {
        let product = |entry: Listing| -> Result<Found<Self>> {
            let document = match entry {
                Listing::Document(document) => *document,
                Listing::Text(text) => serde_json::from_str(&text)
                    .map_err(|error| Error::new(format!("a product of `PriceList` cannot be read: {error}")))?,
            };
            let Document { product, service_code, terms } = document;
            if product.sku.is_empty() {
                return Err(Error::new("an entry of `PriceList` has no `product.sku`"));
            }
            let product = Self::of(product, &service_code, &terms);
            Ok((Scope::default(), product.sku.clone(), product))
        };
        entries.into_iter().map(product).collect()
    }
}

/// A product of a price-list file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListedProduct(pub Product);

/// A price-list file of a service: `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/REGION/index.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceFile {
    offer_code: String,
    products: BTreeMap<String, Attributed>,
    #[serde(default)]
    terms: FileTerms,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FileTerms {
    on_demand: BTreeMap<String, BTreeMap<String, PricedTerm>>,
    reserved: BTreeMap<String, BTreeMap<String, PricedTerm>>,
}

impl Operation for ListedProduct {
    type Entry = PriceFile;
    const TOKEN: &'static str = "inventory.pricing-price-list";
    const KEY: &'static str = "products";
    const ID: &'static str = "sku";
    const WHOLE: bool = false;

    fn is_named(_: &Self::Entry) -> bool {
        true
    }

    fn unpack(entries: Vec<Self::Entry>, _: Option<&str>) -> Result<Vec<Found<Self>>> {
        let mut found = Vec::new();
        for PriceFile { offer_code, products, terms } in entries {
            let FileTerms { mut on_demand, mut reserved } = terms;
            for (sku, product) in products {
                let on_demand = on_demand.remove(&sku).unwrap_or_default();
                let reserved = reserved.remove(&sku).unwrap_or_default();
                let product = Product::of(product, &offer_code, &Terms { on_demand, reserved });
                found.push((Scope::default(), sku, Self(product)));
            }
        }
        Ok(found)
    }

    /// The whole file is the one entry.
    fn read(bytes: &[u8]) -> Result<Vec<Page<Self>>> {
        let entry = serde_json::from_slice(bytes).map_err(|error| located(&error))?;
        Ok(vec![Page { entries: vec![entry], more: false }])
    }
}

/// A rate of a price-list file of Savings Plans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedRate(pub OfferingRate);

/// A price-list file of Savings Plans:
/// `https://pricing.us-east-1.amazonaws.com/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/REGION/index.json`.
#[derive(Serialize, Deserialize)]
pub struct PlanFile {
    products: Vec<PlanProduct>,
    terms: PlanTerms,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlanProduct {
    sku: String,
    product_family: String,
    attributes: PlanAttributes,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PlanAttributes {
    purchase_option: String,
    purchase_term: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlanTerms {
    savings_plan: Vec<PlanTerm>,
}

#[derive(Serialize, Deserialize)]
struct PlanTerm {
    sku: String,
    rates: Vec<Discounted>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discounted {
    discounted_usage_type: String,
    #[serde(default)]
    discounted_operation: String,
    discounted_service_code: Option<String>,
    unit: Option<String>,
    discounted_rate: Priced,
}

#[derive(Serialize, Deserialize)]
struct Priced {
    price: String,
    currency: Option<String>,
}

impl Operation for ListedRate {
    type Entry = PlanFile;
    const TOKEN: &'static str = "inventory.pricing-savings-plan-list";
    const KEY: &'static str = "products";
    const ID: &'static str = "sku";
    const WHOLE: bool = false;

    fn is_named(_: &Self::Entry) -> bool {
        true
    }

    fn unpack(entries: Vec<Self::Entry>, _: Option<&str>) -> Result<Vec<Found<Self>>> {
        let mut found = Vec::new();
        for file in entries {
            let offers: BTreeMap<&str, Offering> =
                file.products.iter().map(|product| (product.sku.as_str(), offering(product))).collect();
            for term in file.terms.savings_plan {
                let Some(offer) = offers.get(term.sku.as_str()) else { continue };
                found.extend(term.rates.into_iter().map(|rate| listed(offer, rate)));
            }
        }
        Ok(found)
    }

    /// The whole file is the one entry.
    fn read(bytes: &[u8]) -> Result<Vec<Page<Self>>> {
        let entry = serde_json::from_slice(bytes).map_err(|error| located(&error))?;
        Ok(vec![Page { entries: vec![entry], more: false }])
    }
}

fn offering(product: &PlanProduct) -> Offering {
    let plan = product.product_family.replace(' ', "");
    let plan = plan.trim_end_matches("SavingsPlans");
    let term = Term::parse(&product.attributes.purchase_term);
    Offering {
        offering_id: product.sku.clone(),
        payment_option: Some(product.attributes.purchase_option.clone()),
        plan_type: Some(if plan == "MachineLearning" { "SageMaker" } else { plan }.to_owned()),
        duration_seconds: term.map(|term| i64::from(term.years()) * 31_536_000),
        currency: None,
    }
}

fn listed(offer: &Offering, rate: Discounted) -> Found<ListedRate> {
    let rate = OfferingRate {
        savings_plan_offering: Offering { currency: rate.discounted_rate.currency, ..offer.clone() },
        rate: rate.discounted_rate.price,
        unit: rate.unit,
        service_code: rate.discounted_service_code,
        usage_type: rate.discounted_usage_type,
        operation: rate.discounted_operation,
    };
    let id = format!("{} {} {}", offer.offering_id, rate.usage_type, rate.operation);
    (Scope::default(), id, ListedRate(rate))
}

#[cfg(test)]
mod tests;
