"""A cloud on loopback for the tests of `collect`: moto behind a small proxy.

The proxy answers by itself for what moto lacks (tests/python/replay.py), and fails on purpose: which fault, the access key says.
Prints one line of JSON (its port, the ids of what was made), then serves until its standard input ends.
"""

import http.client
import json
import os
import re
import struct
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ.update(AWS_ACCESS_KEY_ID="AKIAMAKER", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
os.environ.pop("AWS_ENDPOINT_URL", None)

import boto3  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

import replay  # noqa: E402

REGION = "us-east-1"


class Ask:
    """What a request asks for, told from its signature, headers, path and body."""

    def __init__(self, handler, body):
        scope = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", handler.headers.get("Authorization", ""))
        self.key, self.region, self.service = scope.groups() if scope else ("", "", "")
        target = handler.headers.get("X-Amz-Target", "")
        rpc = re.match(r"/service/[^/]+/operation/(\w+)", handler.path)
        form = urllib.parse.parse_qs(body.decode("latin-1")) if "urlencoded" in handler.headers.get("Content-Type", "") else {}
        self.form = {name: values[0] for name, values in form.items()}
        self.operation = (
            target.rpartition(".")[2]
            or (rpc and rpc.group(1))
            or self.form.get("Action")
            or handler.path.partition("?")[0].strip("/").rpartition("/")[2]
        )
        self.cbor = bool(rpc)
        # Who took on the role that asks, if one does.
        self.key = Proxy.taken.get(self.key, self.key)
        self.member = self.key if scope and self.key != scope.group(1) else None
        self.body = body


def fault(ask, counts):
    """The fault that an access key stands for: a status with a code, "reset", "slow" or "cut"; nothing when all is well."""
    if ask.service == "sts":
        if ask.key == "AKIANOROLE" and ask.operation == "AssumeRole":
            return (403, "AccessDenied")
        return "EXPIRED" if ask.key == "AKIAEXPIRED" else None
    if ask.key == "AKIANOREGIONS" and ask.member and ask.operation == "DescribeRegions":
        return (403, "UnauthorizedOperation")
    seen = counts[(ask.key, ask.region, ask.operation)] = counts.get((ask.key, ask.region, ask.operation), 0) + 1
    if ask.key == "AKIATHROTTLED" and seen <= 2:
        return (400, "ThrottlingException") if ask.service not in ("ec2",) else (503, "RequestLimitExceeded")
    if ask.key == "AKIASHAKY" and seen == 1:
        return (500, "InternalFailure")
    if ask.key == "AKIARESET" and seen == 1:
        return "reset"
    if ask.key == "AKIACUT" and seen == 1:
        return "cut"
    if ask.key == "AKIASLOW" and seen == 1:
        return "slow"
    if ask.key == "AKIADEAD" and ask.operation == "DescribeVolumes":
        return (500, "InternalFailure")
    if ask.key == "AKIADENIED" and (ask.region == "eu-west-1" or ask.service == "compute-optimizer"):
        return (403, "AccessDeniedException") if ask.service != "ec2" else (403, "UnauthorizedOperation")
    if ask.key == "AKIAUNLISTED" and ask.operation == "ListMetrics":
        return (403, "AccessDenied")
    if ask.key == "AKIALAPSED" and ask.operation in ("DescribeSnapshots", "DescribeDBInstances", "ListFunctions"):
        return "EXPIRED"
    return None


def failure(ask, status, code):
    """An error as the service of the request would word it."""
    # A sentence with what must never be told: an account's secret, a token.
    sentence = "User: arn:aws:iam::123456789012:user/SECRETNAME is not authorized; token FQoGZXSECRETTOKEN"
    if ask.cbor:
        return status, "application/cbor", replay.cbor({"__type": f"com.amazonaws#{code}", "message": sentence})
    if ask.service == "ec2":
        xml = f"<Response><Errors><Error><Code>{code}</Code><Message>{sentence}</Message></Error></Errors><RequestID>r</RequestID></Response>"
        return status, "text/xml", xml.encode()
    if ask.form:
        xml = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{sentence}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        return status, "text/xml", xml.encode()
    return status, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": sentence}).encode()


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    moto = None
    counts = {}
    taken = {}
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ask = Ask(self, body)
        with Proxy.lock:
            wrong = fault(ask, Proxy.counts)
        if wrong == "EXPIRED":
            return self.answer(*failure(ask, 400, "ExpiredTokenException" if not ask.form else "ExpiredToken"))
        if wrong == "reset":
            self.connection.setsockopt(__import__("socket").SOL_SOCKET, __import__("socket").SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return None
        if isinstance(wrong, tuple):
            return self.answer(*failure(ask, *wrong))
        status, kind, text = replay.answer(ask, self.path) or self.forward(body)
        if ask.operation == "AssumeRole" and status == 200:
            Proxy.taken[re.search(rb"<AccessKeyId>(\w+)<", text).group(1).decode()] = ask.key
        self.answer(status, kind, text, wrong)
        return None

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def forward(self, body):
        moto = http.client.HTTPConnection("127.0.0.1", Proxy.moto, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "accept-encoding")}
        moto.request(self.command, self.path, body, headers)
        answer = moto.getresponse()
        return answer.status, answer.headers.get("Content-Type", "text/plain"), answer.read()

    def answer(self, status, kind, body, wrong=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if kind == "application/cbor":
            self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "r")
        self.end_headers()
        if wrong == "slow":
            step = len(body) // 6 + 1
            for at in range(0, len(body), step):
                time.sleep(0.2)
                self.wfile.write(body[at : at + step])
        elif wrong == "cut":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.connection.shutdown(2)
            self.close_connection = True
        else:
            self.wfile.write(body)


def client(service, region=REGION):
    """A client of moto itself."""
    endpoint = f"http://127.0.0.1:{Proxy.moto}"
    return boto3.client(service, region_name=region, endpoint_url=endpoint)


def make():
    """What the tests look for: an idle volume, an unattached address, a load balancer without targets, and things in use."""
    ec2 = client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    run = dict(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1)
    instances = [ec2.run_instances(**run)["Instances"][0]["InstanceId"] for _ in range(3)]
    ids = {"instances": instances}
    tag = dict(ResourceType="volume", Tags=[{"Key": "team", "Value": "web"}])
    ids["idle_volume"] = ec2.create_volume(AvailabilityZone=REGION + "a", Size=100, VolumeType="gp3", TagSpecifications=[tag])["VolumeId"]
    used = ec2.create_volume(AvailabilityZone=REGION + "a", Size=50, VolumeType="gp2")["VolumeId"]
    ec2.attach_volume(VolumeId=used, InstanceId=instances[0], Device="/dev/sdf")
    ids["used_volume"] = used
    ids["address"] = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ids["used_address"] = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=ids["used_address"], InstanceId=instances[0])
    ids["snapshot"] = ec2.create_snapshot(VolumeId=used, Description="by hand")["SnapshotId"]

    subnets = ec2.describe_subnets()["Subnets"]
    zones = [subnet["SubnetId"] for subnet in subnets[:2]]
    vpc = subnets[0]["VpcId"]
    elb = client("elbv2")
    for name, target in (("empty", None), ("busy", instances[0])):
        balancer = elb.create_load_balancer(Name=name, Subnets=zones, Type="application")["LoadBalancers"][0]
        group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
        )
        if target:
            elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": target, "Port": 80}])
        ids[name + "_balancer"] = balancer["LoadBalancerArn"]

    ids["nat"] = ec2.create_nat_gateway(SubnetId=zones[0])["NatGateway"]["NatGatewayId"]
    ids["endpoint"] = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.ecr.api", VpcEndpointType="Interface", SubnetIds=zones
    )["VpcEndpoint"]["VpcEndpointId"]

    client("rds").create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.r5.large",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="admin1",
        MasterUserPassword="notasecret",
    )
    dynamodb = client("dynamodb")
    for name in ("unused", "sessions"):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ProvisionedThroughput={"ReadCapacityUnits": 50, "WriteCapacityUnits": 50},
        )
    autoscaling = client("autoscaling")
    autoscaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=image, InstanceType="m5.large")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchConfigurationName="web", MinSize=1, MaxSize=2, AvailabilityZones=[REGION + "a"]
    )
    logs = client("logs")
    for number in range(120):  # three pages
        logs.create_log_group(logGroupName=f"/app/{number}")
    client("elasticache").create_cache_cluster(
        CacheClusterId="sessions", CacheNodeType="cache.m5.large", Engine="redis", NumCacheNodes=1
    )
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = client("iam").create_role(RoleName="function", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for name in ("resize", "plain"):
        client("lambda").create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="f.f", MemorySize=1024, Code={"ZipFile": archive()}
        )
    # Another region with one volume of its own.
    ids["west_volume"] = client("ec2", "eu-west-1").create_volume(AvailabilityZone="eu-west-1a", Size=8)["VolumeId"]
    metrics(client("cloudwatch"), instances, ids)
    age(ids)
    return ids


def archive():
    """A function's code, which nobody runs."""
    import io
    import zipfile

    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as file:
        file.writestr("f.py", "def f(event, context): pass")
    return kept.getvalue()


def age(ids):
    """Everything was made two years ago: what is new is not called unused."""
    import datetime

    from moto.dynamodb.models import dynamodb_backends
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends["123456789012"][REGION]
    for name in ("idle_volume", "used_volume"):
        ec2.volumes[ids[name]].create_time = "2024-11-01T00:00:00Z"
    for table in dynamodb_backends["123456789012"][REGION].tables.values():
        table.created_at = datetime.datetime(2024, 11, 1)


def metrics(cloudwatch, instances, ids):
    """Every hour of sixteen whole days: one instance idle, one busy; the third has no metrics at all."""
    import datetime

    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    for name, unit, idle, busy in (
        ("CPUUtilization", "Percent", 1.25, 85.0),
        ("NetworkIn", "Bytes", 1000.0, 9e9),
        ("NetworkOut", "Bytes", 1000.0, 9e9),
    ):
        for instance, value in ((instances[1], idle), (instances[2], busy)):
            data = [
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "InstanceId", "Value": instance}],
                    "Timestamp": today - datetime.timedelta(hours=back),
                    "Value": value,
                    "Unit": unit,
                }
                for back in range(1, 16 * 24 + 1)
            ]
            cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=data)
    busy = ids["busy_balancer"].partition("loadbalancer/")[2]
    data = [
        {
            "MetricName": "RequestCount",
            "Dimensions": [{"Name": "LoadBalancer", "Value": busy}],
            "Timestamp": today - datetime.timedelta(days=back) + datetime.timedelta(hours=12),
            "Value": 1e6,
            "Unit": "Count",
        }
        for back in range(1, 17)
    ]
    cloudwatch.put_metric_data(Namespace="AWS/ApplicationELB", MetricData=data)
    memory(cloudwatch, instances, today)


def memory(cloudwatch, instances, today):
    """Each day of sixteen, as agents send it: in several series of one instance, of the type that another had before, of an instance that
    is gone, of a fleet; and of one function with Lambda Insights beside one without."""
    import datetime

    def send(namespace, name, unit, value, **dimensions):
        data = [
            {
                "MetricName": name,
                # moto tells series apart by the order of their dimensions: CloudWatch does not.
                "Dimensions": [{"Name": key, "Value": text} for key, text in sorted(dimensions.items())],
                "Timestamp": today - datetime.timedelta(days=back) + datetime.timedelta(hours=12),
                "Value": value,
                "Unit": unit,
            }
            for back in range(1, 17)
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    def agent(value, **dimensions):
        send("CWAgent", "mem_used_percent", "Percent", value, **dimensions)

    one, two = instances[1:3]
    agent(21.5, InstanceId=one)
    agent(22.5, InstanceId=one, ImageId="ami-1", InstanceType="m5.large")
    agent(63.5, InstanceId=two, ImageId="ami-1", InstanceType="m5.large", AutoScalingGroupName="web")
    agent(31.5, InstanceId=two, ImageId="ami-1", InstanceType="m5.xlarge")
    agent(99.0, InstanceId="i-0123456789abcdef0")
    agent(98.0, AutoScalingGroupName="web")
    send("LambdaInsights", "used_memory_max", "Megabytes", 120.0, function_name="resize")
    send("LambdaInsights", "used_memory_max", "Megabytes", 110.0, function_name="resize", version="7")
    send("LambdaInsights", "cpu_total_time", "Milliseconds", 30.0, function_name="resize")
    send("AWS/Lambda", "Duration", "Milliseconds", 300.0, FunctionName="resize")
    send("AWS/Lambda", "Duration", "Milliseconds", 200.0, FunctionName="plain")


def main():
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    Proxy.moto = moto.get_host_and_port()[1]
    ids = make()
    replay.IDS.update(ids)
    replay.CLIENTS = client
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    print(json.dumps({"port": proxy.server_address[1], "moto": Proxy.moto, "ids": ids}), flush=True)
    sys.stdin.read()
    moto.stop()


if __name__ == "__main__":
    main()
