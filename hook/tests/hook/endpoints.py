"""AWS's rules for the endpoints of Parameter Store and of SNS are the same but
for the name: in each Region of each partition, with FIPS and with dual-stack.
"""

import itertools
import sys

from botocore.endpoint_provider import EndpointProvider
from botocore.session import get_session

loader = get_session().get_component("data_loader")
partitions = loader.load_data("partitions")
ssm, sns = (EndpointProvider(loader.load_service_model(name, "endpoint-rule-set-1"), partitions) for name in ("ssm", "sns"))
regions = [region for partition in partitions["partitions"] for region in partition["regions"] if not region.endswith("-global")]
for region, fips, dual_stack in itertools.product(regions, (False, True), (False, True)):
    where = {"Region": region, "UseFIPS": fips, "UseDualStack": dual_stack}
    expected, found = ssm.resolve_endpoint(**where).url, sns.resolve_endpoint(**where).url.replace("://sns", "://ssm")
    if found != expected:
        sys.exit(f"{where}: expected {expected}, found {found}")
