"""A pipeline that is there already, as a team would have it: load balancer,
service, CodeDeploy's role, and check files under the tag of each image.
"""

import json
import os
from pathlib import Path

import deployment

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "codedeploy.amazonaws.com"}}]})
TAG = "green-1.1.0"


def build(stage):
    """Makes all of it, and says what the gate is told of it."""
    ec2, elb, ecs = stage.client("ec2"), stage.client("elbv2"), stage.client("ecs")
    vpc, subnets = network(stage, 8)
    balancer = elb.create_load_balancer(Name="storefront", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    groups = {}
    for colour in deployment.OTHER:
        made = elb.create_target_group(Name=f"storefront-{colour}", VpcId=vpc, TargetType="ip", Protocol="HTTP", Port=8080)["TargetGroups"][0]
        groups[colour] = {"arn": made["TargetGroupArn"], "name": made["TargetGroupName"]}
    certificate = stage.client("acm").request_certificate(DomainName="shop.example.test")["CertificateArn"]
    listeners = [
        elb.create_listener(LoadBalancerArn=balancer, Port=port, Protocol="HTTPS", Certificates=[{"CertificateArn": certificate}], DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[colour]["arn"]}])["Listeners"][0]["ListenerArn"]
        for port, colour in ((443, "blue"), (stage.test_port, "green"))
    ]
    ecs.create_cluster(clusterName="storefront")
    ecs.register_task_definition(**definition("blue-1.0.0"))
    arn = ecs.create_service(
        cluster="storefront",
        serviceName="storefront",
        taskDefinition="storefront",
        desiredCount=1,
        deploymentController={"type": "CODE_DEPLOY"},
        loadBalancers=[{"targetGroupArn": groups["blue"]["arn"], "containerName": "app", "containerPort": 8080}],
    )["service"]["serviceArn"]
    stage.client("iam").create_role(RoleName="team-codedeploy", AssumeRolePolicyDocument=TRUST)
    stage.client("s3").create_bucket(Bucket="team-checks", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    file = Path(os.environ["CHECKS"]) / "storefront.yaml"
    stage.client("s3").put_object(Bucket="team-checks", Key=f"checks/{TAG}/storefront.yaml", Body=file.read_bytes())
    topic = stage.client("sns").create_topic(Name="team")["TopicArn"]

    stage.variables |= {
        "codedeploy_application": "storefront",
        "codedeploy_deployment_group": "storefront-group",
        "codedeploy_role_name": "team-codedeploy",
        "ecs_service_arn": arn,
        "target": f"https://shop.example.test:{stage.test_port}",
        "connect_to": "storefront-1.eu-central-1.elb.amazonaws.com",
        "checks": ["s3://team-checks/checks/{{ deployment.tag }}/"],
        "notify": {"topic_arn": topic},
    }
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    joined = {"Subnets": subnets, "SecurityGroups": [group["GroupId"]], "AssignPublicIp": "DISABLED"}
    properties = {"TaskDefinition": "<TASK_DEFINITION>", "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8080}, "NetworkConfiguration": {"AwsvpcConfiguration": joined}}
    stage.theirs = {
        "cluster_name": "storefront",
        "service_name": "storefront",
        "target_groups": groups,
        "production_listener_arn": listeners[0],
        "test_listener_arn": listeners[1],
        "codedeploy_application_name": "storefront",
        "deployment_group_name": "storefront-group",
        "topic_arn": topic,
        "app_spec": json.dumps({"version": 0.0, "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}]}),
    }


def network(stage, number):
    """A VPC with a subnet in two zones."""
    ec2 = stage.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
    # Moto starts no task in a network without names.
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    return vpc, [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.{index}.0/24", AvailabilityZone=f"eu-central-1{zone}")["Subnet"]["SubnetId"] for index, zone in enumerate("ab")]


def definition(tag):
    container = {"name": "app", "image": f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/storefront:{tag}", "memory": 512, "portMappings": [{"containerPort": 8080}]}
    return {"family": "storefront", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", "containerDefinitions": [container]}


def release(stage):
    """The next version, as the team's pipeline registers it."""
    return deployment.registered(stage, definition(TAG), stage.told["app_spec"])
