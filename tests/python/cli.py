"""Writes what boto3 lists as the AWS CLI prints it: cli.py PORT FOLDER."""

import datetime
import json
import os
import pathlib
import sys

os.environ.update(AWS_ACCESS_KEY_ID="AKIAMAKER", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")

import boto3  # noqa: E402

LISTINGS = {
    "autoscaling-describe-auto-scaling-groups": {},
    "dynamodb-describe-table": {},
    "ec2-describe-addresses": {},
    "ec2-describe-images": {"Owners": ["self"]},
    "ec2-describe-instances": {},
    "ec2-describe-nat-gateways": {},
    "ec2-describe-snapshots": {"OwnerIds": ["self"]},
    "ec2-describe-volumes": {},
    "ec2-describe-vpc-endpoints": {},
    "elasticache-describe-cache-clusters": {},
    "elbv2-describe-load-balancers": {},
    "elbv2-describe-target-groups": {},
    "lambda-list-functions": {},
    "logs-describe-log-groups": {},
    "rds-describe-db-instances": {},
}


def text(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(type(value))


def main():
    port, folder = sys.argv[1:]

    def client(service):
        return boto3.client(service, region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}")

    def write(name, document):
        if isinstance(document, dict):
            document.pop("ResponseMetadata", None)
        (pathlib.Path(folder) / f"{name}.json").write_text(json.dumps(document, indent=4, default=text))

    for name, arguments in LISTINGS.items():
        service, _, command = name.partition("-")
        api = client(service)
        operation = command.replace("-", "_")
        if name == "dynamodb-describe-table":
            tables = [api.describe_table(TableName=table) for table in api.list_tables()["TableNames"]]
            for table in tables:
                table.pop("ResponseMetadata", None)
            write(name, tables)
        elif api.can_paginate(operation):
            write(name, api.get_paginator(operation).paginate(**arguments).build_full_result())
        else:
            write(name, getattr(api, operation)(**arguments))
    elb = client("elbv2")
    for group in elb.describe_target_groups()["TargetGroups"]:
        arn = group["TargetGroupArn"]
        name = "elbv2-describe-target-health@" + arn.replace("/", "_").replace(":", "_")
        write(name, elb.describe_target_health(TargetGroupArn=arn))


if __name__ == "__main__":
    main()
