//! Documents in the shapes that AWS publishes, with a product or two.

use super::*;
use crate::inventory::tests::load;

const M5: &str = r#"{"product": {"productFamily": "Compute Instance", "sku": "M5", "attributes": {"instanceType": "m5.large",
    "operatingSystem": "Linux", "regionCode": "us-east-1", "usagetype": "BoxUsage:m5.large", "operation": "RunInstances",
    "servicecode": "AmazonEC2", "vcpu": "2"}}, "serviceCode": "AmazonEC2", "terms": {
    "OnDemand": {"M5.JRTCKXETXF": {"priceDimensions": {"M5.JRTCKXETXF.6YS6EN2CT7": {"unit": "Hrs", "beginRange": "0",
        "endRange": "Inf", "pricePerUnit": {"USD": "0.0960000000"}}}, "sku": "M5", "termAttributes": {}}},
    "Reserved": {"M5.HU7G6KETJZ": {"priceDimensions": {
        "M5.HU7G6KETJZ.2TG2D8R56U": {"unit": "Quantity", "pricePerUnit": {"USD": "263"}},
        "M5.HU7G6KETJZ.6YS6EN2CT7": {"unit": "Hrs", "beginRange": "0", "pricePerUnit": {"USD": "0.0300000000"}}},
        "termAttributes": {"LeaseContractLength": "1yr", "OfferingClass": "standard", "PurchaseOption": "Partial Upfront"}}}},
    "version": "20261101000000"}"#;

#[test]
fn products_come_as_json_in_strings_or_as_json() {
    let text = serde_json::to_string(M5).unwrap();
    for list in
        [format!(r#"{{"PriceList": [{text}]}}"#), format!(r#"{{"FormatVersion": "aws_v1", "PriceList": [{M5}]}}"#)]
    {
        let (inventory, notes) = load(&[("111122223333/us-east-1/pricing-get-products-ec2.json", &list)]);
        assert!(notes.is_empty(), "{notes:?}");
        let (_, sku, product) = inventory.products.iter().next().unwrap();
        assert_eq!((sku, product.usage_type.as_str(), product.on_demand), ("M5", "BoxUsage:m5.large", Some(0.096)));
        let reserved = product.reserved[0];
        assert_eq!((reserved.term, reserved.payment), (Term::OneYear, Payment::PartialUpfront));
        assert!((reserved.effective() - (263.0 / 8760.0 + 0.03)).abs() < 1e-12);
    }
}

#[test]
fn the_first_tier_is_the_price() {
    let tiers = r#"{"product": {"sku": "L", "attributes": {"usagetype": "Lambda-GB-Second"}}, "terms": {"OnDemand": {"L.1": {
        "priceDimensions": {"b": {"beginRange": "6000000000", "pricePerUnit": {"USD": "0.000015"}},
        "a": {"beginRange": "0", "pricePerUnit": {"USD": "0.0000166667"}}}}}}}"#;
    let (inventory, _) = load(&[("a/pricing-get-products.json", &format!(r#"{{"PriceList": [{tiers}]}}"#))]);
    let price = inventory.products.iter().next().and_then(|(_, _, product)| product.on_demand);
    assert_eq!(price, Some(0.000_016_666_7));
}

#[test]
fn whole_files_join_products_and_terms() {
    let file = r#"{"formatVersion": "v1.0", "offerCode": "AmazonRDS", "version": "20261101000000",
        "products": {"DB": {"sku": "DB", "productFamily": "Database Instance", "attributes": {"servicecode": "AmazonRDS",
            "usagetype": "InstanceUsage:db.r6g.large", "operation": "CreateDBInstance:0014", "regionCode": "us-east-1"}}},
        "terms": {"OnDemand": {"DB": {"DB.J": {"priceDimensions": {"x": {"beginRange": "0", "pricePerUnit": {"USD": "0.225"}}}}}},
            "Reserved": {"DB": {"DB.H": {"priceDimensions": {"x": {"unit": "Hrs", "pricePerUnit": {"USD": "0.144"}}},
                "termAttributes": {"LeaseContractLength": "1yr", "OfferingClass": "standard", "PurchaseOption": "No Upfront"}}}}}}"#;
    let (inventory, notes) = load(&[("a/pricing-price-list-rds.json", file)]);
    assert!(notes.iter().all(|note| note.code == "inventory_scope_unknown"), "{notes:?}");
    let (_, _, ListedProduct(product)) = inventory.price_list.iter().next().unwrap();
    assert_eq!((product.service_code.as_str(), product.on_demand), ("AmazonRDS", Some(0.225)));
    assert_eq!(product.reserved[0].effective().to_bits(), 0.144f64.to_bits());
}

const PLANS: &str = r#"{"version": "20261101", "products": [
        {"sku": "C1", "productFamily": "ComputeSavingsPlans", "serviceCode": "ComputeSavingsPlans",
         "usageType": "ComputeSP:1yrNoUpfront", "attributes": {"purchaseOption": "No Upfront", "purchaseTerm": "1yr"}},
        {"sku": "I3", "productFamily": "EC2InstanceSavingsPlans",
         "attributes": {"purchaseOption": "All Upfront", "purchaseTerm": "3yr", "instanceType": "m5"}}],
    "terms": {"savingsPlan": [
        {"sku": "C1", "leaseContractLength": {"duration": 1, "unit": "year"}, "rates": [
            {"discountedUsageType": "BoxUsage:m5.large", "discountedOperation": "RunInstances", "unit": "Hrs",
             "discountedServiceCode": "AmazonEC2", "discountedRate": {"price": "0.07", "currency": "USD"}}]},
        {"sku": "I3", "rates": [{"discountedUsageType": "BoxUsage:m5.large", "discountedOperation": "RunInstances",
             "discountedRate": {"price": "0.036", "currency": "USD"}}]},
        {"sku": "unknown", "rates": []}]}}"#;

#[test]
fn savings_plan_files_become_offering_rates() {
    let (inventory, _) = load(&[("a/pricing-savings-plan-list-us-east-1.json", PLANS)]);
    let rates: Vec<_> = inventory.plan_price_list.iter().map(|(_, _, ListedRate(rate))| rate).collect();
    assert_eq!(rates.len(), 2);
    let plans: Vec<_> = rates.iter().map(|rate| rate.savings_plan_offering.plan_type.as_deref()).collect();
    assert_eq!(plans, [Some("Compute"), Some("EC2Instance")]);
    assert_eq!(rates[1].savings_plan_offering.duration_seconds, Some(94_608_000));
    assert_eq!(rates[1].rate, "0.036");
}

#[test]
fn bad_files_are_notes_with_their_place() {
    let (inventory, notes) = load(&[
        ("a/pricing-get-products.json", r#"{"PriceList": ["{\"product\": 1}"]}"#),
        ("b/pricing-price-list.json", "{\n\"products\": []}"),
        ("c/pricing-savings-plan-list.json", "[]"),
        ("d/pricing-get-products.json", r#"{"PriceList": [{"product": {}}]}"#),
    ]);
    assert!(inventory.products.is_empty() && inventory.price_list.is_empty() && inventory.plan_price_list.is_empty());
    let bad: Vec<_> = notes.iter().filter(|note| note.code == "bad_inventory_file").map(|note| &note.message).collect();
    assert_eq!(bad.len(), 4, "{notes:?}");
    assert!(bad.iter().any(|message| message.contains("b/pricing-price-list.json:2: ")), "{bad:?}");
}
