"""Drives the main flow with grpcio and nothing of ours: every contract is learned by reflection.

Usage: main_flow.py HOST:PORT. It prints what it did, a line a step, and waits for a line where somebody must
read a mail: `confirm ADDRESS` wants the token from the mail, `posted PHASE` wants an empty line.
"""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

channel = grpc.insecure_channel(sys.argv[1])
reflection = ProtoReflectionDescriptorDatabase(channel)
pool = DescriptorPool(reflection)
token = None


def call(method, **fields):
    service, name = method.rsplit("/", 1)
    descriptor = pool.FindServiceByName(service).methods_by_name[name]
    request = GetMessageClass(descriptor.input_type)(**fields)
    invoke = channel.unary_unary(
        f"/{service}/{name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(descriptor.output_type).FromString,
    )
    metadata = [("authorization", f"Bearer {token}")] if token else []
    return invoke(request, metadata=metadata, timeout=10)


def wait_for(line):
    print(line, flush=True)
    return sys.stdin.readline().strip()


services = set(reflection.get_services())
assert "pharos.incidents.v1.IncidentService" in services, services
assert not any(service.startswith("pharos.internal.") for service in services), services
try:
    pool.FindServiceByName("pharos.internal.v1.EventService")
    raise SystemExit("the public door describes calls between services")
except (KeyError, grpc.RpcError):
    pass

signed_up = call(
    "pharos.tenants.v1.AccountService/SignUp",
    company_name="Acme",
    email="owner@example.com",
    password="correct horse battery staple",
)
token = signed_up.session.access_token
page = call(
    "pharos.tenants.v1.PageService/CreatePage", slug="acme", name="Acme", locale="en", time_zone="Europe/Vienna"
).page
component = call("pharos.incidents.v1.ComponentService/CreateComponent", page_id=page.page_id, name="API").component
print("page", page.page_id, flush=True)

try:
    call("pharos.tenants.v1.PageService/CreatePage", slug="a", name="", locale="xx", time_zone="Mars/Olympus")
    raise SystemExit("a bad page was taken")
except grpc.RpcError as refused:
    status = rpc_status.from_call(refused)
    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0], status
    fields = set()
    for detail in status.details:
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            fields |= {violation.field for violation in bad.field_violations}
    assert {"slug", "name", "locale"} <= fields, fields

call("pharos.subscriptions.v1.SubscriptionService/Subscribe", page_id=page.page_id, email="ada@example.net")
confirmation = wait_for("confirm ada@example.net")
call("pharos.subscriptions.v1.SubscriptionService/Confirm", token=confirmation)

incident = call(
    "pharos.incidents.v1.IncidentService/CreateIncident",
    page_id=page.page_id,
    title="API is slow",
    phase=1,
    body="We look into it.",
    affected_components=[{"component_id": component.component_id, "status": 2}],
).incident
wait_for("posted investigating")
for phase, name in [(2, "identified"), (4, "resolved")]:
    call(
        "pharos.incidents.v1.IncidentService/PostUpdate",
        incident_id=incident.incident_id,
        phase=phase,
        body=f"Now {name}.",
    )
    wait_for(f"posted {name}")

shown = call("pharos.incidents.v1.StatusService/GetPage", slug="acme")
assert [incident.title for incident in shown.recent_incidents] == ["API is slow"], shown
assert shown.components[0].status == 1, shown
