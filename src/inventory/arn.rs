//! The ids inside ARNs, and the regions inside zones.

use super::Scope;

/// The AWS short id or name of a resource: an ARN gives what follows its resource type, anything else comes back as it is.
///
/// The form is the one that the service's own listings and CloudWatch dimensions use: `i-...`, `vol-...`, a table's name,
/// `app/name/hash` of a load balancer, `targetgroup/name/hash` of a target group.
#[must_use]
pub fn short_id(resource_id: &str) -> &str {
    let resource_id = resource_id.trim();
    let Some((service, resource)) = parts(resource_id).map(|parts| (parts[2], parts[5])) else { return resource_id };
    let short = match service {
        "s3" => resource,
        "elasticloadbalancing" if resource.starts_with("targetgroup/") => resource,
        "autoscaling" => resource.split_once("autoScalingGroupName/").map_or(resource, |(_, name)| name),
        "lambda" => after_type(resource).split(':').next().unwrap_or(resource),
        _ => after_type(resource),
    };
    if short.is_empty() { resource_id } else { short }
}

/// What follows the resource type, which ends at the first `/` or `:`.
fn after_type(resource: &str) -> &str {
    let resource = resource.trim_start_matches('/');
    resource.split_once(['/', ':']).map_or(resource, |(_, rest)| rest)
}

/// `arn`, partition, service, region, account, resource.
pub(super) fn parts(arn: &str) -> Option<[&str; 6]> {
    if !arn.starts_with("arn:") {
        return None;
    }
    let mut fields = arn.splitn(6, ':');
    let parts = std::array::from_fn(|_| fields.next().unwrap_or_default());
    (!parts[5].is_empty()).then_some(parts)
}

/// The account and region that an ARN states; empty fields are unknown.
pub(crate) fn scope(arn: &str) -> Scope {
    let stated = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    parts(arn).map_or_else(Scope::default, |parts| Scope { account: stated(parts[4]), region: stated(parts[3]) })
}

/// The region of a zone: `us-east-1a`, a local zone `us-west-2-lax-1a` and a Wavelength zone lie in their parent's.
pub(crate) fn region_of_zone(zone: &str) -> Option<String> {
    let mut end = 0;
    for part in zone.split('-') {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && end > 0 {
            return Some(zone[..end + digits].to_owned());
        }
        end += part.len() + 1;
    }
    None
}

/// The scope that a zone states: a region, no account.
pub(crate) fn zone_scope(zone: Option<&str>) -> Scope {
    Scope { account: None, region: zone.and_then(region_of_zone) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_of_every_service() {
        for (arn, id) in [
            ("arn:aws:ec2:us-east-1:111122223333:instance/i-0abc", "i-0abc"),
            ("arn:aws:ec2:us-east-1:111122223333:volume/vol-0abc", "vol-0abc"),
            ("arn:aws:ec2:us-east-1:111122223333:elastic-ip/eipalloc-0abc", "eipalloc-0abc"),
            ("arn:aws:ec2:us-east-1:111122223333:natgateway/nat-0abc", "nat-0abc"),
            ("arn:aws:ec2:us-east-1::snapshot/snap-0abc", "snap-0abc"),
            ("arn:aws:ec2:us-east-1::image/ami-0abc", "ami-0abc"),
            ("arn:aws:ec2:us-east-1:111122223333:vpc-endpoint/vpce-0abc", "vpce-0abc"),
            ("arn:aws:ec2:us-east-1:111122223333:capacity-reservation/cr-0abc", "cr-0abc"),
            ("arn:aws:ec2:us-east-1:111122223333:reserved-instances/1ba8e2e3-1", "1ba8e2e3-1"),
            (
                "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188",
                "app/web/50dc6c495c0c9188",
            ),
            ("arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/n/50dc", "net/n/50dc"),
            ("arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/classic", "classic"),
            ("arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/tg/73e2", "targetgroup/tg/73e2"),
            ("arn:aws:rds:us-east-1:111122223333:db:orders", "orders"),
            ("arn:aws:rds:us-east-1:111122223333:snapshot:rds:orders-2026", "rds:orders-2026"),
            ("arn:aws:dynamodb:us-east-1:111122223333:table/Orders", "Orders"),
            ("arn:aws:elasticache:us-east-1:111122223333:cluster:redis-001", "redis-001"),
            ("arn:aws:es:us-east-1:111122223333:domain/logs", "logs"),
            ("arn:aws:lambda:us-east-1:111122223333:function:resize", "resize"),
            ("arn:aws:lambda:us-east-1:111122223333:function:resize:live", "resize"),
            ("arn:aws:sagemaker:us-east-1:111122223333:endpoint/fraud", "fraud"),
            (
                "arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:930d-4f2:autoScalingGroupName/web/blue",
                "web/blue",
            ),
            ("arn:aws:savingsplans::111122223333:savingsplan/4f2a-1", "4f2a-1"),
            ("arn:aws-us-gov:ec2:us-gov-west-1:111122223333:instance/i-1", "i-1"),
            ("arn:aws:s3:::bucket", "bucket"),
            ("arn:aws:s3:::bucket/key", "bucket/key"),
            ("arn:aws:sqs:us-east-1:111122223333:queue", "queue"),
            ("arn:aws:apigateway:us-east-1::/restapis/abc/stages/prod", "abc/stages/prod"),
            ("i-0abc", "i-0abc"),
            ("app/web/50dc", "app/web/50dc"),
            (" vol-1 ", "vol-1"),
            ("arn:aws:ec2", "arn:aws:ec2"),
            ("arn:aws:ec2:r:a:", "arn:aws:ec2:r:a:"),
            ("arn:aws:ec2:r:a:volume/", "arn:aws:ec2:r:a:volume/"),
            ("", ""),
        ] {
            assert_eq!(short_id(arn), id, "{arn}");
        }
    }

    #[test]
    fn zones_lie_in_regions() {
        for (zone, region) in [
            ("us-east-1a", Some("us-east-1")),
            ("us-gov-west-1b", Some("us-gov-west-1")),
            ("us-west-2-lax-1a", Some("us-west-2")),
            ("us-east-1-wl1-bos-wlz-1", Some("us-east-1")),
            ("ap-southeast-12c", Some("ap-southeast-12")),
            ("us-east-1", Some("us-east-1")),
            ("Multiple", None),
            ("1a", None),
            ("", None),
            ("é-1", Some("é-1")),
        ] {
            assert_eq!(region_of_zone(zone).as_deref(), region, "{zone}");
        }
    }
}
