using System.Text.Json.Serialization;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Audit;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.ServiceApi.Operator.AccessPolicies;
using Gatehouse.ServiceApi.Operator.Audit;
using Gatehouse.ServiceApi.Operator.Certificates;
using Gatehouse.ServiceApi.Operator.CredentialUses;
using Gatehouse.ServiceApi.Operator.Events;
using Gatehouse.ServiceApi.Operator.Files;
using Gatehouse.ServiceApi.Operator.Networks;
using Gatehouse.ServiceApi.Operator.RevocationLists;
using Gatehouse.ServiceApi.Operator.Revocations;
using Gatehouse.ServiceApi.Operator.Rotation;
using Gatehouse.ServiceApi.Operator.Routing;
using Gatehouse.ServiceApi.Operator.ServerCertificates;
using Gatehouse.ServiceApi.Operator.StrictModes;
using Gatehouse.ServiceApi.Operator.TrustLog;
using Gatehouse.ServiceApi.Operator.WrappingKeys;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Store.Rotation;

namespace Gatehouse.ServiceApi.Operator;

/// <summary>JSON of the operator API.</summary>
[JsonSerializable(typeof(PolicyJson))]
[JsonSerializable(typeof(PolicyBody))]
[JsonSerializable(typeof(RegenerateKeyBody))]
[JsonSerializable(typeof(ListOf<PolicyJson>), TypeInfoPropertyName = "Policies")]
[JsonSerializable(typeof(KeyBody))]
[JsonSerializable(typeof(CreateKeyBody))]
[JsonSerializable(typeof(KeyRequestBody))]
[JsonSerializable(typeof(SigningKeyView))]
[JsonSerializable(typeof(RotateKeyBody))]
[JsonSerializable(typeof(TrustLogJson))]
[JsonSerializable(typeof(TrustLogPlaces))]
[JsonSerializable(typeof(KeyOverview))]
[JsonSerializable(typeof(StoredKeyView))]
[JsonSerializable(typeof(CertificateJson))]
[JsonSerializable(typeof(CertificateBody))]
[JsonSerializable(typeof(ProofBody))]
[JsonSerializable(typeof(ListOf<CertificateJson>), TypeInfoPropertyName = "Certificates")]
[JsonSerializable(typeof(RevocationRequest))]
[JsonSerializable(typeof(RevocationJson))]
[JsonSerializable(typeof(RevocationEffectJson))]
[JsonSerializable(typeof(ListOf<RevocationJson>), TypeInfoPropertyName = "Revocations")]
[JsonSerializable(typeof(UseSummaryJson))]
[JsonSerializable(typeof(UsersJson))]
[JsonSerializable(typeof(RadarJson))]
[JsonSerializable(typeof(ListOf<UseJson>), TypeInfoPropertyName = "Uses")]
[JsonSerializable(typeof(InventoryPage))]
[JsonSerializable(typeof(CertificateForecast))]
[JsonSerializable(typeof(AlarmPage))]
[JsonSerializable(typeof(AcknowledgedAlarms))]
[JsonSerializable(typeof(IssuerListJson))]
[JsonSerializable(typeof(IssuerListRuleBody))]
[JsonSerializable(typeof(IssuerListEffectJson))]
[JsonSerializable(typeof(ListOf<IssuerListJson>), TypeInfoPropertyName = "IssuerLists")]
[JsonSerializable(typeof(HandedKeys))]
[JsonSerializable(typeof(RotationInput))]
[JsonSerializable(typeof(RotationJson))]
[JsonSerializable(typeof(ListOf<RotationJson>), TypeInfoPropertyName = "Rotations")]
[JsonSerializable(typeof(RuleInput))]
[JsonSerializable(typeof(RuleView))]
[JsonSerializable(typeof(ListOf<RuleView>), TypeInfoPropertyName = "RotationRules")]
[JsonSerializable(typeof(ListOf<DueView>), TypeInfoPropertyName = "DueRotations")]
[JsonSerializable(typeof(ServerCertificateState))]
[JsonSerializable(typeof(StageBody))]
[JsonSerializable(typeof(StagedJson))]
[JsonSerializable(typeof(ChangeBody))]
[JsonSerializable(typeof(StrictnessJson))]
[JsonSerializable(typeof(StrictnessBody))]
[JsonSerializable(typeof(StrictnessEffectJson))]
[JsonSerializable(typeof(NetworksJson))]
[JsonSerializable(typeof(NetworksBody))]
[JsonSerializable(typeof(NetworksEffectJson))]
[JsonSerializable(typeof(ListOf<NetworksJson>), TypeInfoPropertyName = "BoundDevices")]
[JsonSerializable(typeof(ConsumerGroupJson))]
[JsonSerializable(typeof(ListOf<ConsumerGroupJson>), TypeInfoPropertyName = "ConsumerGroups")]
[JsonSerializable(typeof(ListOf<PartitionJson>), TypeInfoPropertyName = "Partitions")]
[JsonSerializable(typeof(ListOf<AuditJson>), TypeInfoPropertyName = "AuditRecords")]
[JsonSerializable(typeof(AuditCheck))]
[JsonSerializable(typeof(ListOf<RefusalJson>), TypeInfoPropertyName = "Refusals")]
[JsonSerializable(typeof(RoutingBody))]
[JsonSerializable(typeof(RouteBody))]
[JsonSerializable(typeof(EndpointBody))]
[JsonSerializable(typeof(EnrichmentBody))]
[JsonSerializable(typeof(FallbackBody))]
[JsonSerializable(typeof(RoutingAnswer))]
[JsonSerializable(typeof(RoutingStatus))]
[JsonSerializable(typeof(TestAllBody))]
[JsonSerializable(typeof(TestNewBody))]
[JsonSerializable(typeof(TestAllAnswer))]
[JsonSerializable(typeof(TestNewAnswer))]
[JsonSerializable(typeof(MessageRoute))]
[JsonSerializable(typeof(ListOf<MessageRoute>), TypeInfoPropertyName = "MessageRoutes")]
[JsonSerializable(typeof(RoutingEndpoint))]
[JsonSerializable(typeof(ListOf<RoutingEndpoint>), TypeInfoPropertyName = "RoutingEndpoints")]
[JsonSerializable(typeof(MessageEnrichment))]
[JsonSerializable(typeof(ListOf<MessageEnrichment>), TypeInfoPropertyName = "MessageEnrichments")]
[JsonSerializable(typeof(FallbackRoute))]
[JsonSerializable(typeof(FileUploadBody))]
[JsonSerializable(typeof(ListOf<FileJson>), TypeInfoPropertyName = "Files")]
[JsonSerializable(typeof(ListOf<DeadLetterJson>), TypeInfoPropertyName = "DeadLetters")]
[JsonSerializable(typeof(DeadLetterCount))]
internal sealed partial class OperatorJson : JsonSerializerContext
{
    internal static OperatorJson Types { get; } = new(ApiJson.NewOptions());
}
