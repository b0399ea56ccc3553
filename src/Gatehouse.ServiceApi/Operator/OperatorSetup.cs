using Gatehouse.ServiceApi.Operator.AccessPolicies;
using Gatehouse.ServiceApi.Operator.Audit;
using Gatehouse.ServiceApi.Operator.Certificates;
using Gatehouse.ServiceApi.Operator.CredentialUses;
using Gatehouse.ServiceApi.Operator.Events;
using Gatehouse.ServiceApi.Operator.Files;
using Gatehouse.ServiceApi.Operator.Inventory;
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
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.ServiceApi.Operator;

/// <summary>The operations under <c>/gatehouse/v1</c>.</summary>
internal static class OperatorSetup
{
    internal static IServiceCollection AddOperatorApi(this IServiceCollection services) => services
        .AddOperation<ListPolicies>()
        .AddOperation<GetPolicy>()
        .AddOperation<PutPolicy>()
        .AddOperation<DeletePolicy>()
        .AddOperation<RegeneratePolicyKey>()
        .AddOperation<ListKeys>()
        .AddOperation<CreateKey>()
        .AddOperation<RequestCertificate>()
        .AddOperation<UseKey>()
        .AddOperation<MoveKey>()
        .AddOperation<RotateKey>()
        .AddOperation<ListCertificates>()
        .AddOperation<GetCertificate>()
        .AddOperation<PutCertificate>()
        .AddOperation<DeleteCertificate>()
        .AddOperation<GenerateVerificationCode>()
        .AddOperation<VerifyCertificate>()
        .AddOperation<ListRevocations>()
        .AddOperation<Revoke>()
        .AddOperation<UndoRevocation>()
        .AddOperation<SummarizeUses>()
        .AddOperation<FindUsers>()
        .AddOperation<ListDeviceUses>()
        .AddOperation<ListModuleUses>()
        .AddOperation<LookByRadar>()
        .AddOperation<ListInventory>()
        .AddOperation<ForecastEnds>()
        .AddOperation<ListAlarms>()
        .AddOperation<AcknowledgeAlarm>()
        .AddOperation<ListIssuerLists>()
        .AddOperation<ImportIssuerList>()
        .AddOperation<GetIssuerList>()
        .AddOperation<DeleteIssuerList>()
        .AddOperation<PutIssuerListRule>()
        .AddOperation<ListRotations>()
        .AddOperation<CreateRotation>()
        .AddOperation<GetRotation>()
        .AddOperation<GetRotationKeys>()
        .AddOperation<ChangeRotation>()
        .AddOperation<ListRotationRules>()
        .AddOperation<SetRotationRule>()
        .AddOperation<RemoveRotationRule>()
        .AddOperation<ListDueRotations>()
        .AddOperation<GetStrictness>()
        .AddOperation<ChangeStrictness>()
        .AddOperation<ListNetworks>()
        .AddOperation<GetNetworks>()
        .AddOperation<PutNetworks>()
        .AddOperation<DeleteNetworks>()
        .AddOperation<ListConsumerGroups>()
        .AddOperation<CreateConsumerGroup>()
        .AddOperation<DeleteConsumerGroup>()
        .AddOperation<GetPartitions>()
        .AddOperation<ReadEvents>()
        .AddOperation<ReadRefusals>()
        .AddOperation<ReadAudit>()
        .AddOperation<VerifyAudit>()
        .AddOperation<GetTrustLog>()
        .AddOperation<GetCheckpoint>()
        .AddOperation<GetTile>()
        .AddOperation<GetPartialTile>()
        .AddOperation<GetLongTile>()
        .AddOperation<GetLongPartialTile>()
        .AddOperation<FindTrustLogEntries>()
        .AddOperation<ChangeTrustLogKey>()
        .AddOperation<BeginTrustLogAnew>()
        .AddOperation<GetRouting>()
        .AddOperation<PutRouting>()
        .AddOperation<GetRoute>()
        .AddOperation<PutRoute>()
        .AddOperation<DeleteRoute>()
        .AddOperation<GetEndpoint>()
        .AddOperation<PutEndpoint>()
        .AddOperation<DeleteEndpoint>()
        .AddOperation<GetEnrichment>()
        .AddOperation<PutEnrichment>()
        .AddOperation<DeleteEnrichment>()
        .AddOperation<ListRoutes>()
        .AddOperation<ListEndpoints>()
        .AddOperation<ListEnrichments>()
        .AddOperation<GetFallback>()
        .AddOperation<PutFallback>()
        .AddOperation<TestAllRoutes>()
        .AddOperation<GetRoutingStatus>()
        .AddOperation<ListDeadLetters>()
        .AddOperation<GetDeadLetter>()
        .AddOperation<ReplayDeadLetters>()
        .AddOperation<ReplayDeadLetter>()
        .AddOperation<DropDeadLetters>()
        .AddOperation<DropDeadLetter>()
        .AddOperation<TestNewRoute>()
        .AddOperation<GetFileUpload>()
        .AddOperation<PutFileUpload>()
        .AddOperation<ListFiles>()
        .AddOperation<ReadFile>()
        .AddOperation<DeleteFile>();

    internal static IServiceCollection AddServerCertificateOperations(this IServiceCollection services) => services
        .AddOperation<GetServerCertificate>()
        .AddOperation<StageServerCertificate>()
        .AddOperation<ChangeServerCertificate>();

    private static IServiceCollection AddOperation<T>(this IServiceCollection services)
        where T : ApiOperation
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ApiOperation, T>());
        return services;
    }
}
