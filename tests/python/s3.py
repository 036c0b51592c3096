"""A bucket at an endpoint, by boto3: s3.py ENDPOINT put BUCKET FOLDER PREFIX | s3.py ENDPOINT get BUCKET KEY."""

import pathlib
import sys

import boto3


def main():
    endpoint, verb, bucket = sys.argv[1:4]
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t")
    if verb == "get":
        sys.stdout.write(s3.get_object(Bucket=bucket, Key=sys.argv[4])["Body"].read().decode())
        return
    folder, prefix = pathlib.Path(sys.argv[4]), sys.argv[5]
    s3.create_bucket(Bucket=bucket)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        s3.upload_file(str(file), bucket, f"{prefix}/{file.relative_to(folder).as_posix()}")


main()
