using Gatehouse.Hub.ServerCertificates;
using Gatehouse.ServiceApi.Amqp;
using Gatehouse.ServiceApi.Amqp.Management;
using Gatehouse.ServiceApi.Amqp.Messages;
using Gatehouse.ServiceApi.Operator;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.ServiceApi.Rest.Configurations;
using Gatehouse.ServiceApi.Rest.Devices;
using Gatehouse.ServiceApi.Rest.DeviceTwins;
using Gatehouse.ServiceApi.Rest.DigitalTwins;
using Gatehouse.ServiceApi.Rest.Jobs;
using Gatehouse.ServiceApi.Rest.Messages;
using Gatehouse.ServiceApi.Rest.Methods;
using Gatehouse.ServiceApi.Rest.Modules;
using Gatehouse.ServiceApi.Rest.Queries;
using Gatehouse.ServiceApi.Rest.Statistics;
using Gatehouse.Transport.Amqp;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.ServiceApi;

/// <summary>How the server takes this door in.</summary>
public static class ServiceApiSetup
{
    /// <summary>Registers the operations. Needs AddHub, AddIdentity and an IRefusalLog.</summary>
    public static IServiceCollection AddServiceApi(this IServiceCollection services, ServiceApiOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.TryAddSingleton<ServiceApiMetrics>();
        services.TryAddSingleton<RequestGate>();
        services.AddOperatorApi();
        services.TryAddSingleton<RouteTable>();
        services.TryAddSingleton<ApiPipeline>();
        services.TryAddSingleton<EventAccess>();
        services.TryAddSingleton<EventEntities>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAmqpDoor, EventHubDoor>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAmqpDoor, ServiceBoundDoor>());
        AddRegistry(services);
        AddTwins(services);
        AddMessages(services);
        AddJobs(services);
        AddConfigurations(services);
        return services;
    }

    /// <summary>The operations on the server's own certificate, for a server that ends TLS itself. Needs AddTransport or AddServerCertificates.</summary>
    public static IServiceCollection AddServerCertificateApi(this IServiceCollection services) => services.AddServerCertificateChanges().AddServerCertificateOperations();

    /// <summary>Answers the paths that have operations (<c>/devices</c>, <c>/jobs</c>, <c>/messages</c>, <c>/twins</c>, <c>/statistics</c>, <c>/configurations</c>, <c>/gatehouse/v1</c>); everything else goes on to the next middleware.</summary>
    public static IApplicationBuilder UseServiceApi(this IApplicationBuilder app)
    {
        var pipeline = app.ApplicationServices.GetRequiredService<ApiPipeline>();
        return app.Use(next => http => pipeline.InvokeAsync(http, next));
    }

    private static void AddRegistry(IServiceCollection services)
    {
        Add<GetDevice>(services);
        Add<ListDevices>(services);
        Add<CreateOrUpdateDevice>(services);
        Add<DeleteDevice>(services);
        Add<BulkDevices>(services);
        Add<RegenerateKeys>(services);
        Add<ListModules>(services);
        Add<GetModule>(services);
        Add<CreateOrUpdateModule>(services);
        Add<DeleteModule>(services);
        Add<GetDeviceStatistics>(services);
        Add<GetServiceStatistics>(services);
        Add<QueryTwins>(services);
        Add<InvokeDeviceMethod>(services);
        Add<InvokeModuleMethod>(services);
    }

    private static void AddTwins(IServiceCollection services)
    {
        Add<GetTwin>(services);
        Add<GetModuleTwin>(services);
        Add<UpdateTwin>(services);
        Add<UpdateModuleTwin>(services);
        Add<ReplaceTwin>(services);
        Add<ReplaceModuleTwin>(services);
        Add<GetDigitalTwin>(services);
        Add<UpdateDigitalTwin>(services);
        Add<InvokeCommand>(services);
        Add<InvokeComponentCommand>(services);
    }

    private static void AddMessages(IServiceCollection services)
    {
        Add<SendCloudToDeviceMessage>(services);
        Add<PurgeCloudToDeviceMessageQueue>(services);
        Add<ReceiveFeedbackNotification>(services);
        Add<CompleteFeedbackNotification>(services);
        Add<AbandonFeedbackNotification>(services);
        Add<ReceiveFileUploadNotification>(services);
        Add<CompleteFileUploadNotification>(services);
        Add<AbandonFileUploadNotification>(services);
    }

    private static void AddJobs(IServiceCollection services)
    {
        Add<CreateScheduledJob>(services);
        Add<GetScheduledJob>(services);
        Add<CancelScheduledJob>(services);
        Add<QueryScheduledJobs>(services);
        Add<CreateImportExportJob>(services);
        Add<GetImportExportJob>(services);
        Add<ListImportExportJobs>(services);
        Add<CancelImportExportJob>(services);
    }

    private static void AddConfigurations(IServiceCollection services)
    {
        Add<GetConfiguration>(services);
        Add<ListConfigurations>(services);
        Add<CreateOrUpdateConfiguration>(services);
        Add<DeleteConfiguration>(services);
        Add<TestConfigurationQueries>(services);
        Add<ApplyConfigurationContent>(services);
    }

    private static void Add<T>(IServiceCollection services)
        where T : ApiOperation => services.TryAddEnumerable(ServiceDescriptor.Singleton<ApiOperation, T>());
}
