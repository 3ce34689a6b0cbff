"""AWS as moto has it: commands come as lines of JSON, and so do the answers.
The first line is the address of the server.

Everything is set up and read back through boto3, AWS's own client.
"""

import json
import sys
import urllib.request

import boto3
import flask
from moto.moto_server import werkzeug_app
from moto.server import ThreadedMotoServer

PLACE = {"LocationConstraint": "eu-central-1"}


def keep_form(first=werkzeug_app.decompress_request_body):
    """Moto checks the signature of a form over the form as it would write it
    itself, unless Flask is told to keep the one that came."""
    first()
    if (flask.request.content_type or "").startswith("application/x-www-form-urlencoded"):
        flask.request.get_data()


werkzeug_app.decompress_request_body = keep_form
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://{}:{}".format(*server.get_host_and_port())


def client(service):
    return boto3.client(service, endpoint_url=url, region_name="eu-central-1", aws_access_key_id="A", aws_secret_access_key="B")


def call(service, operation, arguments):
    """Any call of boto3, such as `call("ssm", "put_parameter", {…})`."""
    answer = getattr(client(service), operation)(**arguments)
    answer.pop("ResponseMetadata", None)
    return json.loads(json.dumps(answer, default=str))


def bucket(name):
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=PLACE)


def put(bucket, objects):
    s3 = client("s3")
    for key, text in objects.items():
        s3.put_object(Bucket=bucket, Key=key, Body=text)


def objects(bucket):
    s3 = client("s3")
    found = {}
    for listed in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        stored = s3.get_object(Bucket=bucket, Key=listed["Key"])
        found[listed["Key"]] = {"type": stored["ContentType"], "text": stored["Body"].read().decode()}
    return found


def topic(name):
    """A topic, and a queue that hears what is published to it."""
    arn = client("sns").create_topic(Name=name)["TopicArn"]
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    return arn


def messages(name):
    sqs = client("sqs")
    queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    heard = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in heard]


def user(allowed):
    """Somebody who may do only this; moto then checks signatures and policies."""
    iam = client("iam")
    iam.create_user(UserName="gate")
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="gate", PolicyName="gate", PolicyDocument=policy)
    key = iam.create_access_key(UserName="gate")["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"]]


def trust_everybody_for(calls):
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", data=str(calls).encode(), method="POST", headers={"Content-Type": "text/plain"})
    urllib.request.urlopen(request).read()


print(json.dumps(url), flush=True)
for line in sys.stdin:
    command, *arguments = json.loads(line)
    try:
        answer = {"done": globals()[command](*arguments)}
    except Exception as error:
        answer = {"failed": f"{command}: {error}"}
    print(json.dumps(answer), flush=True)
server.stop()
