"""The made-up company of the benchmark: what line number i of its bill says, computed from i alone.

Every function works on arrays of line numbers, so that a bill of any length can be written in any order, a row group at a
time. Four tables (regions, shapes, resources, tag sets) say what lines can be about; `Bill.lines` says which of them a line is.
"""

from dataclasses import dataclass

import numpy as np

HOURS = 720  # September 2026
START = 1_788_220_800  # 2026-09-01T00:00Z
PAYER = "100000000001"
ACCOUNTS = [f"2{n:011d}" for n in range(20)]
WORKLOADS = [f"workload-{n:02d}" for n in range(48)]
REGIONS = {  # code: prefix of usage types, price factor, location
    "us-east-1": ("", 1.0, "US East (N. Virginia)"),
    "eu-west-1": ("EUW1-", 1.1, "EU (Ireland)"),
    "us-west-2": ("USW2-", 1.0, "US West (Oregon)"),
    "ap-northeast-1": ("APN1-", 1.25, "Asia Pacific (Tokyo)"),
}
ZONES = "abc"
PLANS, RESERVATIONS = 6, 24

USAGE, PLAN_COVERED, RI_COVERED, PLAN_FEE, PLAN_NEGATION, RI_FEE, TAX, CREDIT = range(8)
LINE_TYPES = [
    "Usage",
    "SavingsPlanCoveredUsage",
    "DiscountedUsage",
    "SavingsPlanRecurringFee",
    "SavingsPlanNegation",
    "RIFee",
    "Tax",
    "Credit",
]
ON_DEMAND, PLAN, RESERVED = "on demand", "plan", "reserved"  # what may cover a shape


@dataclass(frozen=True)
class Shape:
    """What a line measures, but for where: product, usage type, operation and all that follows from them."""

    product: str
    family: str
    usage_type: str
    operation: str
    unit: str
    rate: float
    instance: str = ""
    cover: str = ON_DEMAND
    zoned: bool = False


def _instances():
    for kind, rate in [
        ("t3.medium", 0.0416),
        ("m5.large", 0.096),
        ("m5.2xlarge", 0.384),
        ("m6i.xlarge", 0.192),
        ("c5.xlarge", 0.17),
        ("c6g.large", 0.068),
        ("r5.large", 0.126),
        ("r6g.2xlarge", 0.4032),
    ]:
        box = f"BoxUsage:{kind}"
        yield Shape("AmazonEC2", "Compute Instance", box, "RunInstances", "Hrs", rate, kind, PLAN, True)
        yield Shape("AmazonEC2", "Compute Instance", box, "RunInstances:0002", "Hrs", rate * 1.9, kind, PLAN, True)


def _databases():
    for kind, rate in [("db.r5.large", 0.25), ("db.r6g.xlarge", 0.45), ("db.t4g.medium", 0.065)]:
        for engine in ("0002", "0014", "0021"):
            usage = f"InstanceUsage:{kind}"
            operation = f"CreateDBInstance:{engine}"
            yield Shape("AmazonRDS", "Database Instance", usage, operation, "Hrs", rate, kind, RESERVED)


def _requests():
    for operation in ("PutObject", "GetObject", "ListBucket", "HeadObject", "CopyObject", "DeleteObject"):
        for tier in (1, 2, 3):
            usage = f"Requests-Tier{tier}"
            yield Shape("AmazonS3", "API Request", usage, operation, "Requests", 5e-6 / tier)


def _transfers():
    for product in ("AmazonEC2", "AmazonS3", "AmazonCloudFront"):
        for direction, rate in [("In", 0.0), ("Out", 0.09)]:
            usage = f"DataTransfer-{direction}-Bytes"
            yield Shape(product, "Data Transfer", usage, f"{product[6:]}-{direction}", "GB", rate)
    for other in ("USE1", "EUC1", "APS1", "SAE1", "CAN1", "USW1"):
        usage = f"{other}-AWS-Out-Bytes"
        yield Shape("AmazonEC2", "Data Transfer", usage, "InterZone-Out", "GB", 0.02)


OTHERS = [
    Shape("AmazonEC2", "Data Transfer", "DataTransfer-Regional-Bytes", "InterZone-In", "GB", 0.01),
    Shape("AmazonEC2", "Storage", "EBS:VolumeUsage.gp2", "CreateVolume-Gp2", "GB-Mo", 0.1 / HOURS),
    Shape("AmazonEC2", "Storage", "EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "GB-Mo", 0.08 / HOURS),
    Shape("AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.gp3", "CreateVolume-Gp3", "IOPS-Mo", 0.005 / HOURS),
    Shape("AmazonEC2", "Storage Snapshot", "EBS:SnapshotUsage", "CreateSnapshot", "GB-Mo", 0.05 / HOURS),
    Shape("AmazonEC2", "NAT Gateway", "NatGateway-Hours", "NatGateway", "Hrs", 0.045),
    Shape("AmazonEC2", "NAT Gateway", "NatGateway-Bytes", "NatGateway", "GB", 0.045),
    Shape("AmazonVPC", "IP Address", "PublicIPv4:InUseAddress", "AllocateAddressVPC", "Hrs", 0.005),
    Shape("AWSELB", "Load Balancer", "LoadBalancerUsage", "LoadBalancing:Application", "Hrs", 0.0225),
    Shape("AWSELB", "Load Balancer", "LCUUsage", "LoadBalancing:Application", "LCU-Hrs", 0.008),
    Shape("AmazonRDS", "Database Storage", "RDS:GP3-Storage", "CreateDBInstance:0014", "GB-Mo", 0.115 / HOURS),
    Shape("AmazonS3", "Storage", "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", 0.023 / HOURS),
    Shape("AWSLambda", "Serverless", "Lambda-GB-Second", "Invoke", "Second", 0.0000166667, "", PLAN),
    Shape("AWSLambda", "Serverless", "Request", "Invoke", "Requests", 2e-7),
    Shape(
        "AmazonDynamoDB", "Amazon DynamoDB PayPerRequest", "ReadRequestUnits", "PayPerRequestThroughput", "RRU", 1.25e-7,
    ),
    Shape(
        "AmazonDynamoDB", "Amazon DynamoDB PayPerRequest", "WriteRequestUnits", "PayPerRequestThroughput", "WRU", 6.25e-7,
    ),
    Shape(
        "AmazonElastiCache",
        "Cache Instance",
        "NodeUsage:cache.r6g.large",
        "CreateCacheCluster:0002",
        "Hrs",
        0.206,
        "cache.r6g.large",
        RESERVED,
    ),
    Shape("AmazonElastiCache", "Storage Snapshot", "BackupUsage", "CreateCacheCluster:0002", "GB-Mo", 0.085 / HOURS),
    Shape("AmazonECS", "Compute", "Fargate-vCPU-Hours:perCPU", "", "hours", 0.04048, "", PLAN),
    Shape("AmazonECS", "Compute", "Fargate-GB-Hours", "", "hours", 0.004445, "", PLAN),
    Shape("AWSQueueService", "API Request", "Requests-Tier1", "SendMessage", "Requests", 4e-7),
    Shape("AWSQueueService", "API Request", "Requests-Tier1", "ReceiveMessage", "Requests", 4e-7),
    Shape("AmazonCloudWatch", "Metric", "CW:MetricMonitorUsage", "MetricStorage", "Metrics", 0.3 / HOURS),
    Shape("AmazonCloudWatch", "Data Payload", "DataProcessing-Bytes", "PutLogEvents", "GB", 0.5),
    Shape("ComputeSavingsPlans", "", "ComputeSP:1yrNoUpfront", "", "Hrs", 0.0),
]
SHAPES = [*_instances(), *_databases(), *_requests(), *_transfers(), *OTHERS]
PLAN_SHAPE = len(SHAPES) - 1


def _shapes(start):
    return [n for n, shape in enumerate(SHAPES) if (shape.product + " " + shape.usage_type).startswith(start)]


# A resource's kind: how common it is, its first line's shapes, its second line's shapes, and how its id is spelled.
# `{a}`, `{r}`, `{x}`, `{n}` stand for account, region, a hexadecimal number and a serial number.
KINDS = [
    (24, "AmazonEC2 BoxUsage", "AmazonEC2 DataTransfer-Regional", "i-{x}"),
    (20, "AmazonEC2 EBS:VolumeUsage.gp3", "AmazonEC2 EBS:VolumeP-IOPS", "vol-{x}"),
    (6, "AmazonEC2 EBS:VolumeUsage.gp2", "AmazonEC2 EBS:Snapshot", "vol-{x}"),
    (2, "AmazonEC2 NatGateway-Hours", "AmazonEC2 NatGateway-Bytes", "arn:aws:ec2:{r}:{a}:natgateway/nat-{x}"),
    (4, "AWSELB LoadBalancer", "AWSELB LCU", "arn:aws:elasticloadbalancing:{r}:{a}:loadbalancer/app/front-{n}/{x}"),
    (4, "AmazonRDS InstanceUsage", "AmazonRDS RDS:", "arn:aws:rds:{r}:{a}:db:database-{n}"),
    (8, "AmazonS3 Timed", "AmazonS3 Requests", "bucket-{n}-{x}"),
    (12, "AWSLambda Lambda", "AWSLambda Request", "arn:aws:lambda:{r}:{a}:function:function-{n}"),
    (5, "AmazonDynamoDB Read", "AmazonDynamoDB Write", "arn:aws:dynamodb:{r}:{a}:table/table-{n}"),
    (3, "AmazonElastiCache Node", "AmazonElastiCache Backup", "arn:aws:elasticache:{r}:{a}:cluster:cache-{n}"),
    (8, "AmazonECS Fargate-vCPU", "AmazonECS Fargate-GB", "arn:aws:ecs:{r}:{a}:task/cluster/{x}{x}"),
    (4, "AWSQueueService", "AWSQueueService", "arn:aws:sqs:{r}:{a}:queue-{n}"),
]


def mixed(*numbers):
    """A well-mixed 64-bit number (splitmix64) of some arrays of numbers."""
    with np.errstate(over="ignore"):
        state = np.uint64(0)
        for number in numbers:
            state = (state ^ np.asarray(number).astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            state = state ^ (state >> np.uint64(31))
    return state


def chance(*numbers):
    """A number in [0, 1) that looks random and follows from `numbers`."""
    return (mixed(*numbers) >> np.uint64(11)).astype(np.float64) / 2.0**53


def pick(count, *numbers):
    """One of `count` numbers, likewise."""
    return (mixed(*numbers) % np.uint64(count)).astype(np.int64)


def shuffled(numbers, count):
    """A permutation of 0..count: a Feistel network over the next power of four, walked until it lands inside."""
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    mask = np.int64((1 << half) - 1)

    def once(values):
        left, right = values >> half, values & mask
        for key in range(4):
            left, right = right, left ^ (mixed(right, key).astype(np.int64) & mask)
        return (left << half) | right

    out = once(numbers.astype(np.int64))
    while (outside := out >= count).any():
        out[outside] = once(out[outside])
    return out


class Resources:
    """What follows from a resource's number: its kind, account, region, zone, tags and id."""

    def __init__(self, count):
        number = np.arange(count)
        weights = np.cumsum([kind[0] for kind in KINDS])
        # Neighbours share account and kind, as they do in a bill.
        self.account = (number * len(ACCOUNTS) // count).astype(np.int32)
        self.region = np.where(chance(number, 1) < 0.8, self.account % 4, (self.account + 1) % 4).astype(np.int32)
        self.kind = np.searchsorted(weights, pick(weights[-1], number // 16, 2), side="right").astype(np.int32)
        self.zone = pick(len(ZONES), number, 3).astype(np.int32)
        self.tags = self.account * 8 + pick(8, number, 4).astype(np.int32)
        codes = list(REGIONS)
        hexadecimal = mixed(number, 5)
        self.ids = [
            KINDS[kind][3].format(a=ACCOUNTS[account], r=codes[region], x=f"{x:016x}", n=n)
            for n, (kind, account, region, x) in enumerate(zip(self.kind, self.account, self.region, hexadecimal))
        ]


def tag_sets():
    """The tag sets: eight an account, which share three workloads; the last of them names none."""
    sets = []
    for account in range(len(ACCOUNTS)):
        for at in range(8):
            tags = {"aws_createdBy": f"IAMUser:AIDA{account:04d}:deployer", "user_env": "prod" if at < 5 else "dev"}
            tags["user_team"] = f"team-{account // 2}"
            if at < 7:
                tags["user_workload"] = WORKLOADS[(account * 2 + at % 3) % len(WORKLOADS)]
            sets.append(tags)
    return sets


@dataclass
class Lines:
    """Some lines: arrays of indices into the tables, and their amounts. -1 stands for none."""

    hour: np.ndarray
    line: np.ndarray
    shape: np.ndarray
    resource: np.ndarray
    account: np.ndarray
    region: np.ndarray
    zone: np.ndarray
    tags: np.ndarray
    plan: np.ndarray
    reservation: np.ndarray
    quantity: np.ndarray
    rate: np.ndarray


class Bill:
    """A bill of `rows` lines: an hour's fees first, then resources that live all month, then ones that come and go."""

    def __init__(self, rows, resources, messy=False):
        self.rows, self.messy = rows, messy
        self.resources = Resources(resources)
        self.starts = rows * np.arange(HOURS + 1, dtype=np.int64) // HOURS
        hourly = int(rows // HOURS)
        self.monthly = RESERVATIONS + 2 * len(ACCOUNTS)  # lines of the first hour alone
        usage = hourly - 2 * PLANS - self.monthly
        if usage < 200:
            raise SystemExit(f"--rows {rows}: too few; at least {(200 + 2 * PLANS + self.monthly) * HOURS}")
        self.lasting = min(usage * 7 // 20, resources // 8)  # resources, each of two lines
        self.places = (usage - 2 * self.lasting) // 2 + 2
        self.passing = resources - self.lasting
        self.life = max(1.0, HOURS * self.places / self.passing)  # hours
        firsts = [kind[1] for kind in KINDS]
        seconds = [kind[2] for kind in KINDS]
        self.choices = [[np.array(_shapes(start)) for start in starts] for starts in (firsts, seconds)]

    def lines(self, numbers):
        """The lines with some numbers."""
        hour = np.searchsorted(self.starts, numbers, side="right") - 1
        place = numbers - self.starts[hour]
        monthly = np.where(hour == 0, self.monthly, 0)
        fees = 2 * PLANS + monthly
        resource, second = self._resource(hour, np.maximum(place - fees, 0))
        shape = self._shape(resource, second)
        if self.messy:
            resource, shape = self._mess(numbers, resource, shape)
        lines = self._usage(numbers, hour, resource, shape)
        self._fees(lines, np.flatnonzero(place < fees), place)
        return lines

    def _resource(self, hour, place):
        lasting = place < 2 * self.lasting
        spot = np.where(lasting, place, place - 2 * self.lasting) // 2
        phase = chance(spot, 6) * self.life
        turn = ((hour + phase) / self.life).astype(np.int64)
        turns = int(HOURS / self.life) + 2
        passing = self.lasting + (spot * turns + turn) % self.passing
        # Lasting resources are spread over the whole table, or all would be the first account's.
        return self._spread(np.where(lasting, spot, passing)), place % 2

    def _spread(self, number):
        step = max(2, len(self.resources.ids) // self.lasting)
        rest = number - self.lasting
        passed = np.minimum(rest // (step - 1) + 1, self.lasting)
        return np.where(number < self.lasting, number * step, rest + passed)

    def _shape(self, resource, second):
        shape = np.empty(len(resource), dtype=np.int64)
        kinds = self.resources.kind[resource]
        for kind in range(len(KINDS)):
            for slot in range(2):
                rows = np.flatnonzero((kinds == kind) & (second == slot))
                choices = self.choices[slot][kind]
                shape[rows] = choices[pick(len(choices), resource[rows], slot, 7)]
        return shape

    def _mess(self, numbers, resource, shape):
        """A fifth of the lines without an id, two fifths on a few ids, all of them of any shape."""
        which = chance(numbers, 8)
        hub = pick(40, numbers, 9) * (len(self.resources.ids) // 40)
        resource = np.where(which < 0.2, -1, np.where(which < 0.6, hub, resource))
        return resource, np.where(which < 0.6, pick(PLAN_SHAPE, numbers, 10), shape)

    def _usage(self, numbers, hour, resource, shape):
        of, table = np.maximum(resource, 0), self.resources
        account = np.where(resource < 0, pick(len(ACCOUNTS), numbers, 11), table.account[of])
        region = np.where(resource < 0, pick(len(REGIONS), numbers, 18), table.region[of])
        zone = np.where(ZONED[shape], table.zone[of], -1)
        tags = np.where(resource < 0, account * 8 + 7, table.tags[of])
        line = self._cover(shape, of, hour)
        if self.messy:
            quantity = np.round(np.exp(chance(numbers, 12) * 9 - 4), 9)
            rate = RATE[shape] * FACTOR[region] * (0.9 + 0.2 * chance(numbers, 13))
        else:
            level = np.round(np.exp(np.floor(chance(resource, hour // 24, 14) * 64) / 8), 4)
            quantity = np.where(HOURLY[shape], 1.0, level)
            rate = RATE[shape] * FACTOR[region]
        plan = np.where(line == PLAN_COVERED, (account + region) % PLANS, -1)
        reservation = np.where(line == RI_COVERED, (account + shape) % RESERVATIONS, -1)
        return Lines(hour, line, shape, resource, account, region, zone, tags, plan, reservation, quantity, rate)

    @staticmethod
    def _cover(shape, resource, hour):
        covered = chance(resource, 15) < 0.55
        covered ^= chance(resource, hour // 6, 16) < 0.05
        line = np.where(covered, COVER[shape], USAGE)
        by_reservation = (line == PLAN_COVERED) & ZONED[shape] & (chance(resource, 17) < 0.3)
        return np.where(by_reservation, RI_COVERED, line)

    def _fees(self, lines, rows, place):
        """Turns usage into fees: of plans and their negations every hour, of reservations, tax and credits once."""
        at = place[rows]
        once = at - 2 * PLANS
        ri, tax = (once >= 0) & (once < RESERVATIONS), once - RESERVATIONS
        kinds = [at < PLANS, at < 2 * PLANS, ri, tax < len(ACCOUNTS)]
        line = np.select(kinds, [PLAN_FEE, PLAN_NEGATION, RI_FEE, TAX], CREDIT)
        number = np.select(kinds, [at, at - PLANS, once, tax], tax - len(ACCOUNTS))
        lines.line[rows] = line
        lines.account[rows] = number % len(ACCOUNTS)
        lines.region[rows] = number % len(REGIONS)
        lines.shape[rows] = np.select(kinds[:3], [PLAN_SHAPE, 0, 2 * (number % 8)], 0)
        for column in (lines.resource, lines.zone):
            column[rows] = -1
        lines.tags[rows] = lines.account[rows] * 8 + 7
        lines.plan[rows] = np.where(line <= PLAN_NEGATION, number, -1)
        lines.reservation[rows] = np.where(line == RI_FEE, number, -1)
        lines.quantity[rows] = np.select([line == PLAN_NEGATION, line == RI_FEE], [-250.0, 720.0 * 20], 1.0)
        lines.rate[rows] = np.select([line == PLAN_FEE, line == TAX, line == CREDIT], [0.0, 1234.56, -78.9], 0.096)


RATE = np.array([shape.rate for shape in SHAPES])
FACTOR = np.array([factor for _, factor, _ in REGIONS.values()])
ZONED = np.array([shape.zoned for shape in SHAPES])
HOURLY = np.array([shape.unit in ("Hrs", "hours") for shape in SHAPES])
COVER = np.array([{ON_DEMAND: USAGE, PLAN: PLAN_COVERED, RESERVED: RI_COVERED}[shape.cover] for shape in SHAPES])
