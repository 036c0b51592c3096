"""Answers for the calls that moto lacks, in the shapes of AWS's API references."""

import datetime
import json
import struct

IDS = {}
CLIENTS = None
ACCOUNT = "123456789012"
REGION = "us-east-1"


def cbor(value):
    """A document as CBOR; a number in a member named like a moment is tagged as one."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if value is None:
        return b"\xf6"
    if isinstance(value, datetime.datetime):
        return b"\xc1" + cbor(value.timestamp())
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(cbor, value))
    parts = []
    for key, item in value.items():
        moment = key.endswith("Timestamp") and isinstance(item, (int, float))
        parts.append(cbor(key) + (b"\xc1" if moment else b"") + cbor(item))
    return _head(5, len(parts)) + b"".join(parts)


def _head(major, count):
    for limit, code, size in ((24, None, 0), (1 << 8, 24, 1), (1 << 16, 25, 2), (1 << 32, 26, 4), (1 << 64, 27, 8)):
        if count < limit:
            return bytes([major << 5 | (count if code is None else code)]) + (count.to_bytes(size, "big") if size else b"")
    raise ValueError(count)


def uncbor(data):
    """A document from CBOR; moments become datetimes."""
    return _item(data, 0)[0]


def _item(data, at):
    if data[at] == 0xFB:
        return struct.unpack(">d", data[at + 1 : at + 9])[0], at + 9
    if data[at] in (0xF4, 0xF5, 0xF6):
        return {0xF4: False, 0xF5: True, 0xF6: None}[data[at]], at + 1
    major, info = data[at] >> 5, data[at] & 31
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(info, 0)
    count = int.from_bytes(data[at + 1 : at + 1 + size], "big") if size else info
    at += 1 + size
    if major in (0, 1):
        return (count if major == 0 else -1 - count), at
    if major == 3 and info != 31:
        return data[at : at + count].decode(), at + count
    if major == 6:
        value, at = _item(data, at)
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc), at
    if major not in (4, 5):
        raise ValueError(hex(data[at - 1]))
    items = []
    while (data[at] != 0xFF) if info == 31 else (len(items) < count * (major - 3)):
        value, at = _item(data, at)
        items.append(value)
    at += info == 31
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), at


def cloudwatch(ask):
    """CloudWatch's answer by way of boto3: moto does not speak CBOR."""
    client = CLIENTS("cloudwatch", ask.region)
    document = client.get_metric_data(**uncbor(ask.body))
    document.pop("ResponseMetadata")
    return document


def list_metrics(ask):
    """Each series once, in pages of three, so that a listing has several."""
    wanted = uncbor(ask.body)
    at = int(wanted.pop("NextToken", None) or 0)
    pages = CLIENTS("cloudwatch", ask.region).get_paginator("list_metrics").paginate(**wanted)
    metrics = list({json.dumps(metric): metric for page in pages for metric in page["Metrics"]}.values())
    more = {"NextToken": str(at + 3)} if at + 3 < len(metrics) else {}
    return {"Metrics": metrics[at : at + 3], **more}


def saving(value):
    return {"savingsOpportunityPercentage": 50.0, "estimatedMonthlySavings": {"currency": "USD", "value": value}}


def instance_recommendations(ask):
    # The preference is told by its word in the body; two pages without it.
    arm = b"AWS_ARM64" in ask.body
    second = b"page-2" in ask.body
    recommendations = [
        {
            "instanceArn": f"arn:aws:ec2:{ask.region}:{ACCOUNT}:instance/{instance}",
            "accountId": ACCOUNT,
            "currentInstanceType": "m5.large",
            "finding": finding,
            "lastRefreshTimestamp": 1795564800.25,
            "recommendationOptions": [
                {"instanceType": "m7g.large" if arm else "m5.xlarge", "rank": 1, "savingsOpportunity": saving(12.5)}
            ],
        }
        for instance, finding in zip(IDS["instances"], ("OPTIMIZED", "OVER_PROVISIONED", "UNDER_PROVISIONED"))
    ]
    if ask.region != REGION:
        return {"instanceRecommendations": [], "errors": []}
    if arm:
        return {"instanceRecommendations": recommendations, "errors": []}
    if second:
        return {"instanceRecommendations": recommendations[1:], "errors": []}
    return {"instanceRecommendations": recommendations[:1], "errors": [], "nextToken": "page-2"}


def idle_recommendations(ask):
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/{IDS['idle_volume']}"
    item = {"resourceArn": arn, "resourceId": IDS["idle_volume"], "resourceType": "EBSVolume", "finding": "Unattached"}
    return {"idleRecommendations": [item | {"savingsOpportunity": saving(8.0)}] if ask.region == REGION else []}


def plan_rates(ask):
    wanted = json.loads(ask.body or b"{}")
    results = [
        {
            "savingsPlanOffering": {
                "offeringId": "0f0f0f0f-0000-0000-0000-000000000001",
                "paymentOption": "No Upfront",
                "planType": "Compute",
                "durationSeconds": 31536000,
                "currency": "USD",
            },
            "rate": "0.0700",
            "unit": "Hrs",
            "productType": "EC2",
            "serviceCode": "AmazonEC2",
            "usageType": usage,
            "operation": "RunInstances",
            "properties": [{"name": "region", "value": REGION}],
        }
        for usage in wanted.get("usageTypes", [])
        if "BoxUsage" in usage
    ]
    return {"searchResults": results}


def products(ask):
    wanted = json.loads(ask.body)
    filters = {one["Field"]: one["Value"] for one in wanted.get("Filters", [])}
    attributes = {
        "servicecode": wanted["ServiceCode"],
        "regionCode": REGION,
        "usagetype": filters.get("usagetype", ""),
        "operation": filters.get("operation", ""),
    }
    price = {"unit": "Hrs", "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": "0.0960000000"}}
    product = {
        "product": {"sku": "SKU" + filters.get("usagetype", "").replace(":", ""), "attributes": attributes},
        "serviceCode": wanted["ServiceCode"],
        "terms": {"OnDemand": {"T": {"priceDimensions": {"D": price}, "termAttributes": {}}}},
    }
    return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(product)]}


def members(ask):
    return {
        "Accounts": [
            {"Id": ACCOUNT, "Arn": "a", "Email": "a@b.c", "Name": "payer", "Status": "ACTIVE", "State": "ACTIVE"},
            {"Id": "222222222222", "Arn": "b", "Email": "b@b.c", "Name": "member", "Status": "ACTIVE", "State": "ACTIVE"},
            {"Id": "333333333333", "Arn": "c", "Email": "c@b.c", "Name": "gone", "Status": "SUSPENDED", "State": "SUSPENDED"},
        ]
    }


MONTH = {"Start": "2026-10-01", "End": "2026-11-01"}
SHARE = {"CoveragePercentage": "50", "OnDemandCost": "1", "SpendCoveredBySavingsPlans": "1", "TotalCost": "2"}

JSON = {
    ("ce", "GetSavingsPlansCoverage"): {"SavingsPlansCoverages": [{"Coverage": SHARE, "TimePeriod": MONTH}]},
    ("ce", "GetSavingsPlansUtilization"): {
        "SavingsPlansUtilizationsByTime": [],
        "Total": {"Utilization": {"TotalCommitment": "10", "UsedCommitment": "9", "UnusedCommitment": "1", "UtilizationPercentage": "90"}},
    },
    ("ce", "GetReservationCoverage"): {"CoveragesByTime": []},
    ("ce", "GetReservationUtilization"): {"UtilizationsByTime": []},
    ("cost-optimization-hub", "ListRecommendations"): {"items": []},
    ("memorydb", "DescribeReservedNodes"): {"ReservedNodes": []},
    ("organizations", "ListAccounts"): members,
    ("pricing", "GetProducts"): products,
    ("savingsplans", "DescribeSavingsPlans"): {"savingsPlans": []},
    ("savingsplans", "DescribeSavingsPlansOfferingRates"): plan_rates,
    ("savingsplans", "DescribeSavingsPlanRates"): {"searchResults": []},
    ("es", "reservedInstances"): {"ReservedInstances": []},
}

CBOR = {
    "GetEC2InstanceRecommendations": instance_recommendations,
    "GetEBSVolumeRecommendations": {"volumeRecommendations": [], "errors": []},
    "GetRDSDatabaseRecommendations": {"rdsDBRecommendations": [], "errors": []},
    "GetLambdaFunctionRecommendations": {"lambdaFunctionRecommendations": []},
    "GetIdleRecommendations": idle_recommendations,
    "GetMetricData": cloudwatch,
    "ListMetrics": list_metrics,
}

# Listings of the query protocol that moto does not have: empty ones.
QUERY = {
    ("rds", "DescribeReservedDBInstances"): "ReservedDBInstances",
    ("rds", "DescribeReservedDBInstancesOfferings"): "ReservedDBInstancesOfferings",
    ("elasticache", "DescribeReservedCacheNodes"): "ReservedCacheNodes",
    ("elasticache", "DescribeReservedCacheNodesOfferings"): "ReservedCacheNodesOfferings",
    ("redshift", "DescribeReservedNodes"): "ReservedNodes",
}


def answer(ask, path):
    """Status, content type and body; nothing for what moto answers."""
    if ask.cbor and ask.operation in CBOR:
        document = CBOR[ask.operation]
        return 200, "application/cbor", cbor(document(ask) if callable(document) else document)
    if (ask.key, ask.operation) == ("AKIAGONE", "ListEndpoints"):
        endpoint = {"EndpointName": "gone", "EndpointArn": f"arn:aws:sagemaker:{ask.region}:{ACCOUNT}:endpoint/gone"}
        moments = {"CreationTime": 1795564800, "LastModifiedTime": 1795564800}
        endpoints = {"Endpoints": [endpoint | moments | {"EndpointStatus": "Deleting"}]}
        return 200, "application/x-amz-json-1.1", json.dumps(endpoints).encode()
    document = JSON.get((ask.service, ask.operation))
    if document is not None:
        document = document(ask) if callable(document) else document
        return 200, "application/x-amz-json-1.1", json.dumps(document).encode()
    key = QUERY.get((ask.service, ask.operation))
    if key:
        name = ask.operation
        xml = f"<{name}Response><{name}Result><{key}/></{name}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{name}Response>"
        return 200, "text/xml", xml.encode()
    if (ask.service, ask.operation) == ("ec2", "DescribeReservedInstances"):
        return 200, "text/xml", b"<DescribeReservedInstancesResponse><requestId>r</requestId><reservedInstancesSet/></DescribeReservedInstancesResponse>"
    if (ask.service, ask.operation) == ("ec2", "DescribeReservedInstancesOfferings"):
        return 200, "text/xml", b"<DescribeReservedInstancesOfferingsResponse><requestId>r</requestId><reservedInstancesOfferingsSet/></DescribeReservedInstancesOfferingsResponse>"
    if (ask.service, ask.operation) == ("ec2", "DescribeCapacityReservations"):
        return 200, "text/xml", b"<DescribeCapacityReservationsResponse><requestId>r</requestId><capacityReservationSet/></DescribeCapacityReservationsResponse>"
    return None
