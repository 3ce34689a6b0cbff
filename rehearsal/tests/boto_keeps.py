"""AWS's own clients against what the stage keeps: S3, SNS, secrets, parameters.

Arguments: the endpoint, the ARN of a topic. The bucket `shop`, the secret
`shop/key` and the parameter `/shop/key` are there, and the stage has been
asked for one fault of each of six operations.
"""
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, topic = sys.argv[1:]


def client(service):
    return boto3.client(
        service,
        aws_access_key_id="AKIDREHEARSAL",
        aws_secret_access_key="rehearsal",
        aws_session_token="rehearsal",
        region_name="eu-central-1",
        endpoint_url=endpoint,
        config=Config(
            retries={"max_attempts": 0},
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def refused(status, code, call, **arguments):
    """The call must fail with this code."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
        return
    raise AssertionError("expected " + code)


s3, sns, secrets, parameters = map(client, ["s3", "sns", "secretsmanager", "ssm"])

# faults, each met once
refused(503, "SlowDown", s3.list_objects_v2, Bucket="shop")
refused(403, "AccessDenied", s3.get_object, Bucket="shop", Key="x")
refused(400, "ExpiredToken", s3.put_object, Bucket="shop", Key="x", Body=b"")
refused(403, "AuthorizationError", sns.publish, TopicArn=topic, Message="x")
refused(400, "AccessDeniedException", secrets.get_secret_value, SecretId="x")
refused(400, "ThrottlingException", parameters.get_parameters, Names=["x"])

# S3
s3.put_object(Bucket="shop", Key="a/one & two.yaml", Body="checks: ü\n".encode())
s3.put_object(Bucket="shop", Key="b.yaml", Body=b"")
refused(
    412, "PreconditionFailed", s3.put_object, Bucket="shop", Key="b.yaml", Body=b"x", IfNoneMatch="*"
)
s3.put_object(Bucket="shop", Key="c.yaml", Body=b"new", IfNoneMatch="*")
listed = s3.list_objects_v2(Bucket="shop", Prefix="a/")
found = [(each["Key"], each["Size"]) for each in listed["Contents"]]
assert found == [("a/one & two.yaml", 11)], listed
assert listed["IsTruncated"] is False, listed
read = s3.get_object(Bucket="shop", Key="a/one & two.yaml")["Body"].read()
assert read.decode() == "checks: ü\n", read
part = s3.get_object(Bucket="shop", Key="c.yaml", Range="bytes=0-1")
assert part["Body"].read() == b"ne" and part["ResponseMetadata"]["HTTPStatusCode"] == 206, part
refused(416, "InvalidRange", s3.get_object, Bucket="shop", Key="b.yaml", Range="bytes=0-1")
refused(404, "NoSuchKey", s3.get_object, Bucket="shop", Key="x")
refused(404, "NoSuchBucket", s3.list_objects_v2, Bucket="gone")
for number in range(1_000):
    s3.put_object(Bucket="many", Key=f"{number:04}", Body=b"x")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="many")
sizes = [len(page["Contents"]) for page in pages]
assert sizes == [1_000, 1], sizes

# SNS
assert sns.publish(TopicArn=topic, Subject="s", Message="<m> & more")["MessageId"]
refused(404, "NotFound", sns.publish, TopicArn=topic + "x", Message="m")

# Secrets Manager and Parameter Store
secret = secrets.get_secret_value(SecretId="shop/key")
assert secret["SecretString"] == "s3cret" and secret["Name"] == "shop/key", secret
try:
    secrets.get_secret_value(SecretId="x")
    raise AssertionError("expected ResourceNotFoundException")
except secrets.exceptions.ResourceNotFoundException:
    pass
answer = parameters.get_parameters(Names=["/shop/key", "/x"], WithDecryption=True)
(one,) = answer["Parameters"]
assert one["Value"] == "k3y" and one["ARN"].endswith(":parameter/shop/key"), one
assert answer["InvalidParameters"] == ["/x"], answer
